//! The names of files: what programs see, and what a power cut leaves. A name that came or went is durable only once
//! the folder is synced; until then each change is on the disk or not, independently.

use std::collections::{BTreeMap, BTreeSet};

use wfl_sim::Random;

/// A file, under whatever name.
pub(crate) type FileId = u64;

/// One folder.
#[derive(Clone, Default)]
pub(crate) struct Folder {
    seen: BTreeMap<String, FileId>,
    durable: BTreeMap<String, FileId>,
    /// Names that were given or taken since the last sync, in their order.
    changes: Vec<(String, Option<FileId>)>,
}

impl Folder {
    pub(crate) fn find(&self, name: &str) -> Option<FileId> {
        self.seen.get(name).copied()
    }

    pub(crate) fn give(&mut self, name: &str, file: FileId) {
        self.seen.insert(name.to_owned(), file);
        self.changes.push((name.to_owned(), Some(file)));
    }

    /// False when there is no such name.
    pub(crate) fn take(&mut self, name: &str) -> bool {
        let was_there = self.seen.remove(name).is_some();
        if was_there {
            self.changes.push((name.to_owned(), None));
        }
        was_there
    }

    pub(crate) fn sync(&mut self) {
        self.changes.clear();
        self.durable = self.seen.clone();
    }

    pub(crate) fn lose_power(&mut self, random: &mut Random) {
        for (name, file) in std::mem::take(&mut self.changes) {
            if random.below(2) == 0 {
                continue;
            }
            match file {
                Some(file) => self.durable.insert(name, file),
                None => self.durable.remove(&name),
            };
        }
        self.seen = self.durable.clone();
    }

    /// The files that have a name.
    pub(crate) fn files(&self) -> BTreeSet<FileId> {
        self.seen.values().copied().collect()
    }
}
