//! A move is made: the world changes, instances fold what comes of it.

use std::sync::Arc;

use wfl_eval::encode_fields;
use wfl_ir::{Effect as Kind, Name, Plan, Timestamp, Type, TypeKind, Value};
use wfl_machine::{
    Answer, AtTurnstile, CallEffect, CallRef, ChildWish, Control, Dispatch, Effect, Fact, Fired, Input, News,
    Note, Outcome, Purpose, Refusal, RunEffect, Start, TimerKind, child_start,
};
use wfl_record::{InstanceId, Namespace};

use crate::member::{Member, STALE};
use crate::moves::{Choice, Fate, Move, Remedied};
use crate::people::json;
use crate::program::Program;
use crate::state::State;
use crate::violation::{Rule, Violation};
use crate::watch::Child;
use crate::world::Stage;

/// The state behind a move, with what happened on the way.
pub(crate) struct Made {
    pub(crate) state: State,
    pub(crate) found: Vec<Violation>,
    /// What the instances say happened, for those who tell the story.
    pub(crate) facts: Vec<(InstanceId, Fact)>,
    /// What the instances folded.
    pub(crate) inputs: Vec<(InstanceId, Input)>,
}

/// The state in which a workflow has just begun.
pub(crate) fn begin(program: &Program, id: InstanceId, start: &Start, now: Timestamp) -> Option<Made> {
    let mut found = Vec::new();
    let begun = Member::begin(program, id, start, now, &mut found)?;
    let mut made = Made {
        state: State {
            now,
            root: id,
            members: Default::default(),
            world: Default::default(),
            flights: Default::default(),
            used: Default::default(),
        },
        found,
        facts: begun.facts.into_iter().map(|fact| (id, fact)).collect(),
        inputs: vec![(id, Input::Start(start.clone()))],
    };
    made.state.members.insert(id, Arc::new(begun.member));
    made.state.sync();
    made.state.refresh(program, true);
    Some(made)
}

/// Makes a move in a state.
pub(crate) fn make(program: &Program, state: &State, choice: &Choice) -> Made {
    let mut made = Made { state: state.clone(), found: Vec::new(), facts: Vec::new(), inputs: Vec::new() };
    made.state.used.faults += choice.cost.faults;
    made.state.used.disturbances += choice.cost.disturbances;
    let mut making = Making { program, made };
    making.make(&choice.step, choice.cost.disturbances > 0);
    let mut made = making.made;
    made.state.sync();
    let passed = made.state.now > state.now;
    made.state.refresh(program, passed);
    made
}

struct Making<'p> {
    program: &'p Program,
    made: Made,
}

