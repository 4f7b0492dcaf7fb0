//! What may be seen of a session, told by what was done to it: a checker of linearizability.
//!
//! A change takes effect whole, at one moment between its beginning and its answer. So the model keeps every state that
//! the session can be in: a change that has begun adds states, an answer takes away those without it, and what somebody
//! sees takes away all that look otherwise. When none is left, what was seen cannot be.
//!
//! A change whose writer died is never answered. It may still take effect while its writer's last message is on its way,
//! and no more once a change that began after the death has been answered.

use std::collections::{BTreeMap, BTreeSet};

/// A file's number.
pub(super) type File = u32;
/// Which change wrote a file; every file holds it.
pub(super) type Tag = u32;

/// What a change does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// These files are the session.
    Replace(BTreeSet<File>),
    /// These files are written, the others stay.
    Merge(BTreeSet<File>),
    /// These files are deleted where they are.
    Delete(BTreeSet<File>),
}

/// One state that the session can be in.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    files: BTreeMap<File, Tag>,
    /// Which of the open changes are in it.
    done: BTreeSet<Tag>,
}

#[derive(Clone, Debug)]
struct Open {
    change: Change,
    began: u64,
    died: Option<u64>,
}

/// A session, as far as it is known.
#[derive(Clone, Debug)]
pub(super) struct Model {
    states: BTreeSet<State>,
    open: BTreeMap<Tag, Open>,
    /// Grows with every event.
    clock: u64,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            states: BTreeSet::from([State::default()]),
            open: BTreeMap::new(),
            clock: 0,
        }
    }
}

impl Model {
    /// How many changes have begun and are neither answered nor known to have had no effect.
    pub(super) fn open(&self) -> usize {
        self.open.len()
    }

    /// A change begins.
    pub(super) fn begin(&mut self, tag: Tag, change: Change) {
        self.clock += 1;
        let open = Open {
            change,
            began: self.clock,
            died: None,
        };
        self.open.insert(tag, open);
        self.close();
    }

    /// The change has been answered: it has taken effect.
    pub(super) fn acknowledge(&mut self, tag: Tag) {
        self.clock += 1;
        let Some(answered) = self.open.get(&tag).map(|open| open.began) else {
            return;
        };
        self.states.retain(|state| state.done.contains(&tag));
        let over = |open: &Open| open.died.is_some_and(|died| died < answered);
        let mut settled: Vec<Tag> = self
            .open
            .iter()
            .filter_map(|(tag, open)| over(open).then_some(*tag))
            .collect();
        settled.push(tag);
        self.settle(&settled);
    }

    /// The writer has died: nobody will ever say whether the change took effect.
    pub(super) fn die(&mut self, tag: Tag) {
        self.clock += 1;
        if let Some(open) = self.open.get_mut(&tag) {
            open.died = Some(self.clock);
        }
    }

    /// Whatever could still bring changes about is gone: they have taken effect, or never will.
    pub(super) fn all_dead(&mut self) {
        let tags: Vec<Tag> = self.open.keys().copied().collect();
        self.settle(&tags);
    }

    /// A file is seen with this tag, or is seen not to be there. `false` if that cannot be.
    #[must_use]
    pub(super) fn observe(&mut self, file: File, tag: Option<Tag>) -> bool {
        self.narrow(|files| files.get(&file).copied() == tag)
    }

    /// All files are seen with their sizes. `false` if that cannot be.
    #[must_use]
    pub(super) fn observe_all(&mut self, sizes: &BTreeMap<File, u64>) -> bool {
        self.narrow(|files| {
            files.len() == sizes.len()
                && files
                    .iter()
                    .all(|(file, tag)| sizes.get(file) == Some(&size(*tag, *file)))
        })
    }

    /// The states that are possible, for people.
    pub(super) fn describe(&self) -> String {
        let states: Vec<String> = self
            .states
            .iter()
            .map(|state| format!("{:?} with {:?}", state.files, state.done))
            .collect();
        format!("possible: {}; open: {:?}", states.join(" or "), self.open)
    }

    fn narrow(&mut self, fits: impl Fn(&BTreeMap<File, Tag>) -> bool) -> bool {
        let left: BTreeSet<State> = self.states.iter().filter(|state| fits(&state.files)).cloned().collect();
        if left.is_empty() {
            return false;
        }
        self.states = left;
        self.close();
        true
    }

    /// Adds what becomes possible when open changes take effect, in any order.
    fn close(&mut self) {
        let mut todo: Vec<State> = self.states.iter().cloned().collect();
        while let Some(state) = todo.pop() {
            for (tag, open) in &self.open {
                if state.done.contains(tag) {
                    continue;
                }
                let mut next = state.clone();
                next.done.insert(*tag);
                apply(&open.change, *tag, &mut next.files);
                if self.states.insert(next.clone()) {
                    todo.push(next);
                }
            }
        }
    }

