//! A process that appends is killed at seeded moments: every acknowledged record is there, once.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a fixture that fails is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use futures::StreamExt;
use tempfile::TempDir;
use wfl_journal::{Followed, Journal};
use wfl_journal_sqlite::{OpenError, Options, SqliteJournal};
use wfl_record::{
    Envelope, InstanceId, Kind, MessageId, Namespace, NewRecord, Partition, Position, partition_of,
};

const WRITERS: u32 = 24;
const ROUNDS: u64 = 12;
const CHILD: &str = "WFL_JOURNAL_KILLS_PATH";

fn record(key: u32, round: u64, n: u64) -> NewRecord {
    let instance = InstanceId::derive(&Namespace::default(), "kills.Test", &key.to_le_bytes());
    let message = if n == 0 { "start".to_owned() } else { format!("{round}/{n}") };
    let envelope = Envelope {
        namespace: Namespace::default(),
        tenant: None,
        instance,
        message_id: MessageId::new(message),
        kind: Kind::START,
        version: 1,
        actor: None,
        key_id: None,
        trace: None,
        payload: format!("{key}/{round}/{n}").repeat(20).into_bytes(),
    };
    NewRecord { partition: partition_of(&instance, 4), first: n == 0, envelope }
}

async fn open(path: &Path) -> SqliteJournal {
    // The system takes the lock from a killed process in its own time.
    for _ in 0..500 {
        match SqliteJournal::open(path, Options::default()).await {
            Ok(journal) => return journal,
            Err(OpenError::Locked { .. }) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the lock stayed")
}

/// The child: appends for ever and prints what is acknowledged. Does nothing in an ordinary run of the tests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let round: u64 = std::env::var("WFL_JOURNAL_KILLS_ROUND").unwrap().parse().unwrap();
    let journal = open(&PathBuf::from(path)).await;
    let writers = (0..WRITERS).map(|key| {
        let journal = &journal;
        async move {
            for n in 0.. {
                let new = record(key, round, n);
                let message = new.envelope.message_id.clone();
                let appended = journal.append(new).await.unwrap();
                let mut out = std::io::stdout().lock();
                writeln!(out, "ack {key} {message} {}", appended.position).unwrap();
                out.flush().unwrap();
            }
        }
    });
    futures::future::join_all(writers).await;
}

/// Runs the child until the moment comes, and gives the lines that it printed whole.
fn run_and_kill(path: &Path, round: u64, after: Duration) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, path)
        .env("WFL_JOURNAL_KILLS_ROUND", round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        let (mut lines, mut line) = (Vec::new(), String::new());
        while out.read_line(&mut line).is_ok_and(|length| length > 0) {
            // The test runner's own words may stand before the first.
            if let (true, Some(at)) = (line.ends_with('\n'), line.find("ack ")) {
                lines.push(line[at..].trim_end().to_owned());
            }
            line.clear();
        }
        lines
    });
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

async fn check(path: &Path, acknowledged: &BTreeMap<(String, String), u64>) {
    let journal = open(path).await;
    let mut there = BTreeMap::new();
    for partition in (0..4).map(Partition) {
        let mut items = journal.follow(partition, Position::ZERO);
        loop {
            match items.next().await {
                Some(Ok(Followed::Record(record))) => {
                    let key = (record.envelope.instance, record.envelope.message_id.to_string());
                    assert!(there.insert(key, record.position.0).is_none(), "a record stands twice");
                }
                Some(Ok(Followed::Removed(_))) => {}
                Some(Ok(Followed::CaughtUp(_))) => break,
                other => panic!("{other:?}"),
            }
        }
    }
    for ((key, message), position) in acknowledged {
        let instance = record(key.parse().unwrap(), 0, 0).envelope.instance;
        assert_eq!(there.get(&(instance, message.clone())), Some(position), "{key} {message}");
    }
    for instance in there.keys().map(|(instance, _)| *instance).collect::<BTreeSet<_>>() {
        journal.read_instance(&instance, Position::ZERO).await.unwrap();
    }
    journal.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kills() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("journal.db");
    let (mut acknowledged, mut seed, mut busy) = (BTreeMap::new(), 0x9e37_79b9_7f4a_7c15_u64, 0);
    for round in 1..=ROUNDS {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let lines = run_and_kill(&path, round, Duration::from_millis(80 + (seed >> 33) % 500));
        busy += u32::from(!lines.is_empty());
        for line in lines {
            let [_, key, message, position] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let position: u64 = position.parse().unwrap();
            let there = acknowledged.entry((key.to_owned(), message.to_owned())).or_insert(position);
            assert_eq!(*there, position, "a repeat is answered with the first");
        }
        check(&path, &acknowledged).await;
    }
    assert!(busy >= 10, "the children were killed at work: {busy} of {ROUNDS}");
    println!("{} acknowledged records, {busy} kills at work", acknowledged.len());
}
