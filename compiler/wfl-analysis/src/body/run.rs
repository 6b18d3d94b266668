//! `step … = run Workflow(…)`: a workflow as a step of another.

use wfl_ir::{Caught, Label};
use wfl_source::{Code, Diagnostic, Span, closest};
use wfl_syntax::ast;

use crate::body::catch::Outcomes;
use crate::body::state::{Body, Recovery};
use crate::body::step::{name_span, step_name};
use crate::hir::{Block, ParentCancel, Run, Statement};
use crate::names::Space;
use crate::session::Session;
use crate::tables::{Tables, Thing};
use crate::ty::Ty;

impl Body<'_, '_> {
    pub(crate) fn run(&mut self, step: &ast::Step, run: &ast::Run, block: &mut Block) {
        let found = find_workflow(self.cx.session, self.cx.tables, self.cx.module, &step.call.path);
        let Some(workflow) = found else { return self.broken_step(step) };
        let tables = self.cx.tables;
        let info = &tables.workflows[workflow as usize];
        let name = self.take_name(&step_name(&step.name, &info.name), name_span(&step.name));
        let owner = format!("`{}`", info.name);
        let args = self.cx.fields(&owner, &info.params, &step.call.arguments, Label::Public);
        self.check_run_options(step);
        let timeout = step.timeouts.total.as_ref().or(step.timeouts.attempt.as_ref());
        let timeout = timeout.and_then(|limit| self.cx.constant_duration(limit, "`timeout`"));
        self.check_times(step, timeout, None);
        let detached = run.detached.is_some();
        let (result, result_label) = match detached {
            true => (Ty::Unit, Label::Public),
            false => (info.result.clone(), info.result_label),
        };
        let outcomes = self.child_outcomes(workflow, owner, detached, timeout.is_some());
        let (slot, target) = (self.cx.new_slot(), self.next_target());
        let before = self.flow;
        let mut caught = self.headers(&step.handlers, &outcomes.errors);
        self.check_possible(&step.handlers, &mut caught, &outcomes);
        self.recoveries.push(Recovery::new(target, slot, result.clone(), result_label));
        let handled = self.handler_bodies(&step.handlers, &caught, &before);
        let exits = self.recoveries.pop().map(|recovery| recovery.exits).unwrap_or_default();
        self.flow = before;
        self.raise_unhandled(&outcomes, &caught, step.handlers.len(), step.call.path.span);
        self.go_on(handled.after, exits);
        self.name_result(&step.name, slot, (result, result_label), handled.falling, None);
        block.push(Statement::Run(Box::new(Run {
            name,
            target,
            workflow,
            args,
            slot,
            detached,
            pivot: step.pivot,
            when_cancelled: parent_cancel(run.when_cancelled),
            timeout,
            handlers: handled.handlers,
            span: step.span,
            name_span: name_span(&step.name),
            call_span: step.call.path.span,
        })));
    }

    /// What a child may end with besides its result. Another instance may hold its key already.
    fn child_outcomes(&self, workflow: u32, owner: String, detached: bool, limited: bool) -> Outcomes {
        let tables = self.cx.tables;
        let mut errors: Vec<(u32, Option<Span>)> =
            tables.predeclared("KeyInUse").into_iter().map(|error| (error, None)).collect();
        if !detached {
            let raises = &tables.workflows[workflow as usize].raises;
            errors.extend(raises.iter().map(|(error, span)| (*error, Some(*span))));
            errors.extend(tables.predeclared("Timeout").filter(|_| limited).map(|error| (error, None)));
        }
        let others = if detached { Vec::new() } else { vec![Caught::Timeout, Caught::Cancelled] };
        Outcomes { owner, errors, others }
    }

    // A child has attempts, keys and heartbeats of its own.
    fn check_run_options(&mut self, step: &ast::Step) {
        let options =
            [("retry", &step.retry), ("heartbeat", &step.heartbeat), ("timeout queue", &step.timeouts.queue)];
        for (word, option) in options {
            if let Some(expr) = option {
                let title = format!("`{word}` does not belong to `run`");
                let diagnostic =
                    Diagnostic::new(Code::E0102, title, expr.span, "a child retries its own steps");
                self.report(diagnostic.help("`run` takes `timeout`, `when cancelled` and handlers"));
            }
        }
    }
}

fn parent_cancel(policy: Option<ast::ParentCancel>) -> ParentCancel {
    match policy {
        None | Some(ast::ParentCancel::Cancel) => ParentCancel::Cancel,
        Some(ast::ParentCancel::Await) => ParentCancel::Await,
        Some(ast::ParentCancel::Abandon) => ParentCancel::Abandon,
    }
}

/// The workflow that a path names; reports when there is none.
pub(crate) fn find_workflow(
    session: &mut Session<'_>,
    tables: &Tables,
    module: usize,
    path: &ast::Path,
) -> Option<u32> {
    if path.is_missing() {
        return None;
    }
    let name = path.dotted();
    let title = match tables.find_path(session, module, Space::Type, path) {
        Some(Thing::Workflow(workflow)) => return Some(workflow),
        Some(_) => format!("`{name}` is no workflow"),
        None => format!("there is no workflow `{name}`"),
    };
    let diagnostic = Diagnostic::new(Code::E0201, title, path.span, "unknown");
    let known = tables.visible(module, Space::Type).filter(|(_, thing)| matches!(thing, Thing::Workflow(_)));
    let meant = closest(&name, known.map(|(name, _)| name)).map(str::to_owned);
    session.report(match meant {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
        None => diagnostic.help("declare it by `workflow`, or import it"),
    });
    None
}
