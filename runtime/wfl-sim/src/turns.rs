//! Turnstiles and schedules as the log has them, and who runs by their leave: never more than may, and nobody when all is
//! over.

use std::collections::{BTreeMap, BTreeSet};

use wfl_machine::{AtSchedule, AtTurnstile, Instance, Overlap, Schedule, Turnstile};
use wfl_record::{InstanceId, Kind, Record};

#[derive(Clone, Debug, Default)]
pub(crate) struct Turns {
    turnstiles: BTreeMap<InstanceId, Turnstile>,
    /// Who has had a turn and has not ended.
    running: BTreeMap<InstanceId, BTreeSet<InstanceId>>,
    schedules: BTreeMap<InstanceId, Schedule>,
    /// Whose occasions run.
    occasions: BTreeMap<InstanceId, BTreeSet<InstanceId>>,
}

impl Turns {
    pub(crate) fn fold(&mut self, record: &Record) {
        let envelope = &record.envelope;
        let (id, kind, version) = (envelope.instance, envelope.kind, envelope.version);
        if let Ok(said) = AtTurnstile::decode(kind, version, &envelope.payload) {
            self.turnstiles.entry(id).or_default().fold(record.position, &said);
        }
        if let Ok(said) = AtSchedule::decode(kind, version, &envelope.payload) {
            self.schedules.entry(id).or_default().fold(record.position, &said);
        }
    }

    /// Whether a record is one of these.
    pub(crate) fn is_of(kind: Kind) -> bool {
        kind == Kind::TURNSTILE || kind == Kind::SCHEDULE
    }

    /// A schedule as the log has it.
    pub(crate) fn schedule(&self, id: &InstanceId) -> Option<&Schedule> {
        self.schedules.get(id)
    }

    /// What an instance that a schedule began came to by a record: it is alone, unless several may run.
    pub(crate) fn count_occasion(&mut self, state: &Instance) -> Option<String> {
        let id = state.occasion()?.schedule;
        let running = self.occasions.entry(id).or_default();
        if state.ending().is_some() {
            running.remove(&state.id());
        } else {
            running.insert(state.id());
        }
        let overlap = self.schedules.get(&id)?.recurrence.as_ref()?.overlap;
        let several = running.len() > 1 && overlap != Overlap::Allow;
        several.then(|| format!("{} occasions of schedule {id} run at once", running.len()))
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
        let full = full.map(|(id, turnstile)| {
            let running: Vec<_> = turnstile.running().map(|(instance, _)| instance).collect();
            format!("turnstile {id} is not left: {running:?} run, {} wait", turnstile.waiting())
        });
        let goes_on = |schedule: &Schedule| {
            let all = schedule.under.is_empty() && schedule.waiting.is_empty() && schedule.due().is_none();
            !all
        };
        let schedules = self.schedules.values().filter(|schedule| goes_on(schedule));
        full.chain(schedules.map(|schedule| format!("a schedule is not through: {schedule:?}"))).collect()
    }
}
