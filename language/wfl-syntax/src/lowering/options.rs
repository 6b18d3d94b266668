//! The options in braces behind an operation or a step.

use wfl_source::{Code, Diagnostic, Span};

use crate::ast::{
    Confirm, Effect, EffectKind, Expr, Handler, Idempotent, Label, ParentCancel, Path, Timeouts,
};
use crate::grammar::Rule;
use crate::lowering::context::{Lowering, label};
use crate::tree::Cursor;

/// What the options belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Operation,
    Step,
}

/// All options that either of them may have.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) effect: Option<Effect>,
    pub(crate) idempotent: Option<Idempotent>,
    pub(crate) confirm: Option<Confirm>,
    pub(crate) raises: Option<Vec<Path>>,
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: Option<Expr>,
    pub(crate) accepts: Option<Label>,
    pub(crate) heartbeat: Option<Expr>,
    pub(crate) at_most_once: Option<Span>,
    pub(crate) undo_retry: Option<Expr>,
    pub(crate) reads: Vec<Expr>,
    pub(crate) writes: Vec<Expr>,
    pub(crate) when_cancelled: Option<(ParentCancel, Span)>,
    pub(crate) handlers: Vec<Handler>,
}

impl Lowering<'_> {
    pub(crate) fn options(&mut self, node: Cursor<'_>, place: Place) -> Options {
        let mut options = Options::default();
        for option in node.children() {
            if self.fits(option, place) {
                self.option(option, &mut options);
            }
        }
        options
    }

    fn option(&mut self, node: Cursor<'_>, options: &mut Options) {
        let span = self.span(node);
        let twice = match node.rule() {
            Rule::effect_o => options.effect.replace(self.effect(node)).is_some(),
            Rule::idempotent_o => {
                let mut exprs = self.exprs_in(node).into_iter();
                let Some(key) = exprs.next() else { return };
                options.idempotent.replace(Idempotent { key, window: exprs.next(), span }).is_some()
            }
            Rule::confirm_o => {
                let after = self.exprs_in(node).into_iter().next();
                options.confirm.replace(Confirm { call: self.call_in(node), after, span }).is_some()
            }
            Rule::raises_c => options.raises.replace(self.paths_in(node).collect()).is_some(),
            Rule::timeout_o if node.has(Rule::kw_total) => {
                options.timeouts.total.replace(self.expr_in(node)).is_some()
            }
            Rule::timeout_o if node.has(Rule::kw_queue) => {
                options.timeouts.queue.replace(self.expr_in(node)).is_some()
            }
            Rule::timeout_o => options.timeouts.attempt.replace(self.expr_in(node)).is_some(),
            Rule::retry_o => options.retry.replace(self.expr_in(node)).is_some(),
            Rule::accepts_o => {
                let word = node.child(Rule::label).and_then(|word| label(word.text()));
                std::mem::replace(&mut options.accepts, word).is_some()
            }
            Rule::heartbeat_o => options.heartbeat.replace(self.expr_in(node)).is_some(),
            Rule::once_o => options.at_most_once.replace(span).is_some(),
            Rule::undo_o => options.undo_retry.replace(self.expr_in(node)).is_some(),
            Rule::reads_o => {
                options.reads.extend(self.exprs_in(node));
                false
            }
            Rule::writes_o => {
                options.writes.extend(self.exprs_in(node));
                false
            }
            Rule::when_o => match node.child(Rule::cancel_word) {
                Some(word) => options.when_cancelled.replace((parent_cancel(word.text()), span)).is_some(),
                None => false,
            },
            Rule::handler => {
                options.handlers.push(self.handler(node));
                false
            }
            _ => false,
        };
        if twice {
            self.given_twice(node);
        }
    }

    /// Reports a clause that stands twice; the later one counts.
    pub(crate) fn given_twice(&mut self, node: Cursor<'_>) {
        let (word, span) = self.first_word(node);
        let title = format!("`{word}` is given twice");
        self.report(Diagnostic::new(Code::E0110, title, span, "the second one").help("keep one of them"));
    }

    fn first_word<'t>(&self, node: Cursor<'t>) -> (&'t str, Span) {
        let keyword = node.children().next().unwrap_or(node);
        (keyword.text(), self.span(keyword))
    }

    fn fits(&mut self, node: Cursor<'_>, place: Place) -> bool {
        let (owner, other) = match (place, node.rule()) {
            (Place::Operation, Rule::handler) => ("an operation", "handle errors at the step that calls it"),
            (
                Place::Step,
                Rule::effect_o
                | Rule::idempotent_o
                | Rule::confirm_o
                | Rule::raises_c
                | Rule::accepts_o
                | Rule::once_o
                | Rule::undo_o
                | Rule::reads_o
                | Rule::writes_o,
            ) => ("a step", "say it once, at the operation"),
            (Place::Operation, Rule::when_o) => {
                ("an operation", "it belongs to `step … = run …`, which has a child to cancel")
            }
            _ => return true,
        };
        let (word, span) = self.first_word(node);
        let title = format!("`{word}` does not belong to {owner}");
        self.report(Diagnostic::new(Code::E0102, title, span, "not here").help(other));
        false
    }

    fn effect(&mut self, node: Cursor<'_>) -> Effect {
        let span = self.span(node);
        if node.has(Rule::kw_compensable) {
            return Effect { kind: EffectKind::Compensable(self.call_in(node)), span };
        }
        let kind = match node.child(Rule::ident) {
            Some(word) => self.plain_effect(word),
            None => EffectKind::Missing,
        };
        Effect { kind, span }
    }

    fn plain_effect(&mut self, word: Cursor<'_>) -> EffectKind {
        match word.text() {
            "read" => EffectKind::Read,
            "write" => EffectKind::Write,
            "irreversible" => EffectKind::Irreversible,
            other => {
                let title = format!("unknown effect `{other}`");
                let help = "effects: `read`, `write`, `compensable by undo(…)`, `irreversible`";
                let place = self.span(word);
                self.report(Diagnostic::new(Code::E0106, title, place, "is none of the four").help(help));
                EffectKind::Missing
            }
        }
    }
}

fn parent_cancel(word: &str) -> ParentCancel {
    match word {
        "await" => ParentCancel::Await,
        "abandon" => ParentCancel::Abandon,
        _ => ParentCancel::Cancel,
    }
}
