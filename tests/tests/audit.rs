//! The report for auditors: what is found, wherever it stands; the same whatever the order of files; JSON and text agree.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;
use wfl_compiler::{Disk, Settings, World, audit};
use wfl_tests::binaries::{Ran, wflc};
use wfl_tests::project::root;

/// The project that hides each construct somewhere.
const DEEP: &str = "tests/audit";
/// The widest line of the report.
const WIDEST: usize = 100;

/// Each line of the summary, with the list of the JSON that it counts.
const LISTS: [(&str, &str); 10] = [
    ("workflows", "workflows"),
    ("declassifications", "declassifications"),
    ("redactions", "redactions"),
    ("approvals by people", "approvals"),
    ("policies", "policies"),
    ("external operations", "operations"),
    ("data labels", "labels"),
    ("exits of labelled data", "exits"),
    ("allowances", "allowances"),
    ("warnings turned off", "silenced"),
];

fn run(folder: &Path, args: &[&str]) -> Ran {
    Ran::of(wflc(folder, &[&["audit", "."], args].concat()).output().unwrap())
}

/// The report in both forms, which must say the same.
fn reported(folder: &Path) -> (String, Json) {
    let (human, json) = (run(folder, &[]), run(folder, &["--format", "json"]));
    assert_eq!((human.status, json.status), (Some(0), Some(0)), "{human:#?}");
    let wide: Vec<_> = human.stdout.lines().filter(|line| line.chars().count() > WIDEST).collect();
    assert!(wide.is_empty(), "too wide: {wide:#?}");
    assert!(human.stdout.lines().all(|line| line == line.trim_end()), "blanks at an end");
    let parsed: Json = serde_json::from_str(&json.stdout).unwrap();
    counts_agree(&human.stdout, &parsed);
    (human.stdout, parsed)
}

fn counts_agree(human: &str, json: &Json) {
    let said = |line: &str| {
        let number = line.get(26..30)?.trim().parse::<usize>().ok()?;
        Some((line[..26].trim().to_owned(), number))
    };
    let said: BTreeMap<String, usize> = human.lines().skip(2).map_while(said).collect();
    assert_eq!(said.len(), LISTS.len() + 3, "{said:?}");
    for (line, list) in LISTS {
        let listed = json[list].as_array().unwrap();
        assert_eq!(said[line], listed.len(), "{line}");
        assert_eq!(json["summary"][list], listed.len(), "{line}");
    }
    let operations = json["operations"].as_array().unwrap();
    let irreversible = operations.iter().filter(|it| it["effect"] == "irreversible").count();
    assert_eq!(said["irreversible operations"], irreversible);
    let rules = json["policies"].as_array().unwrap().iter().map(|it| it["rules"].as_array().unwrap().len());
    assert_eq!(json["summary"]["rules"], rules.sum::<usize>());
    assert_eq!(
        (&json["summary"]["modules"], &json["summary"]["warnings"]),
        (&said["modules"].into(), &said["warnings"].into())
    );
}

/// Reports on a project and keeps both forms.
fn check(name: &str, folder: &str) -> Json {
    let (human, json) = reported(&root().join(folder));
    insta::assert_snapshot!(format!("{name}"), human);
    insta::assert_snapshot!(format!("{name}.json"), format!("{json:#}"));
    json
}

/// What the members of a list say under a key.
fn all<'j>(json: &'j Json, list: &str, key: &str) -> Vec<&'j str> {
    json[list].as_array().unwrap().iter().map(|it| it[key].as_str().unwrap()).collect()
}

#[test]
fn the_examples() {
    let transfer = check("transfer", "examples/transfer");
    let docs = std::fs::read_to_string(root().join("docs/audit.md")).unwrap();
    let shown = docs.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let shown: Json = serde_json::from_str(shown).unwrap();
    let operations = transfer["operations"].as_array().unwrap();
    assert!(operations.contains(&shown), "the operation in docs/audit.md is that of the example");
    check("loan", "examples/loan");
    check("payout", "examples/payout");
}

#[test]
fn everything_is_found_wherever_it_stands() {
    let json = check("deep", DEEP);
    let holders =
        json["declassifications"].as_array().unwrap().iter().map(|it| it["within"]["kind"].as_str().unwrap());
    // In an item of a list, behind a timeout in a branch, in handlers of a wait and of a step, in a rule, in a function.
    assert_eq!(holders.collect::<Vec<_>>(), ["workflow", "workflow", "workflow", "workflow", "policy", "fn"]);
    assert_eq!(all(&json, "redactions", "function"), ["mask_last4", "mask_iban", "mask_last4"]);
    assert_eq!(all(&json, "approvals", "step"), ["looked", "calls", "both/person/answer", "word"]);
    assert_eq!(all(&json, "silenced", "code"), ["W0404"]);
    let steps: Vec<String> = json["operations"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|it| it["uses"].as_array().unwrap())
        .map(|it| format!("{} {}", it["as"].as_str().unwrap(), it["step"].as_str().unwrap()))
        .collect();
    for wanted in [
        "step both/person/_open",
        "step both/person/_open#2",
        "reminder both/person/answer",
        "undo both/money/hold",
        // An undo is asked about, too.
        "confirmation both/money/hold",
        "confirmation sent",
        "step page",
    ] {
        assert!(steps.iter().any(|it| it == wanted), "{wanted}: {steps:#?}");
    }
    let labels: Vec<&str> = all(&json, "labels", "kind");
    for kind in ["type", "field", "parameter", "result", "channel"] {
        assert!(labels.contains(&kind), "{kind}: {labels:?}");
    }
    let exits = all(&json, "exits", "through");
    for through in ["operation", "event", "task", "result", "error", "attribute"] {
        assert!(exits.contains(&through), "{through}: {exits:?}");
    }
}

