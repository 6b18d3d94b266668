//! Steps: the call, its errors, and the rules about what may follow what.

use wfl_ir::{Caught, Expr, Label, Name, Retry};
use wfl_source::{Applicability, Code, Diagnostic, Span};
use wfl_syntax::ast::{self, Action, StepName};

use crate::body::flow::{Debt, Flow};
use crate::body::state::{Body, FallThrough, Recovery};
use crate::contract::find_operation;
use crate::hir::{Block, Handler, Statement, Step};
use crate::signature::find_error;
use crate::tables::{EffectClass, Space, label};
use crate::ty::Ty;

/// The values of a step's options.
#[derive(Clone, Copy, Default)]
struct Limits {
    timeout: Option<wfl_ir::Duration>,
    total: Option<wfl_ir::Duration>,
    retry: Option<Retry>,
}

impl Body<'_, '_, '_> {
    pub(crate) fn step(&mut self, step: &ast::Step, block: &mut Block) {
        let limits = self.limits(step);
        let operation = match step.call.path.is_missing() {
            true => None,
            false => find_operation(self.cx.session, self.cx.tables, self.cx.module, &step.call.path),
        };
        let Some(operation) = operation else { return self.broken_step(step) };
        let tables = self.cx.tables;
        let info = &tables.operations[operation as usize];
        let name = step_name(&step.name, &info.name);
        let span = name_span(&step.name);
        self.take_name(&name, span);
        let owner = format!("`{}`", tables.qualified(operation));
        let args = self.cx.fields(&owner, &info.params, &step.call.arguments, label(info.source.accepts));
        self.check_pivot(step, operation);
        let slot = self.cx.new_slot();
        let target = self.new_target();
        let before = self.flow.clone();
        self.recoveries.push(Recovery {
            target,
            slot,
            ty: info.result.clone(),
            label: info.result_label,
            exits: Vec::new(),
        });
        let (handlers, falling, after_handlers) = self.handlers(step, operation, &before);
        let exits = self.recoveries.pop().map(|recovery| recovery.exits).unwrap_or_default();
        self.flow = before;
        self.check_errors(step, operation, &handlers);
        self.check_after_pivot(step, operation, &handlers, limits.retry);
        self.succeed(step, operation, &name, span);
        let flow = std::mem::replace(&mut self.flow, Flow::dead());
        self.flow = exits.into_iter().fold(flow.join(after_handlers), Flow::join);
        if let StepName::Named(written) = &step.name {
            self.cx.bind(written, Expr::Slot(slot), info.result.clone(), info.result_label, false);
            let binding = self.cx.names.len().saturating_sub(1);
            self.fall_throughs.extend(falling.into_iter().map(|handler| FallThrough { binding, handler }));
        }
        let Limits { timeout, total, retry } = limits;
        let (pivot, span) = (step.pivot.is_some(), step.span);
        let step = Step { name, target, operation, args, slot, pivot, timeout, total, retry, handlers, span };
        block.push(Statement::Step(Box::new(step)));
    }

    // The operation is not known; the rest is checked all the same, and the result fits everywhere.
    fn broken_step(&mut self, step: &ast::Step) {
        for argument in &step.call.arguments.list {
            self.cx.alone(|cx| cx.check(&argument.value, None));
        }
        if let StepName::Named(name) = &step.name {
            self.cx.bind(name, Expr::Slot(0), Ty::Unknown, Label::Public, false);
        }
    }

    fn limits(&mut self, step: &ast::Step) -> Limits {
        let mut time = |limit: &Option<ast::Expr>, what| {
            limit.as_ref().and_then(|limit| self.cx.constant_duration(limit, what))
        };
        let timeout = time(&step.timeouts.attempt, "`timeout`");
        let total = time(&step.timeouts.total, "`timeout total`");
        let retry = step.retry.as_ref().and_then(|retry| self.cx.retry(retry));
        Limits { timeout, total, retry }
    }

    /// Checks the handlers; also gives those that fall through, and the state behind them.
    fn handlers(
        &mut self,
        step: &ast::Step,
        operation: u32,
        before: &Flow,
    ) -> (Vec<Handler>, Vec<Span>, Flow) {
        let mut handlers: Vec<Handler> = Vec::new();
        let (mut falling, mut after) = (Vec::new(), Flow::dead());
        for handler in &step.handlers {
            self.flow = before.clone();
            let caught = self.caught(handler, operation);
            let names = self.cx.names.len();
            let bind = handler.binding.as_ref().map(|name| self.bind_error(name, caught.as_ref()));
            let body = self.action(&handler.action);
            self.release(names);
            if self.flow.live {
                falling.push(handler.span);
            }
            let flow = std::mem::replace(&mut self.flow, Flow::dead());
            after = after.join(flow);
            let Some(on) = caught else { continue };
            if handlers.iter().any(|earlier| earlier.on == on || earlier.on == Caught::Any) {
                let title = format!("`{}` is handled twice", handler.error.dotted());
                self.report(Diagnostic::new(Code::E0403, title, handler.error.span, "never reached"));
                continue;
            }
            handlers.push(Handler { on, bind, body });
        }
        (handlers, falling, after)
    }

    fn bind_error(&mut self, name: &ast::Name, caught: Option<&Caught>) -> u32 {
        let slot = self.cx.new_slot();
        let ty = match caught {
            Some(Caught::Error(error)) => Ty::Named(*error),
            Some(_) => Ty::Record(Vec::new()),
            None => Ty::Unknown,
        };
        self.cx.bind(name, Expr::Slot(slot), ty, Label::Public, true);
        slot
    }

    /// Checks what a handler or an `ensure` does.
    pub(crate) fn action(&mut self, action: &Action) -> Block {
        let mut block = Block::new();
        match action {
            Action::Block(inner) => block = self.block(inner),
            Action::Jump(jump) => self.jump(jump, true, &mut block),
            // Already reported; taken for an exit, so that nothing follows from it.
            Action::Missing(_) => self.flow = Flow::dead(),
        }
        block
    }

    fn caught(&mut self, handler: &ast::Handler, operation: u32) -> Option<Caught> {
        let path = &handler.error;
        let word = path.dotted();
        let declared = self.cx.tables.find_path(self.cx.session, self.cx.module, Space::Error, path);
        match (word.as_str(), declared) {
            ("Timeout", None) => return Some(Caught::Timeout),
            ("Unavailable", None) => return Some(Caught::Unavailable),
            ("any", None) => {
                let title = "`on any` also takes errors that are added later";
                let diagnostic = Diagnostic::new(Code::W0410, title, path.span, "hides new errors");
                self.report(diagnostic.help("name the errors, so that a new one has to be thought about"));
                return Some(Caught::Any);
            }
            ("Cancelled", None) => {
                let title = "`on Cancelled` is not supported by this version";
                self.report(Diagnostic::new(Code::E0190, title, path.span, "cancelling undoes what is open"));
                return None;
            }
            _ => {}
        }
        let error = find_error(self.cx.session, self.cx.tables, self.cx.module, path)?;
        let tables = self.cx.tables;
        let raises = &tables.operations[operation as usize].raises;
        if raises.iter().any(|(raised, _)| *raised == error) {
            return Some(Caught::Error(error));
        }
        let qualified = tables.qualified(operation);
        let title = format!("`{qualified}` never raises `{word}`");
        let diagnostic = Diagnostic::new(Code::E0402, title, path.span, "cannot happen here");
        let names =
            raises.iter().map(|(raised, _)| format!("`{}`", tables.type_name(*raised))).collect::<Vec<_>>();
        self.report(match names.as_slice() {
            [] => diagnostic
                .help("it raises no errors of its own; `Timeout` and `Unavailable` can always be handled"),
            names => diagnostic.help(format!("it raises {}", names.join(", "))),
        });
        None
    }

    fn check_errors(&mut self, step: &ast::Step, operation: u32, handlers: &[Handler]) {
        let tables = self.cx.tables;
        let handled =
            |error: u32| handlers.iter().any(|it| it.on == Caught::Any || it.on == Caught::Error(error));
        // A handler that was reported may have been meant for any of them.
        if step.handlers.len() > handlers.len() {
            return;
        }
        let mut open = Vec::new();
        for (error, span) in &tables.operations[operation as usize].raises {
            if handled(*error) {
                continue;
            }
            match self.raises.iter().any(|(listed, _)| listed == error) {
                true => {
                    self.raised.insert(*error);
                }
                false => open.push((tables.type_name(*error), *span)),
            }
        }
        let Some((first, _)) = open.first() else { return };
        let title = match open.len() {
            1 => format!("nothing handles `{first}`"),
            count => format!("nothing handles `{first}` and {} more", count - 1),
        };
        let place = step.call.path.span;
        let message = format!("`{}` may raise it", tables.qualified(operation));
        let mut diagnostic = Diagnostic::new(Code::E0401, title, place, message);
        for (name, span) in &open {
            diagnostic = diagnostic.label(*span, format!("`{name}` is declared here"));
        }
        let names = open.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>();
        let arms = names.iter().map(|name| format!("on {name} -> …")).collect::<Vec<_>>().join("; ");
        self.report(
            diagnostic
                .note("a business error is an answer; the workflow must say what it does about it")
                .help(format!("add `{arms}`, or `raises {}` to the head of the workflow", names.join(", "))),
        );
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
            (EffectClass::Irreversible, Some(pivot)) => self.check_second_pivot(pivot),
            (EffectClass::Unknown, _) | (_, None) => {}
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

    fn check_second_pivot(&mut self, pivot: Span) {
        let Some(first) = &self.flow.pivot else { return };
        let title = "a second point of no return on one path";
        let diagnostic =
            Diagnostic::new(Code::E0322, title, pivot, "may fail when the first cannot be undone");
        let diagnostic = diagnostic.label(first.span, format!("`{}` is the first one", first.step));
        self.report(diagnostic.help("write `commit` between them if the first one is good by itself"));
    }

    /// After the point of no return every step must end well, or its failure must be handled.
    fn check_after_pivot(
        &mut self,
        step: &ast::Step,
        operation: u32,
        handlers: &[Handler],
        retry: Option<Retry>,
    ) {
        let Some(pivot) = self.flow.pivot.clone() else { return };
        let handles = |wanted: Caught| handlers.iter().any(|it| it.on == Caught::Any || it.on == wanted);
        let forever = match retry {
            Some(retry) => matches!(retry, Retry::Forever { .. }),
            None => self.retries_forever(operation),
        };
        if forever || (handles(Caught::Timeout) && handles(Caught::Unavailable)) {
            return;
        }
        let name = match &step.name {
            StepName::Named(name) => name.text.clone(),
            StepName::Anonymous(_) => self.cx.tables.qualified(operation),
        };
        let title = format!("`{name}` may give up after the point of no return");
        let message = "can still end with `Timeout` or `Unavailable`";
        let diagnostic = Diagnostic::new(Code::E0321, title, step.call.path.span, message);
        let lost =
            format!("failing run: `{}` ok → `{name}` Timeout → nothing can be undone any more", pivot.step);
        self.report(
            diagnostic
                .label(pivot.span, "from here on nothing can be undone")
                .note("after a pivot every step must end in success, or handle its failure")
                .note(lost)
                .help(format!("keep trying until it is done: `{name} … {{ retry forever(every: 30s) }}`")),
        );
    }

    fn retries_forever(&self, operation: u32) -> bool {
        let source = self.cx.tables.operations[operation as usize].source;
        match source.retry.as_ref().map(|retry| &retry.kind) {
            Some(ast::ExprKind::Call { callee, .. }) => {
                matches!(&callee.kind, ast::ExprKind::Name(name) if name.text == "forever")
            }
            _ => false,
        }
    }

    fn succeed(&mut self, step: &ast::Step, operation: u32, name: &Name, span: Span) {
        let depth = self.depth();
        let effect = self.cx.tables.operations[operation as usize].effect;
        if effect == EffectClass::Irreversible || (step.pivot.is_some() && effect == EffectClass::Unknown) {
            self.flow.pass_pivot(name.to_string(), span, depth);
        } else if effect == EffectClass::Compensable && self.flow.pivot.is_none() {
            self.flow.owe(Debt { step: name.to_string(), span, depth });
        }
    }
}

fn step_name(name: &StepName, operation: &Name) -> Name {
    match name {
        StepName::Named(name) => Name::from(name.text.as_str()),
        StepName::Anonymous(_) => Name::from(format!("_{operation}")),
    }
}

fn name_span(name: &StepName) -> Span {
    match name {
        StepName::Named(name) => name.span,
        StepName::Anonymous(span) => *span,
    }
}
