//! People: they look at what is suspended, answer what they are asked, and send what is waited for.

use wfl_ir::{NodeKind, Plan, Value};
use wfl_machine::{
    CancelMode, Control, Decision, Input, Outcome, Place, Purpose, Signal, Suspended, Suspension,
};
use wfl_record::InstanceId;

use crate::books::{Reply, answer, json};
use crate::random::Random;
use crate::sample::sample;
use crate::sim::Sim;

/// How often somebody looks at one instance, before they give it up.
const PATIENCE: u32 = 700;

/// What a person says who has undone something outside.
pub(crate) const UNDONE: &str = "undone by hand";

/// So many microseconds.
const HOUR: u64 = 3_600_000_000;

/// What people say at an await of a plan, under a seed. It does not depend on when they are asked.
pub fn spoken(seed: u64, plan: &Plan, node: u32) -> Option<Value> {
    let NodeKind::Await(awaited) = &plan.nodes[node as usize].kind else { return None };
    let mut random = Random::new(seed ^ (u64::from(node) << 40));
    sample(plan.library(), &awaited.ty, &mut random)
}

impl Sim {
    /// Lets everything happen until nothing is left to happen. When nothing happens by itself, people look what waits for
    /// them.
    pub fn run(&mut self) {
        loop {
            while self.step() {
                if self.now >= self.look_at {
                    // Now and then somebody looks without being waited for by everybody.
                    self.look_at = self.now + 12 * HOUR as i64;
                    if self.random.below(3) == 0 {
                        self.help();
                    }
                }
            }
            if !self.violations.is_empty() || !self.help() {
                return;
            }
        }
    }

    /// As [`Sim::run`], but for no more than so many happenings: what would never end is looked at as it is.
    pub fn run_at_most(&mut self, happenings: u64) {
        for _ in 0..happenings {
            if !self.violations.is_empty() || !self.step() && !self.help() {
                return;
            }
        }
    }

    /// People look at what is suspended or asked. False when nothing is.
    fn help(&mut self) -> bool {
        let mut helped = false;
        for id in self.instances() {
            let inputs = self.wanted(&id);
            let tries = self.tries.entry(id).or_default();
            if *tries > PATIENCE || inputs.is_empty() {
                continue;
            }
            *tries += 1;
            helped = true;
            // Nobody decides before what is on its way has arrived.
            let mut after = 180_000_000 + self.random.below(HOUR) as i64;
            for (actor, input) in inputs {
                self.send(id, &input, &actor, after);
                after += 1 + self.random.below(HOUR) as i64;
            }
        }
        helped
    }

    /// What an instance needs from people.
    fn wanted(&mut self, id: &InstanceId) -> Vec<(String, Input)> {
        let Some(state) = self.state(id).cloned() else { return Vec::new() };
        // What was killed stays as it is, and nobody can help it any more.
        if state.status().is_terminal() {
            return Vec::new();
        }
        let Some(plan) = self.plan(state.plan()).cloned() else { return Vec::new() };
        let tries = self.tries.get(id).copied().unwrap_or_default();
        let mut wanted: Vec<(String, Input)> = self
            .remedies(id, tries)
            .into_iter()
            .map(|control| ("operator".to_owned(), Input::Control(control)))
            .collect();
        for task in state.tasks() {
            let Some(value) = self.drawn(&plan, task.node) else { continue };
            // They say the same, whatever is asked; one tries twice, and one who must not.
            for (person, role) in [("starter", ""), ("ann", ""), ("ann", "guest"), ("ben", ""), ("cleo", "")]
            {
                let decision = Decision {
                    task: plan.nodes[task.node as usize].id.clone(),
                    item: task.item.clone(),
                    epoch: task.epoch,
                    shown: task.digest,
                    person: person.to_owned(),
                    roles: task.roles.iter().map(|role| role.to_string()).chain([role.to_owned()]).collect(),
                    payload: value.clone(),
                };
                wanted.push((person.to_owned(), Input::Decision(decision)));
            }
        }
        for (node, channel) in state.channels(&plan) {
            let Some(payload) = self.drawn(&plan, node) else { continue };
            let signal = Signal { channel, id: format!("help-{tries}-{node}"), payload };
            wanted.push(("somebody".to_owned(), Input::Signal(signal)));
        }
        wanted
    }

    /// A value that an await takes.
    fn drawn(&self, plan: &Plan, node: u32) -> Option<Vec<u8>> {
        let NodeKind::Await(awaited) = &plan.nodes[node as usize].kind else { return None };
        Some(json(plan, &awaited.ty, &spoken(self.setup.seed, plan, node)?))
    }

