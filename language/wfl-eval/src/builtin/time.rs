//! Days and instants. There are no time zones here but fixed offsets from UTC: the rules of zones change, and what was
//! computed once must come out the same later. The one exception is the summer time of the European Union.

use jiff::Span;
use jiff::civil;
use wfl_ir::{Builtin, Date, Duration, Timestamp, Value};

use crate::builtin::argument::Answer;
use crate::fault::Fault;
use crate::limit;

const EPOCH: civil::Date = civil::Date::constant(1970, 1, 1);
const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// Since when all of the European Union begins and ends summer time on the same days.
const SUMMER_TIME_SINCE: i16 = 1996;

pub(crate) fn call(function: Builtin, arguments: &[Value]) -> Answer {
    use Value::{Date as D, Int as N, String as S, Timestamp as T};
    Some(match (function, arguments) {
        (Builtin::Date, [S(text)]) => {
            text.parse().map(D).map_err(|_| Fault::Text("the text is not a day such as 2026-11-24".into()))
        }
        (Builtin::Timestamp, [S(text)]) => {
            text.parse().map(T).map_err(|_| Fault::Text("the text is not an RFC 3339 time stamp".into()))
        }
        (Builtin::ParseDate, [S(text)]) => Ok(text.parse().map_or(Value::None, D)),
        (Builtin::ParseTimestamp, [S(text)]) => Ok(text.parse().map_or(Value::None, T)),
        (Builtin::DateFrom, [N(year), N(month), N(day)]) => {
            Ok(date_from(*year, *month, *day).map_or(Value::None, D))
        }
        (Builtin::DateOf, [T(at), offset]) => local(*at, offset)?.map(|(date, _)| D(date)),
        (Builtin::TimeOfDay, [T(at), offset]) => local(*at, offset)?.map(|(_, time)| Value::Duration(time)),
        (Builtin::StartOfDay, [D(date), offset]) => instant(*date, 0, offset)?,
        (Builtin::EndOfDay, [D(date), offset]) => instant(*date, DAY - 1, offset)?,
        (Builtin::CentralEuropeanOffset, [T(at)]) => central_european_offset(*at),
        (Builtin::AddDays, [D(date), N(days)]) => add_days(*date, *days).map(D),
        (Builtin::AddMonths, [D(date), N(months)]) => add_months(*date, *months).map(D),
        (Builtin::DaysBetween, [D(from), D(to)]) => Ok(N(i64::from(to.days()) - i64::from(from.days()))),
        (Builtin::Year, [D(date)]) => civil_of(*date).map(|day| N(i64::from(day.year()))),
        (Builtin::Month, [D(date)]) => civil_of(*date).map(|day| N(i64::from(day.month()))),
        (Builtin::DayOfMonth, [D(date)]) => civil_of(*date).map(|day| N(i64::from(day.day()))),
        (Builtin::Weekday, [D(date)]) => Ok(Value::Variant(weekday(*date).into(), wfl_ir::Fields::default())),
        (Builtin::FormatDate, [D(date), S(pattern)]) => format_date(*date, pattern),
        _ => return None,
    })
}

/// The variant of `Weekday`.
pub(crate) fn weekday(date: Date) -> &'static str {
    const NAMES: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
    // 1970-01-01 was a Thursday.
    NAMES[date.days().rem_euclid(7) as usize]
}

/// The day in the calendar of `jiff`. It reaches further than [`Date`] on both sides.
pub(crate) fn civil_of(date: Date) -> Result<civil::Date, Fault> {
    EPOCH.checked_add(Span::new().days(date.days())).map_err(|_| Fault::NumberTooBig)
}

/// The day of a day in the calendar of `jiff`.
pub(crate) fn date_of(day: civil::Date) -> Option<Date> {
    Date::from_days(i64::from((day - EPOCH).get_days()))
}

/// A day of a year.
pub(crate) fn date_from(year: i64, month: i64, day: i64) -> Option<Date> {
    let (year, month, day) = (year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?);
    date_of(civil::Date::new(year, month, day).ok()?)
}

/// So many days later.
pub(crate) fn add_days(date: Date, days: i64) -> Result<Date, Fault> {
    let moved = i64::from(date.days()).checked_add(days).and_then(Date::from_days);
    moved.ok_or(Fault::NumberTooBig)
}

fn add_months(date: Date, months: i64) -> Result<Date, Fault> {
    let span = Span::new().try_months(months).map_err(|_| Fault::NumberTooBig)?;
    let day = civil_of(date)?.checked_add(span).map_err(|_| Fault::NumberTooBig)?;
    date_of(day).ok_or(Fault::NumberTooBig)
}

/// The offset in microseconds. None when it is no length of time.
fn micros(offset: &Value) -> Option<i64> {
    match offset {
        Value::None => Some(0),
        Value::Duration(offset) => Some(offset.0),
        _ => None,
    }
}

/// The day and the time since midnight at an offset from UTC.
pub(crate) fn local(at: Timestamp, offset: &Value) -> Option<Result<(Date, Duration), Fault>> {
    let offset = micros(offset)?;
    let split = at
        .0
        .checked_add(offset)
        .and_then(|local| Some((Date::from_days(local.div_euclid(DAY))?, Duration(local.rem_euclid(DAY)))));
    Some(split.ok_or(Fault::NumberTooBig))
}

fn instant(date: Date, time: i64, offset: &Value) -> Answer {
    let offset = micros(offset)?;
    // The days of years 1 to 9999 fit into 64 bits of microseconds.
    let at = (i64::from(date.days()) * DAY + time).checked_sub(offset).and_then(Timestamp::from_micros);
    Some(at.map(Value::Timestamp).ok_or(Fault::NumberTooBig))
}

/// Directive 2000/84/EC: summer time lasts from 01:00 UTC on the last Sunday of March to 01:00 UTC on the last Sunday
/// of October.
fn central_european_offset(at: Timestamp) -> Result<Value, Fault> {
    let date = Date::from_days(at.0.div_euclid(DAY)).ok_or(Fault::NumberTooBig)?;
    let year = civil_of(date)?.year();
    if year < SUMMER_TIME_SINCE {
        return Err(Fault::Text(format!("summer time is known since {SUMMER_TIME_SINCE}")));
    }
    let last_sunday = |month: i64| {
        let end = date_from(i64::from(year), month, 31).ok_or(Fault::NumberTooBig)?;
        // 1970-01-04 was a Sunday.
        let days = i64::from(end.days() - (end.days() - 3).rem_euclid(7));
        Ok::<i64, Fault>(days * DAY + HOUR)
    };
    let summer = (last_sunday(3)?..last_sunday(10)?).contains(&at.0);
    Ok(Value::Duration(Duration(if summer { 2 * HOUR } else { HOUR })))
}

/// The letters are those of `strftime`; only those that have one meaning everywhere and no width.
fn format_date(date: Date, pattern: &str) -> Result<Value, Fault> {
    const LETTERS: &str = "YymdejGVuaAbB%";
    let mut after_sign = false;
    for c in pattern.chars() {
        if after_sign && !LETTERS.contains(c) {
            return Err(Fault::Text(format!("`%{c}` is not in the pattern of a day")));
        }
        after_sign = !after_sign && c == '%';
    }
    if after_sign {
        return Err(Fault::Text("the pattern of a day ends in `%`".into()));
    }
    let text = jiff::fmt::strtime::format(pattern, civil_of(date)?);
    let text = text.map_err(|_| Fault::Text("the pattern of a day cannot be used".into()))?;
    limit::text_of(text.len())?;
    Ok(Value::text(text))
}
