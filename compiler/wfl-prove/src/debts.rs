//! Nobody leaves open what becomes of what was done: rules E0312, E0313 and E0320, and the warning W0404.

use wfl_ir::{Caught, EdgeKind, NodeKind};
use wfl_lower::WayOut;
use wfl_source::{Applicability, Code, Diagnostic, Edit, Fix, Span};

use crate::facts::{Fact, Facts};
use crate::finding::Finding;
use crate::path::Path;
use crate::subject::Subject;
use crate::ways::{By, Way};

/// Checks every place where something that is owed would be left behind.
pub(crate) fn check(subject: &Subject<'_>, facts: &Facts<'_>, found: &mut Vec<Finding>) {
    for (node, it) in subject.nodes() {
        match &it.kind {
            NodeKind::Return { .. } if is_inside(subject, node) => {
                found.extend(left_open(subject, facts, "return", node, None));
            }
            NodeKind::Fail { error, .. } if is_inside(subject, node) => {
                let taken = subject.frames.taken(node, Caught::Error(*error));
                // The debts of the scope around whoever takes it are left alone.
                let around = taken.map(|construct| subject.node(construct).scope);
                found.extend(left_open(subject, facts, "fail", node, around));
            }
            NodeKind::Restart { .. } => found.extend(restarts(subject, facts, node)),
            NodeKind::Emit { event, .. } => {
                found.extend(told_early(subject, facts, node, subject.type_name(*event)));
            }
            NodeKind::SubWorkflow(run) if !run.pivot => {
                found.extend(child_pivot(subject, facts, node));
                let event = subject.attached(node).and_then(|callee| callee.emits.as_deref());
                found.extend(event.and_then(|event| told_early(subject, facts, node, event)));
            }
            _ => {}
        }
    }
    for way in subject.claim.lowered.ways_out.iter().filter(|way| way.in_handler) {
        found.extend(yields(subject, facts, way));
    }
}

/// In the body itself, outside of handlers, a `return` commits.
fn is_inside(subject: &Subject<'_>, node: u32) -> bool {
    subject.node(node).scope != 0 || subject.origin(node).in_handler
}

fn left_open(
    subject: &Subject<'_>,
    facts: &Facts<'_>,
    word: &str,
    node: u32,
    around: Option<u32>,
) -> Option<Finding> {
    let owed = facts.owed(node).filter(|step| is_left(subject, facts, *step, node, around));
    let owed = owed.collect::<Vec<_>>();
    let path = facts.path(subject, Fact::Owed(*owed.first()?), node)?;
    Some(leaves_open(subject, word, subject.origin(node).span, &owed, path))
}

/// Whether an exit that stays within the scope `around` leaves what a step owes.
fn is_left(subject: &Subject<'_>, facts: &Facts<'_>, step: u32, node: u32, around: Option<u32>) -> bool {
    let holder = facts.holder(step, node);
    around.is_none_or(|around| subject.frames.depth(holder) > subject.frames.depth(around))
}

/// `yield` in a handler. What is owed around the construct that is left stays owed there.
fn yields(subject: &Subject<'_>, facts: &Facts<'_>, out: &WayOut) -> Option<Finding> {
    let ways = out.from.iter().filter_map(|(node, kind)| {
        subject.ways.from(*node).find(|way| way.at == *node && way.by == By::Edge(*kind))
    });
    let mut owed: Vec<u32> = Vec::new();
    let mut last: Option<(Way, u32)> = None;
    for way in ways {
        for step in facts.owed_on(way) {
            let left = is_left(subject, facts, step, way.from, Some(out.around));
            if left && !owed.contains(&step) {
                owed.push(step);
                last = last.or(Some((way, step)));
            }
        }
    }
    let (way, step) = last?;
    let succeeds = way.from == step && way.by == By::Edge(EdgeKind::Order);
    let mut path = match succeeds {
        true => facts.path(subject, Fact::Free, step)?,
        false => facts.path(subject, Fact::Owed(step), way.from)?,
    };
    path.push(way);
    Some(leaves_open(subject, "yield", out.span, &owed, path))
}

fn leaves_open(subject: &Subject<'_>, word: &str, span: Span, owed: &[u32], path: Path) -> Finding {
    let title = format!("`{word}` leaves open what becomes of the steps before it");
    let what = (Code::E0312, title, span, "kept or undone?".to_owned());
    let mut finding = Finding::new(subject, path, &format!("`{word}`"), what);
    for step in owed {
        let message = format!("`{}` can be undone, and has not been", subject.name(*step));
        finding = finding.label(subject.origin(*step).name, message);
    }
    let mut finding = finding
        .note("money must not be left on hold because nobody decided about it")
        .help(format!("write `rollback` before `{word}` to undo them, or `commit` to keep them"));
    finding.report.fixes.push(undo_first(subject, span));
    finding
}

