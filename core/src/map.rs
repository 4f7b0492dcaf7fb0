//! A map as a sorted list: what is looked up often, filled in one go, and must weigh little in wasm.
//!
//! A `BTreeMap` costs some kilobytes of code for each pair of types; this one has the same answers in the same order for
//! a fraction. Adding a key in the middle moves what follows, so many at once are [appended](Map::append) instead.

use crate::order;
use std::borrow::Borrow;

/// Keys in their order, each with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map<K, V>(Vec<(K, V)>);

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> Map<K, V> {
    /// A map of nothing.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// A map of these pairs, or nothing where their keys do not ascend.
    pub fn from_ascending(pairs: Vec<(K, V)>) -> Option<Self> {
        let ascending = pairs
            .iter()
            .zip(pairs.iter().skip(1))
            .all(|((key, _), (next, _))| key < next);
        ascending.then_some(Self(pairs))
    }

    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|(known, _)| known.borrow().cmp(key))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.get_key_value(key).map(|(_, value)| value)
    }

    /// The value of a key, with the key as the map holds it.
    pub fn get_key_value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        let (key, value) = self.0.get(self.find(key).ok()?)?;
        Some((key, value))
    }

    /// Whether there is a key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    /// The value of a key, which is made where it is not there.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let at = match self.find(&key) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (key, make()));
                at
            }
        };
        &mut self.0[at].1
    }

    /// Gives a key a value. Returns the one that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, value)),
            Err(at) => {
                self.0.insert(at, (key, value));
                None
            }
        }
    }

    /// Adds pairs whose keys are new, each once, in any order.
    pub fn append(&mut self, mut pairs: Vec<(K, V)>) {
        order::sort(&mut pairs, |(a, _), (b, _)| a < b);
        let mut known = std::mem::take(&mut self.0).into_iter().peekable();
        self.0.reserve_exact(known.len() + pairs.len());
        for pair in pairs {
            while let Some(before) = known.next_if(|(key, _)| *key < pair.0) {
                self.0.push(before);
            }
            self.0.push(pair);
        }
        self.0.extend(known);
    }

    /// Takes a key out.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        Some(self.0.remove(at).1)
    }

    /// Keeps what `keep` says yes to.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.0.retain_mut(|(key, value)| keep(key, value));
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Every key with its value, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The keys from this one on, in order.
    pub fn iter_from<Q: Ord + ?Sized>(&self, first: &Q) -> impl Iterator<Item = (&K, &V)>
    where
        K: Borrow<Q>,
    {
        let at = self.find(first).unwrap_or_else(|at| at);
        self.0.iter().skip(at).map(|(key, value)| (key, value))
    }

    /// The position of a key in the order.
    pub fn position<Q: Ord + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok()
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|(key, _)| key)
    }

    /// The values, in their keys' order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// The values, to be changed, in their keys' order.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

impl<K: Ord, V> Extend<(K, V)> for Map<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, pairs: I) {
        for (key, value) in pairs {
            self.insert(key, value);
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut map = Self::new();
        map.extend(pairs);
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn does_as_a_btree_map(steps: Vec<(u8, u8, u16)>, first: u8) {
            let (mut map, mut model) = (Map::new(), BTreeMap::new());
            for (step, key, value) in steps {
                match step % 5 {
                    0 | 1 => prop_assert_eq!(map.insert(key, value), model.insert(key, value)),
                    2 => prop_assert_eq!(map.remove(&key), model.remove(&key)),
                    3 => prop_assert_eq!(*map.get_or_insert_with(key, || value), *model.entry(key).or_insert(value)),
                    _ => {
                        let fresh: BTreeMap<u8, u16> =
                            [(key, value), (value as u8, 1)].into_iter().filter(|(key, _)| !model.contains_key(key)).collect();
                        map.append(fresh.iter().rev().map(|(key, value)| (*key, *value)).collect());
                        model.extend(fresh);
                    }
                }
                prop_assert_eq!(map.get(&key), model.get(&key));
                prop_assert_eq!(map.position(&key), model.keys().position(|known| *known == key));
            }
            prop_assert!(map.iter().eq(model.iter()));
            prop_assert!(map.iter_from(&first).eq(model.range(first..)));
            map.retain(|key, value| u16::from(*key) < *value);
            model.retain(|key, value| u16::from(*key) < *value);
            prop_assert!(map.iter().eq(model.iter()));
            let pairs = map.iter().map(|(key, value)| (*key, *value)).collect();
            prop_assert_eq!(Map::from_ascending(pairs), Some(map));
        }
    }

    #[test]
    fn pairs_must_ascend() {
        assert_eq!(Map::from_ascending(vec![(1, ()), (1, ())]), None);
        assert_eq!(Map::from_ascending(vec![(2, ()), (1, ())]), None);
    }
}
