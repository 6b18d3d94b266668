//! The programs of the repository stand as the formatter lays them out.

use std::path::{Path, PathBuf};

use crate::{format, same_program};

/// All programs below these folders of the repository.
fn programs() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = ["language/wfl-format/testdata/programs", "stdlib", "examples"]
        .map(|folder| root.join(folder))
        .into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "wfl") {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn the_programs_of_the_repository_are_laid_out() {
    let programs = programs();
    assert!(programs.len() > 6, "{programs:?}");
    for path in programs {
        let text = std::fs::read_to_string(&path).unwrap();
        let formatted = format(&text);
        assert_eq!(formatted.copied, 0, "{path:?}");
        assert!(same_program(&text, &formatted.text), "{path:?}");
        for (at, (is, was)) in formatted.text.lines().zip(text.lines()).enumerate() {
            assert_eq!(is, was, "{path:?}:{}", at + 1);
        }
        assert_eq!(formatted.text, text, "{path:?}");
    }
}
