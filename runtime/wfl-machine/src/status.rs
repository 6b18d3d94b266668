//! The named states of an instance, and what became of its effects, in the words of every surface.

use crate::strand::Ending;

/// The named states of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Something is being called.
    Running,
    /// Only timers, messages, people or children are waited for.
    Waiting,
    /// Nothing goes on until a person decides.
    Suspended,
    /// Nothing new begins until it is resumed.
    Paused,
    /// It is being cancelled.
    Cancelling,
    /// Effects are being undone.
    Compensating,
    /// An undo waits for a person, or undoing takes longer than its deadline.
    CompensationStuck,
    /// Ended with a result.
    Completed,
    /// Ended with a business error.
    Failed,
    /// Ended by being cancelled.
    Cancelled,
    /// Ended by its deadline.
    TimedOut,
    /// Ended by force.
    Killed,
}

/// What became of the effects that should have been undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compensation {
    /// Nothing had to be undone.
    None,
    /// All of it was.
    Full,
    /// Some of it was; the rest stays by a commit or a person's decision.
    Partial,
    /// None of it was, by a person's decision.
    Waived,
}

impl Status {
    /// The state's name on every surface.
    pub fn word(self) -> &'static str {
        match self {
            Status::Running => "running",
            Status::Waiting => "waiting",
            Status::Suspended => "suspended",
            Status::Paused => "paused",
            Status::Cancelling => "cancelling",
            Status::Compensating => "compensating",
            Status::CompensationStuck => "compensation_stuck",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
            Status::TimedOut => "timed_out",
            Status::Killed => "killed",
        }
    }

    /// True when nothing will happen any more by itself.
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            Status::Completed | Status::Failed | Status::Cancelled | Status::TimedOut | Status::Killed
        )
    }
}

impl Compensation {
    /// `none`, `full`, `partial` or `waived`.
    pub fn word(self) -> &'static str {
        match self {
            Compensation::None => "none",
            Compensation::Full => "full",
            Compensation::Partial => "partial",
            Compensation::Waived => "waived",
        }
    }
}

/// The state that an instance with this ending is in.
pub(crate) fn ended(ending: &Ending) -> Status {
    match ending {
        Ending::Completed(_) => Status::Completed,
        Ending::Failed(..) => Status::Failed,
        Ending::TimedOut => Status::TimedOut,
        Ending::Cancelled => Status::Cancelled,
        Ending::Killed => Status::Killed,
    }
}
