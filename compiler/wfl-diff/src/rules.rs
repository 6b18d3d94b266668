//! Whether each value that fulfils some rules fulfils others: the same rule, a wider interval, a longer list of choices.
//! What cannot be told is taken for no.

use wfl_ir::{Binary, Builtin, Decimal, Expr, Library, Rule, Unary, Value};

use crate::texts::rule_key;

/// What a rule measures of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Measure {
    /// The value itself.
    Value,
    /// Its length.
    Length,
    /// The amount of money.
    Amount,
}

/// One part of a rule that is understood.
#[derive(Clone, PartialEq, Debug)]
enum Part {
    /// From here on; whether without the end itself.
    AtLeast(Measure, Decimal, bool),
    /// Up to here; whether without the end itself.
    AtMost(Measure, Decimal, bool),
    /// One of these.
    OneOf(Vec<Value>),
}

/// Rules with what they may speak of. `whole` says that the values are whole numbers.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) library: Library<'a>,
    pub(crate) rules: &'a [&'a Rule],
}

/// The first of the wanted rules that does not follow from the given ones.
pub(crate) fn not_implied<'w>(given: Rules<'_>, wanted: Rules<'w>, whole: bool) -> Option<&'w Rule> {
    let mut keys = Vec::new();
    let mut parts = Vec::new();
    for rule in given.rules {
        for conjunct in conjuncts(&rule.holds) {
            keys.push(rule_key(given.library, conjunct));
            parts.extend(parts_of(conjunct));
        }
    }
    let follows = |rule: &Rule| {
        conjuncts(&rule.holds).into_iter().all(|conjunct| {
            keys.contains(&rule_key(wanted.library, conjunct)) || {
                let wanted = parts_of(conjunct);
                !wanted.is_empty()
                    && wanted.iter().all(|it| parts.iter().any(|given| implies(given, it, whole)))
            }
        })
    };
    wanted.rules.iter().find(|rule| !follows(rule)).copied()
}

fn conjuncts(rule: &Expr) -> Vec<&Expr> {
    match rule {
        Expr::Binary(Binary::And, left, right) => {
            let mut all = conjuncts(left);
            all.extend(conjuncts(right));
            all
        }
        other => vec![other],
    }
}

fn measure(expr: &Expr) -> Option<Measure> {
    match expr {
        Expr::Subject => Some(Measure::Value),
        Expr::Call(Builtin::Length, arguments) if arguments[..] == [Expr::Subject] => Some(Measure::Length),
        Expr::Field(of, part) if **of == Expr::Subject && *part == "amount" => Some(Measure::Amount),
        _ => None,
    }
}

fn number(expr: &Expr) -> Option<Decimal> {
    match expr {
        Expr::Const(value) => number_of(value),
        Expr::Unary(Unary::Negate, inner) => number(inner).map(|number| -number),
        _ => None,
    }
}

fn number_of(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(number) => Some(Decimal::from(*number)),
        Value::Decimal(number) => Some(*number),
        Value::Duration(length) => Some(Decimal::from(length.0)),
        Value::Timestamp(at) => Some(Decimal::from(at.0)),
        _ => None,
    }
}

fn parts_of(rule: &Expr) -> Vec<Part> {
    match rule {
        Expr::Unary(Unary::Not, inner) => match &**inner {
            Expr::Call(Builtin::IsEmpty, arguments) if arguments[..] == [Expr::Subject] => {
                vec![Part::AtLeast(Measure::Length, Decimal::from(1), false)]
            }
            _ => Vec::new(),
        },
        Expr::Call(Builtin::IsEmpty, arguments) if arguments[..] == [Expr::Subject] => {
            vec![Part::AtMost(Measure::Length, Decimal::ZERO, false)]
        }
        Expr::Binary(Binary::Within, of, ends) => match (measure(of), ends_of(ends)) {
            (Some(of), Some((low, high))) => {
                vec![Part::AtLeast(of, low, false), Part::AtMost(of, high, false)]
            }
            _ => Vec::new(),
        },
        Expr::Binary(Binary::In, of, list) if **of == Expr::Subject => choices(list),
        Expr::Binary(op, left, right) => match (measure(left), number(right)) {
            (Some(of), Some(end)) => bound(*op, of, end),
            _ => match (measure(right), number(left), turned(*op)) {
                (Some(of), Some(end), Some(op)) => bound(op, of, end),
                _ => equal(*op, left, right),
            },
        },
        _ => Vec::new(),
    }
}

