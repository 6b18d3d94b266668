//! Exploration: what holds of the examples, what the reduction must not change, what is found when the machine or an
//! invariant is wrong, and how it is told.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wfl_compiler::{Memory, compile};
use wfl_machine::{Bug, plant};
use wfl_tests::binaries::{Ran, wflc};
use wfl_tests::explored::Project;
use wfl_verify::{Bounds, Report, Rule};

/// The project of small programs, one construct each.
const SMALL: &str = "tests/verify";

/// What all that can happen to a small program is small enough for.
fn bounds() -> Bounds {
    Bounds { faults: 1, disturbances: 1, ..Bounds::default() }
}

/// How many states of each workflow of the examples are looked at in an ordinary run; with `WFL_LONG` it is as many as
/// `wflc verify` looks at.
fn states() -> usize {
    if std::env::var_os("WFL_LONG").is_some() { Bounds::default().states } else { 1_200 }
}

/// The command that repeats a failure.
fn again(folder: &str, workflow: &str) -> String {
    format!("cargo run --release -- verify {folder} {workflow}")
}

fn holds_in(folder: &str) -> String {
    let mut told = String::new();
    let project = Project::load(folder);
    let bounds = Bounds { states: states(), ..Bounds::default() };
    for workflow in project.workflows() {
        let verdict = project.verify(&workflow, &bounds);
        let (states, moves, full) = (verdict.states, verdict.transitions, verdict.full);
        told.push_str(&format!("{workflow}: {states} states, {moves} moves, in full up to {full:?}\n"));
        let found = &verdict.exploration.violations;
        assert!(found.is_empty(), "{}\n{:#?}", again(folder, &workflow), found);
        assert!(
            states > 5 && !verdict.exploration.endings.is_empty() || full.is_none(),
            "{workflow} does nothing"
        );
    }
    told
}

#[test]
fn the_transfer_holds() {
    println!("{}", holds_in("examples/transfer"));
    let verdict = Project::load("examples/transfer").verify("TransferFunds", &Bounds::default());
    assert_eq!(verdict.full, Some((2, 1)), "all of it is looked at");
    assert!(verdict.exploration.violations.is_empty());
}

#[test]
fn the_loan_and_the_payout_hold() {
    println!("{}{}", holds_in("examples/loan"), holds_in("examples/payout"));
}

#[test]
fn what_the_simulation_runs_holds() {
    println!("{}", holds_in("tests/sim"));
}

#[test]
fn the_small_programs_hold_in_full() {
    let project = Project::load(SMALL);
    for workflow in project.workflows() {
        let verdict = project.verify(&workflow, &bounds());
        println!("{workflow}: {} states, {} moves", verdict.states, verdict.transitions);
        let found = &verdict.exploration.violations;
        assert!(found.is_empty(), "{}\n{found:#?}", again(SMALL, &workflow));
        assert_eq!(verdict.full, Some((1, 1)), "{workflow} is looked at in full");
    }
}

#[test]
fn the_reduction_leaves_no_ending_out() {
    let project = Project::load(SMALL);
    let (mut saved_somewhere, mut best) = (0, 1.0_f64);
    for workflow in project.workflows() {
        for (faults, disturbances) in [(0, 0), (2, 0), (1, 1)] {
            let reduced = Bounds { faults, disturbances, states: 30_000, ..Bounds::default() };
            let whole = Bounds { reduction: false, ..reduced.clone() };
            let (some, all) = (project.explore(&workflow, &reduced), project.explore(&workflow, &whole));
            if !some.complete || !all.complete {
                panic!("{workflow} is too large for {faults} faults and {disturbances} disturbances");
            }
            let factor = all.transitions as f64 / some.transitions.max(1) as f64;
            println!(
                "{workflow} ({faults}, {disturbances}): {} of {} states, {} of {} moves, {factor:.2} times fewer",
                some.states, all.states, some.transitions, all.transitions
            );
            assert_eq!(some.signatures, all.signatures, "{workflow}: endings with {faults} faults");
            assert_eq!(some.endings.keys().collect::<Vec<_>>(), all.endings.keys().collect::<Vec<_>>());
            assert!(some.transitions <= all.transitions, "{workflow}: no more moves than without");
            saved_somewhere += usize::from(some.transitions < all.transitions);
            best = best.max(factor);
        }
    }
    println!("fewer moves in {saved_somewhere} of the explorations, at most {best:.2} times fewer");
    assert!(saved_somewhere >= 5 && best > 1.5, "the reduction reduces something");
}

