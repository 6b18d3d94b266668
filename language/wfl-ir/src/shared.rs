//! `Shared`: an immutable sequence whose clones cost nothing, with the size of all that it holds.
//!
//! Values share their parts, so a small program can name a value that is huge when it is written out. The weight
//! and depth kept here let the evaluator bound that before anything walks over it.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// What has a size.
pub(crate) trait Weighed {
    /// How much there is to look at: 1 for a scalar, 1 more per 16 bytes of text, and all parts of a whole.
    fn weight(&self) -> u64;

    /// How deep it nests: 0 for a scalar.
    fn depth(&self) -> u32;
}

/// Items in their order. Clones share one allocation.
pub(crate) struct Shared<T> {
    items: Arc<[T]>,
    weight: u64,
    depth: u32,
}

impl<T> Shared<T> {
    pub(crate) fn weight(&self) -> u64 {
        self.weight
    }

    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }
}

impl<T: Weighed> Shared<T> {
    pub(crate) fn new(items: Vec<T>) -> Shared<T> {
        let weight = items.iter().fold(1_u64, |sum, item| sum.saturating_add(item.weight()));
        let depth = 1 + items.iter().map(Weighed::depth).max().unwrap_or(0);
        Shared { items: items.into(), weight, depth }
    }
}

impl<T: Weighed> Default for Shared<T> {
    fn default() -> Self {
        Shared::new(Vec::new())
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared { items: Arc::clone(&self.items), weight: self.weight, depth: self.depth }
    }
}

impl<T> Deref for Shared<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T: Eq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        // Parts that are shared need no walk, and weights tell most unequal ones apart without one.
        Arc::ptr_eq(&self.items, &other.items) || (self.weight == other.weight && self.items == other.items)
    }
}

impl<T: Eq> Eq for Shared<T> {}

impl<T: Hash> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.items.hash(state);
    }
}

/// The order of two sequences: by the first items that differ, else the shorter first.
pub(crate) fn lexicographic<T>(a: &[T], b: &[T], order: impl Fn(&T, &T) -> Ordering) -> Ordering {
    let differing = a.iter().zip(b).map(|(a, b)| order(a, b)).find(|found| found.is_ne());
    differing.unwrap_or_else(|| a.len().cmp(&b.len()))
}

impl<T> Shared<T> {
    /// Writes the items as a CBOR array.
    pub(crate) fn write_array<C, W>(
        &self,
        e: &mut Encoder<W>,
        c: &mut C,
    ) -> Result<(), encode::Error<W::Error>>
    where
        T: Encode<C>,
        W: encode::Write,
    {
        e.array(self.items.len() as u64)?;
        self.items.iter().try_for_each(|item| item.encode(e, c))
    }
}

impl<K, V> Shared<(K, V)> {
    /// Writes the entries as a CBOR map.
    pub(crate) fn write_map<C, W>(&self, e: &mut Encoder<W>, c: &mut C) -> Result<(), encode::Error<W::Error>>
    where
        K: Encode<C>,
        V: Encode<C>,
        W: encode::Write,
    {
        e.map(self.items.len() as u64)?;
        self.items.iter().try_for_each(|(key, value)| {
            key.encode(e, c)?;
            value.encode(e, c)
        })
    }
}

/// Reads the items of a CBOR array.
pub(crate) fn read_array<'b, C, T>(d: &mut Decoder<'b>, c: &mut C) -> Result<Vec<T>, decode::Error>
where
    T: Decode<'b, C>,
{
    d.array_iter_with(c)?.collect()
}

/// Reads the entries of a CBOR map in their order.
pub(crate) fn read_map<'b, C, K, V>(d: &mut Decoder<'b>, c: &mut C) -> Result<Vec<(K, V)>, decode::Error>
where
    K: Decode<'b, C>,
    V: Decode<'b, C>,
{
    let count = d.map()?.ok_or_else(|| decode::Error::message("a map without a length"))?;
    (0..count).map(|_| Ok((K::decode(d, c)?, V::decode(d, c)?))).collect()
}
