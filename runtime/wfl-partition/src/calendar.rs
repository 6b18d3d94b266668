//! When the times of a schedule are.

use std::fmt;

use wfl_ir::Timestamp;
use wfl_machine::Cadence;

/// Knows the calendar. What it says is written down before anything follows from it, so that two calendars may differ.
pub trait Calendar: fmt::Debug + Send + Sync {
    /// The first time behind an instant; none when there is none, or the cadence is not known.
    fn next(&self, cadence: &Cadence, after: Timestamp) -> Option<Timestamp>;

    /// The day of an instant in the time zone of a cadence, as `2026-11-28`.
    fn date(&self, cadence: &Cadence, at: Timestamp) -> String;
}

/// Knows equal distances, and days in UTC.
#[derive(Clone, Copy, Debug, Default)]
pub struct Steps;

impl Calendar for Steps {
    fn next(&self, cadence: &Cadence, after: Timestamp) -> Option<Timestamp> {
        let Cadence::Every { every, from } = cadence else { return None };
        let (every, from) = (every.0.max(1), from.0);
        let steps = after.0.checked_sub(from)?.div_euclid(every).checked_add(1)?;
        from.checked_add(steps.checked_mul(every)?).map(Timestamp)
    }

    fn date(&self, _: &Cadence, at: Timestamp) -> String {
        at.to_string().chars().take(10).collect()
    }
}
