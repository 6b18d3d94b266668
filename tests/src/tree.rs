//! The files of the repository, for the tests of its house rules.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::project::root;

/// A tracked text file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path from the root.
    pub path: String,
    /// What it holds.
    pub text: String,
}

impl Source {
    /// A file that is only in memory, to try a rule on.
    pub fn sample(path: &str, text: &str) -> Source {
        Source { path: path.into(), text: text.into() }
    }

    /// True for files of tests: their own folder, `tests.rs`, and the tests crate.
    pub fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }
}

/// Every file that git knows or would take, with this ending.
pub fn files(ending: &str) -> Vec<Source> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap_or_else(|e| unreachable!("git lists the files: {e}"));
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let read = |path: &str| {
        let text = std::fs::read_to_string(root().join(path)).ok()?;
        Some(Source { path: path.to_owned(), text })
    };
    listed.lines().filter(|path| path.ends_with(ending)).filter_map(read).collect()
}

/// The folders of all crates, from the root.
pub fn crates() -> Vec<String> {
    let folder = |file: Source| Path::new(&file.path).parent().map(|parent| parent.display().to_string());
    files("Cargo.toml").into_iter().filter_map(folder).filter(|folder| !folder.is_empty()).collect()
}

/// The names of all packages that a crate of ours needs to be built, itself included.
pub fn reach(package: &str) -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tree = Command::new(PathBuf::from(cargo))
        .args([
            "tree",
            "--offline",
            "--locked",
            "-e",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "-p",
            package,
        ])
        .current_dir(root())
        .output()
        .unwrap_or_else(|e| unreachable!("cargo shows the tree: {e}"));
    assert!(tree.status.success(), "cargo shows the tree: {}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8_lossy(&tree.stdout).into_owned();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}
