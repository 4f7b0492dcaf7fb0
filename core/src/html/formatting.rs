//! The list of active formatting elements, and the adoption agency: what misnested `<b>` and `<a>` do to the stack.

use super::names::*;
use super::tree::{Element, Entry, Scope, Tree};

impl Tree {
    /// Puts an element that was just inserted on the list. Of three that are alike, the earliest leaves it.
    pub(super) fn push_formatting(&mut self, element: Element, attributes: u64) {
        let mut alike = 0;
        let mut earliest = None;
        let mut steps = 0;
        for (index, entry) in self.formatting.iter().enumerate().rev() {
            steps += 1;
            match entry {
                Entry::Marker => break,
                Entry::Element(_, name, theirs) if *name == element.name && *theirs == attributes => {
                    alike += 1;
                    earliest = Some(index);
                    if alike == 3 {
                        break;
                    }
                }
                Entry::Element(..) => {}
            }
        }
        self.spend(steps);
        if alike == 3
            && let Some(index) = earliest
        {
            self.remove_formatting(index);
        }
        self.formatting
            .push(Entry::Element(element.id, element.name, attributes));
    }

    pub(super) fn push_marker(&mut self) {
        self.formatting.push(Entry::Marker);
    }

    pub(super) fn clear_to_marker(&mut self) {
        while let Some(Entry::Element(..)) = self.formatting.pop() {}
    }

    /// The last entry of a name, unless a marker follows it: its place in the list, and the element's id.
    pub(super) fn formatting_named(&mut self, wanted: Name) -> Option<(usize, u32)> {
        let mut steps = 0;
        let mut found = None;
        for (index, entry) in self.formatting.iter().enumerate().rev() {
            steps += 1;
            match entry {
                Entry::Marker => break,
                Entry::Element(id, name, _) if *name == wanted => {
                    found = Some((index, *id));
                    break;
                }
                Entry::Element(..) => {}
            }
        }
        self.spend(steps);
        found
    }

    /// Where an element is in the list.
    pub(super) fn formatting_position(&mut self, wanted: u32) -> Option<usize> {
        let is_it = |entry: &Entry| matches!(entry, Entry::Element(id, ..) if *id == wanted);
        let index = self.formatting.iter().rposition(is_it);
        self.spend(self.formatting.len() - index.unwrap_or(0));
        index
    }

    pub(super) fn remove_formatting(&mut self, index: usize) {
        self.spend(self.formatting.len() - index);
        self.formatting.remove(index);
    }

    /// Opens again what is on the list and no longer in the stack.
    pub(super) fn reconstruct_formatting(&mut self) {
        let mut first = self.formatting.len();
        while let Some(index) = first.checked_sub(1)
            && let Some(Entry::Element(id, ..)) = self.formatting.get(index)
            && self.position(*id).is_none()
            && !self.is_stopped()
        {
            first = index;
        }
        for index in first..self.formatting.len() {
            if let Some(Entry::Element(_, name, attributes)) = self.formatting.get(index).copied() {
                let element = self.insert(name);
                if let Some(entry) = self.formatting.get_mut(index) {
                    *entry = Entry::Element(element.id, name, attributes);
                }
            }
        }
        self.spend(self.formatting.len() - first);
    }

    /// The adoption agency algorithm, for an end tag of this name.
    pub(super) fn adopt(&mut self, subject: Name) {
        if let Some(current) = self.current().copied()
            && current.is(subject)
            && self.formatting_position(current.id).is_none()
        {
            self.pop();
            return;
        }
        for _ in 0..8 {
            if self.is_stopped() || !self.adopt_once(subject) {
                return;
            }
        }
    }

    /// One round of the algorithm; whether another follows.
    fn adopt_once(&mut self, subject: Name) -> bool {
        let Some((in_list, id)) = self.formatting_named(subject) else {
            self.close_any(subject);
            return false;
        };
        let Some(in_stack) = self.position(id) else {
            self.remove_formatting(in_list);
            return false;
        };
        if !self.in_scope_where(Scope::Default, |element| element.id == id) {
            return false;
        }
        let furthest = self.stack.iter().skip(in_stack).position(Element::is_special);
        self.spend(self.stack.len() - in_stack);
        let Some(furthest) = furthest else {
            self.truncate(in_stack);
            self.remove_formatting(in_list);
            return false;
        };
        self.move_block(id, in_list, in_stack, in_stack + furthest);
        true
    }

    /// Takes the formatting element from around the furthest block and puts one like it inside.
    fn move_block(&mut self, id: u32, mut in_list: usize, in_stack: usize, mut furthest: usize) {
        let mut bookmark = in_list;
        let mut node = furthest;
        let mut first_clone = true;
        let mut round = 0;
        while node > in_stack + 1 && !self.is_stopped() {
            node -= 1;
            round += 1;
            let Some(element) = self.stack.get(node).copied() else {
                return;
            };
            let listed = self.formatting_position(element.id);
            match listed {
                Some(index) if round <= 3 => {
                    let clone = self.clone_element(element);
                    if let Some(Entry::Element(entry, ..)) = self.formatting.get_mut(index) {
                        *entry = clone.id;
                    }
                    if let Some(place) = self.stack.get_mut(node) {
                        *place = clone;
                    }
                    if first_clone {
                        bookmark = index + 1;
                        first_clone = false;
                    }
                }
                listed => {
                    if let Some(index) = listed {
                        self.remove_formatting(index);
                        bookmark -= usize::from(index < bookmark);
                        in_list -= usize::from(index < in_list);
                    }
                    self.remove(element.id);
                    furthest -= 1;
                }
            }
        }
        let (Some(formatting), Some(Entry::Element(_, name, attributes))) =
            (self.stack.get(in_stack).copied(), self.formatting.get(in_list).copied())
        else {
            return;
        };
        let clone = self.clone_element(formatting);
        self.remove_formatting(in_list);
        bookmark -= usize::from(in_list < bookmark);
        let entry = Entry::Element(clone.id, name, attributes);
        self.formatting.insert(bookmark.min(self.formatting.len()), entry);
        self.remove(id);
        // The furthest block is one place further down now, and the new element goes right after it.
        self.stack.insert(furthest.min(self.stack.len()), clone);
    }
}
