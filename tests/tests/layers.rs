//! Who may use whom: crates as the table says, modules what is declared above them; some things are never reached.

use wfl_tests::code::Code;
use wfl_tests::tree::{Member, Source, crates, files, reach};

/// Each crate with those of ours that it may use.
const EDGES: &[(&str, &[&str])] = &[
    ("wfl-source", &[]),
    ("wfl-syntax", &["wfl-source"]),
    ("wfl-format", &["wfl-source", "wfl-syntax"]),
    ("wfl-ir", &[]),
    ("wfl-record", &[]),
    ("wfl-eval", &["wfl-ir"]),
    ("wfl-stdlib", &[]),
    ("wfl-analysis", &["wfl-syntax", "wfl-source", "wfl-ir", "wfl-eval", "wfl-stdlib"]),
    ("wfl-lower", &["wfl-source", "wfl-analysis", "wfl-ir", "wfl-stdlib"]),
    ("wfl-prove", &["wfl-source", "wfl-analysis", "wfl-lower", "wfl-ir"]),
    (
        "wfl-compiler",
        &[
            "wfl-source",
            "wfl-syntax",
            "wfl-analysis",
            "wfl-lower",
            "wfl-prove",
            "wfl-stdlib",
            "wfl-ir",
            "wfl-eval",
        ],
    ),
    ("wfl-diff", &["wfl-compiler", "wfl-ir"]),
    ("wfl-machine", &["wfl-ir", "wfl-eval", "wfl-record"]),
    ("wfl-partition", &["wfl-machine", "wfl-ir", "wfl-record"]),
    ("wfl-sim", &["wfl-partition", "wfl-machine", "wfl-ir", "wfl-eval", "wfl-record"]),
    ("wfl-verify", &["wfl-sim", "wfl-machine", "wfl-ir", "wfl-eval", "wfl-record"]),
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
            "wfl-diff",
            "wfl-lower",
            "wfl-format",
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
            "wfl-verify",
        ],
    ),
    ("wfl-bank", &[]),
    (
        "wfl-bench",
        &[
            "wfl-compiler",
            "wfl-ir",
            "wfl-record",
            "wfl-machine",
            "wfl-partition",
            "wfl-journal",
            "wfl-journal-sqlite",
            "wfl-operations",
            "wfl-engine",
        ],
    ),
    ("wfl-crashfs", &["wfl-journal", "wfl-journal-sqlite", "wfl-record", "wfl-sim"]),
    ("wfl-edits", &["wfl-compiler", "wfl-format", "wfl-source", "wfl-stdlib", "wfl-syntax"]),
    ("wfl-oracle", &["wfl-compiler", "wfl-sim", "wfl-machine", "wfl-ir", "wfl-eval", "wfl-record"]),
];

/// What crates of ours never reach, however far away.
const NEVER: &[(&[&str], &[&str])] = &[
    (
        &["wfl-syntax", "wfl-format", "wfl-analysis", "wfl-lower", "wfl-prove", "wfl-compiler", "wfl-diff"],
        &["tokio", "sqlx"],
    ),
    (&["wfl-machine", "wfl-partition", "wfl-sim", "wfl-verify"], &["tokio", "rand", "futures"]),
    (&["wfl-journal", "wfl-journal-sqlite"], &["wfl-ir", "wfl-machine"]),
    (&["wfl-operations"], &["wfl-machine"]),
    (&["wfl-engine"], &["petgraph", "sqlx"]),
    (RUNTIME, &["pest"]),
    (LIBRARIES, &["miette", "codespan-reporting", "clap"]),
    (&["wflc"], &["aws-lc-rs", "openssl", "openssl-sys"]),
];

const RUNTIME: &[&str] = &[
    "wfl-machine",
    "wfl-partition",
    "wfl-verify",
    "wfl-journal",
    "wfl-journal-sqlite",
    "wfl-operations",
    "wfl-engine",
];

/// The tops of what lies below the command line.
const LIBRARIES: &[&str] = &["wfl-compiler", "wfl-diff", "wfl-engine", "wfl-journal-sqlite"];

/// Uses everything; nothing uses it.
const TESTS: &str = "wfl-tests";

/// Nothing below the tests uses these, not even for its own tests.
const DEAD_ENDS: &[&str] =
    &["wflc", "wfl-bank", "wfl-bench", "wfl-crashfs", "wfl-edits", "wfl-oracle", TESTS];

