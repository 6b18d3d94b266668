//! The typed form of a program: what the source means, with names resolved and types gone.
//!
//! Types and operations are numbered over the whole program. Expressions are those of the IR; a
//! [`wfl_ir::Type::Named`] in them is a number of [`Program::types`].

mod about;

use std::sync::Arc;

use wfl_ir::{
    Caught, Decimal, Duration, Expr, Field, Function, Label, Name, Operation, Pattern, Retry, Type, TypeDef,
};
use wfl_source::Span;

pub use self::about::{Invariant, Migration, Policy, PolicyRule};

/// Everything that was declared. What a later analysis finds unchanged is the same object as before.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Program {
    /// All named types, errors and events.
    pub types: Arc<Vec<TypeDef>>,
    /// All operations; `raises`, `undo` and `confirm` are numbers of this program.
    pub operations: Arc<Vec<Operation>>,
    /// What each operation touches and how it is labelled, in the order of `operations`.
    pub touches: Arc<Vec<Touches>>,
    /// All functions; [`Expr::Apply`] numbers them.
    pub functions: Arc<Vec<Function>>,
    /// All workflows.
    pub workflows: Vec<Arc<Workflow>>,
    /// Sensitive data that may be seen after all.
    pub declassified: Vec<Declassified>,
    /// Sensitive data of which only a part is seen.
    pub redacted: Vec<Redacted>,
    /// All migrations.
    pub migrations: Vec<Migration>,
    /// All policies.
    pub policies: Vec<Policy>,
    /// All invariants.
    pub invariants: Vec<Invariant>,
}

/// `declassify(value, because: "…")`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Declassified {
    /// The label that the value had.
    pub label: &'static str,
    /// The reason as written.
    pub reason: String,
    /// The whole in the source.
    pub span: Span,
}

/// A call of a function whose result carries no label of what it takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Redacted {
    /// The label that the value had.
    pub label: Label,
    /// The function.
    pub function: Name,
    /// The whole in the source.
    pub span: Span,
}

impl Program {
    /// The workflows that a workflow starts.
    pub fn starts(&self, workflow: u32) -> Vec<u32> {
        let mut found = Vec::new();
        let body = self.workflows.get(workflow as usize).map(|workflow| &workflow.body);
        body.into_iter().for_each(|body| {
            each_statement(body, &mut |statement| {
                if let Statement::Run(run) = statement {
                    found.push(run.workflow);
                }
            });
        });
        found
    }
}

/// Calls `on` for each statement of a block, and of the blocks inside of it.
pub fn each_statement(block: &Block, on: &mut dyn FnMut(&Statement)) {
    for statement in block {
        on(statement);
        match statement {
            Statement::Choice(choice) => choice.arms.iter().for_each(|arm| each_statement(&arm.body, on)),
            Statement::Parallel(parallel) => {
                parallel.branches.iter().for_each(|branch| each_statement(&branch.body, on));
            }
            Statement::Saga(Saga { body, .. }) | Statement::Shield(body) => each_statement(body, on),
            Statement::Foreach(foreach) => each_statement(&foreach.body, on),
            Statement::Repeat(repeat) => each_statement(&repeat.body, on),
            Statement::Await(awaited) => {
                let late = awaited.timeout.as_ref().and_then(|(_, late)| late.as_ref());
                late.into_iter().for_each(|late| each_statement(late, on));
            }
            Statement::Ensure { otherwise: Some(block), .. } => each_statement(block, on),
            _ => {}
        }
        statement.handlers().iter().for_each(|handler| each_statement(&handler.body, on));
    }
}

