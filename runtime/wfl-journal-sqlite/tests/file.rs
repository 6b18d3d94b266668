//! The file itself: a full disk, a lock, files that are something else, later versions.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, and says what it did")]

use std::path::Path;
use std::process::Command;

use futures::StreamExt;
use wfl_journal::{AppendError, Followed, Journal, NewRecord};
use wfl_journal_sqlite::{OpenError, Options, SqliteJournal};
use wfl_record::{Envelope, InstanceId, Kind, MessageId, Namespace, Partition, Position, partition_of};

fn start(key: u32) -> NewRecord {
    let instance = InstanceId::derive(&Namespace::default(), "file.Test", &key.to_le_bytes());
    let envelope = Envelope {
        namespace: Namespace::default(),
        tenant: None,
        instance,
        message_id: MessageId::new("start/1"),
        kind: Kind::START,
        version: 1,
        actor: None,
        key_id: None,
        trace: None,
        payload: vec![7; 2000],
    };
    NewRecord { partition: partition_of(&instance, 4), first: true, envelope }
}

async fn count(journal: &SqliteJournal) -> usize {
    let mut records = 0;
    for partition in 0..4 {
        let mut items = journal.follow(Partition(partition), Position::ZERO);
        while let Some(Ok(Followed::Record(_))) = items.next().await {
            records += 1;
        }
    }
    records
}

/// Fills a journal until it takes nothing more, and checks that all and only what was acknowledged is there.
async fn fill(path: &Path, options: Options) {
    let is_limited = options.max_pages.is_some();
    let journal = SqliteJournal::open(path, options).await.unwrap();
    let mut acknowledged = 0;
    let refused = loop {
        match journal.append(start(acknowledged)).await {
            Ok(_) => acknowledged += 1,
            Err(error) => break error,
        }
        assert!(acknowledged < 100_000, "the disk fills up");
    };
    assert!(acknowledged > 3, "something was taken: {refused}");
    // A full file is met before COMMIT: it is known that nothing was written. A full disk may be met by COMMIT itself.
    let is_known = matches!(refused, AppendError::Unavailable(_));
    assert!(is_known || (!is_limited && matches!(refused, AppendError::Unknown(_))), "{refused}");
    // Fail-stop: also what would still fit is refused.
    assert!(matches!(journal.append(start(acknowledged + 1)).await, Err(AppendError::Unavailable(_))));
    journal.close().await;
    // With room again, a new process goes on.
    let free = path.with_file_name("balloon");
    let _ = std::fs::remove_file(&free);
    let journal = SqliteJournal::open(path, Options::default()).await.unwrap();
    assert_eq!(count(&journal).await, acknowledged as usize);
    if free.parent().is_some_and(|parent| !parent.ends_with("full")) {
        journal.append(start(acknowledged)).await.unwrap();
    }
    journal.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_file_stops_the_journal_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fill(&folder.path().join("journal.db"), Options { max_pages: Some(60), ..Options::default() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_the_journal_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("disk");
    std::fs::create_dir(&place).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(&place).status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("a small disk cannot be mounted here: only the full file was tried");
        return;
    }
    std::fs::write(place.join("balloon"), vec![0; 300_000]).unwrap();
    fill(&place.join("journal.db"), Options::default()).await;
    assert!(Command::new("umount").arg(&place).status().is_ok_and(|status| status.success()));
}

async fn check(path: &Path, options: Options, says: &str) -> OpenError {
    let error = SqliteJournal::open(path, options).await.err().expect("it is not opened");
    assert!(error.to_string().contains(says), "{error} says {says}");
    error
}

#[tokio::test]
async fn what_is_no_journal_is_not_opened_and_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let text =
        "this is a letter, and longer than the header of a database would have to be, to make sure of it";
    std::fs::write(&path, text).unwrap();
    check(&path, Options::default(), "is not a journal").await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);

    std::fs::remove_file(&path).unwrap();
    let foreign = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let pool = sqlx::SqlitePool::connect_with(foreign).await.unwrap();
    sqlx::query("CREATE TABLE letters (text TEXT)").execute(&pool).await.unwrap();
    pool.close().await;
    check(&path, Options::default(), "a database of something else").await;
    check(Path::new("/proc/nowhere/journal.db"), Options::default(), "cannot be used").await;
}

