//! The evaluator itself: a walk over the expression with fuel.

use wfl_ir::{
    Binary, Currency, Expr, Fields, MatchArm, Money, Name, Part, Pattern, Timestamp, Type, TypeDef, TypeKind,
    Value, WorkflowField,
};

use crate::arithmetic::{self, kind, truth};
use crate::builtin;
use crate::fault::{FUEL, Fault};
use crate::pattern;

/// What an expression may ask about its instance.
#[derive(Clone, Debug)]
pub struct Facts {
    /// `workflow.key`.
    pub key: Value,
    /// `workflow.id`.
    pub id: Name,
    /// `workflow.started_at`.
    pub started_at: Timestamp,
}

/// What an expression sees.
#[derive(Clone, Copy, Debug)]
pub struct Env<'a> {
    /// The plan's types.
    pub types: &'a [TypeDef],
    /// The instance's slots.
    pub slots: &'a [Option<Value>],
    /// The instance; none for constants and rules.
    pub facts: Option<&'a Facts>,
}

impl<'a> Env<'a> {
    /// An environment without an instance: for constants and rules.
    pub fn constant(types: &'a [TypeDef]) -> Env<'a> {
        Env { types, slots: &[], facts: None }
    }
}

/// The value of an expression without locals.
pub fn evaluate(env: Env<'_>, expr: &Expr) -> Result<Value, Fault> {
    evaluate_in(env, Vec::new(), expr)
}

/// The value of an expression over locals: an operation's parameters and `result`.
pub fn evaluate_in(env: Env<'_>, locals: Vec<Value>, expr: &Expr) -> Result<Value, Fault> {
    Evaluator { env, locals, subject: None, fuel: FUEL }.eval(expr)
}

/// True when the condition holds.
pub fn holds(env: Env<'_>, condition: &Expr) -> Result<bool, Fault> {
    truth(&evaluate(env, condition)?)
}

/// True when a rule holds for a subject.
pub fn fits(types: &[TypeDef], rule: &Expr, subject: &Value) -> Result<bool, Fault> {
    let mut evaluator = Evaluator {
        env: Env::constant(types),
        locals: Vec::new(),
        subject: Some(subject.clone()),
        fuel: FUEL,
    };
    truth(&evaluator.eval(rule)?)
}

/// The first rule of a refined type (or of one that it refines) that a value of the base breaks: the type's name and
/// the rule's text. A fault when a rule has no value.
pub fn check_rule(types: &[TypeDef], ty: &Type, value: &Value) -> Result<Option<(String, String)>, Fault> {
    let mut ty = ty;
    while let Type::Named(index) = ty {
        let Some(TypeDef { name, kind: TypeKind::Refined { base, rule } }) = types.get(*index as usize)
        else {
            break;
        };
        if let Some(rule) = rule
            && !fits(types, &rule.holds, value)?
        {
            return Ok(Some((name.to_string(), rule.text.to_string())));
        }
        ty = base;
    }
    Ok(None)
}

struct Evaluator<'a> {
    env: Env<'a>,
    locals: Vec<Value>,
    subject: Option<Value>,
    fuel: u64,
}

