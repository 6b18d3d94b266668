//! Purging in a simulation: what the journal does for processes, and what must hold of it.
//!
//! Nothing is forgotten in truth: the verdict judges what is purged as everything else.

use wfl_machine::Instance;
use wfl_partition::Action;
use wfl_record::{AppendError, InstanceId, Kind, LastRecords, Position, Stamp};

use crate::fault::Fault;
use crate::sim::{Sim, log_of};

impl Sim {
    pub(crate) fn look_for_expired(
        &mut self,
        partition: u32,
        after: Position,
        before: Stamp,
        most: usize,
    ) -> Result<LastRecords, String> {
        if self.faults.strikes(Fault::JournalAway) {
            return Err("it is away".to_owned());
        }
        Ok(self.journal.last_records(partition, after, before, most))
    }

    /// Purges an instance. What is open, owes something or has somebody to tell must not be.
    pub(crate) fn purge(&mut self, instance: InstanceId, last: Position) -> Result<(), AppendError> {
        if self.faults.strikes(Fault::JournalAway) {
            return Err(AppendError::Unavailable("it is away".into()));
        }
        let again = self.journal.is_purged(&instance);
        self.journal.purge(instance, last)?;
        let state = self.state(&instance);
        if !again && !state.is_some_and(Instance::is_closed) {
            let word = state.map_or("not there", |state| state.status().word());
            self.violations.push(format!("{instance} was purged, and is {word}"));
        }
        if self.faults.strikes(Fault::AckLost) {
            return Err(AppendError::Unknown("the line was cut".into()));
        }
        Ok(())
    }

    /// Nobody acts for a purged instance any more.
    pub(crate) fn acts_alive(&mut self, action: &Action) {
        let acts = match action {
            Action::Call(_, call) => Some(call.instance),
            // Others may still write to it, and a timer of one that rests is due before it is read. The journal refuses both.
            Action::Append(record) if matches!(record.envelope.kind, Kind::ANSWER | Kind::DISPATCH) => {
                Some(record.envelope.instance)
            }
            _ => None,
        };
        if let Some(instance) = acts.filter(|instance| self.journal.is_purged(instance)) {
            self.violations.push(format!("{instance} was purged, and acts: {action:?}"));
        }
    }

    /// How many instances were purged.
    pub fn purged(&self) -> usize {
        self.instances().iter().filter(|id| self.journal.is_purged(id)).count()
    }

    /// What must hold of purging in the end: all that has come to its end is gone, from the log and from the memory.
    pub(crate) fn purged_in_the_end(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.setup.retention.is_none() {
            return wrong;
        }
        for id in self.instances() {
            let purged = self.journal.is_purged(&id);
            if !purged && self.state(&id).is_some_and(Instance::is_closed) {
                wrong.push(format!("{id} has ended and is never purged"));
            }
            let partition = log_of(&id, self.setup.partitions).0 as usize;
            for node in self.nodes.iter().filter(|node| node.alive && node.owns[partition] && purged) {
                let core = &node.partitions[partition];
                let open = core.view(&id).and_then(|view| view.state).is_some_and(|state| !state.is_closed());
                // An owner may know as at rest, or as ended where nothing leaves the memory, what another one purged: until
                // something happens to it.
                let left = core.rests(&id) || self.setup.rest.is_none();
                if open || core.holds(&id) && !left {
                    wrong.push(format!("{id} was purged, and is in memory"));
                }
            }
        }
        wrong
    }
}
