//! What must hold when a journal is opened again, held against the ledger. Doubts are settled by it: what was read
//! counts as acknowledged from then on, what was not there must stay away.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use futures::future::join_all;
use wfl_journal::{Followed, Journal, ReadError};
use wfl_record::{InstanceId, Partition, Position, Record};

use crate::ledger::{Key, Known, Ledger, Offer, Value};

/// Reads all of the journal and says the first thing that is wrong.
pub(crate) async fn check(journal: &impl Journal, ledger: &mut Ledger) -> Result<(), String> {
    let mut followed: BTreeMap<InstanceId, Vec<Record>> = BTreeMap::new();
    for partition in (0..journal.partitions()).map(Partition) {
        let (records, tail) = follow(journal, partition).await.map_err(|e| e.to_string())?;
        order(ledger, &records)?;
        if tail < ledger.tail(partition) {
            let known = ledger.tail(partition);
            return Err(format!("partition {partition} ends at {tail}, position {known} was acknowledged"));
        }
        for record in records {
            ledger.read(&record)?;
            followed.entry(record.envelope.instance).or_default().push(record);
        }
    }
    for id in ledger.instances() {
        instance(journal, ledger, id, followed.remove(&id).unwrap_or_default()).await?;
    }
    if let Some(id) = followed.keys().next() {
        return Err(format!("nothing was offered for {id}"));
    }
    snapshots(journal, ledger).await?;
    blobs(journal, ledger).await?;
    payloads(journal, ledger).await
}

/// Repeats everything that is there: each must be answered with its old place.
pub(crate) async fn repeat(journal: &impl Journal, ledger: &mut Ledger) -> Result<(), String> {
    ledger.begin_step();
    let again = ledger.repeatable();
    let answers = join_all(again.iter().map(|new| journal.append(new.clone()))).await;
    for (new, answer) in again.iter().zip(answers) {
        ledger.answered(&crate::ledger::key(new), &answer)?;
    }
    Ok(())
}

/// What a follower gets from the beginning on, and the tail that it is told.
pub(crate) async fn follow(
    journal: &impl Journal,
    partition: Partition,
) -> Result<(Vec<Record>, Position), ReadError> {
    let (mut items, mut records) = (journal.follow(partition, Position::ZERO), Vec::new());
    loop {
        match items.next().await {
            Some(Ok(Followed::Record(record))) => records.push(record),
            Some(Ok(Followed::Removed(_))) => {}
            Some(Ok(Followed::CaughtUp(tail))) => return Ok((records, tail)),
            Some(Err(error)) => return Err(error),
            None => return Err(ReadError::Unavailable("the follower ended".into())),
        }
    }
}

/// Positions grow, and who was offered after another's answer stands behind it.
fn order(ledger: &Ledger, records: &[Record]) -> Result<(), String> {
    let (mut position, mut step) = (Position::ZERO, 0);
    for record in records {
        let key: Key = (record.envelope.instance, record.envelope.message_id.to_string());
        if record.position <= position {
            return Err(format!("position {} comes after {position}", record.position));
        }
        position = record.position;
        if let Some(Offer { steps: (first, last), .. }) = ledger.offers.get(&key) {
            if *last < step {
                return Err(format!("{} of {} at {position} stands too late", key.1, key.0));
            }
            step = step.max(*first);
        }
    }
    Ok(())
}

/// An instance has all its records or, once purged, only its start.
async fn instance(
    journal: &impl Journal,
    ledger: &mut Ledger,
    id: InstanceId,
    followed: Vec<Record>,
) -> Result<(), String> {
    let own = journal.read_instance(&id, Position::ZERO).await.map_err(|error| error.to_string())?;
    let purge = ledger.purged.get(&id).copied();
    let start = journal.read_start(&id).await.map_err(|error| error.to_string())?;
    if let Some(start) = start.filter(|_| purge.is_some() && followed.is_empty() && own.is_empty()) {
        ledger.purged.insert(id, true);
        ledger.snapshots.remove(&id);
        return ledger.read(&start);
    }
    if purge == Some(true) {
        let (followed, own) = (followed.len(), own.len());
        return Err(format!("{id} is purged, has {own} records, {followed} of them are followed"));
    }
    ledger.purged.remove(&id);
    if own != followed {
        return Err(format!("{id} has {} records, {} of them are followed", own.len(), followed.len()));
    }
    let there: BTreeSet<String> = own.iter().map(|record| record.envelope.message_id.to_string()).collect();
    for (key, offer) in ledger.offers.iter_mut().filter(|(key, _)| key.0 == id) {
        if there.contains(&key.1) {
            continue;
        }
        if let Known::There(position, _) = offer.known {
            return Err(format!("{} of {id} is lost; it stood at {position}", key.1));
        }
        offer.known = Known::Absent;
    }
    Ok(())
}

async fn snapshots(journal: &impl Journal, ledger: &mut Ledger) -> Result<(), String> {
    let mut there = BTreeMap::new();
    for partition in (0..journal.partitions()).map(Partition) {
        let found = journal.load_snapshots(partition).await.map_err(|error| error.to_string())?;
        for snapshot in found.snapshots {
            let snapshot = snapshot.map_err(|error| error.to_string())?;
            there.insert(snapshot.instance, snapshot);
        }
        let value = ledger.watermarks.entry(partition).or_default();
        if found.watermark != value.sure && !value.in_doubt.contains(&found.watermark) {
            return Err(format!("the watermark of {partition} is {}, not {value:?}", found.watermark));
        }
        *value = Value { sure: found.watermark, in_doubt: Vec::new() };
    }
    for (id, value) in &mut ledger.snapshots {
        let found = there.remove(id);
        if found != value.sure && !value.in_doubt.contains(&found) {
            return Err(format!("the snapshot of {id} is {found:?}, not {value:?}"));
        }
        *value = Value { sure: found, in_doubt: Vec::new() };
    }
    match there.keys().next() {
        Some(id) => Err(format!("there is a snapshot of {id} that was never saved or was purged")),
        None => Ok(()),
    }
}

/// Payloads are there, and gone with a purge.
async fn payloads(journal: &impl Journal, ledger: &mut Ledger) -> Result<(), String> {
    let mut gone = Vec::new();
    for ((id, hash), (bytes, is_sure)) in &mut ledger.payloads {
        let purged = ledger.purged.contains_key(id);
        match journal.get_payload(id, hash).await.map_err(|error| error.to_string())? {
            Some(found) if found == *bytes && !purged => *is_sure = true,
            None if purged || !*is_sure => gone.push((*id, *hash)),
            other => {
                let length = other.map(|bytes| bytes.len());
                return Err(format!("the payload {hash} of {id} is {length:?}, purged: {purged}"));
            }
        }
    }
    gone.iter().for_each(|key| drop(ledger.payloads.remove(key)));
    Ok(())
}

async fn blobs(journal: &impl Journal, ledger: &mut Ledger) -> Result<(), String> {
    let mut gone = Vec::new();
    for (hash, (bytes, is_sure)) in &mut ledger.blobs {
        match journal.get_blob(hash).await.map_err(|error| error.to_string())? {
            Some(found) if found == *bytes => *is_sure = true,
            None if !*is_sure => gone.push(*hash),
            other => return Err(format!("the blob {hash} is {:?}", other.map(|bytes| bytes.len()))),
        }
    }
    gone.iter().for_each(|hash| drop(ledger.blobs.remove(hash)));
    Ok(())
}
