//! The in-memory journal keeps every promise of the suite, also with all payloads outside of the log.

use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, ready};

use crate::conformance::{Damage, Harness, LIMITS, PARTITIONS, TestClock};
use crate::journal::Journal;
use crate::large::LargePayloads;
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

/// A journal on which payloads of more than two bytes are large.
#[derive(Default)]
struct Outside {
    clock: TestClock,
    below: Mutex<Option<Arc<MemoryJournal>>>,
}

impl Outside {
    fn over(&self, journal: MemoryJournal) -> LargePayloads {
        let journal = Arc::new(journal);
        *self.below.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&journal));
        LargePayloads::over(journal as Arc<dyn Journal>, 2)
    }
}

impl Harness for Outside {
    type Journal = LargePayloads;

    fn open(&self) -> BoxFuture<'_, LargePayloads> {
        ready(self.over(MemoryJournal::new(PARTITIONS, self.clock.clock(), LIMITS))).boxed()
    }

    fn reopen(&self, journal: LargePayloads) -> BoxFuture<'_, LargePayloads> {
        drop(journal);
        let below = self.below.lock().unwrap_or_else(PoisonError::into_inner).take();
        let below = below.and_then(Arc::into_inner).expect("a follower does not keep the journal");
        ready(self.over(below.reopen())).boxed()
    }

    fn clock(&self) -> &TestClock {
        &self.clock
    }

    fn largest_payload(&self) -> usize {
        LIMITS.blob
    }

    fn damage(&self) -> Option<&dyn Damage> {
        None
    }
}

mod outside {
    use super::Outside;

    crate::conformance_suite!(Outside::default());
}
