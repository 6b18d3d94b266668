//! Promises about what stands beside the log: single instances, snapshots, watermarks, blobs.

use bytes::Bytes;
use wfl_record::{InstanceId, Partition, Position};

use crate::conformance::fixture::{add, home, instance, key_in, later, messages, start};
use crate::conformance::harness::{Harness, LIMITS};
use crate::journal::{AppendError, BlobHash, Journal, Snapshot};

fn snapshot(instance: InstanceId, position: Position, bytes: &'static str) -> Snapshot {
    Snapshot { instance, position, bytes: Bytes::from(bytes) }
}

/// An instance's records without its neighbours'; none of one that never began.
pub async fn an_instance_is_read_alone(harness: &impl Harness) {
    let journal = harness.open().await;
    let (one, two) = (key_in(home(1), 0), key_in(home(1), 1));
    add(&journal, start(one)).await;
    add(&journal, start(two)).await;
    // Message ids against the order of the alphabet: the order of positions counts.
    for message in ["z", "m", "a"] {
        add(&journal, later(one, message)).await;
        add(&journal, later(two, message)).await;
    }
    for _ in 0..2 {
        let records = journal.read_instance(&instance(one), Position::ZERO).await.expect("it is read");
        assert_eq!(messages(&records), ["start/1", "z", "m", "a"]);
        assert!(records.iter().all(|record| record.envelope.instance == instance(one)));
        assert!(records.windows(2).all(|pair| pair[0].position < pair[1].position));
    }
    let all = journal.read_instance(&instance(one), Position::ZERO).await.expect("it is read");
    for (at, record) in all.iter().enumerate() {
        let rest = journal.read_instance(&instance(one), record.position).await.expect("it is read");
        assert_eq!(rest, all[at + 1..], "what stands behind a record");
    }
    assert_eq!(journal.read_instance(&instance(77), Position::ZERO).await, Ok(vec![]));
    let journal = harness.reopen(journal).await;
    assert_eq!(
        journal.read_instance(&instance(two), Position::ZERO).await.map(|records| records.len()),
        Ok(4)
    );
}

/// One snapshot per instance: the newest, whatever the order in which they arrive.
pub async fn a_snapshot_gives_way_to_a_newer_one(harness: &impl Harness) {
    let journal = harness.open().await;
    let (one, two) = (key_in(home(1), 0), key_in(home(1), 1));
    add(&journal, start(one)).await;
    add(&journal, start(two)).await;
    let saves = [
        snapshot(instance(one), Position(5), "five"),
        snapshot(instance(two), Position(2), ""),
        snapshot(instance(one), Position(9), "nine"),
        snapshot(instance(one), Position(7), "seven"),
    ];
    for save in saves {
        journal.save_snapshot(home(1), save).await.expect("a snapshot is taken");
    }
    let large = Bytes::from(vec![0; LIMITS.blob + 1]);
    let large = Snapshot { instance: instance(one), position: Position(10), bytes: large };
    let answer = journal.save_snapshot(home(1), large).await;
    assert_eq!(answer, Err(AppendError::TooLarge { limit: LIMITS.blob }));
    let mut wanted =
        vec![Ok(snapshot(instance(one), Position(9), "nine")), Ok(snapshot(instance(two), Position(2), ""))];
    wanted.sort_by_key(|entry| entry.as_ref().ok().map(|snapshot| snapshot.instance));
    let loaded = journal.load_snapshots(home(1)).await.expect("they are loaded");
    assert_eq!(loaded.snapshots, wanted);
    let journal = harness.reopen(journal).await;
    let loaded = journal.load_snapshots(home(1)).await.expect("they are loaded");
    assert_eq!((loaded.watermark, loaded.snapshots), (Position::ZERO, wanted));
    let newest = snapshot(instance(one), Position(9), "nine");
    assert_eq!(journal.load_snapshot(&instance(one)).await, Ok(Some(newest)));
    assert_eq!(journal.load_snapshot(&instance(77)).await, Ok(None));
}

/// A snapshot that is dropped is gone, alone, and may be saved again.
pub async fn a_snapshot_can_be_dropped(harness: &impl Harness) {
    let journal = harness.open().await;
    let (one, two) = (key_in(home(1), 0), key_in(home(1), 1));
    for key in [one, two] {
        add(&journal, start(key)).await;
        journal.save_snapshot(home(1), snapshot(instance(key), Position(5), "s")).await.expect("it is taken");
    }
    for gone in [one, one, 77] {
        journal.drop_snapshot(&instance(gone)).await.expect("it is dropped, or was not there");
    }
    let journal = harness.reopen(journal).await;
    assert_eq!(journal.load_snapshot(&instance(one)).await, Ok(None));
    let loaded = journal.load_snapshots(home(1)).await.expect("they are loaded");
    assert_eq!(loaded.snapshots, [Ok(snapshot(instance(two), Position(5), "s"))]);
    let older = snapshot(instance(one), Position(3), "t");
    journal.save_snapshot(home(1), older.clone()).await.expect("it is taken");
    assert_eq!(journal.load_snapshot(&instance(one)).await, Ok(Some(older)));
    assert_eq!(journal.read_instance(&instance(one), Position::ZERO).await.map(|all| all.len()), Ok(1));
}