    /// What a person does about each thing that is suspended.
    fn remedies(&self, id: &InstanceId, tries: u32) -> Vec<Control> {
        let Some(state) = self.state(id) else { return Vec::new() };
        let Some(plan) = self.plan(state.plan()) else { return Vec::new() };
        let mut remedies = Vec::new();
        if state.is_paused() {
            // Whoever was to resume it did so before the pause got through.
            remedies.push(Control::Resume { request: format!("help-{tries}") });
        }
        for (number, Suspended { node, item, epoch, undo, why }) in
            state.suspensions().into_iter().enumerate()
        {
            let place = Place { step: plan.nodes[node as usize].id.clone(), item };
            let request = format!("help-{tries}-{number}");
            remedies.push(match why {
                Suspension::Fault(_) | Suspension::EnsureFailed(_) | Suspension::ChildEnded(_) => {
                    let reason = "nobody knows what to do".to_owned();
                    let mode = CancelMode::Compensate;
                    if tries > 2 {
                        Control::Kill { reason, request }
                    } else {
                        Control::Cancel { mode, reason, grace: None, request }
                    }
                }
                Suspension::UnknownOutcome(_) | Suspension::BadAnswer(..) | Suspension::KeyExpired
                    if tries.is_multiple_of(2) =>
                {
                    self.by_hand(id, plan, (node, epoch, undo), place, request)
                }
                Suspension::PerhapsTwice(_, attempt) => self.twice(id, plan, node, *attempt, place, request),
                _ => Control::Retry { step: Some(place.step), item: place.item, request },
            });
        }
        remedies
    }

    /// A person finds out what became of a call, and says so.
    fn by_hand(
        &self,
        id: &InstanceId,
        plan: &Plan,
        (node, epoch, undo): (u32, u32, bool),
        place: Place,
        request: String,
    ) -> Control {
        let reason = "looked up by hand".to_owned();
        let retry = Control::Retry {
            step: Some(place.step.clone()),
            item: place.item.clone(),
            request: request.clone(),
        };
        let NodeKind::Call(call) = &plan.nodes[node as usize].kind else { return retry };
        let operation = &plan.operations[call.operation as usize];
        if undo {
            return Control::Complete { place, value: b"null".to_vec(), reason: UNDONE.to_owned(), request };
        }
        // What a step did in a former life of the instance is no answer to what it asks now.
        let found = self.books.found(*id, &place.step, place.item.as_ref(), epoch);
        match found.map(|entry| &entry.reply) {
            Some(Reply::Returns(value)) => {
                let value = json(plan, &operation.result, value);
                Control::Complete { place, value, reason, request }
            }
            Some(Reply::Declares(error, _)) => {
                let Outcome::Declared(error, data) = found
                    .map(|entry| answer(plan, operation, &entry.reply))
                    .unwrap_or(Outcome::Unknown { reason: error.to_string() })
                else {
                    return retry;
                };
                Control::Fail { place, error, data, reason, request }
            }
            None if operation.at_most_once => {
                // It did not happen; the person does it outside of this world.
                let value = sample(plan.library(), &operation.result, &mut Random::new(1));
                let value = json(plan, &operation.result, &value.unwrap_or_default());
                Control::Complete { place, value, reason, request }
            }
            // It did not happen, and under its old key nobody may send it any more.
            None => Control::Edit { place, args: Vec::new(), reason, request, absent: true },
        }
    }

    /// A person finds out whether an attempt had an effect besides the one that is known.
    fn twice(
        &self,
        id: &InstanceId,
        plan: &Plan,
        node: u32,
        attempt: u32,
        place: Place,
        request: String,
    ) -> Control {
        let reason = "looked up by hand".to_owned();
        let found = self.books.entries().iter().find(|entry| {
            entry.instance == *id
                && (&entry.call.step, &entry.call.item) == (&place.step, &place.item)
                && (entry.call.purpose, entry.call.attempt) == (Purpose::Do, attempt)
        });
        match (found.map(|entry| &entry.reply), &plan.nodes[node as usize].kind) {
            (Some(Reply::Returns(value)), NodeKind::Call(call)) => {
                let value = json(plan, &plan.operations[call.operation as usize].result, value);
                Control::Complete { place, value, reason, request }
            }
            _ => Control::Edit { place, args: Vec::new(), reason, request, absent: true },
        }
    }
}
