//! Instants and lengths of time, in microseconds, and days of the calendar.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize};

const EPOCH: jiff::civil::Date = jiff::civil::Date::constant(1970, 1, 1);
const MICROS_PER_MS: i64 = 1_000;
const DAY: i64 = 86_400_000_000;
const UNITS: [(&str, i64); 5] =
    [("d", DAY), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", MICROS_PER_MS)];

/// An instant: microseconds since 1970-01-01T00:00:00Z. Written as RFC 3339 in UTC, which has words for the years 1 to
/// 9999: programs compute no others.
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

/// A day of the proleptic Gregorian calendar, from year 1 to year 9999: days since 1970-01-01. Written as ISO 8601.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Encode)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct Date(#[n(0)] i32);

/// Text that is no instant, no length of time or no day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not an RFC 3339 date-time with an offset.
    #[error("`{0}` is not an RFC 3339 time stamp")]
    Timestamp(String),
    /// Not of the form `2h30m`.
    #[error("`{0}` is not a duration such as 200ms, 15m or 2h30m")]
    Duration(String),
    /// Not of the form `2026-11-24`, or no day of the calendar.
    #[error("`{0}` is not a day such as 2026-11-24")]
    Date(String),
}

impl Timestamp {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Timestamp = Timestamp(Date::MIN.0 as i64 * DAY);
    /// 9999-12-31T23:59:59.999999Z.
    pub const MAX: Timestamp = Timestamp((Date::MAX.0 as i64 + 1) * DAY - 1);

    /// The instant so many microseconds after 1970-01-01T00:00:00Z; none before year 1 and after year 9999.
    pub fn from_micros(micros: i64) -> Option<Timestamp> {
        (Timestamp::MIN.0..=Timestamp::MAX.0).contains(&micros).then_some(Timestamp(micros))
    }

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

impl Date {
    /// 0001-01-01.
    pub const MIN: Date = Date(-719_162);
    /// 9999-12-31.
    pub const MAX: Date = Date(2_932_896);

    /// The day so many days after 1970-01-01; none before year 1 and after year 9999.
    pub fn from_days(days: i64) -> Option<Date> {
        let date = i32::try_from(days).map(Date).ok()?;
        (Date::MIN..=Date::MAX).contains(&date).then_some(date)
    }

    /// Days since 1970-01-01; negative before.
    pub fn days(self) -> i32 {
        self.0
    }
}

impl FromStr for Date {
    type Err = TimeError;

    /// Reads `2026-11-24` and nothing else.
    fn from_str(text: &str) -> Result<Date, TimeError> {
        let wrong = || TimeError::Date(text.to_owned());
        let shape = |(i, b): (usize, u8)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() };
        if text.len() != 10 || !text.bytes().enumerate().all(shape) {
            return Err(wrong());
        }
        let day: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
        let days = (day - EPOCH).get_days();
        Date::from_days(i64::from(days)).ok_or_else(wrong)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match EPOCH.checked_add(jiff::Span::new().days(self.0)) {
            Ok(day) => write!(f, "{day}"),
            Err(_) => write!(f, "{}d", self.0),
        }
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let days = i64::deserialize(d)?;
        Date::from_days(days).ok_or_else(|| serde::de::Error::custom("a day outside of years 1 to 9999"))
    }
}

