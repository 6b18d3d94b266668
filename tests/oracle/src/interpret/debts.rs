//! Settling debts: undoing them, the last one first, or giving them up.

use wfl_sim::EffectState;

use crate::interpret::reference::Reference;
use crate::story::{Ending, Event};
use crate::strand::{Debt, Done, Flow, Strand, union};
use crate::witness::ByHand;

impl Reference<'_> {
    /// Notes that of two events one must be first. A call that leaves nothing to be undone
    /// holds no undoing up, should it be on its way.
    pub(crate) fn follows(&mut self, after: &[Event], event: Event) {
        for first in after {
            match (first, event) {
                (Event::Done(call), Event::Undone(_)) if self.light[*call] => {}
                _ => self.story.before.push((*first, event)),
            }
        }
    }

    /// Undoes debts, the last one first; what was last then.
    pub(crate) fn undo_all(&mut self, debts: &[Debt], after: Vec<Event>) -> Flow<Vec<Event>> {
        debts.iter().rev().try_fold(after, |after, debt| self.undo(debt, after))
    }

    fn undo(&mut self, debt: &Debt, after: Vec<Event>) -> Flow<Vec<Event>> {
        match debt {
            Debt::Effect(effect) => {
                self.undo_effect(*effect)?;
                let undone = Event::Undone(*effect);
                self.follows(&after, undone);
                self.follows(&[Event::Done(*effect)], undone);
                Ok(vec![undone])
            }
            Debt::Sequence(debts) => self.undo_all(debts, after),
            Debt::Beside(debts) if debts.is_empty() => Ok(after),
            Debt::Beside(debts) => {
                let ends = debts.iter().map(|debt| self.undo(debt, after.clone()));
                Ok(union(ends.collect::<Flow<Vec<_>>>()?))
            }
        }
    }

    fn undo_effect(&mut self, effect: usize) -> Flow<()> {
        if let (Some(witness), Some(seen)) = (self.witness, self.seen[effect]) {
            let call = &witness.calls[seen];
            // Whoever cancels may say that what is owed stays, while some of it is being undone already.
            if self.keeps() {
                self.story.effects[effect].state = call.state;
                return Ok(());
            }
            if call.state != EffectState::Undone && call.by_hand == ByHand::Never {
                return self.dead("it should have been undone, and is there", &call.step);
            }
        }
        self.story.effects[effect].state = EffectState::Undone;
        Ok(())
    }

    /// Whether whoever cancelled it said that what was done stays.
    pub(crate) fn keeps(&self) -> bool {
        self.allowed.keeps && self.witness.is_some_and(|witness| witness.ending == Ending::Cancelled)
    }

    /// A path is stopped: what it owes is undone, or stays if whoever stops it says so. One that has failed before is
    /// undone.
    pub(crate) fn stop_strand(&mut self, strand: &mut Strand, done: &Done) -> Flow<()> {
        let failed = matches!(done, Done::Raised(_));
        let by_wish = strand.stops.outside && !strand.stops.beside && !self.allowed.deadline && !self.limited;
        if self.keeps() && by_wish && !failed { self.keep_strand(strand) } else { self.undo_strand(strand) }
    }

    /// What is owed stays.
    pub(crate) fn keep_all(&mut self, debts: &[Debt]) -> Flow<()> {
        debts.iter().try_for_each(|debt| match debt {
            Debt::Effect(effect) => self.keep_effect(*effect),
            Debt::Sequence(debts) | Debt::Beside(debts) => self.keep_all(debts),
        })
    }

    fn keep_effect(&mut self, effect: usize) -> Flow<()> {
        match (self.witness, self.seen[effect]) {
            (Some(witness), Some(seen)) if witness.calls[seen].state == EffectState::Undone => {
                self.dead("it was undone, and should be there", &witness.calls[seen].step)
            }
            _ => Ok(()),
        }
    }

    /// Undoes all that a path owes, in all its scopes.
    pub(crate) fn undo_strand(&mut self, strand: &mut Strand) -> Flow<()> {
        let debts = strand.take_debts();
        let after = std::mem::take(&mut strand.after);
        strand.after = self.undo_all(&debts, after)?;
        Ok(())
    }

    /// Gives up all that a path owes, in all its scopes.
    pub(crate) fn keep_strand(&mut self, strand: &mut Strand) -> Flow<()> {
        let debts = strand.take_debts();
        self.keep_all(&debts)
    }
}
