//! Expressions, patterns and `match`.

use wfl_source::Span;

use crate::ast::name::{Name, Path};

/// An expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands, with surrounding parentheses.
    pub span: Span,
}

/// The forms of expressions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExprKind {
    /// The source lacks the expression, or it was reported as malformed.
    Missing,
    /// A whole number.
    Int(i64),
    /// An exact decimal: its digits as written, without `_`.
    Decimal(String),
    /// A duration in milliseconds.
    Duration(i64),
    /// `true`, `false`.
    Bool(bool),
    /// `none`.
    None,
    /// `unit`.
    Unit,
    /// A string, escapes resolved.
    Text(Vec<TextPart>),
    /// A name.
    Name(Name),
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `(a: 1, b: 2)`.
    Record(Arguments),
    /// `(a, b)`, to be matched by a pattern of the same form.
    Tuple(Vec<Expr>),
    /// `callee(arguments)`: a function, a constructor or a method.
    Call {
        /// What is called.
        callee: Box<Expr>,
        /// With what.
        arguments: Arguments,
    },
    /// `base.name` or `base?.name`.
    Member {
        /// The value.
        base: Box<Expr>,
        /// The field or method.
        name: Name,
        /// Whether the dot is `?.`.
        optional: bool,
    },
    /// `base[index]`.
    Index {
        /// The list or map.
        base: Box<Expr>,
        /// The position or key.
        index: Box<Expr>,
    },
    /// `x => body`, `(a, b) => body`.
    Lambda {
        /// The parameters.
        parameters: Vec<Name>,
        /// The body.
        body: Box<Expr>,
    },
    /// `if a then b else c`.
    If(Box<If>),
    /// `match x { … }` whose arms are all expressions.
    Match(Box<Match<Expr>>),
    /// `!a`, `-a`.
    Unary {
        /// The operator.
        op: UnaryOp,
        /// Its operand.
        operand: Box<Expr>,
    },
    /// `a + b` and so on.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Where the operator stands.
        op_span: Span,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// `value is pattern`.
    Is {
        /// The tested value.
        value: Box<Expr>,
        /// What it is tested for.
        pattern: Box<Pattern>,
    },
}

/// A piece of a string.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TextPart {
    /// Characters.
    Literal(String),
    /// `{expression}`.
    Interpolation(Expr),
}

/// `if condition then value else otherwise`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct If {
    /// The condition.
    pub condition: Expr,
    /// Value if it holds.
    pub then: Expr,
    /// Value if it does not.
    pub otherwise: Expr,
}

/// Arguments in parentheses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arguments {
    /// The arguments in order.
    pub list: Vec<Argument>,
    /// The parentheses and all between.
    pub span: Span,
}

/// One argument.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Argument {
    /// The name in front of `:`, if any.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
    /// Name and value.
    pub span: Span,
}

/// Operators with one operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// Operators with two operands, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum BinaryOp {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `in`
    In,
    /// `??`
    Default,
    /// `..`, both ends included
    Range,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

impl BinaryOp {
    /// The operator as written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Or => "||",
            BinaryOp::And => "&&",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessOrEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterOrEqual => ">=",
            BinaryOp::In => "in",
            BinaryOp::Default => "??",
            BinaryOp::Range => "..",
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
        }
    }
}

/// `match scrutinee { arms }`, with bodies of the given kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Match<Body> {
    /// The inspected value.
    pub scrutinee: Expr,
    /// The arms in order.
    pub arms: Vec<Arm<Body>>,
    /// The word `match`.
    pub keyword: Span,
    /// The whole.
    pub span: Span,
}

/// `pattern if guard -> body`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arm<Body> {
    /// What the value must look like.
    pub pattern: Pattern,
    /// What must hold besides.
    pub guard: Option<Expr>,
    /// What happens then.
    pub body: Body,
    /// The whole.
    pub span: Span,
}

/// A pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of patterns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PatternKind {
    /// Malformed; matches nothing and everything.
    Missing,
    /// `_`.
    Wildcard,
    /// A lower-case name: takes the value.
    Binding(Name),
    /// A constant.
    Literal(Box<Expr>),
    /// `Variant` or `Variant(fields)`.
    Variant {
        /// The variant, perhaps behind its enum.
        path: Path,
        /// Field patterns; `None` without parentheses.
        fields: Option<Vec<FieldPattern>>,
    },
    /// `(a, b)`.
    Tuple(Vec<Pattern>),
}

/// `field: pattern`; `field` alone binds the field under its own name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldPattern {
    /// The field; `None` if only a pattern is given, as in `Some(Declined(code))`.
    pub name: Option<Name>,
    /// Pattern for its value.
    pub pattern: Pattern,
}
