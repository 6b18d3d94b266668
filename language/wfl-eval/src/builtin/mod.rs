//! The functions of the standard library, one file per group.

mod argument;
mod number;
mod list;
mod table;
mod lambda;
mod sepa;
mod text;
mod ids;
mod money;
mod registry;
mod iso;
mod time;
mod calendar;
mod json;
mod redact;
mod digest;

pub(crate) use argument::{Argument, Context, Lambda};
pub(crate) use ids::parse_uuid;
#[cfg(test)]
pub(crate) use registry::COUNTRIES;
pub(crate) use text::parse_base64;

use argument::{Answer, unfit};
use wfl_ir::{Builtin, Value};

use crate::fault::Fault;
use crate::limit::{self, Fuel};

/// Calls a function with its arguments in order, none of which is a lambda.
pub fn call(function: Builtin, arguments: &[Value]) -> Result<Value, Fault> {
    let arguments: Vec<_> = arguments.iter().cloned().map(Argument::Value).collect();
    invoke(function, &arguments, &mut Alone(Fuel::full()))
}

/// Fuel without an evaluator.
struct Alone(Fuel);

impl Context for Alone {
    fn spend(&mut self, cost: u64) -> Result<(), Fault> {
        self.0.spend(cost)
    }

    fn is_new(&mut self, _: &str) -> bool {
        true
    }

    fn apply(&mut self, _: Lambda<'_>, _: &[Value]) -> Result<Value, Fault> {
        Err(Fault::ill_formed("a lambda is applied outside of an expression"))
    }
}

/// Calls a function and pays for it. Its frame is part of each level of an evaluation, and must be small.
pub(crate) fn invoke(
    function: Builtin,
    arguments: &[Argument<'_>],
    context: &mut dyn Context,
) -> Result<Value, Fault> {
    let answer = match lambda::call(function, arguments, context) {
        Some(answer) => answer?,
        None => with_values(function, arguments, context)?,
    };
    limit::bounded(answer)
}

#[inline(never)]
fn with_values(
    function: Builtin,
    arguments: &[Argument<'_>],
    context: &mut dyn Context,
) -> Result<Value, Fault> {
    let values = arguments.iter().map(|argument| match argument {
        Argument::Value(value) => Some(value.clone()),
        Argument::Lambda(_) => None,
    });
    let values = values.collect::<Option<Vec<Value>>>().ok_or_else(|| unfit(function, arguments))?;
    of_values(function, values, context)?.unwrap_or_else(|| Err(unfit(function, arguments)))
}

fn of_values(function: Builtin, mut values: Vec<Value>, context: &mut dyn Context) -> Result<Answer, Fault> {
    if values.len() + 1 == optional_arity(function) {
        values.push(Value::None);
    }
    let costs = values.iter().map(|value| cost(function, value));
    context.spend(costs.fold(0, u64::saturating_add))?;
    let values = values.as_slice();
    Ok(number::call(function, values)
        .or_else(|| list::call(function, values, context))
        .or_else(|| table::call(function, values))
        .or_else(|| text::call(function, values, context))
        .or_else(|| ids::call(function, values))
        .or_else(|| money::call(function, values, context))
        .or_else(|| iso::call(function, values))
        .or_else(|| time::call(function, values))
        .or_else(|| calendar::call(function, values, context))
        .or_else(|| json::call(function, values, context))
        .or_else(|| redact::call(function, values))
        .or_else(|| digest::call(function, values)))
}

/// How many arguments a function has whose last one may be left out; zero for other functions.
fn optional_arity(function: Builtin) -> usize {
    match function {
        Builtin::Round | Builtin::DateOf | Builtin::TimeOfDay | Builtin::StartOfDay | Builtin::EndOfDay => 2,
        Builtin::CutOff => 4,
        _ => 0,
    }
}

/// What looking at an argument costs. Functions that sort, repeat or search pay for that themselves.
fn cost(function: Builtin, argument: &Value) -> u64 {
    let items = match argument {
        Value::List(items) => items.len(),
        Value::Set(items) => items.len(),
        Value::Map(entries) => entries.len(),
        _ => return argument.weight(),
    };
    match function {
        // Neither looks at all items nor copies them.
        Builtin::First
        | Builtin::Last
        | Builtin::Length
        | Builtin::IsEmpty
        | Builtin::Get
        | Builtin::IsBusinessDay
        | Builtin::NextBusinessDay
        | Builtin::PreviousBusinessDay
        | Builtin::Following
        | Builtin::Preceding
        | Builtin::ModifiedFollowing
        | Builtin::AddBusinessDays
        | Builtin::BusinessDaysBetween
        | Builtin::CutOff => 1,
        Builtin::Contains if !matches!(argument, Value::List(_)) => 1,
        // Copies items without looking into them.
        Builtin::Take
        | Builtin::Drop
        | Builtin::Reverse
        | Builtin::Chunk
        | Builtin::Concat
        | Builtin::Keys
        | Builtin::Values
        | Builtin::Put
        | Builtin::Remove
        | Builtin::ToList => 1 + items as u64 / 8,
        // Brings the items into an order.
        Builtin::Distinct
        | Builtin::ToSet
        | Builtin::Union
        | Builtin::Intersection
        | Builtin::Difference
        | Builtin::Merge => argument.weight().saturating_mul(argument::sorting(items)),
        _ => argument.weight(),
    }
}
