//! People: they send what is waited for, decide what they are asked, and look after what is suspended.

use wfl_eval::encode;
use wfl_ir::flow::AwaitKind;
use wfl_ir::{Name, NodeKind, Type, Value};
use wfl_machine::{
    CallRef, CancelMode, Control, Decision, OpenTask, Place, Purpose, Signal, Suspended, Suspension,
};

use crate::bounds::Bounds;
use crate::member::Member;
use crate::moves::{Choice, Move, Remedied};
use crate::program::Loaded;
use crate::state::State;
use crate::values::Values;

/// A value as JSON.
pub(crate) fn json(loaded: &Loaded, ty: &Type, value: &Value) -> Vec<u8> {
    encode(loaded.plan.library(), ty, value).to_string().into_bytes()
}

/// Messages for the channels that an instance waits on: some that are meant by its condition, and one that is not.
pub(crate) fn signals(loaded: &Loaded, member: &Member, bounds: &Bounds) -> Vec<Choice> {
    let mut choices = Vec::new();
    let values = Values::new(&loaded.plan, &loaded.constants, bounds.values, bounds.items);
    for (node, channel) in member.instance.channels(&loaded.plan) {
        let NodeKind::Await(awaited) = &loaded.plan.nodes[node as usize].kind else { continue };
        let names = [loaded.plan.nodes[node as usize].id.clone(), channel.clone()];
        let count = member.watch.signals.get(&channel).copied().unwrap_or_default();
        // In a pause nothing is taken, and messages would come without end.
        if member.watch.paused && count > 0 {
            continue;
        }
        for value in fitting(loaded, member, &awaited.kind, values.of(&awaited.ty, &names)) {
            let payload = json(loaded, &awaited.ty, &value);
            let signal = Signal { channel: channel.clone(), id: format!("m{count}"), payload };
            choices.push(Choice::free(Move::Signal(member.id(), signal)));
        }
    }
    choices
}

/// Makes messages such that they are meant: texts and numbers of a condition come from the instance itself, and are
/// tried in the place of each field.
fn fitting(loaded: &Loaded, member: &Member, kind: &AwaitKind, values: Vec<Value>) -> Vec<Value> {
    let AwaitKind::Signal { condition: Some(condition), .. } = kind else { return values };
    let is_meant = |value: &Value| member.instance.would_take(&loaded.plan, condition, value);
    let mut meant: Vec<Value> = values.iter().filter(|value| is_meant(value)).cloned().collect();
    if meant.is_empty()
        && let Some(Value::Record(fields)) = values.first()
    {
        let known = member.instance.known_values();
        for (name, _) in fields.iter() {
            let with = |value: &Value| {
                let others = fields.iter().filter(|(other, _)| other != name).cloned();
                Value::record(others.chain([(name.clone(), value.clone())]))
            };
            meant.extend(known.iter().map(with).find(|value| is_meant(value)));
        }
        meant.truncate(1);
    }
    meant
}

/// The next person's answers to what is asked.
pub(crate) fn decisions(loaded: &Loaded, member: &Member, bounds: &Bounds) -> Vec<Choice> {
    let mut choices = Vec::new();
    let values = Values::new(&loaded.plan, &loaded.constants, bounds.values, bounds.items);
    for task in member.instance.tasks() {
        let NodeKind::Await(awaited) = &loaded.plan.nodes[task.node as usize].kind else { continue };
        let names = [loaded.plan.nodes[task.node as usize].id.clone()];
        for value in values.of(&awaited.ty, &names) {
            let person = format!("person{}", task.answers.len() + 1);
            let decision = decision(loaded, &task, &person, json(loaded, &awaited.ty, &value));
            choices.push(Choice::free(Move::Decide(member.id(), decision)));
        }
    }
    choices
}

/// A person's answer to a task.
pub(crate) fn decision(loaded: &Loaded, task: &OpenTask, person: &str, payload: Vec<u8>) -> Decision {
    Decision {
        task: loaded.plan.nodes[task.node as usize].id.clone(),
        item: task.item.clone(),
        epoch: task.epoch,
        shown: task.digest,
        person: person.to_owned(),
        roles: task.roles.iter().map(ToString::to_string).collect(),
        payload,
    }
}

