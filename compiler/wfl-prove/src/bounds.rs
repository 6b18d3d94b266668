//! How long something takes: in the best case and in the worst.

use std::ops::BitOr;

use wfl_ir::Duration;

/// The best and the worst case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bounds {
    /// It takes no less.
    pub best: Duration,
    /// It takes no more.
    pub worst: Worst,
}

/// A worst case: what is known of it, and what besides has no bound that the program tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Worst {
    /// The known part; parts without a bound count as little as they can.
    pub known: Duration,
    /// What has no bound.
    pub open: Open,
}

/// Why a worst case has no bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Open {
    /// A time or a length that is a value: `wait until batch.cutoff`.
    pub data: bool,
    /// `retry forever`.
    pub forever: bool,
    /// An `await` without `timeout`.
    pub waits: bool,
}

impl Open {
    /// Whether all is bounded.
    pub fn is_closed(self) -> bool {
        self == Open::default()
    }

    /// In words, for what is added to the known part.
    pub fn words(self) -> Vec<&'static str> {
        let all = [
            (self.data, "what values say"),
            (self.forever, "retries for ever"),
            (self.waits, "endless waits"),
        ];
        all.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word).collect()
    }
}

impl BitOr for Open {
    type Output = Open;

    fn bitor(self, other: Open) -> Open {
        Open {
            data: self.data || other.data,
            forever: self.forever || other.forever,
            waits: self.waits || other.waits,
        }
    }
}

impl Worst {
    pub(crate) const NONE: Worst =
        Worst { known: Duration(0), open: Open { data: false, forever: false, waits: false } };
    pub(crate) const DATA: Worst =
        Worst { known: Duration(0), open: Open { data: true, forever: false, waits: false } };
    pub(crate) const WAITS: Worst =
        Worst { known: Duration(0), open: Open { data: false, forever: false, waits: true } };

    pub(crate) fn of(known: Duration) -> Worst {
        Worst { known, open: Open::default() }
    }

    /// One after the other.
    pub(crate) fn then(self, next: Worst) -> Worst {
        Worst { known: sum(self.known, next.known), open: self.open | next.open }
    }

    /// Whichever takes longer.
    pub(crate) fn or(self, other: Worst) -> Worst {
        Worst { known: self.known.max(other.known), open: self.open | other.open }
    }

    /// So many times.
    pub(crate) fn times(self, count: u64) -> Worst {
        Worst { known: times(self.known, count), open: if count == 0 { Open::default() } else { self.open } }
    }

    /// No longer than this.
    pub(crate) fn within(self, limit: Duration) -> Worst {
        if self.open.is_closed() && self.known <= limit { self } else { Worst::of(limit) }
    }
}

impl Bounds {
    /// From no time at all.
    pub(crate) fn up_to(worst: Worst) -> Bounds {
        Bounds { best: Duration(0), worst }
    }

    pub(crate) fn exactly(time: Duration) -> Bounds {
        Bounds { best: time, worst: Worst::of(time) }
    }

    /// One after the other.
    pub(crate) fn then(self, next: Bounds) -> Bounds {
        Bounds { best: sum(self.best, next.best), worst: self.worst.then(next.worst) }
    }
}

/// The sum; the longest time there is when it would not fit.
pub(crate) fn sum(one: Duration, other: Duration) -> Duration {
    Duration(one.0.saturating_add(other.0))
}

pub(crate) fn times(time: Duration, count: u64) -> Duration {
    Duration(time.0.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX)))
}
