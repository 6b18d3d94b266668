//! The times of schedules: cron patterns in the time zones of the IANA database, which is built in, so that every machine
//! knows the same one.

use std::cmp::Ordering;
use std::str::FromStr;

use croner::Cron;
use croner::errors::CronError;
use croner::time::{CivilDateTime, CronDateTime, Resolution, Weekday};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, ZonedDateTime};
use wfl_ir::Timestamp;
use wfl_machine::Cadence;
use wfl_partition::{Calendar, Steps};

/// Knows cron patterns and time zones.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WallCalendar;

impl Calendar for WallCalendar {
    fn next(&self, cadence: &Cadence, after: Timestamp) -> Option<Timestamp> {
        match cadence {
            Cadence::Every { .. } => Steps.next(cadence, after),
            Cadence::Cron { pattern, zone } => {
                let (cron, zone) = read(pattern, zone).ok()?;
                let next = cron.find_next_occurrence(&Wall(zoned(after, zone)?), false).ok()?;
                Some(Timestamp(next.0.timestamp().as_microsecond()))
            }
        }
    }

    fn date(&self, cadence: &Cadence, at: Timestamp) -> String {
        let zone = match cadence {
            Cadence::Cron { zone, .. } => TimeZone::get(zone).ok(),
            Cadence::Every { .. } => None,
        };
        let local = zone.and_then(|zone| zoned(at, zone));
        local.map_or_else(|| Steps.date(cadence, at), |local| local.date().to_string())
    }
}

/// Why a cadence is none, for people.
pub(crate) fn check(cadence: &Cadence) -> Result<(), String> {
    match cadence {
        Cadence::Cron { pattern, zone } => read(pattern, zone).map(|_| ()),
        Cadence::Every { every, .. } if every.0 < 1_000_000 => {
            Err("times that are less than a second apart are no schedule".to_owned())
        }
        Cadence::Every { .. } => Ok(()),
    }
}

fn read(pattern: &str, zone: &str) -> Result<(Cron, TimeZone), String> {
    let cron = Cron::from_str(pattern).map_err(|error| format!("`{pattern}` is no cron pattern: {error}"))?;
    let zone = TimeZone::get(zone).map_err(|_| format!("`{zone}` is no time zone of the IANA database"))?;
    Ok((cron, zone))
}

fn zoned(at: Timestamp, zone: TimeZone) -> Option<ZonedDateTime> {
    Some(jiff::Timestamp::from_microsecond(at.0).ok()?.to_zoned_datetime(zone))
}

/// A time on the wall somewhere, as the search for patterns wants it.
#[derive(Clone)]
struct Wall(ZonedDateTime);

impl CronDateTime for Wall {
    fn to_civil(&self) -> CivilDateTime {
        let at = self.0.datetime();
        let part = |part: i8| part.unsigned_abs().into();
        let (month, day) = (part(at.month()), part(at.day()));
        let (hour, minute, second) = (part(at.hour()), part(at.minute()), part(at.second()));
        let civil = CivilDateTime::from_ymd_hms_opt(at.year().into(), month, day, hour, minute, second);
        // Each part of a time that is one lies in its range.
        civil.unwrap_or_else(|| unreachable!("{at}"))
    }

    fn civil_weekday(&self) -> Weekday {
        Weekday::from_days_from_sunday(self.0.weekday().to_sunday_zero_offset().unsigned_abs().into())
    }

    /// A time that the clocks skip is none; of one that they have twice there are two.
    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Wall>, CronError> {
        let part = |part: u32| i8::try_from(part).map_err(|_| CronError::InvalidTime);
        let year = i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?;
        let (month, day) = (part(civil.month())?, part(civil.day())?);
        let (hour, minute, second) = (part(civil.hour())?, part(civil.minute())?, part(civil.second())?);
        let at =
            DateTime::new(year, month, day, hour, minute, second, 0).map_err(|_| CronError::InvalidDate)?;
        let ambiguous = self.0.time_zone().to_ambiguous_zoned_datetime(at);
        let wall =
            |zoned: Result<ZonedDateTime, jiff::Error>| zoned.map(Wall).map_err(|_| CronError::InvalidTime);
        Ok(match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => Resolution::Single(wall(ambiguous.unambiguous())?),
            AmbiguousOffset::Fold { .. } => {
                Resolution::Ambiguous(wall(ambiguous.clone().earlier())?, wall(ambiguous.later())?)
            }
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Wall> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Wall)
    }

    fn cmp_instant(&self, other: &Wall) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }
}
