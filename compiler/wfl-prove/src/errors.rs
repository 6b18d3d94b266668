//! The business errors with which a node may end, and that its own handlers do not take.

use wfl_ir::flow::{AwaitKind, JoinPolicy};
use wfl_ir::{Caught, EdgeKind, NodeKind};

use crate::subject::Subject;

/// An error that comes up from a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Open {
    /// What it is for handlers; [`Caught::Any`] for one that the plan does not know.
    pub(crate) what: Caught,
    pub(crate) name: String,
}

/// The errors that come up from a node.
pub(crate) fn open_errors(subject: &Subject<'_>, node: u32) -> Vec<Open> {
    let mut errors = match &subject.node(node).kind {
        NodeKind::Call(_) => {
            let raises = subject.operation(node).map(|operation| &operation.raises);
            raises.into_iter().flatten().map(|error| of_plan(subject, *error)).collect()
        }
        NodeKind::Fail { error, .. } => vec![of_plan(subject, *error)],
        NodeKind::SubWorkflow(run) => {
            let mut errors = vec![predeclared(subject, "KeyInUse")];
            errors.extend((!run.detached && run.timeout.is_some()).then(|| predeclared(subject, "Timeout")));
            let callee = subject.origin(node).callee.filter(|_| !run.detached);
            errors.extend(callee.into_iter().flat_map(|callee| of_child(subject, callee)));
            errors
        }
        NodeKind::Map(map) => {
            let keyed = map.key.is_some().then(|| predeclared(subject, "DuplicateKey"));
            let fails = subject.ways.fails[map.region as usize];
            let tolerant =
                (map.tolerated.is_some() && fails).then(|| predeclared(subject, "TooManyFailures"));
            keyed.into_iter().chain(tolerant).collect()
        }
        NodeKind::Join(join) => {
            let timed = matches!(&subject.node(join.fork).kind, NodeKind::Fork(fork)
                if fork.within.is_some() && fork.policy == JoinPolicy::All);
            timed.then(|| predeclared(subject, "Timeout")).into_iter().collect()
        }
        NodeKind::Await(awaited) => {
            let timed = awaited.timeout.is_some() && subject.plan.target(node, EdgeKind::Timeout).is_none();
            let split = matches!(&awaited.kind, AwaitKind::Human(task) if task.approvals > 1);
            let timeout = timed.then(|| predeclared(subject, "Timeout"));
            timeout.into_iter().chain(split.then(|| predeclared(subject, "Disagreed"))).collect()
        }
        _ => Vec::new(),
    };
    errors.retain(|open| !subject.frames.handles(node, open.what));
    errors
}

fn of_plan(subject: &Subject<'_>, error: u32) -> Open {
    Open { what: Caught::Error(error), name: subject.type_name(error).to_owned() }
}

fn predeclared(subject: &Subject<'_>, name: &str) -> Open {
    let known = subject.plan.types.iter().position(|def| def.short_name() == name);
    let what = known.map_or(Caught::Any, |at| Caught::Error(at as u32));
    Open { what, name: name.to_owned() }
}

fn of_child<'s>(subject: &'s Subject<'_>, callee: u32) -> impl Iterator<Item = Open> + 's {
    let program = subject.claim.program;
    program.workflows[callee as usize].raises.iter().map(|error| {
        let known = subject.claim.lowered.types.iter().position(|it| it == error);
        let what = known.map_or(Caught::Any, |at| Caught::Error(at as u32));
        Open { what, name: program.types[*error as usize].short_name().to_owned() }
    })
}
