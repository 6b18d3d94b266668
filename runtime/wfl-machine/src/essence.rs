//! What an instance is apart from how it came to be so: for those who compare states that different orders of the same
//! inputs lead to.

use wfl_eval::{Env, evaluate_in};
use wfl_ir::{Expr, Plan, RegionKind, Timestamp, Value};

use crate::call::{CallRef, Purpose};
use crate::ledger::{DebtState, Entry, Owed, UndoPhase};
use crate::state::Instance;
use crate::strand::{BODY, Branch, Doing, Phase, ReminderPhase, Strand, StrandId, Then, place};

/// Writes each time of a part of the state anew.
trait Retime {
    fn retime(&mut self, when: &dyn Fn(Timestamp) -> Timestamp);
}

impl<T: Retime> Retime for Option<T> {
    fn retime(&mut self, when: &dyn Fn(Timestamp) -> Timestamp) {
        self.iter_mut().for_each(|inner| inner.retime(when));
    }
}

impl Retime for Timestamp {
    fn retime(&mut self, when: &dyn Fn(Timestamp) -> Timestamp) {
        *self = when(*self);
    }
}

impl Retime for Instance {
    fn retime(&mut self, when: &dyn Fn(Timestamp) -> Timestamp) {
        self.started_at.retime(when);
        self.latest.retime(when);
        self.unwinding_since.retime(when);
        self.grace_due.retime(when);
        self.paused.iter_mut().for_each(|paused| paused.since.retime(when));
        self.orphans.iter_mut().for_each(|orphan| orphan.running.due.retime(when));
        for strand in self.strands.values_mut() {
            retime_ledger(&mut strand.ledger, when);
            strand.doing.retime(when);
        }
    }
}

impl Retime for Doing {
    fn retime(&mut self, when: &dyn Fn(Timestamp) -> Timestamp) {
        match self {
            Doing::Step(_, step) => {
                step.started_at.retime(when);
                step.dispatched_at.retime(when);
                step.asked_at.retime(when);
                step.total_due.retime(when);
                match &mut step.phase {
                    Phase::Backoff(at) | Phase::ConfirmAt(at) => at.retime(when),
                    Phase::Calling | Phase::Confirming | Phase::Suspended(_) => {}
                }
            }
            Doing::Fork(_, forked) => {
                forked.due.retime(when);
                for branch in &mut forked.branches {
                    if let Branch::Done(ledger) = branch {
                        retime_ledger(ledger, when);
                    }
                }
            }
            Doing::Map(_, mapped) => {
                mapped.more_at.retime(when);
                mapped.begun.iter_mut().for_each(|at| at.retime(when));
                mapped.owed.values_mut().for_each(|ledger| retime_ledger(ledger, when));
            }
            Doing::Await(_, awaiting) => {
                awaiting.due.retime(when);
                awaiting.remind_at.retime(when);
                if let Some(ReminderPhase::Backoff(at)) =
                    awaiting.reminder.as_mut().map(|reminder| &mut reminder.phase)
                {
                    at.retime(when);
                }
                if let Some(asked) = &mut awaiting.task {
                    asked.asked_at.retime(when);
                    asked.escalations.iter_mut().for_each(|(at, _)| at.retime(when));
                }
            }
            Doing::Wait(_, at) | Doing::Pause(_, at) | Doing::Delayed(_, at) => at.retime(when),
            Doing::Run(_, running) => running.due.retime(when),
            Doing::Unwind(unwind) => unwind.rest.retime(when),
            Doing::Beside(beside) => {
                beside.waiting.iter_mut().for_each(|group| retime_ledger(&mut group.ledger, when));
            }
            Doing::Idle | Doing::Stuck(..) | Doing::Held(_) | Doing::Queued(_) => {}
        }
    }
}

fn retime_ledger(ledger: &mut [Entry], when: &dyn Fn(Timestamp) -> Timestamp) {
    for entry in ledger {
        match &mut entry.owed {
            Owed::Debt(debt) => match &mut debt.state {
                DebtState::Undoing(undo, phase) => {
                    undo.since.retime(when);
                    if let UndoPhase::Backoff(at) = phase {
                        at.retime(when);
                    }
                }
                DebtState::Pending | DebtState::Owed(_) => {}
            },
            Owed::Beside(groups, _) => groups.iter_mut().for_each(|it| retime_ledger(&mut it.ledger, when)),
            Owed::Losers(_) | Owed::Child(_) => {}
        }
    }
}

/// What waits, strand by strand outwards, for the strand that a call belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The strand itself undoes what it did.
    pub unwinds: bool,
    /// The node that waits for it, and whether that node's strand undoes what it did; from the inside outwards.
    pub waits: Vec<(u32, bool)>,
    /// The outermost strand is the body; else it is one that lost, or undoes something apart.
    pub in_body: bool,
}

