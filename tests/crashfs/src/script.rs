//! Scripts: what is done to a journal, as a seed says.

use bytes::Bytes;
use wfl_record::{Envelope, InstanceId, Kind, MessageId, Namespace, NewRecord, Partition, partition_of};
use wfl_sim::Random;

/// The partitions of the journals.
pub const PARTITIONS: u32 = 3;
/// Few instances and few message ids, so that repeats and conflicts are frequent.
const KEYS: u64 = 7;
const MESSAGES: u64 = 14;

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Appends under way at once.
    Appends(Vec<NewRecord>),
    Purge(InstanceId),
    /// The state of an instance as of the last position of its partition.
    Snapshot(InstanceId, Bytes),
    /// Up to the last position of the partition.
    Watermark(Partition),
    Blob(Bytes),
    /// A payload of an instance.
    Payload(InstanceId, Bytes),
    /// Nothing for so long that the write-ahead log is copied into the file.
    Idle,
    /// A follower from the beginning.
    Read(Partition),
    /// The journal is closed and opened again.
    Reopen,
    /// The power goes while nothing is under way.
    PowerCut,
}

/// So many steps of a seed.
pub(crate) fn script(seed: u64, steps: usize) -> Vec<Step> {
    let mut random = Random::new(seed);
    (0..steps).map(|_| step(&mut random)).collect()
}

fn step(random: &mut Random) -> Step {
    match random.below(20) {
        0 => Step::Purge(instance(random.below(KEYS))),
        1 | 2 => {
            let size = random.below(400) as usize;
            Step::Snapshot(instance(random.below(KEYS)), noise(random.number(), size))
        }
        3 => Step::Watermark(Partition(random.below(PARTITIONS.into()) as u32)),
        4 => {
            let size = random.below(9_000) as usize;
            Step::Blob(noise(random.below(5), size))
        }
        9 => {
            let (id, size) = (instance(random.below(KEYS)), random.below(9_000) as usize);
            Step::Payload(id, noise(random.below(5), size))
        }
        5 | 6 => Step::Idle,
        7 => Step::Read(Partition(random.below(PARTITIONS.into()) as u32)),
        8 => Step::Reopen,
        _ => {
            let count = 1 + random.below(10);
            Step::Appends(
                (0..count).map(|_| record(random.below(KEYS), random.below(MESSAGES + 4))).collect(),
            )
        }
    }
}

pub(crate) fn instance(key: u64) -> InstanceId {
    InstanceId::derive(&Namespace::default(), "crashfs.Test", &key.to_le_bytes())
}

/// The record of a key under a message. The first few messages are the start: so starts are as frequent as they must be.
pub fn record(key: u64, message: u64) -> NewRecord {
    let (instance, message) = (instance(key), message.saturating_sub(4));
    let mut random = Random::new(key << 32 | message);
    let size = if random.below(12) == 0 { 3_000 + random.below(6_000) } else { random.below(300) };
    let envelope = Envelope {
        namespace: Namespace::default(),
        tenant: None,
        instance,
        message_id: MessageId::new(format!("m{message}")),
        kind: if message == 0 { Kind::START } else { Kind::ANSWER },
        version: 1,
        actor: None,
        key_id: None,
        trace: None,
        payload: noise(random.number(), size as usize).to_vec(),
    };
    NewRecord { partition: partition_of(&instance, PARTITIONS), first: message == 0, envelope }
}

fn noise(seed: u64, size: usize) -> Bytes {
    let mut random = Random::new(seed);
    (0..size).map(|_| random.number().to_le_bytes()[0]).collect()
}
