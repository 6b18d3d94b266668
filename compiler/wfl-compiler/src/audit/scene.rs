//! What an audit reads: the program, its syntax and its plans, with the ways between them.

use std::collections::BTreeMap;

use wfl_analysis::hir::{self, Program};
use wfl_ir::{Plan, PlanHash};
use wfl_lower::Origin;
use wfl_source::{Files, Span};
use wfl_syntax::ast::{self, Item, ItemKind};

use crate::audit::model::{Holder, Place};
use crate::audit::syntax::Syntax;
use crate::manifest::Manifest;

/// A module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) path: &'a str,
    pub(crate) own: bool,
    pub(crate) tree: &'a ast::File,
}

/// What a workflow became.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) hash: PlanHash,
    /// Where the nodes of the plan come from.
    pub(crate) origins: &'a [Origin],
}

/// A project that was compiled without errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Project<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) files: &'a Files,
    pub(crate) sources: &'a [Source<'a>],
    pub(crate) program: &'a Program,
    /// By full name.
    pub(crate) plans: &'a BTreeMap<&'a str, Planned<'a>>,
    pub(crate) warnings: usize,
}

/// An item with its module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declared<'a, T> {
    pub(crate) source: Source<'a>,
    pub(crate) item: &'a Item,
    pub(crate) ast: &'a T,
}

/// An operation in the source.
pub(crate) type DeclaredOperation<'a> = Declared<'a, ast::Operation>;
/// A workflow in the source.
pub(crate) type DeclaredWorkflow<'a> = Declared<'a, ast::Workflow>;

/// A project, ready to be looked up in.
pub(crate) struct Scene<'a> {
    pub(crate) project: Project<'a>,
    pub(crate) syntax: Syntax<'a>,
    /// By their numbers in the program, which numbers them in the order of the modules and their items.
    pub(crate) operations: Vec<DeclaredOperation<'a>>,
    /// The same of workflows.
    pub(crate) workflows: Vec<DeclaredWorkflow<'a>>,
}

impl<'a> Scene<'a> {
    /// Reads a project.
    pub(crate) fn new(project: Project<'a>) -> Scene<'a> {
        let (mut syntax, mut operations, mut workflows) = (Syntax::default(), Vec::new(), Vec::new());
        for (source, item) in items(project.sources) {
            syntax.item(item);
            match &item.kind {
                ItemKind::Service(it) => operations.extend(it.operations.iter().map(|operation| Declared {
                    source,
                    item,
                    ast: &**operation,
                })),
                ItemKind::Workflow(it) => workflows.push(Declared { source, item, ast: &**it }),
                _ => {}
            }
        }
        Scene { project, syntax, operations, workflows }
    }

    /// The program.
    pub(crate) fn program(&self) -> &'a Program {
        self.project.program
    }

    /// The items of the project itself, with their modules.
    pub(crate) fn own_items(&self) -> impl Iterator<Item = (Source<'a>, &'a Item)> {
        items(self.project.sources).filter(|(source, _)| source.own)
    }

    /// The workflows of the project, as they are written and as they are meant.
    pub(crate) fn own_workflows(&self) -> impl Iterator<Item = (&DeclaredWorkflow<'a>, &'a hir::Workflow)> {
        let meant = self.program().workflows.iter().map(|it| &**it);
        self.workflows.iter().zip(meant).filter(|(written, _)| written.source.own)
    }

    /// The source under a span on one line.
    pub(crate) fn text(&self, span: Span) -> String {
        self.project.files.text_of(span).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Where a span begins.
    pub(crate) fn place(&self, span: Span) -> Place {
        let Some(file) = self.project.files.get(span.file) else {
            return Place { file: String::new(), line: 0, column: 0 };
        };
        let at = file.utf8_position(span.start);
        let start = span.start - at.column;
        let before = file.text().get(start as usize..span.start as usize).unwrap_or_default();
        let column = before.chars().count() as u32 + 1;
        Place { file: file.name().to_owned(), line: at.line + 1, column }
    }

    /// The declaration that a span lies in, if it is one of the project.
    pub(crate) fn holder(&self, span: Span) -> Option<Holder> {
        let inside =
            |outer: Span| outer.file == span.file && outer.start <= span.start && span.end <= outer.end;
        let (_, item) = self.own_items().find(|(_, item)| inside(item.span))?;
        if let ItemKind::Service(service) = &item.kind
            && let Some(operation) = service.operations.iter().find(|operation| inside(operation.span))
        {
            return Some(operation_holder(service, operation));
        }
        holder(item)
    }

    /// How an operation is called: with its module, if another one has its name.
    pub(crate) fn operation(&self, number: u32) -> String {
        let operations = &self.program().operations;
        let Some(operation) = operations.get(number as usize) else { return String::new() };
        let name = operation.qualified();
        let alike =
            operations.iter().filter(|it| it.service == operation.service && it.name == operation.name);
        match self.operations.get(number as usize) {
            Some(declared) if alike.count() > 1 => format!("{}.{name}", declared.source.path),
            _ => name,
        }
    }

    /// The name by which the runtime knows a statement: its path of names in the workflow. What is never reached has no
    /// place in the plan, and only the name that was written.
    pub(crate) fn step(&self, workflow: &hir::Workflow, statement: Span, written: &str) -> String {
        let Some(planned) = self.project.plans.get(workflow.name.as_str()) else { return written.to_owned() };
        let nodes = planned.plan.nodes.iter().zip(planned.origins);
        // What follows a statement may come from it too, but stands behind it.
        let found = nodes.filter(|(_, origin)| origin.whole == statement).map(|(node, _)| node.id.as_str());
        let own = |id: &&str| id.rsplit('/').next() == Some(written);
        let found = found.into_iter().find(own).and_then(|id| id.split_once('/'));
        found.map_or(written, |(_, inside)| inside).to_owned()
    }
}

fn items<'a>(sources: &'a [Source<'a>]) -> impl Iterator<Item = (Source<'a>, &'a Item)> {
    sources.iter().flat_map(|source| source.tree.items.iter().map(move |item| (*source, &**item)))
}

/// What an item declares.
pub(crate) fn holder(item: &Item) -> Option<Holder> {
    let (kind, name) = match &item.kind {
        ItemKind::Record(it) => ("record", &it.name.text),
        ItemKind::Enum(it) => ("enum", &it.name.text),
        ItemKind::Type(it) => ("type", &it.name.text),
        ItemKind::Alias(it) => ("alias", &it.name.text),
        ItemKind::Error(it) => ("error", &it.name.text),
        ItemKind::Event(it) => ("event", &it.name.text),
        ItemKind::Service(it) => ("service", &it.name.text),
        ItemKind::Workflow(it) => ("workflow", &it.head.name.text),
        ItemKind::Function(it) => ("fn", &it.name.text),
        ItemKind::Migrate(it) => ("migrate", &it.workflow.text),
        ItemKind::Policy(it) => ("policy", &it.title),
        ItemKind::Invariant(it) => ("invariant", &it.title),
        ItemKind::Test(it) => ("test", &it.title),
        ItemKind::Module(_) | ItemKind::Import(_) => return None,
    };
    Some(Holder { kind, name: name.clone() })
}

/// An operation as a holder.
pub(crate) fn operation_holder(service: &ast::Service, operation: &ast::Operation) -> Holder {
    Holder { kind: "operation", name: format!("{}.{}", service.name.text, operation.head.name.text) }
}
