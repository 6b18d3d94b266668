//! Functions on money: every rounding is to the currency's smallest unit, half to even, and says so.

use wfl_ir::{Builtin, Decimal, Money, Value};

use crate::arithmetic::{decimal, same_currency};
use crate::builtin::argument::{Answer, Context};
use crate::fault::Fault;
use crate::limit;

pub(crate) fn call(function: Builtin, arguments: &[Value], context: &mut dyn Context) -> Answer {
    Some(match (function, arguments) {
        (Builtin::Percent, [Value::Money(money), rate]) => percent(*money, decimal(rate)?),
        (Builtin::Allocate, [Value::Money(money), Value::Int(parts)]) => allocate(*money, *parts, context),
        (Builtin::AllocateBy, [Value::Money(money), Value::List(weights)]) => {
            let weights = weights.iter().map(|weight| match weight {
                Value::Int(weight) => Some(*weight),
                _ => None,
            });
            allocate_by(*money, &weights.collect::<Option<Vec<_>>>()?)
        }
        (Builtin::Ratio, [Value::Money(a), Value::Money(b)]) => ratio(*a, *b),
        (Builtin::RoundTo, [Value::Money(money), Value::Money(step)]) => round_to(*money, *step),
        (Builtin::MinorUnits, [Value::Money(money)]) => {
            units(*money).and_then(|n| i64::try_from(n).map(Value::Int).map_err(|_| Fault::NumberTooBig))
        }
        (Builtin::FromMinorUnits, [Value::Int(n), Value::Money(like)]) => of_units(i128::from(*n), *like),
        _ => return None,
    })
}

/// So many hundredths of an amount.
fn percent(money: Money, rate: Decimal) -> Result<Value, Fault> {
    let hundredth = Decimal::new(1, 2)?;
    let amount = money.amount.checked_mul(rate.checked_mul(hundredth)?)?;
    Ok(Value::Money(Money { amount: amount.round_half_even(money.currency.places()), ..money }))
}

/// The amount in smallest units.
fn units(money: Money) -> Result<i128, Fault> {
    let places = money.currency.places();
    if money.amount.scale() > places {
        return Err(Fault::Text(format!("{} has {places} places after the point", money.currency)));
    }
    money.amount.units(places).ok_or(Fault::NumberTooBig)
}

fn of_units(units: i128, like: Money) -> Result<Value, Fault> {
    Ok(Value::Money(Money { amount: Decimal::new(units, like.currency.places())?, ..like }))
}

fn allocate(money: Money, parts: i64, context: &mut dyn Context) -> Result<Value, Fault> {
    let Some(count) = usize::try_from(parts).ok().filter(|parts| *parts > 0) else {
        return Err(Fault::Text("an amount is allocated to at least one part".into()));
    };
    limit::list_of(count)?;
    context.spend(count as u64)?;
    let (units, parts) = (units(money)?, i128::from(parts));
    let (each, rest) = (units / parts, units % parts);
    let part = |i: i128| of_units(if i < rest.abs() { each + rest.signum() } else { each }, money);
    Ok(Value::list((0..parts).map(part).collect::<Result<Vec<_>, _>>()?))
}

/// The method of largest remainders (Hamilton): everybody gets the whole units of an exact share, then those with
/// the largest fractions get one more each; of equal fractions the earlier.
fn allocate_by(money: Money, weights: &[i64]) -> Result<Value, Fault> {
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if total <= 0 || weights.iter().any(|weight| *weight < 0) {
        return Err(Fault::Text("weights are not negative, and one is not zero".into()));
    }
    let units = units(money)?;
    let share = |weight: &i64| -> Result<(i128, i128), Fault> {
        let exact = units.checked_mul(i128::from(*weight)).ok_or(Fault::NumberTooBig)?;
        Ok((exact / total, (exact % total).abs()))
    };
    let mut shares = weights.iter().map(share).collect::<Result<Vec<_>, _>>()?;
    let missing = units - shares.iter().map(|(whole, _)| whole).sum::<i128>();
    let mut places: Vec<usize> = (0..shares.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(shares[*place].1));
    // Fewer units are missing than there are shares with a fraction.
    for place in places.into_iter().take(usize::try_from(missing.abs()).unwrap_or(0)) {
        shares[place].0 += missing.signum();
    }
    let parts = shares.into_iter().map(|(whole, _)| of_units(whole, money));
    Ok(Value::list(parts.collect::<Result<Vec<_>, _>>()?))
}

fn ratio(a: Money, b: Money) -> Result<Value, Fault> {
    same_currency(&a, &b)?;
    let ratio = a.amount.checked_div(b.amount).transpose()?;
    Ok(ratio.map_or(Value::None, Value::Decimal))
}

fn round_to(money: Money, step: Money) -> Result<Value, Fault> {
    same_currency(&money, &step)?;
    if step.amount.is_zero() || step.amount.is_negative() {
        return Err(Fault::Text("an amount is rounded to a multiple of a positive one".into()));
    }
    let places = money.amount.scale().max(step.amount.scale());
    let (Some(amount), Some(step)) = (money.amount.units(places), step.amount.units(places)) else {
        return Err(Fault::NumberTooBig);
    };
    let (below, rest) = (amount.div_euclid(step), amount.rem_euclid(step));
    let up = rest.cmp(&(step - rest)).then((below % 2 != 0).cmp(&false)).is_gt();
    let rounded = (below + i128::from(up)).checked_mul(step).ok_or(Fault::NumberTooBig)?;
    Ok(Value::Money(Money { amount: Decimal::new(rounded, places)?, ..money }))
}