#[tokio::test]
async fn a_journal_is_opened_once_and_as_it_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let journal = SqliteJournal::open(&path, Options::default()).await.unwrap();
    assert!(matches!(
        check(&path, Options::default(), "in use by another process").await,
        OpenError::Locked { .. }
    ));
    journal.close().await;
    check(&path, Options { partitions: 16, ..Options::default() }, "has 4 partitions, not 16").await;
    let pool = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(&path))
        .await
        .unwrap();
    sqlx::query("PRAGMA user_version = 99").execute(&pool).await.unwrap();
    pool.close().await;
    check(&path, Options::default(), "schema version 99").await;
}

async fn free(path: &Path) -> SqliteJournal {
    loop {
        match SqliteJournal::open(path, Options::default()).await {
            Ok(journal) => return journal,
            Err(OpenError::Locked { .. }) => tokio::task::yield_now().await,
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_journal_keeps_its_lock_until_it_has_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    for round in 0..20 {
        let journal = free(&path).await;
        // Taken at the call, in its order, whoever waits for the answers.
        drop((0..100).map(|n| journal.append(start(round * 100 + n))).collect::<Vec<_>>());
        drop(journal);
    }
    assert_eq!(count(&free(&path).await).await, 2_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_purge_takes_nothing_from_followers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let journal = SqliteJournal::open(&path, Options::default()).await.unwrap();
    let first = start(1);
    let instance = first.envelope.instance;
    journal.append(first.clone()).await.unwrap();
    let mut items = journal.follow(first.partition, Position::ZERO);
    assert!(matches!(items.next().await, Some(Ok(Followed::Record(_)))));
    assert!(matches!(items.next().await, Some(Ok(Followed::CaughtUp(_)))));
    let pool = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(&path))
        .await
        .unwrap();
    sqlx::query("UPDATE records SET at = at + 1").execute(&pool).await.unwrap();
    pool.close().await;
    let mut later = first;
    later.first = false;
    later.envelope.message_id = MessageId::new("later");
    journal.append(later).await.unwrap();
    assert!(matches!(journal.purge(&instance, Position(u64::MAX)).await, Err(AppendError::Damaged(_))));
    let heard = tokio::time::timeout(std::time::Duration::from_secs(30), items.next()).await;
    let heard = heard.expect("a record that was acknowledged reaches who follows");
    assert!(matches!(heard, Some(Ok(Followed::Record(r))) if r.envelope.message_id.as_str() == "later"));
    journal.close().await;
}

/// A file of version 1 has no payloads: it is raised when it is opened, and keeps all that it has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_version_1_is_raised() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let journal = SqliteJournal::open(&path, Options::default()).await.unwrap();
    journal.append(start(1)).await.unwrap();
    journal.close().await;
    let pool = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(&path))
        .await
        .unwrap();
    sqlx::query("DROP TABLE payloads").execute(&pool).await.unwrap();
    sqlx::query("PRAGMA user_version = 1").execute(&pool).await.unwrap();
    pool.close().await;
    for _ in 0..2 {
        let journal = SqliteJournal::open(&path, Options::default()).await.unwrap();
        assert_eq!(count(&journal).await, 1);
        let instance = start(1).envelope.instance;
        let hash = journal.put_payload(&instance, vec![7; 9].into()).await.unwrap();
        assert_eq!(journal.get_payload(&instance, &hash).await, Ok(Some(vec![7; 9].into())));
        journal.close().await;
    }
}

/// The files of a journal that is open are those of a process that ended without closing it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_left_behind_is_read_whole() {
    const RECORDS: u32 = 800;
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let journal = SqliteJournal::open(&folder.path().join("journal.db"), Options::default()).await.unwrap();
    for answer in futures::future::join_all((0..RECORDS).map(|key| journal.append(start(key)))).await {
        answer.unwrap();
    }
    for name in ["journal.db", "journal.db-wal"] {
        std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let log = copy.path().join("journal.db-wal");
    let left = std::fs::read(&log).unwrap();
    assert!(left.len() > 2 << 20, "it is longer than what is written anew at once: {}", left.len());
    let next = SqliteJournal::open(&copy.path().join("journal.db"), Options::default()).await.unwrap();
    assert_eq!(std::fs::read(&log).unwrap(), left, "its bytes are the same");
    assert_eq!(count(&next).await, RECORDS as usize);
    next.close().await;
    journal.close().await;
}
