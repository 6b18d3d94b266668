//! What a program comes to: its end, what is there in the world, and what must have been before what.

use wfl_ir::{Fields, Name, Value};
use wfl_sim::EffectState;

/// Something that happens in the world to a call: the number of the call in its story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// It is carried out.
    Done(usize),
    /// What it did is undone.
    Undone(usize),
}

/// How an instance ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With its result.
    Completed(Value),
    /// With an error, by its short name.
    Failed(Name, Fields),
    /// Its deadline passed.
    TimedOut,
    /// It was cancelled.
    Cancelled,
    /// In some other way, or not at all.
    Other(String),
}

/// A call that reaches the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectSeen {
    /// The step's path of names.
    pub step: Name,
    /// `Service.operation`.
    pub operation: String,
    /// Its arguments.
    pub args: Fields,
    /// What has become of its effect.
    pub state: EffectState,
}

/// What happened on one way through a program.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// The calls that were carried out, in an order that they may have been made in.
    pub(crate) effects: Vec<EffectSeen>,
    /// Pairs of which the first must happen first.
    pub(crate) before: Vec<(Event, Event)>,
    /// Events that were published: the name and the fields.
    pub(crate) emitted: Vec<(Name, Fields)>,
}

/// What a program may come to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ends.
    pub ending: Ending,
    /// The calls that were carried out, and what has become of them.
    pub effects: Vec<EffectSeen>,
    /// Pairs of which the first must happen first.
    pub before: Vec<(Event, Event)>,
    /// Events that were published.
    pub emitted: Vec<(Name, Fields)>,
}

impl Outcome {
    /// The outcome as lines that can be compared, without the order.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.effects.iter().map(line).collect();
        lines.extend(self.emitted.iter().map(|(name, fields)| format!("emit {name} {}", text(fields))));
        lines.sort();
        lines.insert(0, format!("{:?}", self.ending));
        lines
    }
}

/// A call as a line.
pub(crate) fn line(effect: &EffectSeen) -> String {
    format!("{} {} {:?}", effect.operation, text(&effect.args), effect.state)
}

/// Fields for people.
pub(crate) fn text(fields: &Fields) -> String {
    let parts: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    format!("({})", parts.join(", "))
}
