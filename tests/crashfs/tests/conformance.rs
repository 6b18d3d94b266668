//! The embedded journal keeps every promise of the suite on a disk in memory: the disk is a disk. Damage below the
//! journal is tried on files of the system, by the tests of the journal itself.

#![expect(clippy::unwrap_used, reason = "a fixture that fails is a failed test")]

use futures::FutureExt;
use futures::future::BoxFuture;
use tempfile::TempDir;
use wfl_crashfs::{Disk, vfs};
use wfl_journal::conformance::{Damage, Harness, LIMITS, PARTITIONS, TestClock};
use wfl_journal_sqlite::{Options, SqliteJournal};

struct OnDisk {
    disk: Disk,
    clock: TestClock,
    /// The lock file lies here.
    _folder: TempDir,
}

impl Default for OnDisk {
    fn default() -> Self {
        let folder = tempfile::tempdir().unwrap();
        OnDisk { disk: Disk::new(folder.path(), 1), clock: TestClock::default(), _folder: folder }
    }
}

impl Harness for OnDisk {
    type Journal = SqliteJournal;

    fn open(&self) -> BoxFuture<'_, SqliteJournal> {
        let options = Options {
            partitions: PARTITIONS,
            clock: self.clock.clock(),
            limits: LIMITS,
            vfs: Some(vfs()),
            ..Options::default()
        };
        async move { SqliteJournal::open(&self.disk.path("journal.db"), options).await.unwrap() }.boxed()
    }

    /// Through a power cut: what the suite saw is there.
    fn reopen(&self, journal: SqliteJournal) -> BoxFuture<'_, SqliteJournal> {
        async move {
            self.disk.cut_power();
            journal.close().await;
            self.disk.start();
            self.open().await
        }
        .boxed()
    }

    fn clock(&self) -> &TestClock {
        &self.clock
    }

    fn damage(&self) -> Option<&dyn Damage> {
        None
    }
}

wfl_journal::conformance_suite!(OnDisk::default());
