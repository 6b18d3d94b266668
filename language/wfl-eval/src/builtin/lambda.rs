//! Functions that take lambdas. Every application is paid for by the evaluator that makes it.

use wfl_ir::{Builtin, Map, Value};

use crate::arithmetic::{binary, truth};
use crate::builtin::argument::{Answer, Argument, Context, Lambda, sorting};
use crate::builtin::list::sorted;
use crate::fault::Fault;
use crate::limit;

pub(crate) fn call(function: Builtin, arguments: &[Argument<'_>], context: &mut dyn Context) -> Answer {
    use Argument::{Lambda as F, Value as V};
    Some(match (function, arguments) {
        (Builtin::Sum, [V(list), F(f)]) => sum(items(list)?, Some(*f), None, context),
        (Builtin::Sum, [V(list), F(f), V(zero)]) => sum(items(list)?, Some(*f), Some(zero), context),
        (Builtin::Sum, [V(list)]) => sum(items(list)?, None, None, context),
        (Builtin::Sum, [V(list), V(zero)]) => sum(items(list)?, None, Some(zero), context),
        (Builtin::Count, [V(list)] | [V(list), V(Value::None)]) => Ok(Value::Int(items(list)?.len() as i64)),
        (Builtin::Count, [V(list), F(f)]) => {
            kept(items(list)?, *f, context).map(|kept| Value::Int(kept.len() as i64))
        }
        (Builtin::Map, [V(list), F(f)]) => mapped(items(list)?, *f, context).map(Value::list),
        (Builtin::Filter, [V(list), F(f)]) => kept(items(list)?, *f, context).map(Value::list),
        (Builtin::FlatMap, [V(list), F(f)]) => flat_mapped(items(list)?, *f, context),
        (Builtin::All, [V(list), F(f)]) => {
            found(items(list)?, *f, false, context).map(|at| Value::Bool(at.is_none()))
        }
        (Builtin::Any, [V(list), F(f)]) => {
            found(items(list)?, *f, true, context).map(|at| Value::Bool(at.is_some()))
        }
        (Builtin::Find, [V(list), F(f)]) => {
            let items = items(list)?;
            found(items, *f, true, context).map(|at| at.map_or(Value::None, |at| items[at].clone()))
        }
        (Builtin::Fold, [V(list), V(start), F(f)]) => fold(items(list)?, start, *f, context),
        (Builtin::SortBy, [V(list), F(f)]) => keyed(items(list)?, *f, context)
            .and_then(|keyed| sorted(&keyed, |(key, _)| key.clone(), context))
            .map(|sorted| Value::list(sorted.into_iter().map(|(_, item)| item))),
        (Builtin::GroupBy, [V(list), F(f)]) => {
            keyed(items(list)?, *f, context).and_then(|keyed| grouped(keyed, context))
        }
        (Builtin::IndexBy, [V(list), F(f)]) => {
            keyed(items(list)?, *f, context).and_then(|keyed| unique(keyed, context))
        }
        (Builtin::Zip, [V(a), V(b), F(f)]) => zipped(items(a)?, items(b)?, *f, context),
        (Builtin::Entries, [V(Value::Map(map)), F(f)]) => entries(map, *f, context),
        (Builtin::MapValues, [V(Value::Map(map)), F(f)]) => map_values(map, *f, context),
        (Builtin::FromEntries, [V(list), F(key), F(value)]) => {
            from_entries(items(list)?, *key, *value, context)
        }
        _ => return None,
    })
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

fn mapped(items: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Result<Vec<Value>, Fault> {
    items.iter().map(|item| one(f, item, context)).collect()
}

fn kept(items: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Result<Vec<Value>, Fault> {
    let mut kept = Vec::new();
    for item in items {
        if truth(&one(f, item, context)?)? {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

/// The place of the first item for which the lambda gives `wanted`.
fn found(
    items: &[Value],
    f: Lambda<'_>,
    wanted: bool,
    context: &mut dyn Context,
) -> Result<Option<usize>, Fault> {
    for (place, item) in items.iter().enumerate() {
        if truth(&one(f, item, context)?)? == wanted {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

fn flat_mapped(list: &[Value], f: Lambda<'_>, context: &mut dyn Context) -> Result<Value, Fault> {
    let mut flat = Vec::new();
    for item in list {
        let inner = one(f, item, context)?;
        let part = items(&inner).ok_or_else(|| Fault::ill_formed("flat_map needs lists"))?;
        context.spend(part.len() as u64)?;
        flat.extend_from_slice(part);
        limit::list_of(flat.len().saturating_sub(list.len()))?;
    }
    Ok(Value::list(flat))
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
        total = Some(match total {
            Some(total) => binary(wfl_ir::Binary::Add, &total, &term)?,
            None => term,
        });
    }
    total.ok_or_else(|| Fault::ill_formed("the sum of no items needs a zero"))
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

fn grouped(mut keyed: Keyed, context: &mut dyn Context) -> Result<Value, Fault> {
    spend_on_keys(&keyed, context)?;
    keyed.sort_by(|a, b| a.0.order(&b.0));
    let groups = keyed.chunk_by(|a, b| a.0 == b.0);
    let entry = |group: &[(Value, Value)]| {
        (group[0].0.clone(), Value::list(group.iter().map(|(_, item)| item.clone())))
    };
    Ok(Value::map(groups.map(entry)))
}

/// A map with one entry for each key.
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