/// Edges that the table does not allow. What tests use may go further, but never to what nothing may use.
fn wrong_edges(members: &[Member]) -> Vec<String> {
    let mut broken = Vec::new();
    let ours: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    for member in members.iter().filter(|member| member.name != TESTS) {
        let Some((name, allowed)) = EDGES.iter().find(|(row, _)| *row == member.name) else {
            broken.push(format!("{}: {} is not in the table of edges", member.folder, member.name));
            continue;
        };
        for (used, kind) in member.uses.iter().filter(|(used, _)| ours.contains(&used.as_str())) {
            let dead_end = *name == "wfl-bank" || DEAD_ENDS.contains(&used.as_str());
            if !allowed.contains(&used.as_str()) && (kind != "dev" || dead_end) {
                broken.push(format!("{}: {name} may not use {used} ({kind})", member.folder));
            }
        }
    }
    broken
}

/// `folder: …` with the line of the manifest where the crate is named.
fn with_line(broken: &str, manifests: &[Source]) -> String {
    let (folder, what) = broken.split_once(": ").unwrap_or(("", broken));
    let path = format!("{folder}/Cargo.toml");
    let used = what.split(' ').skip_while(|word| *word != "use").nth(1).unwrap_or_default();
    let text = manifests.iter().find(|m| m.path == path).map_or("", |m| &m.text);
    let line = text.lines().position(|line| line.starts_with(used)).map_or(1, |at| at + 1);
    format!("{path}:{line}: {what}")
}

fn member(name: &str, used: &str, kind: &str) -> Member {
    Member { name: name.into(), folder: "a".into(), uses: vec![(used.into(), kind.into())] }
}

