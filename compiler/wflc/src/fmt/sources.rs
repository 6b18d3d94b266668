//! The files that are meant by paths on the command line.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use crate::exit::{Failure, Status};
use crate::replace::replace;

/// A file to lay out.
#[derive(Debug)]
pub(crate) struct Source {
    /// Where it lies, links resolved.
    pub(crate) path: PathBuf,
    /// As the user would name it.
    pub(crate) name: String,
}

impl Source {
    pub(crate) fn read(&self) -> Result<String, Failure> {
        let unreadable = |error| unreadable(Status::Unavailable, &self.name, &error);
        let bytes = std::fs::read(&self.path).map_err(unreadable)?;
        text(bytes, &self.name)
    }

    pub(crate) fn write(&self, before: &str, after: &str) -> Result<(), Failure> {
        let name = &self.name;
        match replace(&self.path, before, after) {
            Ok(true) => Ok(()),
            Ok(false) => {
                let message = format!("{name} was changed meanwhile and is left as it is");
                Err(Failure::new(Status::Unavailable, message, "give the command again"))
            }
            Err(error) => {
                let message = format!("{name} cannot be written: {error}");
                Err(Failure::new(Status::Unavailable, message, "make the file and its folder writable"))
            }
        }
    }
}

/// The text of a file, which must be UTF-8.
pub(crate) fn text(bytes: Vec<u8>, name: &str) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
        let message = format!("{name} is not UTF-8 text: line {line} has other bytes");
        Failure::new(Status::Diagnostics, message, "programs are written in UTF-8")
    })
}

fn unreadable(status: Status, name: impl Display, error: &io::Error) -> Failure {
    let help = "name .wfl files, or folders with .wfl files";
    Failure::new(status, format!("{name} cannot be read: {error}"), help)
}

/// Files that are named, and all `.wfl` files below folders that are, each once and in the order of their names. What is
/// hidden is left out below folders, and so are links, which could lead out of them or round in circles.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let mut found = BTreeMap::new();
    let mut add = |path: &Path, name: &Path| {
        let full = path.canonicalize()?;
        found.entry(full).or_insert_with(|| name.display().to_string());
        Ok(())
    };
    for path in paths {
        let missing = |error: io::Error| unreadable(Status::Usage, path.display(), &error);
        if !std::fs::metadata(path).map_err(missing)?.is_dir() {
            add(path, path).map_err(missing)?;
            continue;
        }
        let mut folders = vec![path.clone()];
        while let Some(folder) = folders.pop() {
            let closed = |error: io::Error| unreadable(Status::Usage, folder.display(), &error);
            for entry in std::fs::read_dir(&folder).map_err(closed)? {
                let entry = entry.map_err(closed)?;
                let (kind, child) = (entry.file_type().map_err(closed)?, entry.path());
                if entry.file_name().to_string_lossy().starts_with('.') {
                    continue;
                }
                if kind.is_dir() {
                    folders.push(child);
                } else if kind.is_file() && child.extension().is_some_and(|extension| extension == "wfl") {
                    let name = child.strip_prefix(".").unwrap_or(&child);
                    add(&child, name).map_err(closed)?;
                }
            }
        }
    }
    Ok(found.into_iter().map(|(path, name)| Source { path, name }).collect())
}
