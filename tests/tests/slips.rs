//! What a good engineer does on a bad day: each small edit that plants a bug into a realistic program is found by the
//! compiler, where it was made, and nothing is reported about the program without it. They stand in `tests/planted`.

#![expect(
    clippy::unwrap_used,
    reason = "a page that cannot be read, and an edit that does not fit, fail the test"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use wfl_compiler::{Compilation, Memory, compile};
use wfl_source::Diagnostic;
use wfl_tests::edit::{Edited, edit};
use wfl_tests::project::root;
use wfl_tests::told::told;

/// So many lines away from an edit a report about it may be.
const NEAR: usize = 4;
/// How the sentence begins that says why a report stands elsewhere.
const ELSEWHERE: &str = "Reported elsewhere:";

/// What has to be slipped on at least once.
const RULES: [&str; 18] = [
    "E0312", "E0313", "E0320", "E0321", "E0322", "E0323", "E0330", "E0331", "E0335", "E0340", "E0341",
    "E0601", "E0603", "E0604", "W0404", "W0602", "W0620", "W0621",
];

/// An edit that plants a bug.
struct Slip {
    title: String,
    /// What it would cost.
    prose: String,
    codes: BTreeSet<String>,
    edit: String,
}

/// A page: the program, and its slips.
fn page(name: &str) -> (String, Vec<Slip>) {
    let path = root().join(Path::new("tests/planted")).join(format!("{name}.md"));
    let text = std::fs::read_to_string(&path).unwrap();
    let fence = |text: &str, language: &str| -> Option<(String, String, String)> {
        let (before, rest) = text.split_once(&format!("```{language}"))?;
        let (words, rest) = rest.split_once('\n')?;
        let (body, _) = rest.split_once("\n```")?;
        Some((before.trim().to_owned(), words.trim().to_owned(), body.to_owned()))
    };
    let mut parts = text.split("\n### ");
    let (_, _, program) = fence(parts.next().unwrap(), "wfl").unwrap();
    let slips = parts.map(|part| {
        let (title, rest) = part.split_once('\n').unwrap();
        let (prose, codes, edit) =
            fence(rest, "bug").unwrap_or_else(|| unreachable!("{name}: {title} has no edit"));
        assert!(!prose.is_empty(), "{name}: {title}: it is said what it costs");
        let codes = codes.split(' ').map(str::to_owned).collect();
        Slip { title: title.to_owned(), prose, codes, edit }
    });
    (format!("{program}\n"), slips.collect())
}

fn compiled(text: &str) -> Compilation {
    compile(&Memory::new([("main.wfl", text)]))
}

/// Whether a report marks something close to what was edited, or its failing run takes a condition that was.
fn near(compilation: &Compilation, report: &Diagnostic, edited: &Edited) -> bool {
    let marked = report.labels.iter().any(|label| {
        let file = compilation.files.get(label.span.file).unwrap();
        let line = file.utf8_position(label.span.start).line as usize + 1;
        edited.lines.iter().any(|it| line + NEAR >= *it.start() && line <= it.end() + NEAR)
    });
    let lines = edited.text.lines().collect::<Vec<_>>();
    let mut came = edited.lines.iter().flat_map(|it| lines[it.start() - 1..*it.end()].iter());
    let run = report.notes.iter().filter_map(|note| note.strip_prefix("failing run: "));
    let conditions = run.flat_map(|run| run.split(" → ")).filter(|event| !event.starts_with('`'));
    let conditions = conditions.map(|it| it.strip_prefix("not ").unwrap_or(it));
    let in_brackets = |it: &str| it.strip_prefix('(')?.strip_suffix(')').map(str::to_owned);
    let conditions =
        conditions.map(|it| in_brackets(it).unwrap_or_else(|| it.to_owned())).collect::<Vec<_>>();
    marked || came.any(|line| conditions.iter().any(|condition| line.contains(condition.as_str())))
}

/// What is wrong with how a slip is found.
fn wrong(slip: &Slip, compilation: &Compilation, edited: &Edited) -> Option<String> {
    let codes: BTreeSet<String> = compilation.diagnostics.iter().map(|it| it.code.to_string()).collect();
    if codes != slip.codes {
        return Some(format!("expected {:?}", slip.codes));
    }
    let is_near = compilation.diagnostics.iter().all(|report| near(compilation, report, edited));
    let said = slip.prose.contains(ELSEWHERE);
    (is_near == said).then(|| format!("near the edit: {is_near}; `{ELSEWHERE}` is said: {said}"))
}

fn check(name: &str) {
    let (program, slips) = page(name);
    let good = compiled(&program);
    assert!(good.diagnostics.is_empty(), "{name}: the good program is good:\n{}", told(&good, 0));
    let (mut out, mut all_wrong) = (String::new(), String::new());
    for slip in &slips {
        let edited = edit(&program, &slip.edit)
            .unwrap_or_else(|error| unreachable!("{name}: {}: {error}", slip.title));
        let compilation = compiled(&edited.text);
        let story = told(&compilation, 0);
        if let Some(wrong) = wrong(slip, &compilation, &edited) {
            let _ = writeln!(all_wrong, "{name}: {}: {wrong}, found\n{story}", slip.title);
        }
        let _ = write!(out, "=== {}\n{}\n---\n{story}\n", slip.title, slip.edit);
    }
    assert!(all_wrong.is_empty(), "{all_wrong}");
    insta::assert_snapshot!(name, out);
}

#[test]
fn an_instant_payment_is_held_booked_and_sent() {
    check("instant");
}

#[test]
fn a_batch_pays_each_item_once() {
    check("payouts");
}

#[test]
fn a_loan_is_decided_by_bureaus_and_people() {
    check("loan");
}

#[test]
fn a_customer_is_known_before_the_account_is_open() {
    check("onboarding");
}

#[test]
fn a_refund_has_four_eyes() {
    check("refund");
}

#[test]
fn both_legs_of_an_exchange_or_none() {
    check("exchange");
}

#[test]
fn a_subscription_is_charged_each_month() {
    check("billing");
}

#[test]
fn merchants_get_what_is_theirs() {
    check("settlement");
}

#[test]
fn each_rule_is_slipped_on() {
    let pages = std::fs::read_dir(root().join("tests/planted")).unwrap();
    let names = pages.map(|page| page.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned());
    let slips = names.flat_map(|name| page(&name).1).collect::<Vec<_>>();
    let codes: BTreeSet<&str> = slips.iter().flat_map(|slip| &slip.codes).map(String::as_str).collect();
    assert_eq!(codes.intersection(&BTreeSet::from(RULES)).count(), RULES.len(), "found are {codes:?}");
    assert!(slips.len() >= 28, "there are {} slips", slips.len());
}

#[test]
fn lines_come_and_go() {
    let edited = edit("a\nb\nc\nd\n", "  a\n- b\n+ x\n+ y\n@@\n- d").unwrap();
    assert_eq!(edited.text, "a\nx\ny\nc\n");
    assert!(edited.lines.contains(&(2..=2)) && edited.lines.contains(&(3..=3)));
}

#[test]
fn a_place_is_found_once() {
    assert!(edit("a\nb\na\n", "- a\n+ b").is_err(), "it is there twice");
    assert!(edit("ab\nc\n", "- b\n+ d").is_err(), "lines are whole");
    assert!(edit("a\n", "a").is_err(), "a line has a mark");
}
