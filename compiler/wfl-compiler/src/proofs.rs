//! The plans and proofs of all workflows that can have them, and what of them an edit leaves as it was.

use std::collections::BTreeMap;
use std::sync::Arc;

use wfl_analysis::Module;
use wfl_analysis::hir::{Policy, Program, Workflow};
use wfl_ir::PlanHash;
use wfl_lower::{Lowered, lower};
use wfl_prove::{Claim, Cost, Finding, Proof, Summary, Timing, prove};
use wfl_source::{Code, Diagnostic, FileId, Files, Span};
use wfl_syntax::ast::{Item, ItemKind};

/// What is known of the workflows of a program, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Proofs {
    known: BTreeMap<u32, Proved>,
    /// What was known before errors came up, which may be so again when they are gone.
    spare: BTreeMap<u32, Proved>,
    /// Plans that could not be made.
    failures: Vec<Diagnostic>,
    /// The policies under which it was proved.
    policies: Vec<Policy>,
}

/// A workflow with its plan.
#[derive(Debug)]
pub(crate) struct Proved {
    /// The workflow that was proved. Whatever it depends on has not changed as long as it is the same object.
    of: Arc<Workflow>,
    /// The workflows that it starts, as they were.
    children: Vec<(u32, PlanHash, Arc<Summary>)>,
    pub(crate) lowered: Lowered,
    pub(crate) bytes: Vec<u8>,
    pub(crate) hash: PlanHash,
    pub(crate) proof: Proof,
    summary: Arc<Summary>,
}

/// A workflow with its plan and what was found about it, be it good or bad.
#[derive(Debug)]
pub struct Examined {
    /// The plan, and where it comes from.
    pub lowered: Lowered,
    /// The plan's hash.
    pub hash: PlanHash,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// What it is to those that start it.
    pub summary: Summary,
    /// How long it and its parts take.
    pub times: Timing,
    /// What a run calls and writes at most.
    pub cost: Cost,
}

impl Proofs {
    /// Makes the plans and proofs of all workflows that have no errors, and start none that has.
    pub(crate) fn update(&mut self, program: &Program, wrong: &Wrong, files: &Files) {
        self.failures.clear();
        self.spare.append(&mut self.known);
        if self.policies != program.policies {
            self.spare.clear();
            self.policies.clone_from(&program.policies);
        }
        drop(self.spare.split_off(&(program.workflows.len() as u32)));
        if wrong.everything {
            return;
        }
        for number in callees_first(program) {
            let children = program.starts(number);
            let of_child = |child: &u32| {
                let known = self.known.get(child)?;
                Some((*child, known.hash, Arc::clone(&known.summary)))
            };
            let children = children.iter().map(of_child).collect::<Option<Vec<_>>>();
            let Some(children) = children.filter(|_| !wrong.workflows.contains(&number)) else { continue };
            let workflow = &program.workflows[number as usize];
            let same = |known: &Proved| Arc::ptr_eq(&known.of, workflow) && known.children == children;
            let known = self.spare.remove(&number).filter(same);
            let known = known.map_or_else(|| proved(program, number, children, files), Ok);
            match known {
                Ok(known) => drop(self.known.insert(number, known)),
                Err(failure) => self.failures.push(*failure),
            }
        }
    }

    /// All workflows that have plans, with what was found about them.
    pub(crate) fn into_examined(self) -> Vec<Examined> {
        let examined = |known: Proved| {
            let Proved { lowered, hash, proof, .. } = known;
            {
                let Proof { findings, summary, times, cost } = proof;
                Examined { lowered, hash, findings, summary, times, cost }
            }
        };
        self.known.into_values().map(examined).collect()
    }

    /// Takes out what is known of a workflow.
    pub(crate) fn take(&mut self, number: u32) -> Option<Proved> {
        self.known.remove(&number)
    }

    /// All reports.
    pub(crate) fn reports(&self, files: &Files) -> Vec<Diagnostic> {
        let findings = self.known.values().flat_map(|known| &known.proof.findings);
        let mut reports = findings.map(|finding| finding.report.clone()).collect::<Vec<_>>();
        reports.extend(self.failures.iter().cloned());
        reports.iter_mut().for_each(|report| files.resolve_report(report));
        reports
    }
}

