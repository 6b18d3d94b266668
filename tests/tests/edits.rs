//! A program that is being written is understood all the same: every small edit of the examples keeps almost all names.
//!
//! The usual run takes a part of all edits, `WFL_LONG` takes all of them.

#![expect(clippy::print_stdout, reason = "the figures are there to be read")]

use std::collections::BTreeMap;

use wfl_edits::edit::Kind;
use wfl_edits::experiment::{Outcome, Row, run, shown, table};
use wfl_edits::program::{Program, examples, library};

/// The least number of edits.
const EDITS: usize = 13_000;
/// The least share of names that all edits together keep, in percent.
const KEPT: f64 = 99.5;
/// The least share of names that the edits of each kind keep. No kind is excepted: what is typed in the middle of
/// something else does not take away what follows.
const KEPT_BY_KIND: f64 = 99.0;
/// The least share of edits that lose one name at most, which may be the one that was edited.
const AT_MOST_ONE: f64 = 99.0;
/// The greatest share of edits that are reported by more than three reports.
const LOUD: f64 = 6.0;

fn sample(programs: &[Program], every: usize) -> Vec<Outcome> {
    let every = if std::env::var_os("WFL_LONG").is_some() { 1 } else { every };
    run(programs, every)
}

fn total(table: &BTreeMap<Kind, Row>) -> Row {
    table.values().fold(Row::default(), |mut total, row| {
        total.add(row);
        total
    })
}

fn check(programs: &[Program], every: usize, edits: usize) {
    let outcomes = sample(programs, every);
    let table = table(&outcomes);
    println!("{}", shown(&table));
    let broken = |it: &&Outcome| it.broken.is_some();
    let show = |it: &Outcome| {
        let broken = it.broken.as_deref().unwrap_or_default();
        format!("{} at byte {} of {}: {broken}", it.edit.kind, it.edit.start, programs[it.program].name)
    };
    let wrong: Vec<String> = outcomes.iter().filter(broken).take(10).map(show).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let total = total(&table);
    assert!(total.edits >= edits, "only {} edits", total.edits);
    assert!(total.kept() >= KEPT, "{:.2} % of the names are kept", total.kept());
    let share = |part: usize| 100.0 * part as f64 / total.edits as f64;
    assert!(share(total.at_most_one) >= AT_MOST_ONE, "{:.2} % lose one at most", share(total.at_most_one));
    assert!(share(total.loud) <= LOUD, "{:.2} % are reported more than three times", share(total.loud));
    for (kind, row) in &table {
        assert!(row.kept() >= KEPT_BY_KIND, "{kind}: {:.2} % of the names are kept", row.kept());
    }
}

#[test]
fn edits_of_the_examples_keep_the_names() {
    check(&examples(), 3, EDITS);
}

#[test]
fn edits_of_the_library_keep_the_names() {
    check(&library(), 40, 2_000);
}
