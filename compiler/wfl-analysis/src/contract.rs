//! Fourth pass: the contracts of operations, and the rules that make repeating and undoing safe.

use std::sync::Arc;

use wfl_ir::{Confirm, Duration, Effect, Expr, Idempotency, Name, Operation, Retry};
use wfl_source::{Code, Diagnostic, Span, closest};
use wfl_syntax::ast::{self, EffectKind};

use crate::attribute::text_of;
use crate::expr::{Binding, Checker, Facts};
use crate::hir::Touches;
use crate::names::Space;
use crate::pass::Passes;
use crate::retry::{DEFAULT_TIMEOUT, DEFAULT_TOTAL, limit_of};
use crate::rule::ir_fields;
use crate::session::Session;
use crate::tables::{EffectClass, OperationInfo, Tables, Thing, label};
use crate::ty::Ty;

const DEFAULT_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// Checks operations and fills [`Tables::contracts`] and [`Tables::touches`].
pub(crate) fn check(passes: &mut Passes<'_>, tables: &mut Tables) {
    for index in 0..tables.operations.len() {
        let checked = passes.item(tables.operations[index].number, |session| {
            let mut contract = Contract::new(session, tables, index as u32);
            let touches = contract.touches();
            (contract.check(), touches)
        });
        let Some((contract, touched)) = checked else { continue };
        put(&mut tables.contracts, index, contract);
        put(&mut tables.touches, index, touched);
    }
}

fn put<T: Clone>(list: &mut Arc<Vec<T>>, at: usize, value: T) {
    let list = Arc::make_mut(list);
    match list.get_mut(at) {
        Some(before) => *before = value,
        None => list.push(value),
    }
}

struct Contract<'s, 'f> {
    checker: Checker<'s, 'f>,
    number: u32,
    operation: &'s OperationInfo,
    source: &'s ast::Operation,
}

impl<'s, 'f> Contract<'s, 'f> {
    fn new(session: &'s mut Session<'f>, tables: &'s Tables, number: u32) -> Self {
        let operation = &tables.operations[number as usize];
        let mut checker = Checker::new(session, tables, operation.module);
        checker.facts = Facts::Operation;
        for param in &operation.params {
            let place = Expr::Local(checker.locals);
            checker.locals += 1;
            let (name, ty, label, span) = (param.name.to_string(), param.ty.clone(), param.label, param.span);
            checker.names.push(Binding { name, place, ty, label, span, used: true, unused: None });
        }
        Self { checker, number, operation, source: &operation.source }
    }

    fn check(mut self) -> Operation {
        let effect = self.effect();
        let idempotent = self.idempotent();
        let confirm = self.confirm();
        self.check_repeatable();
        let (timeout, total, retry) = self.times();
        let service = &self.checker.tables.services[self.operation.service as usize];
        Operation {
            service: service.name.clone(),
            name: self.operation.name.clone(),
            params: ir_fields(&self.operation.params),
            result: self.operation.result.to_ir(),
            effect,
            idempotent,
            confirm,
            raises: self.operation.raises.iter().map(|(error, _)| *error).collect(),
            timeout,
            total,
            retry,
            queue: self.limit(self.source.timeouts.queue.as_ref(), "`timeout queue`"),
            heartbeat: self.limit(self.source.heartbeat.as_ref(), "`heartbeat`"),
            at_most_once: self.source.at_most_once.is_some(),
            undo_retry: self.undo_retry(),
        }
    }

    fn limit(&mut self, limit: Option<&ast::Expr>, what: &str) -> Option<Duration> {
        limit.and_then(|limit| self.checker.constant_duration(limit, what))
    }

    fn undo_retry(&mut self) -> Option<Retry> {
        let policy = self.source.undo_retry.as_ref()?;
        if !matches!(self.operation.effect, EffectClass::Compensable | EffectClass::Unknown) {
            let title = format!("`{}` has no undo to be tried again", self.name());
            self.checker.session.error(Code::W0205, title, policy.span, "has no use");
        }
        self.checker.retry(policy)
    }

