//! Small programs and what is proved of them: each wrong one is found out, under its code and with a story, and each right
//! one passes. The programs are the bodies of workflows in `tests/prove`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use wfl_compiler::{Compilation, Memory, compile};
use wfl_tests::project::root;
use wfl_tests::told::told;

const PRELUDE: &str = include_str!("../prove/prelude.wfl");

/// A program, and the code under which it is found out; none for a right one.
struct Case {
    title: String,
    expected: Option<String>,
    head: String,
    body: String,
}

fn cases(text: &str) -> Vec<Case> {
    let case = |part: &str| {
        let (title, rest) = part.split_once('\n')?;
        let (_, fence) = rest.split_once("```wfl ")?;
        let (words, body) = fence.split_once('\n')?;
        let (body, _) = body.split_once("\n```")?;
        let mut words = words.split(' ');
        let expected = words.next().filter(|word| *word != "safe").map(str::to_owned);
        let clauses =
            words.filter_map(|word| word.split_once('=')).map(|(key, value)| format!(" {key} {value}"));
        Some(Case { title: title.to_owned(), expected, head: clauses.collect(), body: body.to_owned() })
    };
    text.split("\n### ").skip(1).filter_map(case).collect()
}

fn compiled(case: &Case) -> Compilation {
    // The body begins on line 2.
    let imports = "import std.retry (forever)";
    let text = format!(
        "{imports} workflow W(req: Req) -> Outcome{} version 1 key req.id {{\n{}\n}}\n{PRELUDE}",
        case.head, case.body
    );
    compile(&Memory::new([("main.wfl", text.as_str())]))
}

fn check(name: &str) {
    let path = root().join(Path::new("tests/prove")).join(format!("{name}.md"));
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let (mut out, mut wrong) = (String::new(), Vec::new());
    let cases = cases(&text);
    assert_eq!(cases.len(), text.matches("```wfl").count(), "{name}: each program has a title of its own");
    for case in &cases {
        let compilation = compiled(case);
        let codes: BTreeSet<String> = compilation.diagnostics.iter().map(|it| it.code.to_string()).collect();
        let told = told(&compilation, 1);
        if codes != case.expected.iter().cloned().collect() {
            wrong.push(format!(
                "{name}: {}: expected {:?}, found\n{told}\n{}",
                case.title, case.expected, case.body
            ));
        }
        if case.expected.is_some() {
            let _ = write!(out, "=== {}\n{}\n---\n{told}\n", case.title, case.body);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    insta::assert_snapshot!(name, out);
}

#[test]
fn what_is_done_is_kept_or_undone() {
    check("debts");
}

#[test]
fn behind_the_point_of_no_return_there_is_a_way_forward() {
    check("pivots");
}

#[test]
fn what_may_be_broken_off_leaves_nothing_behind() {
    check("losers");
}

#[test]
fn no_two_effects_under_one_key() {
    check("keys");
}

#[test]
fn before_the_point_of_no_return_nothing_is_tried_for_ever() {
    check("forever");
}

#[test]
fn deadlines_can_be_kept() {
    check("time");
}

#[test]
fn policies_are_kept() {
    check("policies");
}

#[test]
fn what_runs_side_by_side_does_not_meet() {
    check("hazards");
}
