//! What is known of instances that ended long ago: how far the log was looked through, and who was found there.

use std::collections::BTreeMap;

use wfl_ir::Timestamp;
use wfl_record::{InstanceId, Position, Stamp};

/// So many instances are looked at and purged at once. They do not crowd out what makes progress.
const MOST: usize = 32;

/// A walk over the log that only goes on: an instance that is passed by comes up again with its later records.
#[derive(Debug, Default)]
pub(crate) struct Janitor {
    /// Up to here the log was looked through.
    pub(crate) cursor: Position,
    /// When the walk goes on; none while it is on its way, and while nothing stands ahead.
    pub(crate) next_look: Option<Timestamp>,
    /// The walk is on its way, and takes what is older than this.
    pub(crate) asked: Option<Stamp>,
    /// Who was found, and is not decided about.
    pub(crate) found: BTreeMap<InstanceId, Found>,
}

/// An instance whose last record was old when the log was looked through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// Its last record.
    pub(crate) last: Position,
    /// It must be older than this.
    pub(crate) before: Stamp,
    /// Whether the journal was asked to purge it.
    pub(crate) purging: bool,
}

impl Janitor {
    /// How many more may be found now.
    pub(crate) fn room(&self) -> usize {
        MOST.saturating_sub(self.found.len())
    }

    /// When it has to be woken.
    pub(crate) fn wakes(&self) -> Option<Timestamp> {
        self.next_look.filter(|_| self.room() > 0)
    }
}
