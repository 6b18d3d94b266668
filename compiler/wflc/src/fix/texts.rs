//! The texts of a project while they are being put right, and how they get back to disk.

use std::collections::BTreeMap;
use std::io::Result;
use std::path::Path;

use wfl_compiler::{Disk, World};

use crate::replace::replace;

/// A project on disk with some texts changed in memory.
pub(crate) struct Texts {
    disk: Disk,
    /// Path from the root: the text that was read, and what it has become.
    changed: BTreeMap<String, (String, String)>,
}

impl Texts {
    /// The project in this folder, as it lies there.
    pub(crate) fn new(root: &Path) -> Texts {
        Texts { disk: Disk::new(root), changed: BTreeMap::new() }
    }

    /// Gives a text another form; `before` is the one it had.
    pub(crate) fn change(&mut self, path: &str, before: &str, after: String) {
        let entry = self.changed.entry(path.to_owned());
        entry.or_insert_with(|| (before.to_owned(), String::new())).1 = after;
    }

    /// The changed texts by path: before and after.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let changed = self.changed.iter().filter(|(_, (before, after))| before != after);
        changed.map(|(path, (before, after))| (path.as_str(), before.as_str(), after.as_str()))
    }

    /// Whether the file, links followed, lies in the project.
    pub(crate) fn is_inside(&self, path: &str) -> bool {
        let root = self.disk.root().canonicalize();
        let file = self.disk.root().join(path).canonicalize();
        root.is_ok_and(|root| file.is_ok_and(|file| file.starts_with(root)))
    }

    /// Writes a changed text, all of it or nothing. A file that is not what it was when it was read stays as it is:
    /// then the answer is `false`.
    pub(crate) fn write(&self, path: &str, before: &str, after: &str) -> Result<bool> {
        replace(&self.disk.root().join(path), before, after)
    }
}

impl World for Texts {
    fn read(&self, path: &str) -> Result<String> {
        match self.changed.get(path) {
            Some((_, text)) => Ok(text.clone()),
            None => self.disk.read(path),
        }
    }

    fn sources(&self, folder: &str) -> Result<Vec<String>> {
        self.disk.sources(folder)
    }
}
