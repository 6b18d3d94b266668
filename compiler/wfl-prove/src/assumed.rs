//! What can be assumed of values on a path, and whether it can be true all at once.
//!
//! Comparisons of one value with constants are kept as an interval and a few exceptions, other conditions by their text. What
//! cannot be told is left out, so that a contradiction is one, and none need not be there.

use std::cmp::Ordering;

use wfl_ir::{Binary, Decimal, Expr, Function, Name, Pattern, Unary, Value};
use wfl_lower::substitute;

use crate::sources::{Sources, has_locals};

/// How deep rules of types speak of others, and functions call each other.
const DEEPEST: u32 = 8;
/// The kind of an optional that is not there.
const NONE: &str = "none";

/// What is known of one value.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The least value, and whether it is that one itself.
    least: Option<(Decimal, bool)>,
    greatest: Option<(Decimal, bool)>,
    /// It is this; its kind if it is a variant.
    is: Option<Is>,
    /// It is none of these.
    not: Vec<Is>,
}

/// What a value can be told to be.
#[derive(Clone, PartialEq, Debug)]
enum Is {
    Value(Value),
    Variant(Name),
}

/// A conjunction of conditions.
#[derive(Clone, Debug)]
pub(crate) struct Assumed<'s> {
    sources: &'s Sources<'s>,
    functions: &'s [Function],
    known: Vec<(Expr, Known)>,
    /// What slots got on the way that may get something else on others.
    set: Vec<(u32, Expr)>,
    depth: u32,
}

