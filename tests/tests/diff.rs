//! Pairs of programs and what differs between them, as `wflc diff` tells it. The pairs are in `tests/diff`, each with what it
//! must come to; what people read of it is a snapshot.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::{Value as Json, json};
use wfl_compiler::{Compilation, Disk, Memory, compile};
use wfl_diff::{Grade, diff};
use wfl_eval::{decode_fields, encode};
use wfl_ir::schema::{Guide, Schemas};
use wfl_ir::{Field, Type, TypeDef};
use wfl_tests::binaries::{Ran, wflc};
use wfl_tests::edited::edited;
use wfl_tests::project::root;
use wfl_tests::typed::{self, Random};

const PRELUDE: &str = include_str!("../diff/prelude.wfl");

/// Two programs, and the words that say what differs.
struct Case {
    title: String,
    expected: Vec<String>,
    old: String,
    new: String,
}

fn cases(text: &str) -> Vec<Case> {
    let fence = |part: &str, word: &str| {
        let (_, rest) = part.split_once(&format!("```wfl {word}\n"))?;
        rest.split_once("\n```").map(|(body, _)| body.to_owned())
    };
    let case = |part: &str| {
        let (title, rest) = part.split_once('\n')?;
        let expected = expected(rest.lines().next()?.strip_prefix("> ")?);
        Some(Case { title: title.to_owned(), expected, old: fence(part, "old")?, new: fence(part, "new")? })
    };
    text.split("\n### ").skip(1).filter_map(case).collect()
}

/// The words of a line; `×3` says that one comes three times.
fn expected(line: &str) -> Vec<String> {
    let one = |word: &str| match word.rsplit_once(" ×") {
        Some((word, times)) => vec![word.to_owned(); times.parse().unwrap()],
        None => vec![word.to_owned()],
    };
    let mut words: Vec<String> = line.split(" · ").flat_map(one).collect();
    words.sort();
    words
}

fn run(folder: &Path, args: &[&str]) -> Ran {
    Ran::of(wflc(folder, args).output().unwrap())
}

/// What differs, in words: the grade, what breaks, the positions, codes of reports, the exit status.
fn words(json: &Json, stderr: &str, status: Option<i32>) -> Vec<String> {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let list = |json: &Json| json.as_array().cloned().unwrap_or_default();
    let mut found = vec![text(&json["grade"])];
    let mut breaks = |findings: &Json| {
        let breaking = list(findings).into_iter().filter(|it| it["impact"] == "breaking");
        found.extend(breaking.map(|it| format!("breaks {}", text(&it["path"]))));
    };
    breaks(&json["policies"]);
    let workflows = list(&json["workflows"]);
    for workflow in &workflows {
        ["interface", "operations", "limits"].iter().for_each(|part| breaks(&workflow[part]));
    }
    for workflow in &workflows {
        let name = text(&workflow["name"]).replace("main.", "");
        match workflow["presence"].as_str() {
            Some("kept") => {}
            other => found.push(format!("{} {name}", other.unwrap())),
        }
        if workflow["bump"] == "missing" {
            found.push(format!("unbumped {name}"));
        }
        for position in list(&workflow["migration"]["positions"]) {
            let verdict = text(&position["verdict"]).replace("needs_", "");
            let place = if workflows.len() > 1 { format!("{name}/") } else { String::new() };
            found.push(format!("{place}{} {verdict}", text(&position["node"])));
        }
    }
    let codes = stderr.split("error[").skip(1).filter_map(|it| it.split(']').next());
    found.extend(codes.map(str::to_owned));
    // A policy that asks for less ends so too; the words tell of it already.
    let told = found.iter().any(|word| word.starts_with("breaks policy"));
    if let Some(status) = status.filter(|status| *status != 0 && !told) {
        found.push(format!("exit {status}"));
    }
    found.sort();
    found
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::create_dir_all(folder.join(name)).unwrap();
    std::fs::write(folder.join(name).join("main.wfl"), format!("{text}\n{PRELUDE}")).unwrap();
}

