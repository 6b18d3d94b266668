//! All that a program may come to, or what of it agrees with what was seen.

use std::collections::BTreeMap;
use std::sync::Arc;

use wfl_ir::{Fields, Plan, PlanHash};

use crate::choice::Choice;
use crate::interpret::reference::{Allowed, Messages, Reference};
use crate::story::{Ending, Outcome, Story};
use crate::strand::{Dead, End, Flow, Stops};
use crate::witness::Witness;
use crate::world::World;

/// So many steps has one way through a program at most.
const STEPS: u32 = 5_000;

/// A program in a world, of which the outcomes are wanted.
pub struct Outcomes<'w> {
    /// All plans, for children.
    pub plans: &'w BTreeMap<PlanHash, Arc<Plan>>,
    /// What is started.
    pub plan: &'w Arc<Plan>,
    /// With what.
    pub args: &'w Fields,
    /// What services answer.
    pub world: World,
    /// What else may happen.
    pub allowed: Allowed,
    /// What is sent to it.
    pub messages: &'w Messages,
}

/// The outcomes on all ways through a program, as far as so many ways lead.
pub fn outcomes(of: &Outcomes<'_>, most: usize) -> Vec<Outcome> {
    let mut choice = Choice::default();
    let mut found = Vec::new();
    for _ in 0..most {
        let walked = of.walk(&mut choice, None);
        if let Ok(Walked { outcome, .. }) = walked {
            found.push(outcome);
        }
        if !choice.advance() {
            break;
        }
    }
    found
}

/// One way that led to an end.
pub(crate) struct Walked {
    pub(crate) outcome: Outcome,
    /// Which seen call each effect is.
    pub(crate) seen: Vec<Option<usize>>,
    /// Seen calls that it does not explain.
    pub(crate) unexplained: Vec<usize>,
    /// How many seen events it does not explain.
    pub(crate) unpublished: u32,
}

impl Outcomes<'_> {
    /// Goes one way through the program.
    pub(crate) fn walk(&self, choice: &mut Choice, witness: Option<&Witness>) -> Result<Walked, Dead> {
        let mut reference = Reference {
            plans: self.plans,
            world: self.world,
            allowed: self.allowed,
            choice,
            witness,
            used: vec![false; witness.map_or(0, |witness| witness.calls.len())],
            unpublished: witness.map(|witness| witness.emitted.clone()).unwrap_or_default(),
            story: Story::default(),
            seen: Vec::new(),
            light: Vec::new(),
            messages: self.messages.clone(),
            limited: false,
            fuel: STEPS,
        };
        let ending = self.root(&mut reference)?;
        let unexplained = (0..reference.used.len()).filter(|at| !reference.used[*at]).collect();
        let unpublished = reference.unpublished.values().sum();
        let Story { effects, before, emitted } = reference.story;
        let outcome = Outcome { ending, effects, before, emitted };
        Ok(Walked { outcome, seen: reference.seen, unexplained, unpublished })
    }

    fn root(&self, reference: &mut Reference<'_>) -> Flow<Ending> {
        let stops = Stops { outside: self.allowed.stops, beside: false };
        let lived = reference.life(self.plan, self.args.clone(), Vec::new(), stops)?;
        Ok(match lived.end {
            End::Completed(value) => {
                reference.keep_all(&lived.debts)?;
                Ending::Completed(value)
            }
            End::Failed(raised) => Ending::Failed(raised.error, raised.fields),
            End::Stopped => Ending::Cancelled,
        })
    }
}
