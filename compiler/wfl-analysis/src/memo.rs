//! What is known from earlier analyses, so that a change costs what it touches.
//!
//! A program has two levels. Declarations see each other: they are analysed as a whole, and again when one of them
//! changes. The bodies of workflows, and tests, see declarations only: each is analysed by itself, and again when its
//! text changes, or the declarations do.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;
use std::sync::Arc;

use wfl_ir::{Label, Operation};
use wfl_source::{Code, Diagnostic, FileId, Files};
use wfl_syntax::ast::{Item, ItemKind, Test};

use crate::attribute;
use crate::contract;
use crate::declare;
use crate::function;
use crate::governance::{self, Governance};
use crate::hir::{self, Declassified, Touches};
use crate::module::{Module, check_names, check_rings};
use crate::parallel::in_parallel;
use crate::rule;
use crate::scenario;
use crate::session::{Found, Session};
use crate::signature;
use crate::summary::{self, Summary};
use crate::tables::{Tables, WorkflowInfo};
use crate::workflow;

/// So many bodies are worth a thread of their own.
const WORTH_A_THREAD: usize = 20;

/// What an analysis had to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Effort {
    /// Whether it analysed the declarations.
    pub declarations: bool,
    /// How many bodies of workflows it checked.
    pub bodies: usize,
    /// How many tests it checked.
    pub tests: usize,
}

/// What an analysis takes from the one before it.
#[derive(Debug, Default)]
pub struct Memo {
    pub(crate) declared: Option<Declared>,
    /// In the order of the workflows, as are the bodies.
    summaries: Vec<Kept<Summary>>,
    pub(crate) bodies: Vec<Kept<hir::Workflow>>,
    /// In the order of the tests, with the workflow that each is about.
    tests: Vec<Kept<Option<Subject>>>,
    effort: Effort,
}

/// A workflow: its number and its item.
type Subject = (u32, Arc<Item>);

/// What depends on declarations alone.
#[derive(Debug)]
pub(crate) struct Declared {
    modules: Vec<Known>,
    roles: BTreeMap<String, Label>,
    pub(crate) tables: Tables,
    pub(crate) operations: Vec<Operation>,
    pub(crate) touches: Vec<Touches>,
    pub(crate) found: Found,
}

/// A module as it was.
#[derive(Debug)]
struct Known {
    path: String,
    file: FileId,
    own: bool,
    items: Vec<Arc<Item>>,
}

/// What came out of one item.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    item: Arc<Item>,
    pub(crate) value: T,
    pub(crate) found: Found,
}

impl<T> Kept<T> {
    fn is_of(&self, item: &Arc<Item>) -> bool {
        Arc::ptr_eq(&self.item, item)
    }
}

/// What every part of an analysis looks at.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) modules: &'a [Module<'a>],
    pub(crate) files: &'a Files,
    pub(crate) roles: &'a BTreeMap<String, Label>,
}

impl<'a> Given<'a> {
    pub(crate) fn session(&self) -> Session<'a> {
        Session::new(self.files, self.roles)
    }
}

impl Memo {
    /// What the last analysis had to do.
    pub fn effort(&self) -> Effort {
        self.effort
    }

    /// Brings everything up to date: gives the reports, and what is declared about workflows.
    pub(crate) fn update(&mut self, given: Given<'_>) -> (Vec<Diagnostic>, Governance, Vec<Declassified>) {
        let known = self.declared.take().filter(|declared| declared.is_of(given));
        if known.is_none() {
            *self = Memo::default();
        }
        self.effort = Effort { declarations: known.is_none(), ..Effort::default() };
        let mut declared = known.unwrap_or_else(|| Declared::new(given));
        declared.adopt(given.modules);
        let rings = self.summarise(given, &mut declared.tables);
        self.check_bodies(given, &declared.tables);
        let mut session = given.session();
        let governance = governance::check(&mut session, &declared.tables, given.modules, &declared.touches);
        let governed = session.take();
        self.check_tests(given, &declared.tables);
        let found = [&declared.found, &rings].into_iter().chain(self.found()).chain([&governed]);
        let diagnostics = conclude(given, &declared.tables, &found.collect::<Vec<_>>());
        self.declared = Some(declared);
        (diagnostics, governance, governed.declassified)
    }

    /// A body is checked anew as well when a workflow that it may start turned out to be another one to its callers.
    fn summarise(&mut self, given: Given<'_>, tables: &mut Tables) -> Found {
        let mut before = take(&mut self.summaries).into_iter();
        for info in &tables.workflows {
            let known = before.next().filter(|known| known.is_of(&info.item));
            self.summaries.push(known.unwrap_or_else(|| {
                let mut session = given.session();
                let value = summary::summary(&mut session, tables, info);
                Kept { item: Arc::clone(&info.item), value, found: session.take() }
            }));
        }
        let mut session = given.session();
        let mut whole = self.summaries.iter().map(|known| known.value.clone()).collect::<Vec<_>>();
        summary::conclude(&mut session, tables, &mut whole);
        for (info, summary) in tables.workflows.iter_mut().zip(whole) {
            if (info.pivots, info.owes) != (summary.pivots, summary.owes) {
                (info.pivots, info.owes) = (summary.pivots, summary.owes);
                self.bodies.clear();
            }
        }
        session.take()
    }