    /// What the operation touches, over its parameters.
    fn touches(&mut self) -> Touches {
        let source = self.source;
        let mut keys = |keys: &[ast::Expr]| {
            keys.iter().map(|key| self.checker.alone(|checker| checker.check(key, None)).expr).collect()
        };
        let (reads, writes) = (keys(&source.reads), keys(&source.writes));
        let labels = source.attributes.iter().filter(|attribute| attribute.name.text == "label");
        let labels = labels.filter_map(|label| text_of(std::slice::from_ref(label), "label"));
        Touches { labels: labels.map(str::to_owned).collect(), reads, writes }
    }

    fn name(&self) -> String {
        self.checker.tables.qualified(self.number)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.checker.session.report(diagnostic);
    }

    fn effect(&mut self) -> Effect {
        let name_span = self.source.head.name.span;
        match self.source.effect.as_ref().map(|effect| (&effect.kind, effect.span)) {
            None => {
                let title = format!("`{}` does not say its effect", self.name());
                let diagnostic =
                    Diagnostic::new(Code::E0224, title, name_span, "what does it do to the world?");
                self.report(diagnostic.help(
                    "write `effect read`, `effect write`, `effect irreversible` or `effect compensable by undo(…)`",
                ));
                Effect::Read
            }
            Some((EffectKind::Write, _)) => Effect::Write,
            Some((EffectKind::Irreversible, _)) => Effect::Irreversible,
            Some((EffectKind::Compensable(call), span)) => self.undo(call, span),
            Some((EffectKind::Read | EffectKind::Missing, _)) => Effect::Read,
        }
    }

    fn undo(&mut self, call: &ast::Call, span: Span) -> Effect {
        let Some(undo) = self.target(&call.path) else { return Effect::Read };
        let tables = self.checker.tables;
        let callee = &tables.operations[undo as usize];
        self.check_undo(undo, call.path.span);
        let before = self.checker.session.count();
        let owner = format!("`{}`", tables.qualified(undo));
        let accepted = label(callee.source.accepts);
        let operation = self.operation;
        let args = self.checker.alone(|checker| {
            checker.names.push(Binding {
                name: "result".to_owned(),
                place: Expr::Local(operation.params.len() as u32),
                ty: operation.result.clone(),
                label: operation.result_label,
                span,
                used: true,
                unused: None,
            });
            checker.locals += 1;
            checker.fields(&owner, &callee.params, &call.arguments, accepted)
        });
        self.checker.session.recode(before, Code::E0310);
        Effect::Compensable { undo, args }
    }

    // An undo runs when something else went wrong already: it must be safe to repeat and must not refuse.
    fn check_undo(&mut self, undo: u32, span: Span) {
        let tables = self.checker.tables;
        let (callee, name) = (&tables.operations[undo as usize], tables.qualified(undo));
        let problem = match callee.effect {
            EffectClass::Irreversible => Some("cannot be taken back, so it is no undo"),
            EffectClass::Compensable => Some("would itself have to be undone"),
            _ if !callee.raises.is_empty() => Some("may refuse with an error of its own"),
            _ => None,
        };
        let Some(problem) = problem else { return };
        let diagnostic =
            Diagnostic::new(Code::E0311, format!("`{name}` {problem}"), span, "used as an undo here");
        let place = callee.source.head.name.span;
        self.report(
            diagnostic
                .label(place, "declared here")
                .note("an undo is repeated until it succeeds; nobody is left to handle its errors")
                .help("undo by an operation with `effect write`, `idempotent by …` and without `raises`"),
        );
    }

    fn target(&mut self, path: &ast::Path) -> Option<u32> {
        if path.is_missing() {
            return None;
        }
        let module = self.operation.module;
        match path.segments.as_slice() {
            [name] => {
                let service = self.operation.service;
                find_in_service(self.checker.session, self.checker.tables, service, name)
            }
            _ => find_operation(self.checker.session, self.checker.tables, module, path),
        }
    }

