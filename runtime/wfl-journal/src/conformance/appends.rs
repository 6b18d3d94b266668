//! Promises about appending: what is acknowledged, what is a repeat, what is refused.

use std::collections::HashMap;

use futures::future::join_all;
use wfl_record::{Kind, Partition, Position, Stamp};

use crate::conformance::fixture::{add, home, instance, later, messages, read, record, refused, start};
use crate::conformance::harness::{Harness, LIMITS, PARTITIONS};
use crate::journal::{AppendError, Journal};

/// A record comes back as it was appended, where and when the answer said.
pub async fn an_append_is_read_back(harness: &impl Harness) {
    harness.clock().set(1_000);
    let journal = harness.open().await;
    assert_eq!(journal.partitions(), PARTITIONS);
    let new = start(1);
    let appended = add(&journal, new.clone()).await;
    assert!(appended.position > Position::ZERO);
    assert_eq!(appended.at, Stamp(1_000));
    let records = read(&journal, home(1), Position::ZERO).await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].envelope, new.envelope);
    assert_eq!(
        (records[0].partition, records[0].position, records[0].at),
        (home(1), appended.position, appended.at)
    );
    assert_eq!(journal.tail(home(1)).await, Ok(appended.position));
}

/// A message id that is there is answered with the record that is there, and nothing is added.
pub async fn a_repeat_is_answered_with_the_first(harness: &impl Harness) {
    let journal = harness.open().await;
    harness.clock().set(5);
    add(&journal, start(1)).await;
    let first = add(&journal, later(1, "a")).await;
    add(&journal, later(1, "b")).await;
    harness.clock().set(9);
    let mut repeat = later(1, "a");
    repeat.envelope.payload = b"something else".to_vec();
    let again = journal.append(repeat).await.expect("a repeat is answered");
    assert!(again.duplicate);
    assert_eq!((again.position, again.at), (first.position, first.at));
    let records = read(&journal, home(1), Position::ZERO).await;
    assert_eq!(messages(&records), ["start/1", "a", "b"]);
    assert_eq!(records[1].envelope, later(1, "a").envelope);
}

/// Of many equal appends under way at once one is kept; the others are told so.
pub async fn repeats_at_once_are_kept_once(harness: &impl Harness) {
    let journal = harness.open().await;
    let starts = join_all((0..40).map(|_| journal.append(start(1)))).await;
    let laters = join_all((0..40).map(|_| journal.append(later(1, "a")))).await;
    for answers in [starts, laters] {
        let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("it is answered")).collect();
        assert_eq!(answers.iter().filter(|answer| !answer.duplicate).count(), 1);
        assert!(answers.iter().all(|answer| answer.position == answers[0].position));
    }
    assert_eq!(messages(&read(&journal, home(1), Position::ZERO).await), ["start/1", "a"]);
}

/// Message ids are remembered over a restart.
pub async fn a_repeat_after_a_restart_is_answered(harness: &impl Harness) {
    let journal = harness.open().await;
    let begun = add(&journal, start(1)).await;
    let first = add(&journal, later(1, "a")).await;
    let journal = harness.reopen(journal).await;
    let again = journal.append(later(1, "a")).await.expect("a repeat is answered");
    assert_eq!((again.duplicate, again.position, again.at), (true, first.position, first.at));
    let again = journal.append(start(1)).await.expect("a repeated start is answered");
    assert_eq!((again.duplicate, again.position), (true, begun.position));
    let next = add(&journal, later(1, "b")).await;
    assert!(next.position > first.position);
    assert_eq!(messages(&read(&journal, home(1), Position::ZERO).await), ["start/1", "a", "b"]);
}

/// The same start again finds the instance that began with it, also later in its life and as a plain record.
pub async fn a_repeated_start_is_a_duplicate(harness: &impl Harness) {
    let journal = harness.open().await;
    let begun = add(&journal, start(1)).await;
    for _ in 0..2 {
        let again = journal.append(start(1)).await.expect("a repeated start is answered");
        assert_eq!((again.duplicate, again.position, again.at), (true, begun.position, begun.at));
        let plain = later(1, "start/1");
        let again = journal.append(plain).await.expect("its message id is there");
        assert_eq!((again.duplicate, again.position), (true, begun.position));
        journal.append(later(1, "a")).await.expect("a later record is taken");
    }
    assert_eq!(messages(&read(&journal, home(1), Position::ZERO).await), ["start/1", "a"]);
}

/// An instance begins once: a start under another message id is refused, also at the same moment.
pub async fn another_start_is_a_conflict(harness: &impl Harness) {
    let journal = harness.open().await;
    add(&journal, start(1)).await;
    add(&journal, later(1, "a")).await;
    // The second is there as a later record; that does not make it the start.
    for message in ["start/2", "a"] {
        let other = record(1, message, Kind::START, true);
        assert_eq!(refused(&journal, other).await, AppendError::Conflict);
    }
    let names: Vec<String> = (0..16).map(|n| format!("start/{n}")).collect();
    let race = names.iter().map(|message| journal.append(record(2, message, Kind::START, true)));
    let answers = join_all(race).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(answers.iter().flat_map(|answer| answer.as_ref().err()).all(|e| *e == AppendError::Conflict));
    let journal = harness.reopen(journal).await;
    assert_eq!(refused(&journal, record(1, "start/2", Kind::START, true)).await, AppendError::Conflict);
    assert_eq!(messages(&read(&journal, home(1), Position::ZERO).await)[..2], ["start/1", "a"]);
    assert_eq!(journal.read_instance(&instance(2), Position::ZERO).await.map(|records| records.len()), Ok(1));
}

