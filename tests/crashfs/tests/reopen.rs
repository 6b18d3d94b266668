//! The next process after one that ended in the middle of a write: what it reads and what it adds is durable.
//!
//! The system may show it pages that the disk does not have, so it must write them anew before it trusts them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use futures::StreamExt;
use wfl_crashfs::{Disk, Fault, Kind, PARTITIONS, open, record};
use wfl_journal::{AppendError, Followed, Journal};
use wfl_record::{MessageId, Partition, Position};

const SEEDS: u64 = 8;

/// The message ids of all records.
async fn messages(journal: &impl Journal) -> Vec<(Position, MessageId)> {
    let mut all = Vec::new();
    for partition in (0..PARTITIONS).map(Partition) {
        let mut items = journal.follow(partition, Position::ZERO);
        while let Some(Followed::Record(record)) = items.next().await.transpose().unwrap() {
            all.push((record.position, record.envelope.message_id));
        }
    }
    all.sort();
    all
}

/// A journal with the start of an instance, and what goes wrong with the next record.
async fn begin(disk: &Disk, fault: Fault) -> Result<(), AppendError> {
    let journal = open(disk).await.unwrap();
    journal.append(record(1, 0)).await.unwrap();
    disk.arm(fault);
    let answer = journal.append(record(1, 5)).await;
    // A process that ends closes nothing.
    disk.arm(Fault::Kill { at: 1 });
    journal.close().await;
    disk.mend();
    disk.start();
    answer.map(|_| ())
}

#[tokio::test]
async fn what_is_added_behind_a_failed_sync_is_durable() {
    for seed in 0..SEEDS {
        println!("seed {seed}; repeat with: cargo test -p wfl-crashfs --test reopen");
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path(), seed);
        let fault = Fault::Error { kind: Kind::Sync, at: 1, is_lasting: true };
        assert!(matches!(begin(&disk, fault).await, Err(AppendError::Unknown(_))));
        let journal = open(&disk).await.unwrap();
        journal.append(record(1, 6)).await.unwrap();
        let seen = messages(&journal).await;
        disk.cut_power();
        journal.close().await;
        disk.start();
        let journal = open(&disk).await.unwrap();
        assert_eq!(messages(&journal).await, seen);
        journal.close().await;
    }
}

#[tokio::test]
async fn what_is_read_after_the_end_of_a_process_is_durable() {
    let mut unanswered_and_there = 0;
    for (seed, at) in (0..SEEDS).flat_map(|seed| (1..12).map(move |at| (seed, at))) {
        println!("seed {seed}, operation {at}; repeat with: cargo test -p wfl-crashfs --test reopen");
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path(), seed);
        let answer = begin(&disk, Fault::Kill { at }).await;
        let journal = open(&disk).await.unwrap();
        let seen = messages(&journal).await;
        unanswered_and_there += u32::from(answer.is_err() && seen.len() == 2);
        disk.cut_power();
        journal.close().await;
        disk.start();
        let journal = open(&disk).await.unwrap();
        assert_eq!(messages(&journal).await, seen);
        journal.close().await;
    }
    assert!(unanswered_and_there > 0, "some record was read that nobody had been told of");
}
