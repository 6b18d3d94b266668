//! The parts of statements and items that hold no statements themselves.

use wfl_source::Span;

use crate::ast::expr::{Arguments, Expr};
use crate::ast::name::Path;

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

/// `timeout d`, `timeout queue d` and `timeout total d`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Timeouts {
    /// Limit of one attempt.
    pub attempt: Option<Expr>,
    /// Limit of the time until a worker begins.
    pub queue: Option<Expr>,
    /// Limit of all attempts together.
    pub total: Option<Expr>,
}

/// `run … detached`, and what becomes of the child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    /// The word `run`.
    pub keyword: Span,
    /// The word `detached`, if it stands there.
    pub detached: Option<Span>,
    /// `when cancelled …`.
    pub when_cancelled: Option<ParentCancel>,
}

/// What the cancellation of a workflow does to a child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParentCancel {
    /// Cancels it too.
    Cancel,
    /// Lets it run and waits for it.
    Await,
    /// Lets it run alone.
    Abandon,
}

/// In which order debts are settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// The last first.
    Sequential,
    /// All at once.
    Parallel,
}

/// `join …`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Join {
    /// Which.
    pub kind: JoinKind,
    /// The whole.
    pub span: Span,
}

/// The forms of joins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JoinKind {
    /// The source lacks it.
    Missing,
    /// `all`.
    All,
    /// `any`.
    Any,
    /// `needed of count`.
    Quorum {
        /// How many must succeed.
        needed: Expr,
        /// How many branches there are.
        count: Expr,
    },
}

/// `on failure cancel` or `on failure finish`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Siblings {
    /// Whether the other branches run to their end.
    pub finish: bool,
    /// The whole.
    pub span: Span,
}

/// `rate count per window`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rate {
    /// How many items may start.
    pub count: Expr,
    /// In how long a time.
    pub window: Expr,
    /// The whole.
    pub span: Span,
}

/// What failed items do to the whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemFailure {
    /// `tolerate p%`; `None` for `stop on first error`.
    pub tolerated_percent: Option<Expr>,
    /// The whole.
    pub span: Span,
}

/// `approvals needed of most distinct`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Approvals {
    /// How many equal answers decide.
    pub needed: Expr,
    /// How many answers are taken at most.
    pub most: Option<Expr>,
    /// The whole.
    pub span: Span,
}

/// `remind every d using call`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remind {
    /// The pause between reminders.
    pub every: Expr,
    /// The operation that carries one.
    pub using: Option<Call>,
    /// The whole.
    pub span: Span,
}

/// `escalate after d to role`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Escalate {
    /// After how long.
    pub after: Expr,
    /// To whom.
    pub to: Expr,
    /// The whole.
    pub span: Span,
}
