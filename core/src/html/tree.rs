//! What tree construction keeps while it runs: the stack of open elements, the list of active formatting elements, and
//! which base element comes first. No tree is built.
//!
//! A base element's place is known when it is inserted: the tables that it stands in, and the table that it, or an element
//! around it, was foster-parented in front of. Only such a move in front of an open table, or a frameset that takes the
//! body's place, can still change which base element is the first; [`Tree::is_settled`] says when neither can happen.
//!
//! Every walk over the stack or the list is paid for from a budget that grows with the document. A document that spends it
//! is one that nobody wrote by hand; the scan then ends with what it has, in time that is linear whatever comes.

use super::names::*;

/// An open element.
#[derive(Clone, Copy)]
pub(super) struct Element {
    pub(super) name: Name,
    pub(super) namespace: Namespace,
    /// Tells it from all others.
    pub(super) id: u32,
    /// Whether it is an `annotation-xml` that holds HTML.
    pub(super) holds_html: bool,
    /// The innermost table that its children are in: an index into `Tree::tables` plus one, or zero.
    table: u32,
    /// The table that it, or an element around it, was moved in front of, in the same way.
    before: u32,
}

impl Element {
    pub(super) fn is(&self, name: Name) -> bool {
        self.is_html() && self.name == name
    }

    pub(super) fn is_html(&self) -> bool {
        self.namespace == Namespace::Html
    }

    pub(super) fn is_in(&self, set: impl FnOnce(Name) -> bool) -> bool {
        self.is_html() && set(self.name)
    }

    pub(super) fn is_mathml_text_integration_point(&self) -> bool {
        self.namespace == Namespace::MathMl && matches!(self.name, MI | MN | MO | MS | MTEXT)
    }

    pub(super) fn is_html_integration_point(&self) -> bool {
        self.holds_html || self.namespace == Namespace::Svg && matches!(self.name, DESC | FOREIGN_OBJECT | TITLE)
    }

    /// The foreign elements that are special, and that bound scopes.
    fn is_foreign_boundary(&self) -> bool {
        match self.namespace {
            Namespace::Html => false,
            Namespace::MathMl => matches!(self.name, ANNOTATION_XML | MI | MN | MO | MS | MTEXT),
            Namespace::Svg => matches!(self.name, DESC | FOREIGN_OBJECT | TITLE),
        }
    }

    pub(super) fn is_special(&self) -> bool {
        self.is_in(is_special) || self.is_foreign_boundary()
    }
}

/// The scopes of the standard.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Default,
    ListItem,
    Button,
    Table,
}

/// An entry of the list of active formatting elements.
#[derive(Clone, Copy)]
pub(super) enum Entry {
    Marker,
    /// An element by its id, with its name and what stands for its attributes.
    Element(u32, Name, u64),
}

/// Where a base element is.
struct Place {
    in_body: bool,
    table: u32,
}

/// The state of tree construction.
pub(super) struct Tree {
    pub(super) stack: Vec<Element>,
    pub(super) formatting: Vec<Entry>,
    pub(super) foster_parenting: bool,
    pub(super) frameset_ok: bool,
    /// How many of the open elements are templates.
    pub(super) templates: usize,
    /// For each table, the one that it is in.
    tables: Vec<u32>,
    last_id: u32,
    base: Option<(String, Place)>,
    budget: usize,
    stopped: bool,
}

impl Tree {
    /// A tree for a document of so many bytes. Its budget lets ordinary documents be as deep as they like.
    pub(super) fn new(length: usize) -> Self {
        Self {
            stack: Vec::new(),
            formatting: Vec::new(),
            foster_parenting: false,
            frameset_ok: true,
            templates: 0,
            tables: Vec::new(),
            last_id: 0,
            base: None,
            budget: length.saturating_mul(16).saturating_add(1 << 22),
            stopped: false,
        }
    }