    fn idempotent(&mut self) -> Option<Idempotency> {
        let clause = self.source.idempotent.as_ref()?;
        self.checker.facts = Facts::IdempotencyKey;
        let key = self.checker.alone(|checker| checker.check(&clause.key, None));
        self.checker.facts = Facts::Operation;
        if let Ty::Optional(_) = key.ty {
            self.checker.misfit(&key.ty, key.ty.present(), clause.key.span);
        }
        let window = clause.window.as_ref();
        let window =
            window.and_then(|window| self.checker.constant_duration(window, "the time behind `for`"));
        if self.operation.effect == EffectClass::Read {
            let title = format!("`{}` is a read and needs no key", self.name());
            self.checker.session.error(Code::W0205, title, clause.span, "reads may be repeated at will");
        }
        Some(Idempotency { key: key.expr, window: window.unwrap_or(DEFAULT_WINDOW) })
    }

    fn confirm(&mut self) -> Option<Confirm> {
        let clause = self.source.confirm.as_ref()?;
        let after = clause.after.as_ref();
        let after = after.and_then(|after| self.checker.constant_duration(after, "the time behind `after`"));
        let operation = self.target(&clause.call.path)?;
        let tables = self.checker.tables;
        let callee = &tables.operations[operation as usize];
        self.check_confirm(operation, clause);
        let before = self.checker.session.count();
        let owner = format!("`{}`", tables.qualified(operation));
        let args =
            self.checker.fields(&owner, &callee.params, &clause.call.arguments, label(callee.source.accepts));
        self.checker.session.recode(before, Code::E0336);
        Some(Confirm { operation, args, after })
    }

    fn check_confirm(&mut self, operation: u32, clause: &ast::Confirm) {
        let tables = self.checker.tables;
        let (callee, name) = (&tables.operations[operation as usize], tables.qualified(operation));
        let wanted = self.operation.result.clone().optional();
        let place = clause.call.path.span;
        let reads = matches!(callee.effect, EffectClass::Read | EffectClass::Unknown);
        if !reads {
            let title = format!("`{name}` is not a read");
            let diagnostic = Diagnostic::new(Code::E0336, title, place, "asking must not change anything");
            self.report(diagnostic.help("confirm with an operation of `effect read`"));
        } else if let Ty::Optional(_) = tables.base(&self.operation.result) {
            let title = format!("the result of `{}` may be `none`, so it cannot be confirmed", self.name());
            let message = "a confirmation could not tell this from nothing having happened";
            let diagnostic = Diagnostic::new(Code::E0336, title, self.source.head.result.span, message);
            self.report(
                diagnostic
                    .label(place, "asked here")
                    .note("a confirmation gives the lost result, or `none` when nothing happened")
                    .help("give a record with the optional value in it"),
            );
        } else if !tables.fits(&callee.result, &wanted) || !tables.fits(&wanted, &callee.result) {
            let title = format!("`{name}` does not tell what became of `{}`", self.name());
            let message = format!("gives {}, not {}", tables.show(&callee.result), tables.show(&wanted));
            let diagnostic = Diagnostic::new(Code::E0336, title, place, message);
            self.report(
                diagnostic
                    .label(callee.source.head.result.span, "its result")
                    .note("a confirmation gives the lost result, or `none` when nothing happened"),
            );
        }
    }

