//! Facts: what the fold of an input says happened. They feed views, timelines and traces, and can be computed anew
//! from the log at any time.

use wfl_ir::{Duration, Fields, Name, PlanHash, Timestamp, Value};

use wfl_record::InstanceId;

use crate::call::{CallRef, Purpose};
use crate::ledger::Suspension;
use crate::strand::Ending;

/// Something that happened to an instance. Steps are named by their path; operations as `Service.operation`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The instance began.
    Started {
        /// The workflow's full name.
        workflow: Name,
        /// The version in its header.
        version: u32,
        /// What it executes.
        plan: PlanHash,
    },
    /// A step began; if its effect can be undone, the debt is recorded with this.
    StepStarted {
        /// The step.
        step: Name,
        /// What it calls.
        operation: String,
        /// True for the point of no return.
        pivot: bool,
    },
    /// An attempt ended without a result and another one follows.
    Retrying {
        /// The step.
        step: Name,
        /// For which purpose it calls.
        purpose: Purpose,
        /// The attempt that ended.
        attempt: u32,
        /// Why, for people.
        reason: String,
        /// The pause before the next attempt.
        pause: Duration,
    },
    /// The outcome of an attempt is not known; it is being asked for.
    Confirming {
        /// The step.
        step: Name,
        /// What it asks.
        operation: String,
        /// Why, for people.
        reason: String,
    },
    /// It was found out that a call with an unknown outcome had no effect.
    FoundAbsent {
        /// The step.
        step: Name,
    },
    /// A step ended with a result.
    StepSucceeded {
        /// The step.
        step: Name,
        /// The operation.
        operation: String,
        /// Its result. May be sensitive: show it by its type's labels only.
        value: Value,
        /// How many attempts it took.
        attempts: u32,
        /// True when the result was learnt by asking for it.
        confirmed: bool,
    },
    /// A step ended with an error.
    StepFailed {
        /// The step.
        step: Name,
        /// The error's name.
        error: Name,
        /// Its fields. May be sensitive.
        fields: Fields,
        /// True when a handler takes it from here.
        handled: bool,
    },
    /// A step, an undo or a node waits for a person.
    Suspended {
        /// The step.
        step: Name,
        /// Why.
        why: Suspension,
    },
    /// A suspended step is tried again.
    Resumed {
        /// The step.
        step: Name,
    },
    /// The point of no return was passed; the debts before it are committed.
    PivotPassed {
        /// The step.
        step: Name,
        /// How many debts were given up by this.
        committed: u32,
    },
    /// An event was published.
    Emitted {
        /// The event's name.
        event: Name,
        /// Its fields. May be sensitive.
        fields: Fields,
    },
    /// Undoing begins.
    CompensationStarted {
        /// The scope, by its path.
        scope: Name,
        /// How many effects are to be undone.
        debts: u32,
        /// What set it off, for people.
        reason: String,
    },
    /// An undo call began.
    UndoStarted {
        /// The step that is undone.
        step: Name,
        /// The undoing operation.
        operation: String,
    },
    /// A debt is settled.
    CompensationSettled {
        /// The step.
        step: Name,
        /// The undoing operation.
        operation: String,
        /// How.
        how: Settlement,
    },
    /// Undoing ended.
    CompensationEnded {
        /// The scope, by its path.
        scope: Name,
    },
    /// A deadline passed.
    DeadlinePassed {
        /// True when it only raises an alarm: undoing is under way already, or the point of no return is passed.
        alarm_only: bool,
    },
    /// Undoing takes longer than its deadline. It goes on.
    CompensationOverdue,
    /// An answer came for a call that needs none any more.
    Late {
        /// Which call.
        call: CallRef,
    },
    /// An input that the state does not take changed nothing.
    InputRejected {
        /// Why, for people.
        reason: String,
    },
    /// Branches begin.
    Forked {
        /// The `parallel`.
        step: Name,
        /// How many.
        branches: u32,
    },
    /// A join got what it needs.
    Joined {
        /// The `parallel`.
        step: Name,
        /// How many branches have ended well.
        ended: u32,
        /// How many are not needed any more.
        lost: u32,
    },
    /// A `foreach` begins.
    ItemsBegun {
        /// The `foreach`.
        step: Name,
        /// How many items there are.
        total: u32,
    },
    /// An item failed, and was undone.
    ItemFailed {
        /// The `foreach`.
        step: Name,
        /// Its position, from 0.
        item: u32,
        /// The error's name.
        error: Name,
    },
    /// A `foreach` ended well.
    ItemsEnded {
        /// The `foreach`.
        step: Name,
        /// How many items ended well.
        ended: u32,
        /// How many failed.
        failed: u32,
    },
    /// It begins later.
    Delayed {
        /// When.
        until: Timestamp,
    },
    /// So many of its kind run that it waits for its turn.
    Queued,
    /// It is its turn.
    TurnCame,
    /// A time or a message is waited for.
    Waiting {
        /// The node.
        step: Name,
        /// Until when, if that is known.
        until: Option<Timestamp>,
    },
    /// The time of a wait or of a child is up.
    TimeUp {
        /// The node.
        step: Name,
    },
    /// A message came, and is kept until it is taken.
    SignalReceived {
        /// The channel.
        channel: Name,
        /// The message.
        id: String,
    },
    /// A message was taken.
    SignalTaken {
        /// The node.
        step: Name,
        /// The channel.
        channel: Name,
        /// The message.
        id: String,
    },
    /// People are asked.
    Asked {
        /// The node.
        step: Name,
        /// The task.
        task: Name,
        /// Who may answer.
        roles: Vec<Name>,
        /// Until when, if that is limited.
        until: Option<Timestamp>,
    },
    /// A person answered.
    Answered {
        /// The node.
        step: Name,
        /// The task.
        task: Name,
        /// Who.
        person: Name,
    },
    /// Somebody is reminded.
    Reminded {
        /// The node.
        step: Name,
        /// The number of the reminder, from 1.
        number: u32,
    },
    /// Another role is asked too.
    Escalated {
        /// The node.
        step: Name,
        /// The role.
        role: Name,
    },
    /// A child is to be started.
    ChildAsked {
        /// The step.
        step: Name,
        /// The workflow.
        workflow: Name,
    },
    /// A child that is not waited for was started.
    ChildStarted {
        /// The step.
        step: Name,
        /// The child.
        child: InstanceId,
    },
    /// A child ended.
    ChildEnded {
        /// The step.
        step: Name,
        /// The child.
        child: InstanceId,
        /// How, in a word.
        outcome: &'static str,
    },
    /// Somebody wants the instance cancelled.
    CancelAsked {
        /// Why, for people.
        reason: String,
        /// Whether what was done stays.
        stop: bool,
    },
    /// Nothing new begins until it is resumed.
    Paused {
        /// Why, for people.
        reason: String,
    },
    /// It goes on after a pause.
    Unpaused,
    /// It is ended by force.
    Killed {
        /// Why, for people.
        reason: String,
        /// How many effects stay that would have been undone.
        owed: u32,
    },
    /// A suspended step begins anew with other arguments.
    Edited {
        /// The step.
        step: Name,
    },
    /// A person decided what is suspended.
    ByHand {
        /// The step.
        step: Name,
        /// `completed`, `failed`, `skipped` or `undone`.
        what: &'static str,
        /// Why, for people.
        reason: String,
    },
    /// It goes back to a step.
    Rewound {
        /// The step.
        step: Name,
        /// Why, for people.
        reason: String,
    },
    /// A step is not repeated: its result and its effect are kept.
    Kept {
        /// The step.
        step: Name,
    },
    /// The instance began a new life.
    Restarted {
        /// The node.
        step: Name,
        /// The epoch of the new life.
        epoch: u32,
    },
    /// A call that was taken to have had no effect had it: it is owed again.
    Reopened {
        /// The step.
        step: Name,
    },
    /// A call that was taken to have had no effect had it, and cannot be undone.
    LateEffect {
        /// The step.
        step: Name,
    },
    /// The instance ended.
    Ended {
        /// How.
        ending: Ending,
        /// When.
        at: Timestamp,
        /// How many effects were undone on the way.
        undone: u32,
    },
}

/// How a debt was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The effect was undone.
    Undone,
    /// There was no effect.
    Void,
    /// The effect stays.
    Committed,
    /// The effect stays although it should have been undone: a person decided so.
    Waived,
}
