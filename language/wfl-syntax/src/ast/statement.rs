//! Blocks and statements.

use wfl_source::Span;

use crate::ast::clause::{
    Approvals, Call, Escalate, ItemFailure, Join, Order, Rate, Remind, Run, Siblings, Timeouts,
};
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
    /// Runs branches side by side.
    Parallel(Parallel),
    /// Does something for each item of a list.
    Foreach(Foreach),
    /// Does something several times.
    Repeat(Repeat),
    /// Waits for a message or a decision.
    Await(Box<Await>),
    /// Waits for a time.
    Wait(Wait),
    /// Delays a cancellation.
    Shield(Shield),
    /// Publishes an event.
    Emit(Emit),
    /// Demands a condition.
    Ensure(Ensure),
    /// Leaves a block, or settles debts.
    Jump(Jump),
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
            Statement::Parallel(it) => it.span,
            Statement::Foreach(it) => it.span,
            Statement::Repeat(it) => it.span,
            Statement::Await(it) => it.span,
            Statement::Wait(it) => it.span,
            Statement::Shield(it) => it.span,
            Statement::Emit(it) => it.span,
            Statement::Ensure(it) => it.span,
            Statement::Jump(it) => it.span,
        }
    }
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
    Saga(Box<Saga>),
    /// An `if` whose blocks yield.
    If(Box<IfStatement>),
    /// A `match` with arms that are not all expressions.
    Match(Box<Match<ArmBody>>),
    /// Branches whose values are joined.
    Parallel(Box<Parallel>),
    /// A list of what each item yields.
    Foreach(Box<Foreach>),
    /// What the last round yields.
    Repeat(Box<Repeat>),
    /// The message or the decision.
    Await(Box<Await>),
}

impl Operand {
    /// Where the operand stands.
    pub fn span(&self) -> Span {
        match self {
            Operand::Expr(it) => it.span,
            Operand::Saga(it) => it.span,
            Operand::If(it) => it.span,
            Operand::Match(it) => it.span,
            Operand::Parallel(it) => it.span,
            Operand::Foreach(it) => it.span,
            Operand::Repeat(it) => it.span,
            Operand::Await(it) => it.span,
        }
    }
}

/// `pivot step name = call { options }`, `step name = run call detached { options }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The word `pivot`, if it stands there.
    pub pivot: Option<Span>,
    /// The name.
    pub name: StepName,
    /// How a workflow is started, if one is called.
    pub run: Option<Run>,
    /// The called operation or workflow.
    pub call: Call,
    /// Time limits of this step, which take the place of the operation's.
    pub timeouts: Timeouts,
    /// Retry policy of this step.
    pub retry: Option<Expr>,
    /// Longest silence of a worker.
    pub heartbeat: Option<Expr>,
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
    /// `restart(…)`: begins anew with other arguments.
    Restart(Arguments),
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

/// `saga name compensating … { body and handlers }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Saga {
    /// The name, if any.
    pub name: Option<Name>,
    /// `compensating parallel` or `compensating sequential`, if written.
    pub compensating: Option<Order>,
    /// The body.
    pub body: Block,
    /// What to do about errors of the whole, once its debts are settled.
    pub handlers: Vec<Handler>,
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

/// `parallel join … within … { branches and handlers }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parallel {
    /// When it is over; without it, when all branches are.
    pub join: Option<Join>,
    /// What a failed branch does to the others.
    pub on_failure: Option<Siblings>,
    /// How long the join may take.
    pub within: Option<Expr>,
    /// The branches in order.
    pub branches: Vec<Branch>,
    /// What to do about errors of the whole.
    pub handlers: Vec<Handler>,
    /// The word `parallel`.
    pub keyword: Span,
    /// The whole.
    pub span: Span,
}

/// `branch name { … }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branch {
    /// The name.
    pub name: Name,
    /// What it does.
    pub body: Block,
    /// The whole.
    pub span: Span,
}

/// `foreach item in list … { body and handlers }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Foreach {
    /// The name of the current item.
    pub item: Name,
    /// The items.
    pub list: Expr,
    /// `keyed by`: what tells the items apart.
    pub keyed: Option<Expr>,
    /// `limit n concurrent`.
    pub limit: Option<Expr>,
    /// `rate n per d`.
    pub rate: Option<Rate>,
    /// What failed items do to the whole.
    pub failure: Option<ItemFailure>,
    /// What is done for each item.
    pub body: Block,
    /// What to do about errors of the whole.
    pub handlers: Vec<Handler>,
    /// The word `foreach`.
    pub keyword: Span,
    /// The whole.
    pub span: Span,
}

/// `repeat up to n every d until condition { body }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repeat {
    /// The greatest number of rounds.
    pub times: Expr,
    /// The pause between rounds.
    pub every: Option<Expr>,
    /// Ends the rounds; `value` is what the round yielded.
    pub until: Option<Expr>,
    /// A round.
    pub body: Block,
    /// The word `repeat`.
    pub keyword: Span,
    /// The whole.
    pub span: Span,
}

/// `await signal name(Type) { options }` or `await human name(Type) { options }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Await {
    /// What is awaited.
    pub kind: AwaitKind,
    /// The channel or the task.
    pub name: Name,
    /// The type of the payload or the answer.
    pub ty: Option<TypeExpr>,
    /// `role`: who may answer.
    pub role: Option<Expr>,
    /// `approvals`: how many people must agree.
    pub approvals: Option<Approvals>,
    /// `title`: what the task is called.
    pub title: Option<Expr>,
    /// `show`: what the people see.
    pub show: Option<Expr>,
    /// `remind`: how they are reminded.
    pub remind: Option<Remind>,
    /// `escalate`: who is asked besides, in order.
    pub escalations: Vec<Escalate>,
    /// `timeout`.
    pub timeout: Option<AwaitTimeout>,
    /// `where`: which signals are meant.
    pub condition: Option<Expr>,
    /// What to do about errors.
    pub handlers: Vec<Handler>,
    /// The word `await`.
    pub keyword: Span,
    /// The whole.
    pub span: Span,
}

/// What an `await` waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AwaitKind {
    /// The source lacks it.
    Missing,
    /// A message on a channel.
    Signal,
    /// A person's decision.
    Human,
}

/// `timeout d -> action`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AwaitTimeout {
    /// How long is waited.
    pub after: Expr,
    /// What happens then; without it the await raises `Timeout`.
    pub action: Option<Action>,
    /// The whole.
    pub span: Span,
}

/// `wait d` or `wait until instant`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wait {
    /// Whether `time` is an instant.
    pub until: bool,
    /// How long, or until when.
    pub time: Expr,
    /// The whole.
    pub span: Span,
}

/// `shield { … }`: a cancellation waits for its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shield {
    /// What is shielded.
    pub body: Block,
    /// The word `shield`.
    pub keyword: Span,
    /// The whole.
    pub span: Span,
}
