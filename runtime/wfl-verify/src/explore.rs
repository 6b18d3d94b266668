//! The exploration: breadth first, so that the first counterexample is a shortest one, over states that are each looked at
//! once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wfl_ir::{Fields, Name, PlanHash, Timestamp};
use wfl_machine::{Input, Source, Start, input_digest, instance_id, instance_key};
use wfl_record::{InstanceId, Namespace};

use crate::bounds::Bounds;
use crate::enabled::Enabled;
use crate::moves::{Choice, Cost};
use crate::probe::{self, STARTER};
use crate::program::Program;
use crate::reduction::enough;
use crate::rest::{self, Outcome};
use crate::state::State;
use crate::step::{Made, begin, make};
use crate::values::{START, Values};
use crate::violation::{Rule, Violation};

/// How far an exploration has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// States that were looked at.
    pub states: usize,
    /// Moves that were made.
    pub transitions: usize,
    /// States that wait to be looked at.
    pub waiting: usize,
    /// How many moves lead to the present one.
    pub depth: u32,
}

/// A run that breaks a rule.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// What does not hold.
    pub violation: Violation,
    /// How many runs were found that break the same rule, this one among them.
    pub times: usize,
    /// The number of the input.
    pub input: usize,
    /// Which of the enough moves was made, state by state.
    pub path: Vec<u32>,
}

/// What came of an exploration.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// The inputs.
    pub inputs: Vec<Fields>,
    /// States that were looked at.
    pub states: usize,
    /// Moves that were made.
    pub transitions: usize,
    /// Moves that were not made because another order of them was.
    pub put_off: usize,
    /// The length of the longest run.
    pub deepest: u32,
    /// Whether everything within the bounds was looked at.
    pub complete: bool,
    /// How runs end, and how many different ends there are of each kind.
    pub endings: BTreeMap<Outcome, usize>,
    /// All that runs came to, in full.
    pub signatures: BTreeSet<String>,
    /// A shortest run for each rule that is broken.
    pub violations: Vec<Counterexample>,
}

const NOBODY: u32 = u32::MAX;

struct Visited {
    from: u32,
    choice: u32,
    depth: u32,
}

struct Search<'a> {
    program: &'a Program,
    bounds: &'a Bounds,
    /// What was used up of the bounds in states that were seen: never one more than another.
    seen: BTreeMap<u128, Vec<Cost>>,
    probed: BTreeSet<[u8; 16]>,
    visited: Vec<Visited>,
    open: VecDeque<(u32, State)>,
    result: Exploration,
    classes: BTreeMap<(Rule, Option<Name>), usize>,
}

/// The start of an input.
pub(crate) fn start_of(program: &Program, hash: PlanHash, args: &Fields) -> Option<(InstanceId, Start)> {
    let plan = program.plan(hash)?;
    let key = instance_key(plan, args).ok()?;
    let json = wfl_eval::encode_fields(plan.library(), &plan.params, args);
    let start = Start {
        workflow: plan.workflow.clone(),
        version: plan.version,
        plan: hash,
        source: Source::Inline(json.to_string().into_bytes()),
        digest: input_digest(args),
        starter: STARTER.into(),
        parent: None,
        deadline: None,
        parent_epoch: None,
        not_before: None,
        occasion: None,
    };
    Some((instance_id(&Namespace::default(), plan, &key, 0), start))
}

/// The inputs of a workflow.
fn inputs(program: &Program, hash: PlanHash, bounds: &Bounds) -> Vec<Fields> {
    let Some(loaded) = program.get(hash) else { return Vec::new() };
    let values = Values::new(&loaded.plan, &loaded.constants, bounds.values, bounds.items);
    values.arguments(&loaded.plan, bounds.values * 2)
}

/// The first state of an input.
pub(crate) fn first(program: &Program, hash: PlanHash, args: &Fields) -> Option<Made> {
    let (id, start) = start_of(program, hash, args)?;
    begin(program, id, &start, Timestamp(START))
}

/// The moves of a state that are looked at, and how many are left out.
pub(crate) fn moves(program: &Program, bounds: &Bounds, state: &State) -> (Vec<Choice>, usize) {
    let all = Enabled { program, bounds, state }.all();
    let count = all.len();
    let some = enough(program, bounds, state, all);
    let left = count - some.len();
    (some, left)
}