    fn check_bodies(&mut self, given: Given<'_>, tables: &Tables) {
        let mut before = take(&mut self.bodies).into_iter();
        let known = |info: &WorkflowInfo| before.next().filter(|known| known.is_of(&info.item));
        let known = tables.workflows.iter().map(known).collect::<Vec<_>>();
        let changed = tables.workflows.iter().zip(&known).filter(|(_, known)| known.is_none());
        let changed = changed.map(|(info, _)| info).collect::<Vec<_>>();
        self.effort.bodies = changed.len();
        let checked = in_parallel(&changed, 1 + changed.len() / WORTH_A_THREAD, |info| {
            let mut session = given.session();
            let value = workflow::check(&mut session, tables, info);
            Kept { item: Arc::clone(&info.item), value, found: session.take() }
        });
        let mut checked = checked.into_iter();
        self.bodies.extend(known.into_iter().filter_map(|known| known.or_else(|| checked.next())));
    }

    fn check_tests(&mut self, given: Given<'_>, tables: &Tables) {
        let known = take(&mut self.tests).into_iter().map(|known| (Arc::as_ptr(&known.item), known));
        let mut before = known.collect::<BTreeMap<_, _>>();
        for (number, item, test) in tests(given.modules) {
            let as_before = |known: &Kept<Option<Subject>>| match &known.value {
                Some((workflow, item)) => self.bodies[*workflow as usize].is_of(item),
                None => true,
            };
            let known = before.remove(&Arc::as_ptr(item)).filter(as_before);
            let kept = known.unwrap_or_else(|| {
                self.effort.tests += 1;
                let mut session = given.session();
                let value = scenario::subject(&mut session, tables, number, test).map(|workflow| {
                    let body = &self.bodies[workflow as usize];
                    scenario::check(&mut session, tables, number, test, (workflow, &body.value));
                    (workflow, Arc::clone(&body.item))
                });
                Kept { item: Arc::clone(item), value, found: session.take() }
            });
            self.tests.push(kept);
        }
    }

    /// What was found in each summary, body and test.
    fn found(&self) -> impl Iterator<Item = &Found> {
        let summaries = self.summaries.iter().map(|known| &known.found);
        let bodies = self.bodies.iter().map(|known| &known.found);
        summaries.chain(bodies).chain(self.tests.iter().map(|known| &known.found))
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

fn tests<'a>(modules: &'a [Module<'a>]) -> impl Iterator<Item = (usize, &'a Arc<Item>, &'a Test)> {
    modules.iter().enumerate().flat_map(|(number, module)| {
        module.items.iter().filter_map(move |item| match &item.kind {
            ItemKind::Test(test) => Some((number, item, test)),
            _ => None,
        })
    })
}

impl Declared {
    fn new(given: Given<'_>) -> Declared {
        let (mut session, modules) = (given.session(), given.modules);
        check_names(&mut session, modules);
        check_rings(&mut session, modules);
        let mut tables = declare::declare(&mut session, modules);
        signature::resolve(&mut session, &mut tables);
        attribute::check(&mut session, modules);
        rule::check(&mut session, &mut tables);
        function::check(&mut session, &mut tables);
        let (operations, touches) = contract::check(&mut session, &tables);
        let (found, roles) = (session.take(), given.roles.clone());
        Declared { modules: Vec::new(), roles, tables, operations, touches, found }
    }

    /// Whether everything that the declarations depend on is as it was.
    fn is_of(&self, given: Given<'_>) -> bool {
        let same = |(known, module): (&Known, &Module<'_>)| {
            let items = known.items.iter().zip(module.items);
            known.path == module.path
                && (known.file, known.own) == (module.file, module.own)
                && known.items.len() == module.items.len()
                && items.into_iter().all(|(old, new)| Arc::ptr_eq(old, new) || declares_the_same(old, new))
        };
        self.roles == *given.roles
            && self.modules.len() == given.modules.len()
            && self.modules.iter().zip(given.modules).all(same)
    }

    /// Takes the items of now, of which only bodies differ from those of before.
    fn adopt(&mut self, modules: &[Module<'_>]) {
        let known = |module: &Module<'_>| {
            let (path, items) = (module.path.to_owned(), module.items.to_vec());
            Known { path, file: module.file, own: module.own, items }
        };
        self.modules = modules.iter().map(known).collect();
        let workflows = modules.iter().flat_map(|module| module.items).filter_map(|item| match &item.kind {
            ItemKind::Workflow(workflow) => Some((item, workflow)),
            _ => None,
        });
        for (info, (item, source)) in self.tables.workflows.iter_mut().zip(workflows) {
            (info.item, info.source) = (Arc::clone(item), Arc::clone(source));
        }
    }
}

/// Whether two items say the same to all others, at the same places.
fn declares_the_same(old: &Item, new: &Item) -> bool {
    let same = match (&old.kind, &new.kind) {
        (ItemKind::Workflow(old), ItemKind::Workflow(new)) => old.head == new.head,
        (ItemKind::Test(_), ItemKind::Test(_))
        | (ItemKind::Migrate(_), ItemKind::Migrate(_))
        | (ItemKind::Policy(_), ItemKind::Policy(_))
        | (ItemKind::Invariant(_), ItemKind::Invariant(_)) => true,
        _ => false,
    };
    (same && old.attributes == new.attributes) || old == new
}
