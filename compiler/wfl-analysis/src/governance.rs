//! Migrations, policies and invariants, and the titles of tests.

use std::collections::BTreeMap;

use wfl_ir::{Expr, Label, Name, Value};
use wfl_source::{Code, Diagnostic, Span, closest};
use wfl_syntax::ast::{self, ItemKind, MigrationKind, PolicyTarget};

use crate::body::find_workflow;
use crate::contract::find_operation;
use crate::expr::{Binding, Checker};
use crate::hir::{Invariant, Migration, Policy, PolicyRule};
use crate::module::Module;
use crate::names::Space;
use crate::old::Olds;
use crate::session::Session;
use crate::starts::steps;
use crate::tables::{Tables, Thing, WorkflowInfo};
use crate::ty::Ty;

/// What is declared about workflows.
#[derive(Default)]
pub(crate) struct Governance {
    pub(crate) migrations: Vec<Migration>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) invariants: Vec<Invariant>,
}

/// Checks the declarations of all modules. `olds` is what is known of earlier versions.
pub(crate) fn check(
    session: &mut Session<'_>,
    tables: &Tables,
    modules: &[Module<'_>],
    olds: &Olds,
) -> Governance {
    let mut governance = Governance::default();
    check_titles(session, modules);
    for (number, module) in modules.iter().enumerate() {
        for item in module.items {
            let mut about = About { session, tables, module: number, olds };
            match &item.kind {
                ItemKind::Migrate(it) => {
                    let migration = about.migrate(it);
                    about.check_again(&governance.migrations, migration.as_ref());
                    governance.migrations.extend(migration);
                }
                ItemKind::Policy(it) => governance.policies.push(about.policy(it)),
                ItemKind::Invariant(it) => governance.invariants.extend(about.invariant(it)),
                _ => {}
            }
        }
    }
    governance
}

/// What a test expects is kept under its title.
fn check_titles(session: &mut Session<'_>, modules: &[Module<'_>]) {
    for module in modules {
        let mut titles = BTreeMap::new();
        for item in module.items {
            let ItemKind::Test(test) = &item.kind else { continue };
            let name = (test.workflow.text.as_str(), test.title.as_str());
            if let Some(first) = titles.insert(name, test.title_span).filter(|_| !test.title.is_empty()) {
                let title = format!("the test \"{}\" of `{}` is there twice", test.title, test.workflow.text);
                let diagnostic = Diagnostic::new(Code::E0202, title, test.title_span, "the second one");
                session.report(diagnostic.label(first, "the first one"));
            }
        }
    }
}

/// The names of a workflow's steps; one without a name has that of its operation.
fn names_of_steps(info: &WorkflowInfo) -> Vec<String> {
    let mut names = Vec::new();
    steps(&info.source.body, &mut |step| match &step.name {
        ast::StepName::Named(name) => names.push(name.text.clone()),
        ast::StepName::Anonymous(_) => {
            names.extend(step.call.path.last().map(|name| format!("_{}", name.text)));
        }
    });
    names
}

struct About<'s, 'f> {
    session: &'s mut Session<'f>,
    tables: &'s Tables,
    module: usize,
    olds: &'s Olds,
}

impl<'s, 'f> About<'s, 'f> {
    fn workflow(&mut self, name: &ast::Name) -> Option<u32> {
        let path = ast::Path { segments: vec![name.clone()], span: name.span };
        find_workflow(self.session, self.tables, self.module, &path)
    }

    fn checker(&mut self) -> Checker<'_, 'f> {
        Checker::new(self.session, self.tables, self.module)
    }

    fn migrate(&mut self, source: &ast::Migrate) -> Option<Migration> {
        let workflow = self.workflow(&source.workflow)?;
        let info = &self.tables.workflows[workflow as usize];
        let from = self.version(&source.from, info)?;
        let old = self.olds.of(workflow, from);
        let mut migration = Migration {
            workflow,
            from,
            renames: Vec::new(),
            drops: Vec::new(),
            inputs: Vec::new(),
            pins: Vec::new(),
            span: source.workflow.span,
        };
        let dotted = |path: &ast::Path| Name::from(path.dotted());
        let mut left: BTreeMap<String, Span> = BTreeMap::new();
        for entry in source.entries.iter() {
            if let MigrationKind::Rename { old: step, .. } | MigrationKind::Drop(step) = &entry.kind
                && let Some(first) = left.insert(step.dotted(), step.span)
            {
                let title = format!("the step `{}` is renamed or dropped twice", step.dotted());
                let diagnostic = Diagnostic::new(Code::E0209, title, step.span, "the second time");
                self.session.report(diagnostic.label(first, "the first time"));
            }
            if let (
                MigrationKind::Rename { old: step, .. }
                | MigrationKind::Drop(step)
                | MigrationKind::Pin { step, .. },
                Some(old),
            ) = (&entry.kind, old)
            {
                let whose = format!("version {from} of `{}`", info.name);
                self.check_step(step, &whose, &old.steps);
            }
            match &entry.kind {
                MigrationKind::Rename { old, new } => {
                    self.check_step(new, &format!("`{}`", info.name), &names_of_steps(info));
                    migration.renames.push((dotted(old), dotted(new)));
                }
                MigrationKind::Drop(step) => migration.drops.push(dotted(step)),
                MigrationKind::Pin { after, step } => migration.pins.push((*after, dotted(step))),
                MigrationKind::Input { name, value } => {
                    let ty = old.map_or(Ty::Unknown, |old| old.input.clone());
                    migration.inputs.extend(self.input(name, value, info, ty));
                }
            }
        }
        Some(migration)
    }