/// Explores a workflow. `tell` is told of the progress now and then, and ends it by saying no.
pub fn explore(
    program: &Program,
    hash: PlanHash,
    bounds: &Bounds,
    tell: &mut dyn FnMut(Progress) -> bool,
) -> Exploration {
    let result = Exploration {
        inputs: inputs(program, hash, bounds),
        states: 0,
        transitions: 0,
        put_off: 0,
        deepest: 0,
        complete: true,
        endings: BTreeMap::new(),
        signatures: BTreeSet::new(),
        violations: Vec::new(),
    };
    let mut search = Search {
        program,
        bounds,
        seen: BTreeMap::new(),
        probed: BTreeSet::new(),
        visited: Vec::new(),
        open: VecDeque::new(),
        result,
        classes: BTreeMap::new(),
    };
    for (number, args) in search.result.inputs.clone().iter().enumerate() {
        if let Some(made) = first(program, hash, args) {
            search.arrive(NOBODY, number as u32, made);
        }
    }
    search.run(tell);
    search.result
}

impl Search<'_> {
    fn run(&mut self, tell: &mut dyn FnMut(Progress) -> bool) {
        while let Some((number, state)) = self.open.pop_front() {
            if self.result.states >= self.bounds.states {
                self.result.complete = false;
                return;
            }
            self.result.states += 1;
            let depth = self.visited[number as usize].depth;
            self.result.deepest = self.result.deepest.max(depth);
            if self.result.states.is_multiple_of(500) {
                let (states, transitions) = (self.result.states, self.result.transitions);
                if !tell(Progress { states, transitions, waiting: self.open.len(), depth }) {
                    self.result.complete = false;
                    return;
                }
            }
            self.look(number, &state);
        }
    }

    fn look(&mut self, number: u32, state: &State) {
        let (choices, left) = moves(self.program, self.bounds, state);
        self.result.put_off += left;
        if choices.is_empty() {
            let found = rest::check(self.program, state);
            self.note(number, None, found);
            if let Some(outcome) = rest::outcome(self.program, state) {
                *self.result.endings.entry(outcome).or_default() += 1;
            }
            self.result.signatures.insert(rest::signature(self.program, state));
            return;
        }
        for (at, choice) in choices.iter().enumerate() {
            self.result.transitions += 1;
            let made = make(self.program, state, choice);
            self.arrive(number, at as u32, made);
        }
    }

    /// A state is reached. One that breaks a rule leads no further.
    fn arrive(&mut self, from: u32, choice: u32, made: Made) {
        let Made { state, mut found, inputs, .. } = made;
        if !found.is_empty() {
            self.note(from, Some(choice), found);
            return;
        }
        // Whoever has used up less can do all that whoever has used up more can.
        let used = self.seen.entry(state.key(self.program)).or_default();
        if used.iter().any(|used| used.within(&state.used)) {
            return;
        }
        used.retain(|used| !state.used.within(used));
        used.push(state.used);
        self.look_closely(&state, &inputs, &mut found);
        if !found.is_empty() {
            self.note(from, Some(choice), found);
            return;
        }
        let depth = if from == NOBODY { 0 } else { self.visited[from as usize].depth + 1 };
        self.visited.push(Visited { from, choice, depth });
        self.open.push_back((self.visited.len() as u32 - 1, state));
    }

    /// What must hold of every state.
    fn look_closely(&mut self, state: &State, inputs: &[(InstanceId, Input)], found: &mut Vec<Violation>) {
        for (id, member) in &state.members {
            let Some(loaded) = self.program.get(member.plan) else { continue };
            crate::order::under_way(loaded, member, &state.world, found);
            if self.probed.insert(member.digest) {
                probe::all(loaded, member, state.now, found);
                // The latest input once more.
                if let Some((_, input)) = inputs.iter().rev().find(|(of, _)| of == id) {
                    member.twice(loaded, input, state.now, found);
                }
            }
        }
    }

    /// Keeps the first run for each rule that is broken.
    fn note(&mut self, number: u32, last: Option<u32>, found: Vec<Violation>) {
        for violation in found {
            if let Some(at) = self.classes.get(&violation.class()) {
                self.result.violations[*at].times += 1;
                continue;
            }
            let (input, path) = self.path(number, last);
            self.classes.insert(violation.class(), self.result.violations.len());
            self.result.violations.push(Counterexample { violation, times: 1, input, path });
        }
    }

    fn path(&self, number: u32, last: Option<u32>) -> (usize, Vec<u32>) {
        if number == NOBODY {
            return (last.unwrap_or_default() as usize, Vec::new());
        }
        let mut path: Vec<u32> = last.into_iter().collect();
        let mut at = &self.visited[number as usize];
        while at.from != NOBODY {
            path.push(at.choice);
            at = &self.visited[at.from as usize];
        }
        path.reverse();
        (at.choice as usize, path)
    }
}
