//! The kinds of records: a number that outlives the build that wrote it.

use std::fmt;

/// What a payload holds. A number, not an enum: a record of an unknown kind is readable as an envelope, and it
/// is the fold that quarantines the instance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(pub u16);

impl Kind {
    /// An instance begins.
    pub const START: Kind = Kind(1);
    /// An attempt of a call ended, or its time ran out.
    pub const ANSWER: Kind = Kind(2);
    /// A timer of the instance became due.
    pub const TIMER: Kind = Kind(3);
    /// An operator's or a caller's wish: cancel, retry, complete and so on.
    pub const CONTROL: Kind = Kind(4);
    /// A message from outside on a declared channel.
    pub const SIGNAL: Kind = Kind(5);
    /// News between parent and child instances.
    pub const CHILD: Kind = Kind(6);
    /// The claim that precedes the one attempt of an `at most once` operation.
    pub const DISPATCH: Kind = Kind(7);
    /// A person's answer to a task.
    pub const DECISION: Kind = Kind(8);
    /// Something at a turnstile, which lets so many instances run at once.
    pub const TURNSTILE: Kind = Kind(9);
    /// Something about a schedule, which starts instances at their times.
    pub const SCHEDULE: Kind = Kind(10);

    /// The field's word for a known kind; `None` for a number from a later build.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Kind::START => "start",
            Kind::ANSWER => "answer",
            Kind::TIMER => "timer",
            Kind::CONTROL => "control",
            Kind::SIGNAL => "signal",
            Kind::CHILD => "child",
            Kind::DISPATCH => "dispatch",
            Kind::DECISION => "decision",
            Kind::TURNSTILE => "turnstile",
            Kind::SCHEDULE => "schedule",
            _ => return None,
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "kind {}", self.0),
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kind({self})")
    }
}
