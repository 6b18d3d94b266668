//! Promises about purging: the data goes, the start stays, and nothing begins again.

use bytes::Bytes;
use wfl_record::{Ahead, Kind, Position, Stamp};

use crate::conformance::fixture::{
    END, add, hear, home, instance, key_in, later, messages, next, read, record, records, refused, start,
    walk,
};
use crate::conformance::harness::Harness;
use crate::journal::{AppendError, BlobHash, Followed, Journal, Snapshot};

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

/// Of a purged instance the start record is left, for those who ask for the start; nothing is read of it, and it has
/// no snapshot. Its neighbours keep all.
pub async fn a_purge_keeps_only_the_start(harness: &impl Harness) {
    let journal = harness.open().await;
    let [left, gone, right] = neighbours(&journal).await;
    for key in [left, gone] {
        let state = Snapshot { instance: instance(key), position: Position(1), bytes: Bytes::from("s") };
        journal.save_snapshot(home(1), state).await.expect("a snapshot is taken");
    }
    journal.purge(&instance(gone), END).await.expect("it is purged");
    let again = harness.reopen(journal).await;
    for (key, there) in
        [(left, vec!["start/1", "a", "b"]), (gone, vec![]), (right, vec!["start/1", "a", "b"])]
    {
        let records = again.read_instance(&instance(key), Position::ZERO).await.expect("it is read");
        assert_eq!(messages(&records), there);
        let begun = again.read_start(&instance(key)).await.expect("it is read").expect("it began");
        let wanted = start(key).envelope;
        assert_eq!((begun.partition, begun.envelope), (home(1), wanted), "the start is there");
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
    assert!(heard.removed > 0, "a follower hears that it does not get all");
    assert_eq!(hear(&again, home(1), up_to).await.removed, 0, "nothing is gone behind {up_to}");
}

/// After a purge the start is still known: itself as a duplicate, others as a conflict; nothing else is taken.
pub async fn a_purge_goes_on_refusing_starts(harness: &impl Harness) {
    let journal = harness.open().await;
    let begun = add(&journal, start(1)).await;
    add(&journal, later(1, "a")).await;
    journal.purge(&instance(1), END).await.expect("it is purged");
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
    journal.purge(&instance(gone), END).await.expect("it is purged");
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
        journal.purge(&instance(key), END).await.expect("it is purged");
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
    journal.purge(&instance(1), END).await.expect("it is purged");
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
        journal.purge(&instance(key), END).await.expect("it is purged");
    }
    for key in [left, right] {
        add(&journal, later(key, "c")).await;
    }
    let journal = harness.reopen(journal).await;
    journal.purge(&instance(gone), END).await.expect("it is purged");
    let records = read(&journal, home(1), Position::ZERO).await;
    assert_eq!(messages(&records), ["start/1", "start/1", "a", "a", "b", "b", "c", "c"]);
}

/// A purge that was decided before a record came takes nothing.
pub async fn a_purge_takes_no_record_that_came_later(harness: &impl Harness) {
    let journal = harness.open().await;
    let [left, gone, right] = neighbours(&journal).await;
    let seen = journal.read_instance(&instance(gone), Position::ZERO).await.expect("it is read");
    let last = seen.last().expect("it has records").position;
    let came = add(&journal, later(gone, "late")).await.position;
    assert_eq!(journal.purge(&instance(gone), last).await, Err(AppendError::Conflict));
    let journal = harness.reopen(journal).await;
    let there = journal.read_instance(&instance(gone), Position::ZERO).await.expect("it is read");
    assert_eq!(messages(&there), ["start/1", "a", "b", "late"]);
    journal.purge(&instance(gone), came).await.expect("it is purged");
    assert_eq!(journal.read_instance(&instance(gone), Position::ZERO).await, Ok(vec![]));
    assert_eq!(read(&journal, home(1), Position::ZERO).await.len(), 6, "{left} and {right} keep all");
}

/// The start of an instance is found by itself, whatever came after it.
pub async fn a_start_is_read_alone(harness: &impl Harness) {
    let journal = harness.open().await;
    let [one, ..] = neighbours(&journal).await;
    let journal = harness.reopen(journal).await;
    let begun = journal.read_start(&instance(one)).await.expect("it is read").expect("it began");
    assert_eq!(messages(&[begun]), ["start/1"]);
    assert_eq!(journal.read_start(&instance(999)).await, Ok(None));
}

