//! A process of a simulation: partitions, and how far each has read its log.

use std::sync::Arc;

use wfl_ir::Duration;
use wfl_partition::{Gates, Limits, Options, Partition, Resting};

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) alive: bool,
    /// Grows with every end of the process: what was meant for an earlier one is lost.
    pub(crate) life: u64,
    pub(crate) partitions: Vec<Partition>,
    /// How many records of each log it was given.
    pub(crate) read: Vec<usize>,
    /// Whether it dispatches for the partition.
    pub(crate) owns: Vec<bool>,
    /// The limits of operations, for all its partitions.
    pub(crate) gates: Gates,
    /// How far its clock is off.
    pub(crate) skew: i64,
}

impl Node {
    /// A process that has just begun.
    pub(crate) fn new(
        number: u32,
        life: u64,
        partitions: u32,
        rest: Option<Resting>,
        retention: Option<Duration>,
        limits: &Arc<Limits>,
    ) -> Node {
        let options = Options {
            partitions,
            nonce: u64::from(number) << 32 | life,
            repeat_after: Duration::from_millis(200),
            rest,
            retention,
            ..Options::default()
        };
        let partition =
            |id| Partition::new(wfl_record::Partition(id), options).with_limits(Arc::clone(limits));
        Node {
            alive: true,
            life,
            partitions: (0..partitions).map(partition).collect(),
            read: vec![0; partitions as usize],
            owns: vec![false; partitions as usize],
            skew: 0,
            gates: Gates::new(limits),
        }
    }
}