impl<'s> Assumed<'s> {
    /// Nothing is assumed.
    pub(crate) fn nothing(sources: &'s Sources<'s>, functions: &'s [Function]) -> Assumed<'s> {
        Assumed { sources, functions, known: Vec::new(), set: Vec::new(), depth: 0 }
    }

    /// A slot gets a value.
    pub(crate) fn set(&mut self, slot: u32, value: &Expr) {
        let value = self.plain(value);
        self.set.push((slot, value));
    }

    fn plain(&self, expr: &Expr) -> Expr {
        let expanded = self.sources.expand(expr);
        let known = |leaf: &Expr| {
            let Expr::Slot(slot) = leaf else { return None };
            self.set.iter().rev().find(|(it, _)| it == slot).map(|(_, value)| value.clone())
        };
        plain(&substitute(&expanded, &known), self.functions, DEEPEST)
    }

    /// Assumes a condition of the plan, or its opposite. False: that cannot be.
    pub(crate) fn assume(&mut self, condition: &Expr, holds: bool) -> bool {
        let plain = self.plain(condition);
        self.take(&plain, holds)
    }

    /// The same for a condition that is plain already.
    pub(crate) fn take(&mut self, condition: &Expr, holds: bool) -> bool {
        match condition {
            Expr::Const(Value::Bool(value)) => *value == holds,
            Expr::Unary(Unary::Not, inner) => self.take(inner, !holds),
            Expr::Binary(Binary::And, left, right) if holds => {
                self.take(left, true) && self.take(right, true)
            }
            Expr::Binary(Binary::Or, left, right) if !holds => {
                self.take(left, false) && self.take(right, false)
            }
            Expr::Binary(Binary::And, left, right) => self.one_of((left, false), (right, false)),
            Expr::Binary(Binary::Or, left, right) => self.one_of((left, true), (right, true)),
            Expr::Binary(Binary::Within, value, ends) => match &**ends {
                Expr::List(ends) if ends.len() == 2 => {
                    let above =
                        Expr::Binary(Binary::GreaterOrEqual, value.clone(), Box::new(ends[0].clone()));
                    let below = Expr::Binary(Binary::LessOrEqual, value.clone(), Box::new(ends[1].clone()));
                    match holds {
                        true => self.take(&above, true) && self.take(&below, true),
                        false => self.one_of((&above, false), (&below, false)),
                    }
                }
                _ => self.as_text(condition, holds),
            },
            Expr::Binary(operator, left, right) if is_comparison(*operator) => {
                self.compare(*operator, left, right, holds)
            }
            Expr::Is(value, pattern) => self.fit(value, pattern, holds),
            _ => self.as_text(condition, holds),
        }
    }

    /// One of two conditions is true; if it is not the one, it is the other.
    fn one_of(&mut self, one: (&Expr, bool), other: (&Expr, bool)) -> bool {
        let can = |(condition, holds): (&Expr, bool)| self.clone().take(condition, holds);
        match (can(one), can(other)) {
            (true, true) => true,
            (true, false) => self.take(one.0, one.1),
            (false, true) => self.take(other.0, other.1),
            (false, false) => false,
        }
    }

    fn compare(&mut self, operator: Binary, left: &Expr, right: &Expr, holds: bool) -> bool {
        match (left, right) {
            (Expr::Const(one), Expr::Const(other)) => {
                compared(operator, one, other).is_none_or(|truth| truth == holds)
            }
            (Expr::Const(constant), value) => self.compare_with(value, flipped(operator), constant, holds),
            (value, Expr::Const(constant)) => self.compare_with(value, operator, constant, holds),
            _ => {
                self.as_text(&Expr::Binary(operator, Box::new(left.clone()), Box::new(right.clone())), holds)
            }
        }
    }

    fn compare_with(&mut self, value: &Expr, operator: Binary, constant: &Value, holds: bool) -> bool {
        let operator = if holds { operator } else { opposite(operator) };
        let (value, constant) = match constant {
            // What differs may be of another currency.
            Value::Money(_) if operator == Binary::NotEqual => return true,
            // An amount of a currency is compared as a number.
            Value::Money(money) => {
                let amount = Expr::Field(Box::new(value.clone()), Name::from("amount"));
                (amount, Value::Decimal(money.amount))
            }
            Value::None => return self.variant(value, Name::from(NONE), operator == Binary::Equal),
            // Only what has no fields is known by its kind.
            Value::Variant(_, fields) if operator == Binary::NotEqual && !fields.is_empty() => return true,
            Value::Variant(kind, _) => {
                return self.variant(value, kind.clone(), operator == Binary::Equal);
            }
            constant => (value.clone(), constant.clone()),
        };
        if let Expr::Const(value) = &value {
            return compared(operator, value, &constant).unwrap_or(true);
        }
        // What of both is a condition stands for itself.
        if let Value::Bool(truth) = constant {
            return self.take(&value, truth == (operator == Binary::Equal));
        }
        let Some(known) = self.of(&value) else { return false };
        match number(&constant) {
            Some(number) => known.limit(operator, number),
            None => match operator {
                Binary::Equal => known.be(Is::Value(constant)),
                Binary::NotEqual => known.be_not(Is::Value(constant)),
                _ => true,
            },
        }
    }

    /// Assumes that a plain value fits a pattern, as far as that can be told by its kind.
    fn fit(&mut self, value: &Expr, pattern: &Pattern, holds: bool) -> bool {
        let kind = match pattern {
            Pattern::Any | Pattern::Bind(_) => return holds,
            Pattern::Literal(literal) => return self.compare_with(value, Binary::Equal, literal, holds),
            Pattern::Variant(name, parts) => {
                let whole = parts.iter().all(|(_, part)| matches!(part, Pattern::Any | Pattern::Bind(_)));
                if !holds && !whole {
                    return true;
                }
                name.clone()
            }
            Pattern::Absent => Name::from(NONE),
            Pattern::Present(inner) => {
                let whole = matches!(**inner, Pattern::Any | Pattern::Bind(_));
                return if holds || whole { self.variant(value, Name::from(NONE), !holds) } else { true };
            }
            Pattern::Tuple(_) => return true,
        };
        self.variant(value, kind, holds)
    }

    fn variant(&mut self, value: &Expr, kind: Name, holds: bool) -> bool {
        if let Expr::Variant(name, _) = value {
            return (*name == kind) == holds;
        }
        let Some(known) = self.of(value) else { return false };
        if holds { known.be(Is::Variant(kind)) } else { known.be_not(Is::Variant(kind)) }
    }

    /// Assumes that a value of the plan fits a pattern.
    pub(crate) fn assume_fit(&mut self, value: &Expr, pattern: &Pattern, holds: bool) -> bool {
        let value = self.plain(value);
        self.fit(&value, pattern, holds)
    }

    fn as_text(&mut self, condition: &Expr, holds: bool) -> bool {
        let Some(known) = self.of(condition) else { return false };
        let truth = |value: bool| Is::Value(Value::Bool(value));
        known.be(truth(holds)) && known.be_not(truth(!holds))
    }

    /// What is known of a value; with what its type says when it comes up first. None: it cannot be.
    fn of(&mut self, value: &Expr) -> Option<&mut Known> {
        if let Some(at) = self.known.iter().position(|(known, _)| known == value) {
            return Some(&mut self.known[at].1);
        }
        let at = self.known.len();
        self.known.push((value.clone(), Known::default()));
        if self.depth < DEEPEST {
            self.depth += 1;
            // The rule of an amount is one of the money that it belongs to.
            let owner = match value {
                Expr::Field(base, name) if name.as_str() == "amount" => vec![value.clone(), (**base).clone()],
                _ => vec![value.clone()],
            };
            for subject in owner {
                for rule in self.sources.rules(&subject) {
                    let about = substitute(&rule.holds, &|leaf| {
                        matches!(leaf, Expr::Subject).then(|| subject.clone())
                    });
                    if !self.assume(&about, true) {
                        return None;
                    }
                }
            }
            self.depth -= 1;
        }
        Some(&mut self.known[at].1)
    }
}

impl Known {
    fn limit(&mut self, operator: Binary, number: Decimal) -> bool {
        match operator {
            Binary::Less => self.below(number, false),
            Binary::LessOrEqual => self.below(number, true),
            Binary::Greater => self.above(number, false),
            Binary::GreaterOrEqual => self.above(number, true),
            Binary::Equal => {
                self.below(number, true);
                self.above(number, true);
            }
            Binary::NotEqual => self.not.push(Is::Value(Value::Decimal(number))),
            _ => {}
        }
        self.is_possible()
    }