impl Evaluator<'_> {
    fn spend(&mut self, cost: u64) -> Result<(), Fault> {
        self.fuel = self.fuel.checked_sub(cost).ok_or(Fault::OutOfFuel)?;
        Ok(())
    }

    fn eval(&mut self, expr: &Expr) -> Result<Value, Fault> {
        self.spend(1)?;
        match expr {
            Expr::Const(value) => Ok(value.clone()),
            Expr::Slot(slot) => self.slot(*slot),
            Expr::Local(index) => {
                let local = self.locals.get(*index as usize).cloned();
                local.ok_or_else(|| Fault::ill_formed(format!("local {index} is not there")))
            }
            Expr::Subject => self.subject.clone().ok_or_else(|| Fault::ill_formed("there is no subject")),
            Expr::Workflow(field) => self.workflow(*field),
            Expr::Field(base, name) => field(&self.eval(base)?, name),
            Expr::OptionalField(base, name) => match self.eval(base)? {
                Value::None => Ok(Value::None),
                base => field(&base, name),
            },
            Expr::Record(fields) => Ok(Value::Record(self.fields(fields)?)),
            Expr::Variant(name, fields) => Ok(Value::Variant(name.clone(), self.fields(fields)?)),
            Expr::List(items) => {
                Ok(Value::List(items.iter().map(|item| self.alone(item)).collect::<Result<_, _>>()?))
            }
            Expr::Money(currency, amount) => money(*currency, &self.eval(amount)?),
            Expr::Checked(ty, value) => self.checked(ty, value),
            Expr::Unary(op, a) => self.alone(a).and_then(|a| arithmetic::unary(*op, &a)),
            Expr::Binary(op, a, b) => self.binary(*op, a, b),
            Expr::If(condition, then, other) => self.conditional(condition, then, other),
            Expr::Match(subject, arms) => self.choose(subject, arms),
            Expr::Is(value, pattern) => {
                let value = self.eval(value)?;
                Ok(Value::Bool(self.bind(pattern, &value)))
            }
            Expr::Call(function, args) => {
                let args = args.iter().map(|arg| self.alone(arg)).collect::<Result<Vec<_>, _>>()?;
                self.spend(args.iter().map(size).sum::<u64>() / 16)?;
                builtin::call(*function, &args)
            }
            Expr::Interpolate(parts) => self.interpolate(parts),
        }
    }

    /// Evaluates without letting its pattern bindings out.
    fn alone(&mut self, expr: &Expr) -> Result<Value, Fault> {
        let depth = self.locals.len();
        let value = self.eval(expr);
        self.locals.truncate(depth);
        value
    }

    fn slot(&self, slot: u32) -> Result<Value, Fault> {
        let value = self.env.slots.get(slot as usize).cloned().flatten();
        value.ok_or_else(|| Fault::ill_formed(format!("slot {slot} has no value yet")))
    }

    fn workflow(&self, field: WorkflowField) -> Result<Value, Fault> {
        let facts = self.env.facts.ok_or_else(|| Fault::ill_formed("there is no instance here"))?;
        Ok(match field {
            WorkflowField::Key => facts.key.clone(),
            WorkflowField::Id => Value::String(facts.id.clone()),
            WorkflowField::StartedAt => Value::Timestamp(facts.started_at),
        })
    }

    fn fields(&mut self, fields: &[(Name, Expr)]) -> Result<Fields, Fault> {
        let values: Result<Vec<_>, Fault> =
            fields.iter().map(|(name, expr)| Ok((name.clone(), self.alone(expr)?))).collect();
        Ok(Fields::new(values?))
    }

    fn checked(&mut self, ty: &Type, value: &Expr) -> Result<Value, Fault> {
        let value = self.alone(value)?;
        match check_rule(self.env.types, ty, &value)? {
            None => Ok(value),
            Some((ty, rule)) => Err(Fault::RuleBroken { ty, rule }),
        }
    }

    fn binary(&mut self, op: Binary, a: &Expr, b: &Expr) -> Result<Value, Fault> {
        match op {
            // What the left side's patterns bind is visible on the right, and behind a true `&&`.
            Binary::And => Ok(Value::Bool(truth(&self.eval(a)?)? && truth(&self.eval(b)?)?)),
            Binary::Or => Ok(Value::Bool(truth(&self.alone(a)?)? || truth(&self.alone(b)?)?)),
            Binary::Otherwise => match self.alone(a)? {
                Value::None => self.alone(b),
                value => Ok(value),
            },
            _ => {
                let (a, b) = (self.alone(a)?, self.alone(b)?);
                self.spend((size(&a) + size(&b)) / 16)?;
                arithmetic::binary(op, &a, &b)
            }
        }
    }

    fn conditional(&mut self, condition: &Expr, then: &Expr, other: &Expr) -> Result<Value, Fault> {
        let depth = self.locals.len();
        let value = if truth(&self.eval(condition)?)? {
            self.eval(then)
        } else {
            self.locals.truncate(depth);
            self.eval(other)
        };
        self.locals.truncate(depth);
        value
    }

    fn choose(&mut self, subject: &Expr, arms: &[MatchArm]) -> Result<Value, Fault> {
        let subject = self.alone(subject)?;
        let depth = self.locals.len();
        for arm in arms {
            self.spend(1)?;
            let open = self.bind(&arm.pattern, &subject)
                && match &arm.guard {
                    Some(guard) => truth(&self.alone(guard)?)?,
                    None => true,
                };
            let value = if open { Some(self.eval(&arm.value)) } else { None };
            self.locals.truncate(depth);
            if let Some(value) = value {
                return value;
            }
        }
        Err(Fault::ill_formed("no arm of a match fits"))
    }

    /// Binds a pattern's names as locals if the value fits; else leaves the locals as they were.
    fn bind(&mut self, pattern: &Pattern, value: &Value) -> bool {
        let depth = self.locals.len();
        let locals = &mut self.locals;
        let fits = pattern::bind(pattern, value, &mut |_, value| locals.push(value));
        if !fits {
            self.locals.truncate(depth);
        }
        fits
    }

    fn interpolate(&mut self, parts: &[Part]) -> Result<Value, Fault> {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Text(piece) => text.push_str(piece),
                Part::Show(expr) => text.push_str(&self.alone(expr)?.to_string()),
            }
            self.spend(text.len() as u64 / 16)?;
        }
        Ok(Value::text(text))
    }
}

fn money(currency: Currency, amount: &Value) -> Result<Value, Fault> {
    let amount = arithmetic::decimal(amount).ok_or_else(|| Fault::ill_formed("money needs a number"))?;
    if amount.scale() > currency.places() {
        return Err(Fault::Text(format!("{currency} has {} places after the point", currency.places())));
    }
    Ok(Value::Money(Money { amount, currency }))
}

fn field(base: &Value, name: &str) -> Result<Value, Fault> {
    match (base, name) {
        // A field that is not there is an optional without a value.
        (Value::Record(fields) | Value::Variant(_, fields), name) => {
            Ok(fields.get(name).cloned().unwrap_or_default())
        }
        (Value::Money(money), "amount") => Ok(Value::Decimal(money.amount)),
        (Value::Money(money), "currency") => Ok(Value::text(money.currency.code())),
        _ => Err(Fault::ill_formed(format!("{} has no field `{name}`", kind(base)))),
    }
}

/// How much there is to look at, in bytes or items.
fn size(value: &Value) -> u64 {
    match value {
        Value::String(text) | Value::Json(text) => text.len() as u64,
        Value::List(items) => items.len() as u64,
        _ => 1,
    }
}
