//! Calls on their way: what happens to each, and who hears of it.

use wfl_ir::Effect;
use wfl_machine::{Answer, Input, Instance, Outcome, Purpose};
use wfl_partition::{Call, CallId, Event};

use crate::books::canonical;
use crate::fault::{Fate, Fault, Twist};
use crate::sim::{Happening, MILLI, SECOND, Sim, Way};

impl Sim {
    /// A single process carries its calls itself. Several put them into a queue that takes each call once, unless it
    /// has forgotten it, and whoever carries it out writes the answer into the log.
    pub(crate) fn dispatch(&mut self, node: u32, life: u64, partition: u32, id: CallId, call: Box<Call>) {
        let known = self.setup.nodes > 1 && !self.queued.insert((call.instance, call.effect.call.clone()));
        // What only one process may send does not rely on the queue.
        let once = call.effect.call.purpose == Purpose::Do
            && call.effect.key.is_none()
            && call.plan.operations[call.effect.operation as usize].effect != Effect::Read;
        let forgets = once && self.faults.strikes_often(Fault::CallRepeated);
        if known && !forgets {
            return;
        }
        let after = 200 + self.random.below(50 * MILLI as u64) as i64;
        let twist = self.twist(&call);
        if twist == Some(Fate::RequestLost) || self.faults.strikes(Fault::RequestLost) {
            let lost = Outcome::Unknown { reason: "the line was cut".into() };
            if self.faults.strikes_often(Fault::LateAnswer) {
                // It gets there so late that it was taken never to have; then its answer comes too.
                let late = after + self.random.below(600 * SECOND as u64) as i64;
                let (call, way) = (call.clone(), Way::TooLate(true));
                self.later(late, Happening::Carry { node, life: 0, partition, id: CallId(0), call, way });
            } else if self.random.below(2) == 0 {
                // It gets there after all, when nobody listens any more.
                let late = after + self.random.below(50 * SECOND as u64) as i64;
                let call = call.clone();
                let way = Way::AnswerLost;
                self.later(late, Happening::Carry { node, life: 0, partition, id: CallId(0), call, way });
            }
            return self.answered(node, life, partition, id, &call, after, lost);
        }
        if twist == Some(Fate::Unavailable) || self.faults.strikes(Fault::Unavailable) {
            let closed = Outcome::Unavailable { reason: "it is closed".into(), retry_after: None };
            return self.answered(node, life, partition, id, &call, after, closed);
        }
        let way = self.way(twist);
        if twist == Some(Fate::Repeated) || self.faults.strikes(Fault::CallRepeated) {
            let again = Happening::Carry {
                node,
                life: 0,
                partition,
                id: CallId(0),
                call: call.clone(),
                way: Way::AnswerLost,
            };
            let after = after + self.random.below(SECOND as u64) as i64;
            // What has no key is never sent twice by a network that keeps its promise.
            if call.effect.key.is_some() {
                self.later(after, again);
            }
        }
        self.later(after, Happening::Carry { node, life, partition, id, call, way });
    }

    fn way(&mut self, twist: Option<Fate>) -> Way {
        match twist {
            Some(Fate::AnswerLost) => Way::AnswerLost,
            Some(Fate::TooLate) => Way::TooLate(true),
            Some(Fate::Garbled) => Way::Garbled,
            Some(_) => Way::Answered,
            None if self.faults.strikes(Fault::AnswerLost) => Way::AnswerLost,
            None if self.faults.strikes(Fault::SlowCall) => {
                Way::TooLate(self.faults.strikes_often(Fault::LateAnswer))
            }
            None if self.faults.strikes(Fault::Garbled) => Way::Garbled,
            None => Way::Answered,
        }
    }

    /// What happens to a call by design.
    fn twist(&mut self, call: &Call) -> Option<Fate> {
        if self.setup.twists.is_empty() {
            return None;
        }
        let operation = call.plan.operations[call.effect.operation as usize].qualified();
        let (purpose, args) = (call.effect.call.purpose, &call.effect.args);
        let same =
            |twist: &Twist| twist.operation == operation && twist.purpose == purpose && twist.args == *args;
        let key = (operation.clone(), purpose, canonical(args));
        let nth = self.calls.entry(key).or_default();
        *nth += 1;
        let nth = *nth;
        let meant = |twist: &&Twist| same(twist) && twist.nth == nth;
        let fate = self.setup.twists.iter().find(meant).map(|twist| twist.fate)?;
        if let Fate::Declared(number) = fate {
            self.books.declare(call, number);
        }
        Some(fate)
    }

    #[expect(clippy::too_many_arguments, reason = "where the call came from, and what came of it")]
    fn answered(
        &mut self,
        node: u32,
        life: u64,
        partition: u32,
        id: CallId,
        call: &Call,
        after: i64,
        outcome: Outcome,
    ) {
        if self.setup.nodes > 1 {
            let answer = Input::Answer(Answer { call: call.effect.call.clone(), outcome });
            return self.send(call.instance, &answer, "worker", after);
        }
        self.later(after, Happening::Event(node, life, partition, Event::Answer(id, outcome)));
    }

    /// The other side carries a call out.
    pub(crate) fn carry(&mut self, node: u32, life: u64, partition: u32, id: CallId, call: &Call, way: Way) {
        let Some(facts) = self.state(&call.instance).map(Instance::workflow_facts) else { return };
        // The process that waits for it may end before it happens, and between it and its answer.
        for _ in 0..2 {
            if self.at_crash_point() && self.nodes[node as usize].life == life {
                self.crash(node);
            }
        }
        self.books.late = id == CallId(0) && way == Way::TooLate(true);
        let outcome = self.books.carry(call, &facts, self.now);
        self.trace.update(call.effect.call.path().as_bytes());
        let after = 100 + self.random.below(20 * MILLI as u64) as i64;
        match way {
            Way::Answered => self.answered(node, life, partition, id, call, after, outcome),
            Way::AnswerLost if id == CallId(0) => {}
            Way::AnswerLost => {
                let lost = Outcome::Unknown { reason: "the line was cut".into() };
                self.answered(node, life, partition, id, call, after, lost);
            }
            Way::Garbled => {
                let garbled = Outcome::Returned(b"{\"x\":".to_vec());
                self.answered(node, life, partition, id, call, after, garbled);
            }
            Way::TooLate(logged) => {
                let late = call.deadline.0 - self.now + self.random.below(30 * SECOND as u64) as i64;
                if logged {
                    let answer = Input::Answer(Answer { call: call.effect.call.clone(), outcome });
                    self.send(call.instance, &answer, "worker", late);
                }
            }
        }
    }
}
