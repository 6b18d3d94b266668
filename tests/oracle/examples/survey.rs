//! Runs many random programs and lists every seed that the reference does not allow, or in which the simulation
//! finds a broken promise, without ending at the first:
//! `cargo run -p wfl-oracle --example survey -- FIRST_PROGRAM PROGRAMS SCHEDULES`.

#![expect(clippy::print_stdout, reason = "a tool for people, who read what it found")]

use wfl_oracle::{SCHEDULES, Trial};

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|number| number.parse::<u64>().ok());
    let (first, programs) = (numbers.next().unwrap_or(1), numbers.next().unwrap_or(500));
    let each = numbers.next().unwrap_or(4);
    let (mut runs, mut wrong, mut promises, mut undecided, mut ways) = (0, 0, 0, 0, 0);
    for number in first..first + programs {
        let Ok(trial) = Trial::new(number) else { continue };
        for seed in (0..each).map(|schedule| number * SCHEDULES + schedule) {
            let verdict = trial.run(seed);
            runs += 1;
            ways += verdict.judgement.ways;
            for broken in &verdict.violations {
                promises += 1;
                println!("{seed}: a promise: {broken}");
            }
            match verdict.judgement.allowed {
                Some(true) => {}
                None => {
                    undecided += 1;
                    println!("{seed}: too many ways");
                }
                Some(false) => {
                    wrong += 1;
                    println!("{seed}: {}", verdict.judgement.why.first().map_or("", String::as_str));
                }
            }
        }
    }
    println!("{runs} runs, {wrong} wrong, {promises} promises broken, {undecided} undecided, {ways} ways");
}
