//! Greatest numbers: of calls, of records.

/// A greatest number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// How often something is done.
    pub times: u64,
    /// With all that is tried again.
    pub attempts: u64,
    /// Whether there may be more: for each item of a list without a greatest length, or for ever.
    pub more: bool,
}

impl Count {
    pub(crate) fn once(attempts: u64) -> Count {
        Count { times: 1, attempts, more: false }
    }

    pub(crate) fn then(self, next: Count) -> Count {
        Count {
            times: self.times.saturating_add(next.times),
            attempts: self.attempts.saturating_add(next.attempts),
            more: self.more || next.more,
        }
    }

    pub(crate) fn or(self, other: Count) -> Count {
        Count {
            times: self.times.max(other.times),
            attempts: self.attempts.max(other.attempts),
            more: self.more || other.more,
        }
    }

    pub(crate) fn many(self, count: u64, more: bool) -> Count {
        Count {
            times: self.times.saturating_mul(count),
            attempts: self.attempts.saturating_mul(count),
            more: self.more || more && self != Count::default(),
        }
    }
}
