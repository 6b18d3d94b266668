//! Tests of what answers become, and of when times are.

use wfl_ir::Timestamp;
use wfl_machine::{Cadence, Outcome};
use wfl_operations::Reply;
use wfl_partition::Calendar;

use crate::calendar::{WallCalendar, check};
use crate::carry::outcome;

#[test]
fn nothing_is_an_answer_of_unit_only() {
    assert_eq!(outcome(Reply::Empty, true), Outcome::Returned(b"null".to_vec()));
    // As `none`, it would prove that what was asked for did not happen.
    assert!(matches!(outcome(Reply::Empty, false), Outcome::Refused { .. }));
}

/// The first times of a pattern behind an instant, with their days.
fn times(pattern: &str, zone: &str, after: &str) -> Vec<String> {
    let cadence = Cadence::Cron { pattern: pattern.into(), zone: zone.into() };
    let after = after.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_microsecond);
    let next = |last: &Timestamp| WallCalendar.next(&cadence, *last);
    let times = std::iter::successors(next(&Timestamp(after)), next).take(3);
    times.map(|at| format!("{at} {}", WallCalendar.date(&cadence, at))).collect()
}

/// A pattern, a zone, an instant, and what comes behind it.
type Times = (&'static str, &'static str, &'static str, [&'static str; 3]);

/// Clocks go back on 25 October 2026, and forward on 28 March 2027.
const TIMES: &[Times] = &[
    (
        "0 9 * * *",
        "UTC",
        "2026-11-27T09:00:00Z",
        [
            "2026-11-28T09:00:00Z 2026-11-28",
            "2026-11-29T09:00:00Z 2026-11-29",
            "2026-11-30T09:00:00Z 2026-11-30",
        ],
    ),
    (
        "0 9 * * *",
        "Europe/Berlin",
        "2026-10-23T12:00:00Z",
        [
            "2026-10-24T07:00:00Z 2026-10-24",
            "2026-10-25T08:00:00Z 2026-10-25",
            "2026-10-26T08:00:00Z 2026-10-26",
        ],
    ),
    // A time that the clocks skip comes right behind the gap; one that they have twice comes once.
    (
        "30 2 * * *",
        "Europe/Berlin",
        "2027-03-27T12:00:00Z",
        [
            "2027-03-28T01:00:00Z 2027-03-28",
            "2027-03-29T00:30:00Z 2027-03-29",
            "2027-03-30T00:30:00Z 2027-03-30",
        ],
    ),
    (
        "30 2 * * *",
        "Europe/Berlin",
        "2026-10-24T12:00:00Z",
        [
            "2026-10-25T00:30:00Z 2026-10-25",
            "2026-10-26T01:30:00Z 2026-10-26",
            "2026-10-27T01:30:00Z 2026-10-27",
        ],
    ),
    (
        "0 0 L * *",
        "Pacific/Auckland",
        "2026-11-28T00:00:00Z",
        [
            "2026-11-29T11:00:00Z 2026-11-30",
            "2026-12-30T11:00:00Z 2026-12-31",
            "2027-01-30T11:00:00Z 2027-01-31",
        ],
    ),
    (
        "0 8 * * MON#1",
        "Asia/Kolkata",
        "2026-11-28T00:00:00Z",
        [
            "2026-12-07T02:30:00Z 2026-12-07",
            "2027-01-04T02:30:00Z 2027-01-04",
            "2027-02-01T02:30:00Z 2027-02-01",
        ],
    ),
    (
        "*/20 * * * * *",
        "UTC",
        "2026-11-28T00:00:05Z",
        [
            "2026-11-28T00:00:20Z 2026-11-28",
            "2026-11-28T00:00:40Z 2026-11-28",
            "2026-11-28T00:01:00Z 2026-11-28",
        ],
    ),
];

#[test]
fn times_follow_the_clocks_on_the_wall() {
    for (pattern, zone, after, expected) in TIMES {
        assert_eq!(times(pattern, zone, after), *expected, "{pattern} {zone}");
    }
}

#[test]
fn what_is_no_cadence_says_why() {
    let cron = |pattern: &str, zone: &str| Cadence::Cron { pattern: pattern.into(), zone: zone.into() };
    let short = Cadence::Every { every: wfl_ir::Duration::from_millis(10), from: Timestamp(0) };
    for (cadence, why) in [
        (cron("every day", "UTC"), "no cron pattern"),
        (cron("61 * * * *", "UTC"), "no cron pattern"),
        (cron("* * * * *", "Mars/Olympus"), "no time zone"),
        (short, "less than a second"),
    ] {
        let found = check(&cadence);
        assert!(found.as_ref().is_err_and(|error| error.contains(why)), "{cadence:?}: {found:?}");
    }
}
