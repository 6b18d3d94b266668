//! Promises about following: order, catching up, pace, restarts.

use futures::future::join_all;
use wfl_record::{Partition, Position};

use crate::conformance::fixture::{add, hear, home, key_in, later, messages, next, read, records, start};
use crate::conformance::harness::{Harness, PARTITIONS};
use crate::journal::{Followed, Journal, ReadError};

/// Enough records to overflow what a backend keeps in memory for its followers.
const MANY: usize = 6_000;

/// `after` is exclusive, and any position that was given is a place to begin.
pub async fn a_follower_begins_in_the_middle(harness: &impl Harness) {
    let journal = harness.open().await;
    let begun = add(&journal, start(1)).await;
    let middle = add(&journal, later(1, "a")).await;
    add(&journal, later(1, "b")).await;
    let end = add(&journal, later(1, "c")).await;
    for again in [false, true] {
        let from = |after: Position| read(&journal, home(1), after);
        assert_eq!(messages(&from(begun.position).await), ["a", "b", "c"], "reopened: {again}");
        assert_eq!(messages(&from(middle.position).await), ["b", "c"]);
        assert_eq!(from(end.position).await, []);
    }
    let journal = harness.reopen(journal).await;
    assert_eq!(messages(&read(&journal, home(1), middle.position).await), ["b", "c"]);
    assert_eq!(read(&journal, home(1), end.position).await, []);
}

/// After what is there the follower is told so, once, and then gets what is appended, in order.
pub async fn a_follower_sees_what_comes(harness: &impl Harness) {
    let journal = harness.open().await;
    let begun = add(&journal, start(1)).await;
    let mut items = journal.follow(home(1), Position::ZERO);
    assert_eq!(messages(&records(&mut items, 1).await), ["start/1"]);
    assert_eq!(next(&mut items).await, Some(Ok(Followed::CaughtUp(begun.position))));
    for message in ["a", "b", "c"] {
        let appended = add(&journal, later(1, message)).await;
        let Some(Ok(Followed::Record(record))) = next(&mut items).await else {
            panic!("the record {message} comes next");
        };
        assert_eq!((record.envelope, record.position), (later(1, message).envelope, appended.position));
    }
}

/// A log without records is caught up at once, and is followed like any other.
pub async fn an_empty_log_is_caught_up(harness: &impl Harness) {
    let journal = harness.open().await;
    let mut items = journal.follow(home(1), Position::ZERO);
    assert_eq!(next(&mut items).await, Some(Ok(Followed::CaughtUp(Position::ZERO))));
    add(&journal, start(1)).await;
    assert_eq!(messages(&records(&mut items, 1).await), ["start/1"]);
}

/// A follower that does not read holds no writer up, and has missed nothing when it reads again.
pub async fn a_slow_follower_loses_nothing(harness: &impl Harness) {
    let journal = harness.open().await;
    add(&journal, start(1)).await;
    let mut items = journal.follow(home(1), Position::ZERO);
    assert_eq!(records(&mut items, 1).await.len(), 1);
    assert!(matches!(next(&mut items).await, Some(Ok(Followed::CaughtUp(_)))));
    let names: Vec<String> = (0..MANY).map(|n| format!("m{n}")).collect();
    for chunk in names.chunks(500) {
        let answers = join_all(chunk.iter().map(|name| journal.append(later(1, name)))).await;
        assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| !answer.duplicate)));
    }
    let followed = records(&mut items, MANY).await;
    assert!(followed.windows(2).all(|pair| pair[0].position < pair[1].position));
    assert_eq!(followed, read(&journal, home(1), Position::ZERO).await[1..]);
    add(&journal, later(1, "last")).await;
    assert_eq!(messages(&records(&mut items, 1).await), ["last"]);
}

/// Several followers of one log each get all of it, and one that goes away is not missed.
pub async fn followers_do_not_disturb_each_other(harness: &impl Harness) {
    let journal = harness.open().await;
    let begun = add(&journal, start(1)).await;
    let mut early = journal.follow(home(1), Position::ZERO);
    let mut late = journal.follow(home(1), begun.position);
    let gone = journal.follow(home(1), Position::ZERO);
    add(&journal, later(1, "a")).await;
    assert_eq!(messages(&records(&mut early, 2).await), ["start/1", "a"]);
    drop(gone);
    add(&journal, later(1, "b")).await;
    assert_eq!(messages(&records(&mut late, 2).await), ["a", "b"]);
    assert_eq!(messages(&records(&mut early, 1).await), ["b"]);
}

/// When the journal goes, its followers end instead of waiting for ever.
pub async fn a_follower_ends_with_the_journal(harness: &impl Harness) {
    let journal = harness.open().await;
    add(&journal, start(1)).await;
    let mut items = journal.follow(home(1), Position::ZERO);
    assert_eq!(records(&mut items, 1).await.len(), 1);
    assert!(matches!(next(&mut items).await, Some(Ok(Followed::CaughtUp(_)))));
    let _journal = harness.reopen(journal).await;
    assert_eq!(next(&mut items).await, None);
}

/// A position from before a restart is good after it.
pub async fn a_follower_goes_on_after_a_restart(harness: &impl Harness) {
    let journal = harness.open().await;
    add(&journal, start(1)).await;
    let mut items = journal.follow(home(1), Position::ZERO);
    let seen = records(&mut items, 1).await[0].position;
    add(&journal, later(1, "a")).await;
    drop(items);
    let journal = harness.reopen(journal).await;
    let mut items = journal.follow(home(1), seen);
    assert_eq!(messages(&records(&mut items, 1).await), ["a"]);
    add(&journal, later(1, "b")).await;
    assert_eq!(messages(&records(&mut items, 1).await), ["b"]);
}

/// A position beyond the end means that the log is an old copy: an error, and the end of following.
pub async fn a_log_that_went_back_is_noticed(harness: &impl Harness) {
    let journal = harness.open().await;
    let end = add(&journal, start(1)).await.position;
    let heard = hear(&journal, home(1), end.next()).await;
    let went_back = ReadError::WentBack { partition: home(1), tail: end, seen: end.next() };
    assert_eq!((heard.errors, heard.caught_up), (vec![went_back], None));
    let mut items = journal.follow(home(1), Position(u64::MAX));
    assert!(matches!(next(&mut items).await, Some(Err(ReadError::WentBack { .. }))));
    assert_eq!(next(&mut items).await, None);
}

/// A log of many pages is read in order and without gaps by a journal that has just been opened.
pub async fn a_long_log_is_read_in_order(harness: &impl Harness) {
    let journal = harness.open().await;
    let keys: Vec<u32> = (0..PARTITIONS).map(|p| key_in(Partition(p), 0)).collect();
    join_all(keys.iter().map(|key| add(&journal, start(*key)))).await;
    let names: Vec<String> = (0..MANY / 4).map(|n| format!("m{n}")).collect();
    for chunk in names.chunks(100) {
        let appends = chunk.iter().flat_map(|name| keys.iter().map(|key| add(&journal, later(*key, name))));
        join_all(appends).await;
    }
    let journal = harness.reopen(journal).await;
    for key in keys {
        let records = read(&journal, home(key), Position::ZERO).await;
        assert_eq!(messages(&records)[1..], names);
        assert!(records.windows(2).all(|pair| pair[0].position < pair[1].position));
        let middle = records[MANY / 8].position;
        assert_eq!(read(&journal, home(key), middle).await, records[MANY / 8 + 1..]);
    }
}
