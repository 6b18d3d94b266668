//! What follows a point of no return ends well: rules E0320 to E0322.

use wfl_ir::{Caught, NodeKind, RegionKind, Retry};
use wfl_source::{Applicability, Code, Span};

use crate::errors::open_errors;
use crate::facts::{Fact, Facts};
use crate::finding::Finding;
use crate::subject::Subject;

/// Why a node may not end well.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Failure {
    /// In a word: `Timeout`.
    pub(crate) word: String,
    /// What can happen there.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) help: String,
    /// The business error that comes up, if it is one.
    pub(crate) error: Option<Caught>,
}

/// Checks all pivots, and all that follows them.
pub(crate) fn check(subject: &Subject<'_>, facts: &Facts<'_>, found: &mut Vec<Finding>) {
    for (node, _) in subject.nodes() {
        let misplaced = match subject.is_pivot(node) {
            true => useless(subject, node)
                .or_else(|| place(subject, facts, node))
                .or_else(|| second(subject, facts, node)),
            false => None,
        };
        let pivot = facts.passed(node).next();
        found.extend(misplaced.or_else(|| gives_up(subject, facts, node, pivot?)));
    }
}

/// `pivot` on a child that has none.
fn useless(subject: &Subject<'_>, node: u32) -> Option<Finding> {
    let NodeKind::SubWorkflow(run) = &subject.node(node).kind else { return None };
    if subject.attached(node).is_none_or(|callee| callee.pivot.is_some()) {
        return None;
    }
    let short = run.workflow.rsplit('.').next().unwrap_or_default();
    let title = format!("`{short}` has no point of no return");
    let whole = subject.origin(node).whole;
    let word = Span { end: whole.start + 5, ..whole };
    let what = (Code::E0320, title, word, "`pivot` has no use here".to_owned());
    let path = subject.path(node)?;
    let mut finding = Finding { path, report: wfl_source::Diagnostic::new(what.0, what.1, what.2, what.3) };
    finding.report = finding.report.fix("remove `pivot`", word, "", Applicability::Safe);
    Some(finding)
}

fn second(subject: &Subject<'_>, facts: &Facts<'_>, node: u32) -> Option<Finding> {
    let first = facts.passed(node).find(|first| *first != node || subject.ways.rounds)?;
    let path = facts.path(subject, Fact::Passed(first), node)?;
    let title = "a second point of no return on one path".to_owned();
    let word = pivot_word(subject, node);
    let what = (Code::E0322, title, word, "may fail when the first cannot be undone".to_owned());
    let end = format!("`{}` fails → nothing can be undone any more", subject.name(node));
    let finding = Finding::new(subject, path, &end, what);
    let message = format!("`{}` is the first one", subject.name(first));
    let finding = finding.label(subject.origin(first).name, message);
    Some(finding.help("write `commit` between them if the first one is good by itself"))
}

/// The word `pivot` of a step.
fn pivot_word(subject: &Subject<'_>, node: u32) -> Span {
    let whole = subject.origin(node).whole;
    Span { end: whole.start + 5, ..whole }
}

/// Beside a point of no return nothing else may be under way.
fn place(subject: &Subject<'_>, facts: &Facts<'_>, node: u32) -> Option<Finding> {
    let kinds = subject.frames.regions(node).map(|region| &subject.plan.regions[region as usize].kind);
    let kind = kinds.into_iter().find(|kind| !matches!(kind, RegionKind::Shield | RegionKind::Body))?;
    let child = matches!(subject.node(node).kind, NodeKind::SubWorkflow(_));
    let help = "call a workflow of its own by `run`, or do it after the join";
    let (place, message, help) = match kind {
        RegionKind::Branch => ("a branch", "others are still under way", help),
        RegionKind::Item { .. } => (
            "the body of a `foreach`",
            "other items are still under way",
            "call a workflow of its own by `run`",
        ),
        _ => ("a `repeat`", "may be passed in each round", "do it behind the `repeat`, once"),
    };
    let beside = matches!(kind, RegionKind::Branch | RegionKind::Item { .. });
    let owed = facts.owed(node).next();
    let path = match (child, owed) {
        // A child is a world of its own, if nothing outside of it can still be undone.
        (true, None) => return None,
        (true, Some(step)) if beside => facts.path(subject, Fact::Owed(step), node)?,
        (true, Some(_)) => return None,
        (false, _) => subject.path(node)?,
    };
    let title = match child {
        true => "no point of no return while others are under way".to_owned(),
        false => format!("no point of no return in {place}"),
    };
    let message = if child { "steps outside can still be undone" } else { message };
    let what = (Code::E0322, title, pivot_word(subject, node), message.to_owned());
    let end = format!("`{}` ok → something beside it fails, and it cannot be undone", subject.name(node));
    let finding = Finding::new(subject, path, &end, what);
    let finding = finding.note("when something else fails then, this could not be undone with the rest");
    Some(finding.help(help))
}

