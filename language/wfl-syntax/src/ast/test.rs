//! Tests written in the language.

use wfl_source::Span;

use crate::ast::clause::Call;
use crate::ast::expr::{BinaryOp, Expr};
use crate::ast::name::Name;

/// `test "title" for Workflow { … }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Test {
    /// The title.
    pub title: String,
    /// Where the title stands.
    pub title_span: Span,
    /// The workflow.
    pub workflow: Name,
    /// The statements in order.
    pub statements: Vec<TestStatement>,
}

/// One statement of a test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestStatement {
    /// Which.
    pub kind: TestStatementKind,
    /// The whole.
    pub span: Span,
}

/// The forms of test statements.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TestStatementKind {
    /// `given name = value`: an argument of the workflow.
    Given {
        /// The parameter.
        name: Name,
        /// Its value.
        value: Expr,
    },
    /// `mock glob when … after … -> response`.
    Mock {
        /// Whether child workflows are meant.
        run: bool,
        /// Which operations.
        target: Glob,
        /// Only for calls for which this holds.
        when: Option<Expr>,
        /// The answer comes after this long.
        after: Option<Expr>,
        /// The answer.
        response: Response,
    },
    /// `at delay event`.
    At {
        /// Virtual time since the start.
        delay: Expr,
        /// What happens then.
        event: AtEvent,
    },
    /// `expect …`.
    Expect(Expectation),
}

/// `Service.operation`, `Service.*`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glob {
    /// The names in order; `*` for any.
    pub segments: Vec<Name>,
    /// The whole.
    pub span: Span,
}

/// What a mock answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Response {
    /// A value.
    Value(Expr),
    /// `raise Error(…)`.
    Raise(Expr),
    /// `hang`: no answer.
    Hang,
    /// `lost value`: it happened, but the answer is lost.
    Lost(Expr),
    /// `sequence […]`: one answer after the other.
    Sequence(Vec<Response>),
}

/// What happens at a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AtEvent {
    /// The source lacks it.
    Missing,
    /// An expectation is checked.
    Expect(Expectation),
    /// `signal channel(payload)`.
    Signal(Call),
    /// `answer Task(value) by "person"`.
    Answer {
        /// The task and the answer.
        call: Call,
        /// Who answers.
        by: String,
    },
    /// The worker dies and comes back.
    Crash,
    /// The workflow is cancelled.
    Cancel,
}

/// An operator and its right side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comparison {
    /// The operator; `None` if it does not compare.
    pub op: Option<BinaryOp>,
    /// The right side.
    pub value: Expr,
}

/// What a test expects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expectation {
    /// `returns value`.
    Returns(Expr),
    /// `fails Error(…)`.
    Fails(Expr),
    /// `compensated [operations]`, in order.
    Compensated(Expr),
    /// `golden "name"`.
    Golden(String),
    /// `never operation`.
    Never(Glob),
    /// `cancelled operation`.
    Cancelled(Glob),
    /// `called operation times n`.
    Called {
        /// Whether child workflows are meant.
        run: bool,
        /// Which operations.
        target: Glob,
        /// How often.
        times: Option<Expr>,
    },
    /// `escalated Task to role`.
    Escalated {
        /// The task.
        target: Glob,
        /// The role.
        to: Option<Expr>,
    },
    /// `max_concurrent operation <= n`.
    MaxConcurrent {
        /// Whether child workflows are meant.
        run: bool,
        /// Which operations.
        target: Glob,
        /// The bound.
        bound: Comparison,
    },
    /// `elapsed <= duration`, in virtual time.
    Elapsed(Comparison),
    /// `emitted Event(…)`.
    Emitted(Call),
    /// Any condition.
    Holds(Expr),
}
