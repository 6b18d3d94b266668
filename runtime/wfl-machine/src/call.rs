//! The names of calls and timers: which attempt of which step, stable over restarts.

use minicbor::{Decode, Encode};
use wfl_ir::{Name, Timestamp};

/// Which call of which step. Stable over restarts: names, not indices.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct CallRef {
    /// The step's path of names.
    #[n(0)]
    pub step: Name,
    /// Where inside of `foreach` and `repeat`: the keys of the items and `#` with the numbers of the rounds, from the
    /// outside inwards, with `/` between them.
    #[n(1)]
    pub item: Option<Name>,
    /// Grows by restart and rewind.
    #[n(2)]
    pub epoch: u32,
    /// What the call is for.
    #[n(3)]
    pub purpose: Purpose,
    /// 1 for the first attempt of this purpose.
    #[n(4)]
    pub attempt: u32,
    /// Of an undo: which attempt of the step it undoes, if that was taken to have had no effect. None for the effect that
    /// the step went on with.
    #[n(5)]
    pub late: Option<u32>,
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Purpose {
    /// The step itself.
    #[n(0)]
    Do,
    /// Asking what became of it.
    #[n(1)]
    Confirm,
    /// Undoing it.
    #[n(2)]
    Undo,
    /// Reminding somebody.
    #[n(3)]
    Remind,
}

impl Purpose {
    /// `do`, `confirm`, `undo` or `remind`.
    pub fn word(self) -> &'static str {
        match self {
            Purpose::Do => "do",
            Purpose::Confirm => "confirm",
            Purpose::Undo => "undo",
            Purpose::Remind => "remind",
        }
    }
}

/// Which timer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct TimerRef {
    /// What it is for.
    #[n(0)]
    pub kind: TimerKind,
    /// The step's path of names; empty for the instance's own timers.
    #[n(1)]
    pub step: Name,
    /// As in [`CallRef`].
    #[n(2)]
    pub item: Option<Name>,
    /// As in [`CallRef`].
    #[n(3)]
    pub epoch: u32,
    /// The attempt that it leads to, the number of the reminder, escalation or round; 0 where nothing is counted.
    #[n(4)]
    pub attempt: u32,
    /// As in [`CallRef`].
    #[n(5)]
    pub late: Option<u32>,
}

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum TimerKind {
    /// The pause before the next attempt.
    #[n(0)]
    Backoff,
    /// The time for all attempts of a step.
    #[n(1)]
    Total,
    /// The pause before asking again what became of a call.
    #[n(2)]
    Confirm,
    /// The pause before the next attempt to undo.
    #[n(3)]
    Undo,
    /// The workflow's deadline.
    #[n(4)]
    Deadline,
    /// The deadline of undoing.
    #[n(5)]
    CompensationDeadline,
    /// The time for all branches.
    #[n(6)]
    Join,
    /// The time for a message or a decision.
    #[n(7)]
    Await,
    /// The pause before the next reminder.
    #[n(8)]
    Remind,
    /// The time after which another role is asked too.
    #[n(9)]
    Escalate,
    /// `wait`.
    #[n(10)]
    Wait,
    /// The pause between two rounds.
    #[n(11)]
    Round,
    /// The pause before more items may begin.
    #[n(12)]
    Rate,
    /// The time for a child.
    #[n(13)]
    Run,
    /// How long a cancellation waits for calls under way.
    #[n(14)]
    Grace,
    /// The time before which an instance does not begin.
    #[n(15)]
    Begin,
}

impl TimerKind {
    /// The kind in one word.
    pub fn word(self) -> &'static str {
        match self {
            TimerKind::Backoff => "backoff",
            TimerKind::Total => "total",
            TimerKind::Confirm => "confirm",
            TimerKind::Undo => "undo",
            TimerKind::Deadline => "deadline",
            TimerKind::CompensationDeadline => "compensation-deadline",
            TimerKind::Join => "join",
            TimerKind::Await => "await",
            TimerKind::Remind => "remind",
            TimerKind::Escalate => "escalate",
            TimerKind::Wait => "wait",
            TimerKind::Round => "round",
            TimerKind::Rate => "rate",
            TimerKind::Run => "run",
            TimerKind::Grace => "grace",
            TimerKind::Begin => "begin",
        }
    }
}

/// A timer became due. It is never refused as early: its due time moves the instance's clock.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Fired {
    /// Which.
    #[n(0)]
    pub timer: TimerRef,
    /// When it was due.
    #[n(1)]
    pub due: Timestamp,
}

impl CallRef {
    /// The call in one line, unique in its instance.
    pub fn path(&self) -> String {
        path(&self.step, self.item.as_ref(), self.epoch, self.purpose.word(), self.late, self.attempt)
    }
}

impl TimerRef {
    /// The timer in one line, unique in its instance together with its due time.
    pub fn path(&self) -> String {
        path(&self.step, self.item.as_ref(), self.epoch, self.kind.word(), self.late, self.attempt)
    }
}

fn path(step: &Name, item: Option<&Name>, epoch: u32, word: &str, late: Option<u32>, attempt: u32) -> String {
    let item = item.map_or("", |item| item);
    let late = late.map(|late| format!("@{late}")).unwrap_or_default();
    format!("{step}[{item}]/{epoch}/{word}{late}/{attempt}")
}
