//! Steps: the call, its errors, and the rules about what may follow what.

use wfl_ir::{Caught, Expr, Label, Name, Retry};
use wfl_source::{Applicability, Code, Diagnostic, Span};
use wfl_syntax::ast::{self, StepName};

use crate::body::catch::Outcomes;
use crate::body::flow::Flow;
use crate::body::state::{Body, FallThrough, Recovery};
use crate::contract::find_operation;
use crate::expr::of_unused_read;
use crate::hir::{Block, Statement, Step};
use crate::tables::{EffectClass, label};
use crate::ty::Ty;

/// The values of a step's options.
#[derive(Clone, Copy, Default)]
struct Limits {
    timeout: Option<wfl_ir::Duration>,
    total: Option<wfl_ir::Duration>,
    queue: Option<wfl_ir::Duration>,
    heartbeat: Option<wfl_ir::Duration>,
    retry: Option<Retry>,
}

impl Body<'_, '_> {
    pub(crate) fn step(&mut self, step: &ast::Step, block: &mut Block) {
        if let Some(run) = &step.run {
            return self.run(step, run, block);
        }
        let limits = self.limits(step);
        let operation = match step.call.path.is_missing() {
            true => None,
            false => find_operation(self.cx.session, self.cx.tables, self.cx.module, &step.call.path),
        };
        let Some(operation) = operation else { return self.broken_step(step) };
        let tables = self.cx.tables;
        let info = &tables.operations[operation as usize];
        let name = self.take_name(&step_name(&step.name, &info.name), name_span(&step.name));
        let span = name_span(&step.name);
        let owner = format!("`{}`", tables.qualified(operation));
        let args = self.cx.fields(&owner, &info.params, &step.call.arguments, label(info.source.accepts));
        self.check_pivot(step, operation);
        self.check_once(step, operation);
        let (slot, target) = (self.cx.new_slot(), self.next_target());
        let before = self.flow;
        let outcomes = Outcomes {
            owner,
            errors: info.raises.iter().map(|(error, span)| (*error, Some(*span))).collect(),
            others: vec![Caught::Timeout, Caught::Unavailable, Caught::Cancelled],
        };
        let mut caught = self.headers(&step.handlers, &outcomes.errors);
        self.check_possible(&step.handlers, &mut caught, &outcomes);
        let recovery = Recovery::new(target, slot, info.result.clone(), info.result_label);
        self.recoveries.push(recovery);
        let handled = self.handler_bodies(&step.handlers, &caught, &before);
        let exits = self.recoveries.pop().map(|recovery| recovery.exits).unwrap_or_default();
        self.flow = before;
        self.raise_unhandled(&outcomes, &caught, step.handlers.len(), step.call.path.span);
        self.go_on(handled.after, exits);
        let unused = self.check_read(step, operation);
        self.name_result(&step.name, slot, (info.result.clone(), info.result_label), handled.falling, unused);
        let Limits { timeout, total, queue, heartbeat, retry } = limits;
        let (pivot, call_span, handlers) = (step.pivot, step.call.path.span, handled.handlers);
        block.push(Statement::Step(Box::new(Step {
            name,
            target,
            operation,
            args,
            slot,
            pivot,
            timeout,
            total,
            queue,
            heartbeat,
            retry,
            handlers,
            span: step.span,
            name_span: span,
            call_span,
        })));
    }

    /// What follows is reached by success, by handlers that fall through, and by those that gave a value.
    pub(crate) fn go_on(&mut self, after_handlers: Flow, exits: Vec<Flow>) {
        let flow = std::mem::replace(&mut self.flow, Flow::dead());
        self.flow = exits.into_iter().fold(flow.join(after_handlers), Flow::join);
    }

    /// Brings a result into sight, and remembers the handlers that leave it without a value.
    pub(crate) fn name_result(
        &mut self,
        name: &StepName,
        slot: u32,
        (ty, label): (Ty, Label),
        falling: Vec<Span>,
        unused: Option<Code>,
    ) {
        if let StepName::Named(written) = name {
            self.cx.bind(written, Expr::Slot(slot), ty, label, unused);
            let binding = self.cx.names.len().saturating_sub(1);
            self.fall_throughs.extend(falling.into_iter().map(|handler| FallThrough { binding, handler }));
        }
    }

