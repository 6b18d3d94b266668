//! Functions on maps.

use wfl_ir::{Builtin, Map, Value};

use crate::builtin::argument::Answer;

pub(crate) fn call(function: Builtin, arguments: &[Value]) -> Answer {
    Some(Ok(match (function, arguments) {
        (Builtin::EmptyMap, []) => Value::Map(Map::default()),
        (Builtin::Get, [Value::Map(entries), key]) => entries.get(key).cloned().unwrap_or_default(),
        (Builtin::Contains, [Value::Map(entries), key]) => Value::Bool(entries.get(key).is_some()),
        (Builtin::Keys, [Value::Map(entries)]) => Value::list(entries.iter().map(|(key, _)| key.clone())),
        (Builtin::Values, [Value::Map(entries)]) => {
            Value::list(entries.iter().map(|(_, value)| value.clone()))
        }
        (Builtin::Put, [Value::Map(entries), key, value]) => {
            Value::Map(entries.with(key.clone(), value.clone()))
        }
        (Builtin::Remove, [Value::Map(entries), key]) => Value::Map(entries.without(key)),
        (Builtin::Merge, [Value::Map(a), Value::Map(b)]) => Value::map(a.iter().chain(b.iter()).cloned()),
        _ => return None,
    }))
}