/// A record that is no start needs an instance that began.
pub async fn a_later_record_needs_a_start(harness: &impl Harness) {
    let journal = harness.open().await;
    assert_eq!(refused(&journal, later(1, "a")).await, AppendError::Conflict);
    assert_eq!(read(&journal, home(1), Position::ZERO).await, []);
    assert_eq!(journal.tail(home(1)).await, Ok(Position::ZERO));
    add(&journal, start(1)).await;
    add(&journal, later(1, "a")).await;
}

/// An instance has one log, and there are only so many logs.
pub async fn an_instance_stays_in_its_partition(harness: &impl Harness) {
    let journal = harness.open().await;
    add(&journal, start(1)).await;
    let elsewhere = Partition((home(1).0 + 1) % PARTITIONS);
    for mut stray in [start(1), later(1, "a")] {
        stray.partition = elsewhere;
        assert_eq!(refused(&journal, stray).await, AppendError::Conflict);
    }
    let mut nowhere = start(2);
    nowhere.partition = Partition(PARTITIONS);
    assert!(matches!(refused(&journal, nowhere).await, AppendError::Unavailable(_)));
    assert!(journal.tail(Partition(PARTITIONS)).await.is_err());
    assert_eq!(read(&journal, elsewhere, Position::ZERO).await, []);
}

/// Two instances may use one message id.
pub async fn a_message_id_counts_per_instance(harness: &impl Harness) {
    let journal = harness.open().await;
    for key in 0..8 {
        add(&journal, start(key)).await;
        add(&journal, later(key, "a")).await;
    }
}

/// A payload over the limit is refused with the limit; one at the limit is taken.
pub async fn what_is_too_large_is_refused(harness: &impl Harness) {
    let journal = harness.open().await;
    add(&journal, start(1)).await;
    let mut large = later(1, "large");
    let limit = harness.largest_payload();
    large.envelope.payload = vec![7; limit + 1];
    assert_eq!(refused(&journal, large.clone()).await, AppendError::TooLarge { limit });
    large.envelope.payload.pop();
    add(&journal, large.clone()).await;
    let blob = vec![1; LIMITS.blob + 1];
    let answer = journal.put_blob(blob.into()).await;
    assert_eq!(answer, Err(AppendError::TooLarge { limit: LIMITS.blob }));
    let records = read(&journal, home(1), Position::ZERO).await;
    assert_eq!(records.last().map(|record| &record.envelope), Some(&large.envelope));
}

/// Positions grow whatever the clock does, and stamps are what the clock said.
pub async fn stamps_are_kept_though_the_clock_goes_back(harness: &impl Harness) {
    let journal = harness.open().await;
    let times = [10, 3_600_000_000, -5, 7, i64::MAX, i64::MIN, 0];
    let mut places = Vec::new();
    for (n, micros) in times.into_iter().enumerate() {
        harness.clock().set(micros);
        let new = if n == 0 { start(1) } else { later(1, &format!("m{n}")) };
        places.push(add(&journal, new).await);
    }
    assert!(places.windows(2).all(|pair| pair[0].position < pair[1].position));
    let journal = harness.reopen(journal).await;
    let records = read(&journal, home(1), Position::ZERO).await;
    assert_eq!(records.iter().map(|record| record.at.0).collect::<Vec<_>>(), times);
    assert_eq!(
        records.iter().map(|record| record.position).collect::<Vec<_>>(),
        places.iter().map(|place| place.position).collect::<Vec<_>>()
    );
}

/// Many writers at once: every acknowledged record is there, once, where its answer said, and an instance's
/// records stand in the order of their acknowledgements.
pub async fn many_writers_lose_nothing(harness: &impl Harness) {
    let journal = harness.open().await;
    let writers = (0..64).map(|key| {
        let journal = &journal;
        async move {
            let mut acknowledged = vec![(start(key), add(journal, start(key)).await)];
            for n in 0..12 {
                let new = later(key, &format!("m{n}"));
                acknowledged.push((new.clone(), add(journal, new).await));
            }
            acknowledged
        }
    });
    let acknowledged = join_all(writers).await;
    let journal = harness.reopen(journal).await;
    let mut there = HashMap::new();
    for partition in (0..PARTITIONS).map(Partition) {
        let records = read(&journal, partition, Position::ZERO).await;
        assert!(records.windows(2).all(|pair| pair[0].position < pair[1].position));
        there.extend(records.into_iter().map(|record| ((partition, record.position), record.envelope)));
    }
    assert_eq!(there.len(), 64 * 13);
    for writer in acknowledged {
        assert!(writer.windows(2).all(|pair| pair[0].1.position < pair[1].1.position));
        for (new, appended) in writer {
            assert_eq!(there.get(&(new.partition, appended.position)), Some(&new.envelope));
        }
    }
}
