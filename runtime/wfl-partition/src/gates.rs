//! Limits of operations, over all partitions of a process: how many calls at once, how many begun in a time.
//!
//! Whoever wants to send asks for a permit and waits. Rates are kept by the generic cell rate algorithm (ITU-T I.371):
//! permits are spread over the time instead of coming all at its beginning.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use wfl_ir::{Duration, Timestamp};
use wfl_record::Partition;

/// What an operation may be asked to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// How many calls may be under way at once.
    pub concurrent: Option<u32>,
    /// How many may be begun in a time.
    pub rate: Option<(u32, Duration)>,
}

/// The limits of operations, by `Service.operation`.
pub type Limits = BTreeMap<Arc<str>, Limit>;

#[derive(Debug)]
struct Gate {
    limit: Limit,
    under_way: u32,
    /// When the next one may begin, by the rate.
    next: Timestamp,
    /// Who waits, and for how many.
    waiting: VecDeque<(Partition, u32)>,
}

impl Gate {
    /// Lets one through, if that is allowed now.
    fn open(&mut self, now: Timestamp) -> bool {
        let full = self.limit.concurrent.is_some_and(|most| self.under_way >= most);
        if full || self.next > now {
            return false;
        }
        self.under_way += 1;
        if let Some((count, per)) = self.limit.rate {
            let pause = Duration(per.0 / i64::from(count.max(1)));
            self.next = self.next.max(now).plus(pause);
        }
        true
    }
}

/// All operations with limits.
#[derive(Debug, Default)]
pub struct Gates {
    gates: BTreeMap<Arc<str>, Gate>,
}

/// Permits for a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permits {
    /// Who gets them.
    pub partition: Partition,
    /// For which operation.
    pub operation: Arc<str>,
    /// How many.
    pub count: u32,
}

impl Gates {
    /// With these limits. An operation without a limit needs no permit.
    pub fn new(limits: &Limits) -> Gates {
        let gate = |limit: &Limit| Gate {
            limit: *limit,
            under_way: 0,
            next: Timestamp(i64::MIN),
            waiting: VecDeque::new(),
        };
        Gates { gates: limits.iter().map(|(name, limit)| (Arc::clone(name), gate(limit))).collect() }
    }

    /// A partition wants so many permits. What can be had now is in the answer.
    pub fn ask(
        &mut self,
        now: Timestamp,
        partition: Partition,
        operation: &Arc<str>,
        count: u32,
    ) -> Vec<Permits> {
        if let Some(gate) = self.gates.get_mut(operation) {
            gate.waiting.push_back((partition, count));
        }
        self.grant(now)
    }

    /// Calls have ended, or were not sent after all.
    pub fn give_back(&mut self, now: Timestamp, operation: &Arc<str>, count: u32) -> Vec<Permits> {
        if let Some(gate) = self.gates.get_mut(operation) {
            gate.under_way = gate.under_way.saturating_sub(count);
        }
        self.grant(now)
    }

    /// What can be had now. Partitions take turns.
    pub fn grant(&mut self, now: Timestamp) -> Vec<Permits> {
        let mut granted: BTreeMap<(Partition, Arc<str>), u32> = BTreeMap::new();
        for (operation, gate) in &mut self.gates {
            while !gate.waiting.is_empty() && gate.open(now) {
                let Some((partition, count)) = gate.waiting.pop_front() else { break };
                if count > 1 {
                    gate.waiting.push_back((partition, count - 1));
                }
                *granted.entry((partition, Arc::clone(operation))).or_default() += 1;
            }
        }
        let permits = |((partition, operation), count)| Permits { partition, operation, count };
        granted.into_iter().map(permits).collect()
    }

    /// When the next permit can be had that only a rate holds back.
    pub fn next_grant(&self) -> Option<Timestamp> {
        let waits = |gate: &&Gate| {
            let full = gate.limit.concurrent.is_some_and(|most| gate.under_way >= most);
            !gate.waiting.is_empty() && !full
        };
        self.gates.values().filter(waits).map(|gate| gate.next).min()
    }
}
