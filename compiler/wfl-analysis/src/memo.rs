//! What is known from earlier analyses, so that a change costs what it touches.
//!
//! A program has two levels. Declarations see each other: when one changes, it and those that speak of it are looked at
//! again. The bodies of workflows, and tests, see declarations only: each is checked by itself, and again when its text
//! changes, or a declaration that it speaks of.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;
use std::sync::Arc;

use wfl_source::{Code, Diagnostic, FileId, Files};
use wfl_syntax::ast::{Item, ItemKind, Test};

use crate::declare;
use crate::declared::Declared;
use crate::governance::{self, Governance};
use crate::hir::{Program, Workflow};
use crate::module::Module;
use crate::old::Olds;
use crate::parallel::in_parallel;
use crate::pass::Given;
use crate::scenario;
use crate::session::Found;
use crate::starts::{self, Start};
use crate::tables::{Tables, WorkflowInfo};
use crate::workflow;

/// So many bodies are worth a thread of their own.
const WORTH_A_THREAD: usize = 20;

/// What an analysis found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Analysis {
    /// The typed program. Where there are errors it has holes, and nothing may be made of it.
    pub program: Program,
    /// The reports, ordered by place.
    pub diagnostics: Vec<Diagnostic>,
}

impl Analysis {
    /// Whether the program must not be run.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// What an analysis had to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Effort {
    /// Whether it began from nothing.
    pub whole: bool,
    /// How many declarations were looked at again, if it did not.
    pub items: usize,
    /// How many bodies of workflows it checked.
    pub bodies: usize,
    /// How many tests it checked.
    pub tests: usize,
}

/// What an analysis takes from the one before it.
#[derive(Debug, Default)]
pub struct Memo {
    declared: Option<Declared>,
    /// In the order of the workflows, as are the bodies.
    starts: Vec<Kept<Vec<Start>>>,
    bodies: Vec<Kept<Arc<Workflow>>>,
    /// In the order of the tests, with the workflow that each is about.
    tests: Vec<Kept<Option<Subject>>>,
    effort: Effort,
}

/// A workflow: its number and its item.
type Subject = (u32, Arc<Item>);

/// What came out of one item.
#[derive(Debug)]
struct Kept<T> {
    item: Arc<Item>,
    value: T,
    found: Found,
}

impl<T> Kept<T> {
    fn is_of(&self, item: &Arc<Item>) -> bool {
        Arc::ptr_eq(&self.item, item)
    }
}

impl Memo {
    /// What the last analysis had to do.
    pub fn effort(&self) -> Effort {
        self.effort
    }

    /// Brings everything up to date.
    pub(crate) fn update(&mut self, given: Given<'_>) -> Analysis {
        let before = self.declared.take().and_then(|mut declared| {
            let changed = declared.changes(given)?;
            let touched = declared.take_changes(given, &changed);
            Some((declared, touched))
        });
        if before.is_none() {
            *self = Memo::default();
        }
        let whole = before.is_none();
        let (declared, touched) = before.unwrap_or_else(|| (Declared::new(given), BTreeSet::new()));
        self.effort = Effort { whole, items: touched.len(), ..Effort::default() };
        let rings = self.look_for_rings(given, &declared.tables, &touched);
        self.check_bodies(given, &declared.tables, &touched);
        let mut session = given.session();
        let governance = governance::check(&mut session, &declared.tables, given.modules, &Olds::default());
        let governed = session.take();
        self.check_tests(given, &declared.tables, &touched);
        let found = declared.findings.items.iter().chain([&declared.findings.general, &rings]);
        let found = found.chain(self.found()).chain([&governed]);
        let diagnostics = conclude(given, &declared.tables, &found.collect::<Vec<_>>());
        let program = self.program(&declared, governance, &governed);
        self.declared = Some(declared);
        Analysis { program, diagnostics }
    }

    fn program(&self, declared: &Declared, said: Governance, governed: &Found) -> Program {
        let Tables { defs, contracts, touches, functions, .. } = &declared.tables;
        let found = declared.findings.items.iter().chain(self.bodies.iter().map(|body| &body.found));
        let found = found.chain([governed]).collect::<Vec<_>>();
        Program {
            types: Arc::clone(defs),
            operations: Arc::clone(contracts),
            touches: Arc::clone(touches),
            functions: Arc::clone(functions),
            workflows: self.bodies.iter().map(|body| Arc::clone(&body.value)).collect(),
            declassified: found.iter().flat_map(|found| found.declassified.iter().cloned()).collect(),
            redacted: found.iter().flat_map(|found| found.redacted.iter().cloned()).collect(),
            migrations: said.migrations,
            policies: said.policies,
            invariants: said.invariants,
        }
    }