/// `rollback` before the statement; in braces where it is the whole of an action.
fn undo_first(subject: &Subject<'_>, span: Span) -> Fix {
    let before = subject.claim.files.text_before(span);
    let (open, close) =
        if before.trim_end().ends_with("->") { ("{ rollback ", " }") } else { ("rollback ", "") };
    let edits = [
        Edit { span: Span { end: span.start, ..span }, replacement: open.to_owned() },
        Edit { span: span.after(), replacement: close.to_owned() },
    ];
    let edits = edits.into_iter().filter(|edit| !edit.replacement.is_empty()).collect();
    Fix { title: "undo them first".to_owned(), edits, applicability: Applicability::Maybe }
}

/// `restart`: the instance begins anew, with nothing of what it did.
fn restarts(subject: &Subject<'_>, facts: &Facts<'_>, node: u32) -> Option<Finding> {
    let owed =
        facts.owed(node).next().and_then(|step| Some((step, facts.path(subject, Fact::Owed(step), node)?)));
    let (step, path) = owed.or_else(|| done_since_pivot(subject, facts, node))?;
    let title = format!("`restart` would forget that `{}` can be undone", subject.name(step));
    let what = (Code::E0313, title, subject.origin(node).span, "begins anew".to_owned());
    let finding = Finding::new(subject, path, "`restart`", what);
    let finding = finding.label(subject.origin(step).name, "done, and not settled");
    let finding = finding.note("what was done before a restart cannot be undone after it");
    Some(finding.help("write `commit` before it to keep the steps, or `rollback` to undo them"))
}

/// A step behind a point of no return that could be undone, and that nobody has settled since.
fn done_since_pivot(subject: &Subject<'_>, facts: &Facts<'_>, node: u32) -> Option<(u32, Path)> {
    facts.passed(node).next()?;
    let succeeds = |way: &Way| way.by == By::Edge(EdgeKind::Order) && way.from == way.at;
    let settles = |way: Way| match subject.node(way.from).kind {
        NodeKind::Commit | NodeKind::Rollback => true,
        _ => subject.is_pivot(way.from) && succeeds(&way),
    };
    let steps =
        subject.nodes().map(|(step, _)| step).filter(|step| subject.owes(*step) && !subject.is_pivot(*step));
    steps.into_iter().find_map(|step| {
        let success = subject.ways.from(step).find(succeeds)?;
        let after = subject.search(node, |way| !settles(way), |at| at == success.to)?;
        let mut path = subject.path(step)?;
        path.push(success);
        path.extend(after);
        Some((step, path))
    })
}

fn told_early(subject: &Subject<'_>, facts: &Facts<'_>, node: u32, event: &str) -> Option<Finding> {
    let step = facts.owed(node).next()?;
    let path = facts.path(subject, Fact::Owed(step), node)?;
    let title = format!("`{event}` is published before `{}` is settled", subject.name(step));
    let report = Diagnostic::new(Code::W0404, title, subject.origin(node).span, "cannot be called back");
    let report = report.label(subject.origin(step).name, "may still be undone");
    let report = report.note("an event that was published stays published when the saga is undone");
    Some(Finding { report, path })
}

/// A child that passes a point of no return, while its parent can still undo something.
fn child_pivot(subject: &Subject<'_>, facts: &Facts<'_>, node: u32) -> Option<Finding> {
    let pivot = subject.attached(node)?.pivot.as_ref()?;
    let step = facts.owed(node).next()?;
    let path = facts.path(subject, Fact::Owed(step), node)?;
    let NodeKind::SubWorkflow(run) = &subject.node(node).kind else { return None };
    let short = run.workflow.rsplit('.').next().unwrap_or_default();
    let title = format!("`{short}` cannot be taken back; the step must say `pivot`");
    let whole = subject.origin(node).whole;
    let word = Span { end: whole.start + 4, ..whole };
    let what = (Code::E0320, title, word, "a point of no return stands in it".to_owned());
    let end = format!("`{pivot}` ok → `{}` cannot be undone any more", subject.name(step));
    let mut finding = Finding::new(subject, path, &end, what);
    finding =
        finding.label(subject.origin(step).name, format!("`{}` can still be undone", subject.name(step)));
    finding = finding.note("once the child has passed its point of no return, these steps are kept");
    let place = Span { end: whole.start, ..whole };
    finding.report = finding.report.fix("write `pivot step`", place, "pivot ", Applicability::Safe);
    Some(finding)
}