/// The small programs that a mistake is looked for in, and whether effects may be late there.
const SEARCHED: [(&str, bool); 13] = [
    ("Two", false),
    ("Fax", false),
    ("Note", false),
    ("Wire", false),
    ("Book", true),
    ("Send", false),
    ("Shielded", false),
    ("Scoped", false),
    ("Parent", false),
    ("First", false),
    ("Each", false),
    ("Asked", false),
    ("Both", false),
];

/// The rules that an exploration finds broken, or none.
fn broken(project: &Project, workflow: &str, late: bool) -> Vec<Rule> {
    let bounds = Bounds { faults: 2, states: 2_000, late, ..bounds() };
    let found = catch_unwind(AssertUnwindSafe(|| project.verify(workflow, &bounds)));
    // A mistake may lead to a panic, which is noticed too.
    found.map_or(vec![Rule::Folds], |verdict| {
        verdict.exploration.violations.iter().map(|found| found.violation.rule).collect()
    })
}

/// A mistake, with the program and the rules that give it away.
type Found = (Bug, Option<(&'static str, Vec<Rule>)>);

#[test]
fn planted_mistakes_are_found() {
    let project = Project::load(SMALL);
    for (workflow, late) in SEARCHED {
        assert_eq!(broken(&project, workflow, late), [], "{workflow} is not wrong by itself");
    }
    std::panic::set_hook(Box::new(|_| {}));
    let search = |bugs: &[Bug]| -> Vec<Found> {
        let found = |bug: &Bug| {
            plant(Some(*bug));
            let found = SEARCHED.iter().find_map(|(workflow, late)| {
                let rules = broken(&project, workflow, *late);
                (!rules.is_empty()).then_some((*workflow, rules))
            });
            plant(None);
            (*bug, found)
        };
        bugs.iter().map(found).collect()
    };
    let half = Bug::ALL.len() / 2;
    let all = std::thread::scope(|scope| {
        let first = scope.spawn(|| search(&Bug::ALL[..half]));
        let second = search(&Bug::ALL[half..]);
        [first.join().unwrap_or_default(), second].concat()
    });
    let _ = std::panic::take_hook();
    for (bug, found) in &all {
        match found {
            Some((workflow, rules)) => println!("{bug:?}: found in {workflow}: {rules:?}"),
            None => println!("{bug:?}: not found"),
        }
    }
    let found = all.iter().filter(|(_, found)| found.is_some()).count();
    println!("{found} of {} mistakes are found", Bug::ALL.len());
    assert_eq!(all.len(), Bug::ALL.len());
    assert!(found >= 20, "only {found} of the planted mistakes are found");
}

/// A program whose invariant does not hold when somebody asks for much.
const WRONG: &str = include_str!("../verify/wrong.wfl.txt");

/// Compiles one module.
fn of_text(text: &str) -> Project {
    Project::of(&compile(&Memory::new([("pay.wfl", text)])))
}

#[test]
fn a_wrong_invariant_is_found_by_a_shortest_run() {
    let project = of_text(WRONG);
    let verdict = project.verify("Pay", &Bounds::default());
    let [found] = verdict.exploration.violations.as_slice() else {
        panic!("one invariant is wrong: {:#?}", verdict.exploration.violations);
    };
    assert_eq!(found.violation.rule, Rule::Invariant);
    assert_eq!(found.violation.title.as_deref(), Some("what is paid is what was asked for"));
    assert_eq!(found.path.len(), 2, "a hold and a payment, without any fault");
    assert_eq!((verdict.bounds.faults, verdict.bounds.disturbances), (0, 0));
}

#[test]
fn reports_are_as_they_were() {
    insta::assert_snapshot!("wrong", of_text(WRONG).report("Pay", &Bounds::default()));
    insta::assert_snapshot!("holds", Project::load(SMALL).report("Send", &bounds()));
    let stopped = Bounds { states: 150, ..Bounds::default() };
    insta::assert_snapshot!("stopped", Project::load(SMALL).report("Both", &stopped));
    plant(Some(Bug::OldestFirst));
    let planted = Project::load(SMALL).report("Two", &bounds());
    plant(None);
    insta::assert_snapshot!("planted", planted);
}

/// All tests of what is found compile beside the program that they are about.
fn compiles(text: &str, path: &str, workflow: &str, bounds: &Bounds) -> usize {
    let project = Project::of(&compile(&Memory::new([(path, text)])));
    let (program, hash, name) = project.program(workflow);
    let verdict = project.verify(workflow, bounds);
    let services = &project.compilation.services;
    let report = Report { program: &program, workflow: &name, hash, verdict: &verdict, services };
    for found in &verdict.exploration.violations {
        let (_, test) = report.told(found).unwrap_or_else(|| unreachable!("it is told"));
        let test = test.unwrap_or_else(|| unreachable!("{workflow}: no test of {found:#?}")).text();
        let both = compile(&Memory::new([(path, text), ("found.wfl", test.as_str())]));
        assert!(!both.has_errors(), "{test}\n{:#?}", both.diagnostics);
    }
    verdict.exploration.violations.len()
}

#[test]
fn the_tests_of_what_is_found_compile() {
    assert_eq!(compiles(WRONG, "pay.wfl", "Pay", &Bounds::default()), 1);
    let small = std::fs::read_to_string(wfl_tests::project::root().join("tests/verify/small.wfl"));
    let small = small.unwrap_or_default();
    let mut tests = 0;
    for (bug, workflow) in [
        (Bug::OldestFirst, "Two"),
        (Bug::UndoUnreachedIsDone, "Two"),
        (Bug::AbsentAtOnce, "Wire"),
        (Bug::CancelledBehindPivot, "Send"),
        (Bug::ShieldOpen, "Shielded"),
        (Bug::SignalUntyped, "Asked"),
        (Bug::ChildOwesNothing, "Parent"),
    ] {
        plant(Some(bug));
        let found = compiles(&small, "small.wfl", workflow, &Bounds { faults: 2, states: 2_000, ..bounds() });
        plant(None);
        assert!(found > 0, "{bug:?} is found in {workflow}");
        tests += found;
    }
    println!("{tests} tests compile");
}

/// The verb: its statuses, its JSON, and the tests that it writes, which check beside the program.
#[test]
fn the_verb_tells_what_it_found() {
    let folder = tempfile::tempdir().unwrap_or_else(|error| unreachable!("{error}"));
    let path = folder.path();
    let ran =
        |args: &[&str]| Ran::of(wflc(path, args).output().unwrap_or_else(|error| unreachable!("{error}")));
    let write = |text: &str| {
        std::fs::write(path.join("pay.wfl"), text).unwrap_or_else(|error| unreachable!("{error}"));
    };
    write(WRONG);
    let found = ran(&["verify", "Pay", "--output", "json", "--tests", "."]);
    assert_eq!(found.status, Some(3), "{found:#?}");
    let json: serde_json::Value = serde_json::from_str(&found.stdout).unwrap_or_default();
    let workflow = &json["workflows"][0];
    assert_eq!((&workflow["holds"], &workflow["workflow"]), (&false.into(), &"pay.Pay".into()));
    assert_eq!(workflow["violations"][0]["rule"], "invariant");
    let checked = ran(&["check", "."]);
    assert_eq!(checked.status, Some(0), "the test that was written checks: {checked:#?}");
    write(&WRONG.replace("amount > 100", "amount > 100 && false"));
    let holds = ran(&["verify", "Pay", "--faults", "1"]);
    assert_eq!(holds.status, Some(0), "{holds:#?}");
    assert!(holds.stdout.contains("all invariants hold\n"), "{holds:#?}");
    let stopped = ran(&["verify", "Pay", "--states", "20"]);
    assert_eq!(stopped.status, Some(0), "{stopped:#?}");
    assert!(stopped.stdout.contains("stopped     after 20 states"), "{stopped:#?}");
    assert_eq!(ran(&["verify", "Nobody"]).status, Some(64), "there is no such workflow");
}
