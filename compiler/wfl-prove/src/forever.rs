//! Before the point of no return nothing is tried for ever: rule E0604. What is held for it would never be let go.

use wfl_ir::Retry;
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
        if !matches!(subject.retry(node), Retry::Forever { .. }) || !facts.holds(node, Fact::Free) {
            continue;
        }
        let (Some(pivot), Some(path)) = (ahead[node as usize], facts.path(subject, Fact::Free, node)) else {
            continue;
        };
        let name = subject.name(node);
        let title = format!("`{name}` is tried for ever before the point of no return");
        let message = "may never end".to_owned();
        let what = (Code::E0604, title, subject.origin(node).span, message);
        let end = format!("`{name}` Timeout, again and again → what is held is never let go");
        let finding = Finding::new(subject, path, &end, what);
        let label = format!("`{}` is the point of no return", subject.name(pivot));
        let finding = finding.label(subject.origin(pivot).name, label);
        let finding =
            finding.note("before it everything can still be undone, so nothing has to be waited for");
        found.push(finding.help("give it a number of attempts, or the workflow a `deadline`"));
    }
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
