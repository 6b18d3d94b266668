//! Properties of the front end on texts made by chance: a short run of what `tests/fuzz` runs for hours.
//!
//! `WFL_SEED` repeats a run, `WFL_LONG` makes it long.

#![expect(clippy::print_stdout, reason = "what was tried is there to be read")]

use std::time::Duration;

use wfl_edits::campaign::{Amount, Cases, Target, run, seed_of};
use wfl_edits::property;
use wfl_tests::binaries::{Ran, wflc};

fn seed() -> u64 {
    std::env::var("WFL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

fn holds(target: Target, cases: u64) {
    let long = std::env::var_os("WFL_LONG").is_some();
    let (seed, cases) = (seed(), if long { 100 * cases } else { cases });
    let outcome = run(target, seed, Amount { cases, time: Duration::MAX, threads: 2 });
    println!("{target:?}, WFL_SEED={seed}: {outcome}");
    assert_eq!(outcome.cases, cases);
    assert_eq!(outcome.failed, 0, "WFL_SEED={seed}: {outcome}");
}

#[test]
fn the_parser_loses_nothing_and_never_stops() {
    holds(Target::Parse, 4_000);
}

#[test]
fn the_compiler_always_ends_and_says_the_same() {
    holds(Target::Check, 100);
}

#[test]
fn the_layout_changes_nothing_but_the_layout() {
    holds(Target::Format, 2_000);
}

/// Places where cutting a file into chunks and reading it as a whole could disagree.
#[test]
fn what_is_easily_cut_wrongly_is_not() {
    let corners = include_str!("../edits/corners.txt").replace("<BOM>", "\u{FEFF}").replace("<CR>", "\r");
    for text in corners.split("===\n") {
        assert_eq!(property::parse(text).map(|_| ()), Ok(()), "{text}");
        assert_eq!(property::format(text), Ok(()), "{text}");
    }
}

/// Every format can show every report: nothing is written in the middle of a character, or beyond a line.
#[test]
fn the_reports_can_be_shown() {
    let folder = tempfile::tempdir().unwrap_or_else(|e| unreachable!("{e}"));
    let cases = Cases::new(Target::Parse);
    for number in 0..80 {
        let case = cases.case(Target::Parse, seed_of(seed(), number));
        let path = folder.path().join(format!("m{number}.wfl"));
        std::fs::write(path, case.text).unwrap_or_else(|e| unreachable!("{e}"));
    }
    for format in ["human", "short", "json", "sarif", "github"] {
        let output = wflc(folder.path(), &["check", ".", "--message-format", format]).output();
        let ran = Ran::of(output.unwrap_or_else(|e| unreachable!("{e}")));
        assert_eq!(ran.status, Some(1), "WFL_SEED={}, {format}: {}", seed(), ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "WFL_SEED={}, {format}: {}", seed(), ran.stderr);
    }
}
