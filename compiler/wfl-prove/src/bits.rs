//! Sets of small numbers, one row of bits for each node.

/// A table of bits.
#[derive(Clone, Debug)]
pub(crate) struct Bits {
    words: usize,
    rows: Vec<u64>,
}

impl Bits {
    /// So many empty sets of numbers below `count`.
    pub(crate) fn new(sets: usize, count: usize) -> Bits {
        let words = count.div_ceil(64).max(1);
        Bits { words, rows: vec![0; sets * words] }
    }

    pub(crate) fn row(&self, set: u32) -> &[u64] {
        &self.rows[set as usize * self.words..][..self.words]
    }

    pub(crate) fn has(&self, set: u32, number: usize) -> bool {
        has(self.row(set), number)
    }

    /// Adds what a row holds; whether something was new.
    pub(crate) fn add(&mut self, set: u32, row: &[u64]) -> bool {
        let mut grown = false;
        let own = &mut self.rows[set as usize * self.words..][..self.words];
        for (own, new) in own.iter_mut().zip(row) {
            grown |= *new & !*own != 0;
            *own |= new;
        }
        grown
    }
}

/// Whether a row holds a number.
pub(crate) fn has(row: &[u64], number: usize) -> bool {
    row.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
}

/// Adds a number to a row.
pub(crate) fn put(row: &mut [u64], number: usize) {
    row[number / 64] |= 1 << (number % 64);
}

/// Takes away what another row holds.
pub(crate) fn remove(row: &mut [u64], other: &[u64]) {
    row.iter_mut().zip(other).for_each(|(own, other)| *own &= !other);
}