/// A project whose files come in the opposite order.
struct Reversed(Disk);

impl World for Reversed {
    fn read(&self, path: &str) -> std::io::Result<String> {
        self.0.read(path)
    }

    fn sources(&self, folder: &str) -> std::io::Result<Vec<String>> {
        self.0.sources(folder).map(|mut paths| {
            paths.reverse();
            paths
        })
    }
}

#[test]
fn the_order_of_files_does_not_matter() {
    for folder in [DEEP, "examples/transfer", "examples/loan", "examples/payout"] {
        let disk = Disk::new(root().join(folder));
        let (_, forwards) = audit(&disk, &Settings::default());
        let (_, backwards) = audit(&Reversed(disk), &Settings::default());
        assert!(forwards.is_some(), "{folder} has no errors");
        assert_eq!(forwards, backwards, "{folder}");
    }
}

#[test]
fn colours_change_nothing_else() {
    let folder = root().join(DEEP);
    let painted = run(&folder, &["--color", "always"]).stdout;
    assert!(painted.contains("\u{1b}["), "it is coloured");
    let mut bare = String::new();
    let mut parts = painted.split("\u{1b}[");
    bare.push_str(parts.next().unwrap_or_default());
    parts.for_each(|part| bare.push_str(part.split_once('m').unwrap().1));
    // What the program itself says to the terminal is written out.
    assert_eq!(bare, run(&folder, &[]).stdout);
    assert!(bare.contains("\\u{1b}[2K") && bare.contains("\\u{202e}"), "{bare}");
}

/// A folder with one module.
fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pay.wfl"), text).unwrap();
    std::fs::write(folder.path().join("wfl.toml"), "[project]\nname = \"small\"\n").unwrap();
    folder
}

#[test]
fn a_declassification_is_found_in_every_form_of_expression() {
    for (value, expr) in [
        ("o.name", "declassify(o.name, because: \"B\")"),
        ("o.name", "(declassify(o.name, because: \"B\"))"),
        ("o.name", "\"to {declassify(o.name, because: \"B\")}\""),
        ("n", "\"{[o.name].map(n => declassify(n, because: \"B\")).length()}\""),
        ("o.name", "if o.id == \"\" then declassify(o.name, because: \"B\") else \"\""),
        ("o.name", "match o.id { \"x\" -> declassify(o.name, because: \"B\")  _ -> \"\" }"),
        ("\"{o.name}!\"", "declassify(\"{o.name}!\", because: \"B\")"),
    ] {
        let program = format!(
            "module pay\n\nrecord O {{ name: pii String, id: String }}\nevent Seen(text: String)\n\n\
             workflow Pay(o: O) -> Unit\n  version 1\n  key o.id\n{{\n  emit Seen(text: {expr})\n}}\n"
        );
        let (_, json) = reported(folder(&program).path());
        let found = &json["declassifications"];
        assert_eq!(found.as_array().unwrap().len(), 1, "{expr}: {found:#}");
        let of = |key: &str| found[0][key].as_str().unwrap();
        assert_eq!((of("value"), of("reason"), of("label")), (value, "B", "pii"), "{expr}");
        assert_eq!(found[0]["place"]["line"], 10, "{expr}");
    }
}

#[test]
fn an_empty_section_says_that_there_is_nothing() {
    let folder = folder("module pay\n");
    let (human, json) = reported(folder.path());
    insta::assert_snapshot!("empty", human);
    assert_eq!(json["format"], 1);
    assert!(LISTS.iter().all(|(_, list)| json[list] == serde_json::json!([])), "{json:#}");
}

#[test]
fn a_project_with_errors_has_no_report() {
    let folder =
        folder("module pay\n\nworkflow Pay(id: String) -> Int\n  version 1\n  key id\n{\n  return id\n}\n");
    let checked = Ran::of(wflc(folder.path(), &["check", "."]).output().unwrap());
    for args in [&[][..], &["--format", "json"]] {
        let ran = run(folder.path(), args);
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(1), ""), "{ran:#?}");
        assert_eq!((ran.status, &ran.stderr), (checked.status, &checked.stderr));
        assert!(ran.stderr.contains("E0205"), "{}", ran.stderr);
    }
    // An allowance that is over is an error, as in `wflc check`.
    let over = "module pay\n\n@allow(W0202, because: \"soon\", until: \"2001-01-31\")\nrecord Payment { id: String }\n";
    std::fs::write(folder.path().join("pay.wfl"), over).unwrap();
    let ran = run(folder.path(), &[]);
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(1), ""), "{ran:#?}");
    assert!(ran.stderr.contains("E0227"), "{}", ran.stderr);
    assert_eq!(Ran::of(wflc(folder.path(), &["audit", "nowhere"]).output().unwrap()).status, Some(64));
}
