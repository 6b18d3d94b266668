//! The end of a run: nothing can happen any more. What must hold of it, and what it came to.

use std::collections::BTreeMap;

use wfl_eval::{Env, evaluate_in};
use wfl_ir::{Effect as Kind, Name, TypeKind, Value};
use wfl_machine::{Ending, Instance, Status};

use crate::member::Member;
use crate::moves::step_name;
use crate::program::{Loaded, Program};
use crate::state::State;
use crate::violation::{Rule, Violation};
use crate::world::Stage;

/// What a run came to, for those who count endings: how the root ended, in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    /// The state of the root: `completed`, `failed`, …
    pub status: &'static str,
    /// The error, if it failed.
    pub error: Option<Name>,
    /// What became of what should have been undone.
    pub compensation: &'static str,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.status)?;
        if let Some(error) = &self.error {
            write!(f, " {error}")?;
        }
        match self.compensation {
            "none" => Ok(()),
            word => write!(f, ", compensation {word}"),
        }
    }
}

/// How the root ended.
pub(crate) fn outcome(program: &Program, state: &State) -> Option<Outcome> {
    let root = state.members.get(&state.root)?;
    let plan = &program.get(root.plan)?.plan;
    let error = match root.instance.ending() {
        Some(Ending::Failed(error, _)) => Some(Name::from(plan.types[*error as usize].short_name())),
        _ => None,
    };
    Some(Outcome {
        status: root.instance.status().word(),
        error,
        compensation: root.instance.compensation().word(),
    })
}

/// All that a run came to: what each instance ended with, and what is there of each effect.
pub(crate) fn signature(program: &Program, state: &State) -> String {
    let mut lines = Vec::new();
    for member in state.members.values() {
        let workflow = member.instance.workflow();
        let ending = member.instance.ending();
        let compensation = member.instance.compensation().word();
        lines.push(format!("{workflow} {} {ending:?} {compensation}", member.instance.status().word()));
    }
    for effect in state.world.effects.values() {
        let stage = match effect.stage {
            Stage::Done => "done",
            Stage::Undone => "undone",
            Stage::Due(_) | Stage::Overdue(_) => "on its way",
        };
        let plan = state.loaded(program, effect.instance).map(|loaded| &loaded.plan);
        let workflow = plan.map(|plan| plan.workflow.clone());
        lines.push(format!(
            "{workflow:?} {} {} {stage} {}",
            step_name(&effect.call),
            effect.call.epoch,
            effect.late
        ));
    }
    lines.sort();
    lines.join("\n")
}

/// What must hold when nothing can happen any more.
pub(crate) fn check(program: &Program, state: &State) -> Vec<Violation> {
    let mut found = Vec::new();
    let killed = state.members.values().any(|member| member.watch.killed);
    for member in state.members.values() {
        let Some(loaded) = program.get(member.plan) else { continue };
        let mut wrong = |rule, what: String| found.push(Violation::new(rule, member.id(), what));
        match member.instance.ending() {
            None if waits_for_people(loaded, member) => continue,
            None => {
                let status = member.instance.status();
                let what = format!("it is {}, and nothing more can happen", status.word());
                wrong(Rule::NeverStuck, what);
                continue;
            }
            Some(_) if !member.instance.is_closed() && !killed => {
                wrong(Rule::Closes, "it has ended, and owes something still".to_owned());
            }
            Some(_) => {}
        }
        found.extend(turned_back(loaded, member, state));
        if !killed {
            found.extend(debts(loaded, member, state));
        }
        found.extend(invariants(loaded, member));
    }
    found
}

/// A message or an answer is waited for that none of the values is.
fn waits_for_people(loaded: &Loaded, member: &Member) -> bool {
    let asks = !member.instance.channels(&loaded.plan).is_empty() || !member.instance.tasks().is_empty();
    asks && matches!(member.instance.status(), Status::Waiting | Status::Running)
}

/// What turned back has not done what cannot be undone.
fn turned_back(loaded: &Loaded, member: &Member, state: &State) -> Option<Violation> {
    let turned = matches!(member.instance.ending(), Some(Ending::Cancelled | Ending::TimedOut));
    let of_it = |effect: &&std::sync::Arc<crate::world::Effect>| {
        effect.instance == member.id()
            && effect.is_there()
            && !effect.late
            && effect.call.epoch == member.instance.epoch()
            && loaded.plan.operations[effect.operation as usize].effect == Kind::Irreversible
    };
    let done = state.world.effects.values().find(of_it).filter(|_| turned)?;
    let what = format!("it turned back, and {} cannot be undone", step_name(&done.call));
    Some(Violation::new(Rule::PivotIsFinal, member.id(), what))
}

/// Each effect is settled as what it is, and nothing else is.
fn debts(loaded: &Loaded, member: &Member, state: &State) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut there: BTreeMap<Name, (u32, u32)> = BTreeMap::new();
    for effect in state.world.effects.values().filter(|effect| effect.instance == member.id()) {
        let operation = &loaded.plan.operations[effect.operation as usize];
        if !matches!(operation.effect, Kind::Compensable { .. }) {
            continue;
        }
        let (done, undone) = there.entry(step_name(&effect.call)).or_default();
        match effect.stage {
            Stage::Done => *done += 1,
            Stage::Undone => *undone += 1,
            Stage::Due(_) | Stage::Overdue(_) => {}
        }
    }
    let steps = there.keys().chain(member.watch.settled.keys()).cloned();
    for step in steps.collect::<std::collections::BTreeSet<_>>() {
        let (done, undone) = there.get(&step).copied().unwrap_or_default();
        let settled = member.watch.settled.get(&step).copied().unwrap_or_default();
        let kept = settled.committed + settled.waived;
        let what = if done > kept {
            format!("what {step} did is there, and nobody settled it")
        } else if done < kept {
            format!("what {step} did is said to stay, and is not there")
        } else if undone > settled.undone {
            format!("what {step} did was undone, and is owed still")
        } else if undone < settled.undone {
            format!("what {step} did is said to be undone, and was not")
        } else {
            continue;
        };
        found.push(Violation::new(Rule::DebtSettled, member.id(), what));
    }
    found
}

/// What the authors of the workflow say of every instance.
fn invariants(loaded: &Loaded, member: &Member) -> Vec<Violation> {
    let mut found = Vec::new();
    let result = match member.instance.ending() {
        Some(Ending::Completed(value)) => value.clone(),
        _ => Value::None,
    };
    let (facts, arguments) = (member.instance.workflow_facts(), member.instance.arguments(&loaded.plan));
    for invariant in &loaded.invariants {
        let env = Env { library: invariant.library(), slots: &arguments, facts: Some(&facts) };
        let what = match evaluate_in(env, vec![result.clone()], &invariant.condition) {
            Ok(Value::Bool(true)) => continue,
            Ok(_) => {
                format!("\"{}\" does not hold: {}", invariant.title, ending_words(loaded, &member.instance))
            }
            Err(fault) => format!("\"{}\" has no value: {fault}", invariant.title),
        };
        let title = Some(invariant.title.clone());
        found.push(Violation { title, ..Violation::new(Rule::Invariant, member.id(), what) });
    }
    found
}

fn ending_words(loaded: &Loaded, instance: &Instance) -> String {
    match instance.ending() {
        Some(Ending::Completed(value)) => format!("it completed with {value}"),
        Some(Ending::Failed(error, _)) => {
            let def = &loaded.plan.types[*error as usize];
            debug_assert!(matches!(def.kind, TypeKind::Error(_)), "only errors end an instance");
            format!("it failed with {}", def.short_name())
        }
        _ => format!("it is {}", instance.status().word()),
    }
}
