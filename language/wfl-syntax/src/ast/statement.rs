//! Blocks and statements.

use wfl_source::Span;

use crate::ast::expr::{Arguments, Expr, Match};
use crate::ast::name::{Name, Path, TypeExpr};

/// `{ statements }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// The statements in order.
    pub statements: Vec<Statement>,
    /// The braces and all between.
    pub span: Span,
}

/// A statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Statement {
    /// Names a value.
    Let(Let),
    /// Calls an operation.
    Step(Step),
    /// Chooses by a condition.
    If(IfStatement),
    /// Chooses by the form of a value.
    Match(Match<ArmBody>),
    /// A compensation scope.
    Saga(Saga),
    /// Publishes an event.
    Emit(Emit),
    /// Demands a condition.
    Ensure(Ensure),
    /// Leaves a block, or settles debts.
    Jump(Jump),
    /// A construct of the language that this version does not know; already reported.
    Unsupported(Unsupported),
}

impl Statement {
    /// Where the statement stands.
    pub fn span(&self) -> Span {
        match self {
            Statement::Let(it) => it.span,
            Statement::Step(it) => it.span,
            Statement::If(it) => it.span,
            Statement::Match(it) => it.span,
            Statement::Saga(it) => it.span,
            Statement::Emit(it) => it.span,
            Statement::Ensure(it) => it.span,
            Statement::Jump(it) => it.span,
            Statement::Unsupported(it) => it.span,
        }
    }
}

/// A construct that this version does not support.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unsupported {
    /// Its keyword.
    pub word: String,
    /// The whole.
    pub span: Span,
}

/// `let name: type = value`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Let {
    /// The name.
    pub name: Name,
    /// The type, if written.
    pub annotation: Option<TypeExpr>,
    /// The value.
    pub value: Operand,
    /// The whole.
    pub span: Span,
}

/// What may stand where a statement takes a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operand {
    /// An expression.
    Expr(Expr),
    /// A saga that yields.
    Saga(Saga),
    /// An `if` whose blocks yield.
    If(Box<IfStatement>),
    /// A `match` with arms that are not all expressions.
    Match(Box<Match<ArmBody>>),
    /// Already reported.
    Unsupported(Unsupported),
}

impl Operand {
    /// Where the operand stands.
    pub fn span(&self) -> Span {
        match self {
            Operand::Expr(it) => it.span,
            Operand::Saga(it) => it.span,
            Operand::If(it) => it.span,
            Operand::Match(it) => it.span,
            Operand::Unsupported(it) => it.span,
        }
    }
}

/// `pivot step name = call { options }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The word `pivot`, if it stands there.
    pub pivot: Option<Span>,
    /// The name.
    pub name: StepName,
    /// The called operation.
    pub call: Call,
    /// Time limits of this step, which take the place of the operation's.
    pub timeouts: Timeouts,
    /// Retry policy of this step.
    pub retry: Option<Expr>,
    /// What to do about errors.
    pub handlers: Vec<Handler>,
    /// The whole.
    pub span: Span,
}

/// How a step is called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StepName {
    /// By a name.
    Named(Name),
    /// `_`: after its operation; the result is not used.
    Anonymous(Span),
}

/// `path(arguments)` as a statement needs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// What is called; missing if the source lacks the call or it is not supported.
    pub path: Path,
    /// With what.
    pub arguments: Arguments,
    /// The whole.
    pub span: Span,
}

/// `timeout d` and `timeout total d`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Timeouts {
    /// Limit of one attempt.
    pub attempt: Option<Expr>,
    /// Limit of all attempts together.
    pub total: Option<Expr>,
}

/// `on Error as binding -> action`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Handler {
    /// The error.
    pub error: Path,
    /// Name for the error's fields.
    pub binding: Option<Name>,
    /// What to do.
    pub action: Action,
    /// The whole.
    pub span: Span,
}

/// What a handler, or `ensure … else`, does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Runs statements.
    Block(Block),
    /// Leaves at once.
    Jump(Jump),
    /// The source lacks it.
    Missing(Span),
}

/// A statement that leaves, or settles debts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Jump {
    /// Which.
    pub kind: JumpKind,
    /// The whole.
    pub span: Span,
}

/// The forms of jumps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JumpKind {
    /// `use value`: the failed step's value is this.
    Use(Expr),
    /// `return value`: the workflow ends well.
    Return(Option<Operand>),
    /// `fail Error(…)`: the workflow ends with an error.
    Fail(Expr),
    /// `yield value`: the nearest block with a value ends.
    Yield(Option<Operand>),
    /// `rollback`: undo the nearest scope now.
    Rollback,
    /// `commit`: nothing before this is undone any more.
    Commit,
}

/// What an arm of a statement does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ArmBody {
    /// Gives a value.
    Expr(Expr),
    /// Runs statements.
    Block(Block),
    /// Leaves.
    Jump(Jump),
}

/// `if condition { … } else …`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IfStatement {
    /// The condition.
    pub condition: Expr,
    /// Runs if it holds.
    pub then: Block,
    /// Runs if it does not.
    pub otherwise: Option<Else>,
    /// The word `if`.
    pub keyword: Span,
    /// The whole.
    pub span: Span,
}

/// What follows `else`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Else {
    /// A block.
    Block(Block),
    /// Another `if`.
    If(Box<IfStatement>),
}

/// `saga name { … }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Saga {
    /// The name, if any.
    pub name: Option<Name>,
    /// The body.
    pub body: Block,
    /// The word `saga`.
    pub keyword: Span,
    /// The whole.
    pub span: Span,
}

/// `emit Event(…)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Emit {
    /// The event and its fields.
    pub event: Call,
    /// The whole.
    pub span: Span,
}

/// `ensure condition else action`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ensure {
    /// What must hold.
    pub condition: Expr,
    /// What happens if it does not; without it the instance stops with an incident.
    pub otherwise: Option<Action>,
    /// The whole.
    pub span: Span,
}