    /// Instances of one version are migrated in one way, and each of its steps once.
    fn check_again(&mut self, earlier: &[Migration], migration: Option<&Migration>) {
        let Some(migration) = migration else { return };
        let same = |it: &&Migration| it.workflow == migration.workflow && it.from == migration.from;
        if let Some(first) = earlier.iter().find(same) {
            let name = &self.tables.workflows[migration.workflow as usize].name;
            let title = format!("`{name}` is migrated from version {} twice", migration.from);
            let diagnostic = Diagnostic::new(Code::E0202, title, migration.span, "the second time");
            self.session.report(diagnostic.label(first.span, "the first time"));
        }
    }

    fn version(&mut self, from: &ast::Expr, info: &WorkflowInfo) -> Option<u32> {
        let now = match info.source.version.as_ref().map(|version| &version.kind) {
            Some(ast::ExprKind::Int(now)) => *now,
            _ => i64::MAX,
        };
        let mut checker = self.checker();
        match checker.constant(from, &Ty::Int, "the version behind `from`")? {
            Value::Int(version) if (1..now).contains(&version) => u32::try_from(version).ok(),
            _ => {
                let title = "instances are migrated from an earlier version";
                let message = format!("`{}` is at version {now}", info.name);
                self.session.error(Code::E0701, title, from.span, message);
                None
            }
        }
    }

    /// The new name of a step must be one that the workflow has, the old one one that the old version had; without
    /// that at hand, nothing is known of it.
    fn check_step(&mut self, path: &ast::Path, whose: &str, names: &[String]) {
        let Some(last) = path.last().filter(|_| !path.is_missing()) else { return };
        if names.contains(&last.text) {
            return;
        }
        let title = format!("{whose} has no step `{}`", last.text);
        let diagnostic = Diagnostic::new(Code::E0702, title, last.span, "unknown");
        self.session.report(match closest(&last.text, names.iter().map(String::as_str)) {
            Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
            None => diagnostic,
        });
    }

    /// `old` is the type of the old input.
    fn input(
        &mut self,
        name: &ast::Name,
        value: &ast::Expr,
        info: &WorkflowInfo,
        old: Ty,
    ) -> Option<(Name, Expr)> {
        let tables = self.tables;
        // Of a single record its fields may be named, which is what changes.
        let fields = match info.params.as_slice() {
            [only] => match &only.ty {
                Ty::Named(index) => tables.fields(*index).unwrap_or_default(),
                _ => &[],
            },
            _ => &[],
        };
        let known = info.params.iter().chain(fields);
        let found = known.clone().find(|field| field.name == name.text.as_str());
        let Some(field) = found else {
            let title = format!("`{}` takes no `{}`", info.name, name.text);
            let diagnostic = Diagnostic::new(Code::E0208, title, name.span, "unknown");
            self.session.report(match closest(&name.text, known.map(|field| field.name.as_str())) {
                Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
                None => diagnostic,
            });
            return None;
        };
        let mut checker = self.checker();
        let names = [("old", Expr::Local(0), old), ("started_at", Expr::Local(1), Ty::Timestamp)];
        for (name, place, ty) in names {
            let (name, label) = (name.to_owned(), Label::Public);
            checker.names.push(Binding {
                name,
                place,
                ty,
                label,
                span: value.span,
                used: true,
                unused: None,
            });
        }
        checker.locals = 2;
        let typed = checker.check_as(value, &field.ty);
        let allowed = (&field.ty, field.label);
        checker.check_flow_into(&typed, allowed, &format!("`{}`", field.name), value.span);
        Some((field.name.clone(), typed.expr))
    }

    fn policy(&mut self, source: &ast::Policy) -> Policy {
        let rules = source.rules.iter().filter_map(|rule| self.policy_rule(rule)).collect();
        Policy { title: source.title.clone(), rules, span: source.title_span }
    }

