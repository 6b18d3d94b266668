//! Functions that take lambdas. Every application is paid for by the evaluator that makes it.

use wfl_ir::{Builtin, Map, Value};

use crate::arithmetic::{binary, truth};
use crate::builtin::argument::{Answer, Argument, Context, Lambda, sorting};
use crate::builtin::list::sorted;
use crate::fault::Fault;
use crate::limit;

/// Its frame, and those of what it calls, are part of each level of an evaluation: every arm is a call.
pub(crate) fn call(function: Builtin, arguments: &[Argument<'_>], context: &mut dyn Context) -> Answer {
    use Argument::{Lambda as F, Value as V};
    Some(match (function, arguments) {
        (Builtin::Sum, [V(list)]) => sum(items(list)?, None, None, context),
        (Builtin::Sum, [V(list), V(zero)]) => sum(items(list)?, None, Some(zero), context),
        (Builtin::Sum, [V(list), F(f)]) => sum(items(list)?, Some(*f), None, context),
        (Builtin::Sum, [V(list), F(f), V(zero)]) => sum(items(list)?, Some(*f), Some(zero), context),
        (Builtin::Count, [V(list)] | [V(list), V(Value::None)]) => length(items(list)?),
        (Builtin::Fold, [V(list), V(start), F(f)]) => fold(items(list)?, start, *f, context),
        (Builtin::Zip, [V(a), V(b), F(f)]) => zipped(items(a)?, items(b)?, *f, context),
        (Builtin::Entries, [V(Value::Map(map)), F(f)]) => entries(map, *f, context),
        (Builtin::MapValues, [V(Value::Map(map)), F(f)]) => map_values(map, *f, context),
        (Builtin::FromEntries, [V(list), F(key), F(value)]) => {
            from_entries(items(list)?, *key, *value, context)
        }
        (_, [V(list), F(f)]) => return for_each(function, items(list)?, *f, context),
        _ => return None,
    })
}

/// The functions of a list and one lambda over its items.
fn for_each(function: Builtin, items: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Answer {
    Some(match function {
        Builtin::Map => mapped(items, f, context),
        Builtin::Filter => filtered(items, f, context),
        Builtin::Count => counted(items, f, context),
        Builtin::FlatMap => flat_mapped(items, f, context),
        Builtin::All => all(items, f, context),
        Builtin::Any => any(items, f, context),
        Builtin::Find => find(items, f, context),
        Builtin::SortBy => sorted_by(items, f, context),
        Builtin::GroupBy => grouped(items, f, context),
        Builtin::IndexBy => indexed(items, f, context),
        _ => return None,
    })
}

fn length(items: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Int(items.len() as i64))
}

/// The items of a list or a set.
fn items(value: &Value) -> Option<&[Value]> {
    match value {
        Value::List(items) => Some(items),
        Value::Set(items) => Some(items),
        _ => None,
    }
}

fn one(f: Lambda<'_>, item: &Value, context: &mut dyn Context) -> Result<Value, Fault> {
    context.apply(f, std::slice::from_ref(item))
}

fn mapped(items: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Result<Value, Fault> {
    let made = items.iter().map(|item| one(f, item, context)).collect::<Result<Vec<_>, _>>()?;
    Ok(Value::List(made.into()))
}

fn filtered(items: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Result<Value, Fault> {
    let mut kept = Vec::new();
    for item in items {
        if holds(f, item, context)? {
            kept.push(item.clone());
        }
    }
    Ok(Value::List(kept.into()))
}

fn counted(items: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Result<Value, Fault> {
    let mut count = 0;
    for item in items {
        count += i64::from(holds(f, item, context)?);
    }
    Ok(Value::Int(count))
}

fn holds(f: Lambda<'_>, item: &Value, context: &mut dyn Context) -> Result<bool, Fault> {
    truth(&one(f, item, context)?)
}

fn all(items: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Result<Value, Fault> {
    found(items, f, false, context).map(|place| Value::Bool(place.is_none()))
}

fn any(items: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Result<Value, Fault> {
    found(items, f, true, context).map(|place| Value::Bool(place.is_some()))
}

fn find(items: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Result<Value, Fault> {
    found(items, f, true, context).map(|place| place.map_or(Value::None, |place| items[place].clone()))
}

fn sorted_by(items: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Result<Value, Fault> {
    let keyed = keyed(items, f, context)?;
    let sorted = sorted(&keyed, |(key, _)| key.clone(), context)?;
    Ok(Value::list(sorted.into_iter().map(|(_, item)| item)))
}

/// The place of the first item for which the lambda gives `wanted`.
fn found(
    items: &[Value],
    f: Lambda<'_>,
    wanted: bool,
    context: &mut dyn Context,
) -> Result<Option<usize>, Fault> {
    for (place, item) in items.iter().enumerate() {
        if holds(f, item, context)? == wanted {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

fn flat_mapped(list: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Result<Value, Fault> {
    let mut flat = Vec::new();
    for item in list {
        let inner = one(f, item, context)?;
        append(&mut flat, &inner, context)?;
        limit::list_of(flat.len().saturating_sub(list.len()))?;
    }
    Ok(Value::list(flat))
}

#[inline(never)]
fn append(flat: &mut Vec<Value>, inner: &Value, context: &mut dyn Context) -> Result<(), Fault> {
    let part = items(inner).ok_or_else(|| Fault::ill_formed("flat_map needs lists"))?;
    context.spend(part.len() as u64)?;
    flat.extend_from_slice(part);
    Ok(())
}

fn fold(items: &[Value], start: &Value, f: Lambda<'_>, context: &mut dyn Context) -> Result<Value, Fault> {
    // Each round may nest the value once more, so it is measured each time.
    items
        .iter()
        .try_fold(start.clone(), |so_far, item| limit::bounded(context.apply(f, &[so_far, item.clone()])?))
}

fn sum(
    items: &[Value],
    f: Option<Lambda<'_>>,
    zero: Option<&Value>,
    context: &mut dyn Context,
) -> Result<Value, Fault> {
    let mut total = zero.filter(|zero| **zero != Value::None).cloned();
    context.spend(items.len() as u64)?;
    for item in items {
        let term = match f {
            Some(f) => one(f, item, context)?,
            None => item.clone(),
        };
        total = Some(plus(total, term)?);
    }
    total.ok_or_else(|| Fault::ill_formed("the sum of no items needs a zero"))
}

fn plus(total: Option<Value>, term: Value) -> Result<Value, Fault> {
    match total {
        Some(total) => binary(wfl_ir::Binary::Add, &total, &term),
        None => Ok(term),
    }
}

type Keyed = Vec<(Value, Value)>;

fn keyed(items: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Result<Keyed, Fault> {
    items.iter().map(|item| Ok((one(f, item, context)?, item.clone()))).collect()
}

/// Pays for sorting by keys in the order of values.
fn spend_on_keys(keyed: &Keyed, context: &mut dyn Context) -> Result<(), Fault> {
    let weight = keyed.iter().map(|(key, _)| key.weight()).fold(0, u64::saturating_add);
    context.spend(weight.saturating_mul(sorting(keyed.len())))
}

fn grouped(items: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Result<Value, Fault> {
    let keyed = keyed(items, f, context)?;
    groups(keyed, context)
}

fn indexed(items: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Result<Value, Fault> {
    let keyed = keyed(items, f, context)?;
    unique(keyed, context)
}

#[inline(never)]
fn groups(mut keyed: Keyed, context: &mut dyn Context) -> Result<Value, Fault> {
    spend_on_keys(&keyed, context)?;
    keyed.sort_by(|a, b| a.0.order(&b.0));
    let groups = keyed.chunk_by(|a, b| a.0 == b.0);
    let entry = |group: &[(Value, Value)]| {
        (group[0].0.clone(), Value::list(group.iter().map(|(_, item)| item.clone())))
    };
    Ok(Value::map(groups.map(entry)))
}

/// A map with one entry for each key.
#[inline(never)]
fn unique(keyed: Keyed, context: &mut dyn Context) -> Result<Value, Fault> {
    spend_on_keys(&keyed, context)?;
    let count = keyed.len();
    let map = Map::new(keyed);
    if map.len() == count {
        Ok(Value::Map(map))
    } else {
        Err(Fault::Text("two items have the same key".into()))
    }
}

fn zipped(a: &[Value], b: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Result<Value, Fault> {
    let pair = |(a, b): (&Value, &Value)| context.apply(f, &[a.clone(), b.clone()]);
    Ok(Value::list(a.iter().zip(b).map(pair).collect::<Result<Vec<_>, _>>()?))
}

fn entries(map: &Map, f: Lambda<'_>, context: &mut dyn Context) -> Result<Value, Fault> {
    let entry = |(key, value): &(Value, Value)| context.apply(f, &[key.clone(), value.clone()]);
    Ok(Value::list(map.iter().map(entry).collect::<Result<Vec<_>, _>>()?))
}

fn map_values(map: &Map, f: Lambda<'_>, context: &mut dyn Context) -> Result<Value, Fault> {
    let entry = |(key, value): &(Value, Value)| Ok((key.clone(), one(f, value, context)?));
    let keyed = map.iter().map(entry).collect::<Result<Keyed, Fault>>()?;
    unique(keyed, context)
}

fn from_entries(
    items: &[Value],
    key: Lambda<'_>,
    value: Lambda<'_>,
    context: &mut dyn Context,
) -> Result<Value, Fault> {
    let entry = |item: &Value| Ok((one(key, item, context)?, one(value, item, context)?));
    let keyed = items.iter().map(entry).collect::<Result<Keyed, Fault>>()?;
    unique(keyed, context)
}