impl Instance {
    /// Bytes that are equal for two states that behave alike from here on. What depends on the order of inputs alone is
    /// left out: the chain and the count of records, stamps, and the numbers of strands and letters. Whether a message
    /// was sent before is left out too; who compares has to know what was sent. `when` says how a time is written.
    pub fn essence(&self, when: &dyn Fn(Timestamp) -> Timestamp) -> Vec<u8> {
        let mut written = self.clone();
        written.retime(when);
        written.written()
    }

    fn written(&self) -> Vec<u8> {
        let mut rest = self.clone();
        let zero = Timestamp(0);
        (rest.at, rest.stamp, rest.count, rest.chain) = (zero, zero, 0, [0; 32]);
        // Nothing depends on when it ended.
        rest.ended_at = None;
        // A turn is as good as another one.
        rest.ticket = rest.ticket.map(|_| 0);
        (rest.next_strand, rest.next_letter) = (0, 0);
        rest.seen.clear();
        rest.strands.clear();
        rest.letters.iter_mut().for_each(|letter| letter.number = 0);
        rest.letters.sort_by_cached_key(bytes);
        rest.orphans.iter_mut().for_each(|orphan| orphan.letter = 0);
        rest.orphans.sort_by_cached_key(bytes);
        rest.absent.iter_mut().for_each(|absent| absent.known.sort_unstable());
        rest.absent.sort_by_cached_key(bytes);
        let mut essence = bytes(&rest);
        // Strands that nobody waits for are told apart by what they are.
        let apart = self.strands.iter().filter(|(id, strand)| **id != BODY && strand.parent.is_none());
        let mut apart: Vec<(Vec<u8>, StrandId)> =
            apart.map(|(id, strand)| (self.of_strand(strand, &[]), *id)).collect();
        apart.sort();
        let ranks: Vec<StrandId> = apart.iter().map(|(_, id)| *id).collect();
        for id in ranks.iter().chain([&BODY]) {
            if let Some(strand) = self.strands.get(id) {
                append(&mut essence, self.of_strand(strand, &ranks));
            }
        }
        essence
    }

    /// The instance without the values of slots that nothing reads any more.
    pub fn without_slots(&self, plan: &Plan, is_read: &dyn Fn(u32) -> bool) -> Instance {
        let mut rest = self.clone();
        let forget = |first: u32, slots: &mut [Option<Value>]| {
            for (at, slot) in slots.iter_mut().enumerate() {
                if !is_read(first + at as u32) {
                    *slot = None;
                }
            }
        };
        forget(0, &mut rest.slots);
        for strand in rest.strands.values_mut() {
            if let Some(RegionKind::Item { first, .. }) =
                plan.regions.get(strand.region as usize).map(|region| &region.kind)
            {
                forget(*first, &mut strand.slots);
            }
        }
        rest
    }

    /// The nodes that the instance is at, may go on from, or goes back to for another round.
    pub fn places(&self) -> Vec<u32> {
        let mut places = Vec::new();
        for strand in self.strands.values() {
            places.extend(strand.doing.node());
            places.extend(strand.rounds.iter().map(|(node, _)| *node));
            places.extend(strand.parent.map(|(_, node)| node));
            if let Doing::Unwind(unwind) = &strand.doing {
                places.extend(unwind.rest.node());
                places.extend(node_of(&unwind.then));
            }
            if let Some(tidying) = &strand.tidying {
                places.push(tidying.node);
                places.extend(node_of(&tidying.then));
            }
        }
        places
    }

    /// Whether a step is under way, or waits for a person: what its calls are answered still matters.
    pub fn is_at_step(&self, plan: &Plan, call: &CallRef) -> bool {
        let Some(node) = plan.node_by_id(&call.step) else { return false };
        self.strands.values().any(|strand| {
            let here = place(strand) == call.item;
            matches!(strand.activity(), Doing::Step(at, step) if *at == node && here && step.epoch == call.epoch)
        })
    }

    /// A strand with all that it waits for, without their numbers. Those that nobody waits for are named by their rank.
    fn of_strand(&self, strand: &Strand, ranks: &[StrandId]) -> Vec<u8> {
        let mut masked = strand.clone();
        masked.parent = masked.parent.map(|(_, node)| (0, node));
        mask_ledger(&mut masked.ledger, ranks);
        let waits_for = strand.activity().strands();
        let side_by_side = matches!(strand.activity(), Doing::Beside(_));
        match masked.activity_mut() {
            Doing::Fork(_, forked) => {
                for branch in &mut forked.branches {
                    match branch {
                        Branch::Live(id) => *id = 0,
                        Branch::Done(ledger) => mask_ledger(ledger, ranks),
                        Branch::Gone => {}
                    }
                }
            }
            Doing::Map(_, mapped) => {
                mapped.live.values_mut().for_each(|id| *id = 0);
                mapped.owed.values_mut().for_each(|ledger| mask_ledger(ledger, ranks));
            }
            Doing::Beside(beside) => {
                beside.live.iter_mut().for_each(|id| *id = 0);
                beside.waiting.iter_mut().for_each(|group| mask_ledger(&mut group.ledger, ranks));
            }
            _ => {}
        }
        let mut own = bytes(&masked);
        let inside = waits_for.iter().filter_map(|id| self.strands.get(id));
        let mut inside: Vec<Vec<u8>> = inside.map(|strand| self.of_strand(strand, ranks)).collect();
        if side_by_side {
            inside.sort();
        }
        inside.into_iter().for_each(|strand| append(&mut own, strand));
        own
    }

