//! Expressions: pure, total, without names. The evaluator bounds their cost by fuel.

use serde::{Deserialize, Serialize};

use crate::builtin::Builtin;
use crate::money::Currency;
use crate::name::Name;
use crate::types::Type;
use crate::value::Value;

/// An expression. Types were checked by the compiler; the evaluator answers an ill-typed one with a fault.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    /// A constant. Literals arrive here in the representation of their type (a literal of a refined type as its
    /// base's value, `EUR(12.50)` as money).
    Const(Value),
    /// A single-assignment slot of the instance: parameter, `let`, step result, handler's or arm's binding.
    Slot(u32),
    /// A local of the evaluation: in an operation's expressions, parameter i, and `result` as the one after the
    /// last parameter; in an expression, what enclosing `match` arms and lambdas bind (in order of binding).
    Local(u32),
    /// `value`, the subject of a `where` rule.
    Subject,
    /// A fact about the running instance.
    Workflow(WorkflowField),
    /// `base.name`. On money `amount` and `currency`.
    Field(Box<Expr>, Name),
    /// `base?.name`: `none` when the base is.
    OptionalField(Box<Expr>, Name),
    /// A record, named or anonymous, or the fields of one.
    Record(Vec<(Name, Expr)>),
    /// A variant of an enum with its fields.
    Variant(Name, Vec<(Name, Expr)>),
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `EUR(e)` of an expression that is not constant: a decimal becomes money; more places than the currency has
    /// are a fault.
    Money(Currency, Box<Expr>),
    /// `AccountId(e)`: the value, checked against the type's rules; a fault when they do not hold.
    Checked(Type, Box<Expr>),
    /// One operand.
    Unary(Unary, Box<Expr>),
    /// Two operands. `And`, `Or` and `Otherwise` evaluate the second only when needed.
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `if c then a else b`.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `match`. The compiler has proved that some arm fits.
    Match(Box<Expr>, Vec<MatchArm>),
    /// `e is Pattern`; names that the pattern binds are locals of what follows on the true side of `&&` and `if`.
    Is(Box<Expr>, Pattern),
    /// A function of the standard library. A method call has its receiver as the first argument.
    Call(Builtin, Vec<Expr>),
    /// `"text {e} text"`.
    Interpolate(Vec<Part>),
    /// `(a, b) => e`, only as an argument of a [`Expr::Call`]. The parameters are the next locals; the body sees
    /// all locals of the place where the lambda stands.
    Lambda {
        /// How many parameters.
        params: u32,
        /// The value.
        body: Box<Expr>,
    },
    /// A function of the program, [`crate::Plan::functions`], with all its arguments in order.
    Apply(u32, Vec<Expr>),
}

/// An arm of a `match` expression. Its pattern binds locals.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MatchArm {
    /// What must fit.
    pub pattern: Pattern,
    /// What must also be true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Expr>,
    /// The value.
    pub value: Expr,
}

/// A pattern. In a `match` expression it binds locals, appended in the order of the pattern's text; in a `match`
/// statement it binds slots, and the numbers say which.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// `_`.
    Any,
    /// A name: fits everything but an absent optional where [`Pattern::Present`] asks. The number is the slot, or
    /// the local's index.
    Bind(u32),
    /// A literal.
    Literal(Value),
    /// A variant, with patterns for some of its fields. An absent optional field is `none`.
    Variant(Name, Vec<(Name, Pattern)>),
    /// `(a, b)` against a list of the same length.
    Tuple(Vec<Pattern>),
    /// `none`.
    Absent,
    /// `Some(p)`: an optional that is there.
    Present(Box<Pattern>),
}

/// A part of an interpolated string.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Text.
    Text(Name),
    /// An expression, shown.
    Show(Expr),
}

/// What an expression may ask about the instance it runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowField {
    /// `workflow.key`: the value of the header's `key`. Inside `idempotent by` it is the instance id instead, so
    /// that two workflows keyed by one request id never share a key on the wire.
    Key,
    /// `workflow.id`: the instance id as text.
    Id,
    /// `workflow.started_at`.
    StartedAt,
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unary {
    /// `!`.
    Not,
    /// `-` on Int, Decimal, Money and Duration.
    Negate,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binary {
    /// `+`: Int, Decimal, Money of one currency, Duration, Timestamp + Duration. An Int meets a Decimal as one.
    Add,
    /// `-`: as `Add`; Timestamp − Timestamp is a Duration.
    Subtract,
    /// `*`: Int, Decimal; Money with a number (rounded half-even to the currency's places); Duration with an Int.
    Multiply,
    /// `/`: Int or Decimal by Int or Decimal gives a Decimal of up to 34 digits, rounded half-even. A fault when the
    /// divisor is zero, which the compiler has excluded.
    Divide,
    /// `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`: numbers, Money of one currency, Duration, Timestamp, Date, String.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `&&`.
    And,
    /// `||`.
    Or,
    /// `a ?? b`: `a` when it is there, else `b`.
    Otherwise,
    /// `x in xs` for a list, a set, or the keys of a map.
    In,
    /// `x in a..b`: the operand is a list of the two ends, both included.
    Within,
}