/// What an operation touches, over its parameters.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Touches {
    /// `@label("…")`.
    pub labels: Vec<String>,
    /// Keys of what it reads.
    pub reads: Vec<Expr>,
    /// Keys of what it writes.
    pub writes: Vec<Expr>,
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
    /// What instances can be searched by, over the parameters.
    pub attributes: Vec<(Name, Type, Expr)>,
    /// How many instances run at once, and what those have in common that count together.
    pub limit: Option<(u32, Option<Expr>)>,
    /// `priority`, over the parameters.
    pub priority: Option<Expr>,
    /// The channels on which it takes messages, with the type and the label of what they carry.
    pub channels: Vec<(Name, Type, Label)>,
    /// The decisions that it asks people for, with the type of their answers.
    pub tasks: Vec<(Name, Type)>,
    /// How many slots its body uses.
    pub slots: u32,
    /// The body.
    pub body: Block,
    /// The name in the source.
    pub span: Span,
    /// The whole in the source.
    pub whole: Span,
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
    /// Starts another workflow.
    Run(Box<Run>),
    /// A compensation scope.
    Saga(Saga),
    /// Branches side by side.
    Parallel(Box<Parallel>),
    /// Something for each item of a list.
    Foreach(Box<Foreach>),
    /// Something several times.
    Repeat(Box<Repeat>),
    /// A message or a decision.
    Await(Box<Await>),
    /// `wait`.
    Wait {
        /// Whether `time` is an instant.
        until: bool,
        /// How long, or until when.
        time: Expr,
        /// The statement in the source.
        span: Span,
    },
    /// `shield`.
    Shield(Block),
    /// `restart`.
    Restart {
        /// The new arguments.
        args: Vec<(Name, Expr)>,
        /// The statement in the source.
        span: Span,
    },
    /// An event.
    Emit {
        /// Which.
        event: u32,
        /// Its fields.
        fields: Vec<(Name, Expr)>,
        /// The statement in the source.
        span: Span,
    },
    /// A condition that must hold.
    Ensure {
        /// The condition.
        condition: Expr,
        /// As written.
        text: Name,
        /// What happens otherwise; nothing written: an incident.
        otherwise: Option<Block>,
        /// The statement in the source.
        span: Span,
    },
    /// `rollback`.
    Rollback(Span),
    /// `commit`.
    Commit(Span),
    /// `return`.
    Return {
        /// The result.
        value: Expr,
        /// The statement in the source.
        span: Span,
    },
    /// `fail`.
    Fail {
        /// Which error.
        error: u32,
        /// Its fields.
        fields: Vec<(Name, Expr)>,
        /// The statement in the source.
        span: Span,
    },
    /// `yield` and `use`: leaves a construct, perhaps with a value for its slot.
    Leave {
        /// The construct.
        target: Target,
        /// Slot and value.
        set: Option<(u32, Expr)>,
        /// By which word.
        by: Leaving,
        /// The statement in the source.
        span: Span,
    },
}

/// The word that leaves a construct.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leaving {
    /// `yield`: the construct has ended well.
    Yield,
    /// `use`: what failed has a value all the same.
    Use,
}

impl Statement {
    /// The handlers of the statement.
    pub fn handlers(&self) -> &[Handler] {
        match self {
            Statement::Step(step) => &step.handlers,
            Statement::Run(run) => &run.handlers,
            Statement::Saga(saga) => &saga.handlers,
            Statement::Parallel(parallel) => &parallel.handlers,
            Statement::Foreach(foreach) => &foreach.handlers,
            Statement::Await(awaited) => &awaited.handlers,
            _ => &[],
        }
    }
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
    /// The word that makes it the point of no return.
    pub pivot: Option<Span>,
    /// Own attempt timeout.
    pub timeout: Option<Duration>,
    /// Own total time.
    pub total: Option<Duration>,
    /// Own limit of the time until a worker begins.
    pub queue: Option<Duration>,
    /// Own limit of a worker's silence.
    pub heartbeat: Option<Duration>,
    /// Own retries.
    pub retry: Option<Retry>,
    /// What happens on errors.
    pub handlers: Vec<Handler>,
    /// The step in the source.
    pub span: Span,
    /// Its name in the source.
    pub name_span: Span,
    /// What is called, in the source.
    pub call_span: Span,
}

/// A handler of a step or construct.
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
    /// What is looked at, in the source.
    pub span: Span,
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
    /// What tells it from the others, in the source: its pattern, or the condition of the `if`.
    pub span: Span,
}

/// A saga.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Saga {
    /// Its name, if it has one.
    pub name: Option<Name>,
    /// Where `yield` leads to.
    pub target: Target,
    /// Whether its debts are settled all at once.
    pub parallel_undo: bool,
    /// The body.
    pub body: Block,
    /// What happens on errors of the body, once its debts are settled.
    pub handlers: Vec<Handler>,
    /// Its keyword in the source.
    pub span: Span,
}

/// A started workflow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// The step's name, unique in its scope.
    pub name: Name,
    /// Where `use` leads to.
    pub target: Target,
    /// The workflow: a number of [`Program::workflows`].
    pub workflow: u32,
    /// The arguments.
    pub args: Vec<(Name, Expr)>,
    /// Where the result goes.
    pub slot: u32,
    /// Whether nothing is waited for.
    pub detached: bool,
    /// The word that says that the child holds the point of no return.
    pub pivot: Option<Span>,
    /// What a cancellation does to the child.
    pub when_cancelled: ParentCancel,
    /// How long the child may take.
    pub timeout: Option<Duration>,
    /// What happens on errors.
    pub handlers: Vec<Handler>,
    /// The step in the source.
    pub span: Span,
    /// Its name in the source.
    pub name_span: Span,
    /// What is called, in the source.
    pub call_span: Span,
}

/// What the cancellation of a workflow does to a child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParentCancel {
    /// Cancels it too.
    Cancel,
    /// Waits for it.
    Await,
    /// Lets it go.
    Abandon,
}

