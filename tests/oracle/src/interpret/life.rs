//! An instance from its start to its end.

use std::sync::Arc;

use wfl_eval::Facts;
use wfl_ir::{Fields, Name, Plan, Timestamp, Value};

use crate::interpret::reference::Reference;
use crate::interpret::until::Until;
use crate::story::Event;
use crate::strand::{Debt, Done, End, Flow, Life, Lived, Stops, Strand};

/// How often an instance may begin anew.
const LIVES: u32 = 20;

impl Reference<'_> {
    pub(crate) fn life(
        &mut self,
        plan: &Arc<Plan>,
        args: Fields,
        after: Vec<Event>,
        stops: Stops,
    ) -> Flow<Lived> {
        let key = self.key(plan, &args)?;
        let facts = Facts { id: Name::from(format!("{key:?}")), key, started_at: Timestamp(0) };
        let mut life = Life { plan: Arc::clone(plan), facts, passed: false };
        let (mut args, mut after) = (args, after);
        for _ in 0..LIVES {
            let mut strand = Strand::new(slots(plan, &args), after, stops, 0, false);
            let mut done = self.walk(&mut life, &mut strand, 0, Until::Never)?;
            if let Done::Restarted(next) = done {
                (args, after) = (next, strand.after);
                life.passed = false;
                continue;
            }
            // While it turns back by itself, it may be asked to turn back.
            if matches!(done, Done::Raised(_)) {
                self.undo_strand(&mut strand)?;
                strand.shield = None;
                if self.stops(&life, &strand) {
                    done = Done::Stopped;
                }
            }
            let end = match done {
                Done::Returned(value) => End::Completed(value),
                Done::Raised(raised) => End::Failed(raised),
                Done::Stopped => {
                    self.stop_strand(&mut strand, &done)?;
                    End::Stopped
                }
                Done::Reached | Done::Restarted(_) => return self.dead("a workflow just stopped", ""),
            };
            let debts = vec![Debt::Sequence(strand.take_debts())];
            return Ok(Lived { end, debts, after: strand.after, passed: life.passed });
        }
        self.dead("it begins anew too often", "")
    }

    fn key(&self, plan: &Plan, args: &Fields) -> Flow<Value> {
        let slots = slots(plan, args);
        let env = wfl_eval::Env { library: plan.library(), slots: &slots, facts: None };
        wfl_eval::evaluate(env, &plan.key)
            .or_else(|fault| self.dead("the key has no value", &fault.to_string()))
    }
}

fn slots(plan: &Plan, args: &Fields) -> Vec<Option<Value>> {
    let mut slots: Vec<Option<Value>> =
        plan.params.iter().map(|param| Some(args.get(&param.name).cloned().unwrap_or(Value::None))).collect();
    slots.resize(plan.slots as usize, None);
    slots
}
