//! The files of the repository, for the tests of its house rules.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

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

    /// True for files of tests: their own folder, and `tests.rs`.
    pub fn is_test(&self) -> bool {
        self.path.starts_with("tests/tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
    }
}

/// Every file that git knows or would take, with this ending.
pub fn files(ending: &str) -> Vec<Source> {
    let listed = Command::new("git")
        // The checkout may belong to another user than the one who tests it.
        .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap_or_else(|e| unreachable!("git lists the files: {e}"));
    assert!(listed.status.success(), "git lists the files: {}", String::from_utf8_lossy(&listed.stderr));
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let read = |path: &str| {
        let text = std::fs::read_to_string(root().join(path)).ok()?;
        Some(Source { path: path.to_owned(), text })
    };
    let found: Vec<Source> =
        listed.split_terminator('\0').filter(|path| path.ends_with(ending)).filter_map(read).collect();
    assert!(!found.is_empty(), "no file ends with `{ending}`: a rule over nothing holds always");
    found
}

/// A crate of the workspace.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its folder, from the root.
    pub folder: String,
    /// What it depends on, however it is renamed, and for what: `normal`, `dev` or `build`.
    pub uses: Vec<(String, String)>,
}

/// All crates of the workspace.
pub fn crates() -> Vec<Member> {
    let text = cargo(&["metadata", "--offline", "--locked", "--no-deps", "--format-version", "1"]);
    let metadata: Json =
        serde_json::from_str(&text).unwrap_or_else(|e| unreachable!("cargo's answer is JSON: {e}"));
    let word = |json: &Json, key: &str| json[key].as_str().map(str::to_owned);
    let workspace = word(&metadata, "workspace_root").unwrap_or_default();
    let member = |package: &Json| {
        let manifest = word(package, "manifest_path")?;
        let folder = Path::new(&manifest).parent()?.strip_prefix(&workspace).ok()?.display().to_string();
        let uses = package["dependencies"].as_array()?.iter().filter_map(|dependency| {
            Some((word(dependency, "name")?, word(dependency, "kind").unwrap_or_else(|| "normal".into())))
        });
        Some(Member { name: word(package, "name")?, folder, uses: uses.collect() })
    };
    let found: Vec<Member> =
        metadata["packages"].as_array().into_iter().flatten().filter_map(member).collect();
    assert!(!found.is_empty(), "cargo knows no crate of the workspace");
    found
}

/// The names of all packages that a crate of ours needs to be built, itself included.
pub fn reach(package: &str) -> Vec<String> {
    let edges =
        ["tree", "--offline", "--locked", "-e", "normal", "--prefix", "none", "--format", "{p}", "-p"];
    let text = cargo(&[&edges[..], &[package]].concat());
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(PathBuf::from(cargo))
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap_or_else(|e| unreachable!("cargo runs: {e}"));
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