#[test]
fn edges_are_those_of_the_table() {
    let wrong = |user: &str, used: &str, kind: &str| {
        wrong_edges(&[member(user, used, kind), member(used, "serde", "normal")])
            .iter()
            .filter(|broken| broken.contains("may not use"))
            .count()
    };
    assert_eq!(wrong("wfl-ir", "wfl-eval", "normal"), 1, "upwards");
    assert_eq!(wrong("wfl-ir", "wfl-eval", "build"), 1, "upwards, for the build");
    assert_eq!(wrong("wfl-eval", "wfl-ir", "normal"), 0, "the table's own");
    assert_eq!(wrong("wfl-lower", "wfl-syntax", "dev"), 0, "tests may go further");
    assert_eq!(wrong("wfl-lower", "wflc", "dev"), 1, "but not there");
    assert_eq!(wrong("wfl-bank", "wfl-ir", "dev"), 1, "the counterpart knows nobody");
    assert_eq!(wrong_edges(&[member("wfl-new", "serde", "normal")]).len(), 1, "a crate without a row");
    let manifests = files("Cargo.toml");
    let members = crates();
    let mut broken: Vec<String> =
        wrong_edges(&members).iter().map(|broken| with_line(broken, &manifests)).collect();
    let gone = EDGES.iter().filter(|(row, _)| !members.iter().any(|member| member.name == *row));
    broken.extend(gone.map(|(row, _)| format!("tests/tests/layers.rs: the row of {row} has no crate")));
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn the_table_has_no_ring() {
    // Rows stand lowest first: a crate uses only rows above its own.
    for (at, (name, allowed)) in EDGES.iter().enumerate() {
        for used in *allowed {
            assert!(
                EDGES[..at].iter().any(|(row, _)| row == used),
                "{name} uses {used}, which is not above it"
            );
        }
    }
}

#[test]
fn what_must_stay_away_stays_away() {
    assert!(reach("wfl-engine").iter().any(|found| found == "tokio"), "the search finds what is there");
    assert!(reach("wfl-compiler").iter().any(|found| found == "pest"), "also far away");
    let mut broken = Vec::new();
    for (package, never) in NEVER.iter().flat_map(|(all, never)| all.iter().map(move |one| (one, never))) {
        let found = reach(package);
        let reached = never.iter().filter(|forbidden| found.iter().any(|name| name == *forbidden));
        broken.extend(reached.map(|forbidden| format!("{package} reaches {forbidden}")));
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// The order of the modules that a module declares.
type Order<'a> = &'a dyn Fn(&[String]) -> Vec<String>;

/// What a file may not take. `own` is its module path in the crate, empty for the root; paths go down the tree
/// together, and where they part the other one must be declared above.
fn not_above(order: Order<'_>, own: &[String], text: &str) -> Vec<String> {
    let code = Code::of(text).unwrap_or_else(|error| unreachable!("{own:?}: it compiles, yet: {error}"));
    let mut broken = Vec::new();
    for path in code.crate_paths {
        let shared = own.iter().zip(&path.what).take_while(|(a, b)| a == b).count();
        let Some(here) = own.get(shared) else { continue };
        let modules = order(&own[..shared]);
        let place = |name: &String| modules.iter().position(|module| module == name);
        let why = match (place(here), path.what.get(shared).map(place)) {
            (None, _) => "is taken by a module that nobody declares",
            (Some(_), None | Some(None)) => "is taken from a parent",
            (Some(here), Some(Some(there))) if there > here => "is declared below",
            _ => continue,
        };
        broken.push(format!("{}: `crate::{}` {why}", path.line, path.what.join("::")));
    }
    broken
}

#[test]
fn the_rule_of_modules_bites() {
    let order = |inside: &[String]| match inside {
        [] => vec!["low".to_owned(), "mid".to_owned(), "high".to_owned()],
        [_] => vec!["first".to_owned(), "second".to_owned()],
        _ => vec![],
    };
    let count = |own: &str, text: &str| {
        let own: Vec<String> = own.split_terminator("::").map(str::to_owned).collect();
        not_above(&order, &own, text).len()
    };
    assert_eq!(count("mid", "use crate::high::X;"), 1);
    assert_eq!(count("mid", "use crate::low::X;"), 0);
    assert_eq!(count("mid", "use crate::{low::A, high::{B, C}};"), 2, "in braces");
    assert_eq!(count("mid", "use crate::{\n    low::A,\n    high::B,\n};"), 1, "over several lines");
    assert_eq!(count("mid", "fn f() { vec![crate::high::x::<u8>()] }"), 1, "in code, in a macro");
    assert_eq!(count("mid", "// crate::high::x\nconst A: &str = \"crate::high\";"), 0, "not in text");
    assert_eq!(count("mid", "use crate::mid::first::X;"), 0, "a parent takes from its children");
    assert_eq!(count("mid::first", "use crate::mid::Kind;"), 1, "a child takes nothing from its parent");
    assert_eq!(count("mid::first", "use crate::mid::second::X;"), 1, "children keep their order");
    assert_eq!(count("mid::second", "use crate::mid::{first, first::X};"), 0);
    assert_eq!(count("mid", "use crate::Exported;"), 1, "the root is a parent");
    assert_eq!(count("mid", "fn f() { crate::exported!() }"), 0, "a macro lives at the root");
    assert_eq!(count("", "use crate::high::X;"), 0, "the root takes from all");
    assert_eq!(count("lost", "use crate::low::X;"), 1, "a module that nobody declares");
}

#[test]
fn modules_take_only_what_is_declared_above_them() {
    let sources = files(".rs");
    let text_of = |path: &str| sources.iter().find(|s| s.path == path).map(|s| s.text.as_str());
    let mut broken = Vec::new();
    let mut looked_at = 0;
    for member in crates() {
        let src = format!("{}/src/", member.folder);
        let order = |inside: &[String]| {
            let place = inside.join("/");
            let candidates = if inside.is_empty() {
                [format!("{src}lib.rs"), format!("{src}main.rs")]
            } else {
                [format!("{src}{place}/mod.rs"), format!("{src}{place}.rs")]
            };
            let modules = |text| Code::of(text).map(|code| code.modules).unwrap_or_default();
            let texts = candidates.iter().filter_map(|path| text_of(path));
            texts.flat_map(modules).map(|module| module.what).collect()
        };
        for file in sources.iter().filter(|s| s.path.starts_with(&src) && !s.is_test()) {
            let inside = file.path[src.len()..].trim_end_matches(".rs");
            let own: Vec<String> = match inside {
                "lib" | "main" => vec![],
                _ => inside.split('/').filter(|part| *part != "mod").map(str::to_owned).collect(),
            };
            looked_at += 1;
            broken.extend(not_above(&order, &own, &file.text).iter().map(|b| format!("{}:{b}", file.path)));
        }
    }
    assert!(looked_at > 100, "only {looked_at} files were looked at");
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}
