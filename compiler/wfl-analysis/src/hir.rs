//! The typed form of a program: what the source means, with names resolved and types gone.
//!
//! Types and operations are numbered over the whole program. Expressions are those of the IR; a
//! [`wfl_ir::Type::Named`] in them is a number of [`Program::types`].

use wfl_ir::{Caught, Duration, Expr, Field, Name, Operation, Pattern, Retry, Type, TypeDef};
use wfl_source::Span;

/// Everything that was declared.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Program {
    /// All named types, errors and events.
    pub types: Vec<TypeDef>,
    /// All operations; `raises`, `undo` and `confirm` are numbers of this program.
    pub operations: Vec<Operation>,
    /// All workflows.
    pub workflows: Vec<Workflow>,
}

/// A workflow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Workflow {
    /// Module path and name.
    pub name: Name,
    /// The name alone.
    pub short_name: Name,
    /// Documentation, without its slashes.
    pub docs: String,
    /// The team behind `@owner`.
    pub owner: Option<String>,
    /// `version`.
    pub version: u32,
    /// The parameters; parameter i is slot i.
    pub params: Vec<Field>,
    /// The type of the result.
    pub result: Type,
    /// The errors that it may fail with.
    pub raises: Vec<u32>,
    /// The business key.
    pub key: Expr,
    /// `deadline`.
    pub deadline: Option<Duration>,
    /// `compensation deadline`.
    pub compensation_deadline: Option<Duration>,
    /// How many slots its body uses.
    pub slots: u32,
    /// The body.
    pub body: Block,
    /// The name in the source.
    pub span: Span,
}

/// Statements in order.
pub type Block = Vec<Statement>;

/// Number of a construct that can be left by `yield` or `use`, within a workflow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Target(pub u32);

/// A statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Statement {
    /// A slot gets a value.
    Let {
        /// The slot.
        slot: u32,
        /// The value.
        value: Expr,
    },
    /// A durable call.
    Step(Box<Step>),
    /// `if` and `match`.
    Choice(Choice),
    /// A compensation scope.
    Saga(Saga),
    /// An event.
    Emit {
        /// Which.
        event: u32,
        /// Its fields.
        fields: Vec<(Name, Expr)>,
    },
    /// A condition that must hold.
    Ensure {
        /// The condition.
        condition: Expr,
        /// As written.
        text: Name,
        /// What happens otherwise; nothing written: an incident.
        otherwise: Option<Block>,
    },
    /// `rollback`.
    Rollback,
    /// `commit`.
    Commit,
    /// `return`.
    Return(Expr),
    /// `fail`.
    Fail {
        /// Which error.
        error: u32,
        /// Its fields.
        fields: Vec<(Name, Expr)>,
    },
    /// `yield` and `use`: leaves a construct, perhaps with a value for its slot.
    Leave {
        /// The construct.
        target: Target,
        /// Slot and value.
        set: Option<(u32, Expr)>,
    },
}

/// A step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Its name, unique in its scope.
    pub name: Name,
    /// Where `use` leads to.
    pub target: Target,
    /// The operation.
    pub operation: u32,
    /// The arguments.
    pub args: Vec<(Name, Expr)>,
    /// Where the result goes; the lowering drops it when nothing reads it.
    pub slot: u32,
    /// Whether it is the point of no return.
    pub pivot: bool,
    /// Own attempt timeout.
    pub timeout: Option<Duration>,
    /// Own total time.
    pub total: Option<Duration>,
    /// Own retries.
    pub retry: Option<Retry>,
    /// What happens on errors.
    pub handlers: Vec<Handler>,
    /// The step in the source.
    pub span: Span,
}

/// A handler of a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Handler {
    /// What it catches.
    pub on: Caught,
    /// The slot that gets the error's fields.
    pub bind: Option<u32>,
    /// What it does.
    pub body: Block,
}

/// A choice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// The construct that its arms leave by `yield`, if it gives a value.
    pub target: Option<Target>,
    /// What is looked at.
    pub subject: Expr,
    /// The arms; one of them fits.
    pub arms: Vec<Arm>,
}

/// An arm of a choice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arm {
    /// What must fit; binds slots.
    pub pattern: Pattern,
    /// What must hold besides.
    pub guard: Option<Expr>,
    /// What happens.
    pub body: Block,
}

/// A saga.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Saga {
    /// Its name, if it has one.
    pub name: Option<Name>,
    /// Where `yield` leads to.
    pub target: Target,
    /// The body.
    pub body: Block,
}
