//! What is outstanding, compared with what is under way: new calls are queued, superseded ones given up, timers set.

use std::collections::BTreeSet;
use std::sync::Arc;

use wfl_ir::Timestamp;
use wfl_machine::{
    Answer, CallEffect, ChildWish, Claim, Dispatch, Effect, Fired, Input, LetterEffect, Outcome, outstanding,
};
use wfl_record::InstanceId;

use crate::event::{Action, Call, Role};
use crate::flights::Rank;
use crate::partition::Partition;

impl Partition {
    /// Brings calls, timers, children and letters of an instance in line with its state.
    pub(crate) fn sync(&mut self, now: Timestamp, instance: InstanceId, out: &mut Vec<Action>) {
        self.sync_as(now, instance, false, out);
    }

    /// As [`Partition::sync`]; `again` for an owner that has just begun, before which there may have been others.
    pub(crate) fn sync_as(
        &mut self,
        now: Timestamp,
        instance: InstanceId,
        again: bool,
        out: &mut Vec<Action>,
    ) {
        let Some(slot) = self.slots.get_mut(&instance) else { return };
        // Until its parked records are folded, nobody knows what should be running.
        let known = slot.parked.is_empty() && slot.quarantine.is_none() && slot.plan.is_some();
        let effects = match (&slot.state, &slot.plan) {
            (Some(state), Some(plan)) if known => outstanding(plan, state),
            _ => Vec::new(),
        };
        let (mut calls, mut timers, mut runs, mut letters) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                Effect::Call(call) => calls.push(call),
                Effect::Timer(timer) => timers.push(timer),
                Effect::Run(run) => runs.push(run),
                Effect::Letter(letter) => letters.push(letter),
            }
        }
        let waits = runs.iter().all(|run| run.wish == ChildWish::Wait);
        let owner = self.role == Role::Owner;
        let came = |letter: &LetterEffect| {
            owner && !letter.receipt && slot.letters.get(&letter.number) == Some(&true)
        };
        slot.quiet = known && calls.is_empty() && letters.iter().all(came) && waits;
        if timers != slot.timers {
            for timer in slot.timers.drain(..) {
                self.wheel.remove(&(timer, instance));
            }
            self.wheel.extend(timers.iter().cloned().map(|timer| (timer, instance)));
            slot.timers = timers;
        }
        if self.role == Role::Owner {
            self.give_up_superseded(instance, &calls, out);
            self.begin_calls(now, instance, calls, again, out);
            let children = runs.len();
            self.sync_runs(instance, runs, out);
            self.sync_letters(instance, letters, out);
            if let Some(slot) = self.slots.get_mut(&instance) {
                // The plan of a child may have to be fetched first.
                slot.quiet &= slot.runs.len() == children;
            }
        } else {
            // Whoever owns the partition next has to see that its children have begun.
            slot.quiet &= runs.is_empty();
        }
        self.grown(now, instance, out);
    }

    /// Gives up the calls that are not wanted any more.
    fn give_up_superseded(&mut self, instance: InstanceId, calls: &[CallEffect], out: &mut Vec<Action>) {
        let Some(slot) = self.slots.get_mut(&instance) else { return };
        if slot.flights.is_empty() && slot.claims.is_empty() {
            return;
        }
        let wanted: BTreeSet<_> = calls.iter().map(|call| &call.call).collect();
        slot.claims.retain(|call| wanted.contains(call));
        let superseded: Vec<_> = slot.flights.keys().filter(|call| !wanted.contains(call)).cloned().collect();
        for call in superseded {
            if let Some(id) = slot.flights.remove(&call)
                && self.flights.remove(id)
            {
                out.push(Action::CancelCall(id));
            }
            self.sent_once.remove(&(instance, call));
        }
    }

    /// Queues the calls that are wanted and not under way.
    fn begin_calls(
        &mut self,
        now: Timestamp,
        instance: InstanceId,
        calls: Vec<CallEffect>,
        again: bool,
        out: &mut Vec<Action>,
    ) {
        for effect in calls {
            let Some(slot) = self.slots.get_mut(&instance) else { return };
            if slot.flights.contains_key(&effect.call) {
                continue;
            }
            if effect.once == Some(Claim::Open) {
                if slot.claims.insert(effect.call.clone()) {
                    let claim = Dispatch { call: effect.call, nonce: self.options.nonce };
                    self.append(instance, &Input::Dispatch(claim), out);
                }
                continue;
            }
            if let Some(reason) = self.sent_before(now, instance, &effect, again) {
                self.unknown_before(instance, effect, reason, out);
                continue;
            }
            let Some(rank) = self.rank(instance, effect.operation) else { return };
            let id = self.flights.add(now, instance, effect.clone(), again, rank);
            if let Some(slot) = self.slots.get_mut(&instance) {
                slot.flights.insert(effect.call, id);
            }
        }
    }

    /// How soon a call of an instance is sent when there is no room for all.
    fn rank(&self, instance: InstanceId, operation: u32) -> Option<Rank> {
        let slot = self.slots.get(&instance)?;
        let (state, plan) = (slot.state.as_ref()?, slot.plan.as_ref()?);
        let mut lane = None;
        if !self.limits.is_empty() {
            let name = plan.operations.get(operation as usize)?.qualified();
            lane = self.limits.get_key_value(name.as_str()).map(|(name, _)| Arc::clone(name));
        }
        Some(Rank { lane, tenant: state.namespace().clone(), priority: state.priority() })
    }

    /// Why a call must not be sent: somebody may have sent it who is no more, and nothing makes a second one harmless.
    fn sent_before(
        &mut self,
        now: Timestamp,
        instance: InstanceId,
        effect: &CallEffect,
        again: bool,
    ) -> Option<&'static str> {
        if let Some(Claim::By(nonce)) = effect.once {
            let mine = nonce == self.options.nonce;
            let first = mine && self.sent_once.insert((instance, effect.call.clone()));
            return (!first).then_some("it was sent, and the engine that waited for the answer is gone");
        }
        // A key that may be forgotten makes no second call harmless.
        let keyed = effect.key.is_some() && effect.key_until.is_none_or(|until| now <= until);
        let once_only = again && !keyed && self.acts(instance, effect);
        once_only.then_some("an engine that is gone may have sent it")
    }

    /// Whether a call changes something in the world.
    fn acts(&self, instance: InstanceId, effect: &CallEffect) -> bool {
        let plan = self.slots.get(&instance).and_then(|slot| slot.plan.as_ref());
        let operation = plan.and_then(|plan| plan.operations.get(effect.operation as usize));
        operation.is_none_or(|operation| operation.effect != wfl_ir::Effect::Read)
    }

    /// A call that may not be sent again may have been sent before: nobody knows what became of it.
    fn unknown_before(
        &mut self,
        instance: InstanceId,
        effect: CallEffect,
        reason: &str,
        out: &mut Vec<Action>,
    ) {
        let call = effect.call.clone();
        let id = self.flights.add_answered(instance, effect);
        if let Some(slot) = self.slots.get_mut(&instance) {
            slot.flights.insert(call.clone(), id);
        }
        let outcome = Outcome::Unknown { reason: reason.to_owned() };
        self.append(instance, &Input::Answer(Answer { call, outcome }), out);
    }

    /// Nothing is called for an instance any more.
    pub(crate) fn give_up_calls(&mut self, instance: InstanceId, out: &mut Vec<Action>) {
        let Some(slot) = self.slots.get_mut(&instance) else { return };
        slot.runs.clear();
        slot.letters.clear();
        slot.claims.clear();
        for (_, id) in std::mem::take(&mut slot.flights) {
            if self.flights.remove(id) {
                out.push(Action::CancelCall(id));
            }
        }
    }

    /// Sends what is queued while there is room.
    pub(crate) fn dispatch_queued(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        if self.flights.lanes.has_limits() {
            let wanted = self.flights.lanes.wanted();
            out.extend(wanted.into_iter().map(|(name, count)| Action::NeedPermits(name, count)));
        }
        while let Some(id) = self.flights.take_queued(self.options.max_calls) {
            let Some(flight) = self.flights.get(id) else { continue };
            let (instance, effect) = (flight.instance, flight.effect.clone());
            let Some(plan) = self.slots.get(&instance).and_then(|slot| slot.plan.clone()) else { continue };
            let attempt_end = now.plus(effect.timeout);
            let deadline = effect.budget.map_or(attempt_end, |budget| attempt_end.min(budget.max(now)));
            self.flights.sent(id, now, deadline);
            out.push(Action::Call(
                id,
                Box::new(Call { instance, plan: Arc::clone(&plan), effect, deadline }),
            ));
        }
    }

    /// Permits of calls that ended, or were given up before they were sent, go back.
    pub(crate) fn give_back_permits(&mut self, out: &mut Vec<Action>) {
        if self.flights.lanes.has_limits() {
            let spare = self.flights.lanes.spare();
            let ended = std::mem::take(&mut self.flights.returned);
            out.extend(
                spare.into_iter().chain(ended).map(|(name, count)| Action::ReturnPermits(name, count)),
            );
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
