//! Functions on lists, sets and the lengths of everything.

use std::cmp::Ordering;

use wfl_ir::{Builtin, Decimal, List, Value};

use crate::arithmetic::{compare, decimal, equal};
use crate::builtin::argument::{Answer, Context, sorting};
use crate::fault::Fault;
use crate::limit;

pub(crate) fn call(function: Builtin, arguments: &[Value], context: &mut dyn Context) -> Answer {
    Some(match (function, arguments) {
        (Builtin::Length, [value]) => Ok(Value::Int(length(value)?)),
        (Builtin::IsEmpty, [Value::String(text)]) => Ok(Value::Bool(text.is_empty())),
        (Builtin::IsEmpty, [value]) => Ok(Value::Bool(length(value)? == 0)),
        (Builtin::First, [Value::List(items)]) => Ok(items.first().cloned().unwrap_or_default()),
        (Builtin::Last, [Value::List(items)]) => Ok(items.last().cloned().unwrap_or_default()),
        (Builtin::Get, [Value::List(items), Value::Int(index)]) => {
            Ok(usize::try_from(*index).ok().and_then(|index| items.get(index)).cloned().unwrap_or_default())
        }
        (Builtin::Contains, [Value::List(items), item]) => {
            Ok(Value::Bool(items.iter().any(|held| equal(held, item))))
        }
        (Builtin::Contains, [Value::Set(items), item]) => Ok(Value::Bool(items.contains(item))),
        (Builtin::Take, [Value::List(items), Value::Int(n)]) => {
            Ok(Value::list(items.iter().take(count(*n)).cloned()))
        }
        (Builtin::Drop, [Value::List(items), Value::Int(n)]) => {
            Ok(Value::list(items.iter().skip(count(*n)).cloned()))
        }
        (Builtin::Reverse, [Value::List(items)]) => Ok(Value::list(items.iter().rev().cloned())),
        (Builtin::Distinct, [Value::List(items)]) => Ok(distinct(items)),
        (Builtin::Sort, [Value::List(items)]) => sorted(items, Clone::clone, context).map(Value::list),
        (Builtin::Min, [Value::List(items)]) => extreme(items, Ordering::Less),
        (Builtin::Max, [Value::List(items)]) => extreme(items, Ordering::Greater),
        (Builtin::Median, [Value::List(items)]) => sorted(items, Clone::clone, context)
            .map(|items| items.get(items.len().saturating_sub(1) / 2).cloned().unwrap_or_default()),
        (Builtin::Average, [Value::List(items)]) => average(items)?,
        (Builtin::Range, [Value::Int(from), Value::Int(to)]) => range(*from, *to, context),
        (Builtin::Chunk, [Value::List(items), Value::Int(size)]) => chunk(items, *size),
        (Builtin::Concat, [Value::List(a), Value::List(b)]) => {
            Ok(Value::list(a.iter().chain(b.iter()).cloned()))
        }
        (Builtin::IndexOf, [Value::List(items), item]) => {
            let place = items.iter().position(|held| equal(held, item));
            Ok(place.map_or(Value::None, |place| Value::Int(place as i64)))
        }
        (Builtin::ToSet, [Value::List(items)]) => Ok(Value::set(items.iter().cloned())),
        (Builtin::ToList, [Value::Set(items)]) => Ok(Value::list(items.iter().cloned())),
        (Builtin::Union, [Value::Set(a), Value::Set(b)]) => Ok(Value::set(a.iter().chain(b.iter()).cloned())),
        (Builtin::Intersection, [Value::Set(a), Value::Set(b)]) => {
            Ok(Value::set(a.iter().filter(|item| b.contains(item)).cloned()))
        }
        (Builtin::Difference, [Value::Set(a), Value::Set(b)]) => {
            Ok(Value::set(a.iter().filter(|item| !b.contains(item)).cloned()))
        }
        _ => return None,
    })
}

/// Items, entries, bytes, or characters (Unicode scalar values) of a text.
fn length(value: &Value) -> Option<i64> {
    let length = match value {
        Value::String(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.len(),
        Value::Set(items) => items.len(),
        Value::Map(entries) => entries.len(),
        _ => return None,
    };
    Some(length as i64)
}

/// A number of items; negative ones are zero.
fn count(n: i64) -> usize {
    usize::try_from(n.max(0)).unwrap_or(usize::MAX)
}

fn distinct(items: &[Value]) -> Value {
    // Equal items come together in the order of values; of each such group the first place counts.
    let mut places: Vec<usize> = (0..items.len()).collect();
    places.sort_by(|a, b| items[*a].order(&items[*b]).then(a.cmp(b)));
    places.dedup_by(|later, kept| items[*later] == items[*kept]);
    places.sort_unstable();
    Value::list(places.into_iter().map(|place| items[place].clone()))
}

/// The items in the natural order of their keys; items with equal keys keep their order.
pub(crate) fn sorted<T: Clone>(
    items: &[T],
    key: impl Fn(&T) -> Value,
    context: &mut dyn Context,
) -> Result<Vec<T>, Fault> {
    let mut keyed: Vec<(Value, T)> = items.iter().map(|item| (key(item), item.clone())).collect();
    let weight = keyed.iter().map(|(key, _)| key.weight()).fold(0, u64::saturating_add);
    context.spend(weight.saturating_mul(sorting(items.len())))?;
    // Keys that compare with the first one compare with each other: the order is total.
    if let Some((first, _)) = keyed.first() {
        keyed.iter().try_for_each(|(key, _)| compare(first, key).map(drop))?;
    }
    keyed.sort_by(|(a, _), (b, _)| compare(a, b).unwrap_or(Ordering::Equal));
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}

fn extreme(items: &[Value], wanted: Ordering) -> Result<Value, Fault> {
    let Some((first, others)) = items.split_first() else { return Ok(Value::None) };
    compare(first, first)?;
    let better = |found, item| Ok(if compare(item, found)? == wanted { item } else { found });
    others.iter().try_fold(first, better).cloned()
}

fn average(items: &List) -> Answer {
    let mut total = Ok(Decimal::ZERO);
    for item in items.iter() {
        let number = decimal(item)?;
        total = total.and_then(|total| total.checked_add(number));
    }
    let by = Decimal::from(items.len() as i64);
    let average = total.and_then(|total| total.checked_div(by).transpose());
    Some(average.map(|found| found.map_or(Value::None, Value::Decimal)).map_err(Fault::from))
}

fn range(from: i64, to: i64, context: &mut dyn Context) -> Result<Value, Fault> {
    if to < from {
        return Ok(Value::List(List::default()));
    }
    let items = to.checked_sub(from).and_then(|n| usize::try_from(n).ok()).ok_or(Fault::TooLarge)?;
    limit::list_of(items.saturating_add(1))?;
    context.spend(items as u64)?;
    Ok(Value::list((from..=to).map(Value::Int)))
}

fn chunk(items: &[Value], size: i64) -> Result<Value, Fault> {
    match usize::try_from(size) {
        Ok(size) if size > 0 => {
            Ok(Value::list(items.chunks(size).map(|part| Value::list(part.iter().cloned()))))
        }
        _ => Err(Fault::Text("a part has at least one item".into())),
    }
}
