//! Sixth pass: tests. Values are held against the types of the workflow and of the operations that are mocked.

use wfl_ir::{Expr, Label, Name};
use wfl_source::{Code, Diagnostic, closest};
use wfl_syntax::ast::{self, AtEvent, Expectation, ExprKind, Glob, Response, TestStatementKind};

use crate::body::find_workflow;
use crate::contract::find_operation;
use crate::expr::{Binding, Checker};
use crate::hir::Workflow;
use crate::names::Space;
use crate::session::Session;
use crate::signature::find_error;
use crate::tables::{Tables, Thing, WorkflowInfo};
use crate::ty::{Ty, from_ir};

/// How the names of a test are read: never, since nothing is computed from a test here.
const NOT_CONSTANT: Expr = Expr::Slot(u32::MAX);

/// The workflow that a test is about.
pub(crate) fn subject(
    session: &mut Session<'_>,
    tables: &Tables,
    module: usize,
    test: &ast::Test,
) -> Option<u32> {
    if test.workflow.is_missing() {
        return None;
    }
    let path = ast::Path { segments: vec![test.workflow.clone()], span: test.workflow.span };
    find_workflow(session, tables, module, &path)
}

/// Checks a test of a workflow, whose typed form says which channels and tasks there are.
pub(crate) fn check(
    session: &mut Session<'_>,
    tables: &Tables,
    module: usize,
    test: &ast::Test,
    (workflow, hir): (u32, &Workflow),
) {
    let mut checker = Checker::new(session, tables, module);
    // `now` is the virtual start; `any` fits every expected value; `fixture` reads one from a file.
    for (name, ty) in [("now", Ty::Timestamp), ("any", Ty::Unknown)] {
        let place = NOT_CONSTANT;
        let (name, label, span) = (name.to_owned(), Label::Public, test.title_span);
        checker.names.push(Binding { name, place, ty, label, span, used: true, unused: None });
    }
    let workflow = &tables.workflows[workflow as usize];
    Scenario { checker, workflow, hir, given: Vec::new() }.check(test);
}

/// What a test answers for.
#[derive(Clone, Copy)]
enum Callee {
    Operation(u32),
    Workflow(u32),
}

struct Scenario<'s, 'f> {
    checker: Checker<'s, 'f>,
    workflow: &'s WorkflowInfo,
    hir: &'s Workflow,
    given: Vec<Name>,
}