/// What operators do about what is suspended in an instance.
pub(crate) fn remedies(loaded: &Loaded, member: &Member, state: &State, bounds: &Bounds) -> Vec<Choice> {
    let mut choices = Vec::new();
    for suspended in member.instance.suspensions() {
        let help = Help { loaded, member, state, bounds, suspended: &suspended };
        let (control, done) = help.remedy();
        choices.push(Choice::free(Move::Remedy(member.id(), control, done)));
    }
    choices
}

struct Help<'a> {
    loaded: &'a Loaded,
    member: &'a Member,
    state: &'a State,
    bounds: &'a Bounds,
    suspended: &'a Suspended<'a>,
}

impl Help<'_> {
    fn place(&self) -> Place {
        let step = self.loaded.plan.nodes[self.suspended.node as usize].id.clone();
        Place { step, item: self.suspended.item.clone() }
    }

    fn request(&self) -> String {
        format!("r{}", self.member.watch.requests)
    }

    fn retry(&self) -> Control {
        let place = self.place();
        Control::Retry { step: Some(place.step), request: self.request(), item: place.item }
    }

    fn remedy(&self) -> (Control, Remedied) {
        let reason = "nobody knows what to do".to_owned();
        match self.suspended.why {
            Suspension::RetriesExhausted(_) => (self.retry(), Remedied::Nothing),
            Suspension::Fault(_) | Suspension::EnsureFailed(_) | Suspension::ChildEnded(_)
                if !self.suspended.undo =>
            {
                let request = self.request();
                let tried = self.member.watch.requests > 0;
                let control = if tried || self.member.instance.is_past_pivot() {
                    Control::Kill { reason, request }
                } else {
                    Control::Cancel { mode: CancelMode::Compensate, reason, grace: None, request }
                };
                (control, Remedied::Nothing)
            }
            _ => self.by_hand(),
        }
    }

    /// A person finds out what became of a call, and says so.
    fn by_hand(&self) -> (Control, Remedied) {
        let (place, reason, request) = (self.place(), "looked up by hand".to_owned(), self.request());
        let plan = &self.loaded.plan;
        let NodeKind::Call(call) = &plan.nodes[self.suspended.node as usize].kind else {
            return (self.retry(), Remedied::Nothing);
        };
        let operation = &plan.operations[call.operation as usize];
        let name = |epoch: u32| CallRef {
            step: place.step.clone(),
            item: place.item.clone(),
            epoch,
            purpose: Purpose::Do,
            attempt: 1,
            late: None,
        };
        let id = self.member.id();
        let mut lives = (0..=self.member.instance.epoch()).rev();
        let is_meant = |epoch: &u32| {
            let there = self.state.world.found(id, &name(*epoch)).is_some_and(|effect| effect.is_there());
            if self.suspended.undo { there } else { self.member.instance.is_at_step(plan, &name(*epoch)) }
        };
        let effect = lives.find(is_meant).and_then(|epoch| match self.suspended.why {
            Suspension::PerhapsTwice(_, attempt) => {
                let just = CallRef { attempt: *attempt, ..name(epoch) };
                self.state
                    .world
                    .effects
                    .values()
                    .find(|effect| effect.instance == id && effect.call == just && effect.was_there())
            }
            _ => self.state.world.found(id, &name(epoch)),
        });
        if self.suspended.undo {
            let of = effect.map_or_else(|| name(self.member.instance.epoch()), |effect| effect.call.clone());
            let control = Control::Complete { place, value: b"null".to_vec(), reason, request };
            return (control, Remedied::Undone(of));
        }
        let complete = |value: &Value| Control::Complete {
            place: place.clone(),
            value: json(self.loaded, &operation.result, value),
            reason: reason.clone(),
            request: request.clone(),
        };
        match effect {
            Some(effect) => (complete(&effect.value), Remedied::Nothing),
            None if operation.at_most_once => {
                let values = Values::new(plan, &self.loaded.constants, self.bounds.values, self.bounds.items);
                let value = values.of(&operation.result, &[Name::from(operation.qualified())]);
                let value = value.into_iter().next().unwrap_or_default();
                (complete(&value), Remedied::Done(name(self.member.instance.epoch()), value))
            }
            // It did not happen, and under its old key nobody may send it any more.
            None => {
                let args = Vec::new();
                let control = Control::Edit { place, args, reason, request, absent: true };
                (control, Remedied::Nothing)
            }
        }
    }
}
