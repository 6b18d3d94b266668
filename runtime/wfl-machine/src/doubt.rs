//! Second effects. Of a call without a key each attempt has its own. Where one is known to have had it and a later one is
//! in doubt, the step goes on with the known one, and the other is looked into apart: it is undone if it is there, and a
//! person decides if nobody can tell. `confirm with` cannot: it would find the known one.

use wfl_ir::{Effect, Name, Value};

use crate::call::Purpose;
use crate::fact::Fact;
use crate::fold::Fold;
use crate::input::{Answer, Outcome};
use crate::ledger::{Absent, Debt, DebtState, Entry, Owed, Suspension};
use crate::strand::{Doing, Phase, Step, Strand, place};

impl Fold<'_> {
    /// An attempt of a step has succeeded. If it is an earlier one, a later one that was sent may have had an effect too.
    pub(crate) fn doubt_later(&mut self, index: u32, step: &Step, known: u32) {
        // What nobody has claimed nobody has sent.
        let sent = if step.phase == Phase::Calling { step.claim.is_some() } else { step.doubt };
        let harmless = self.call(index).is_none_or(|call| self.is_harmless(call));
        if known >= step.attempt || step.key.is_some() || harmless || !sent {
            return;
        }
        let phase = match step.phase {
            Phase::Calling => Phase::Calling,
            _ => Phase::Suspended(Suspension::PerhapsTwice(known, step.attempt)),
        };
        let step = Step { phase, total_due: None, doubt: true, twin_of: Some(known), ..step.clone() };
        self.look_apart(index, self.path(), step);
    }

    /// One effect of a step was found by asking, and now the success of an earlier attempt comes: that may be what was
    /// found, and the latest attempt may have had an effect besides.
    pub(crate) fn doubt_found(&mut self, absent: &Absent, known: u32) {
        let (call, now) = (&absent.call, self.state.stamp);
        let step = Step {
            epoch: call.epoch,
            args: absent.args.clone(),
            key: None,
            attempt: call.attempt,
            confirm_attempt: 0,
            started_at: now,
            dispatched_at: now,
            total_due: None,
            doubt: true,
            overdue: false,
            phase: Phase::Suspended(Suspension::PerhapsTwice(known, call.attempt)),
            claim: None,
            asked_at: now,
            twin_of: Some(known),
        };
        self.look_apart(absent.node, call.item.clone(), step);
    }

    /// A strand of its own waits for what became of an attempt, whatever else goes on. The end waits for it.
    fn look_apart(&mut self, node: u32, path: Option<Name>, step: Step) {
        let Some(call) = self.call(node) else { return };
        let mut strand = Strand { path: path.clone(), ..Strand::new(0, None, 0, 0) };
        if let Effect::Compensable { undo, .. } = &self.operation(call.operation).effect {
            let (epoch, late) = (step.epoch, Some(step.attempt));
            let debt = Debt { node, epoch, path: path.clone(), undo: *undo, state: DebtState::Pending, late };
            strand.ledger.push(Entry { scope: 0, owed: Owed::Debt(Box::new(debt)) });
        }
        if let Phase::Suspended(why) = &step.phase {
            let step = self.name_at(node, path.as_ref());
            self.facts.push(Fact::Suspended { step, why: why.clone() });
        }
        strand.doing = Doing::Step(node, Box::new(step));
        let id = self.start_strand(strand, None);
        self.stop(id, "it may have happened twice");
    }

    /// Goes to the strand that looks into just this attempt.
    pub(crate) fn find_twin(&mut self, answer: &Answer) -> Option<u32> {
        let Answer { call, outcome } = answer;
        let node = self.plan.node_by_id(&call.step).filter(|_| call.purpose == Purpose::Do)?;
        let waits = |step: &Step| match step.phase {
            Phase::Calling => true,
            // Nobody could tell, and now the answer itself comes.
            Phase::Suspended(Suspension::PerhapsTwice(..)) => matches!(outcome, Outcome::Returned(_)),
            _ => false,
        };
        let mine = |strand: &Strand| match strand.activity() {
            Doing::Step(at, step) => {
                *at == node
                    && step.twin_of.is_some()
                    && (step.epoch, step.attempt) == (call.epoch, call.attempt)
                    && place(strand) == call.item
                    && waits(step)
            }
            _ => false,
        };
        let id = self.state.strands.iter().find(|(_, strand)| mine(strand)).map(|(id, _)| *id)?;
        self.switch(id);
        Some(node)
    }

    /// What the attempt was answered.
    pub(crate) fn twin_answered(&mut self, index: u32, step: Box<Step>, outcome: &Outcome) -> Option<u32> {
        let operation = self.operation(self.call(index)?.operation);
        match outcome {
            Outcome::Returned(json) => match self.read_result(&operation.result, json) {
                Ok(value) => self.twin_is_there(index, step, &value),
                Err(why) => self.suspend(index, step, why),
            },
            Outcome::Declared(error, data) if self.read_error(operation, error, data).is_none() => {
                let why = format!("{} does not declare the error {error}", operation.qualified());
                self.suspend(index, step, Suspension::BadAnswer(why, data.clone()))
            }
            Outcome::Declared(..) | Outcome::Unavailable { .. } | Outcome::TimedOut { started: false } => {
                self.twin_is_absent(index)
            }
            Outcome::Refused { reason, raw } => {
                self.suspend(index, step, Suspension::BadAnswer(reason.clone(), raw.clone()))
            }
            Outcome::Unknown { .. } | Outcome::TimedOut { started: true } => {
                self.twin_is_unknown(index, step)
            }
        }
    }

    /// Nobody can be asked but a person.
    pub(crate) fn twin_is_unknown(&mut self, index: u32, step: Box<Step>) -> Option<u32> {
        let why = Suspension::PerhapsTwice(step.twin_of.unwrap_or_default(), step.attempt);
        self.suspend(index, step, why)
    }

    /// There is one effect only.
    pub(crate) fn twin_is_absent(&mut self, index: u32) -> Option<u32> {
        self.facts.push(Fact::FoundAbsent { step: self.name(index) });
        self.void_debt(index);
        self.forget_step();
        self.unwind_on()
    }

    /// There are two effects: the second one is undone, if anything undoes it.
    pub(crate) fn twin_is_there(&mut self, index: u32, step: Box<Step>, value: &Value) -> Option<u32> {
        if let Err(why) = self.owe(index, &step, value) {
            return self.suspend(index, step, why);
        }
        self.account_for(index, &step, step.attempt);
        let (name, operation) = (self.name(index), self.operation(self.call(index)?.operation));
        self.facts.push(match operation.effect {
            Effect::Compensable { .. } => Fact::Reopened { step: name },
            _ => Fact::LateEffect { step: name },
        });
        self.forget_step();
        self.unwind_on()
    }

    /// Whether the step of the current strand is such a second attempt.
    pub(crate) fn is_twin(&mut self) -> bool {
        matches!(self.strand().activity(), Doing::Step(_, step) if step.twin_of.is_some())
    }
}