    fn settle(&mut self, tags: &[Tag]) {
        for tag in tags {
            self.open.remove(tag);
        }
        let states = std::mem::take(&mut self.states);
        self.states = states
            .into_iter()
            .map(|mut state| {
                state.done.retain(|tag| !tags.contains(tag));
                state
            })
            .collect();
    }
}

fn apply(change: &Change, tag: Tag, files: &mut BTreeMap<File, Tag>) {
    match change {
        Change::Replace(wanted) => *files = wanted.iter().map(|file| (*file, tag)).collect(),
        Change::Merge(wanted) => files.extend(wanted.iter().map(|file| (*file, tag))),
        Change::Delete(gone) => files.retain(|file, _| !gone.contains(file)),
    }
}

/// How long a file is: told by its tag and number, so that a list of sizes tells the tags. `page.js` has the same.
pub(super) fn size(tag: Tag, file: File) -> u64 {
    const STEPS: [u64; 8] = [1, 1, 1, 40, 40, 400, 400, 6000];
    let step = STEPS[(file % 8) as usize];
    24 + (u64::from(tag) * 7919 + u64::from(file) * 104_729) % 997 * step
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files<const N: usize>(files: [File; N]) -> BTreeSet<File> {
        BTreeSet::from(files)
    }

    /// A session whose files 0, 1 and 2 are of change 1.
    fn put() -> Model {
        let mut model = Model::default();
        model.begin(1, Change::Replace(files([0, 1, 2])));
        model.acknowledge(1);
        model
    }

    #[test]
    fn answered_changes_are_seen() {
        let mut model = put();
        assert!(model.observe(0, Some(1)));
        model.begin(2, Change::Merge(files([0])));
        model.acknowledge(2);
        assert!(!model.observe(0, Some(1)), "what was before the answer");
        assert!(model.observe(0, Some(2)) && model.observe(1, Some(1)));
    }

    #[test]
    fn open_changes_are_seen_whole_or_not_at_all() {
        let mut model = put();
        model.begin(2, Change::Replace(files([0, 1])));
        assert!(model.observe(0, Some(1)), "not yet");
        assert!(model.observe(0, Some(2)), "now");
        assert!(!model.observe(1, Some(1)), "a mix");
        assert!(!model.observe(2, Some(1)), "a mix");
        assert!(model.observe(2, None) && model.observe(1, Some(2)));
    }

    #[test]
    fn what_was_seen_does_not_come_back() {
        let mut model = put();
        model.begin(2, Change::Delete(files([1])));
        assert!(model.observe(1, None));
        assert!(!model.observe(1, Some(1)));
    }

    #[test]
    fn two_open_changes_come_in_any_order() {
        for order in [[2, 3], [3, 2]] {
            let mut model = put();
            model.begin(2, Change::Merge(files([0, 1])));
            model.begin(3, Change::Merge(files([0])));
            model.acknowledge(2);
            model.acknowledge(3);
            assert!(model.observe(1, Some(2)));
            assert!(model.observe(0, Some(order[1])), "the one that was last");
            assert!(!model.observe(0, Some(order[0])), "and only that");
        }
    }

    #[test]
    fn a_dead_writers_change_ends_with_the_next_answer() {
        let mut model = put();
        model.begin(2, Change::Merge(files([0])));
        model.die(2);
        assert!(model.observe(0, Some(1)), "may not have taken effect");
        model.begin(3, Change::Merge(files([1])));
        model.acknowledge(3);
        assert!(model.observe(0, Some(1)));
        assert!(!model.observe(0, Some(2)), "too late");
        assert_eq!(model.open(), 0);
    }

    #[test]
    fn a_change_that_died_after_another_began_outlives_its_answer() {
        let mut model = put();
        model.begin(2, Change::Merge(files([0])));
        model.begin(3, Change::Merge(files([1])));
        model.die(2);
        model.acknowledge(3);
        assert!(model.observe(0, Some(1)) && model.observe(0, Some(2)));
    }

    #[test]
    fn with_all_dead_either_state_stays() {
        let mut model = put();
        model.begin(2, Change::Merge(files([0])));
        model.all_dead();
        assert!(model.clone().observe(0, Some(1)) && model.clone().observe(0, Some(2)));
        assert!(model.observe(0, Some(2)));
        assert!(!model.observe(0, Some(1)));
    }

    #[test]
    fn lists_tell_states() {
        let mut model = put();
        let list = |tags: &[(File, Tag)]| tags.iter().map(|(file, tag)| (*file, size(*tag, *file))).collect();
        assert!(model.observe_all(&list(&[(0, 1), (1, 1), (2, 1)])));
        assert!(!model.observe_all(&list(&[(0, 1), (1, 1)])), "one is missing");
        assert!(
            !model.observe_all(&list(&[(0, 1), (1, 1), (2, 2)])),
            "one of another change"
        );
    }
}