    /// Finds out which workflows start which.
    fn look_for_rings(&mut self, given: Given<'_>, tables: &Tables, touched: &BTreeSet<u32>) -> Found {
        let mut before = take(&mut self.starts).into_iter();
        for info in &tables.workflows {
            let known = before.next().filter(|it| it.is_of(&info.item) && !touched.contains(&info.number));
            self.starts.push(known.unwrap_or_else(|| {
                let mut session = given.session();
                let value = starts::starts(&mut session, tables, info);
                Kept { item: Arc::clone(&info.item), value, found: session.take() }
            }));
        }
        let mut session = given.session();
        let starts = self.starts.iter().map(|known| known.value.as_slice()).collect::<Vec<_>>();
        starts::check_rings(&mut session, tables, &starts);
        session.take()
    }

    fn check_bodies(&mut self, given: Given<'_>, tables: &Tables, touched: &BTreeSet<u32>) {
        let mut before = take(&mut self.bodies).into_iter();
        let is_current = |it: &Kept<Arc<Workflow>>, info: &WorkflowInfo| {
            it.is_of(&info.item) && !touched.contains(&info.number)
        };
        let known = |info: &WorkflowInfo| before.next().filter(|it| is_current(it, info));
        let known = tables.workflows.iter().map(known).collect::<Vec<_>>();
        let changed = tables.workflows.iter().zip(&known).filter(|(_, known)| known.is_none());
        let changed = changed.map(|(info, _)| info).collect::<Vec<_>>();
        self.effort.bodies = changed.len();
        let checked = in_parallel(&changed, 1 + changed.len() / WORTH_A_THREAD, |info| {
            let mut session = given.session();
            let value = Arc::new(workflow::check(&mut session, tables, info));
            Kept { item: Arc::clone(&info.item), value, found: session.take() }
        });
        let mut checked = checked.into_iter();
        self.bodies.extend(known.into_iter().filter_map(|known| known.or_else(|| checked.next())));
    }

    fn check_tests(&mut self, given: Given<'_>, tables: &Tables, touched: &BTreeSet<u32>) {
        let known = take(&mut self.tests).into_iter().map(|known| (Arc::as_ptr(&known.item), known));
        let mut before = known.collect::<BTreeMap<_, _>>();
        for (module, number, item, test) in tests(given.modules) {
            let as_before = |known: &Kept<Option<Subject>>| match &known.value {
                Some((workflow, item)) => self.bodies[*workflow as usize].is_of(item),
                None => true,
            };
            let known = before.remove(&Arc::as_ptr(item)).filter(as_before);
            let known = known.filter(|_| !touched.contains(&number));
            let kept = known.unwrap_or_else(|| {
                self.effort.tests += 1;
                let mut session = given.session();
                let value = scenario::subject(&mut session, tables, module, test).map(|workflow| {
                    let body = &self.bodies[workflow as usize];
                    scenario::check(&mut session, tables, module, test, (workflow, &body.value));
                    (workflow, Arc::clone(&body.item))
                });
                Kept { item: Arc::clone(item), value, found: session.take() }
            });
            self.tests.push(kept);
        }
    }

    /// What was found in each workflow and test.
    fn found(&self) -> impl Iterator<Item = &Found> {
        let starts = self.starts.iter().map(|known| &known.found);
        let bodies = self.bodies.iter().map(|known| &known.found);
        starts.chain(bodies).chain(self.tests.iter().map(|known| &known.found))
    }
}

/// The reports, ordered by place.
fn conclude(given: Given<'_>, tables: &Tables, found: &[&Found]) -> Vec<Diagnostic> {
    let used = found.iter().flat_map(|it| it.used_imports.iter().copied()).collect();
    let mut session = given.session();
    declare::check_unused(&mut session, tables, given.modules, &used);
    let mut diagnostics = found.iter().flat_map(|it| it.diagnostics.iter().cloned()).collect::<Vec<_>>();
    diagnostics.extend(session.take().diagnostics);
    diagnostics.iter_mut().for_each(|report| given.files.resolve_report(report));
    for (module, scope) in given.modules.iter().zip(&tables.modules) {
        forgive(&mut diagnostics, given.files, module.file, &scope.broken);
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary().map(|label| label.span));
    diagnostics
}

/// Drops reports about names of a file whose import was reported.
fn forgive(diagnostics: &mut Vec<Diagnostic>, files: &Files, file: FileId, broken: &BTreeSet<String>) {
    if broken.is_empty() {
        return;
    }
    let unknown = [Code::E0201, Code::E0203, Code::E0211, Code::E0218, Code::E0222];
    diagnostics.retain(|diagnostic| {
        let Some(label) = diagnostic.primary().filter(|label| label.span.file == file) else {
            return true;
        };
        let text = files.text_of(label.span);
        let end = text.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(text.len());
        !(unknown.contains(&diagnostic.code) && broken.contains(&text[..end]))
    });
}

/// All tests, with the numbers of their modules and of their items.
fn tests<'a>(modules: &'a [Module<'a>]) -> impl Iterator<Item = (usize, u32, &'a Arc<Item>, &'a Test)> {
    let items =
        modules.iter().enumerate().flat_map(|(at, module)| module.items.iter().map(move |it| (at, it)));
    items.zip(0..).filter_map(|((module, item), number)| match &item.kind {
        ItemKind::Test(test) => Some((module, number, item, test)),
        _ => None,
    })
}
