//! The story of a run: its moves one by one, with what each came to.

use wfl_ir::{Fields, Name, PlanHash, Timestamp};
use wfl_machine::{CallEffect, Fact};
use wfl_record::InstanceId;

use crate::bounds::Bounds;
use crate::explore::{Counterexample, Exploration, first, moves};
use crate::moves::Move;
use crate::program::Program;
use crate::state::State;
use crate::step::make;

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// When it was over.
    pub at: Timestamp,
    /// What it was.
    pub step: Move,
    /// For an answer: what was called.
    pub call: Option<CallEffect>,
    /// What the instances say of it.
    pub facts: Vec<(InstanceId, Fact)>,
}

/// A run from its beginning to where it breaks a rule.
#[derive(Clone, Debug)]
pub struct Story {
    /// The workflow's arguments.
    pub args: Fields,
    /// The root.
    pub root: InstanceId,
    /// Each instance, in the order in which they began, with its workflow and plan.
    pub instances: Vec<(InstanceId, Name, PlanHash)>,
    /// The facts of the start.
    pub opening: Vec<(InstanceId, Fact)>,
    /// What happened, in order.
    pub chapters: Vec<Chapter>,
    /// How the root stands at the end, in a word.
    pub status: &'static str,
}

/// Tells the story of a counterexample.
pub fn tell(
    program: &Program,
    hash: PlanHash,
    bounds: &Bounds,
    exploration: &Exploration,
    counterexample: &Counterexample,
) -> Option<Story> {
    let args = exploration.inputs.get(counterexample.input)?.clone();
    let begun = first(program, hash, &args)?;
    let mut state = begun.state;
    let mut story = Story {
        args,
        root: state.root,
        instances: Vec::new(),
        opening: begun.facts,
        chapters: Vec::new(),
        status: "",
    };
    note_instances(&state, &mut story);
    for at in &counterexample.path {
        let (choices, _) = moves(program, bounds, &state);
        let choice = choices.get(*at as usize)?;
        let call = match &choice.step {
            Move::Answer(id, call, _) | Move::Claim(id, call) => {
                state.call(*id, call).map(|(_, effect)| effect.clone())
            }
            _ => None,
        };
        let made = make(program, &state, choice);
        state = made.state;
        note_instances(&state, &mut story);
        story.chapters.push(Chapter { at: state.now, step: choice.step.clone(), call, facts: made.facts });
    }
    story.status = state.members.get(&state.root)?.instance.status().word();
    Some(story)
}

fn note_instances(state: &State, story: &mut Story) {
    let known = |id: &InstanceId| story.instances.iter().any(|(known, ..)| known == id);
    let new: Vec<_> = state
        .members
        .iter()
        .filter(|(id, _)| !known(id))
        .map(|(id, member)| (*id, member.instance.workflow().clone(), member.plan))
        .collect();
    story.instances.extend(new);
}
