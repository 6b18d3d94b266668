//! New projects: they check without a warning, build, are drawn and run, and nothing is ever written over.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::collections::BTreeMap;
use std::path::Path;

use wfl_tests::binaries::{Ran, wflc};

fn ran(folder: &Path, args: &[&str]) -> Ran {
    Ran::of(wflc(folder, args).output().unwrap())
}

/// Runs what must go well.
fn well(folder: &Path, args: &[&str]) -> Ran {
    let ran = ran(folder, args);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{args:?}: {ran:#?}");
    ran
}

/// The files below a folder with their texts.
fn texts(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_new_project_works_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let made = well(folder.path(), &["new", "orders"]);
    assert!(
        made.stdout.contains("made orders/orders.wfl") && made.stdout.contains("  cd orders\n"),
        "{made:#?}"
    );
    let project = folder.path().join("orders");
    let files = texts(&project);
    assert!(files.keys().any(|name| name == ".gitignore") && files.keys().any(|name| name == "README.md"));
    assert!(files.values().all(|text| !text.contains("starter")), "{files:#?}");

    assert_eq!(well(&project, &["check", "."]).stdout, "ok: 1 workflow\n");
    assert!(well(&project, &["graph", "."]).stdout.contains("Shop.reserve"));
    assert!(well(&project, &["build", "."]).stdout.starts_with("orders.PlaceOrder version 1 "));
    // Every command that the program names is one that there is.
    for line in files["README.md"].lines().filter(|line| line.starts_with("wflc ")) {
        let verb = line.split(' ').nth(1).unwrap();
        well(&project, &[verb, "--help"]);
    }
}

#[test]
fn a_new_project_runs() {
    // The worker of the template is a program in Python.
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        println!("there is no python3 here: the worker of the template was not tried");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    well(folder.path(), &["init"].into_iter().chain([".", "--name", "orders"]).collect::<Vec<_>>());
    for (input, kind) in [("order", "Confirmed"), ("declined", "Refused")] {
        let input = format!("inputs/{input}.json");
        let ran = ran(folder.path(), &["run", ".", "--output", "json", "--input", &input]);
        assert_eq!((ran.status, ran.result()["kind"].as_str()), (Some(0), Some(kind)), "{ran:#?}");
    }
}

#[test]
fn nothing_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my-place");
    std::fs::create_dir_all(path.join("inputs")).unwrap();
    std::fs::write(path.join("README.md"), "mine").unwrap();
    std::fs::write(path.join("inputs/order.json"), "{}").unwrap();
    let before = texts(&path);
    let refused = ran(&path, &["init"]);
    assert_eq!(refused.status, Some(64), "{refused:#?}");
    let said = refused.stderr.replace("\n  │ ", " ");
    assert!(
        said.contains("README.md") && said.contains("inputs/order.json") && !said.contains("wfl.toml"),
        "{said}"
    );
    assert_eq!(texts(&path), before);

    std::fs::remove_file(path.join("README.md")).unwrap();
    std::fs::remove_file(path.join("inputs/order.json")).unwrap();
    // The folder's name becomes one of a module.
    assert!(well(&path, &["init"]).stdout.contains("made my_place.wfl"));
    assert_eq!(well(&path, &["check", "."]).stdout, "ok: 1 workflow\n");
    let again = ran(folder.path(), &["new", "my_place"]);
    assert_eq!(again.status, Some(0), "another folder: {again:#?}");
    let again = ran(folder.path(), &["new", "my_place"]);
    assert_eq!(again.status, Some(64));
    assert!(again.stderr.contains("`my_place` is there already"), "{again:#?}");
}

#[test]
fn names_are_those_of_modules() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", "my-shop", "Shop", "1shop", "../shop", "a.b", "step", "std", "größe"] {
        let refused = ran(folder.path(), &["new", name]);
        assert_eq!(refused.status, Some(64), "{name}: {refused:#?}");
        assert!(refused.stderr.contains("is no name of a project"), "{name}: {}", refused.stderr);
    }
    assert_eq!(ran(folder.path(), &["init", "deep/1", "--name", "x y"]).status, Some(64));
    assert!(texts(folder.path()).is_empty());
}