    /// What waits for the strand of a call or of a child's start; none if nothing of the instance does it.
    pub fn lineage(&self, plan: &Plan, call: &CallRef) -> Option<Lineage> {
        let node = plan.node_by_id(&call.step)?;
        let owes = |entry: &Entry| match &entry.owed {
            Owed::Debt(debt) => debt.node == node && debt.path == call.item && debt.epoch == call.epoch,
            Owed::Child(debt) => debt.call == *call,
            Owed::Beside(..) | Owed::Losers(_) => false,
        };
        let does = |strand: &Strand| strand.activity().node() == Some(node) && place(strand) == call.item;
        let mine = |strand: &Strand| match call.purpose {
            Purpose::Undo => strand.ledger.iter().any(owes),
            _ => does(strand) || strand.ledger.iter().any(owes),
        };
        let (mut id, strand) = self.strands.iter().find(|(_, strand)| mine(strand))?;
        let mut lineage = Lineage { unwinds: strand.unwinds(), waits: Vec::new(), in_body: false };
        while let Some((parent, node)) = self.strands.get(id).and_then(|strand| strand.parent.as_ref()) {
            let unwinds = self.strands.get(parent).is_some_and(Strand::unwinds);
            lineage.waits.push((*node, unwinds));
            id = parent;
        }
        lineage.in_body = *id == BODY;
        Some(lineage)
    }

    /// True once a point of no return was passed: from there it only goes forward.
    pub fn is_past_pivot(&self) -> bool {
        self.past_pivot
    }

    /// True while a cancellation or a deadline waits for the outcome of a pivot, or for the end of a shield.
    pub fn has_deferred(&self) -> bool {
        self.deferred.is_some()
    }

    /// Its arguments, by the number of the parameter.
    pub fn arguments(&self, plan: &Plan) -> Vec<Option<Value>> {
        self.slots.iter().take(plan.params.len()).cloned().collect()
    }

    /// The values that it holds: arguments, results, and their fields.
    pub fn known_values(&self) -> Vec<Value> {
        let mut known: Vec<Value> = Vec::new();
        let mut open: Vec<Value> = self.slots.iter().rev().flatten().cloned().collect();
        while let Some(value) = open.pop() {
            if let Value::Record(fields) | Value::Variant(_, fields) = &value {
                open.extend(fields.iter().map(|(_, value)| value.clone()));
            }
            if !known.contains(&value) {
                known.push(value);
            }
        }
        known
    }

    /// Whether a message is meant by the condition of an await. The message is local 0.
    pub fn would_take(&self, plan: &Plan, condition: &Expr, message: &Value) -> bool {
        let facts = self.workflow_facts();
        let env = Env { library: plan.library(), slots: &self.slots, facts: Some(&facts) };
        evaluate_in(env, vec![message.clone()], condition) == Ok(Value::Bool(true))
    }
}

fn node_of(then: &Then) -> Option<u32> {
    match then {
        Then::Continue(node) | Then::Go(node) | Then::Catch(node, ..) | Then::Rewind(node, ..) => Some(*node),
        Then::Raise(node, _) => Some(*node),
        Then::End(_) | Then::Leave(_) | Then::Undone => None,
    }
}

fn mask_ledger(ledger: &mut [Entry], ranks: &[StrandId]) {
    for entry in ledger {
        match &mut entry.owed {
            Owed::Losers(ids) => {
                // Those that are gone make no difference any more.
                let rank = |id: &StrandId| ranks.iter().position(|ranked| ranked == id);
                *ids = ids.iter().filter_map(rank).map(|rank| rank as u32).collect();
                ids.sort_unstable();
            }
            Owed::Beside(groups, _) => groups.iter_mut().for_each(|it| mask_ledger(&mut it.ledger, ranks)),
            Owed::Debt(_) | Owed::Child(_) => {}
        }
    }
}

fn bytes<T: minicbor::Encode<()>>(of: &T) -> Vec<u8> {
    // Writing into a `Vec` cannot fail: its error type has no values.
    minicbor::to_vec(of).unwrap_or_default()
}

fn append(to: &mut Vec<u8>, part: Vec<u8>) {
    to.extend_from_slice(&(part.len() as u64).to_le_bytes());
    to.extend(part);
}
