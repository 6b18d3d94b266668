//! Promises about purging: the data goes, the start stays, and nothing begins again.

use bytes::Bytes;
use wfl_record::{Kind, Position};

use crate::conformance::fixture::{
    add, hear, home, instance, key_in, later, messages, next, read, record, records, refused, start,
};
use crate::conformance::harness::Harness;
use crate::journal::{AppendError, Followed, Journal, Snapshot};

/// An instance between two neighbours, each with three records, all in one partition.
async fn neighbours(journal: &impl Journal) -> [u32; 3] {
    let keys = [0, 1, 2].map(|n| key_in(home(1), n));
    for key in keys {
        add(journal, start(key)).await;
    }
    for message in ["a", "b"] {
        for key in keys {
            add(journal, later(key, message)).await;
        }
    }
    keys
}

/// Of a purged instance the start record is left, and no snapshot; its neighbours keep all.
pub async fn a_purge_keeps_only_the_start(harness: &impl Harness) {
    let journal = harness.open().await;
    let [left, gone, right] = neighbours(&journal).await;
    for key in [left, gone] {
        let state = Snapshot { instance: instance(key), position: Position(1), bytes: Bytes::from("s") };
        journal.save_snapshot(home(1), state).await.expect("a snapshot is taken");
    }
    journal.purge(&instance(gone)).await.expect("it is purged");
    let again = harness.reopen(journal).await;
    for (key, there) in
        [(left, vec!["start/1", "a", "b"]), (gone, vec!["start/1"]), (right, vec!["start/1", "a", "b"])]
    {
        let records = again.read_instance(&instance(key), Position::ZERO).await.expect("it is read");
        assert_eq!(messages(&records), there);
    }
    let loaded = again.load_snapshots(home(1)).await.expect("they are loaded");
    let owners: Vec<_> = loaded.snapshots.iter().flatten().map(|snapshot| snapshot.instance).collect();
    assert_eq!(owners, [instance(left)]);
}

/// A trim takes the records up to a position; what comes later, and the start, stays, and the instance goes on.
pub async fn a_trim_takes_what_came_before(harness: &impl Harness) {
    let journal = harness.open().await;
    let [left, cut, right] = neighbours(&journal).await;
    let state = Snapshot { instance: instance(cut), position: Position(1), bytes: Bytes::from("s") };
    journal.save_snapshot(home(1), state).await.expect("a snapshot is taken");
    let last = add(&journal, later(cut, "c")).await;
    let up_to = Position(last.position.0 - 1);
    for instance in [instance(cut), instance(u32::MAX)] {
        journal.trim(&instance, up_to).await.expect("it is trimmed");
        journal.trim(&instance, up_to).await.expect("it is trimmed again");
    }
    add(&journal, later(cut, "a")).await;
    let again = harness.reopen(journal).await;
    let all = ["start/1", "a", "b"];
    for (key, there) in [(left, all), (cut, ["start/1", "c", "a"]), (right, all)] {
        let records = again.read_instance(&instance(key), Position::ZERO).await.expect("it is read");
        assert_eq!(messages(&records), there);
    }
    assert_eq!(again.load_snapshots(home(1)).await.expect("they are loaded").snapshots.len(), 1);
    let repeated = again.append(later(cut, "c")).await.expect("a repeat is answered");
    assert_eq!((repeated.duplicate, repeated.position), (true, last.position));
    assert_eq!(
        Journal::append(&again, record(cut, "start/2", Kind::START, true)).await,
        Err(AppendError::Conflict)
    );
    let heard = hear(&again, home(1), Position::ZERO).await;
    assert_eq!(heard.records.iter().filter(|record| record.envelope.instance == instance(cut)).count(), 3);
}

