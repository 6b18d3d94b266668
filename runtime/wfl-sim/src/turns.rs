//! Turnstiles as the log has them, and who runs by their leave: never more than may, and nobody when all is over.

use std::collections::{BTreeMap, BTreeSet};

use wfl_machine::{AtTurnstile, Instance, Turnstile};
use wfl_record::{InstanceId, Record};

#[derive(Clone, Debug, Default)]
pub(crate) struct Turns {
    turnstiles: BTreeMap<InstanceId, Turnstile>,
    /// Who has had a turn and has not ended.
    running: BTreeMap<InstanceId, BTreeSet<InstanceId>>,
    /// Whether anybody ever had to wait.
    pub(crate) waited: bool,
}

impl Turns {
    pub(crate) fn fold(&mut self, record: &Record) {
        let envelope = &record.envelope;
        if let Ok(said) = AtTurnstile::decode(envelope.kind, envelope.version, &envelope.payload) {
            let turnstile = self.turnstiles.entry(envelope.instance).or_default();
            turnstile.fold(record.position, &said);
            self.waited |= turnstile.waiting() > 0;
        }
    }

    /// What an instance came to by a record: more than may must not run.
    pub(crate) fn count(&mut self, state: &Instance, limit: u32) -> Option<String> {
        let turnstile = state.turnstile()?;
        let running = self.running.entry(turnstile).or_default();
        if state.ending().is_some() {
            running.remove(&state.id());
        } else if state.ticket().is_some() {
            running.insert(state.id());
        }
        let count = running.len();
        (count > limit as usize).then(|| format!("{count} run at once by turnstile {turnstile}, {limit} may"))
    }

    /// Who is still there when everything has ended.
    pub(crate) fn left_over(&self) -> Vec<String> {
        let full = self.turnstiles.iter().filter(|(_, turnstile)| !turnstile.is_empty());
        full.map(|(id, turnstile)| {
            let running: Vec<_> = turnstile.running().map(|(instance, _)| instance).collect();
            format!("turnstile {id} is not left: {running:?} run, {} wait", turnstile.waiting())
        })
        .collect()
    }
}
