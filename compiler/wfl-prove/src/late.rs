//! Deadlines that cannot be kept: rules E0601, W0602 and E0603.

use wfl_ir::{Duration, NodeKind, RegionKind};
use wfl_source::{Code, Diagnostic};

use crate::bounds::Worst;
use crate::clock::waits_for_ever;
use crate::facts::{Fact, Facts};
use crate::finding::Finding;
use crate::path::Path;
use crate::subject::Subject;
use crate::timing::Timing;

/// How many steps of a critical path are told.
const TOLD: usize = 6;

/// Checks the deadline of a workflow.
pub(crate) fn check(subject: &Subject<'_>, facts: &Facts<'_>, until: &Timing, found: &mut Vec<Finding>) {
    let Some(deadline) = subject.plan.deadline else { return };
    endless(subject, facts, deadline, found);
    if until.whole.best > deadline {
        found.extend(never(subject, until, deadline));
    } else if until.whole.worst.known > deadline {
        found.extend(late(subject, until, deadline));
    }
}

/// Even if everything goes well, the deadline passes.
fn never(subject: &Subject<'_>, timing: &Timing, deadline: Duration) -> Option<Finding> {
    let short = subject.workflow().short_name.clone();
    let best = timing.whole.best;
    let title = format!("`{short}` never ends before its deadline");
    let message = format!("takes {best} at least, and has {deadline}");
    let slow = subject
        .nodes()
        .map(|(node, _)| node)
        .max_by_key(|node| (timing.takes[*node as usize].best, std::cmp::Reverse(*node)))?;
    let path = subject.path(slow)?;
    let end =
        format!("{best} have passed at least → the deadline of {deadline} is over → everything is undone");
    let what = (Code::E0601, title, subject.workflow().span, message);
    let finding = Finding::new(subject, path, &end, what);
    let takes = timing.takes[slow as usize].best;
    let finding = match takes > Duration(0) {
        true => finding.label(subject.origin(slow).span, format!("takes {takes} at least")),
        false => finding,
    };
    Some(finding.help(format!("give it more time: `deadline {}`, or let it wait less", enough(best))))
}

/// If everything goes as badly as it can, the deadline passes.
fn late(subject: &Subject<'_>, until: &Timing, deadline: Duration) -> Option<Finding> {
    let short = subject.workflow().short_name.clone();
    let worst = until.whole.worst.known;
    let title = format!("`{short}` may miss its deadline");
    let message = format!("takes up to {worst}, and has {deadline}");
    let told = critical(subject, until);
    let report = Diagnostic::new(Code::W0602, title, subject.workflow().span, message);
    let report = report.note(format!("failing run: {told} → the deadline passes → everything is undone"));
    let slow = until.critical.iter().max_by_key(|(_, takes)| takes.known)?;
    if matches!(subject.node(slow.0).kind, NodeKind::Await(_)) && slow.1.known > deadline {
        // Of a wait that is longer than the deadline something else tells.
        return None;
    }
    let path: Path = subject.path(slow.0)?;
    let label = format!("up to {}", slow.1.known);
    let finding = Finding { report: report.label(subject.origin(slow.0).span, label), path };
    let finding = finding.note("`wflc check --time` shows how long everything takes");
    Some(
        finding.help(format!("give it more time: `deadline {}`, or let it try and wait less", enough(worst))),
    )
}

/// The critical path in one line: `experian` 45s → `Underwriting` 10d.
fn critical(subject: &Subject<'_>, timing: &Timing) -> String {
    let known = |(_, takes): &&(u32, Worst)| takes.known > Duration(0);
    let all = timing.critical.iter().filter(known);
    let mut told =
        all.map(|(node, takes)| format!("{} {}", event(subject, *node), takes.known)).collect::<Vec<_>>();
    if told.len() > TOLD {
        // What takes longest is told.
        let mut longest =
            timing.critical.iter().filter(known).map(|(_, takes)| takes.known).collect::<Vec<_>>();
        longest.sort();
        let least = longest[longest.len() - TOLD];
        let left = timing.critical.iter().filter(known).zip(told);
        told = left.filter(|((_, takes), _)| takes.known >= least).map(|(_, told)| told).collect();
        told.push("…".to_owned());
    }
    told.join(" → ")
}

fn event(subject: &Subject<'_>, node: u32) -> String {
    match &subject.node(node).kind {
        NodeKind::Rollback => "undoing".to_owned(),
        NodeKind::Timer { .. } => "waiting".to_owned(),
        _ => format!("`{}`", subject.name(node)),
    }
}

/// A round time that is enough.
fn enough(time: Duration) -> Duration {
    const STEPS: [i64; 4] = [1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000];
    let step = STEPS.into_iter().rev().find(|step| time.0 >= *step).unwrap_or(STEPS[0]);
    // A time that no literal can say is of no help, but it is no worse than the time itself.
    Duration(time.0.div_euclid(step).saturating_add(1).saturating_mul(step))
}

/// An `await` without a timeout in a workflow that has a deadline: when the deadline passes everything is undone, and
/// nobody has said what is to become of who was asked.
fn endless(subject: &Subject<'_>, facts: &Facts<'_>, deadline: Duration, found: &mut Vec<Finding>) {
    for (node, _) in subject.nodes() {
        // Behind the point of no return the deadline is an alarm, and undoes nothing.
        let counts = facts.holds(node, Fact::Free) && !broken_off(subject, node);
        let why = waits_for_ever(subject, node).or_else(|| child_waits(subject, node));
        let Some(why) = why.filter(|_| counts) else {
            continue;
        };
        let Some(path) = subject.path(node) else { continue };
        let name = subject.name(node);
        let title = format!("`{name}` waits without an end, but there is a deadline");
        let what = (Code::E0603, title, subject.origin(node).span, why.to_owned());
        let end = format!("{why} → the deadline of {deadline} passes → everything is undone");
        let finding = Finding::new(subject, path, &end, what);
        found.push(finding.help("say how long, and what happens then: `timeout 2d -> fail Expired`"));
    }
}

/// Whether a child waits without an end, and its parent for it.
fn child_waits(subject: &Subject<'_>, node: u32) -> Option<&'static str> {
    match &subject.node(node).kind {
        NodeKind::SubWorkflow(run) if run.timeout.is_none() => {
            let callee = subject.origin(node).callee?;
            // Its own deadline ends it, and is held against its waits there.
            let ends = subject.claim.program.workflows[callee as usize].deadline.is_some();
            let waits = subject.attached(node)?.time.until.open.waits;
            (waits && !ends).then_some("somebody may never answer in it")
        }
        _ => None,
    }
}

/// Whether a branch around a node is broken off in time.
fn broken_off(subject: &Subject<'_>, node: u32) -> bool {
    let fork = |join: u32| match &subject.node(join).kind {
        NodeKind::Join(join) => Some(&subject.node(join.fork).kind),
        _ => None,
    };
    subject.frames.regions(node).any(|region| {
        let is_branch = subject.plan.regions[region as usize].kind == RegionKind::Branch;
        let owner = subject.frames.owner(region).filter(|_| is_branch).and_then(fork);
        matches!(owner, Some(NodeKind::Fork(it)) if it.within.is_some())
    })
}