fn check(name: &str) {
    let text = std::fs::read_to_string(root().join("tests/diff").join(format!("{name}.md"))).unwrap();
    let cases = cases(&text);
    assert_eq!(cases.len(), text.matches("```wfl old").count(), "{name}: each pair has a title of its own");
    let (mut out, mut wrong) = (String::new(), String::new());
    for case in &cases {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "old", &case.old);
        write(folder.path(), "new", &case.new);
        let ran = run(folder.path(), &["diff", "old", "new", "--output", "json"]);
        let json: Json = serde_json::from_str(&ran.stdout).unwrap_or_default();
        let found = words(&json, &ran.stderr, ran.status);
        if found != case.expected {
            let _ = writeln!(
                wrong,
                "{name}: {}\n  expected {:?}\n  found    {found:?}",
                case.title, case.expected
            );
            wrong.push_str(&ran.stderr);
        }
        let told = run(folder.path(), &["diff", "old", "new"]);
        let wide = told.stdout.lines().filter(|line| line.chars().count() > 100);
        wide.for_each(|line| wrong.push_str(&format!("{name}: {}: too wide: {line}\n", case.title)));
        let reports = if told.stderr.is_empty() { String::new() } else { format!("---\n{}", told.stderr) };
        let _ = writeln!(out, "=== {}\n{}{reports}", case.title, told.stdout);
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    insta::assert_snapshot!(name, out);
}

#[test]
fn what_is_taken_and_given() {
    check("interface");
}

#[test]
fn what_differs_in_the_graph() {
    check("graph");
}

#[test]
fn contracts_of_operations() {
    check("operations");
}

#[test]
fn deadlines_limits_and_policies() {
    check("limits");
}

#[test]
fn grades_and_versions() {
    check("grades");
}

#[test]
fn where_instances_rest() {
    check("positions");
}

#[test]
fn migrate_blocks_with_the_old_version_at_hand() {
    check("migrate");
}

/// All programs of the examples and of `tests/prove` that have no errors.
fn programs() -> Vec<(String, Compilation)> {
    let examples = ["transfer", "loan", "payout"]
        .map(|name| (name.to_owned(), compile(&Disk::new(root().join("examples").join(name)))));
    let prelude = std::fs::read_to_string(root().join("tests/prove/prelude.wfl")).unwrap();
    let mut found = Vec::from(examples);
    for name in ["debts", "pivots", "losers", "keys", "forever"] {
        let text = std::fs::read_to_string(root().join("tests/prove").join(format!("{name}.md"))).unwrap();
        for part in text.split("```wfl safe").skip(1) {
            let (_, body) = part.split_once('\n').unwrap();
            let (body, _) = body.split_once("\n```").unwrap();
            let title = body.lines().next().unwrap_or_default().to_owned();
            let head = "import std.retry (forever) workflow W(req: Req) -> Outcome version 1 key req.id";
            let program = format!("{head} {{\n{body}\n}}\n{prelude}");
            found.push((format!("{name}: {title}"), compile(&Memory::new([("main.wfl", program)]))));
        }
    }
    found.retain(|(_, compilation)| !compilation.has_errors());
    found
}

#[test]
fn nothing_differs_from_itself() {
    let programs = programs();
    assert!(programs.len() > 30, "only {} programs", programs.len());
    for (name, compilation) in &programs {
        let same = diff(compilation, compilation);
        assert_eq!((same.grade, same.workflows.len()), (Grade::Patch, 0), "{name}");
        // Under another version everything is looked at, and nothing is found.
        let mut later = compilation.clone();
        for workflow in &mut later.workflows {
            workflow.plan.version += 1;
            workflow.hash = workflow.plan.encode().1;
        }
        let told = diff(compilation, &later);
        assert_eq!(told.grade, Grade::Patch, "{name}: {told:#?}");
        for workflow in &told.workflows {
            assert_eq!(workflow.graph, [], "{name}");
            assert_eq!(workflow.findings().count(), 0, "{name}: {workflow:#?}");
            let migration = workflow.migration.as_ref().unwrap();
            assert_eq!(migration.inputs, [], "{name}");
            for position in &migration.positions {
                let all = (&position.reasons, &position.notes);
                assert_eq!(all, (&vec![], &vec![]), "{name}: {}", position.node);
                assert!(position.debts.iter().all(|debt| debt.known), "{name}: {position:?}");
            }
        }
    }
}

