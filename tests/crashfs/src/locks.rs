//! Locks and shared memory of one file among the connections of one process, as the system's own VFS gives them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// One connection's hold of a file.
pub(crate) type HandleId = u64;

/// How far a connection has locked a file, in SQLite's own order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    #[default]
    None,
    Shared,
    Reserved,
    Pending,
    Exclusive,
}

/// A stretch of shared memory. SQLite orders its own reads and writes in it.
pub(crate) type Region = Arc<Box<[AtomicU64]>>;

/// The locks of one file.
#[derive(Default)]
pub(crate) struct Locks {
    levels: BTreeMap<HandleId, Level>,
    slots: [Slot; 8],
    pub(crate) regions: Vec<Region>,
    /// The connections that use the shared memory.
    pub(crate) users: BTreeSet<HandleId>,
}

/// One of the eight locks of the shared memory.
#[derive(Default)]
struct Slot {
    shared: BTreeSet<HandleId>,
    exclusive: Option<HandleId>,
}

impl Locks {
    fn others(&self, own: HandleId) -> impl Iterator<Item = Level> {
        self.levels.iter().filter(move |(handle, _)| **handle != own).map(|(_, level)| *level)
    }

    /// Locks further; false when others are in the way. A wish for all that others only read behind leaves the
    /// connection pending, which keeps new readers out.
    pub(crate) fn raise(&mut self, own: HandleId, wanted: Level) -> bool {
        let held = self.levels.get(&own).copied().unwrap_or_default();
        if held >= wanted {
            return true;
        }
        let highest = self.others(own).max().unwrap_or_default();
        let (reached, is_granted) = match wanted {
            Level::None | Level::Shared => (Level::Shared, highest < Level::Pending),
            Level::Reserved => (Level::Reserved, highest < Level::Reserved),
            Level::Pending | Level::Exclusive if highest >= Level::Reserved => (held, false),
            Level::Pending => (Level::Pending, true),
            Level::Exclusive if highest == Level::Shared => (Level::Pending, false),
            Level::Exclusive => (Level::Exclusive, true),
        };
        if is_granted || reached == Level::Pending {
            self.levels.insert(own, reached);
        }
        is_granted
    }

    pub(crate) fn lower(&mut self, own: HandleId, level: Level) {
        if self.levels.get(&own).is_some_and(|held| *held > level) {
            self.levels.insert(own, level);
        }
    }

    pub(crate) fn is_reserved(&self) -> bool {
        self.levels.values().any(|level| *level >= Level::Reserved)
    }

    /// Takes slots; false when others are in the way, and nothing is taken then.
    pub(crate) fn take(&mut self, own: HandleId, slots: std::ops::Range<usize>, is_exclusive: bool) -> bool {
        let slots = &mut self.slots[slots];
        let is_free = |slot: &Slot| {
            let nobody_else_writes = slot.exclusive.is_none_or(|holder| holder == own);
            nobody_else_writes && (!is_exclusive || slot.shared.iter().all(|holder| *holder == own))
        };
        if !slots.iter().all(is_free) {
            return false;
        }
        for slot in slots {
            if is_exclusive {
                slot.exclusive = Some(own);
            } else {
                slot.shared.insert(own);
            }
        }
        true
    }

    pub(crate) fn give(&mut self, own: HandleId, slots: std::ops::Range<usize>) {
        for slot in &mut self.slots[slots] {
            slot.shared.remove(&own);
            if slot.exclusive == Some(own) {
                slot.exclusive = None;
            }
        }
    }

    /// The memory is of no use to the connection any more; the last one to go gives it up.
    pub(crate) fn leave(&mut self, own: HandleId) {
        self.give(own, 0..8);
        self.users.remove(&own);
        if self.users.is_empty() {
            self.regions.clear();
        }
    }

    pub(crate) fn close(&mut self, own: HandleId) {
        self.levels.remove(&own);
        self.leave(own);
    }
}
