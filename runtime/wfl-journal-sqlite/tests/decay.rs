//! The file decays: a bit flips anywhere in it, or its end is missing. What is then read is true or an error.

#![expect(clippy::unwrap_used, reason = "a fixture that fails is a failed test")]
#![expect(clippy::print_stdout, reason = "the seed is printed for a replay")]

use std::path::Path;

use futures::StreamExt;
use wfl_journal::conformance::{LIMITS, PARTITIONS};
use wfl_journal::{Clock, Followed, Journal, Record};
use wfl_journal_sqlite::{OpenError, Options, SqliteJournal};
use wfl_record::{
    Envelope, InstanceId, Kind, MessageId, Namespace, NewRecord, Partition, Position, partition_of,
};

/// A small generator (SplitMix64, Steele et al. 2014): its seed is all that a replay needs.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

fn random() -> Random {
    let seed = std::env::var("WFL_SEED").map_or(20_261_124, |seed| seed.parse().unwrap());
    println!("WFL_SEED={seed} cargo test -p wfl-journal-sqlite --test decay");
    Random(seed)
}

fn rounds(few: usize) -> usize {
    if std::env::var_os("WFL_LONG").is_some() { few * 20 } else { few }
}

fn record(key: u32, n: u32) -> NewRecord {
    let instance = InstanceId::derive(&Namespace::default(), "decay.Test", &key.to_le_bytes());
    let envelope = Envelope {
        namespace: Namespace::default(),
        tenant: None,
        instance,
        message_id: MessageId::new(format!("m{n}")),
        kind: Kind::ANSWER,
        version: 1,
        actor: None,
        key_id: None,
        trace: None,
        payload: vec![n as u8; 40],
    };
    NewRecord { partition: partition_of(&instance, PARTITIONS), first: n == 0, envelope }
}

async fn open(path: &Path) -> Result<SqliteJournal, OpenError> {
    let options =
        Options { partitions: PARTITIONS, clock: Clock::system(), limits: LIMITS, ..Options::default() };
    SqliteJournal::open(path, options).await
}

/// Forty instances of ten records, some of them purged.
async fn fill(journal: &SqliteJournal) {
    for n in 0..10 {
        for key in 0..40 {
            journal.append(record(key, n)).await.unwrap();
        }
    }
    for key in [3, 11, 30] {
        journal.purge(&record(key, 0).envelope.instance, Position(u64::MAX)).await.unwrap();
    }
}

/// The records of a partition, and whether all were read without a word of damage.
async fn read(journal: &SqliteJournal, partition: Partition) -> (Vec<Record>, bool) {
    let mut items = journal.follow(partition, Position::ZERO);
    let (mut records, mut is_sound) = (Vec::new(), true);
    loop {
        match items.next().await {
            Some(Ok(Followed::Record(record))) => records.push(record),
            Some(Ok(Followed::Removed(_))) => {}
            Some(Ok(Followed::CaughtUp(_))) => return (records, is_sound),
            Some(Err(_)) => is_sound = false,
            None => return (records, false),
        }
    }
}

async fn read_all(journal: &SqliteJournal) -> Vec<(Vec<Record>, bool)> {
    let mut logs = Vec::new();
    for partition in (0..PARTITIONS).map(Partition) {
        logs.push(read(journal, partition).await);
    }
    logs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_anywhere_gives_the_truth_or_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let log = folder.path().join("journal.db-wal");
    let journal = open(&path).await.unwrap();
    fill(&journal).await;
    let truth = read_all(&journal).await;
    journal.close().await;
    assert!(!log.exists(), "a journal that was closed is one file");
    let sound = std::fs::read(&path).unwrap();
    let (mut random, mut noticed) = (random(), 0);
    for _ in 0..rounds(150) {
        let bit = random.below(sound.len() * 8);
        let _ = std::fs::remove_file(&log);
        let mut damaged = sound.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, damaged).unwrap();
        let Ok(journal) = open(&path).await else {
            noticed += 1;
            continue;
        };
        for ((records, is_sound), (wanted, _)) in read_all(&journal).await.into_iter().zip(&truth) {
            noticed += usize::from(!is_sound);
            let mut rest = wanted.iter();
            assert!(records.iter().all(|record| rest.any(|wanted| wanted == record)), "bit {bit}: untrue");
            assert!(!is_sound || records == *wanted, "bit {bit}: records are missing without a word");
        }
        journal.close().await;
    }
    assert!(noticed > 0, "some flips hit what is read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_write_ahead_log_gives_a_beginning_of_the_truth() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let log = folder.path().join("journal.db-wal");
    let journal = open(&path).await.unwrap();
    fill(&journal).await;
    let truth = read_all(&journal).await;
    // As a power cut leaves them: copied while the journal is open.
    let files = (std::fs::read(&path).unwrap(), std::fs::read(&log).unwrap());
    journal.close().await;
    let mut random = random();
    for _ in 0..rounds(30) {
        let end = random.below(files.1.len());
        std::fs::write(&path, &files.0).unwrap();
        std::fs::write(&log, &files.1[..end]).unwrap();
        let Ok(journal) = open(&path).await else { panic!("a torn log at {end} keeps the journal shut") };
        for ((records, is_sound), (wanted, _)) in read_all(&journal).await.into_iter().zip(&truth) {
            assert!(is_sound, "cut at {end}");
            // Before a purge there was more than there is at the end.
            let left: Vec<_> = records.iter().filter(|record| wanted.contains(record)).collect();
            assert!(left.iter().zip(wanted).all(|(record, wanted)| *record == wanted), "cut at {end}");
        }
        journal.close().await;
    }
}