    fn below(&mut self, number: Decimal, itself: bool) {
        let tighter = self.greatest.is_none_or(|(known, open)| number < known || number == known && open);
        if tighter {
            self.greatest = Some((number, itself));
        }
    }

    fn above(&mut self, number: Decimal, itself: bool) {
        let tighter = self.least.is_none_or(|(known, open)| number > known || number == known && open);
        if tighter {
            self.least = Some((number, itself));
        }
    }

    fn is_possible(&self) -> bool {
        let (Some((least, from)), Some((greatest, to))) = (self.least, self.greatest) else { return true };
        match least.cmp(&greatest) {
            Ordering::Less => true,
            Ordering::Equal => from && to && !self.not.contains(&Is::Value(Value::Decimal(least))),
            Ordering::Greater => false,
        }
    }

    fn be(&mut self, is: Is) -> bool {
        if self.not.contains(&is) || self.is.as_ref().is_some_and(|known| *known != is) {
            return false;
        }
        self.is = Some(is);
        true
    }

    fn be_not(&mut self, is: Is) -> bool {
        if self.is.as_ref() == Some(&is) {
            return false;
        }
        self.not.push(is);
        true
    }
}

/// A condition without the functions of a program and the names of types, so that one of the plan and one of the program can
/// be compared.
pub(crate) fn plain(expr: &Expr, functions: &[Function], depth: u32) -> Expr {
    let again = |expr: &Expr| plain(expr, functions, depth);
    let boxed = |expr: &Expr| Box::new(again(expr));
    match expr {
        Expr::Checked(_, value) => again(value),
        Expr::Apply(number, arguments) => {
            let arguments = arguments.iter().map(again).collect::<Vec<_>>();
            let body = functions.get(*number as usize).filter(|_| depth > 0).map(|function| &function.body);
            let Some(body) = body.filter(|_| !arguments.iter().any(has_locals)) else {
                // Equal to no other: what it is cannot be told.
                return Expr::Apply(u32::MAX, vec![Expr::List(arguments), Expr::Local(*number)]);
            };
            let inlined = substitute(body, &|leaf| match leaf {
                Expr::Local(local) => arguments.get(*local as usize).cloned(),
                _ => None,
            });
            plain(&inlined, functions, depth - 1)
        }
        Expr::Unary(operator, operand) => Expr::Unary(*operator, boxed(operand)),
        Expr::Binary(operator, left, right) => Expr::Binary(*operator, boxed(left), boxed(right)),
        Expr::Field(base, name) => match again(base) {
            Expr::Record(fields) if fields.iter().any(|(field, _)| field == name) => {
                fields.into_iter().find(|(field, _)| field == name).map_or(Expr::Subject, |(_, value)| value)
            }
            base => Expr::Field(Box::new(base), name.clone()),
        },
        Expr::Is(value, pattern) => Expr::Is(boxed(value), pattern.clone()),
        Expr::List(items) => Expr::List(items.iter().map(again).collect()),
        Expr::Call(function, arguments) => Expr::Call(*function, arguments.iter().map(again).collect()),
        Expr::Record(fields) => {
            Expr::Record(fields.iter().map(|(name, value)| (name.clone(), again(value))).collect())
        }
        _ => expr.clone(),
    }
}

fn is_comparison(operator: Binary) -> bool {
    matches!(
        operator,
        Binary::Equal
            | Binary::NotEqual
            | Binary::Less
            | Binary::LessOrEqual
            | Binary::Greater
            | Binary::GreaterOrEqual
    )
}

/// The comparison seen from the other side.
fn flipped(operator: Binary) -> Binary {
    match operator {
        Binary::Less => Binary::Greater,
        Binary::LessOrEqual => Binary::GreaterOrEqual,
        Binary::Greater => Binary::Less,
        Binary::GreaterOrEqual => Binary::LessOrEqual,
        other => other,
    }
}

/// What holds when the comparison does not.
fn opposite(operator: Binary) -> Binary {
    match operator {
        Binary::Less => Binary::GreaterOrEqual,
        Binary::LessOrEqual => Binary::Greater,
        Binary::Greater => Binary::LessOrEqual,
        Binary::GreaterOrEqual => Binary::Less,
        Binary::Equal => Binary::NotEqual,
        Binary::NotEqual => Binary::Equal,
        other => other,
    }
}

/// A value as a number, if it is one.
fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(number) => Some(Decimal::from(*number)),
        Value::Decimal(number) => Some(*number),
        Value::Duration(time) => Some(Decimal::from(time.0)),
        Value::Timestamp(time) => Some(Decimal::from(time.0)),
        Value::Date(date) => Some(Decimal::from(i64::from(date.days()))),
        _ => None,
    }
}

/// The truth of a comparison of constants, if it can be told.
fn compared(operator: Binary, one: &Value, other: &Value) -> Option<bool> {
    let order = match (one, other) {
        (Value::Money(one), Value::Money(other)) if one.currency == other.currency => {
            one.amount.cmp(&other.amount)
        }
        _ => match (number(one), number(other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => {
                return match operator {
                    Binary::Equal => Some(one == other),
                    Binary::NotEqual => Some(one != other),
                    _ => None,
                };
            }
        },
    };
    Some(match operator {
        Binary::Equal => order == Ordering::Equal,
        Binary::NotEqual => order != Ordering::Equal,
        Binary::Less => order == Ordering::Less,
        Binary::LessOrEqual => order != Ordering::Greater,
        Binary::Greater => order == Ordering::Greater,
        Binary::GreaterOrEqual => order != Ordering::Less,
        _ => return None,
    })
}
