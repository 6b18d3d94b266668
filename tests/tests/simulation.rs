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

#[test]
fn every_promise_is_kept_whatever_fails() {
    let programs = Programs::load();
    let seeds = seeds();
    let alone = seeds.len() == 1;
    let mut fired: BTreeMap<Fault, u64> = BTreeMap::new();
    let mut records = 0;
    let mut endings: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in &seeds {
        let setup = Setup { story: alone, ..setup(*seed) };
        let (sim, report, story) = run_as(&programs, setup);
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
            let (again, ..) = run(&programs, *seed);
            assert_eq!(sim.trace(), again.trace(), "WFL_SEED={seed}: the second time something else happens");
        }
        sim.fired().iter().for_each(|(fault, count)| *fired.entry(*fault).or_default() += count);
        records += report.records;
        for seen in report.observed.values() {
            *endings.entry(seen.state.status().word()).or_default() += 1;
        }
    }
    println!("{} seeds, {records} records, endings {endings:?}", seeds.len());
    println!("{} faults: {fired:?}", fired.values().sum::<u64>());
    if !alone {
        let silent: Vec<&Fault> = Fault::ALL.iter().filter(|fault| !fired.contains_key(fault)).collect();
        assert!(silent.is_empty(), "never happened: {silent:?}");
    }
}
