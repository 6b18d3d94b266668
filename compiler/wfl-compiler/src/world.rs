//! Where the files of a project come from.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// The largest source file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Access to the files of one project. Paths are relative to the project's root and use `/`.
pub trait World {
    /// The text of a file. [`ErrorKind::NotFound`] when it is not there.
    fn read(&self, path: &str) -> Result<String>;

    /// All `.wfl` files below a folder, `""` for the root; hidden folders are left out. Sorted.
    fn sources(&self, folder: &str) -> Result<Vec<String>>;
}

/// A project on disk.
#[derive(Clone, Debug)]
pub struct Disk {
    root: PathBuf,
}

impl Disk {
    /// The project whose manifest lies, or would lie, in `root`.
    pub fn new(root: impl Into<PathBuf>) -> Disk {
        Disk { root: root.into() }
    }

    /// The root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

impl World for Disk {
    fn read(&self, path: &str) -> Result<String> {
        let path = self.root.join(path);
        let bytes = std::fs::metadata(&path)?.len();
        if bytes > MAX_FILE_BYTES {
            return Err(Error::new(
                ErrorKind::FileTooLarge,
                format!("{bytes} bytes are more than {MAX_FILE_BYTES}"),
            ));
        }
        std::fs::read_to_string(path)
    }

    fn sources(&self, folder: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        let mut open = vec![folder.trim_matches('/').to_owned()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(self.root.join(&folder))? {
                let entry = entry?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                let kind = entry.file_type()?;
                if kind.is_dir() && !name.starts_with('.') {
                    open.push(path);
                } else if !kind.is_dir() && name.ends_with(".wfl") && !name.starts_with('.') {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// A project in memory: for tests, and for texts that an editor has not saved.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<String, String>,
}

impl Memory {
    /// A project of files by path.
    pub fn new<P: Into<String>, T: Into<String>>(files: impl IntoIterator<Item = (P, T)>) -> Memory {
        Memory { files: files.into_iter().map(|(path, text)| (path.into(), text.into())).collect() }
    }
}

impl World for Memory {
    fn read(&self, path: &str) -> Result<String> {
        self.files.get(path).cloned().ok_or_else(|| Error::from(ErrorKind::NotFound))
    }

    fn sources(&self, folder: &str) -> Result<Vec<String>> {
        let folder = folder.trim_matches('/');
        let inside = |path: &str| {
            folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        Ok(self.files.keys().filter(|path| path.ends_with(".wfl") && inside(path)).cloned().collect())
    }
}
