//! What a file holds: the bytes that its readers see, the bytes that are on the disk, and what was written since the
//! last sync.
//!
//! The model is that of a page cache over a disk with sectors of 512 bytes. A sector is written as it stands in the
//! cache at some moment, so of the versions that it had since the last sync, one survives a power cut; which one is
//! independent of other sectors. The size of the file is one more such thing. A truncation is a change of the size:
//! what was written behind its end after it is only there if the truncation is.

use wfl_sim::Random;

#[cfg(test)]
mod tests;

/// The bytes that a disk writes as one.
pub(crate) const SECTOR: usize = 512;

/// A file.
#[derive(Clone, Default)]
pub(crate) struct Content {
    cache: Vec<u8>,
    durable: Vec<u8>,
    changes: Vec<Change>,
}

/// A write or a truncation since the last sync.
#[derive(Clone)]
struct Change {
    /// The size of the file after it.
    size: usize,
    is_truncation: bool,
    /// The sectors that it touched, as the cache held them after it.
    sectors: Vec<(usize, Sector)>,
}

type Sector = Box<[u8; SECTOR]>;

/// What a power cut did to a file, for the tests' own counts.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Toll {
    /// Changes that are on the disk whole.
    pub kept: u64,
    /// Changes of which nothing is there.
    pub lost: u64,
    /// Changes of which some sectors are there.
    pub torn: u64,
}

/// What becomes of a change whose sync never came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Lost,
    Torn,
}

/// How likely the fates are, drawn once for each power cut so that every mixture is met.
struct Odds {
    kept: u64,
    torn: u64,
    has_garbage: bool,
}

impl Odds {
    fn draw(random: &mut Random) -> Odds {
        Odds {
            kept: [0, 10, 50, 90, 100][random.below(5) as usize],
            torn: [0, 20, 60][random.below(3) as usize],
            has_garbage: random.below(4) == 0,
        }
    }

    fn fate(&self, random: &mut Random) -> Fate {
        if random.below(100) < self.torn {
            Fate::Torn
        } else if random.below(100) < self.kept {
            Fate::Kept
        } else {
            Fate::Lost
        }
    }
}

/// The sector of some bytes, with zeros where they end.
fn sector(bytes: &[u8], number: usize) -> Sector {
    let mut sector = Box::new([0; SECTOR]);
    let from = (number * SECTOR).min(bytes.len());
    let to = (from + SECTOR).min(bytes.len());
    sector[..to - from].copy_from_slice(&bytes[from..to]);
    sector
}

/// Puts a sector at its place, as far as there are bytes.
fn place(bytes: &mut [u8], number: usize, sector: &[u8; SECTOR]) {
    let from = (number * SECTOR).min(bytes.len());
    let to = (from + SECTOR).min(bytes.len());
    bytes[from..to].copy_from_slice(&sector[..to - from]);
}

impl Content {
    pub(crate) fn size(&self) -> usize {
        self.cache.len()
    }

    /// The bytes from an offset on, as many as there are up to this number.
    pub(crate) fn read(&self, offset: usize, amount: usize) -> &[u8] {
        let from = offset.min(self.cache.len());
        &self.cache[from..(from + amount).min(self.cache.len())]
    }

