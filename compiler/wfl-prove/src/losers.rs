//! What may be broken off leaves nothing behind that cannot be undone: rule E0323.

use std::collections::BTreeMap;

use wfl_ir::flow::JoinPolicy;
use wfl_ir::{Caught, Effect, NodeKind, RegionKind};
use wfl_source::Code;

use crate::errors::open_errors;
use crate::finding::Finding;
use crate::subject::Subject;

/// Why a branch or an item may be broken off.
#[derive(Clone)]
struct Loss {
    /// Whose part it is.
    place: &'static str,
    /// How it comes about.
    end: String,
    help: &'static str,
}

/// Checks every step whose effect stays, in all that may be broken off.
pub(crate) fn check(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let mut known: BTreeMap<u32, Option<Loss>> = BTreeMap::new();
    for (node, _) in subject.nodes() {
        // Where a pivot may stand is a rule of its own.
        let Some(step) = lasting(subject, node).filter(|_| !subject.is_pivot(node)) else { continue };
        let mut regions = subject.frames.regions(node);
        let loss = regions.find_map(|it| known.entry(it).or_insert_with(|| loss(subject, it)).clone());
        let (Some(loss), Some(path)) = (loss, subject.path(node)) else { continue };
        let title = format!("`{}` stays done when its {} is broken off", subject.name(node), loss.place);
        let what = (Code::E0323, title, subject.origin(node).span, format!("{step} cannot be undone"));
        let end = format!("`{}` ok → {}", subject.name(node), loss.end);
        let finding = Finding::new(subject, path, &end, what);
        let finding = finding.note("whether it was done would depend on who came first");
        found.push(finding.help(loss.help));
    }
}

/// What a step does that cannot be undone.
fn lasting(subject: &Subject<'_>, node: u32) -> Option<String> {
    if let Some(operation) = subject.operation(node) {
        let lasts = matches!(operation.effect, Effect::Write | Effect::Irreversible);
        return lasts.then(|| "what it does".to_owned());
    }
    let step = subject.attached(node)?.lasting.as_ref()?;
    Some(format!("what its step `{step}` does"))
}

/// Whether a region around a node may be broken off while others decide.
fn loss(subject: &Subject<'_>, region: u32) -> Option<Loss> {
    let owner = subject.frames.owner(region)?;
    match subject.plan.regions[region as usize].kind {
        RegionKind::Branch => branch(subject, region, owner),
        RegionKind::Item { .. } => item(subject, owner),
        _ => None,
    }
}

fn branch(subject: &Subject<'_>, region: u32, join: u32) -> Option<Loss> {
    let help = "do it behind the join, or make the operation `compensable by` another one";
    match subject.frames.policy(join) {
        JoinPolicy::Any | JoinPolicy::Quorum(_) => {
            Some(Loss { place: "branch", end: "another branch comes first".to_owned(), help })
        }
        JoinPolicy::All => {
            let NodeKind::Join(it) = &subject.node(join).kind else { return None };
            let NodeKind::Fork(fork) = &subject.node(it.fork).kind else { return None };
            if fork.within.is_some() {
                let help = "do it behind the join, or let the join take its time: leave `within` out";
                return Some(Loss { place: "branch", end: "the time of the join is up".to_owned(), help });
            }
            let siblings = fork.branches.iter().filter(|other| **other != region && !fork.finish);
            let (step, error) = siblings.into_iter().find_map(|other| fails(subject, *other, join))?;
            let end = format!("`{step}` {error} in the branch beside it");
            Some(Loss {
                place: "branch",
                end,
                help: "do it behind the join, or write `join all on failure finish`",
            })
        }
    }
}

fn item(subject: &Subject<'_>, map: u32) -> Option<Loss> {
    let NodeKind::Map(it) = &subject.node(map).kind else { return None };
    // One after the other, none is under way when another one fails.
    if it.tolerated.is_some() || it.limit == Some(1) {
        return None;
    }
    let (step, error) = fails(subject, it.region, map)?;
    let end = format!("`{step}` {error} for another item");
    let help = "do it behind the `foreach`, or let failures be borne: `tolerate 100%`";
    Some(Loss { place: "item", end, help })
}

/// A step of a region that can end it with a business error.
fn fails(subject: &Subject<'_>, region: u32, construct: u32) -> Option<(String, String)> {
    let inside = |node: u32| subject.frames.regions(node).any(|around| around == region);
    // A handler of the construct itself takes it when the branch is broken off already.
    let escapes = |node: u32, what: Caught| {
        subject.frames.taken(node, what).is_none_or(|by| by == construct || !inside(by))
    };
    subject.nodes().filter(|(node, _)| inside(*node)).find_map(|(node, it)| {
        let open = open_errors(subject, node).into_iter().find(|open| escapes(node, open.what))?;
        let fails = matches!(it.kind, NodeKind::Fail { .. });
        Some((if fails { "fail".to_owned() } else { subject.name(node) }, open.name))
    })
}