/// The watermark only grows, each partition's on its own, also over a restart.
pub async fn a_watermark_never_goes_back(harness: &impl Harness) {
    let journal = harness.open().await;
    let other = home(key_in(home(1), 0)).0 ^ 1;
    for position in [4, 9, 3, 9] {
        journal.set_watermark(home(1), Position(position)).await.expect("a watermark is taken");
    }
    let watermark = async |journal: &_, partition| -> Position {
        Journal::load_snapshots(journal, partition).await.expect("it is loaded").watermark
    };
    assert_eq!(watermark(&journal, home(1)).await, Position(9));
    let journal = harness.reopen(journal).await;
    assert_eq!(watermark(&journal, home(1)).await, Position(9));
    assert_eq!(watermark(&journal, Partition(other)).await, Position::ZERO);
    journal.set_watermark(home(1), Position(8)).await.expect("a smaller one is no error");
    assert_eq!(watermark(&journal, home(1)).await, Position(9));
}

/// No state without an instance, and none in a partition that is not its own.
pub async fn a_snapshot_needs_its_instance(harness: &impl Harness) {
    let journal = harness.open().await;
    let early = journal.save_snapshot(home(1), snapshot(instance(1), Position(1), "s")).await;
    assert_eq!(early, Err(AppendError::Conflict));
    add(&journal, start(1)).await;
    let elsewhere = Partition(home(1).0 ^ 1);
    let stray = journal.save_snapshot(elsewhere, snapshot(instance(1), Position(1), "s")).await;
    assert_eq!(stray, Err(AppendError::Conflict));
    for partition in [home(1), elsewhere] {
        let loaded = journal.load_snapshots(partition).await.expect("they are loaded");
        assert_eq!(loaded.snapshots, []);
    }
}

/// Blobs come back by their hash, however often they are put; an unknown hash gives none.
pub async fn blobs_are_found_by_their_hash(harness: &impl Harness) {
    let journal = harness.open().await;
    let blobs = [Bytes::new(), Bytes::from_static(b"a plan"), Bytes::from(vec![3; LIMITS.blob])];
    for blob in blobs.iter().chain(&blobs) {
        let hash = journal.put_blob(blob.clone()).await.expect("a blob is taken");
        assert_eq!(hash, BlobHash::of(blob));
    }
    let journal = harness.reopen(journal).await;
    for blob in &blobs {
        assert_eq!(journal.get_blob(&BlobHash::of(blob)).await, Ok(Some(blob.clone())));
    }
    assert_eq!(journal.get_blob(&BlobHash::of(b"never put")).await, Ok(None));
}

/// Payloads come back by their instance and hash; the same bytes of two instances are two.
pub async fn payloads_are_found_by_their_instance_and_hash(harness: &impl Harness) {
    let journal = harness.open().await;
    add(&journal, start(1)).await;
    let payloads = [Bytes::new(), Bytes::from_static(b"an answer"), Bytes::from(vec![3; LIMITS.blob])];
    // The second has not begun: the payload of a start comes before it.
    for key in [1, 2] {
        for payload in payloads.iter().chain(&payloads) {
            let hash = journal.put_payload(&instance(key), payload.clone()).await.expect("it is taken");
            assert_eq!(hash, BlobHash::of(payload));
        }
    }
    let large = Bytes::from(vec![0; LIMITS.blob + 1]);
    let answer = journal.put_payload(&instance(1), large).await;
    assert_eq!(answer, Err(AppendError::TooLarge { limit: LIMITS.blob }));
    let journal = harness.reopen(journal).await;
    add(&journal, start(2)).await;
    for payload in &payloads {
        let hash = BlobHash::of(payload);
        for key in [1, 2] {
            assert_eq!(journal.get_payload(&instance(key), &hash).await, Ok(Some(payload.clone())));
        }
        assert_eq!(journal.get_payload(&instance(3), &hash).await, Ok(None));
        assert_eq!(journal.get_blob(&hash).await, Ok(None), "it is nobody else's");
    }
    assert_eq!(journal.get_payload(&instance(1), &BlobHash::of(b"never put")).await, Ok(None));
}