impl Scenario<'_, '_> {
    fn check(mut self, test: &ast::Test) {
        for statement in &test.statements {
            match &statement.kind {
                TestStatementKind::Given { name, value } => self.given(name, value),
                TestStatementKind::Mock { run, target, when, after, response } => {
                    let callee = match run {
                        true => self.child(target),
                        false => self.operation(target).map(Callee::Operation),
                    };
                    self.mock(callee, when.as_ref(), after.as_ref(), response);
                }
                TestStatementKind::At { delay, event } => {
                    self.value(delay, &Ty::Duration);
                    self.event(event);
                }
                TestStatementKind::Expect(expectation) => self.expectation(expectation),
            }
        }
        let params = &self.workflow.params;
        let needed = params.iter().filter(|param| !matches!(param.ty, Ty::Optional(_)));
        let missing = needed.filter(|param| !self.given.contains(&param.name));
        let missing = missing.map(|param| format!("`{}`", param.name)).collect::<Vec<_>>();
        if !missing.is_empty() {
            let list = missing.join(", ");
            let title = format!("the test gives no {list}");
            let diagnostic = Diagnostic::new(Code::E0207, title, test.title_span, format!("missing: {list}"));
            self.report(diagnostic.help("add `given name = value` for each parameter of the workflow"));
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.checker.session.report(diagnostic);
    }

    // `fixture("…")` is read when the test runs, and checked then.
    fn value(&mut self, expr: &ast::Expr, ty: &Ty) {
        if let ExprKind::Call { callee, .. } = &expr.kind
            && matches!(&callee.kind, ExprKind::Name(name) if name.text == "fixture")
        {
            return;
        }
        self.checker.check_as(expr, ty);
    }

    fn given(&mut self, name: &ast::Name, value: &ast::Expr) {
        let params = &self.workflow.params;
        let Some(param) = params.iter().find(|param| param.name == name.text.as_str()) else {
            let title = format!("`{}` has no parameter `{}`", self.workflow.name, name.text);
            let diagnostic = Diagnostic::new(Code::E0208, title, name.span, "unknown");
            let diagnostic = match closest(&name.text, params.iter().map(|param| param.name.as_str())) {
                Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
                None => diagnostic,
            };
            return self.report(diagnostic);
        };
        if self.given.contains(&param.name) {
            self.checker.given_twice(&format!("`{}`", param.name), name.span);
        }
        self.given.push(param.name.clone());
        self.value(value, &param.ty);
    }

    /// The operation of a glob; `None` for a `*`, and for what was reported.
    fn operation(&mut self, glob: &Glob) -> Option<u32> {
        let path = ast::Path { segments: glob.segments.clone(), span: glob.span };
        if path.is_missing() {
            return None;
        }
        if path.segments.iter().any(|segment| segment.text == "*") {
            self.service(&path);
            return None;
        }
        find_operation(self.checker.session, self.checker.tables, self.checker.module, &path)
    }

    fn service(&mut self, path: &ast::Path) {
        let Some(service) = path.segments.first().filter(|first| first.text != "*") else { return };
        let (tables, module) = (self.checker.tables, self.checker.module);
        let found = tables.find(self.checker.session, module, Space::Type, &service.text);
        let alias = tables.find_alias(self.checker.session, module, &service.text);
        if !matches!(found, Some(Thing::Service(_))) && alias.is_none() {
            let title = format!("there is no service `{}`", service.text);
            self.report(Diagnostic::new(Code::E0201, title, service.span, "unknown"));
        }
    }

    /// The workflow that `run` names.
    fn child(&mut self, glob: &Glob) -> Option<Callee> {
        let path = ast::Path { segments: glob.segments.clone(), span: glob.span };
        if path.segments.iter().any(|segment| segment.text == "*") {
            return None;
        }
        let (tables, module) = (self.checker.tables, self.checker.module);
        find_workflow(self.checker.session, tables, module, &path).map(Callee::Workflow)
    }

    fn mock(
        &mut self,
        callee: Option<Callee>,
        when: Option<&ast::Expr>,
        after: Option<&ast::Expr>,
        response: &Response,
    ) {
        if let Some(after) = after {
            self.value(after, &Ty::Duration);
        }
        let Some(callee) = callee else { return };
        let tables = self.checker.tables;
        let params = match callee {
            Callee::Operation(operation) => &tables.operations[operation as usize].params,
            Callee::Workflow(workflow) => &tables.workflows[workflow as usize].params,
        };
        let names = self.checker.names.len();
        for param in params {
            let place = NOT_CONSTANT;
            let (name, ty, label, span) = (param.name.to_string(), param.ty.clone(), param.label, param.span);
            self.checker.names.push(Binding { name, place, ty, label, span, used: true, unused: None });
        }
        if let Some(when) = when {
            self.checker.check_as(when, &Ty::Bool);
        }
        self.response(response, callee);
        self.checker.release(names);
    }

    fn response(&mut self, response: &Response, callee: Callee) {
        let tables = self.checker.tables;
        let (result, raises, owner) = match callee {
            Callee::Operation(operation) => {
                let info = &tables.operations[operation as usize];
                (&info.result, &info.raises, tables.qualified(operation))
            }
            Callee::Workflow(workflow) => {
                let info = &tables.workflows[workflow as usize];
                (&info.result, &info.raises, info.name.to_string())
            }
        };
        match response {
            Response::Value(value) | Response::Lost(value) => self.value(value, result),
            Response::Hang => {}
            Response::Sequence(responses) => responses.iter().for_each(|it| self.response(it, callee)),
            Response::Raise(error) => {
                let mut allowed = raises.iter().map(|(error, _)| *error).collect::<Vec<_>>();
                if matches!(callee, Callee::Workflow(_)) {
                    allowed.extend(tables.predeclared("KeyInUse"));
                }
                self.error(error, &allowed, &format!("`{owner}`"), true);
            }
        }
    }

    /// Checks an error that `owner` may raise.
    fn error(&mut self, expr: &ast::Expr, allowed: &[u32], owner: &str, system: bool) {
        let (name, arguments) = match &expr.kind {
            ExprKind::Name(name) => (name, None),
            ExprKind::Call { callee, arguments } => match &callee.kind {
                ExprKind::Name(name) => (name, Some(arguments)),
                _ => return,
            },
            _ => return,
        };
        if system && arguments.is_none() && matches!(name.text.as_str(), "Timeout" | "Unavailable") {
            return;
        }
        let path = ast::Path { segments: vec![name.clone()], span: name.span };
        let (tables, module) = (self.checker.tables, self.checker.module);
        // What may be raised here needs no import.
        let known = allowed.iter().copied().find(|error| tables.type_name(*error) == name.text.as_str());
        let visible = tables.find(self.checker.session, module, Space::Error, &name.text);
        let error = match (known, visible) {
            (Some(error), None) => error,
            _ => match find_error(self.checker.session, tables, module, &path) {
                Some(error) => error,
                None => return,
            },
        };
        if !allowed.contains(&error) {
            let title = format!("{owner} never raises `{}`", name.text);
            self.report(Diagnostic::new(Code::E0402, title, name.span, "cannot happen"));
        }
        let none = ast::Arguments { list: Vec::new(), span: expr.span.after() };
        let known = tables.fields(error).unwrap_or_default();
        self.checker.fields(&format!("`{}`", name.text), known, arguments.unwrap_or(&none), Label::Secret);
    }

    fn event(&mut self, event: &AtEvent) {
        match event {
            AtEvent::Missing | AtEvent::Crash | AtEvent::Cancel => {}
            AtEvent::Expect(expectation) => self.expectation(expectation),
            AtEvent::Signal(call) => {
                let channels = self.hir.channels.iter().map(|(name, ty, _)| (name.clone(), ty.clone()));
                self.incoming(call, &channels.collect::<Vec<_>>(), "channel");
            }
            AtEvent::Answer { call, .. } => {
                let tasks = self.hir.tasks.clone();
                self.incoming(call, &tasks, "task");
            }
        }
    }

    fn callee(&mut self, run: bool, target: &Glob) {
        match run {
            true => self.child(target).is_some(),
            false => self.operation(target).is_some(),
        };
    }

    /// One of the names that the workflow has; reports when it is none of them.
    fn one_of(&mut self, name: &ast::Name, known: &[Name], what: &str) -> Option<usize> {
        if name.is_missing() {
            return None;
        }
        let found = known.iter().position(|known| *known == name.text.as_str());
        if found.is_none() {
            let title = format!("`{}` has no {what} `{}`", self.workflow.name, name.text);
            let diagnostic = Diagnostic::new(Code::E0233, title, name.span, "never waited for");
            self.report(match closest(&name.text, known.iter().map(Name::as_str)) {
                Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
                None if known.is_empty() => diagnostic.help(format!("it waits for no {what}")),
                None => diagnostic.help(format!("it waits for {}", quoted(known))),
            });
        }
        found
    }

    /// A message or an answer: one value of the type that is waited for.
    fn incoming(&mut self, call: &ast::Call, known: &[(Name, wfl_ir::Type)], what: &str) {
        let Some(name) = call.path.last() else { return };
        let names = known.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let Some(at) = self.one_of(name, &names, what) else { return };
        let ty = from_ir(&known[at].1);
        match call.arguments.list.as_slice() {
            [ast::Argument { name: None, value, .. }] => self.value(value, &ty),
            _ => {
                let title = format!("`{}` takes one value", name.text);
                self.report(Diagnostic::new(Code::E0207, title, call.arguments.span, "does not fit"));
            }
        }
    }

    fn expectation(&mut self, expectation: &Expectation) {
        let workflow = self.workflow;
        match expectation {
            Expectation::Returns(value) => self.value(value, &workflow.result),
            Expectation::Fails(error) => {
                let allowed = workflow.raises.iter().map(|(error, _)| *error).collect::<Vec<_>>();
                self.error(error, &allowed, &format!("`{}`", workflow.name), false);
            }
            Expectation::Compensated(list) => self.operations(list),
            Expectation::Golden(_) => {}
            Expectation::Never(glob) | Expectation::Cancelled(glob) => {
                self.operation(glob);
            }
            Expectation::Called { run, target, times } => {
                self.callee(*run, target);
                if let Some(times) = times {
                    self.value(times, &Ty::Int);
                }
            }
            Expectation::Escalated { target, to } => {
                let tasks = self.hir.tasks.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
                if let Some(task) = target.segments.first() {
                    self.one_of(task, &tasks, "task");
                }
                if let Some(to) = to {
                    self.value(to, &Ty::String);
                }
            }
            Expectation::MaxConcurrent { run, target, bound } => {
                self.callee(*run, target);
                self.value(&bound.value, &Ty::Int);
            }
            Expectation::Elapsed(bound) => self.value(&bound.value, &Ty::Duration),
            Expectation::Emitted(call) => self.emitted(call),
            Expectation::Holds(condition) => self.value(condition, &Ty::Bool),
        }
    }

    fn operations(&mut self, list: &ast::Expr) {
        let ExprKind::List(items) = &list.kind else {
            let title = "`compensated` takes a list of operations";
            return self.report(Diagnostic::new(Code::E0205, title, list.span, "not a list"));
        };
        for item in items {
            if let ExprKind::Member { base, name, .. } = &item.kind
                && let ExprKind::Name(service) = &base.kind
            {
                self.operation(&Glob { segments: vec![service.clone(), name.clone()], span: item.span });
            } else {
                let title = "an operation is written `Service.operation`";
                self.report(Diagnostic::new(Code::E0222, title, item.span, "not an operation"));
            }
        }
    }

    fn emitted(&mut self, call: &ast::Call) {
        let (tables, module) = (self.checker.tables, self.checker.module);
        match tables.find_path(self.checker.session, module, Space::Event, &call.path) {
            Some(Thing::Type(event)) => {
                let (owner, known) = (format!("`{}`", tables.type_name(event)), tables.fields(event));
                self.checker.fields(&owner, known.unwrap_or_default(), &call.arguments, Label::Secret);
            }
            _ if call.path.is_missing() => {}
            _ => {
                let title = format!("there is no event `{}`", call.path.dotted());
                self.report(Diagnostic::new(Code::E0201, title, call.path.span, "unknown"));
            }
        }
    }
}

fn quoted(names: &[Name]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