#[test]
fn any_two_programs_can_be_compared() {
    let programs = programs();
    let small: Vec<_> = programs.iter().filter(|(_, it)| it.workflow("W").is_some()).collect();
    let (mut verdicts, mut pairs) = ([0; 3], 0);
    for (one, old) in &small {
        for (other, new) in &small {
            let told = diff(old, new);
            pairs += 1;
            for workflow in &told.workflows {
                let Some(migration) = &workflow.migration else { continue };
                for position in &migration.positions {
                    verdicts[position.verdict as usize] += 1;
                    let is_auto = position.verdict == wfl_diff::Verdict::Auto;
                    let fits = position.to.is_some() && position.reasons.is_empty();
                    assert!(!is_auto || fits, "{one} → {other}: {position:#?}");
                    assert!(is_auto || !position.reasons.is_empty(), "{one} → {other}: {position:#?}");
                }
            }
        }
    }
    println!("{pairs} pairs, {verdicts:?} positions are carried on, could be, cannot be");
    assert!(verdicts.iter().all(|count| *count > 50), "{verdicts:?}");
}

/// A program that takes and gives one type.
fn about(types: &[TypeDef], ty: &Type, version: u32) -> Compilation {
    static PROGRAM: LazyLock<Compilation> = LazyLock::new(|| {
        let text = "workflow W(it: Int) -> Int version 1 key \"k\" { return it }";
        compile(&Memory::new([("main.wfl", text)]))
    });
    let mut compilation = PROGRAM.clone();
    let workflow = &mut compilation.workflows[0];
    let plan = &mut workflow.plan;
    plan.version = version;
    plan.types = types.to_vec();
    plan.params = vec![Field { name: "it".into(), ty: ty.clone(), rule: None, label: Default::default() }];
    plan.result = ty.clone();
    workflow.hash = workflow.plan.encode().1;
    compilation
}

#[test]
fn what_is_compatible_is_taken() {
    let seed = std::env::var("WFL_SEED").map_or(20_261_128, |seed| seed.parse().unwrap());
    println!("replay with: WFL_SEED={seed} cargo test -p wfl-tests --test diff what_is_compatible_is_taken");
    let rounds = if std::env::var_os("WFL_LONG").is_some() { 12_000 } else { 1_500 };
    let mut random = Random(seed);
    let (mut inputs, mut results, mut samples) = (0, 0, 0);
    for _ in 0..rounds {
        let types = typed::types(&mut random);
        let ty = Type::Named(types.len() as u32 - 1);
        let mut others = edited(&mut random, &types);
        if random.below(2) == 0 {
            others = edited(&mut random, &others);
        }
        let other = ty.clone();
        let (old, new) = (about(&types, &ty, 1), about(&others, &other, 2));
        let told = diff(&old, &new);
        let breaks = |part: &str| {
            let findings = told.workflows.iter().flat_map(|workflow| &workflow.interface);
            findings
                .into_iter()
                .any(|it| it.path.starts_with(part) && it.impact == wfl_diff::Impact::Breaking)
        };
        let (plan, now) = (&old.workflows[0].plan, &new.workflows[0].plan);
        let guide = Guide::default();
        if !breaks("input") {
            inputs += 1;
            let schema = jsonschema::draft202012::new(&Schemas::new(now, &guide).input()).unwrap();
            for _ in 0..6 {
                let Some(value) = typed::value(&mut random, &types, &ty, 0) else { continue };
                let json = json!({ "it": encode(plan.library(), &ty, &value) });
                let json: Json = serde_json::from_str(&json.to_string()).unwrap();
                let taken = decode_fields(now.library(), &now.params, &json);
                assert!(taken.is_ok(), "{taken:?}\n{json:#}\n{told:#?}\n{types:#?}\n{others:#?}");
                assert!(schema.is_valid(&json), "{json:#}\n{told:#?}\n{types:#?}\n{others:#?}");
                samples += 1;
            }
        }
        if !breaks("result") {
            results += 1;
            let schema = jsonschema::draft202012::new(&Schemas::new(plan, &guide).result()).unwrap();
            for _ in 0..6 {
                let Some(value) = typed::value(&mut random, &others, &other, 0) else { continue };
                let json: Json =
                    serde_json::from_str(&encode(now.library(), &other, &value).to_string()).unwrap();
                assert!(schema.is_valid(&json), "{json:#}\n{told:#?}\n{types:#?}\n{others:#?}");
                samples += 1;
            }
        }
    }
    println!("{inputs} compatible inputs and {results} compatible results of {rounds}, {samples} values");
    assert!(inputs > rounds / 10 && results > rounds / 10 && inputs < rounds && results < rounds);
}