impl<'b, C> Decode<'b, C> for Date {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let days = d.i32()?;
        let wrong = || minicbor::decode::Error::message("a day outside of years 1 to 9999");
        Date::from_days(i64::from(days)).ok_or_else(wrong)
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    /// Reads `2026-11-24T09:00:00.25+01:00` in capital letters, with an offset and up to nine places of a second, of
    /// which those below a microsecond are cut off.
    fn from_str(text: &str) -> Result<Timestamp, TimeError> {
        instant(text).ok_or_else(|| TimeError::Timestamp(text.to_owned()))
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    let date: Date = text.get(..10)?.parse().ok()?;
    let (clock, mut rest) = text.get(10..)?.strip_prefix('T')?.split_at_checked(8)?;
    if clock.get(5..6)? != ":" {
        return None;
    }
    let seconds = minutes(clock.get(..5)?)? * 60 + two_digits(clock.get(6..)?, 60)?;
    let mut micros = 0;
    if let Some(places) = rest.strip_prefix('.') {
        let count = places.bytes().take_while(u8::is_ascii_digit).count();
        micros = micros_of(&places[..count])?;
        rest = &places[count..];
    }
    let offset = match rest.split_at_checked(1)? {
        ("Z", "") => 0,
        ("+", offset) => minutes(offset)?,
        ("-", offset) => -minutes(offset)?,
        _ => return None,
    };
    Timestamp::from_micros(i64::from(date.0) * DAY + (seconds - offset * 60) * 1_000_000 + micros)
}

/// `23:59` in minutes.
fn minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    Some(two_digits(hours, 24)? * 60 + two_digits(minutes, 60)?)
}

fn two_digits(text: &str, limit: i64) -> Option<i64> {
    let number = whole(text).filter(|_| text.len() == 2)?;
    i64::try_from(number).ok().filter(|number| *number < limit)
}

/// A number of digits and nothing else.
fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// One to nine places of a second. What is below a microsecond is cut off.
fn micros_of(places: &str) -> Option<i64> {
    whole(places).filter(|_| (1..=9).contains(&places.len()))?;
    format!("{places:0<6}").get(..6)?.parse().ok()
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The instants of `jiff` end some hours before the last year does.
        if let (Some(at), Some(date)) =
            (Timestamp::from_micros(self.0), Date::from_days(self.0.div_euclid(DAY)))
        {
            let (seconds, micros) = (at.0.rem_euclid(DAY) / 1_000_000, at.0.rem_euclid(1_000_000));
            write!(f, "{date}T{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)?;
            let places = format!(".{micros:06}");
            return write!(f, "{}Z", places.trim_end_matches('0').trim_end_matches('.'));
        }
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

impl Duration {
    /// Reads ISO 8601: weeks alone, or days of 24 hours, hours, minutes and seconds in this order, the seconds with up
    /// to nine places, of which those below a microsecond are cut off. No months and years: they are of no one length.
    pub fn from_iso(text: &str) -> Option<Duration> {
        let size = text.strip_prefix('-').unwrap_or(text).strip_prefix('P')?;
        let (mut date, mut time) = match size.split_once('T') {
            Some((_, "")) => return None,
            Some((date, time)) => (date, time),
            None if size.is_empty() => return None,
            None => (size, ""),
        };
        let weeks = before(&mut date, 'W', 7 * DAY)?;
        if weeks.is_some() && !(date.is_empty() && time.is_empty()) {
            return None;
        }
        let days = before(&mut date, 'D', DAY)?;
        let hours = before(&mut time, 'H', DAY / 24)?;
        let minutes = before(&mut time, 'M', DAY / 1_440)?;
        let mut total: i128 = [weeks, days, hours, minutes].into_iter().flatten().sum();
        if let Some((seconds, rest)) = time.split_once('S') {
            let (seconds, places) = seconds.split_once('.').unwrap_or((seconds, "0"));
            total += i128::from(whole(seconds)?) * 1_000_000 + i128::from(micros_of(places)?);
            time = rest;
        }
        if !date.is_empty() || !time.is_empty() {
            return None;
        }
        i64::try_from(if text.starts_with('-') { -total } else { total }).ok().map(Duration)
    }
}

/// Takes a unit and the number in front of it, if the unit is there; none if that is no number.
fn before(rest: &mut &str, unit: char, micros: i64) -> Option<Option<i128>> {
    let Some((number, behind)) = rest.split_once(unit) else { return Some(None) };
    *rest = behind;
    whole(number).map(|number| Some(i128::from(number) * i128::from(micros)))
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
