//! Programs that hold every construct run on real partitions in a world that fails as a seed says. Whatever goes wrong,
//! each instance comes to an end that its program allows, and every promise about effects is kept.
//!
//! `WFL_SEED` runs one seed and tells its story; `WFL_LONG` runs many.

use std::collections::BTreeMap;

use wfl_sim::{Fault, Setup};
use wfl_tests::worlds::{Programs, run, run_as, setup};

fn seeds() -> Vec<u64> {
    if let Some(seed) = std::env::var("WFL_SEED").ok().and_then(|seed| seed.parse().ok()) {
        return vec![seed];
    }
    let count = std::env::var("WFL_SEEDS").ok().and_then(|count| count.parse().ok());
    (1..=count.unwrap_or(if std::env::var_os("WFL_LONG").is_some() { 1_000_000 } else { 10_000 })).collect()
}

/// What a run of many seeds came to.
#[derive(Default)]
struct Tally {
    fired: BTreeMap<Fault, u64>,
    records: usize,
    endings: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        other.fired.into_iter().for_each(|(fault, count)| *self.fired.entry(fault).or_default() += count);
        self.records += other.records;
        other.endings.into_iter().for_each(|(word, count)| *self.endings.entry(word).or_default() += count);
    }

    /// Runs a seed, and says how to repeat it if a promise is broken.
    #[expect(clippy::print_stdout, reason = "the story of a seed that is run alone")]
    fn run(&mut self, programs: &Programs, seed: u64, alone: bool) {
        let setup = Setup { story: alone, ..setup(seed) };
        let (sim, report, story) = run_as(programs, setup);
        if alone {
            sim.story().iter().for_each(|line| println!("{line}"));
            println!("{story}");
            for (id, seen) in &report.observed {
                println!("{id}: {}", seen.state.status().word());
                seen.facts.iter().for_each(|fact| println!("    {fact:?}"));
            }
        }
        assert!(
            report.violations.is_empty(),
            "WFL_SEED={seed} cargo test -p wfl-tests --test simulation\n{story}{:#?}",
            report.violations
        );
        if seed.is_multiple_of(100) {
            let (again, ..) = run(programs, seed);
            assert_eq!(sim.trace(), again.trace(), "WFL_SEED={seed}: the second time something else happens");
        }
        sim.fired().iter().for_each(|(fault, count)| *self.fired.entry(*fault).or_default() += count);
        self.records += report.records;
        for seen in report.observed.values() {
            *self.endings.entry(seen.state.status().word()).or_default() += 1;
        }
    }
}

#[test]
fn every_promise_is_kept_whatever_fails() {
    let programs = Programs::load();
    let seeds = seeds();
    let alone = seeds.len() == 1;
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(seeds.len());
    let tallies = std::thread::scope(|scope| {
        let some = |first: usize| {
            let (programs, seeds) = (&programs, &seeds);
            scope.spawn(move || {
                let mut tally = Tally::default();
                let own = seeds.iter().skip(first).step_by(threads);
                own.for_each(|seed| tally.run(programs, *seed, alone));
                tally
            })
        };
        let all: Vec<_> = (0..threads).map(some).collect();
        all.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    let mut all = Tally::default();
    for tally in tallies {
        match tally {
            Ok(tally) => all.add(tally),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
    println!("{} seeds, {} records, endings {:?}", seeds.len(), all.records, all.endings);
    println!("{} faults: {:?}", all.fired.values().sum::<u64>(), all.fired);
    if !alone {
        let silent: Vec<&Fault> = Fault::ALL.iter().filter(|fault| !all.fired.contains_key(fault)).collect();
        assert!(silent.is_empty(), "never happened: {silent:?}");
    }
}
