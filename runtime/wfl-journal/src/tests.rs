//! The in-memory journal keeps every promise of the suite.

use futures::FutureExt;
use futures::future::{BoxFuture, ready};

use crate::conformance::{Damage, Harness, LIMITS, PARTITIONS, TestClock};
use crate::memory::MemoryJournal;

#[derive(Default)]
struct Memory(TestClock);

impl Harness for Memory {
    type Journal = MemoryJournal;

    fn open(&self) -> BoxFuture<'_, MemoryJournal> {
        ready(MemoryJournal::new(PARTITIONS, self.0.clock(), LIMITS)).boxed()
    }

    fn reopen(&self, journal: MemoryJournal) -> BoxFuture<'_, MemoryJournal> {
        ready(journal.reopen()).boxed()
    }

    fn clock(&self) -> &TestClock {
        &self.0
    }

    fn damage(&self) -> Option<&dyn Damage> {
        None
    }
}

crate::conformance_suite!(Memory::default());
