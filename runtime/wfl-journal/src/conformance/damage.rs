//! Promises about damage: every flipped bit and every torn record is noticed, and never a wrong answer given.

use std::collections::HashMap;

use bytes::Bytes;
use wfl_record::{InstanceId, Partition, Position, Stamp};

use crate::conformance::fixture::{END, add, hear, home, instance, key_in, later, read, start, walk};
use crate::conformance::harness::{Area, Field, Harness, PARTITIONS};
use crate::journal::{BlobHash, Journal, ReadError, Record, Snapshot, Snapshots};

const BLOB: &[u8] = b"a plan";

/// What the store says while it is sound.
struct Truth {
    logs: Vec<Vec<Record>>,
    snapshots: Vec<Snapshots>,
}

/// Three instances in one partition, one of them purged, with snapshots, a watermark and a blob.
async fn fill(journal: &impl Journal) {
    let partition = home(1);
    let keys = [0, 1, 2].map(|n| key_in(partition, n));
    for key in keys {
        add(journal, start(key)).await;
        add(journal, later(key, "a")).await;
    }
    for key in &keys[..2] {
        add(journal, later(*key, "b")).await;
        let state = Snapshot { instance: instance(*key), position: Position(2), bytes: Bytes::from("state") };
        journal.save_snapshot(partition, state).await.expect("a snapshot is taken");
    }
    journal.purge(&instance(keys[2]), END).await.expect("it is purged");
    journal.set_watermark(partition, Position(1)).await.expect("a watermark is taken");
    journal.put_blob(Bytes::from_static(BLOB)).await.expect("a blob is taken");
    journal.put_payload(&instance(keys[0]), Bytes::from_static(BLOB)).await.expect("a payload is taken");
}

async fn truth(journal: &impl Journal) -> Truth {
    let mut truth = Truth { logs: Vec::new(), snapshots: Vec::new() };
    for partition in (0..PARTITIONS).map(Partition) {
        truth.logs.push(read(journal, partition, Position::ZERO).await);
        truth.snapshots.push(journal.load_snapshots(partition).await.expect("they are loaded"));
    }
    truth
}