/// After a purge the start is still known: itself as a duplicate, others as a conflict; nothing else is taken.
pub async fn a_purge_goes_on_refusing_starts(harness: &impl Harness) {
    let journal = harness.open().await;
    let begun = add(&journal, start(1)).await;
    add(&journal, later(1, "a")).await;
    journal.purge(&instance(1)).await.expect("it is purged");
    let check = async |journal: &_| {
        let again = Journal::append(journal, start(1)).await.expect("a repeated start is answered");
        assert_eq!((again.duplicate, again.position, again.at), (true, begun.position, begun.at));
        let others = [record(1, "start/2", Kind::START, true), later(1, "a"), later(1, "new")];
        for other in others {
            assert_eq!(Journal::append(journal, other).await, Err(AppendError::Conflict));
        }
        let state = Snapshot { instance: instance(1), position: Position(9), bytes: Bytes::new() };
        assert_eq!(Journal::save_snapshot(journal, home(1), state).await, Err(AppendError::Conflict));
    };
    check(&journal).await;
    check(&harness.reopen(journal).await).await;
}

/// A follower does not get a purged instance, not even its start: it must not run again.
pub async fn a_purged_instance_is_not_followed(harness: &impl Harness) {
    let journal = harness.open().await;
    let [left, gone, right] = neighbours(&journal).await;
    journal.purge(&instance(gone)).await.expect("it is purged");
    let check = async |journal: &_| {
        let records = read(journal, home(1), Position::ZERO).await;
        assert_eq!(messages(&records), ["start/1", "start/1", "a", "a", "b", "b"]);
        assert!(records.iter().all(|record| record.envelope.instance != instance(gone)));
        assert!(records.windows(2).all(|pair| pair[0].position < pair[1].position));
    };
    check(&journal).await;
    let journal = harness.reopen(journal).await;
    check(&journal).await;
    // All gone: there is nothing to get, and the follower hears that it has everything.
    for key in [left, right] {
        journal.purge(&instance(key)).await.expect("it is purged");
    }
    let tail = journal.tail(home(1)).await.expect("there is a tail");
    for after in [0, 1, 4, tail.0] {
        let heard = hear(&journal, home(1), Position(after)).await;
        assert_eq!((heard.records, heard.errors, heard.caught_up), (vec![], vec![], Some(tail)));
    }
}

/// The tail stays where it was and no position is used twice, also over a restart.
pub async fn a_purge_takes_no_position_back(harness: &impl Harness) {
    let journal = harness.open().await;
    add(&journal, start(1)).await;
    let end = add(&journal, later(1, "a")).await.position;
    let mut items = journal.follow(home(1), Position::ZERO);
    assert_eq!(records(&mut items, 2).await.len(), 2);
    assert_eq!(next(&mut items).await, Some(Ok(Followed::CaughtUp(end))));
    journal.purge(&instance(1)).await.expect("it is purged");
    assert_eq!(journal.tail(home(1)).await, Ok(end));
    assert_eq!(read(&journal, home(1), end).await, []);
    let journal = harness.reopen(journal).await;
    assert_eq!(journal.tail(home(1)).await, Ok(end));
    let other = key_in(home(1), 3);
    let next = add(&journal, start(other)).await.position;
    assert!(next > end);
    assert_eq!(messages(&read(&journal, home(1), end).await), ["start/1"]);
    assert_eq!(refused(&journal, later(1, "b")).await, AppendError::Conflict);
}

/// Purging again, or what never began, is no error and changes nothing.
pub async fn a_purge_is_repeated_without_harm(harness: &impl Harness) {
    let journal = harness.open().await;
    let [left, gone, right] = neighbours(&journal).await;
    for key in [gone, gone, 999, gone] {
        journal.purge(&instance(key)).await.expect("it is purged");
    }
    for key in [left, right] {
        add(&journal, later(key, "c")).await;
    }
    let journal = harness.reopen(journal).await;
    journal.purge(&instance(gone)).await.expect("it is purged");
    let records = read(&journal, home(1), Position::ZERO).await;
    assert_eq!(messages(&records), ["start/1", "start/1", "a", "a", "b", "b", "c", "c"]);
}
