//! How long a node takes by itself: all attempts of a call with the pauses between them, a wait, a child.

use wfl_ir::flow::{AwaitKind, SubWorkflow};
use wfl_ir::{Binary, Call, Duration, Effect, Expr, NodeKind, Operation, Retry, Value};

use crate::bounds::{Bounds, Open, Worst, sum, times};
use crate::sources::Sources;
use crate::subject::Subject;

/// How a call is tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Attempts {
    /// The time of one, with finding out what became of it.
    pub(crate) each: Duration,
    /// How many there are; none without a limit.
    pub(crate) count: Option<u64>,
    /// All pauses between them.
    pub(crate) pauses: Duration,
    /// After which time no other begins.
    pub(crate) total: Option<Duration>,
    /// The first pause, and the longest.
    pub(crate) growing: (Duration, Duration),
}

impl Attempts {
    pub(crate) fn of(subject: &Subject<'_>, node: u32) -> Option<Attempts> {
        let operation = subject.operation(node)?;
        let NodeKind::Call(call) = &subject.node(node).kind else { return None };
        let retry = if operation.at_most_once { Retry::Never } else { subject.retry(node) };
        let each = sum(attempt(operation, Some(call)), asking(subject, operation));
        let total = match retry {
            Retry::Forever { .. } => None,
            _ => call.total.or(operation.total),
        };
        let none = (Duration(0), Duration(0));
        let (count, pauses, growing) = match retry {
            Retry::Never => (Some(1), Duration(0), none),
            Retry::Forever { .. } => (None, Duration(0), none),
            Retry::Exponential { initial, cap, attempts } => {
                let all = attempts.map_or(Duration(0), |count| pauses(initial, cap, count.saturating_sub(1)));
                (attempts.map(|count| u64::from(count.max(1))), all, (initial.min(cap), cap))
            }
        };
        Some(Attempts { each, count, pauses, total, growing })
    }

    /// The worst case: every attempt fails in the last moment.
    pub(crate) fn worst(&self) -> Worst {
        let all = self.count.map(|count| sum(times(self.each, count), self.pauses));
        // What has begun before the total time is over may end after it.
        let total = self.total.map(|total| sum(total, self.each));
        match (all, total) {
            (Some(all), Some(total)) => Worst::of(all.min(total)),
            (Some(time), None) | (None, Some(time)) => Worst::of(time),
            (None, None) => Worst { known: self.each, open: Open { forever: true, ..Open::default() } },
        }
    }
}

/// The longest pauses between attempts: they double up to a cap.
fn pauses(initial: Duration, cap: Duration, count: u32) -> Duration {
    let (mut all, mut pause, mut left) = (Duration(0), initial.min(cap), u64::from(count));
    while left > 0 && pause < cap && pause > Duration(0) {
        all = sum(all, pause);
        pause = times(pause, 2).min(cap);
        left -= 1;
    }
    sum(all, times(pause, left))
}

/// The longest that one attempt takes.
fn attempt(operation: &Operation, call: Option<&Call>) -> Duration {
    let timeout = call.and_then(|call| call.timeout).unwrap_or(operation.timeout);
    let queue = call.and_then(|call| call.queue).or(operation.queue).unwrap_or_default();
    sum(timeout, queue)
}

/// How long it takes to find out what became of an attempt, if the other side answers when it is asked.
fn asking(subject: &Subject<'_>, operation: &Operation) -> Duration {
    let Some(confirm) = operation.confirm.as_ref().filter(|_| operation.effect != Effect::Read) else {
        return Duration(0);
    };
    let asks = subject.plan.operations.get(confirm.operation as usize);
    sum(confirm.after.unwrap_or_default(), asks.map_or(Duration(0), |asks| attempt(asks, None)))
}

/// How long a node takes by itself; of what holds other nodes, nothing.
pub(crate) fn own(subject: &Subject<'_>, sources: &Sources<'_>, node: u32) -> Bounds {
    match &subject.node(node).kind {
        NodeKind::Call(_) => {
            Bounds::up_to(Attempts::of(subject, node).map_or(Worst::NONE, |attempts| attempts.worst()))
        }
        NodeKind::SubWorkflow(run) => child(subject, node, run),
        NodeKind::Await(awaited) => Bounds::up_to(match &awaited.timeout {
            None => Worst::WAITS,
            Some(time) => constant(sources, time).map_or(Worst::DATA, Worst::of),
        }),
        NodeKind::Timer { until: false, time } => match constant(sources, time) {
            Some(time) => Bounds::exactly(time.max(Duration(0))),
            None => Bounds::up_to(Worst::DATA),
        },
        NodeKind::Timer { until: true, .. } => Bounds::up_to(Worst::DATA),
        _ => Bounds::default(),
    }
}

fn child(subject: &Subject<'_>, node: u32, run: &SubWorkflow) -> Bounds {
    // What is let go is not waited for.
    let Some(callee) = subject.attached(node) else { return Bounds::default() };
    let Bounds { best, worst } = callee.time.whole;
    match run.timeout {
        // It is cancelled then, and waited for until it is undone.
        Some(limit) if worst.known > limit || !worst.open.is_closed() => {
            Bounds { best: best.min(limit), worst: Worst::of(limit).then(callee.time.undo) }
        }
        _ => Bounds { best, worst },
    }
}

/// How long it takes to undo what a node has done, if each undo succeeds at once.
pub(crate) fn undo(subject: &Subject<'_>, node: u32) -> Worst {
    if let Some(callee) = subject.attached(node) {
        return callee.time.undo;
    }
    let undo = subject.operation(node).and_then(|operation| match operation.effect {
        Effect::Compensable { undo, .. } => subject.plan.operations.get(undo as usize),
        _ => None,
    });
    undo.map_or(Worst::NONE, |undo| Worst::of(attempt(undo, None)))
}

/// A length of time that the program says.
pub(crate) fn constant(sources: &Sources<'_>, time: &Expr) -> Option<Duration> {
    fn value(expr: &Expr) -> Option<Duration> {
        match expr {
            Expr::Const(Value::Duration(time)) => Some(*time),
            Expr::Binary(Binary::Add, left, right) => Some(sum(value(left)?, value(right)?)),
            Expr::Binary(Binary::Multiply, left, right) => match (&**left, &**right) {
                (time, Expr::Const(Value::Int(count))) | (Expr::Const(Value::Int(count)), time) => {
                    Some(times(value(time)?, u64::try_from(*count).ok()?))
                }
                _ => None,
            },
            _ => None,
        }
    }
    value(&sources.expand(time))
}

/// Whether a node waits for a person or a message without an end.
pub(crate) fn waits_for_ever(subject: &Subject<'_>, node: u32) -> Option<&'static str> {
    match &subject.node(node).kind {
        NodeKind::Await(awaited) if awaited.timeout.is_none() => Some(match awaited.kind {
            AwaitKind::Signal { .. } => "the message may never come",
            AwaitKind::Human(_) => "nobody may ever answer",
        }),
        _ => None,
    }
}