    /// Whether nothing that follows matters.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Lets nothing that follows matter.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
    }

    pub(super) fn spend(&mut self, steps: usize) {
        match self.budget.checked_sub(steps) {
            Some(budget) => self.budget = budget,
            None => self.stopped = true,
        }
    }

    pub(super) fn current(&self) -> Option<&Element> {
        self.stack.last()
    }

    pub(super) fn current_is(&self, name: Name) -> bool {
        self.current().is_some_and(|element| element.is(name))
    }

    pub(super) fn current_is_in(&self, set: impl FnOnce(Name) -> bool) -> bool {
        self.current().is_some_and(|element| element.is_in(set))
    }

    // Inserting.

    /// The `table` and `before` of an element that is inserted now.
    fn place(&self) -> (u32, u32) {
        let Some(current) = self.current() else {
            return (0, 0);
        };
        let moved = self.foster_parenting && current.is_in(|name| matches!(name, TABLE | TBODY | TFOOT | THEAD | TR));
        if moved && current.table != 0 && self.templates == 0 {
            let outer = self.tables.get(current.table as usize - 1).copied().unwrap_or(0);
            (outer, current.table)
        } else {
            (current.table, current.before)
        }
    }

    /// Inserts an HTML element and leaves it open.
    pub(super) fn insert(&mut self, name: Name) -> Element {
        self.insert_foreign(name, Namespace::Html, false)
    }

    /// Inserts an element of any namespace and leaves it open.
    pub(super) fn insert_foreign(&mut self, name: Name, namespace: Namespace, holds_html: bool) -> Element {
        let (mut table, before) = self.place();
        self.last_id = self.last_id.wrapping_add(1);
        if namespace == Namespace::Html {
            match name {
                TABLE => {
                    self.tables.push(table);
                    table = self.tables.len() as u32;
                }
                TEMPLATE => self.templates += 1,
                _ => {}
            }
        }
        let element = Element {
            name,
            namespace,
            id: self.last_id,
            holds_html,
            table,
            before,
        };
        self.stack.push(element);
        element
    }

    /// An element like another one, to stand in its place.
    pub(super) fn clone_element(&mut self, element: Element) -> Element {
        self.last_id = self.last_id.wrapping_add(1);
        Element {
            id: self.last_id,
            ..element
        }
    }

    /// Sees a base element that is inserted now.
    pub(super) fn insert_base(&mut self, href: &str) {
        if self.templates > 0 {
            return;
        }
        let (table, before) = self.place();
        let first = match &self.base {
            None => true,
            Some((_, place)) => before != 0 && self.is_within(place.table, before),
        };
        if first {
            let in_body = self.has_body();
            self.base = Some((href.to_owned(), Place { in_body, table }));
        }
    }

    /// Whether a table is another, or in it.
    fn is_within(&self, mut table: u32, outer: u32) -> bool {
        // What a table is in was there before it, so numbers only fall.
        while table > outer {
            table = self.tables.get(table as usize - 1).copied().unwrap_or(0);
        }
        table == outer
    }

    // The outcome.

    /// Whether there is a body, as the second element of the stack.
    pub(super) fn has_body(&self) -> bool {
        self.stack.get(1).is_some_and(|element| element.is(BODY))
    }

    /// Puts a frameset in the place of the body; no base element can follow one.
    pub(super) fn replace_body(&mut self) {
        if self.base.as_ref().is_some_and(|(_, place)| place.in_body) {
            self.base = None;
        }
        self.stop();
    }

    /// Whether a base element is known, and nothing that follows can come before it or take it away.
    pub(super) fn is_settled(&self) -> bool {
        let Some((_, place)) = &self.base else {
            return false;
        };
        let open = self.current().map_or(0, |current| current.table.max(current.before));
        !(place.in_body && self.frameset_ok) && (place.table == 0 || open == 0 || !self.shares_table(place.table, open))
    }

    /// Whether two tables are within one.
    fn shares_table(&self, mut one: u32, mut other: u32) -> bool {
        while one != other {
            let larger = if one > other { &mut one } else { &mut other };
            *larger = self.tables.get(*larger as usize - 1).copied().unwrap_or(0);
        }
        one != 0
    }

    /// The `href` of the first base element that has one.
    pub(super) fn take_base(&mut self) -> Option<String> {
        self.base.take().map(|(href, _)| href)
    }

    // Popping.

    pub(super) fn pop(&mut self) {
        // The root stays, whatever happens.
        if self.stack.len() > 1
            && let Some(element) = self.stack.pop()
            && element.is(TEMPLATE)
        {
            self.templates -= 1;
        }
    }

    /// Pops until so many are left. What is popped was pushed once, so this needs no budget.
    pub(super) fn truncate(&mut self, length: usize) {
        while self.stack.len() > length.max(1) {
            self.pop();
        }
    }

    /// Pops until an element of the set has been popped. It is in the stack, or all but the root go.
    pub(super) fn pop_until(&mut self, set: impl Fn(Name) -> bool) {
        while self.stack.len() > 1 {
            let found = self.current_is_in(&set);
            self.pop();
            if found {
                return;
            }
        }
    }

    /// Pops until an element of the set, or the root, is the current node.
    pub(super) fn clear_back_to(&mut self, set: impl Fn(Name) -> bool) {
        while self.stack.len() > 1 && !self.current_is_in(&set) {
            self.pop();
        }
    }

    pub(super) fn generate_implied_end_tags(&mut self, except: Option<Name>) {
        while self.current_is_in(|name| has_implied_end(name) && Some(name) != except) {
            self.pop();
        }
    }

    pub(super) fn generate_implied_end_tags_thoroughly(&mut self) {
        while self.current_is_in(has_thoroughly_implied_end) {
            self.pop();
        }
    }

    /// Removes an element from wherever it is in the stack.
    pub(super) fn remove(&mut self, id: u32) {
        if let Some(index) = self.position(id) {
            self.spend(self.stack.len() - index);
            self.stack.remove(index);
        }
    }

    // Looking.

    /// Where an element is in the stack.
    pub(super) fn position(&mut self, id: u32) -> Option<usize> {
        let index = self.stack.iter().rposition(|element| element.id == id);
        self.spend(self.stack.len() - index.unwrap_or(0));
        index
    }

    pub(super) fn in_scope(&mut self, scope: Scope, name: Name) -> bool {
        self.in_scope_where(scope, |element| element.is(name))
    }

    pub(super) fn in_scope_where(&mut self, scope: Scope, wanted: impl Fn(&Element) -> bool) -> bool {
        let mut steps = 0;
        let mut found = false;
        for element in self.stack.iter().rev() {
            steps += 1;
            if wanted(element) {
                found = true;
                break;
            }
            let bound = match scope {
                Scope::Table => element.is_in(|name| matches!(name, HTML | TABLE | TEMPLATE)),
                _ if element.is_in(bounds_scope) || element.is_foreign_boundary() => true,
                Scope::ListItem => element.is_in(|name| matches!(name, OL | UL)),
                Scope::Button => element.is(BUTTON),
                Scope::Default => false,
            };
            if bound {
                break;
            }
        }
        self.spend(steps);
        found
    }

    pub(super) fn close_p(&mut self) {
        if self.in_scope(Scope::Button, P) {
            self.pop_until(|name| name == P);
        }
    }

    /// An end tag that no rule of its own is for.
    pub(super) fn close_any(&mut self, name: Name) {
        let mut found = None;
        let mut steps = 0;
        for (index, element) in self.stack.iter().enumerate().rev() {
            steps += 1;
            if element.is(name) {
                found = Some(index);
                break;
            }
            if element.is_special() {
                break;
            }
        }
        self.spend(steps);
        if let Some(index) = found {
            self.truncate(index);
        }
    }
}
