//! Random programs in worlds that fail: what they come to must be something that the reference interpreter allows.
//!
//! A seed is the number of a program and of a schedule of faults. `WFL_SEED` runs one and tells its story, and with
//! `WFL_SMALL` makes the program as small as it can be; `WFL_LONG` runs many.

#![expect(clippy::print_stdout, reason = "what was tried is there to be read")]

use std::collections::BTreeMap;

use wfl_oracle::program::{Program, shrink};
use wfl_oracle::{Counts, Ending, SCHEDULES, Trial, Verdict};
use wfl_sim::Fault;

/// Under how many schedules each program runs.
const EACH: u64 = 4;

fn command(seed: u64) -> String {
    format!("WFL_SEED={seed} cargo test -p wfl-oracle --test oracle")
}

/// What is wrong with a run, in a few words.
fn wrong(verdict: &Verdict) -> Option<&'static str> {
    if verdict.judgement.allowed == Some(false) {
        return Some("the reference does not allow it");
    }
    verdict.violations.first().map(|_| "a promise is broken")
}

/// All that there is to know of a run.
fn told(trial: &Trial, verdict: &Verdict, seed: u64) -> String {
    let Verdict { judgement, violations, story, .. } = verdict;
    let found = wrong(verdict).unwrap_or("the reference allows it");
    let text = trial.program.text();
    format!("{}\n{text}\n{story}\n{found}: {judgement:#?}\n{violations:#?}", command(seed))
}

/// The smallest program found in which the same is wrong, with the seed that shows it.
fn smallest(program: &Program, seed: u64) -> (Program, u64) {
    let Ok(trial) = Trial::of(program.clone()) else { return (program.clone(), seed) };
    let wanted = wrong(&trial.run(seed));
    let mut shown = seed;
    let small = shrink(program, &mut |candidate| {
        let Ok(trial) = Trial::of(candidate.clone()) else { return false };
        let others = (0..12).map(|schedule| seed / SCHEDULES * SCHEDULES + schedule);
        let found = std::iter::once(shown).chain(others).find(|seed| wrong(&trial.run(*seed)) == wanted);
        shown = found.unwrap_or(shown);
        found.is_some()
    });
    (small, shown)
}

/// What happened in all runs.
#[derive(Default)]
struct Sums {
    programs: u64,
    refused: u64,
    runs: u64,
    undecided: u64,
    ways: usize,
    constructs: Counts,
    endings: BTreeMap<&'static str, u64>,
    faults: BTreeMap<Fault, u64>,
}

impl Sums {
    fn program(&mut self, number: u64) {
        self.programs += 1;
        let Ok(trial) = Trial::new(number) else {
            self.refused += 1;
            return;
        };
        trial.count(&mut self.constructs);
        for seed in (0..EACH).map(|schedule| number * SCHEDULES + schedule) {
            let verdict = trial.run(seed);
            assert!(wrong(&verdict).is_none(), "{}", told(&trial, &verdict, seed));
            self.runs += 1;
            self.ways += verdict.judgement.ways;
            self.undecided += u64::from(verdict.judgement.allowed.is_none());
            let ending = match verdict.witness.ending {
                Ending::Completed(_) => "completed",
                Ending::Failed(..) => "failed",
                Ending::TimedOut => "timed out",
                Ending::Cancelled => "cancelled",
                Ending::Other(_) => "other",
            };
            *self.endings.entry(ending).or_default() += 1;
            verdict
                .faults
                .into_iter()
                .for_each(|(fault, count)| *self.faults.entry(fault).or_default() += count);
        }
    }

    fn add(&mut self, other: Sums) {
        self.programs += other.programs;
        self.refused += other.refused;
        self.runs += other.runs;
        self.undecided += other.undecided;
        self.ways += other.ways;
        other
            .constructs
            .into_iter()
            .for_each(|(word, count)| *self.constructs.entry(word).or_default() += count);
        other.endings.into_iter().for_each(|(word, count)| *self.endings.entry(word).or_default() += count);
        other.faults.into_iter().for_each(|(fault, count)| *self.faults.entry(fault).or_default() += count);
    }
}

/// The constructs that must occur.
const CONSTRUCTS: [&str; 27] = [
    "Await",
    "Call",
    "Choice",
    "Commit",
    "Emit",
    "End",
    "Ensure",
    "Enter",
    "Exit",
    "Fail",
    "forkAll",
    "forkAny",
    "forkQuorum",
    "Join",
    "Loop",
    "Map",
    "Merge",
    "Restart",
    "Return",
    "Rollback",
    "Set",
    "SubWorkflow",
    "Timer",
    "regionShield",
    "pivot",
    "tolerant",
    "detached",
];

/// The fault that never happens: see `schedule.rs`.
const SILENT: [Fault; 1] = [Fault::Garbled];

fn check(sums: &Sums) {
    println!(
        "{} programs, {} of them refused; {} runs, {} undecided, {} ways tried",
        sums.programs, sums.refused, sums.runs, sums.undecided, sums.ways
    );
    println!("endings {:?}\nconstructs {:?}\nfaults {:?}", sums.endings, sums.constructs, sums.faults);
    let absent: Vec<&&str> = CONSTRUCTS.iter().filter(|word| !sums.constructs.contains_key(**word)).collect();
    assert!(absent.is_empty(), "never drawn: {absent:?}");
    for ending in ["completed", "failed", "timed out", "cancelled"] {
        assert!(sums.endings.contains_key(ending), "nothing {ending}");
    }
    let loud = Fault::ALL.iter().filter(|fault| !SILENT.contains(fault));
    let quiet: Vec<&Fault> = loud.filter(|fault| !sums.faults.contains_key(fault)).collect();
    assert!(quiet.is_empty(), "never happened: {quiet:?}");
    assert!(sums.refused * 4 < sums.programs, "more than a quarter of the programs is refused");
    assert!(sums.undecided * 50 < sums.runs, "more than one run in fifty is undecided");
}

#[test]
fn the_engine_comes_to_what_the_reference_allows() {
    if let Some(seed) = std::env::var("WFL_SEED").ok().and_then(|seed| seed.parse::<u64>().ok()) {
        let mut trial = Trial::new(seed / SCHEDULES).unwrap();
        let mut shown = seed;
        if std::env::var_os("WFL_SMALL").is_some() && wrong(&trial.run(seed)).is_some() {
            let (small, seed) = smallest(&trial.program, seed);
            (trial, shown) = (Trial::of(small).unwrap(), seed);
        }
        let verdict = trial.run(shown);
        let story = told(&trial, &verdict, seed);
        println!("{story}");
        return assert!(wrong(&verdict).is_none(), "{}", command(seed));
    }
    let long = std::env::var_os("WFL_LONG").is_some();
    let programs = std::env::var("WFL_SEEDS").ok().and_then(|count| count.parse().ok());
    let programs: u64 = programs.unwrap_or(if long { 100_000 / EACH } else { 500 });
    let half = |first: u64| {
        let mut sums = Sums::default();
        (first..=programs).step_by(2).for_each(|number| sums.program(number));
        sums
    };
    let mut sums = std::thread::scope(|scope| {
        let odd = scope.spawn(|| half(1));
        let even = half(2);
        let mut sums = odd.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        sums.add(even);
        sums
    });
    sums.constructs.retain(|_, count| *count > 0);
    check(&sums);
}
