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

/// As with a journal that goes on from the log of an earlier process as the system shows it.
#[test]
fn a_log_that_is_not_written_anew_is_found() {
    let name = "a_log_that_is_not_written_anew_is_found";
    let kill = |seed| Plan::Single(Fault::Kill { at: 45 + seed });
    let found = found(name, Lies { skips_renewal: true, ..Lies::default() }, kill, 60);
    assert!(found >= 3, "only {found} were found");
}

/// The same cases without the lies break nothing.
#[test]
fn the_same_cases_on_an_honest_disk_hold() {
    let name = "the_same_cases_on_an_honest_disk_hold";
    let cut = |seed| Plan::Single(Fault::PowerCut { at: 40 + seed * 3 });
    let kill = |seed| Plan::Single(Fault::Kill { at: 45 + seed });
    let fails =
        |seed| Plan::Single(Fault::Error { kind: Kind::Sync, at: 4 + seed % 8, is_lasting: seed % 2 == 0 });
    for plan in [cut, kill, fails] {
        assert_eq!(found(name, Lies::default(), plan, 15), 0);
    }
}