    // The operation is not known; the rest is checked all the same, and the result fits everywhere.
    pub(crate) fn broken_step(&mut self, step: &ast::Step) {
        for argument in &step.call.arguments.list {
            self.cx.alone(|cx| cx.check(&argument.value, None));
        }
        if let StepName::Named(name) = &step.name {
            self.cx.bind(name, Expr::Slot(0), Ty::Unknown, Label::Public, None);
        }
    }

    fn limits(&mut self, step: &ast::Step) -> Limits {
        let mut time = |limit: &Option<ast::Expr>, what| {
            limit.as_ref().and_then(|limit| self.cx.constant_duration(limit, what))
        };
        let timeout = time(&step.timeouts.attempt, "`timeout`");
        let total = time(&step.timeouts.total, "`timeout total`");
        let queue = time(&step.timeouts.queue, "`timeout queue`");
        let heartbeat = time(&step.heartbeat, "`heartbeat`");
        let retry = step.retry.as_ref().and_then(|retry| self.cx.retry(retry));
        self.check_times(step, timeout, total);
        Limits { timeout, total, queue, heartbeat, retry }
    }

    // A read without errors of its own is made for its answer. Gives the warning for one that nobody reads.
    fn check_read(&mut self, step: &ast::Step, operation: u32) -> Option<Code> {
        let info = &self.cx.tables.operations[operation as usize];
        if info.effect != EffectClass::Read || !info.raises.is_empty() || !step.handlers.is_empty() {
            return None;
        }
        if matches!(step.name, StepName::Anonymous(_)) {
            let title = format!("the answer of `{}` is not used", self.cx.tables.qualified(operation));
            let diagnostic = Diagnostic::new(Code::W0203, title, step.span, "finds out something for nobody");
            self.report(of_unused_read(diagnostic));
        }
        Some(Code::W0203)
    }

    // What is called at most once is not tried again by a step either.
    fn check_once(&mut self, step: &ast::Step, operation: u32) {
        let source = &self.cx.tables.operations[operation as usize].source;
        let (Some(once), Some(retry)) = (source.at_most_once, &step.retry) else { return };
        if source.idempotent.is_some() || source.confirm.is_some() {
            return;
        }
        let name = self.cx.tables.qualified(operation);
        let title = format!("`{name}` is called at most once and cannot be tried again");
        let diagnostic = Diagnostic::new(Code::E0330, title, retry.span, "a second call");
        self.report(diagnostic.label(once, "only one call").help("remove `retry`"));
    }

    fn check_pivot(&mut self, step: &ast::Step, operation: u32) {
        let tables = self.cx.tables;
        let info = &tables.operations[operation as usize];
        let name = tables.qualified(operation);
        let declared = info.source.effect.as_ref().map_or(info.source.head.name.span, |effect| effect.span);
        match (info.effect, step.pivot) {
            (EffectClass::Irreversible, None) => {
                let title = format!("`{name}` cannot be taken back; the step must say `pivot`");
                let place = Span { end: step.span.start, ..step.span };
                let word = Span { end: step.span.start + 4, ..step.span };
                let diagnostic = Diagnostic::new(Code::E0320, title, word, "the point of no return");
                self.report(
                    diagnostic
                        .label(declared, "irreversible")
                        .note("whoever reads the workflow must see from where on there is no way back")
                        .fix("write `pivot step`", place, "pivot ", Applicability::Safe),
                );
            }
            (EffectClass::Irreversible, Some(_)) | (EffectClass::Unknown, _) | (_, None) => {}
            (_, Some(pivot)) => {
                let title = format!("`{name}` is no point of no return");
                let place = Span { end: step.span.start + 10, ..pivot };
                let place = if place.end > step.span.end { pivot } else { Span { end: pivot.end, ..pivot } };
                let diagnostic =
                    Diagnostic::new(Code::E0320, title, place, "`pivot` is for irreversible operations");
                self.report(diagnostic.label(declared, "its effect").fix(
                    "remove `pivot`",
                    pivot,
                    "",
                    Applicability::Safe,
                ));
            }
        }
    }
}

pub(crate) fn step_name(name: &StepName, operation: &Name) -> Name {
    match name {
        StepName::Named(name) => Name::from(name.text.as_str()),
        StepName::Anonymous(_) => Name::from(format!("_{operation}")),
    }
}

pub(crate) fn name_span(name: &StepName) -> Span {
    match name {
        StepName::Named(name) => name.span,
        StepName::Anonymous(span) => *span,
    }
}
