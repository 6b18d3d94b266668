//! Schedules: their times come, instances begin, and whoever is in the way of a later one is cancelled.

use std::collections::BTreeSet;

use wfl_ir::Timestamp;
use wfl_machine::{AtSchedule, CancelMode, Control, Input, Occasion, Schedule, Under, occasion_start};
use wfl_record::{InstanceId, Position};

use crate::entity::Kept;
use crate::event::{Action, Role};
use crate::outbox::PostPurpose;
use crate::partition::Partition;

/// So many times that came too late are counted one by one.
const MOST_MISSED: u32 = 10_000;

impl Partition {
    /// A schedule, if it is here.
    pub fn schedule(&self, id: &InstanceId) -> Option<&Schedule> {
        self.kept.get(id).filter(|kept| !kept.returning).and_then(Kept::schedule)
    }

    /// Whether what the journal has of a schedule is being read.
    pub fn reads_schedules(&self) -> bool {
        let reads = |kept: &Kept| kept.returning && !kept.quarantined && kept.schedule().is_some();
        self.kept.values().any(reads)
    }

    /// All schedules that are here.
    pub fn schedules(&self) -> impl Iterator<Item = &Schedule> {
        let there = |schedule: &&Schedule| schedule.recurrence.is_some() || !schedule.under.is_empty();
        self.kept.values().filter_map(Kept::schedule).filter(there)
    }

    /// Brings what a schedule has begun, and when it wakes up, in line with its state.
    pub(crate) fn sync_schedule(&mut self, id: InstanceId, out: &mut Vec<Action>) {
        let owner = self.role == Role::Owner;
        let Some(kept) = self.kept.get_mut(&id).filter(|kept| !kept.returning) else { return };
        let Some(schedule) = kept.schedule() else { return };
        let comes = schedule.due().filter(|_| owner && kept.coming != Some(schedule.next_by));
        let mut wanted: Vec<Under> = Vec::new();
        let under: BTreeSet<_> =
            schedule.under.values().map(|under| (under.occasion.due, under.by)).collect();
        if owner {
            let told = |under: &&Under| {
                let cancels = under.cancelled && under.instance.is_some();
                (cancels || under.instance.is_none())
                    && !kept.told.contains(&(under.occasion.due, under.by, cancels))
            };
            wanted = schedule.under.values().filter(told).cloned().collect();
        }
        kept.told.retain(|(due, by, _)| under.contains(&(*due, *by)));
        if let Some(at) = std::mem::replace(&mut kept.wakes_at, comes) {
            self.occasions.remove(&(at, id));
        }
        self.occasions.extend(comes.map(|at| (at, id)));
        for under in wanted {
            match under.instance {
                None => self.start_occasion(id, &under, out),
                Some(instance) => self.cancel_occasion(id, instance, &under, out),
            }
        }
    }

    fn tell(&mut self, id: InstanceId, under: &Under, cancels: bool) {
        if let Some(kept) = self.kept.get_mut(&id) {
            kept.told.insert((under.occasion.due, under.by, cancels));
        }
    }

    /// The times of schedules that have come go into the log.
    pub(crate) fn occasions_come(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        while let Some((due, id)) = self.occasions.first().copied().filter(|(due, _)| *due <= now) {
            self.occasions.remove(&(due, id));
            let Some(kept) = self.kept.get_mut(&id) else { continue };
            kept.wakes_at = None;
            let Some(schedule) = kept.schedule() else { continue };
            let Some(recurrence) = &schedule.recurrence else { continue };
            let (by, calendar) = (schedule.next_by, &*self.calendar);
            let next = |after: Timestamp| {
                let next = calendar.next(&recurrence.cadence, after);
                // A calendar that goes back would go on for ever.
                next.filter(|next| *next > after && recurrence.until.is_none_or(|until| *next <= until))
            };
            let late = Timestamp(now.0.saturating_sub(recurrence.catch_up.0));
            let again = schedule.last.filter(|last| due <= *last);
            let (mut this, mut missed) = (again.map_or(Some(due), next), 0);
            while let Some(due) = this.filter(|due| *due < late) {
                missed += 1;
                let far = missed > MOST_MISSED;
                this = next(if far { Timestamp(late.0.saturating_sub(1)) } else { due });
            }
            let came = this.filter(|due| *due <= now);
            let date = |due: Timestamp| calendar.date(&recurrence.cadence, due);
            let occasion = came.map(|due| Occasion { due, date: date(due) });
            let next = came.map_or(this, next);
            let said = AtSchedule::Came { occasion, next, missed, by };
            kept.coming = Some(by);
            let envelope = said.envelope(&kept.namespace, id, None);
            self.append_entity(envelope, out);
        }
    }

    /// Appends the start of the instance of an occasion. The same start twice is a duplicate.
    fn start_occasion(&mut self, id: InstanceId, under: &Under, out: &mut Vec<Action>) {
        let Some(plan) = self.plans.get(&under.plan).cloned() else {
            return self.want_plan(under.plan, id, out);
        };
        let Some(kept) = self.kept.get(&id) else { return };
        let (namespace, due) = (kept.namespace.clone(), under.occasion.due);
        let name = kept.schedule().map(|schedule| schedule.name.clone()).unwrap_or_default();
        self.tell(id, under, false);
        let begun = occasion_start(&plan, &namespace, id, &name, under);
        let (instance, start) = match begun {
            Ok(begun) => begun,
            Err(why) => return self.occasion_refused(id, due, under.by, why, out),
        };
        let envelope =
            Input::Start(start.clone()).envelope(&namespace, instance, Some(start.starter.clone()));
        let purpose = PostPurpose::Occasion { due, by: under.by, start: Box::new(start) };
        self.post(id, instance, true, envelope, purpose, out);
    }

    pub(crate) fn occasion_began(
        &mut self,
        id: InstanceId,
        (due, by): (Timestamp, Position),
        instance: InstanceId,
        out: &mut Vec<Action>,
    ) {
        let Some(kept) = self.kept.get(&id) else { return };
        let envelope = AtSchedule::Began { due, instance, by }.envelope(&kept.namespace, id, None);
        self.append_entity(envelope, out);
    }

    pub(crate) fn occasion_refused(
        &mut self,
        id: InstanceId,
        due: Timestamp,
        by: Position,
        why: String,
        out: &mut Vec<Action>,
    ) {
        let Some(kept) = self.kept.get(&id) else { return };
        let envelope = AtSchedule::Refused { due, why, by }.envelope(&kept.namespace, id, None);
        self.append_entity(envelope, out);
    }

    fn cancel_occasion(
        &mut self,
        id: InstanceId,
        instance: InstanceId,
        under: &Under,
        out: &mut Vec<Action>,
    ) {
        self.tell(id, under, true);
        let Some(kept) = self.kept.get(&id) else { return };
        let name = kept.schedule().map(|schedule| schedule.name.as_str()).unwrap_or_default();
        let control = Control::Cancel {
            mode: CancelMode::Compensate,
            reason: format!("the next occasion of the schedule {name} has come"),
            grace: None,
            request: format!("schedule/{}/{}", under.occasion.due.0, under.by),
        };
        let actor = Some(format!("schedule:{name}"));
        let envelope = Input::Control(control).envelope(&kept.namespace, instance, actor);
        self.post(id, instance, false, envelope, PostPurpose::Cancel, out);
    }
}