/// Flips every bit of every stored field, one at a time: the answer is an error or the truth, and at least one
/// reader gets the error.
pub async fn every_flipped_bit_is_noticed(harness: &impl Harness) {
    let journal = harness.open().await;
    let Some(damage) = harness.damage() else { return };
    fill(&journal).await;
    // What was only just written may be answered from memory. After a restart all comes from the store.
    let journal = harness.reopen(journal).await;
    let truth = truth(&journal).await;
    let mut flips: HashMap<(&'static str, String), usize> = HashMap::new();
    for field in damage.fields().await {
        for bit in 0..field.bits {
            if damage.flip(&field, bit).await {
                check(&journal, &truth, &field, bit).await;
                damage.mend().await;
                *flips.entry((area_name(&field.area), field.name.clone())).or_default() += 1;
            }
        }
        assert!(flips.contains_key(&(area_name(&field.area), field.name.clone())), "{field:?} was flipped");
    }
    for area in ["record", "snapshot", "watermark", "instance", "purged", "blob", "payload"] {
        assert!(flips.keys().any(|(name, _)| *name == area), "fields of every area were flipped: {area}");
    }
    assert_eq!(self::truth(&journal).await.logs, truth.logs, "all flips are undone");
}

async fn check(journal: &impl Journal, truth: &Truth, field: &Field, bit: usize) {
    let context = format!("{field:?}, bit {bit}");
    match &field.area {
        Area::Record(partition, position) => {
            let is_it = |record: &&Record| record.position == *position;
            let record = truth.logs[partition.0 as usize].iter().find(is_it);
            let owner = record.map(|record| record.envelope.instance);
            check_log(journal, truth, *partition, Position::ZERO, owner, &context).await;
            // A reader that begins right before the record must not miss it because it stands elsewhere now. (What
            // is longer than a number is no key: those many bits need not be read twice.)
            if field.bits <= 64 {
                let before = Position(position.0 - 1);
                check_log(journal, truth, *partition, before, owner, &context).await;
            }
            check_walk(journal, truth, *partition, &context).await;
            if let Some(owner) = owner {
                check_instance(journal, truth, *partition, &owner, &context).await;
            }
        }
        Area::Instance(owner) => {
            let partition = wfl_record::partition_of(owner, PARTITIONS);
            check_log(journal, truth, partition, Position::ZERO, Some(*owner), &context).await;
            check_walk(journal, truth, partition, &context).await;
        }
        Area::Purged(partition) => {
            check_log(journal, truth, *partition, Position::ZERO, None, &context).await
        }
        Area::Snapshot(partition, _) | Area::Watermark(partition) => {
            check_snapshots(journal, truth, *partition, &context).await;
        }
        Area::Payload(owner, hash) => {
            let answer = journal.get_payload(owner, hash).await;
            // A record that refers to what is not there is damaged.
            let noticed = matches!(&answer, Ok(None) | Err(ReadError::CorruptBlob(_)));
            assert!(noticed, "{context}: {answer:?}");
        }
        Area::Blob(hash) => {
            let answer = journal.get_blob(hash).await;
            let noticed = matches!(&answer, Err(ReadError::CorruptBlob(it)) if it == hash);
            assert!(noticed, "{context}: {answer:?}");
            assert_eq!(*hash, BlobHash::of(BLOB));
        }
    }
}

/// Damage is said, what is given is true, and what is not given is either named or behind the end.
async fn check_log(
    journal: &impl Journal,
    truth: &Truth,
    partition: Partition,
    after: Position,
    owner: Option<InstanceId>,
    context: &str,
) {
    let heard = hear(journal, partition, after).await;
    assert!(!heard.errors.is_empty(), "{context}: unnoticed");
    let mut named = Vec::new();
    for error in &heard.errors {
        let ReadError::Corrupt { instance, .. } = error else {
            panic!("{context}: {error:?}");
        };
        named.extend(*instance);
    }
    // A flipped link may lead to another instance; the one that it was torn from must be named or the log end.
    let truth = &truth.logs[partition.0 as usize];
    if heard.caught_up.is_some() {
        let given = |record: &&Record| record.position > after && !heard.records.contains(record);
        let missing: Vec<InstanceId> = truth.iter().filter(given).map(|r| r.envelope.instance).collect();
        assert!(missing.iter().all(|instance| named.contains(instance)), "{context}: {:?}", heard.errors);
        assert!(owner.is_none_or(|owner| named.contains(&owner)), "{context}: {:?}", heard.errors);
    }
    let mut rest = truth.iter();
    let in_order = heard.records.iter().all(|record| rest.any(|true_one| true_one == record));
    assert!(in_order, "{context}: a wrong record was given");
}

async fn check_instance(
    journal: &impl Journal,
    truth: &Truth,
    partition: Partition,
    owner: &InstanceId,
    context: &str,
) {
    match journal.read_instance(owner, Position::ZERO).await {
        Err(ReadError::Corrupt { .. }) => {}
        // A field that this way of reading has no use for may be damaged without harm.
        Ok(records) => {
            let log = &truth.logs[partition.0 as usize];
            let wanted: Vec<&Record> = log.iter().filter(|r| r.envelope.instance == *owner).collect();
            assert_eq!(records.iter().collect::<Vec<_>>(), wanted, "{context}");
        }
        Err(other) => panic!("{context}: {other:?}"),
    }
}

/// Under damage the walk over last records ends, and names nobody who is not there or is purged.
async fn check_walk(journal: &impl Journal, truth: &Truth, partition: Partition, context: &str) {
    match walk(journal, partition, Stamp(i64::MAX), 10).await {
        Err(ReadError::Corrupt { .. }) => {}
        Err(other) => panic!("{context}: {other:?}"),
        Ok(named) => {
            let log = &truth.logs[partition.0 as usize];
            let is_there = |id: &InstanceId| log.iter().any(|record| record.envelope.instance == *id);
            assert!(named.iter().all(|(id, _)| is_there(id)), "{context}: {named:?}");
        }
    }
}

async fn check_snapshots(journal: &impl Journal, truth: &Truth, partition: Partition, context: &str) {
    let wanted = &truth.snapshots[partition.0 as usize];
    match journal.load_snapshots(partition).await {
        Err(ReadError::Corrupt { .. }) => {}
        Err(other) => panic!("{context}: {other:?}"),
        Ok(loaded) => {
            assert!(loaded.snapshots.iter().any(Result::is_err), "{context}: unnoticed");
            assert_eq!(loaded.watermark, wanted.watermark, "{context}");
            assert_eq!(loaded.snapshots.len(), wanted.snapshots.len(), "{context}: none is hidden");
            let good = loaded.snapshots.iter().filter(|entry| entry.is_ok());
            assert!(good.into_iter().all(|entry| wanted.snapshots.contains(entry)), "{context}");
        }
    }
}

/// A damaged watermark is still noticed after a restart and more appends: writing beside it must not seal it anew.
pub async fn damage_is_not_written_over(harness: &impl Harness) {
    let journal = harness.open().await;
    let Some(damage) = harness.damage() else { return };
    fill(&journal).await;
    let field = damage.fields().await.into_iter().find(|field| {
        matches!(&field.area, Area::Watermark(partition) if *partition == home(1))
            && field.name.starts_with("watermark")
    });
    assert!(damage.flip(&field.expect("the watermark is stored"), 2).await);
    let journal = harness.reopen(journal).await;
    // Whether the append is taken is the backend's choice; what it then says of the watermark is not.
    let _ = journal.append(later(key_in(home(1), 0), "after")).await;
    let journal = harness.reopen(journal).await;
    let loaded = journal.load_snapshots(home(1)).await;
    assert!(matches!(loaded, Err(ReadError::Corrupt { .. })), "{loaded:?}");
}

/// Purging what is damaged either works or says so: records that are left behind are not reported as gone.
pub async fn a_purge_of_a_damaged_instance_is_honest(harness: &impl Harness) {
    let journal = harness.open().await;
    let Some(damage) = harness.damage() else { return };
    fill(&journal).await;
    let owner = instance(key_in(home(1), 0));
    let journal = harness.reopen(journal).await;
    for field in damage.fields().await.into_iter().filter(|field| field.area == Area::Instance(owner)) {
        // Under a damaged id the instance is not found at all; following its log tells of that.
        if field.name.starts_with("id") {
            continue;
        }
        if !damage.flip(&field, 1).await {
            continue;
        }
        let journal_says = journal.purge(&owner, END).await;
        if journal_says.is_ok() {
            let heard = hear(&journal, home(1), Position::ZERO).await;
            let left = heard.records.iter().filter(|record| record.envelope.instance == owner).count();
            assert_eq!((left, heard.errors.len()), (0, 0), "{field:?}: it is said to be purged");
            return;
        }
        damage.mend().await;
    }
}

/// A record that was cut short names its instance, wherever it stands; what is around it is given.
pub async fn a_torn_record_names_its_instance(harness: &impl Harness) {
    let journal = harness.open().await;
    let Some(damage) = harness.damage() else { return };
    let (torn, sound) = (key_in(home(1), 0), key_in(home(1), 1));
    add(&journal, start(sound)).await;
    add(&journal, start(torn)).await;
    add(&journal, later(sound, "a")).await;
    let last = add(&journal, later(torn, "a")).await.position;
    let mut journal = harness.reopen(journal).await;
    let wanted = read(&journal, home(1), Position::ZERO).await;
    for (place, cut) in [(last, 1), (last, 7), (last, 1_000), (Position(2), 3)] {
        damage.cut(home(1), place, cut).await;
        // The last record torn must not keep the journal from opening.
        journal = harness.reopen(journal).await;
        let heard = hear(&journal, home(1), Position::ZERO).await;
        let kept: Vec<_> = wanted.iter().filter(|record| record.position != place).cloned().collect();
        let is_other = |record: &&Record| record.envelope.instance == instance(sound);
        let others: Vec<_> = kept.iter().filter(is_other).collect();
        assert_eq!(heard.records.iter().filter(is_other).collect::<Vec<_>>(), others);
        assert!(heard.caught_up.is_some(), "following goes on behind the damage");
        let names_it = |error: &ReadError| matches!(error, ReadError::Corrupt { instance: Some(it), position, .. } if *it == instance(torn) && *position == place);
        assert!(heard.errors.iter().any(names_it), "{:?}", heard.errors);
        assert!(matches!(
            journal.read_instance(&instance(torn), Position::ZERO).await,
            Err(ReadError::Corrupt { .. })
        ));
        assert_eq!(
            journal.read_instance(&instance(sound), Position::ZERO).await.map(|records| records.len()),
            Ok(2)
        );
    }
    add(&journal, later(sound, "after")).await;
}

fn area_name(area: &Area) -> &'static str {
    match area {
        Area::Record(..) => "record",
        Area::Snapshot(..) => "snapshot",
        Area::Watermark(_) => "watermark",
        Area::Instance(_) => "instance",
        Area::Purged(_) => "purged",
        Area::Blob(_) => "blob",
        Area::Payload(..) => "payload",
    }
}