    fn policy_rule(&mut self, rule: &ast::PolicyRule) -> Option<PolicyRule> {
        let target = match &rule.target {
            PolicyTarget::Label(label) => format!("@{}", label.text),
            PolicyTarget::Operation(glob) => self.session.text(glob.span),
        };
        let written = rule.condition.as_ref().map(|condition| self.session.text(condition.span));
        let operations = self.operations(&rule.target);
        let mut calls = Vec::new();
        for operation in operations {
            let before = self.session.count();
            let condition = rule.condition.as_ref().map(|condition| self.condition(condition, operation));
            calls.push((operation, condition));
            // What does not fit one of the operations is told once.
            if self.session.count() > before {
                break;
            }
        }
        let mut checker = self.checker();
        let role = match checker.constant(&rule.role, &Ty::String, "the role")? {
            Value::String(role) => role,
            _ => return None,
        };
        let approvals = match &rule.approvals {
            None => 1,
            Some(approvals) => match checker.constant(approvals, &Ty::Int, "`approvals`")? {
                Value::Int(count) if (1..=1_000).contains(&count) => count as u32,
                _ => {
                    let title = "`approvals` must be at least 1";
                    checker.session.error(Code::E0214, title, approvals.span, "nobody approves");
                    return None;
                }
            },
        };
        Some(PolicyRule { target, condition: written, calls, role, approvals, span: rule.span })
    }

    fn condition(&mut self, condition: &ast::Expr, operation: u32) -> Expr {
        let params = &self.tables.operations[operation as usize].params;
        let mut checker = self.checker();
        for param in params {
            let place = Expr::Local(checker.locals);
            checker.locals += 1;
            let (name, ty, label, span) = (param.name.to_string(), param.ty.clone(), param.label, param.span);
            checker.names.push(Binding { name, place, ty, label, span, used: true, unused: None });
        }
        checker.check_as(condition, &Ty::Bool).expr
    }

    fn operations(&mut self, target: &PolicyTarget) -> Vec<u32> {
        match target {
            PolicyTarget::Label(label) => {
                let labelled =
                    self.tables.touches.iter().enumerate().filter(|(_, it)| it.labels.contains(&label.text));
                let found = labelled.map(|(number, _)| number as u32).collect::<Vec<_>>();
                if found.is_empty() && !label.is_missing() {
                    self.no_label(label);
                }
                found
            }
            PolicyTarget::Operation(glob) => {
                let path = ast::Path { segments: glob.segments.clone(), span: glob.span };
                match path.segments.last() {
                    Some(last) if last.text == "*" => self.service(&path),
                    Some(_) => {
                        find_operation(self.session, self.tables, self.module, &path).into_iter().collect()
                    }
                    None => Vec::new(),
                }
            }
        }
    }

    fn service(&mut self, path: &ast::Path) -> Vec<u32> {
        let Some(service) = path.segments.first() else { return Vec::new() };
        match self.tables.find(self.session, self.module, Space::Type, &service.text) {
            Some(Thing::Service(service)) => self.tables.services[service as usize].operations.clone(),
            _ => {
                let title = format!("there is no service `{}`", service.text);
                self.session.error(Code::E0201, title, service.span, "unknown");
                Vec::new()
            }
        }
    }

    // A rule about nothing would look like a rule that holds.
    fn no_label(&mut self, label: &ast::Name) {
        let title = format!("no operation is labelled `{}`", label.text);
        let diagnostic = Diagnostic::new(Code::E0232, title, label.span, "the rule is about nothing");
        let known = self.tables.touches.iter().flat_map(|it| &it.labels).map(String::as_str);
        self.session.report(match closest(&label.text, known) {
            Some(meant) => diagnostic.help(format!("did you mean `@{meant}`?")),
            None => diagnostic
                .help(format!("write `@label(\"{}\")` above the operations that are meant", label.text)),
        });
    }

    fn invariant(&mut self, source: &ast::Invariant) -> Option<Invariant> {
        let workflow = self.workflow(&source.workflow)?;
        let info = &self.tables.workflows[workflow as usize];
        let mut checker = self.checker();
        for (at, param) in info.params.iter().enumerate() {
            let place = Expr::Slot(at as u32);
            let (name, ty, label, span) = (param.name.to_string(), param.ty.clone(), param.label, param.span);
            checker.names.push(Binding { name, place, ty, label, span, used: true, unused: None });
        }
        let (ty, span): (Ty, Span) = (info.result.clone().optional(), source.title_span);
        let (name, place, label) = ("result".to_owned(), Expr::Local(0), info.result_label);
        checker.names.push(Binding { name, place, ty, label, span, used: true, unused: None });
        checker.locals = 1;
        let condition = checker.check_as(&source.condition, &Ty::Bool).expr;
        Some(Invariant { title: source.title.clone(), workflow, condition, span })
    }
}
