//! Before the point of no return nothing is tried for ever: rule E0604. What is held for it would never be let go.

use wfl_ir::{NodeKind, Retry};
use wfl_source::Code;

use crate::facts::{Fact, Facts};
use crate::finding::Finding;
use crate::subject::Subject;
use crate::ways::Way;

/// Checks every step that is tried for ever.
pub(crate) fn check(subject: &Subject<'_>, facts: &Facts<'_>, found: &mut Vec<Finding>) {
    if subject.plan.deadline.is_some() {
        // The deadline ends it.
        return;
    }
    let ahead = pivots_ahead(subject);
    for (node, _) in subject.nodes() {
        let Some(step) = tried(subject, node).filter(|_| facts.holds(node, Fact::Free)) else { continue };
        let (Some(pivot), Some(path)) = (ahead[node as usize], facts.path(subject, Fact::Free, node)) else {
            continue;
        };
        let name = subject.name(node);
        let (does, message, help) = match subject.attached(node) {
            Some(_) => (
                "may take for ever",
                format!("its step `{step}` is tried for ever"),
                "give that step a number of attempts, or the `run` a `timeout`",
            ),
            None => (
                "is tried for ever",
                "may never end".to_owned(),
                "give it a number of attempts, or the workflow a `deadline`",
            ),
        };
        let title = format!("`{name}` {does} before the point of no return");
        let what = (Code::E0604, title, subject.origin(node).span, message);
        let end = format!("`{step}` Timeout, again and again → what is held is never let go");
        let finding = Finding::new(subject, path, &end, what);
        let label = format!("`{}` is the point of no return", subject.name(pivot));
        let finding = finding.label(subject.origin(pivot).name, label);
        let finding =
            finding.note("before it everything can still be undone, so nothing has to be waited for");
        found.push(finding.help(help));
    }
}

/// What a node tries for ever: itself, or a step of the workflow that it waits for without an end.
fn tried(subject: &Subject<'_>, node: u32) -> Option<String> {
    match &subject.node(node).kind {
        NodeKind::SubWorkflow(run) if run.timeout.is_none() => subject.attached(node)?.endless.clone(),
        _ => matches!(subject.retry(node), Retry::Forever { .. }).then(|| subject.name(node)),
    }
}

/// A step that is tried for ever in a workflow that goes on to no point of no return, so that only a caller is wronged.
pub(crate) fn endless(subject: &Subject<'_>, facts: &Facts<'_>) -> Option<String> {
    let ahead = pivots_ahead(subject);
    let free = |node: u32| {
        facts.holds(node, Fact::Free) && !subject.is_pivot(node) && ahead[node as usize].is_none()
    };
    let mut nodes = subject.nodes().filter(|(node, _)| subject.plan.deadline.is_none() && free(*node));
    nodes.find_map(|(node, _)| tried(subject, node))
}

/// By node: a point of no return that may come behind it. In a round none may stand.
fn pivots_ahead(subject: &Subject<'_>) -> Vec<Option<u32>> {
    let mut ahead = vec![None; subject.plan.nodes.len()];
    for node in (0..ahead.len() as u32).rev() {
        let next = |way: Way| if subject.is_pivot(way.to) { Some(way.to) } else { ahead[way.to as usize] };
        ahead[node as usize] = subject.ways.from(node).filter(|way| way.to > node).find_map(next);
    }
    ahead
}