    fn check_repeatable(&mut self) {
        let (effect, source) = (self.operation.effect, self.source);
        let place = source.head.name.span;
        let changes =
            matches!(effect, EffectClass::Write | EffectClass::Compensable | EffectClass::Irreversible);
        let repeatable = source.idempotent.is_some() || source.confirm.is_some();
        if let Some(once) = source.at_most_once {
            return self.check_once(once, changes, repeatable);
        }
        if changes && !repeatable {
            let title = format!("`{}` cannot be repeated safely", self.name());
            let mut diagnostic = Diagnostic::new(
                Code::E0330,
                title,
                place,
                "changes the world, but nothing makes a second call harmless",
            );
            if let Some(retry) = &source.retry {
                diagnostic = diagnostic.label(retry.span, "and it would be tried again");
            }
            self.report(
                diagnostic
                    .note("an answer can be lost after the call took effect; calling again would do it twice")
                    .help("say `idempotent by key` if the other side ignores repeats, or `confirm with lookup(…) after …`"),
            );
            return;
        }
        let waits = source.confirm.as_ref().is_some_and(|confirm| confirm.after.is_some());
        if effect == EffectClass::Irreversible && !waits {
            self.not_confirmed(&self.name());
        }
    }

    // One attempt and never a second one: a person decides about an answer that was lost.
    fn check_once(&mut self, once: Span, changes: bool, repeatable: bool) {
        let name = self.name();
        if !changes {
            let title = format!("`{name}` is a read and may be repeated at will");
            self.report(Diagnostic::new(Code::W0205, title, once, "has no use"));
        } else if repeatable {
            let title = format!("`{name}` can be repeated, so `at most once` has no use");
            let diagnostic = Diagnostic::new(Code::W0205, title, once, "has no use");
            self.report(diagnostic.help("keep `idempotent by` or `confirm with`, which are better"));
        } else if let Some(retry) = &self.source.retry {
            let title = format!("`{name}` is called at most once and cannot be tried again");
            let diagnostic = Diagnostic::new(Code::E0330, title, retry.span, "a second call");
            self.report(
                diagnostic.label(once, "only one call").help("remove `retry`, or say `idempotent by key`"),
            );
        }
        if self.operation.effect == EffectClass::Irreversible && self.source.confirm.is_none() {
            self.not_confirmed(&name);
        }
    }

    fn not_confirmed(&mut self, name: &str) {
        let title = format!("`{name}` cannot be taken back, nor its outcome learnt");
        let diagnostic = Diagnostic::new(Code::E0335, title, self.source.head.name.span, "irreversible");
        self.report(
            diagnostic
                .note("when the answer is lost, somebody must be able to ask whether the money went out")
                .help("add `confirm with lookup(…) after 2m`: until then, `none` does not prove absence"),
        );
    }

    fn times(&mut self) -> (Duration, Option<Duration>, Retry) {
        let source = self.source;
        let attempt = source.timeouts.attempt.as_ref();
        let timeout = attempt.and_then(|limit| self.checker.constant_duration(limit, "`timeout`"));
        let total = source.timeouts.total.as_ref();
        let total = total.and_then(|limit| self.checker.constant_duration(limit, "`timeout total`"));
        self.checker.check_within(
            limit_of(timeout, &source.timeouts.attempt, "`timeout`"),
            limit_of(total, &source.timeouts.total, "`timeout total`"),
        );
        let written = source.retry.as_ref().and_then(|retry| self.checker.retry(retry));
        let repeatable = self.operation.effect == EffectClass::Read
            || source.idempotent.is_some()
            || source.confirm.is_some();
        let retry = written.unwrap_or(if repeatable { Retry::DEFAULT } else { Retry::Never });
        let total = match retry {
            Retry::Forever { .. } => total,
            _ => total.or(Some(DEFAULT_TOTAL)),
        };
        (timeout.unwrap_or(DEFAULT_TIMEOUT), total, retry)
    }
}

