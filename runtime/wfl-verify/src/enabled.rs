//! All that can happen in a state, in a fixed order, within the bounds.

use wfl_ir::{Duration, Effect as Kind, Name, Plan, TypeKind, Value};
use wfl_machine::{CallEffect, CancelMode, ChildWish, Claim, Control, Effect, Purpose, TimerKind};

use crate::bounds::Bounds;
use crate::member::Member;
use crate::moves::{Choice, Fate, Move, due};
use crate::people::{decisions, remedies, signals};
use crate::program::{Loaded, Program};
use crate::state::{Flight, State};
use crate::values::Values;
use crate::watch::Child;
use crate::world::Stage;

/// Looks for the moves of a state.
pub(crate) struct Enabled<'a> {
    pub(crate) program: &'a Program,
    pub(crate) bounds: &'a Bounds,
    pub(crate) state: &'a State,
}

impl Enabled<'_> {
    /// All moves that the bounds allow. When there is none, the run is over.
    pub(crate) fn all(&self) -> Vec<Choice> {
        let mut choices = Vec::new();
        for (member, call) in self.state.calls() {
            if let Some(loaded) = self.program.get(member.plan) {
                self.answers(loaded, member, call, &mut choices);
            }
        }
        self.family(&mut choices);
        let quiet = choices.is_empty();
        self.landings(&mut choices);
        for member in self.state.members.values() {
            let Some(loaded) = self.program.get(member.plan) else { continue };
            choices.extend(signals(loaded, member, self.bounds));
            choices.extend(decisions(loaded, member, self.bounds));
            if quiet && !member.watch.paused {
                choices.extend(remedies(loaded, member, self.state, self.bounds));
            }
            if member.watch.paused && !member.watch.ended {
                let resume = Control::Resume { request: "resume".into() };
                choices.push(Choice::free(Move::Wish(member.id(), resume)));
            }
        }
        self.time(quiet, &mut choices);
        self.disturbances(&mut choices);
        let (bounds, used) = (self.bounds, self.state.used);
        choices.retain(|choice| {
            used.faults + choice.cost.faults <= bounds.faults
                && used.disturbances + choice.cost.disturbances <= bounds.disturbances
        });
        choices
    }

    fn answers(&self, loaded: &Loaded, member: &Member, call: &CallEffect, choices: &mut Vec<Choice>) {
        let id = member.id();
        if call.once == Some(Claim::Open) {
            return choices.push(Choice::free(Move::Claim(id, call.call.clone())));
        }
        let flight = self.state.flights.get(&(id, call.call.clone())).copied();
        let again = flight.is_some_and(|flight: Flight| flight.again);
        let answer = |fate| Move::Answer(id, call.call.clone(), fate);
        let operation = &loaded.plan.operations[call.operation as usize];
        let mut faults = Vec::new();
        match call.call.purpose {
            Purpose::Do if again && !self.is_keyed(call) && State::acts(loaded, call) => {
                // Whoever may have sent it is gone, and nobody may send it again.
                let value = self.results(loaded, call).into_iter().next();
                choices.push(Choice::free(answer(Fate::LostBefore)));
                choices.extend(value.map(|value| Choice::free(answer(Fate::LostAfter(value)))));
                return;
            }
            Purpose::Do => {
                choices.extend(self.fates(loaded, member, call).into_iter().map(answer).map(Choice::free));
                faults = self.faults(loaded, member, call, again);
            }
            Purpose::Confirm => {
                let found = self.state.world.found(id, &call.call);
                let value = found.map_or(Value::None, |effect| effect.value.clone());
                choices.push(Choice::free(answer(Fate::Returns(value))));
                faults.push(Fate::Unavailable);
            }
            Purpose::Undo if again && !self.is_keyed(call) => {
                let value = self.results(loaded, call).into_iter().next().unwrap_or_default();
                choices.push(Choice::free(answer(Fate::LostBefore)));
                choices.push(Choice::free(answer(Fate::LostAfter(value))));
                return;
            }
            Purpose::Undo => {
                let value = self.results(loaded, call).into_iter().next().unwrap_or_default();
                choices.push(Choice::free(answer(Fate::Returns(value.clone()))));
                faults.extend([Fate::Unavailable, Fate::LostBefore, Fate::LostAfter(value)]);
                if let Some(error) = operation.raises.first() {
                    faults.extend(declared(&loaded.plan, loaded, self.bounds, *error));
                }
            }
            Purpose::Remind => {
                let value = self.results(loaded, call).into_iter().next().unwrap_or_default();
                choices.push(Choice::free(answer(Fate::Returns(value))));
                faults.push(Fate::Unavailable);
            }
        }
        if call.call.attempt <= self.bounds.attempts {
            choices.extend(faults.into_iter().map(answer).map(Choice::fault));
        }
    }

    /// Whether the other side knows a second call under its key for the first.
    fn is_keyed(&self, call: &CallEffect) -> bool {
        call.key.is_some() && call.key_until.is_none_or(|until| self.state.now <= until)
    }

    /// What a call may give. Whoever acts several times for one step gives each time something else.
    fn results(&self, loaded: &Loaded, call: &CallEffect) -> Vec<Value> {
        let operation = &loaded.plan.operations[call.operation as usize];
        let values = Values::new(&loaded.plan, &loaded.constants, self.bounds.values, self.bounds.items);
        let again = call.key.is_none() && State::acts(loaded, call) && call.call.purpose == Purpose::Do;
        let nth = if again { call.call.attempt - 1 } else { 0 };
        values.of_nth(&operation.result, &[Name::from(operation.qualified())], nth)
    }

    /// The ways in which a step's attempt ends well, or in a declared error.
    fn fates(&self, loaded: &Loaded, member: &Member, call: &CallEffect) -> Vec<Fate> {
        let carried = self.state.carried(self.program, member.id(), call);
        // Whoever has carried it out before answers the same again.
        if let Some(effect) = carried.and_then(|carried| self.state.world.remembered(&carried).cloned()) {
            return vec![Fate::Returns(effect.value.clone())];
        }
        let operation = &loaded.plan.operations[call.operation as usize];
        let used = loaded.plan.node_by_id(&call.call.step).is_some_and(|node| {
            match &loaded.plan.nodes[node as usize].kind {
                wfl_ir::NodeKind::Call(call) => call.result.is_some(),
                _ => false,
            }
        });
        // A result that nothing reads makes no difference.
        let most = if used { usize::MAX } else { 1 };
        let mut fates: Vec<Fate> =
            self.results(loaded, call).into_iter().take(most).map(Fate::Returns).collect();
        for error in &operation.raises {
            fates.extend(declared(&loaded.plan, loaded, self.bounds, *error));
        }
        fates
    }

    /// The ways in which a step's attempt fails without an answer.
    fn faults(&self, loaded: &Loaded, member: &Member, call: &CallEffect, again: bool) -> Vec<Fate> {
        let operation = &loaded.plan.operations[call.operation as usize];
        let mut faults = Vec::new();
        if !again {
            faults.push(Fate::Unavailable);
        }
        faults.push(Fate::LostBefore);
        if operation.effect == Kind::Read {
            return faults;
        }
        let carried = self.state.carried(self.program, member.id(), call);
        let remembered = carried.and_then(|carried| self.state.world.remembered(&carried).cloned());
        let value = match &remembered {
            Some(effect) => Some(effect.value.clone()),
            None => self.results(loaded, call).into_iter().next(),
        };
        let Some(value) = value else { return faults };
        faults.push(Fate::LostAfter(value.clone()));
        let waits = operation.confirm.as_ref().is_some_and(|confirm| confirm.after.is_some());
        if waits && remembered.is_none() {
            faults.push(Fate::Delayed(value.clone()));
            if self.bounds.late {
                faults.push(Fate::Overdue(value));
            }
        }
        faults
    }

    /// Children begin and are told; letters are delivered.
    fn family(&self, choices: &mut Vec<Choice>) {
        for (member, run) in self.state.runs() {
            let (id, call) = (member.id(), run.call.clone());
            match member.watch.children.get(&run.call) {
                None => {
                    let handled = knows_key_in_use(self.program, member);
                    choices.push(Choice::free(Move::Start { parent: id, call: call.clone(), in_use: false }));
                    if handled {
                        choices.push(Choice::fault(Move::Start { parent: id, call, in_use: true }));
                    }
                }
                Some(Child::Started(_)) if run.wish != ChildWish::Wait => {
                    choices.push(Choice::free(Move::Tell(id, call)));
                }
                Some(_) => {}
            }
        }
        for member in self.state.members.values() {
            for effect in &member.wanted {
                if let Effect::Letter(letter) = effect
                    && !member.watch.sent.contains(&letter.number)
                {
                    choices.push(Choice::free(Move::Letter(member.id(), letter.number)));
                }
            }
        }
    }

    /// What is on its way arrives.
    fn landings(&self, choices: &mut Vec<Choice>) {
        let first = self.state.timers(self.bounds).iter().map(|(_, timer)| due(timer, self.state.now)).min();
        for (identity, effect) in &self.state.world.effects {
            let arrives = match effect.stage {
                Stage::Due(_) => true,
                Stage::Overdue(at) => {
                    // What is older than its key is taken to be lost for good.
                    !self.is_forgotten(effect) && self.state.now > at
                        || !self.is_forgotten(effect)
                            && self.state.flights.is_empty()
                            && first.is_none_or(|first| first > at)
                }
                Stage::Done | Stage::Undone => effect.echo,
            };
            if arrives {
                choices.push(Choice::free(Move::Land(identity.clone())));
            }
        }
    }

    fn is_forgotten(&self, effect: &crate::world::Effect) -> bool {
        let loaded = self.state.loaded(self.program, effect.instance);
        let operation = loaded.map(|loaded| &loaded.plan.operations[effect.operation as usize]);
        let window = operation.and_then(|operation| Some(operation.idempotent.as_ref()?.window));
        window.is_some_and(|window| self.state.now > effect.since.plus(window))
    }

    /// Time passes to the next timer. While calls or letters are under way that takes them being slow.
    fn time(&self, quiet: bool, choices: &mut Vec<Choice>) {
        let state = self.state;
        let timers = state.timers(self.bounds);
        let Some(next) = timers.iter().map(|(_, timer)| timer.due).min() else { return };
        let at = next.max(state.now);
        if state.lands_by().is_some_and(|by| by <= at) {
            return;
        }
        let passes = at > state.now;
        let waits = !quiet && state.flights.is_empty();
        let slow = passes && (waits || state.flights.values().any(|flight| !flight.slow));
        if passes && state.attempts_end().is_some_and(|end| end < at) {
            return;
        }
        for (id, timer) in timers.into_iter().filter(|(_, timer)| timer.due == next) {
            let fires = Move::Timer(id, timer.clone());
            choices.push(if slow { Choice::disturbance(fires) } else { Choice::free(fires) });
        }
    }

    /// What comes from outside.
    fn disturbances(&self, choices: &mut Vec<Choice>) {
        let Some(root) = self.state.members.get(&self.state.root) else { return };
        if !root.watch.ended {
            let cancel = |mode, request: &str| Control::Cancel {
                mode,
                reason: "enough".into(),
                grace: None,
                request: request.into(),
            };
            if !root.instance.is_past_pivot() {
                for (mode, request) in [(CancelMode::Compensate, "cancel"), (CancelMode::Stop, "stop")] {
                    let wish = Move::Wish(root.id(), cancel(mode, request));
                    choices.push(Choice::disturbance(wish));
                }
            }
            if !root.watch.paused {
                let pause = Control::Pause { undo: false, reason: "wait".into(), request: "pause".into() };
                choices.push(Choice::disturbance(Move::Wish(root.id(), pause)));
            }
        }
        let acting = self.state.acting(self.program);
        if self.state.flights.iter().any(|(call, flight)| !flight.again && acting.contains(call)) {
            choices.push(Choice::disturbance(Move::Crash(Duration::default())));
        }
        for length in self.outages() {
            choices.push(Choice::disturbance(Move::Crash(length)));
        }
    }

    /// How long an engine may be away: until a time is up that somebody waits for, and until keys are forgotten.
    fn outages(&self) -> Vec<Duration> {
        let state = self.state;
        let timers = state.timers(self.bounds);
        let limits = |kind: TimerKind| {
            matches!(
                kind,
                TimerKind::Deadline
                    | TimerKind::Total
                    | TimerKind::Join
                    | TimerKind::Await
                    | TimerKind::Run
                    | TimerKind::CompensationDeadline
            )
        };
        let first = timers.iter().filter(|(_, timer)| limits(timer.timer.kind)).map(|(_, it)| it.due).min();
        let mut outages: Vec<Duration> = first
            .filter(|due| *due > state.now && !state.flights.is_empty())
            .map(|due| due.since(state.now))
            .into_iter()
            .collect();
        let tries =
            |kind: TimerKind| matches!(kind, TimerKind::Backoff | TimerKind::Confirm | TimerKind::Undo);
        if timers.iter().any(|(_, timer)| tries(timer.timer.kind)) {
            let windows = state.members.values().filter_map(|member| self.program.get(member.plan));
            let windows = windows.flat_map(|loaded| &loaded.plan.operations);
            let longest = windows.filter_map(|operation| Some(operation.idempotent.as_ref()?.window)).max();
            outages.extend(longest.map(|window| Duration(window.0 + 1_000_000)));
        }
        let by = state.lands_by();
        outages.retain(|length| by.is_none_or(|by| state.now.plus(*length) < by));
        outages
    }
}

/// The forms of a declared error.
fn declared(plan: &Plan, loaded: &Loaded, bounds: &Bounds, error: u32) -> Vec<Fate> {
    let TypeKind::Error(fields) = &plan.types[error as usize].kind else { return Vec::new() };
    let values = Values::new(plan, &loaded.constants, bounds.values, bounds.items);
    values.of_fields(fields).into_iter().take(1).map(|fields| Fate::Declares(error, fields)).collect()
}

/// Whether a workflow's program speaks of a child's key that is in use.
fn knows_key_in_use(program: &Program, member: &Member) -> bool {
    let known = |loaded: &Loaded| loaded.plan.types.iter().any(|def| def.short_name() == "KeyInUse");
    program.get(member.plan).is_some_and(known)
}