/// After the point of no return every step must end well, or its failure must be handled.
fn gives_up(subject: &Subject<'_>, facts: &Facts<'_>, node: u32, pivot: u32) -> Option<Finding> {
    let failure = failure(subject, node)
        .filter(|failure| failure.error.is_none_or(|error| leaves(subject, facts, node, error, pivot)))?;
    let path = facts.path(subject, Fact::Passed(pivot), node)?;
    let name = subject.name(node);
    let title = match &subject.node(node).kind {
        NodeKind::Fail { .. } => "`fail` after the point of no return".to_owned(),
        _ => format!("`{name}` may give up after the point of no return"),
    };
    let what = (Code::E0321, title, subject.origin(node).span, failure.message.clone());
    let end = match &subject.node(node).kind {
        NodeKind::Fail { .. } => "`fail` → nothing can be undone any more".to_owned(),
        _ => format!("`{name}` {} → nothing can be undone any more", failure.word),
    };
    let finding = Finding::new(subject, path, &end, what);
    let finding = finding.label(pivot_word(subject, pivot), "from here on nothing can be undone");
    let finding = finding.note("after a pivot every step must end in success, or handle its failure");
    Some(finding.help(failure.help))
}

/// Whether an error leaves the part of the workflow that must go forward.
fn leaves(subject: &Subject<'_>, facts: &Facts<'_>, node: u32, what: Caught, pivot: u32) -> bool {
    let Some(construct) = subject.frames.taken(node, what) else { return true };
    // Handled by what stands around the pivot it comes too late; handled further inside it is good.
    construct <= pivot || !subject.frames.is_inside(subject.node(construct).scope, facts.reach_of(pivot))
}

/// Why a node may not end well, if that is so.
fn failure(subject: &Subject<'_>, node: u32) -> Option<Failure> {
    if let Some(failure) = stops(subject, node) {
        return Some(failure);
    }
    let open = open_errors(subject, node).into_iter().next()?;
    let (message, help) = match &subject.node(node).kind {
        NodeKind::Fail { .. } => (
            format!("`{}` ends what must go forward", open.name),
            "do what is left to do, and say by an event or the result what went wrong".to_owned(),
        ),
        _ => (
            format!("can still end with `{}`", open.name),
            format!("handle it here: `on {} -> …`", open.name),
        ),
    };
    Some(Failure { word: open.name, message, help, error: Some(open.what) })
}

/// Why a node may wait for a person, if that is so.
pub(crate) fn stops(subject: &Subject<'_>, node: u32) -> Option<Failure> {
    if let Some(step) = subject.attached(node).and_then(|callee| callee.gives_up.as_ref()) {
        return Some(Failure {
            word: format!("waits for a person: its step `{step}` gives up"),
            message: format!("its step `{step}` may give up"),
            help: "let that step try for ever, or handle its failure there".to_owned(),
            error: None,
        });
    }
    let handled = |what: Caught| subject.frames.handles(node, what);
    let ends = matches!(subject.retry(node), Retry::Forever { .. })
        || handled(Caught::Timeout) && handled(Caught::Unavailable);
    (subject.operation(node).is_some() && !ends).then(|| Failure {
        word: "Timeout".to_owned(),
        message: "can still end with `Timeout` or `Unavailable`".to_owned(),
        help: format!(
            "keep trying until it is done: `{} … {{ retry forever(every: 30s) }}`",
            subject.name(node)
        ),
        error: None,
    })
}
