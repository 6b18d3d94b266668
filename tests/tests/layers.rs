//! Who may use whom: the crates' edges are those of the table, and some things are never reached.

use wfl_tests::tree::{files, reach};

/// Each crate with those of ours that it may use.
const EDGES: &[(&str, &[&str])] = &[
    ("wfl-source", &[]),
    ("wfl-syntax", &["wfl-source"]),
    ("wfl-ir", &[]),
    ("wfl-record", &[]),
    ("wfl-eval", &["wfl-ir"]),
    ("wfl-stdlib", &[]),
    ("wfl-analysis", &["wfl-syntax", "wfl-source", "wfl-ir", "wfl-eval", "wfl-stdlib"]),
    ("wfl-lower", &["wfl-analysis", "wfl-ir"]),
    (
        "wfl-compiler",
        &["wfl-source", "wfl-syntax", "wfl-analysis", "wfl-lower", "wfl-stdlib", "wfl-ir", "wfl-eval"],
    ),
    ("wfl-machine", &["wfl-ir", "wfl-eval", "wfl-record"]),
    ("wfl-partition", &["wfl-machine", "wfl-ir", "wfl-record"]),
    ("wfl-journal", &["wfl-record"]),
    ("wfl-journal-sqlite", &["wfl-journal", "wfl-record"]),
    ("wfl-operations", &["wfl-ir"]),
    (
        "wfl-engine",
        &[
            "wfl-partition",
            "wfl-machine",
            "wfl-journal",
            "wfl-operations",
            "wfl-ir",
            "wfl-eval",
            "wfl-record",
        ],
    ),
    (
        "wflc",
        &[
            "wfl-compiler",
            "wfl-source",
            "wfl-ir",
            "wfl-eval",
            "wfl-record",
            "wfl-machine",
            "wfl-partition",
            "wfl-journal",
            "wfl-journal-sqlite",
            "wfl-operations",
            "wfl-engine",
        ],
    ),
    ("wfl-bank", &[]),
];

/// What is never reached, however far away.
const NEVER: &[(&str, &[&str])] = &[
    ("wfl-syntax", &["tokio", "miette", "codespan-reporting"]),
    ("wfl-compiler", &["tokio", "miette", "codespan-reporting", "sqlx"]),
    ("wfl-machine", &["tokio", "pest", "rand", "futures"]),
    ("wfl-partition", &["tokio", "pest", "rand", "futures"]),
    ("wfl-engine", &["pest", "petgraph", "miette", "sqlx"]),
    ("wfl-journal-sqlite", &["pest", "wfl-ir", "wfl-machine"]),
    ("wflc", &["aws-lc-rs", "openssl", "openssl-sys"]),
];

fn name(manifest: &str) -> &str {
    let line = manifest.lines().find_map(|line| line.strip_prefix("name = ")).unwrap_or_default();
    line.trim_matches('"')
}

/// Our crates among the normal dependencies.
fn edges(manifest: &str) -> Vec<String> {
    let normal = manifest.split("[dependencies]").nth(1).unwrap_or_default();
    let normal = normal.split("\n[").next().unwrap_or_default();
    let ours = |line: &str| {
        line.split(['.', ' ', '=']).next().filter(|name| name.starts_with("wfl-")).map(str::to_owned)
    };
    normal.lines().filter_map(ours).collect()
}

#[test]
fn edges_are_those_of_the_table() {
    assert_eq!(
        edges("[dependencies]\nwfl-ir.workspace = true\nserde = \"1\"\n[dev-dependencies]\nwfl-x = \"1\""),
        ["wfl-ir"]
    );
    for file in files("Cargo.toml") {
        let name = name(&file.text);
        if file.path == "Cargo.toml" || name == "wfl-tests" {
            continue;
        }
        let row = EDGES.iter().find(|(row, _)| *row == name);
        let (_, allowed) =
            row.unwrap_or_else(|| panic!("{}: {name} is not in the table of edges", file.path));
        for edge in edges(&file.text) {
            assert!(allowed.contains(&edge.as_str()), "{}: {name} may not use {edge}", file.path);
        }
    }
}

#[test]
fn what_must_stay_away_stays_away() {
    assert!(reach("wfl-engine").iter().any(|found| found == "tokio"), "the search finds what is there");
    for (package, never) in NEVER {
        let found = reach(package);
        for forbidden in *never {
            assert!(!found.iter().any(|name| name == forbidden), "{package} reaches {forbidden}");
        }
    }
}
