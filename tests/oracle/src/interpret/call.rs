//! A step that calls an operation.

use std::sync::Arc;

use wfl_ir::{Call, Caught, Effect, Fields, Name, NodeKind, Operation, Value};
use wfl_sim::{EffectState, Reply};

use crate::interpret::reference::Reference;
use crate::story::{EffectSeen, Event};
use crate::strand::{Debt, Done, Flow, Life, Next, Raised, Strand};
use crate::witness::ByHand;

/// What may become of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It is carried out, and answered.
    Answered,
    /// It is carried out and declined, when nobody waits any more.
    DeclinedInVain,
    /// It had no effect, and a handler takes that.
    Gone(usize),
    /// It only asks, and a branch that is only counted fails by that.
    Failed(&'static str),
    /// A person does it outside of the books.
    ByHand,
    /// It does not begin, or is found to have had no effect, because the path is ended from outside.
    Stopped,
}

impl Way {
    /// Whether what was seen of the call is not what the program made of it.
    fn is_without_effect(self) -> bool {
        !matches!(self, Way::Answered | Way::DeclinedInVain)
    }
}

impl Reference<'_> {
    pub(crate) fn call(&mut self, life: &mut Life, strand: &mut Strand, at: u32) -> Flow<Next> {
        let plan = Arc::clone(&life.plan);
        let node = &plan.nodes[at as usize];
        let NodeKind::Call(call) = &node.kind else { return self.dead("no call", &node.id) };
        let operation = &plan.operations[call.operation as usize];
        let args = self.args(life, strand, &call.args)?;
        let reply = self.world.reply(&plan, operation, &args);
        let name = operation.qualified();
        let mut found: Vec<usize> = self.witness.map_or(&[][..], |witness| witness.of(&name, &args)).to_vec();
        found.retain(|at| !self.used[*at] || self.witness.is_some_and(|witness| witness.calls[*at].reads));
        let seen = match found.len() {
            0 => None,
            several => Some(found[self.choice.of(several as u32) as usize]),
        };
        let ways = self.ways(life, strand, call, operation, &reply, seen);
        if ways.is_empty() {
            return self.dead("it was not called", &node.id);
        }
        let way = ways[self.choice.of(ways.len() as u32) as usize];
        // What came too late is no part of the story.
        found.retain(|at| Some(*at) != seen || way.is_without_effect());
        if self.allowed.late || !way.is_without_effect() {
            self.came_too_late(&found, operation, &node.id)?;
        }
        if way == Way::Stopped {
            return Ok(Next::Ended(Done::Stopped));
        }
        strand.shield = Self::shield_of(life, strand, node.region);
        if way == Way::ByHand {
            strand.set(call.result, Value::Unit);
            return self.goes_on(life, at);
        }
        let state = match (&reply, &operation.effect) {
            (Reply::Returns(_), effect) if *effect != Effect::Read => EffectState::Done,
            _ => EffectState::Nothing,
        };
        if let Way::Gone(handler) = way {
            self.mark(seen);
            return self.enter_handler(life, strand, at, &call.handlers, handler, Fields::default());
        }
        let light = matches!(operation.effect, Effect::Read | Effect::Write);
        if let Way::Failed(error) = way {
            self.mark(seen);
            return Ok(Next::Ended(Done::Raised(Raised::new(error, Fields::default()))));
        }
        // What is on its way when its path is stopped is not waited for, if it leaves nothing to be undone.
        let waited_for = !(light && self.may_stop(life, strand));
        let number = self.carried_out(strand, &node.id, name, args, state, seen, light)?;
        if !waited_for {
            strand.after.pop();
        }
        if way == Way::DeclinedInVain {
            return Ok(Next::Ended(Done::Stopped));
        }
        self.answered(life, strand, at, reply, number)
    }

    /// What the answer to a call makes of the path.
    fn answered(
        &mut self,
        life: &mut Life,
        strand: &mut Strand,
        at: u32,
        reply: Reply,
        number: usize,
    ) -> Flow<Next> {
        let plan = Arc::clone(&life.plan);
        let NodeKind::Call(call) = &plan.nodes[at as usize].kind else { return self.dead("no call", "") };
        match reply {
            Reply::Declares(error, fields) => {
                let raised = Raised::new(plan.types[error as usize].short_name(), fields);
                self.raise(life, strand, at, &call.handlers, raised)
            }
            Reply::Returns(value) => {
                strand.set(call.result, value);
                match plan.operations[call.operation as usize].effect {
                    Effect::Compensable { .. } => strand.owe(Debt::Effect(number)),
                    Effect::Irreversible => {
                        self.keep_strand(strand)?;
                        life.passed = true;
                    }
                    _ => {}
                }
                self.goes_on(life, at)
            }
        }
    }

    fn ways(
        &self,
        life: &Life,
        strand: &Strand,
        call: &Call,
        operation: &Operation,
        reply: &Reply,
        seen: Option<usize>,
    ) -> Vec<Way> {
        let mut ways = Vec::new();
        let all = self.witness.is_none();
        let witnessed = seen.and_then(|at| self.witness.map(|witness| &witness.calls[at]));
        let declined = matches!(reply, Reply::Declares(..));
        if all || witnessed.is_some() {
            ways.push(Way::Answered);
        }
        let no_effect = witnessed.is_none_or(|call| call.state == EffectState::Nothing) || self.allowed.late;
        if self.allowed.faults && no_effect {
            let gone = |caught: Caught| matches!(caught, Caught::Timeout | Caught::Unavailable);
            let handlers = call.handlers.iter().enumerate().filter(|(_, handler)| gone(handler.on));
            ways.extend(handlers.map(|(number, _)| Way::Gone(number)));
            let taken = |caught: Caught| call.handlers.iter().any(|handler| handler.on == caught);
            for (caught, error) in [(Caught::Timeout, "Timeout"), (Caught::Unavailable, "Unavailable")] {
                if strand.counted && operation.effect == Effect::Read && !taken(caught) {
                    ways.push(Way::Failed(error));
                }
            }
        }
        if self.allowed.faults && operation.at_most_once && (witnessed.is_none() || self.allowed.late) {
            ways.push(Way::ByHand);
        }
        if self.may_stop(life, strand) {
            if declined && (all || witnessed.is_some()) {
                ways.push(Way::DeclinedInVain);
            }
            ways.push(Way::Stopped);
        }
        ways
    }

    /// Calls that arrived when they were taken never to have: what they did is owed, and undone whatever comes.
    fn came_too_late(&mut self, found: &[usize], operation: &Operation, step: &Name) -> Flow<()> {
        let Some(witness) = self.witness else { return Ok(()) };
        let compensable = matches!(operation.effect, Effect::Compensable { .. });
        for at in found.iter().filter(|_| self.allowed.late) {
            let call = &witness.calls[*at];
            let there = call.state == EffectState::Done && call.by_hand == ByHand::Never;
            let stays = there && !self.keeps();
            if compensable && stays {
                return self.dead("it came too late, and is there", step);
            }
            self.used[*at] = true;
        }
        Ok(())
    }

    pub(crate) fn mark(&mut self, seen: Option<usize>) {
        if let Some(seen) = seen {
            self.used[seen] = true;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what is known of a call")]
    fn carried_out(
        &mut self,
        strand: &mut Strand,
        step: &Name,
        operation: String,
        args: Fields,
        state: EffectState,
        seen: Option<usize>,
        light: bool,
    ) -> Flow<usize> {
        if let (Some(witness), Some(seen)) = (self.witness, seen) {
            let there = witness.calls[seen].state != EffectState::Nothing;
            if there != (state != EffectState::Nothing) {
                return self.dead("the world answered something else", step);
            }
        }
        self.mark(seen);
        let number = self.story.effects.len();
        self.story.effects.push(EffectSeen { step: step.clone(), operation, args, state });
        self.seen.push(seen);
        self.light.push(light);
        self.follows(&strand.after, Event::Done(number));
        if !light {
            strand.after.clear();
        }
        strand.after.push(Event::Done(number));
        Ok(number)
    }
}
