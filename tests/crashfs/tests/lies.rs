//! The campaigns find what they are for: on disks that lie, promises break, and that is noticed.

#![expect(clippy::print_stdout, reason = "what was tried is there to be read")]

use wfl_crashfs::{Case, Fault, Kind, Lies, Plan, run_all};

fn found(name: &'static str, lies: Lies, plan: fn(u64) -> Plan, cases: u64) -> usize {
    let cases: Vec<_> = (1..=cases).map(|seed| Case { lies, ..Case::new(seed, 12, plan(seed)) }).collect();
    let summary = run_all(("lies", name), &cases);
    println!("{} of {} cases broke a promise; {summary}", summary.broken.len(), summary.cases);
    summary.broken.len()
}

/// As with `PRAGMA synchronous=OFF`.
#[test]
fn a_disk_that_ignores_syncs_is_found() {
    let cut = |seed| Plan::Single(Fault::PowerCut { at: 40 + seed * 3 });
    let found =
        found("a_disk_that_ignores_syncs_is_found", Lies { ignores_sync: true, ..Lies::default() }, cut, 30);
    assert!(found >= 15, "only {found} were found");
}

/// As with a journal that goes on after a sync that failed.
#[test]
fn a_sync_that_failed_and_was_passed_over_is_found() {
    let fails =
        |seed| Plan::Single(Fault::Error { kind: Kind::Sync, at: 4 + seed % 8, is_lasting: seed % 2 == 0 });
    let found = found(
        "a_sync_that_failed_and_was_passed_over_is_found",
        Lies { hides_failed_sync: true, ..Lies::default() },
        fails,
        80,
    );
    assert!(found >= 5, "only {found} were found");
}

/// The same cases without the lie break nothing.
#[test]
fn the_same_cases_on_an_honest_disk_hold() {
    let fails =
        |seed| Plan::Single(Fault::Error { kind: Kind::Sync, at: 4 + seed % 8, is_lasting: seed % 2 == 0 });
    assert_eq!(found("the_same_cases_on_an_honest_disk_hold", Lies::default(), fails, 40), 0);
    let folder = tempfile::tempdir().unwrap();
    let sound = wfl_crashfs::run(folder.path(), Case::new(1, 12, Plan::Sound));
    assert_eq!((sound.result, sound.failed), (Ok(()), 0));
}
