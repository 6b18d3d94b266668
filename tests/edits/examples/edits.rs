//! Makes every edit of the examples and the standard library and prints the table, the worst edits and the
//! slowest ones.
//!
//! usage: cargo run --release -p wfl-edits --example edits -- [every n-th] [kind]

#![expect(clippy::print_stdout, reason = "it is there to be read")]

use std::time::{Duration, Instant};

use wfl_edits::calls;
use wfl_edits::experiment::{Outcome, run, shown, table};
use wfl_edits::program::{Program, examples, library};
use wfl_source::FileId;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let every = arguments.next().and_then(|every| every.parse().ok()).unwrap_or(1);
    let kind = arguments.next();
    let programs: Vec<Program> = examples().into_iter().chain(library()).collect();
    let mut outcomes = run(&programs, every);
    println!("{}", shown(&table(&outcomes)));
    if let Some(kind) = kind {
        outcomes.retain(|it| it.edit.kind.to_string() == kind);
    }
    let place = |it: &Outcome| {
        let text = &programs[it.program].text;
        let line = text[..it.edit.start].lines().count().max(1);
        let quoted = text[it.edit.start..].trim_start().lines().next().unwrap_or_default();
        format!("{} at {}:{line} `{quoted}`", it.edit.kind, programs[it.program].name)
    };
    for it in outcomes.iter().filter(|it| it.broken.is_some()).take(20) {
        println!("broken: {}: {}", place(it), it.broken.as_deref().unwrap_or_default());
    }
    outcomes.sort_by_key(|it| std::cmp::Reverse(it.lost));
    for it in outcomes.iter().take(40).filter(|it| it.lost > 1) {
        println!("{} of {} names lost: {}", it.lost, it.names, place(it));
    }
    outcomes.sort_by_key(|it| std::cmp::Reverse(it.reports));
    for it in outcomes.iter().take(20) {
        println!("{} reports: {}", it.reports, place(it));
    }
    // Times taken side by side are rough: the slowest are timed again, alone.
    outcomes.sort_by_key(|it| std::cmp::Reverse(it.time));
    outcomes.truncate(50);
    for it in &mut outcomes {
        it.time = best_time(&it.edit.apply(&programs[it.program].text));
    }
    outcomes.sort_by_key(|it| std::cmp::Reverse(it.time));
    for it in outcomes.iter().take(10) {
        let text = &programs[it.program].text;
        let (time, before) = (it.time.as_secs_f64(), best_time(text).as_secs_f64());
        let (calls, unedited) = (calls::count(&it.edit.apply(text)), calls::count(text));
        println!(
            "{:.2} ms, {:.1} times that before; {calls} calls of rules, {:.2} times: {}",
            time * 1_000.0,
            time / before,
            calls as f64 / unedited as f64,
            place(it)
        );
    }
    for Program { name, text } in &programs {
        let calls = calls::count(text);
        println!(
            "{calls:8} calls for {:6} bytes, {:5.1} for each: {name}",
            text.len(),
            calls as f64 / text.len() as f64
        );
    }
}

fn best_time(text: &str) -> Duration {
    let time = || {
        let begun = Instant::now();
        let parsed = wfl_syntax::parse_whole(FileId(0), text);
        (begun.elapsed(), parsed).0
    };
    (0..5).map(|_| time()).min().unwrap_or_default()
}
