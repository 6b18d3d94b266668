//! Sixth pass: tests. Values are held against the types of the workflow and of the operations that are mocked.

use wfl_ir::{Expr, Label, Name};
use wfl_source::{Code, Diagnostic, Span, closest};
use wfl_syntax::ast::{self, AtEvent, Expectation, ExprKind, Glob, ItemKind, Response, TestStatementKind};

use crate::contract::find_operation;
use crate::expr::{Binding, Checker};
use crate::module::Module;
use crate::session::Session;
use crate::signature::find_error;
use crate::tables::{Space, Tables, Thing, WorkflowInfo};
use crate::ty::Ty;

/// How the names of a test are read: never, since nothing is computed from a test here.
const NOT_CONSTANT: Expr = Expr::Slot(u32::MAX);

/// Checks the tests of all modules.
pub(crate) fn check(session: &mut Session<'_>, tables: &Tables<'_>, modules: &[Module<'_>]) {
    for (number, module) in modules.iter().enumerate() {
        for item in &module.tree.items {
            if let ItemKind::Test(test) = &item.kind {
                check_one(session, tables, number, test);
            }
        }
    }
}

fn check_one(session: &mut Session<'_>, tables: &Tables<'_>, module: usize, test: &ast::Test) {
    if test.workflow.is_missing() {
        return;
    }
    let found = tables.find(session, module, Space::Type, &test.workflow.text);
    let Some(Thing::Workflow(workflow)) = found else {
        let title = format!("there is no workflow `{}`", test.workflow.text);
        let diagnostic = Diagnostic::new(Code::E0201, title, test.workflow.span, "unknown");
        let workflows =
            tables.visible(module, Space::Type).filter(|(_, thing)| matches!(thing, Thing::Workflow(_)));
        let meant = closest(&test.workflow.text, workflows.map(|(name, _)| name)).map(str::to_owned);
        session.report(match meant {
            Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
            None => diagnostic,
        });
        return;
    };
    let mut checker = Checker::new(session, tables, module);
    // `now` is the virtual start; `any` fits every expected value; `fixture` reads one from a file.
    for (name, ty) in [("now", Ty::Timestamp), ("any", Ty::Unknown)] {
        let place = NOT_CONSTANT;
        let (name, label, span) = (name.to_owned(), Label::Public, test.title_span);
        checker.names.push(Binding { name, place, ty, label, span, used: true, warn: false });
    }
    Scenario { checker, workflow: &tables.workflows[workflow as usize], given: Vec::new() }.check(test);
}

struct Scenario<'s, 'f, 'a> {
    checker: Checker<'s, 'f, 'a>,
    workflow: &'s WorkflowInfo<'a>,
    given: Vec<Name>,
}

impl Scenario<'_, '_, '_> {
    fn check(mut self, test: &ast::Test) {
        for statement in &test.statements {
            match &statement.kind {
                TestStatementKind::Given { name, value } => self.given(name, value),
                TestStatementKind::Mock { run: true, .. } => self.later("`mock run`", statement.span),
                TestStatementKind::Mock { target, when, after, response, .. } => {
                    self.mock(target, when.as_ref(), after.as_ref(), response);
                }
                TestStatementKind::At { delay, event } => {
                    self.value(delay, &Ty::Duration);
                    self.event(event, statement.span);
                }
                TestStatementKind::Expect(expectation) => self.expectation(expectation, statement.span),
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

    fn later(&mut self, what: &str, span: Span) {
        let title = format!("{what} is not supported by this version");
        self.report(Diagnostic::new(Code::E0190, title, span, "not in this compiler"));
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
        if !matches!(found, Some(Thing::Service(_))) {
            let title = format!("there is no service `{}`", service.text);
            self.report(Diagnostic::new(Code::E0201, title, service.span, "unknown"));
        }
    }

    fn mock(
        &mut self,
        target: &Glob,
        when: Option<&ast::Expr>,
        after: Option<&ast::Expr>,
        response: &Response,
    ) {
        if let Some(after) = after {
            self.value(after, &Ty::Duration);
        }
        let Some(operation) = self.operation(target) else { return };
        let tables = self.checker.tables;
        let info = &tables.operations[operation as usize];
        if let Some(when) = when {
            let names = self.checker.names.len();
            for param in &info.params {
                let place = NOT_CONSTANT;
                let (name, ty, label, span) =
                    (param.name.to_string(), param.ty.clone(), param.label, param.span);
                self.checker.names.push(Binding { name, place, ty, label, span, used: true, warn: false });
            }
            self.checker.check_as(when, &Ty::Bool);
            self.checker.release(names);
        }
        self.response(response, operation);
    }

    fn response(&mut self, response: &Response, operation: u32) {
        let tables = self.checker.tables;
        let info = &tables.operations[operation as usize];
        match response {
            Response::Value(value) | Response::Lost(value) => self.value(value, &info.result),
            Response::Hang => {}
            Response::Sequence(responses) => responses.iter().for_each(|it| self.response(it, operation)),
            Response::Raise(error) => {
                let allowed = info.raises.iter().map(|(error, _)| *error).collect::<Vec<_>>();
                self.error(error, &allowed, &format!("`{}`", tables.qualified(operation)), true);
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
        let Some(error) = find_error(self.checker.session, tables, module, &path) else { return };
        if !allowed.contains(&error) {
            let title = format!("{owner} never raises `{}`", name.text);
            self.report(Diagnostic::new(Code::E0402, title, name.span, "cannot happen"));
        }
        let none = ast::Arguments { list: Vec::new(), span: expr.span.after() };
        let known = tables.fields(error).unwrap_or_default();
        self.checker.fields(&format!("`{}`", name.text), known, arguments.unwrap_or(&none), Label::Secret);
    }

    fn event(&mut self, event: &AtEvent, span: Span) {
        match event {
            AtEvent::Missing | AtEvent::Crash | AtEvent::Cancel => {}
            AtEvent::Expect(expectation) => self.expectation(expectation, span),
            AtEvent::Signal(_) => self.later("`signal`", span),
            AtEvent::Answer { .. } => self.later("`answer`", span),
        }
    }

    fn expectation(&mut self, expectation: &Expectation, span: Span) {
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
            Expectation::Called { run: true, .. } | Expectation::MaxConcurrent { run: true, .. } => {
                self.later("`run` in a test", span);
            }
            Expectation::Called { target, times, .. } => {
                self.operation(target);
                if let Some(times) = times {
                    self.value(times, &Ty::Int);
                }
            }
            Expectation::Escalated { .. } => self.later("`escalated`", span),
            Expectation::MaxConcurrent { target, bound, .. } => {
                self.operation(target);
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