fn proved(
    program: &Program,
    number: u32,
    children: Vec<(u32, PlanHash, Arc<Summary>)>,
    files: &Files,
) -> Result<Proved, Box<Diagnostic>> {
    let of = Arc::clone(&program.workflows[number as usize]);
    let hashes = children.iter().map(|(child, hash, _)| (*child, *hash)).collect();
    let lowered = lower(program, &of, &hashes).map_err(|error| {
        let title = format!("`{}` cannot be compiled", of.short_name);
        let report = Diagnostic::new(Code::E0999, title, of.span, "a mistake of the compiler");
        Box::new(report.note(error.problem).help("please report it with this file"))
    })?;
    let callees = children.iter().map(|(child, _, summary)| (*child, Arc::clone(summary))).collect();
    let proof = prove(Claim { program, number, lowered: &lowered, callees: &callees, files });
    let (bytes, hash) = lowered.plan.encode();
    let summary = Arc::new(proof.summary.clone());
    Ok(Proved { of, children, lowered, bytes, hash, proof, summary })
}

/// The numbers of all workflows in an order in which none stands before one that it starts, but for those of a ring, which
/// is an error.
fn callees_first(program: &Program) -> Vec<u32> {
    let count = program.workflows.len();
    let (mut order, mut begun) = (Vec::new(), vec![false; count]);
    for first in 0..count as u32 {
        let mut open = vec![(first, false)];
        while let Some((number, over)) = open.pop() {
            if over {
                order.push(number);
            } else if !std::mem::replace(&mut begun[number as usize], true) {
                open.push((number, true));
                open.extend(program.starts(number).into_iter().map(|child| (child, false)));
            }
        }
    }
    order
}

/// What errors keep from having a plan.
#[derive(Debug, Default)]
pub(crate) struct Wrong {
    /// An error in a declaration may concern everybody.
    everything: bool,
    workflows: Vec<u32>,
}

impl Wrong {
    /// Looks where errors are. One in a workflow concerns it alone, one in a test or a rule about workflows none.
    pub(crate) fn of<'r>(
        reports: impl Iterator<Item = &'r Diagnostic>,
        program: &Program,
        modules: &[Module<'_>],
        files: &Files,
    ) -> Wrong {
        let mut wrong = Wrong::default();
        let mut places: Option<Places> = None;
        for report in reports.filter(|report| report.is_error()) {
            let Some(label) = report.primary() else { continue };
            let places = places.get_or_insert_with(|| Places::of(program, modules, files));
            match places.at(files.resolve(label.span)) {
                Place::Workflow(number) => wrong.workflows.push(number),
                Place::Aside => {}
                Place::Declaration => wrong.everything = true,
            }
        }
        wrong
    }
}

/// What an item is for others.
#[derive(Clone, Copy)]
enum Place {
    Workflow(u32),
    Aside,
    Declaration,
}

/// The items of all files by their ends.
struct Places {
    ends: BTreeMap<(FileId, u32), (u32, Place)>,
}

impl Places {
    fn of(program: &Program, modules: &[Module<'_>], files: &Files) -> Places {
        let wholes = program.workflows.iter().zip(0..);
        let workflows: BTreeMap<Span, u32> =
            wholes.map(|(workflow, number)| (files.resolve(workflow.whole), number)).collect();
        let mut ends = BTreeMap::new();
        for item in modules.iter().flat_map(|module| module.items) {
            let span = files.resolve(item.span);
            let place = match workflows.get(&span) {
                Some(number) => Place::Workflow(*number),
                None => aside(item),
            };
            ends.insert((span.file, span.end), (span.start, place));
        }
        Places { ends }
    }

    fn at(&self, span: Span) -> Place {
        let next = self.ends.range((span.file, span.start)..).next();
        match next {
            Some(((file, _), (start, place))) if *file == span.file && *start <= span.start => *place,
            _ => Place::Declaration,
        }
    }
}

fn aside(item: &Item) -> Place {
    match item.kind {
        ItemKind::Test(_) | ItemKind::Policy(_) | ItemKind::Invariant(_) | ItemKind::Migrate(_) => {
            Place::Aside
        }
        _ => Place::Declaration,
    }
}