#[test]
fn a_revision_of_git_is_compared_with_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let git = |args: &[&str]| {
        let ran = Command::new("git").args(args).current_dir(folder.path()).output().unwrap();
        assert!(ran.status.success(), "{args:?}: {ran:?}");
    };
    git(&["init", "--quiet"]);
    git(&["config", "user.email", "who@example.com"]);
    git(&["config", "user.name", "Who"]);
    let body = |version: u32, time: &str| {
        format!("workflow W(id: String) -> Unit version {version} key id {{ wait {time} }}")
    };
    write(folder.path(), "flows", &body(1, "1d"));
    std::fs::write(folder.path().join("flows/wfl.toml"), "[project]\nname = \"x\"\n").unwrap();
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "first"]);
    let flows = folder.path().join("flows");
    let same = run(&flows, &["diff", "HEAD"]);
    assert_eq!(
        (same.status, same.stdout.as_str()),
        (Some(0), "patch nothing differs (HEAD → .)\n"),
        "{same:?}"
    );
    write(folder.path(), "flows", &body(1, "2d"));
    let unbumped = run(&flows, &["diff", "HEAD", "."]);
    assert_eq!(unbumped.status, Some(3), "{unbumped:?}");
    assert!(unbumped.stdout.contains("but version 1 was not raised"), "{}", unbumped.stdout);
    assert_eq!(run(&flows, &["diff", "HEAD", ".", "--fail-on", "never"]).status, Some(0));
    write(folder.path(), "flows", &body(2, "2d"));
    git(&["commit", "--quiet", "-am", "second"]);
    let bumped = run(folder.path(), &["diff", "HEAD~1", "flows"]);
    assert_eq!(bumped.status, Some(0), "{bumped:?}");
    assert!(bumped.stdout.contains("waits for: 1d → 2d"), "{}", bumped.stdout);
    assert_eq!(run(&flows, &["diff", "HEAD~1", "HEAD"]).stdout, bumped.stdout.replace("flows)", "HEAD)"));
    for (args, status, words) in [
        (vec!["diff", "nowhere", "."], 64, "neither a path nor a revision"),
        (vec!["diff", "--fail-on", "weather", "HEAD"], 64, "weather"),
        (vec!["diff", "HEAD", ".", "--workflow", "Nope"], 64, "neither version has a workflow `Nope`"),
    ] {
        let ran = run(&flows, &args);
        assert_eq!(ran.status, Some(status), "{args:?}: {ran:#?}");
        assert!(ran.stderr.contains(words), "{args:?}: {}", ran.stderr);
    }
    let without = wflc(&flows, &["diff", "HEAD"]).env("PATH", "").output().unwrap();
    assert_eq!(without.status.code(), Some(69), "{without:?}");
    write(folder.path(), "flows", "workflow X");
    let broken = run(&flows, &["diff", "HEAD", "."]);
    assert_eq!((broken.status, broken.stdout.as_str()), (Some(1), ""), "{broken:?}");
    assert!(broken.stderr.starts_with("in .:\nerror["), "{}", broken.stderr);
}
