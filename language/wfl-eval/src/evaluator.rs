//! The evaluator itself: a walk over the expression with fuel.

use std::collections::BTreeSet;

use wfl_ir::{
    Binary, Builtin, Currency, Expr, Fields, Function, Library, MAX_LEVELS, MatchArm, Money, Name, Part,
    Pattern, Timestamp, Type, TypeDef, TypeKind, Unary, Value, WorkflowField,
};

use crate::arithmetic::{self, kind, truth};
use crate::builtin::{self, Argument, Context, Lambda};
use crate::fault::Fault;
use crate::limit::{self, Fuel};
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
    /// The plan's types and functions.
    pub library: Library<'a>,
    /// The instance's slots.
    pub slots: &'a [Option<Value>],
    /// The instance; none for constants, rules and functions.
    pub facts: Option<&'a Facts>,
}

impl<'a> Env<'a> {
    /// An environment without an instance: for constants, rules and functions.
    pub fn constant(library: Library<'a>) -> Env<'a> {
        Env { library, slots: &[], facts: None }
    }
}

/// The value of an expression without locals.
pub fn evaluate(env: Env<'_>, expr: &Expr) -> Result<Value, Fault> {
    evaluate_in(env, Vec::new(), expr)
}

/// The value of an expression over locals: an operation's parameters and `result`, or a function's parameters.
pub fn evaluate_in(env: Env<'_>, locals: Vec<Value>, expr: &Expr) -> Result<Value, Fault> {
    Evaluator::new(Frame { env, locals, subject: None }).eval(expr)
}

/// True when the condition holds.
pub fn holds(env: Env<'_>, condition: &Expr) -> Result<bool, Fault> {
    truth(&evaluate(env, condition)?)
}

/// True when a rule holds for a subject.
pub fn fits(library: Library<'_>, rule: &Expr, subject: &Value) -> Result<bool, Fault> {
    Evaluator::new(Frame::constant(library)).fits(rule, subject)
}

/// The first rule of a refined type (or of one that it refines) that a value of the base breaks: the type's name and
/// the rule's text. A fault when a rule has no value.
pub fn check_rule(library: Library<'_>, ty: &Type, value: &Value) -> Result<Option<(String, String)>, Fault> {
    Evaluator::new(Frame::constant(library)).broken(ty, value)
}

/// What an expression sees where it stands.
struct Frame<'a> {
    env: Env<'a>,
    locals: Vec<Value>,
    subject: Option<Value>,
}

impl<'a> Frame<'a> {
    fn constant(library: Library<'a>) -> Frame<'a> {
        Frame { env: Env::constant(library), locals: Vec::new(), subject: None }
    }
}

struct Evaluator<'a> {
    frame: Frame<'a>,
    fuel: Fuel,
    /// The patterns that were met.
    patterns: BTreeSet<String>,
    /// How many evaluations are under way inside each other: functions and rules count on the caller's.
    levels: u32,
}

impl Context for Evaluator<'_> {
    fn spend(&mut self, cost: u64) -> Result<(), Fault> {
        self.fuel.spend(cost)
    }

    fn is_new(&mut self, pattern: &str) -> bool {
        !self.patterns.contains(pattern) && self.patterns.insert(pattern.to_owned())
    }

    fn apply(&mut self, lambda: Lambda<'_>, arguments: &[Value]) -> Result<Value, Fault> {
        self.spend(1)?;
        if lambda.params as usize != arguments.len() {
            let (params, given) = (lambda.params, arguments.len());
            return Err(Fault::ill_formed(format!("a lambda of {params} parameters is given {given}")));
        }
        let depth = self.frame.locals.len();
        self.frame.locals.extend_from_slice(arguments);
        let value = self.eval(lambda.body);
        self.frame.locals.truncate(depth);
        value
    }
}

