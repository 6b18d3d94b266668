//! Instants and lengths of time, in microseconds.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

const MICROS_PER_MS: i64 = 1_000;
const UNITS: [(&str, i64); 5] =
    [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", MICROS_PER_MS)];

/// An instant: microseconds since 1970-01-01T00:00:00Z. Written as RFC 3339 in UTC.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, Encode, Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct Timestamp(#[n(0)] pub i64);

/// A length of time in microseconds. A day is 24 hours; calendar days are the calendar's business.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, Encode, Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct Duration(#[n(0)] pub i64);

/// Text that is no instant or no length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not an RFC 3339 date-time with an offset.
    #[error("`{0}` is not an RFC 3339 time stamp")]
    Timestamp(String),
    /// Not of the form `2h30m`.
    #[error("`{0}` is not a duration such as 200ms, 15m or 2h30m")]
    Duration(String),
}

impl Timestamp {
    /// This instant and a length of time later; the latest instant when it would not fit.
    #[must_use]
    pub fn plus(self, length: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(length.0))
    }

    /// The time from `earlier` to here; negative when it lies ahead.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Timestamp, TimeError> {
        let parsed: jiff::Timestamp = text.parse().map_err(|_| TimeError::Timestamp(text.to_owned()))?;
        Ok(Timestamp(parsed.as_microsecond()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => write!(f, "{instant}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Duration {
    /// So many milliseconds.
    pub const fn from_millis(ms: i64) -> Duration {
        Duration(ms.saturating_mul(MICROS_PER_MS))
    }

    /// So many seconds.
    pub const fn from_secs(s: i64) -> Duration {
        Duration::from_millis(s.saturating_mul(1_000))
    }

    /// Whole milliseconds, rounded down.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(MICROS_PER_MS)
    }

    /// The same for the standard library; zero when negative.
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_micros(u64::try_from(self.0).unwrap_or(0))
    }
}

impl FromStr for Duration {
    type Err = TimeError;

    /// Reads the language's literals: one or more whole numbers with `ms s m h d w`, as in `2h30m`.
    fn from_str(text: &str) -> Result<Duration, TimeError> {
        let wrong = || TimeError::Duration(text.to_owned());
        let (mut rest, mut total) = (text, 0_i64);
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|n| *n > 0).ok_or_else(wrong)?;
            let number: i64 = rest[..digits].parse().map_err(|_| wrong())?;
            rest = &rest[digits..];
            let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            let unit = match &rest[..letters] {
                "w" => 7 * UNITS[0].1,
                letters => UNITS.iter().find(|(unit, _)| *unit == letters).ok_or_else(wrong)?.1,
            };
            rest = &rest[letters..];
            total = number.checked_mul(unit).and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
        }
        if text.is_empty() { Err(wrong()) } else { Ok(Duration(total)) }
    }
}

impl fmt::Display for Duration {
    /// The shortest literal: `90s` is `1m30s`; parts below a millisecond are shown as `us`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let mut rest = self.0.unsigned_abs();
        for (unit, micros) in UNITS {
            let count = rest / micros.unsigned_abs();
            rest %= micros.unsigned_abs();
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        if rest > 0 { write!(f, "{rest}us") } else { Ok(()) }
    }
}

impl fmt::Debug for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