    pub(crate) fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if end > self.cache.len() {
            self.cache.resize(end, 0);
        }
        self.cache[offset..end].copy_from_slice(bytes);
        self.changed(offset, end, false);
    }

    pub(crate) fn truncate(&mut self, size: usize) {
        let old = self.cache.len();
        self.cache.resize(size, 0);
        self.changed(size.min(old), old.max(size), true);
    }

    fn changed(&mut self, from: usize, to: usize, is_truncation: bool) {
        let numbers = from / SECTOR..to.div_ceil(SECTOR);
        let sectors = numbers.map(|number| (number, sector(&self.cache, number))).collect();
        self.changes.push(Change { size: self.cache.len(), is_truncation, sectors });
    }

    /// All that was changed is on the disk.
    pub(crate) fn sync(&mut self) {
        self.durable.resize(self.cache.len(), 0);
        for (number, _) in self.changes.drain(..).flat_map(|change| change.sectors) {
            place(&mut self.durable, number, &sector(&self.cache, number));
        }
    }

    /// A sync that fails: the system calls what was changed clean, and writes it only if it is changed again. Some of
    /// it is on the disk. Readers see it until the cache is given up, at once if so drawn.
    pub(crate) fn fail_sync(&mut self, random: &mut Random) -> Toll {
        let odds = Odds::draw(random);
        let gives_up_cache = random.below(2) == 0;
        if random.below(2) == 0 {
            self.durable.resize(self.cache.len(), 0);
        }
        let mut toll = Toll::default();
        let changes = std::mem::take(&mut self.changes);
        let mut kept = Vec::new();
        for change in &changes {
            let fate = odds.fate(random);
            let whole = survivors(change, fate, random, &mut kept);
            toll.count(whole);
        }
        for number in &kept {
            place(&mut self.durable, *number, &sector(&self.cache, *number));
        }
        if gives_up_cache {
            let lost = changes.iter().flat_map(|change| &change.sectors).map(|(number, _)| *number);
            for number in lost.filter(|number| !kept.contains(number)) {
                place(&mut self.cache, number, &sector(&self.durable, number));
            }
        }
        toll
    }

    /// The power is gone: what is on the disk is all there is.
    pub(crate) fn lose_power(&mut self, random: &mut Random) -> Toll {
        let odds = Odds::draw(random);
        let mut toll = Toll::default();
        let fates: Vec<Fate> = self.changes.iter().map(|_| odds.fate(random)).collect();
        // The size is kept with the change or without it; a torn one counts as either.
        let keeps_size = |fate: &Fate, random: &mut Random| match fate {
            Fate::Kept => random.below(8) > 0,
            Fate::Torn => random.below(2) == 0,
            Fate::Lost => random.below(8) == 0,
        };
        let mut size_before = self.durable.len();
        let (mut size, mut last) = (size_before, None);
        for (at, (change, fate)) in self.changes.iter().zip(&fates).enumerate() {
            let resizes = change.size != size_before || change.is_truncation;
            if resizes && keeps_size(fate, random) {
                (size, last) = (change.size, Some(at));
            }
            size_before = change.size;
        }
        let longest = self.changes.iter().map(|change| change.size).max().unwrap_or(0);
        let mut disk = self.durable.clone();
        disk.resize(longest.max(self.durable.len()).next_multiple_of(SECTOR), 0);
        let mut written = Vec::new();
        let mut end = usize::MAX;
        for (at, (change, fate)) in self.changes.iter().zip(&fates).enumerate() {
            if change.is_truncation {
                if last.is_some_and(|last| at <= last) {
                    change.sectors.iter().for_each(|(number, bytes)| place(&mut disk, *number, bytes));
                } else {
                    end = end.min(change.size);
                }
                continue;
            }
            let mut kept = Vec::new();
            let whole = survivors(change, *fate, random, &mut kept);
            toll.count(whole);
            for (number, bytes) in &change.sectors {
                if kept.contains(number) && (number + 1) * SECTOR <= end {
                    place(&mut disk, *number, bytes);
                    written.push(*number);
                }
            }
        }
        if odds.has_garbage {
            fill(&mut disk, self.durable.len(), &written, random);
        }
        disk.truncate(size);
        disk.resize(size, 0);
        *self = Content { cache: disk.clone(), durable: disk, changes: Vec::new() };
        toll
    }
}

/// The sectors of a change that are on the disk, and what that makes of it.
fn survivors(change: &Change, fate: Fate, random: &mut Random, kept: &mut Vec<usize>) -> Fate {
    let before = kept.len();
    let numbers = change.sectors.iter().map(|(number, _)| *number);
    kept.extend(numbers.filter(|_| match fate {
        Fate::Kept => true,
        Fate::Lost => false,
        Fate::Torn => random.below(2) == 0,
    }));
    match kept.len() - before {
        count if count == change.sectors.len() => Fate::Kept,
        0 => Fate::Lost,
        _ => Fate::Torn,
    }
}

/// Where the file grew and nothing was written, some file systems show what the disk held before.
fn fill(disk: &mut [u8], old_size: usize, written: &[usize], random: &mut Random) {
    for number in old_size.div_ceil(SECTOR)..disk.len() / SECTOR {
        if !written.contains(&number) {
            let byte = random.number().to_le_bytes()[0];
            place(disk, number, &[byte; SECTOR]);
        }
    }
}

impl Toll {
    fn count(&mut self, fate: Fate) {
        match fate {
            Fate::Kept => self.kept += 1,
            Fate::Lost => self.lost += 1,
            Fate::Torn => self.torn += 1,
        }
    }
}
