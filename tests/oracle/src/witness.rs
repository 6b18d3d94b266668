//! What was seen of a run, as far as it can be seen from outside: the calls in the world's books, the events, the end.

use std::collections::BTreeMap;

use wfl_ir::{Fields, Name, Value};
use wfl_sim::EffectState;

use crate::story::Ending;

/// Whether a person has undone something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByHand {
    /// Nobody has.
    Never,
    /// So many effects of its step were, and it may be one of them.
    Perhaps(usize),
    /// Somebody has.
    Surely,
}

/// A call in the world's books.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `Service.operation`.
    pub operation: String,
    /// Its arguments.
    pub args: Fields,
    /// The step's path of names.
    pub step: Name,
    /// Whether it only asked.
    pub reads: bool,
    /// What has become of its effect.
    pub state: EffectState,
    /// Whether a person has undone it outside of the books.
    pub by_hand: ByHand,
    /// When it was carried out first, counted over all that happened.
    pub done_at: u64,
    /// When it was undone.
    pub undone_at: Option<u64>,
}

/// What was seen of a run.
#[derive(Clone, Debug)]
pub struct Witness {
    /// How the instance ended.
    pub ending: Ending,
    /// The calls, in the order of their first time; what had no effect counts once.
    pub calls: Vec<Seen>,
    /// How often each event was published.
    pub emitted: BTreeMap<(Name, Vec<u8>), u32>,
    index: BTreeMap<(String, Vec<u8>), Vec<usize>>,
}

impl Witness {
    /// A run with this end, these calls and these events.
    pub fn new(ending: Ending, calls: Vec<Seen>, emitted: BTreeMap<(Name, Vec<u8>), u32>) -> Witness {
        let mut kept: Vec<Seen> = Vec::new();
        let mut index: BTreeMap<(String, Vec<u8>), Vec<usize>> = BTreeMap::new();
        for call in calls {
            let known = index.entry((call.operation.clone(), canonical(&call.args))).or_default();
            // What has no effect may be asked for again.
            let again =
                |at: &usize| kept[*at].state == EffectState::Nothing && call.state == EffectState::Nothing;
            if known.iter().any(again) {
                continue;
            }
            known.push(kept.len());
            kept.push(call);
        }
        Witness { ending, calls: kept, emitted, index }
    }

    /// The calls of an operation with these arguments.
    pub(crate) fn of(&self, operation: &str, args: &Fields) -> &[usize] {
        self.index.get(&(operation.to_owned(), canonical(args))).map_or(&[], Vec::as_slice)
    }
}

/// Fields as bytes that are equal when they are.
pub(crate) fn canonical(fields: &Fields) -> Vec<u8> {
    Value::Record(fields.clone()).canonical_bytes()
}
