//! The good programs that edits begin with: the examples and the standard library.

use std::fs;
use std::path::Path;

/// A good program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Program {
    /// Its path from the root of the repository.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// All files of the example projects, by path.
pub fn examples() -> Vec<Program> {
    let mut found = Vec::new();
    for project in ["loan", "payout", "transfer"] {
        collect(&format!("examples/{project}"), &mut found);
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    assert!(found.len() >= 13, "only {} files of examples were found", found.len());
    found
}

/// The modules of the standard library.
pub fn library() -> Vec<Program> {
    let name = |path: &str| format!("stdlib/wfl-stdlib/{}.wfl", path.replace('.', "/"));
    let modules = wfl_stdlib::modules().iter();
    modules.map(|module| Program { name: name(module.path), text: module.text.to_owned() }).collect()
}

fn collect(folder: &str, found: &mut Vec<Program>) {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let entries = fs::read_dir(root.join(folder)).unwrap_or_else(|e| unreachable!("{folder} is there: {e}"));
    for entry in entries.flatten() {
        let Ok(file) = entry.file_name().into_string() else { continue };
        let name = format!("{folder}/{file}");
        if entry.path().is_dir() {
            collect(&name, found);
        } else if file.ends_with(".wfl")
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            found.push(Program { name, text });
        }
    }
}
