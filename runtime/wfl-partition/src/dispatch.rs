//! What is outstanding, compared with what is under way: new calls are queued, superseded ones given up, timers set.

use std::collections::BTreeSet;
use std::sync::Arc;

use wfl_ir::Timestamp;
use wfl_machine::{Effect, Fired, Input, outstanding};
use wfl_record::InstanceId;

use crate::event::{Action, Call, Role};
use crate::partition::Partition;

impl Partition {
    /// Brings calls and timers of an instance in line with its state.
    pub(crate) fn sync(&mut self, instance: InstanceId, out: &mut Vec<Action>) {
        let Some(slot) = self.slots.get_mut(&instance) else { return };
        // Until its parked records are folded, nobody knows what should be running.
        let known = slot.parked.is_empty() && slot.quarantine.is_none();
        let effects = match (&slot.state, &slot.plan) {
            (Some(state), Some(plan)) if known => outstanding(plan, state),
            _ => Vec::new(),
        };
        let (mut calls, mut timers) = (Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                Effect::Call(call) => calls.push(call),
                Effect::Timer(timer) => timers.push(timer),
            }
        }
        if timers != slot.timers {
            slot.timers.drain(..).for_each(|timer| drop(self.wheel.remove(&(timer, instance))));
            self.wheel.extend(timers.iter().cloned().map(|timer| (timer, instance)));
            slot.timers = timers;
        }
        if self.role != Role::Owner {
            return;
        }
        let wanted: BTreeSet<_> = calls.iter().map(|call| &call.call).collect();
        let superseded: Vec<_> = slot.flights.keys().filter(|call| !wanted.contains(call)).cloned().collect();
        for call in superseded {
            if let Some(id) = slot.flights.remove(&call)
                && self.flights.remove(id)
            {
                out.push(Action::CancelCall(id));
            }
        }
        for effect in calls {
            let call = effect.call.clone();
            if !slot.flights.contains_key(&call) {
                let id = self.flights.add(instance, effect);
                slot.flights.insert(call, id);
            }
        }
    }

    /// Nothing is called for an instance any more.
    pub(crate) fn give_up_calls(&mut self, instance: InstanceId, out: &mut Vec<Action>) {
        let Some(slot) = self.slots.get_mut(&instance) else { return };
        for (_, id) in std::mem::take(&mut slot.flights) {
            if self.flights.remove(id) {
                out.push(Action::CancelCall(id));
            }
        }
    }

    /// Sends what is queued while there is room.
    pub(crate) fn dispatch_queued(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        while let Some(id) = self.flights.take_queued(self.options.max_calls) {
            let Some(flight) = self.flights.get(id) else { continue };
            let (instance, effect) = (flight.instance, flight.effect.clone());
            let Some(plan) = self.slots.get(&instance).and_then(|slot| slot.plan.clone()) else { continue };
            let attempt_end = now.plus(effect.timeout);
            let deadline = effect.budget.map_or(attempt_end, |budget| attempt_end.min(budget.max(now)));
            self.flights.sent(id, deadline);
            out.push(Action::Call(
                id,
                Box::new(Call { instance, plan: Arc::clone(&plan), effect, deadline }),
            ));
        }
    }

    /// Timers that are due go into the log; they stay in the wheel's instance until they are folded.
    pub(crate) fn fire_timers(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        while let Some((timer, instance)) = self.wheel.first().filter(|(timer, _)| timer.due <= now).cloned()
        {
            self.wheel.remove(&(timer.clone(), instance));
            let input = Input::Timer(Fired { due: timer.due, timer: timer.timer });
            self.append(instance, &input, out);
        }
    }
}
