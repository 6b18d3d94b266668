//! Which workflows start which: none of them starts itself.

use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast::{
    Action, ArmBody, Await, Block, Else, Handler, IfStatement, JumpKind, Match, Operand, Statement, Step,
};

use crate::names::Space;
use crate::session::Session;
use crate::tables::{Tables, Thing, WorkflowInfo};

/// A workflow that another one starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    workflow: usize,
    span: Span,
}

/// The workflows that the body of one starts.
pub(crate) fn starts(session: &mut Session<'_>, tables: &Tables, info: &WorkflowInfo) -> Vec<Start> {
    let mut starts = Vec::new();
    steps(&info.source.body, &mut |step| {
        let path = &step.call.path;
        if step.run.is_some()
            && let Some(Thing::Workflow(workflow)) = tables.find_path(session, info.module, Space::Type, path)
        {
            starts.push(Start { workflow: workflow as usize, span: path.span });
        }
    });
    starts
}

/// Reports rings.
pub(crate) fn check_rings(session: &mut Session<'_>, tables: &Tables, starts: &[&[Start]]) {
    let mut seen = vec![Seen::Never; starts.len()];
    for first in 0..starts.len() {
        // The workflows that are being looked into, each with the number of its next start.
        let mut trail: Vec<(usize, usize)> = Vec::new();
        if seen[first] == Seen::Never {
            trail.push((first, 0));
        }
        while let Some((at, next)) = trail.last_mut() {
            let (at, number) = (*at, *next);
            *next += 1;
            seen[at] = Seen::Open;
            match starts[at].get(number) {
                None => {
                    seen[at] = Seen::Done;
                    trail.pop();
                }
                Some(start) => match seen[start.workflow] {
                    Seen::Never => trail.push((start.workflow, 0)),
                    Seen::Open => report_ring(session, tables, &trail, *start),
                    Seen::Done => {}
                },
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Never,
    Open,
    Done,
}

fn report_ring(session: &mut Session<'_>, tables: &Tables, trail: &[(usize, usize)], last: Start) {
    let ring = trail.iter().map(|(at, _)| *at).skip_while(|at| *at != last.workflow).chain([last.workflow]);
    let ring = ring.map(|index| tables.workflows[index].name.to_string()).collect::<Vec<_>>();
    let title = "workflows start each other in a ring";
    let diagnostic = Diagnostic::new(Code::E0305, title, last.span, "closes the ring");
    session.report(
        diagnostic
            .note(ring.join(" → "))
            .help("a workflow that goes on for ever begins anew by `restart(…)`, with other arguments"),
    );
}

/// Calls `on` for each step of a block and of the blocks inside.
pub(crate) fn steps<'a>(block: &'a Block, on: &mut dyn FnMut(&'a Step)) {
    for statement in &block.statements {
        match statement {
            Statement::Step(step) => {
                on(step);
                handlers(&step.handlers, on);
            }
            Statement::Let(it) => operand(&it.value, on),
            Statement::If(it) => conditional(it, on),
            Statement::Match(it) => choice(it, on),
            Statement::Saga(it) => construct(&it.body, &it.handlers, on),
            Statement::Parallel(it) => {
                it.branches.iter().for_each(|branch| steps(&branch.body, on));
                handlers(&it.handlers, on);
            }
            Statement::Foreach(it) => construct(&it.body, &it.handlers, on),
            Statement::Repeat(it) => steps(&it.body, on),
            Statement::Await(it) => awaited(it, on),
            Statement::Shield(it) => steps(&it.body, on),
            Statement::Ensure(it) => it.otherwise.iter().for_each(|otherwise| action(otherwise, on)),
            Statement::Jump(it) => match &it.kind {
                JumpKind::Return(Some(value)) | JumpKind::Yield(Some(value)) => operand(value, on),
                _ => {}
            },
            Statement::Emit(_) | Statement::Wait(_) => {}
        }
    }
}

fn construct<'a>(body: &'a Block, handled: &'a [Handler], on: &mut dyn FnMut(&'a Step)) {
    steps(body, on);
    handlers(handled, on);
}

fn handlers<'a>(handlers: &'a [Handler], on: &mut dyn FnMut(&'a Step)) {
    handlers.iter().for_each(|handler| action(&handler.action, on));
}

fn action<'a>(action: &'a Action, on: &mut dyn FnMut(&'a Step)) {
    if let Action::Block(block) = action {
        steps(block, on);
    }
}

fn awaited<'a>(it: &'a Await, on: &mut dyn FnMut(&'a Step)) {
    let timeout = it.timeout.as_ref().and_then(|timeout| timeout.action.as_ref());
    timeout.into_iter().for_each(|late| action(late, on));
    handlers(&it.handlers, on);
}

fn conditional<'a>(it: &'a IfStatement, on: &mut dyn FnMut(&'a Step)) {
    steps(&it.then, on);
    match &it.otherwise {
        Some(Else::Block(block)) => steps(block, on),
        Some(Else::If(chained)) => conditional(chained, on),
        None => {}
    }
}

fn choice<'a>(it: &'a Match<ArmBody>, on: &mut dyn FnMut(&'a Step)) {
    for arm in &it.arms {
        if let ArmBody::Block(block) = &arm.body {
            steps(block, on);
        }
    }
}

fn operand<'a>(value: &'a Operand, on: &mut dyn FnMut(&'a Step)) {
    match value {
        Operand::Expr(_) => {}
        Operand::Saga(it) => construct(&it.body, &it.handlers, on),
        Operand::If(it) => conditional(it, on),
        Operand::Match(it) => choice(it, on),
        Operand::Parallel(it) => {
            it.branches.iter().for_each(|branch| steps(&branch.body, on));
            handlers(&it.handlers, on);
        }
        Operand::Foreach(it) => construct(&it.body, &it.handlers, on),
        Operand::Repeat(it) => steps(&it.body, on),
        Operand::Await(it) => awaited(it, on),
    }
}
