//! Time limits that can never be reached because another one is over before.

use wfl_ir::{Duration, Expr, Value};
use wfl_source::Span;
use wfl_syntax::ast;

use crate::body::state::Body;
use crate::retry::limit_of;

impl Body<'_, '_> {
    /// Limits of one step, and those of a step against the workflow's own.
    pub(crate) fn check_times(
        &mut self,
        step: &ast::Step,
        attempt: Option<Duration>,
        total: Option<Duration>,
    ) {
        let attempt = limit_of(attempt, &step.timeouts.attempt, "`timeout`");
        let total = limit_of(total, &step.timeouts.total, "`timeout total`");
        self.cx.check_within(attempt, total);
        let deadline = self.deadline;
        // One report for one step: its total time is the longer one.
        self.cx.check_within(total.or(attempt), deadline);
    }

    /// A time that something is waited for, if it is constant, against the workflow's deadline.
    pub(crate) fn check_wait(&mut self, time: &Expr, span: Span, what: &'static str) {
        let deadline = self.deadline;
        if let Expr::Const(Value::Duration(time)) = time {
            self.cx.check_within(Some((*time, span, what)), deadline);
        }
    }
}