impl Making<'_> {
    fn make(&mut self, step: &Move, disturbs: bool) {
        match step {
            Move::Answer(id, call, fate) => self.answered(*id, call, fate),
            Move::Claim(id, call) => {
                self.input(*id, &Input::Dispatch(Dispatch { call: call.clone(), nonce: 1 }));
            }
            Move::Land(identity) => self.lands(identity),
            Move::Timer(id, timer) => {
                let state = &mut self.made.state;
                state.now = state.now.max(timer.due);
                if disturbs {
                    state.flights.values_mut().for_each(|flight| flight.slow = true);
                }
                if timer.timer.kind == TimerKind::Remind {
                    let step = timer.timer.step.clone();
                    self.change(*id, |member| *member.watch.reminders.entry(step).or_default() += 1);
                }
                self.input(*id, &Input::Timer(Fired { timer: timer.timer.clone(), due: timer.due }));
            }
            Move::Start { parent, call, in_use } => self.start_child(*parent, call, *in_use),
            Move::Tell(parent, call) => self.tell_child(*parent, call),
            Move::Letter(from, number) => self.deliver(*from, *number),
            Move::Signal(id, signal) => {
                let channel = signal.channel.clone();
                self.change(*id, |member| *member.watch.signals.entry(channel).or_default() += 1);
                self.input(*id, &Input::Signal(signal.clone()));
            }
            Move::Decide(id, decision) => self.input(*id, &Input::Decision(decision.clone())),
            Move::Remedy(id, control, done) => self.remedied(*id, control, done),
            Move::Wish(id, control) => self.input(*id, &Input::Control(control.clone())),
            Move::Crash(length) => {
                let state = &mut self.made.state;
                state.now = state.now.plus(*length);
                let acting = state.acting(self.program);
                state.flights.iter_mut().for_each(|(call, flight)| flight.again |= acting.contains(call));
            }
        }
    }

    /// Changes what is remembered of an instance.
    fn change(&mut self, id: InstanceId, change: impl FnOnce(&mut Member)) {
        if let Some(member) = self.made.state.members.get_mut(&id) {
            let member = Arc::make_mut(member);
            change(member);
            member.digest = STALE;
        }
    }

    /// An instance folds an input.
    fn input(&mut self, id: InstanceId, input: &Input) {
        let Some(member) = self.made.state.members.get(&id).cloned() else { return };
        let Some(loaded) = self.program.get(member.plan) else { return };
        let Some(mut folded) = member.take(loaded, input, self.made.state.now, &mut self.made.found) else {
            return;
        };
        // What is not wanted any more is forgotten, as an engine does.
        let wanted: Vec<CallRef> =
            folded.member.wanted.iter().filter_map(run_of).map(|run| run.call.clone()).collect();
        folded.member.watch.children.retain(|call, _| wanted.contains(call));
        self.made.inputs.push((id, input.clone()));
        for fact in &folded.facts {
            if let Fact::PivotPassed { .. } = fact {
                self.made.state.world.pass_pivot(id, &|node| loaded.may_lose(node));
            }
        }
        self.made.facts.extend(folded.facts.into_iter().map(|fact| (id, fact)));
        self.made.state.members.insert(id, Arc::new(folded.member));
    }

    fn answered(&mut self, id: InstanceId, call: &CallRef, fate: &Fate) {
        let Some((member, effect)) = self.made.state.call(id, call) else { return };
        let (member, effect) = (Arc::clone(member), effect.clone());
        let Some(loaded) = self.program.get(member.plan) else { return };
        self.carry(id, &effect, fate);
        let operation = &loaded.plan.operations[effect.operation as usize];
        let outcome = match fate {
            Fate::Returns(value) => Outcome::Returned(json(loaded, &given(call, &operation.result), value)),
            Fate::Declares(error, fields) => declared(&loaded.plan, *error, fields),
            Fate::Unavailable => {
                let reason = "it is closed".to_owned();
                match self.made.state.flights.get(&(id, call.clone())) {
                    // That it cannot be reached now proves nothing.
                    Some(flight) if flight.again => Outcome::Unknown { reason },
                    _ => Outcome::Unavailable { reason, retry_after: None },
                }
            }
            Fate::LostBefore | Fate::LostAfter(_) | Fate::Delayed(_) | Fate::Overdue(_) => {
                Outcome::Unknown { reason: "the line was cut".into() }
            }
        };
        self.input(id, &Input::Answer(Answer { call: call.clone(), outcome }));
    }

    /// What the world makes of an attempt.
    fn carry(&mut self, id: InstanceId, effect: &CallEffect, fate: &Fate) {
        let state = &mut self.made.state;
        let member = state.members.get(&id).cloned();
        let Some(loaded) = member.and_then(|member| self.program.get(member.plan)) else { return };
        let Some(carried) = state.carried(self.program, id, effect) else { return };
        let (operation, found) = (carried.operation(), &mut self.made.found);
        if operation.at_most_once && effect.call.purpose == Purpose::Do && effect.once.is_none() {
            let what = format!("{} is sent without a claim", effect.call.path());
            found.push(Violation::new(Rule::ClaimFirst, id, what));
        }
        match (effect.call.purpose, fate) {
            (Purpose::Undo, Fate::Returns(_) | Fate::LostAfter(_)) => {
                let undone = state.world.undo(&carried, found);
                if let Some(undone) = undone {
                    crate::order::undone(self.program, state, loaded, &undone, found);
                }
            }
            (Purpose::Do, _) if operation.effect == Kind::Read => {}
            (Purpose::Do, Fate::Returns(value) | Fate::LostAfter(value)) => {
                state.world.happen(&carried, value, found);
            }
            (Purpose::Do, Fate::Delayed(value) | Fate::Overdue(value)) => {
                let after = operation.confirm.as_ref().and_then(|confirm| confirm.after).unwrap_or_default();
                let until = carried.now.plus(after);
                let stage = match fate {
                    Fate::Delayed(_) => Stage::Due(until),
                    _ => Stage::Overdue(until),
                };
                state.world.send(&carried, value, stage);
            }
            _ => {}
        }
    }

    fn lands(&mut self, identity: &str) {
        let state = &mut self.made.state;
        let Some(effect) = state.world.effects.get(identity).cloned() else { return };
        state.world.land(identity, &mut self.made.found);
        match effect.stage {
            Stage::Overdue(at) => state.now = state.now.max(at),
            Stage::Due(_) => return,
            Stage::Done | Stage::Undone => {}
        }
        let id = effect.instance;
        let Some(loaded) = state.loaded(self.program, id) else { return };
        let operation = &loaded.plan.operations[effect.operation as usize];
        let outcome = Outcome::Returned(json(loaded, &operation.result, &effect.value));
        self.input(id, &Input::Answer(Answer { call: effect.call.clone(), outcome }));
    }

    fn run(&self, parent: InstanceId, call: &CallRef) -> Option<RunEffect> {
        self.made
            .state
            .runs()
            .find(|(member, run)| member.id() == parent && run.call == *call)
            .map(|(_, run)| run.clone())
    }

    fn start_child(&mut self, parent: InstanceId, call: &CallRef, in_use: bool) {
        let Some(run) = self.run(parent, call) else { return };
        let Some(plan) = self.program.plan(run.plan) else { return };
        let refused = |making: &mut Self, why| {
            making.change(parent, |member| {
                member.watch.children.insert(call.clone(), Child::Refused);
            });
            making.input(parent, &Input::News(News::Refused { call: call.clone(), why }));
        };
        if in_use {
            return refused(self, Refusal::KeyInUse);
        }
        let (child, start) = match child_start(plan, &Namespace::default(), parent, &run) {
            Ok(begun) => begun,
            Err(why) => return refused(self, Refusal::Invalid(why)),
        };
        if self.made.state.members.contains_key(&child) {
            return refused(self, Refusal::KeyInUse);
        }
        let now = self.made.state.now;
        let Some(begun) = Member::begin(self.program, child, &start, now, &mut self.made.found) else {
            return;
        };
        self.made.facts.extend(begun.facts.into_iter().map(|fact| (child, fact)));
        self.made.inputs.push((child, Input::Start(start)));
        self.made.state.members.insert(child, Arc::new(begun.member));
        self.change(parent, |member| {
            member.watch.children.insert(call.clone(), Child::Started(child));
        });
        if run.detached {
            self.input(parent, &Input::News(News::Begun { call: call.clone(), child }));
        }
    }

    fn tell_child(&mut self, parent: InstanceId, call: &CallRef) {
        let Some(run) = self.run(parent, call) else { return };
        let known =
            self.made.state.members.get(&parent).and_then(|member| member.watch.children.get(call).cloned());
        let Some(Child::Started(child)) = known else { return };
        let (news, letter) = match &run.wish {
            ChildWish::Wait => return,
            ChildWish::Cancel(reason, mode) => (News::Cancel { reason: reason.clone(), mode: *mode }, None),
            ChildWish::CancelOrphan(reason, letter) => {
                (News::Cancel { reason: reason.clone(), mode: None }, Some(*letter))
            }
            ChildWish::Release(letter) => (News::Release, Some(*letter)),
        };
        self.change(parent, |member| {
            member.watch.children.insert(call.clone(), Child::Told(child));
        });
        self.input(child, &Input::News(news));
        if let Some(letter) = letter {
            self.input(parent, &Input::News(News::Told { letter }));
        }
    }

    fn deliver(&mut self, from: InstanceId, number: u32) {
        let Some(member) = self.made.state.members.get(&from) else { return };
        let letter = member.wanted.iter().find_map(|effect| match effect {
            Effect::Letter(letter) if letter.number == number => Some(letter.clone()),
            _ => None,
        });
        let Some(letter) = letter else { return };
        self.change(from, |member| {
            member.watch.sent.insert(number);
        });
        match letter.note {
            Note::News(news) => self.input(letter.to, &Input::News(news)),
            // Others run or do not: the turn may come at any time.
            Note::Turnstile(AtTurnstile::Entered { .. }) => {
                self.input(from, &Input::News(News::Turn { ticket: u64::from(number) }));
            }
            Note::Turnstile(_) | Note::Schedule(_) => {}
        }
        if letter.receipt {
            self.input(from, &Input::News(News::Told { letter: number }));
        }
    }

    fn remedied(&mut self, id: InstanceId, control: &Control, done: &Remedied) {
        match done {
            Remedied::Nothing => {}
            Remedied::Undone(call) => self.made.state.world.undo_by_hand(id, call),
            Remedied::Done(call, value) => self.done_by_hand(id, call, value),
        }
        self.change(id, |member| member.watch.requests += 1);
        self.input(id, &Input::Control(control.clone()));
    }

    /// A person does what a step should have done.
    fn done_by_hand(&mut self, id: InstanceId, call: &CallRef, value: &Value) {
        let Some(loaded) = self.made.state.loaded(self.program, id) else { return };
        let Some(node) = loaded.plan.node_by_id(&call.step) else { return };
        let wfl_ir::NodeKind::Call(kind) = &loaded.plan.nodes[node as usize].kind else { return };
        let limits = &loaded.plan.operations[kind.operation as usize];
        let by_hand = CallEffect {
            call: call.clone(),
            operation: kind.operation,
            args: Default::default(),
            key: None,
            key_until: None,
            timeout: limits.timeout,
            queue: None,
            heartbeat: None,
            budget: None,
            once: None,
        };
        let facts = self.made.state.members[&id].instance.workflow_facts();
        let (plan, now) = (&*loaded.plan, self.made.state.now);
        let carried = crate::world::Carried { instance: id, node, plan, call: &by_hand, facts, now };
        self.made.state.world.happen(&carried, value, &mut self.made.found);
    }
}

fn run_of(effect: &Effect) -> Option<&RunEffect> {
    match effect {
        Effect::Run(run) => Some(run),
        _ => None,
    }
}

/// The type of what a call gives: a question about a step may find nothing.
fn given(call: &CallRef, result: &Type) -> Type {
    match call.purpose {
        Purpose::Confirm if !matches!(result, Type::Optional(_)) => Type::Optional(Box::new(result.clone())),
        _ => result.clone(),
    }
}

fn declared(plan: &Plan, error: u32, fields: &wfl_ir::Fields) -> Outcome {
    let def = &plan.types[error as usize];
    let data = match &def.kind {
        TypeKind::Error(of) => encode_fields(plan.library(), of, fields).to_string(),
        _ => "{}".to_owned(),
    };
    Outcome::Declared(Name::from(def.short_name()), data.into_bytes())
}
