//! What the journal keeps for processes: the log as it is believed, snapshots, and what a process reads of them.

use wfl_machine::{Input, Source, Start, apply};
use wfl_partition::{Event, Permits, Stored};
use wfl_record::{AppendError, InstanceId, Position, Record};

use crate::fault::Fault;
use crate::sim::{Happening, Sim};
use crate::turns::Turns;

impl Sim {
    /// Partitions of a process learn of their permits; and when there may be more.
    pub(crate) fn permit(&mut self, node: u32, life: u64, granted: Vec<Permits>) {
        for Permits { partition, operation, count } in granted {
            let after = self.random.below(100) as i64;
            self.later(after, Happening::Event(node, life, partition.0, Event::Permits(operation, count)));
        }
        if let Some(next) = self.nodes[node as usize].gates.next_grant() {
            self.later((next.0 - self.now).max(1), Happening::Grant(node, life));
        }
    }

    pub(crate) fn maybe_twice(&mut self, partition: u32) {
        if self.faults.strikes(Fault::RecordTwice)
            && let Some(again) = self.journal.repeat_last(partition, self.setup.rest.is_none())
        {
            self.fold(&again);
        }
    }

    /// What the log says of an instance after one more record. The end of the run folds all of it anew, and says what is
    /// wrong.
    pub(crate) fn fold(&mut self, record: &Record) {
        let envelope = &record.envelope;
        if Turns::is_of(envelope.kind) {
            return self.turns.fold(record);
        }
        let Ok(input) = Input::decode(envelope.kind, envelope.version, &envelope.payload) else { return };
        let state = self.truth.entry(envelope.instance).or_default();
        let (hash, args) = match (&input, &*state) {
            (Input::Start(Start { plan, source: Source::Inline(args), .. }), _) => (*plan, args.clone()),
            (_, Some(state)) => (state.plan(), Vec::new()),
            _ => return,
        };
        if let Some(plan) = self.plans.get(&hash) {
            let _ = apply(plan, hash, state, envelope, &input, &args, record.at);
            let Some(state) = state else { return };
            if let Some((limit, _)) = &plan.limit {
                self.violations.extend(self.turns.count(state, *limit));
            }
            self.violations.extend(self.turns.count_occasion(state));
        }
    }

    /// A process that begins reads what was kept of the instances of a log.
    pub(crate) fn restore(&mut self, number: u32, partition: u32) {
        if self.setup.rest.is_none() {
            return;
        }
        let (watermark, mut snapshots) =
            (self.journal.watermark(partition), self.journal.snapshots(partition));
        for (_, _, bytes) in &mut snapshots {
            self.maybe_damage(bytes);
        }
        let node = &mut self.nodes[number as usize];
        node.read[partition as usize] = watermark.0 as usize;
        let life = node.life;
        self.deliver(number, life, partition, Event::Snapshots(watermark, snapshots));
    }

    fn maybe_damage(&mut self, bytes: &mut [u8]) {
        if self.faults.strikes(Fault::SnapshotDamaged) {
            let at = self.random.below(bytes.len().max(1) as u64) as usize;
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << self.random.below(8);
            }
        }
    }

    pub(crate) fn stored(&mut self, instance: InstanceId, records_only: bool) -> Result<Stored, String> {
        if self.faults.strikes(Fault::JournalAway) {
            return Err("it is away".to_owned());
        }
        let mut stored = self.journal.stored(instance, records_only);
        if let Some((_, bytes)) = &mut stored.snapshot {
            self.maybe_damage(bytes);
        }
        Ok(stored)
    }

    pub(crate) fn save_snapshot(
        &mut self,
        instance: InstanceId,
        position: Position,
        bytes: Vec<u8>,
    ) -> Result<(), AppendError> {
        if self.faults.strikes(Fault::JournalAway) {
            return Err(AppendError::Unavailable("it is away".into()));
        }
        self.journal.save_snapshot(instance, position, bytes);
        if self.faults.strikes(Fault::AckLost) {
            return Err(AppendError::Unknown("the line was cut".into()));
        }
        Ok(())
    }
}
