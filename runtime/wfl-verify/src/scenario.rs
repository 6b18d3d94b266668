//! A counterexample as a test of the language, which leads the workflow through the same run.

use std::collections::{BTreeMap, BTreeSet};

use wfl_ir::{Duration, NodeKind, Plan, Timestamp, Type, Value};
use wfl_machine::{Control, Ending, Fact, Purpose, Settlement};

use crate::explore::Counterexample;
use crate::literal::{Literals, quoted};
use crate::moves::{Fate, Move};
use crate::program::Program;
use crate::story::{Chapter, Story};
use crate::values::START;

/// A test in the text of a module of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The imports, one a line.
    pub imports: Vec<String>,
    /// The test.
    pub test: String,
}

impl Scenario {
    /// The whole module.
    pub fn text(&self) -> String {
        let imports = self.imports.join("\n");
        format!("//! A run that `wflc verify` found.\n{imports}\n\n{}\n", self.test)
    }
}

struct Writing<'p> {
    program: &'p Program,
    story: &'p Story,
    literals: Literals<'p>,
    services: &'p [(String, String)],
    used: BTreeSet<String>,
}

/// Writes the test of a counterexample. `services` are those of the project with the paths of their modules.
pub fn scenario(
    program: &Program,
    story: &Story,
    counterexample: &Counterexample,
    services: &[(String, String)],
) -> Option<Scenario> {
    let (_, workflow, hash) = story.instances.first()?;
    let plan = program.plan(*hash)?;
    let mut writing =
        Writing { program, story, literals: Literals::new(plan.library()), services, used: BTreeSet::new() };
    let mut lines = Vec::new();
    for param in &plan.params {
        let value = story.args.get(&param.name).cloned().unwrap_or_default();
        let is_left_out = value == Value::None;
        if !is_left_out || !matches!(param.ty, Type::Optional(_)) {
            lines.push(format!("given {} = {}", param.name, writing.literals.write(&param.ty, &value)?));
        }
    }
    lines.extend(writing.mocks());
    lines.extend(story.chapters.iter().filter_map(|chapter| writing.event(chapter)));
    lines.extend(writing.expectations(plan));
    let title = match &counterexample.violation.title {
        Some(title) => format!("breaks: {title}"),
        None => format!("breaks {}: {}", counterexample.violation.rule.word(), counterexample.violation.what),
    };
    let name = writing.literals.import(workflow);
    let body: Vec<String> = lines.iter().map(|line| format!("  {line}\n")).collect();
    let test = format!("test {} for {name} {{\n{}}}", quoted(&title), body.concat());
    let mut by_module: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for service in &writing.used {
        if let Some((module, _)) = services.iter().find(|(_, name)| name == service) {
            by_module.entry(module.clone()).or_default().insert(service.clone());
        }
    }
    for (module, name) in &writing.literals.imports {
        by_module.entry(module.clone()).or_default().insert(name.clone());
    }
    let import = |(module, names): (&String, &BTreeSet<String>)| {
        format!("import {module} ({})", names.iter().cloned().collect::<Vec<_>>().join(", "))
    };
    Some(Scenario { imports: by_module.iter().map(import).collect(), test })
}