impl<'a> Evaluator<'a> {
    fn new(frame: Frame<'a>) -> Evaluator<'a> {
        Evaluator { frame, fuel: Fuel::full(), patterns: BTreeSet::new(), levels: 0 }
    }

    /// Evaluates in another frame, on the same fuel.
    fn within(&mut self, frame: Frame<'a>, expr: &Expr) -> Result<Value, Fault> {
        let here = std::mem::replace(&mut self.frame, frame);
        let value = self.eval(expr);
        self.frame = here;
        value
    }

    fn fits(&mut self, rule: &Expr, subject: &Value) -> Result<bool, Fault> {
        let library = self.frame.env.library;
        let frame = Frame { subject: Some(subject.clone()), ..Frame::constant(library) };
        truth(&self.within(frame, rule)?)
    }

    /// The first rule of a refined type, or of one that it refines, that a value breaks.
    #[inline(never)]
    fn broken(&mut self, ty: &Type, value: &Value) -> Result<Option<(String, String)>, Fault> {
        let library = self.frame.env.library;
        let mut ty = ty;
        while let Type::Named(index) = ty {
            let Some(TypeDef { name, kind: TypeKind::Refined { base, rule } }) = library.def(*index) else {
                break;
            };
            self.spend(1)?;
            if let Some(rule) = rule
                && !self.fits(&rule.holds, value)?
            {
                return Ok(Some((name.to_string(), rule.text.to_string())));
            }
            ty = base;
        }
        Ok(None)
    }

    fn eval(&mut self, expr: &Expr) -> Result<Value, Fault> {
        self.spend(1)?;
        if self.levels == MAX_LEVELS {
            return Err(Fault::TooDeep);
        }
        self.levels += 1;
        let value = self.value(expr);
        self.levels -= 1;
        value
    }

    /// Every arm is a call: its frame is part of each level, and must be small.
    fn value(&mut self, expr: &Expr) -> Result<Value, Fault> {
        match expr {
            Expr::Const(_) | Expr::Slot(_) | Expr::Local(_) | Expr::Subject | Expr::Workflow(_) => {
                self.known(expr)
            }
            Expr::Field(base, name) => self.field(base, name),
            Expr::OptionalField(base, name) => self.optional_field(base, name),
            Expr::Record(_) | Expr::Variant(..) | Expr::List(_) => self.made(expr),
            Expr::Money(currency, amount) => self.money(*currency, amount),
            Expr::Checked(ty, value) => self.checked(ty, value),
            Expr::Unary(op, a) => self.unary(*op, a),
            Expr::Binary(op, a, b) => self.binary(*op, a, b),
            Expr::If(condition, then, other) => self.conditional(condition, then, other),
            Expr::Match(subject, arms) => self.choose(subject, arms),
            Expr::Is(value, pattern) => self.is(value, pattern),
            Expr::Call(function, arguments) => self.call(*function, arguments),
            Expr::Interpolate(parts) => self.interpolate(parts),
            Expr::Lambda { .. } => self.loose_lambda(),
            Expr::Apply(index, arguments) => self.function(*index, arguments),
        }
    }

    /// What is there without evaluating anything.
    #[inline(never)]
    fn known(&mut self, expr: &Expr) -> Result<Value, Fault> {
        match expr {
            Expr::Slot(slot) => self.slot(*slot),
            Expr::Local(index) => {
                let local = self.frame.locals.get(*index as usize).cloned();
                local.ok_or_else(|| Fault::ill_formed(format!("local {index} is not there")))
            }
            Expr::Workflow(field) => self.workflow(*field),
            Expr::Const(value) => Ok(value.clone()),
            _ => self.frame.subject.clone().ok_or_else(|| Fault::ill_formed("there is no subject")),
        }
    }

    #[inline(never)]
    fn made(&mut self, expr: &Expr) -> Result<Value, Fault> {
        limit::bounded(match expr {
            Expr::Record(fields) => Value::Record(self.fields(fields)?),
            Expr::Variant(name, fields) => Value::Variant(name.clone(), self.fields(fields)?),
            Expr::List(items) => Value::List(self.all(items)?.into()),
            _ => return Err(Fault::ill_formed("nothing is made here")),
        })
    }

    #[inline(never)]
    fn field(&mut self, base: &Expr, name: &str) -> Result<Value, Fault> {
        let base = self.eval(base)?;
        field(&base, name)
    }

    #[inline(never)]
    fn optional_field(&mut self, base: &Expr, name: &str) -> Result<Value, Fault> {
        let base = self.eval(base)?;
        if base == Value::None { Ok(base) } else { field(&base, name) }
    }

    #[inline(never)]
    fn money(&mut self, currency: Currency, amount: &Expr) -> Result<Value, Fault> {
        let amount = self.eval(amount)?;
        money(currency, &amount)
    }

    #[inline(never)]
    fn unary(&mut self, op: Unary, operand: &Expr) -> Result<Value, Fault> {
        let operand = self.alone(operand)?;
        arithmetic::unary(op, &operand)
    }

    #[inline(never)]
    fn is(&mut self, value: &Expr, pattern: &Pattern) -> Result<Value, Fault> {
        let value = self.eval(value)?;
        Ok(Value::Bool(self.bind(pattern, &value)))
    }

    #[inline(never)]
    fn call(&mut self, function: Builtin, arguments: &[Expr]) -> Result<Value, Fault> {
        let arguments = self.arguments(arguments)?;
        builtin::invoke(function, &arguments, self)
    }

    fn loose_lambda(&self) -> Result<Value, Fault> {
        Err(Fault::ill_formed("a lambda stands outside of a call"))
    }

    fn arguments<'e>(&mut self, arguments: &'e [Expr]) -> Result<Vec<Argument<'e>>, Fault> {
        arguments.iter().map(|argument| self.argument(argument)).collect()
    }

    fn argument<'e>(&mut self, argument: &'e Expr) -> Result<Argument<'e>, Fault> {
        match argument {
            Expr::Lambda { params, body } => Ok(Argument::Lambda(Lambda { params: *params, body })),
            value => self.alone(value).map(Argument::Value),
        }
    }

    #[inline(never)]
    fn function(&mut self, index: u32, arguments: &[Expr]) -> Result<Value, Fault> {
        let function = self.callee(index, arguments.len())?;
        let locals = self.all(arguments)?;
        self.check_arguments(function, &locals)?;
        self.within(Frame { locals, ..Frame::constant(self.frame.env.library) }, &function.body)
    }

    #[inline(never)]
    fn callee(&self, index: u32, arguments: usize) -> Result<&'a Function, Fault> {
        let function = self.frame.env.library.functions.get(index as usize);
        let function = function.ok_or_else(|| Fault::ill_formed(format!("function {index} is not there")))?;
        if function.params.len() == arguments {
            Ok(function)
        } else {
            Err(Fault::ill_formed(format!("{} is given other arguments", function.name)))
        }
    }

    #[inline(never)]
    fn check_arguments(&mut self, function: &Function, arguments: &[Value]) -> Result<(), Fault> {
        for (param, value) in function.params.iter().zip(arguments) {
            if let Some(rule) = param.rule.as_ref().filter(|_| *value != Value::None)
                && !self.fits(&rule.holds, value)?
            {
                let ty = format!("{} of {}", param.name, function.name);
                return Err(Fault::RuleBroken { ty, rule: rule.text.to_string() });
            }
        }
        Ok(())
    }

    fn all(&mut self, exprs: &[Expr]) -> Result<Vec<Value>, Fault> {
        exprs.iter().map(|expr| self.alone(expr)).collect()
    }

    /// Evaluates without letting its pattern bindings out.
    fn alone(&mut self, expr: &Expr) -> Result<Value, Fault> {
        let depth = self.frame.locals.len();
        let value = self.eval(expr);
        self.frame.locals.truncate(depth);
        value
    }

    fn slot(&self, slot: u32) -> Result<Value, Fault> {
        let value = self.frame.env.slots.get(slot as usize).cloned().flatten();
        value.ok_or_else(|| Fault::ill_formed(format!("slot {slot} has no value yet")))
    }

    fn workflow(&self, field: WorkflowField) -> Result<Value, Fault> {
        let facts = self.frame.env.facts.ok_or_else(|| Fault::ill_formed("there is no instance here"))?;
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

    #[inline(never)]
    fn checked(&mut self, ty: &Type, value: &Expr) -> Result<Value, Fault> {
        let value = self.alone(value)?;
        match self.broken(ty, &value)? {
            None => Ok(value),
            Some((ty, rule)) => Err(Fault::RuleBroken { ty, rule }),
        }
    }

    #[inline(never)]
    fn binary(&mut self, op: Binary, a: &Expr, b: &Expr) -> Result<Value, Fault> {
        match op {
            Binary::And | Binary::Or => self.logical(op == Binary::Or, a, b),
            Binary::Otherwise => self.otherwise(a, b),
            _ => self.operation(op, a, b),
        }
    }

    #[inline(never)]
    fn logical(&mut self, or: bool, a: &Expr, b: &Expr) -> Result<Value, Fault> {
        // What the left side's patterns bind is visible on the right, and behind a true `&&`.
        let decided = self.truth_of(a, or)? == or;
        Ok(Value::Bool(if decided { or } else { self.truth_of(b, or)? }))
    }

    fn truth_of(&mut self, expr: &Expr, alone: bool) -> Result<bool, Fault> {
        let value = if alone { self.alone(expr) } else { self.eval(expr) };
        truth(&value?)
    }

    #[inline(never)]
    fn otherwise(&mut self, a: &Expr, b: &Expr) -> Result<Value, Fault> {
        let value = self.alone(a)?;
        if value == Value::None { self.alone(b) } else { Ok(value) }
    }

    #[inline(never)]
    fn operation(&mut self, op: Binary, a: &Expr, b: &Expr) -> Result<Value, Fault> {
        let a = self.alone(a)?;
        let b = self.alone(b)?;
        self.spend(a.weight().saturating_add(b.weight()))?;
        arithmetic::binary(op, &a, &b)
    }

    #[inline(never)]
    fn conditional(&mut self, condition: &Expr, then: &Expr, other: &Expr) -> Result<Value, Fault> {
        let depth = self.frame.locals.len();
        let value = if truth(&self.eval(condition)?)? {
            self.eval(then)
        } else {
            self.frame.locals.truncate(depth);
            self.eval(other)
        };
        self.frame.locals.truncate(depth);
        value
    }

    #[inline(never)]
    fn choose(&mut self, subject: &Expr, arms: &[MatchArm]) -> Result<Value, Fault> {
        let subject = self.alone(subject)?;
        let depth = self.frame.locals.len();
        for arm in arms {
            if self.opens(arm, &subject)? {
                let value = self.eval(&arm.value);
                self.frame.locals.truncate(depth);
                return value;
            }
            self.frame.locals.truncate(depth);
        }
        Err(Fault::ill_formed("no arm of a match fits"))
    }

    #[inline(never)]
    fn opens(&mut self, arm: &MatchArm, subject: &Value) -> Result<bool, Fault> {
        self.spend(1)?;
        match &arm.guard {
            _ if !self.bind(&arm.pattern, subject) => Ok(false),
            Some(guard) => truth(&self.alone(guard)?),
            None => Ok(true),
        }
    }

    /// Binds a pattern's names as locals if the value fits; else leaves the locals as they were.
    fn bind(&mut self, pattern: &Pattern, value: &Value) -> bool {
        let depth = self.frame.locals.len();
        let locals = &mut self.frame.locals;
        let fits = pattern::bind(pattern, value, &mut |_, value| locals.push(value));
        if !fits {
            self.frame.locals.truncate(depth);
        }
        fits
    }

    #[inline(never)]
    fn interpolate(&mut self, parts: &[Part]) -> Result<Value, Fault> {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Text(piece) => text.push_str(piece),
                Part::Show(expr) => {
                    let value = self.alone(expr)?;
                    self.spend(value.weight())?;
                    text.push_str(&value.to_string());
                }
            }
            limit::text_of(text.len())?;
        }
        self.spend(text.len() as u64 / 16)?;
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
