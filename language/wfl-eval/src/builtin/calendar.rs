//! Business days. A calendar is data: the days of the week that are free, and the holidays.

use wfl_ir::{Builtin, Date, Duration, Set, Value};

use crate::builtin::argument::{Answer, Context};
use crate::builtin::time::{add_days, civil_of, date_from, local, weekday};
use crate::fault::Fault;

/// How far a business day is searched.
const TEN_YEARS: i64 = 3653;

/// Since when the holidays of T2 (then TARGET) follow one rule.
const TARGET_RULE_SINCE: i64 = 2002;
const LAST_YEAR: i64 = 9999;

/// A calendar's two sets.
struct Calendar<'a> {
    weekend: &'a Set,
    holidays: &'a Set,
}

impl<'a> Calendar<'a> {
    fn of(value: &'a Value) -> Option<Calendar<'a>> {
        let Value::Record(fields) = value else { return None };
        match (fields.get("weekend"), fields.get("holidays")) {
            (Some(Value::Set(weekend)), Some(Value::Set(holidays))) => Some(Calendar { weekend, holidays }),
            _ => None,
        }
    }

    fn is_open(&self, date: Date) -> bool {
        let free = Value::Variant(weekday(date).into(), wfl_ir::Fields::default());
        !self.weekend.contains(&free) && !self.holidays.contains(&Value::Date(date))
    }

    /// The first business day from here on, a step at a time.
    fn seek(&self, from: Date, step: i64, context: &mut dyn Context) -> Result<Date, Fault> {
        let mut date = from;
        for _ in 0..TEN_YEARS {
            context.spend(1)?;
            if self.is_open(date) {
                return Ok(date);
            }
            date = add_days(date, step)?;
        }
        Err(Fault::Text("the calendar has no business day within ten years".into()))
    }

    fn next(&self, date: Date, step: i64, context: &mut dyn Context) -> Result<Date, Fault> {
        self.seek(add_days(date, step)?, step, context)
    }

    fn add(&self, date: Date, days: i64, context: &mut dyn Context) -> Result<Date, Fault> {
        let mut date = date;
        for _ in 0..days.unsigned_abs() {
            date = self.next(date, days.signum(), context)?;
        }
        Ok(date)
    }

    fn between(&self, from: Date, to: Date, context: &mut dyn Context) -> Result<i64, Fault> {
        let (first, last) = (from.min(to).days(), from.max(to).days());
        context.spend(u64::from(last.abs_diff(first)))?;
        // The later end counts, the earlier does not, in both directions.
        let days = (first + 1..=last).filter_map(|day| Date::from_days(i64::from(day)));
        let open = days.filter(|date| self.is_open(*date)).count() as i64;
        Ok(if from <= to { open } else { -open })
    }

    fn modified_following(&self, date: Date, context: &mut dyn Context) -> Result<Date, Fault> {
        let next = self.seek(date, 1, context)?;
        if civil_of(next)?.month() == civil_of(date)?.month() {
            Ok(next)
        } else {
            self.seek(date, -1, context)
        }
    }
}

pub(crate) fn call(function: Builtin, arguments: &[Value], context: &mut dyn Context) -> Answer {
    use Value::{Date as D, Int as N};
    let date = |found: Result<Date, Fault>| found.map(D);
    Some(match (function, arguments) {
        (Builtin::Easter, [N(year)]) => Ok(easter(*year).map_or(Value::None, D)),
        (Builtin::Target2Holidays, [N(first), N(last)]) => target2_holidays(*first, *last, context),
        (Builtin::BusinessDays, [N(days)]) => longest(*days),
        (Builtin::IsBusinessDay, [D(day), calendar]) => {
            Ok(Value::Bool(Calendar::of(calendar)?.is_open(*day)))
        }
        (Builtin::NextBusinessDay, [D(day), calendar]) => {
            date(Calendar::of(calendar)?.next(*day, 1, context))
        }
        (Builtin::PreviousBusinessDay, [D(day), calendar]) => {
            date(Calendar::of(calendar)?.next(*day, -1, context))
        }
        (Builtin::Following, [D(day), calendar]) => date(Calendar::of(calendar)?.seek(*day, 1, context)),
        (Builtin::Preceding, [D(day), calendar]) => date(Calendar::of(calendar)?.seek(*day, -1, context)),
        (Builtin::ModifiedFollowing, [D(day), calendar]) => {
            date(Calendar::of(calendar)?.modified_following(*day, context))
        }
        (Builtin::AddBusinessDays, [D(day), N(days), calendar]) => {
            date(Calendar::of(calendar)?.add(*day, *days, context))
        }
        (Builtin::BusinessDaysBetween, [D(from), D(to), calendar]) => {
            Calendar::of(calendar)?.between(*from, *to, context).map(N)
        }
        (Builtin::CutOff, [Value::Timestamp(at), Value::Duration(time), calendar, offset]) => {
            let calendar = Calendar::of(calendar)?;
            local(*at, offset)?.and_then(|(day, received)| {
                // What comes in at the very moment is in time.
                let from = if received <= *time { day } else { add_days(day, 1)? };
                date(calendar.seek(from, 1, context))
            })
        }
        _ => return None,
    })
}

/// Easter Sunday in the Gregorian calendar, by the anonymous algorithm of 1876 in the form of Meeus, "Astronomical
/// Algorithms" (1991), chapter 8; named after Butcher.
fn easter(year: i64) -> Option<Date> {
    if !(1583..=LAST_YEAR).contains(&year) {
        return None;
    }
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let f = (b + 8) / 25;
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    date_from(year, n / 31, n % 31 + 1)
}

/// The long-term calendar for TARGET closing days (European Central Bank, 14 December 2000): New Year's Day, Good
/// Friday, Easter Monday, 1 May, Christmas Day and 26 December.
fn target2_holidays(first: i64, last: i64, context: &mut dyn Context) -> Result<Value, Fault> {
    let known = TARGET_RULE_SINCE..=LAST_YEAR;
    if !known.contains(&first) || !known.contains(&last) {
        return Err(Fault::Text(format!("closing days are known from {TARGET_RULE_SINCE} to {LAST_YEAR}")));
    }
    let mut holidays = Vec::new();
    for year in first..=last {
        context.spend(12)?;
        let fixed = [(1, 1), (5, 1), (12, 25), (12, 26)];
        holidays.extend(fixed.iter().filter_map(|(month, day)| date_from(year, *month, *day)));
        if let Some(sunday) = easter(year) {
            holidays.extend([add_days(sunday, -2)?, add_days(sunday, 1)?]);
        }
    }
    Ok(Value::set(holidays.into_iter().map(Value::Date)))
}

/// Whenever they begin, n working days meet at most ⌈n / 5⌉ weekends.
fn longest(days: i64) -> Result<Value, Fault> {
    if days < 0 {
        return Err(Fault::Text("a number of working days is not negative".into()));
    }
    let weekends = days / 5 + i64::from(days % 5 != 0);
    let all = weekends.checked_mul(2).and_then(|free| free.checked_add(days));
    let length = all.and_then(|all| all.checked_mul(86_400_000_000));
    length.map(|length| Value::Duration(Duration(length))).ok_or(Fault::NumberTooBig)
}