impl<'p> Writing<'p> {
    fn plan_of(&self, id: wfl_record::InstanceId) -> Option<&'p Plan> {
        let (_, _, hash) = self.story.instances.iter().find(|(of, ..)| *of == id)?;
        self.program.plan(*hash).map(|plan| &**plan)
    }

    /// What each operation answers, in the order in which it was called.
    fn mocks(&mut self) -> Vec<String> {
        let mut answers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for chapter in &self.story.chapters {
            let (Move::Answer(id, _, fate), Some(call)) = (&chapter.step, &chapter.call) else { continue };
            let Some(plan) = self.plan_of(*id) else { continue };
            let operation = &plan.operations[call.operation as usize];
            self.literals.turn_to(plan.library());
            let answer = self.answer(fate, &operation.result);
            let answer = answer.unwrap_or_else(|| "hang".to_owned());
            self.used.insert(operation.service.to_string());
            answers.entry(operation.qualified()).or_default().push(answer);
        }
        let mock = |(operation, mut answers): (String, Vec<String>)| {
            // The last answer counts for all that follow.
            while answers.len() > 1 && answers[answers.len() - 1] == answers[answers.len() - 2] {
                answers.pop();
            }
            match answers.as_slice() {
                [only] => format!("mock {operation} -> {only}"),
                several => format!("mock {operation} -> sequence [{}]", several.join(", ")),
            }
        };
        answers.into_iter().map(mock).collect()
    }

    fn answer(&mut self, fate: &Fate, result: &Type) -> Option<String> {
        match fate {
            Fate::Returns(value) => self.literals.write(result, value),
            Fate::Declares(error, fields) => Some(format!("raise {}", self.literals.error(*error, fields)?)),
            Fate::Unavailable => Some("raise Unavailable".to_owned()),
            Fate::LostBefore => Some("raise Timeout".to_owned()),
            Fate::LostAfter(value) | Fate::Delayed(value) | Fate::Overdue(value) => {
                Some(format!("lost {}", self.literals.write(result, value)?))
            }
        }
    }

    /// What comes from outside at its time.
    fn event(&mut self, chapter: &Chapter) -> Option<String> {
        let at = clock(chapter.at);
        match &chapter.step {
            Move::Wish(_, Control::Cancel { .. }) => Some(format!("at {at} cancel")),
            Move::Crash(length) => {
                let before = clock(Timestamp(chapter.at.0 - length.0));
                Some(format!("at {before} crash"))
            }
            Move::Signal(id, signal) if *id == self.story.root => {
                let ty = self.awaited(|kind| match kind {
                    wfl_ir::flow::AwaitKind::Signal { channel, .. } => *channel == signal.channel,
                    wfl_ir::flow::AwaitKind::Human(_) => false,
                })?;
                let value = self.value(&ty, &signal.payload)?;
                Some(format!("at {at} signal {}({value})", signal.channel))
            }
            Move::Decide(id, decision) if *id == self.story.root => {
                let plan = self.plan_of(*id)?;
                let node = plan.node_by_id(&decision.task)?;
                let NodeKind::Await(awaited) = &plan.nodes[node as usize].kind else { return None };
                let wfl_ir::flow::AwaitKind::Human(task) = &awaited.kind else { return None };
                let value = self.value(&awaited.ty, &decision.payload)?;
                Some(format!("at {at} answer {}({value}) by {}", task.name, quoted(&decision.person)))
            }
            _ => None,
        }
    }

    fn awaited(&self, meant: impl Fn(&wfl_ir::flow::AwaitKind) -> bool) -> Option<Type> {
        let plan = self.plan_of(self.story.root)?;
        plan.nodes.iter().find_map(|node| match &node.kind {
            NodeKind::Await(awaited) if meant(&awaited.kind) => Some(awaited.ty.clone()),
            _ => None,
        })
    }

    fn value(&mut self, ty: &Type, payload: &[u8]) -> Option<String> {
        let plan = self.plan_of(self.story.root)?;
        let json = serde_json::from_slice(payload).ok()?;
        let value = wfl_eval::decode(plan.library(), ty, &json).ok()?;
        self.literals.turn_to(plan.library());
        self.literals.write(ty, &value)
    }

    /// What the run comes to.
    fn expectations(&mut self, plan: &'p Plan) -> Vec<String> {
        let facts = || {
            let later = self.story.chapters.iter().flat_map(|chapter| &chapter.facts);
            let all = self.story.opening.iter().chain(later);
            all.filter(|(id, _)| *id == self.story.root).map(|(_, fact)| fact)
        };
        let undone: Vec<String> = facts()
            .filter_map(|fact| match fact {
                Fact::CompensationSettled { operation, how: Settlement::Undone, .. }
                    if !operation.starts_with("run ") =>
                {
                    Some(operation.clone())
                }
                _ => None,
            })
            .collect();
        let ending = facts().find_map(|fact| match fact {
            Fact::Ended { ending, .. } => Some(ending.clone()),
            _ => None,
        });
        let mut expectations = Vec::new();
        self.literals.turn_to(plan.library());
        match ending {
            Some(Ending::Completed(value)) => {
                let value = self.literals.write(&plan.result, &value);
                expectations.push(format!("expect returns {}", value.unwrap_or_else(|| "any".to_owned())));
            }
            Some(Ending::Failed(error, fields)) => {
                let error = self.literals.error(error, &fields);
                expectations.extend(error.map(|error| format!("expect fails {error}")));
            }
            _ => {}
        }
        for operation in &undone {
            self.used.extend(operation.split_once('.').map(|(service, _)| service.to_owned()));
        }
        if !undone.is_empty() {
            expectations.push(format!("expect compensated [{}]", undone.join(", ")));
        }
        if expectations.is_empty() {
            let called = self.story.chapters.iter().rev().find_map(|chapter| chapter.call.as_ref());
            if let Some(call) = called.filter(|call| call.call.purpose == Purpose::Do) {
                let operation = plan.operations.get(call.operation as usize);
                expectations
                    .extend(operation.map(|operation| format!("expect called {}", operation.qualified())));
                self.used.extend(operation.map(|operation| operation.service.to_string()));
            }
        }
        if expectations.is_empty() {
            expectations.push("expect elapsed <= 3650d".to_owned());
        }
        // What no module declares cannot be spoken of.
        let known = |line: &String| {
            self.used.iter().all(|used| {
                !line.contains(&format!("{used}.")) || self.services.iter().any(|(_, name)| name == used)
            })
        };
        expectations.retain(known);
        expectations
    }
}

/// A time after the start, to the millisecond, as it is written.
fn clock(at: Timestamp) -> String {
    let passed = at.0 - START;
    Duration((passed + 999) / 1_000 * 1_000).to_string()
}
