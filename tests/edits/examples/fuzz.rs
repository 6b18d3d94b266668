//! Tries a property on many texts, without a fuzzer.
//!
//! usage: cargo run --release -p wfl-edits --example fuzz -- TARGET [CASES] [SECONDS]
//!
//! TARGET is `parse`, `check` or `format`. `WFL_SEED` gives the seed of the campaign. With `case SEED` instead of the
//! numbers, one case is tried and shown; with `small SEED`, the smallest text that fails as this one does; with
//! `file PATH`, a text such as `WFL_KEEP` leaves.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

use std::time::{Duration, Instant};

use wfl_edits::campaign::{Amount, Cases, Target, attempt, run, shrink};
use wfl_edits::property::{ALONE, Case};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize| arguments.get(at).map(String::as_str).unwrap_or_default();
    let Some(target) = Target::named(argument(0)) else {
        println!("usage: fuzz parse|check|format [cases] [seconds] | case|small <seed> | file <path>");
        return;
    };
    let number = |at: usize| argument(at).parse::<u64>().ok();
    if let "case" | "small" = argument(1) {
        let mut case = Cases::new(target).case(target, number(2).unwrap_or_default());
        if argument(1) == "small" {
            case = shrink(target, &case);
        }
        println!("{}\n{}", case.path, case.text);
        println!("--- {:?}", target.holds(&case));
        return;
    }
    if argument(1) == "file" {
        let Ok(text) = std::fs::read_to_string(argument(2)) else {
            println!("cannot be read: {}", argument(2));
            return;
        };
        let case = Case { path: ALONE.to_owned(), text };
        let begun = Instant::now();
        let result = attempt(target, &case);
        println!("{result:?} in {:.1} ms", begun.elapsed().as_secs_f64() * 1_000.0);
        return;
    }
    let seed = std::env::var("WFL_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let time = number(2).map_or(Duration::MAX, Duration::from_secs);
    let amount = Amount { cases: number(1).unwrap_or(100_000), time, threads };
    let outcome = run(target, seed, amount);
    println!("{target:?}, WFL_SEED={seed}: {outcome}");
    if outcome.failed > 0 {
        std::process::exit(1);
    }
}
