//! What a partition holds of one turnstile.

use std::collections::VecDeque;

use wfl_ir::Timestamp;
use wfl_machine::Turnstile;
use wfl_record::{Namespace, Position, Record};

/// A turnstile in memory.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) namespace: Namespace,
    pub(crate) turnstile: Turnstile,
    /// Records that wait until what was before them is read.
    pub(crate) parked: VecDeque<Record>,
    /// What the journal has of it is being read.
    pub(crate) returning: bool,
    /// No record up to here was missed: a process that lags does not get what another one has removed.
    pub(crate) whole_to: Position,
    /// The last record folded.
    pub(crate) folded: Position,
    /// How many records were folded since the journal was told that earlier ones are not needed.
    pub(crate) since: u32,
    /// A summary is on its way into the log.
    pub(crate) summing_up: bool,
    /// The first record that has to be read to find it again; none while nobody is there.
    pub(crate) needed_from: Option<Position>,
    /// When it was found empty.
    pub(crate) empty_since: Option<Timestamp>,
}

impl Gate {
    pub(crate) fn new(namespace: Namespace, whole_to: Position) -> Gate {
        Gate {
            namespace,
            turnstile: Turnstile::default(),
            parked: VecDeque::new(),
            returning: false,
            whole_to,
            folded: Position::ZERO,
            since: 0,
            summing_up: false,
            needed_from: None,
            empty_since: None,
        }
    }

    /// What was asked for by an owner that is none any more may never come.
    pub(crate) fn is_given_up(&mut self) {
        self.summing_up = false;
    }
}