/// Branches side by side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parallel {
    /// Its name, unique in its scope.
    pub name: Name,
    /// Where handlers lead to that give a value.
    pub target: Target,
    /// When it is over.
    pub join: Join,
    /// Whether the other branches run to their end when one fails.
    pub finish: bool,
    /// How long the join may take.
    pub within: Option<Expr>,
    /// The branches in order.
    pub branches: Vec<Branch>,
    /// Where the value goes.
    pub slot: u32,
    /// What happens on errors of the whole.
    pub handlers: Vec<Handler>,
    /// The word `parallel`.
    pub span: Span,
}

/// When a parallel is over, and what its value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Join {
    /// All branches: a record with one field per branch.
    All,
    /// The first branch: its value.
    Any,
    /// So many branches: a list of their values, in the order of the branches.
    Quorum(u32),
}

/// A branch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branch {
    /// Its name.
    pub name: Name,
    /// Where `yield` leads to.
    pub target: Target,
    /// Where its value goes.
    pub slot: u32,
    /// What it does.
    pub body: Block,
}

/// Something for each item of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Foreach {
    /// Its name, unique in its scope.
    pub name: Name,
    /// Where handlers lead to that give a value.
    pub target: Target,
    /// The items.
    pub list: Expr,
    /// The slot of the current item.
    pub item: u32,
    /// What tells items apart, over the item's slot.
    pub key: Option<Expr>,
    /// How many items run at once; none for the project's default.
    pub limit: Option<u32>,
    /// How many items may start in how long a time.
    pub rate: Option<(u32, Duration)>,
    /// The share of items that may fail, in per cent; none: the first failure ends it.
    pub tolerated: Option<Decimal>,
    /// Where `yield` leads to.
    pub body_target: Target,
    /// Where the value of an item goes.
    pub body_slot: u32,
    /// What is done for an item.
    pub body: Block,
    /// The slots that each item has for itself.
    pub frame: std::ops::Range<u32>,
    /// Where the value of the whole goes.
    pub slot: u32,
    /// What happens on errors of the whole.
    pub handlers: Vec<Handler>,
    /// The word `foreach`.
    pub span: Span,
}

/// Something several times.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repeat {
    /// Its name, unique in its scope.
    pub name: Name,
    /// The greatest number of rounds.
    pub times: u32,
    /// The pause between rounds.
    pub every: Option<Expr>,
    /// Ends the rounds, over the slot of a round's value.
    pub until: Option<Expr>,
    /// The slot of the number of the round.
    pub round: u32,
    /// Where `yield` leads to.
    pub target: Target,
    /// Where the value of a round, in the end that of the whole, goes.
    pub slot: u32,
    /// A round.
    pub body: Block,
    /// The slots that each round fills anew.
    pub frame: std::ops::Range<u32>,
    /// The word `repeat`.
    pub span: Span,
}

/// A message or a decision that is waited for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Await {
    /// Its name, unique in its scope.
    pub name: Name,
    /// Where `use` leads to.
    pub target: Target,
    /// What is waited for.
    pub kind: AwaitKind,
    /// The type of the message or answer.
    pub ty: Type,
    /// Where it goes.
    pub slot: u32,
    /// The pause between reminders, and the operation that carries one, with its arguments.
    pub remind: Option<(Expr, Option<Reminder>)>,
    /// How long is waited, and what happens then; without that it raises `Timeout`.
    pub timeout: Option<(Expr, Option<Block>)>,
    /// What happens on errors.
    pub handlers: Vec<Handler>,
    /// The word `await`.
    pub span: Span,
}

/// The call that reminds somebody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reminder {
    /// The operation.
    pub operation: u32,
    /// The arguments.
    pub args: Vec<(Name, Expr)>,
}

/// What an `await` waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AwaitKind {
    /// A message on a channel.
    Signal {
        /// The channel.
        channel: Name,
        /// Which messages are meant; the message is local 0.
        condition: Option<Expr>,
    },
    /// A person's decision.
    Human(Box<Task>),
}

/// What people are asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Task {
    /// Its name.
    pub name: Name,
    /// Who may answer.
    pub role: Expr,
    /// How many equal answers decide.
    pub approvals: u32,
    /// How many answers are taken at most.
    pub most: u32,
    /// What it is called.
    pub title: Option<Expr>,
    /// What the people see, with its type.
    pub show: Option<(Expr, Type)>,
    /// How sensitive the title is.
    pub title_label: Label,
    /// How sensitive the fields of what they see are.
    pub show_labels: Vec<(Name, Label)>,
    /// After how long whose role is asked besides.
    pub escalations: Vec<(Expr, Expr)>,
}