/// The operation that `Service.operation` names, perhaps behind a module; reports when there is none.
pub(crate) fn find_operation(
    session: &mut Session<'_>,
    tables: &Tables,
    module: usize,
    path: &ast::Path,
) -> Option<u32> {
    // `alias.operation`: the one service of the module that has it.
    if let [alias, name] = path.segments.as_slice()
        && let Some(target) = tables.find_alias(session, module, &alias.text)
    {
        return find_in_module(session, tables, target, name, path.span);
    }
    let (service_path, name) = match path.segments.as_slice() {
        [service, name] => (vec![service.clone()], name),
        [alias, service, name] => (vec![alias.clone(), service.clone()], name),
        _ => {
            let title = format!("`{}` is not an operation", path.dotted());
            let diagnostic = Diagnostic::new(Code::E0222, title, path.span, "unknown");
            let word = path.last().map(|name| name.text.as_str()).unwrap_or_default();
            let known = tables.operations.iter().position(|operation| operation.name == word);
            session.report(match known {
                Some(known) => diagnostic.help(format!("did you mean `{}`?", tables.qualified(known as u32))),
                None => diagnostic.help("operations are called as `Service.operation(…)`"),
            });
            return None;
        }
    };
    if path.is_missing() {
        return None;
    }
    let span = service_path[0].span.to(service_path[service_path.len() - 1].span);
    let service_path = ast::Path { segments: service_path, span };
    match tables.find_path(session, module, Space::Type, &service_path) {
        Some(Thing::Service(service)) => find_in_service(session, tables, service, name),
        found => {
            no_service(session, tables, module, &service_path, found.is_some());
            None
        }
    }
}

fn find_in_module(
    session: &mut Session<'_>,
    tables: &Tables,
    module: usize,
    name: &ast::Name,
    span: Span,
) -> Option<u32> {
    if name.is_missing() {
        return None;
    }
    let own = tables.operations.iter().enumerate().filter(|(_, operation)| operation.module == module);
    let found = own.clone().filter(|(_, operation)| operation.name == name.text.as_str());
    let found = found.map(|(number, _)| number as u32).collect::<Vec<_>>();
    if let [only] = found.as_slice() {
        return Some(*only);
    }
    let path = &tables.modules[module].path;
    if let Some(first) = found.first() {
        let title = format!("`{}` is in several services of `{path}`", name.text);
        let diagnostic = Diagnostic::new(Code::E0222, title, span, "which one?");
        session.report(diagnostic.help(format!("write the service too: `{}`", tables.qualified(*first))));
        return None;
    }
    let diagnostic = Diagnostic::new(
        Code::E0222,
        format!("`{path}` has no operation `{}`", name.text),
        name.span,
        "unknown",
    );
    session.report(match closest(&name.text, own.map(|(_, operation)| operation.name.as_str())) {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
        None => diagnostic,
    });
    None
}

fn no_service(session: &mut Session<'_>, tables: &Tables, module: usize, path: &ast::Path, other: bool) {
    let name = path.dotted();
    let (code, title) = match other {
        true => (Code::E0218, format!("`{name}` is not a service")),
        false => (Code::E0201, format!("there is no service `{name}`")),
    };
    let diagnostic = Diagnostic::new(code, title, path.span, "a service is needed here");
    let services =
        tables.visible(module, Space::Type).filter(|(_, thing)| matches!(thing, Thing::Service(_)));
    let meant = closest(&name, services.map(|(name, _)| name)).map(str::to_owned);
    session.report(match meant {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
        None if other => diagnostic.help("operations belong to services: `Service.operation(…)`"),
        None => diagnostic.help("declare it by `service`, or import it"),
    });
}

fn find_in_service(
    session: &mut Session<'_>,
    tables: &Tables,
    service: u32,
    name: &ast::Name,
) -> Option<u32> {
    let info = &tables.services[service as usize];
    let operation = |number: &&u32| tables.operations[**number as usize].name == name.text.as_str();
    if let Some(found) = info.operations.iter().find(operation) {
        return Some(*found);
    }
    let title = format!("`{}` has no operation `{}`", info.name, name.text);
    let diagnostic = Diagnostic::new(Code::E0222, title, name.span, "unknown");
    let names: Vec<&Name> =
        info.operations.iter().map(|number| &tables.operations[*number as usize].name).collect();
    session.report(match closest(&name.text, names.iter().map(|name| name.as_str())) {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
        None => diagnostic.help(format!(
            "it has {}",
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        )),
    });
    None
}