/// `value == "a"`.
fn equal(op: Binary, left: &Expr, right: &Expr) -> Vec<Part> {
    match (op, left, right) {
        (Binary::Equal, Expr::Subject, Expr::Const(value))
        | (Binary::Equal, Expr::Const(value), Expr::Subject) => {
            vec![Part::OneOf(vec![value.clone()])]
        }
        _ => Vec::new(),
    }
}

fn bound(op: Binary, of: Measure, end: Decimal) -> Vec<Part> {
    match op {
        Binary::Less => vec![Part::AtMost(of, end, true)],
        Binary::LessOrEqual => vec![Part::AtMost(of, end, false)],
        Binary::Greater => vec![Part::AtLeast(of, end, true)],
        Binary::GreaterOrEqual => vec![Part::AtLeast(of, end, false)],
        Binary::Equal => vec![Part::AtLeast(of, end, false), Part::AtMost(of, end, false)],
        _ => Vec::new(),
    }
}

fn turned(op: Binary) -> Option<Binary> {
    Some(match op {
        Binary::Less => Binary::Greater,
        Binary::LessOrEqual => Binary::GreaterOrEqual,
        Binary::Greater => Binary::Less,
        Binary::GreaterOrEqual => Binary::LessOrEqual,
        Binary::Equal => Binary::Equal,
        _ => return None,
    })
}

fn ends_of(ends: &Expr) -> Option<(Decimal, Decimal)> {
    match ends {
        Expr::List(ends) => match ends.as_slice() {
            [low, high] => Some((number(low)?, number(high)?)),
            _ => None,
        },
        Expr::Const(Value::List(ends)) => match &ends[..] {
            [low, high] => Some((number_of(low)?, number_of(high)?)),
            _ => None,
        },
        _ => None,
    }
}

fn choices(list: &Expr) -> Vec<Part> {
    let values = match list {
        Expr::Const(Value::List(items)) => Some(items.to_vec()),
        Expr::List(items) => {
            let value = |item: &Expr| match item {
                Expr::Const(value) => Some(value.clone()),
                other => {
                    number(other).map(|number| number.to_i64().map_or(Value::Decimal(number), Value::Int))
                }
            };
            items.iter().map(value).collect()
        }
        _ => None,
    };
    values.map(Part::OneOf).into_iter().collect()
}

/// Whether what fulfils the one part fulfils the other.
fn implies(given: &Part, wanted: &Part, whole: bool) -> bool {
    match (given, wanted) {
        (Part::AtLeast(of, low, open), Part::AtLeast(to, wanted, strict)) => {
            of == to && lowest(*of, *low, *open, whole) >= lowest(*to, *wanted, *strict, whole)
        }
        (Part::AtMost(of, high, open), Part::AtMost(to, wanted, strict)) => {
            of == to && highest(*of, *high, *open, whole) <= highest(*to, *wanted, *strict, whole)
        }
        (Part::OneOf(values), Part::OneOf(wanted)) => values.iter().all(|value| wanted.contains(value)),
        (Part::OneOf(values), wanted) => values.iter().all(|value| fulfils(value, wanted)),
        _ => false,
    }
}

fn fulfils(value: &Value, part: &Part) -> bool {
    let Some(number) = number_of(value) else { return false };
    match part {
        Part::AtLeast(Measure::Value, low, open) => number > *low || !open && number == *low,
        Part::AtMost(Measure::Value, high, open) => number < *high || !open && number == *high,
        _ => false,
    }
}

/// Ends in an order: the number, and behind it what is above it by less than anything else.
fn lowest(of: Measure, end: Decimal, open: bool, whole: bool) -> (Decimal, bool) {
    match (open, end.to_i64().and_then(|end| end.checked_add(1))) {
        (true, Some(next)) if whole || of == Measure::Length => (Decimal::from(next), false),
        _ => (end, open),
    }
}

fn highest(of: Measure, end: Decimal, open: bool, whole: bool) -> (Decimal, bool) {
    match (open, end.to_i64().and_then(|end| end.checked_sub(1))) {
        (true, Some(next)) if whole || of == Measure::Length => (Decimal::from(next), true),
        // Without its end an interval ends before it.
        _ => (end, !open),
    }
}