/// The walk over last records names each instance at the place of its last one, in order, in any number of pieces.
pub async fn last_records_are_named_once(harness: &impl Harness) {
    let journal = harness.open().await;
    let [one, two, three] = neighbours(&journal).await;
    let last = add(&journal, later(one, "c")).await.position;
    let place = async |journal: &_, key| {
        let all = Journal::read_instance(journal, &instance(key), Position::ZERO).await.expect("it is read");
        (instance(key), all.last().expect("it has records").position)
    };
    let all = [place(&journal, two).await, place(&journal, three).await, (instance(one), last)];
    let journal = harness.reopen(journal).await;
    for most in [1, 2, 3, 10] {
        assert_eq!(walk(&journal, home(1), Stamp(i64::MAX), most).await, Ok(all.to_vec()));
    }
    // Whoever has a later record now comes up again, behind where the walk is.
    let found = journal.last_records(home(1), Position::ZERO, Stamp(i64::MAX), 1).await.expect("it walks");
    assert_eq!(found.instances, all[..1]);
    let again = add(&journal, later(two, "d")).await.position;
    let rest = journal.last_records(home(1), found.next, Stamp(i64::MAX), 10).await.expect("it walks");
    assert_eq!(rest.instances, [all[1], all[2], (instance(two), again)]);
    assert_eq!((rest.next, rest.ahead), (again, Ahead::Nothing));
    let other = wfl_record::Partition(home(1).0 ^ 1);
    assert_eq!(walk(&journal, other, Stamp(i64::MAX), 10).await, Ok(vec![]));
}

/// Purged instances are not named, and their starts do not hold up the walk.
pub async fn last_records_of_purged_instances_are_not_named(harness: &impl Harness) {
    let journal = harness.open().await;
    harness.clock().set(50);
    let [left, gone, right] = neighbours(&journal).await;
    journal.purge(&instance(gone), END).await.expect("it is purged");
    let journal = harness.reopen(journal).await;
    let named = walk(&journal, home(1), Stamp(51), 1).await.expect("it walks");
    assert_eq!(named.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [instance(left), instance(right)]);
    for key in [left, right] {
        journal.purge(&instance(key), END).await.expect("it is purged");
    }
    let found = journal.last_records(home(1), Position::ZERO, Stamp(0), 10).await.expect("it walks");
    assert_eq!(
        (found.instances, found.ahead),
        (vec![], Ahead::Nothing),
        "a start that is left over is not young"
    );
    let tail = journal.tail(home(1)).await.expect("there is a tail");
    assert!(found.next >= tail, "what was purged at the end is walked over");
}

/// The walk stops before what is not old enough, says so, and goes on from there later.
pub async fn last_records_wait_until_they_are_old(harness: &impl Harness) {
    let journal = harness.open().await;
    let [one, two] = [0, 1].map(|n| key_in(home(1), n));
    for (at, key) in [(100, one), (200, two)] {
        harness.clock().set(at);
        add(&journal, start(key)).await;
    }
    let look = async |after, before| {
        journal.last_records(home(1), after, Stamp(before), 10).await.expect("it walks")
    };
    let early = look(Position::ZERO, 100).await;
    assert_eq!(
        (early.instances, early.next, early.ahead),
        (vec![], Position::ZERO, Ahead::Young(Stamp(100)))
    );
    let first = look(Position::ZERO, 101).await;
    assert_eq!(first.instances.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [instance(one)]);
    assert_eq!(first.ahead, Ahead::Young(Stamp(200)));
    let second = look(first.next, 201).await;
    assert_eq!(second.instances.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [instance(two)]);
    assert_eq!(second.ahead, Ahead::Nothing);
}

/// Payloads go with their instance, those of others and blobs stay; a purged instance takes none.
pub async fn a_purge_takes_the_payloads(harness: &impl Harness) {
    let journal = harness.open().await;
    let [left, gone, _] = neighbours(&journal).await;
    let (bytes, hash) = (Bytes::from_static(b"large"), BlobHash::of(b"large"));
    for key in [left, gone] {
        journal.put_payload(&instance(key), bytes.clone()).await.expect("it is taken");
    }
    journal.put_blob(bytes.clone()).await.expect("it is taken");
    journal.purge(&instance(gone), END).await.expect("it is purged");
    let journal = harness.reopen(journal).await;
    assert_eq!(journal.get_payload(&instance(gone), &hash).await, Ok(None));
    assert_eq!(journal.get_payload(&instance(left), &hash).await, Ok(Some(bytes.clone())));
    assert_eq!(journal.get_blob(&hash).await, Ok(Some(bytes.clone())));
    let late = journal.put_payload(&instance(gone), bytes).await;
    assert_eq!(late, Err(AppendError::Conflict));
}
