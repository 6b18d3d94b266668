//! What comes from outside: starts, messages and wishes, and schedules that people make.

use std::sync::Arc;

use wfl_ir::{Fields, PlanHash, Timestamp};
use wfl_machine::{
    AtSchedule, Input, Recurrence, Schedule, Source, Start, input_digest, instance_id, instance_key,
};
use wfl_partition::{Calendar, Steps};
use wfl_record::{InstanceId, Namespace, NewRecord, partition_of};

use crate::sim::{Happening, Sim};

impl Sim {
    /// Starts an instance, after so many microseconds. Its id, unless its key has no value.
    pub fn start(&mut self, hash: PlanHash, args: &Fields, starter: &str, after: i64) -> Option<InstanceId> {
        let plan = Arc::clone(self.plans.get(&hash)?);
        let key = instance_key(&plan, args).ok()?;
        let id = instance_id(&Namespace::default(), &plan, &key, 0);
        let start = Input::Start(Start {
            workflow: plan.workflow.clone(),
            version: plan.version,
            plan: hash,
            source: Source::Inline(
                wfl_eval::encode_fields(plan.library(), &plan.params, args).to_string().into_bytes(),
            ),
            digest: input_digest(args),
            starter: starter.to_owned(),
            parent: None,
            deadline: None,
            parent_epoch: None,
            not_before: None,
            occasion: None,
        });
        self.send(id, &start, starter, after);
        Some(id)
    }

    /// A schedule is made after so many microseconds, whose first time is another so many later.
    pub fn set_schedule(&mut self, name: &str, recurrence: Recurrence, after: i64) -> InstanceId {
        let next = Steps.next(&recurrence.cadence, Timestamp(self.now + after));
        let opened = AtSchedule::Opened { name: name.to_owned() };
        let set = AtSchedule::Set { recurrence, next, request: "set".to_owned() };
        self.wish(name, &opened, after);
        self.wish(name, &set, after)
    }

    /// Somebody wants something of a schedule, after so many microseconds.
    pub fn wish(&mut self, name: &str, said: &AtSchedule, after: i64) -> InstanceId {
        let id = Schedule::id(&Namespace::default(), name);
        let envelope = said.envelope(&Namespace::default(), id, Some("somebody".to_owned()));
        let partition = partition_of(&id, self.setup.partitions);
        let first = matches!(said, AtSchedule::Opened { .. });
        self.later(after, Happening::Outside(NewRecord { partition, first, envelope }));
        id
    }

    /// The virtual time.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.now)
    }

    /// What the log says of a schedule.
    pub fn schedule(&self, id: &InstanceId) -> Option<&Schedule> {
        self.turns.schedule(id)
    }

    /// Somebody sends an input to an instance, after so many microseconds.
    pub fn send(&mut self, id: InstanceId, input: &Input, actor: &str, after: i64) {
        let envelope = input.envelope(&Namespace::default(), id, Some(actor.to_owned()));
        let partition = partition_of(&id, self.setup.partitions);
        let first = matches!(input, Input::Start(_));
        self.later(after, Happening::Outside(NewRecord { partition, first, envelope }));
    }
}
