//! All rules over one workflow.

use wfl_ir::{Effect, NodeKind};

use crate::cost::{Cost, cost};
use crate::facts::Facts;
use crate::finding::Finding;
use crate::sources::Sources;
use crate::subject::{Claim, Subject};
use crate::summary::{Lapse, Summary};
use crate::timing::{Timing, timing, until_deadline};
use crate::{debts, forever, hazards, keys, late, losers, pivot, policies, twins};

/// What is known of a workflow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// What it is to those that start it.
    pub summary: Summary,
    /// How long it and its parts take.
    pub times: Timing,
    /// What it does at most.
    pub cost: Cost,
}

/// Proves a workflow, or finds what is wrong with it. Linear in its ways, times a 64th of its steps with an effect.
pub fn prove(claim: Claim<'_>) -> Proof {
    let subject = Subject::new(claim);
    let facts = Facts::of(&subject);
    let sources = Sources::of(subject.plan);
    let mut findings = Vec::new();
    debts::check(&subject, &facts, &mut findings);
    pivot::check(&subject, &facts, &mut findings);
    losers::check(&subject, &mut findings);
    keys::check(&subject, &sources, &mut findings);
    twins::check(&subject, &sources, &mut findings);
    forever::check(&subject, &facts, &mut findings);
    let (keeps, heeds) = policies::check(&subject, &sources, &mut findings);
    hazards::check(&subject, &sources, &mut findings);
    let times = timing(&subject, &sources);
    let until = until_deadline(&subject, &sources, &facts);
    late::check(&subject, &facts, &until, &mut findings);
    let time = Lapse { whole: times.whole, until: until.whole.worst, undo: times.undo };
    let cost = cost(&subject, &sources);
    let endless = forever::endless(&subject, &facts);
    let summary = Summary { time, keeps, heeds, endless, cost: cost.calls.clone(), ..summary(&subject) };
    Proof { findings, summary, times, cost }
}

fn summary(subject: &Subject<'_>) -> Summary {
    let mut summary = Summary::default();
    for (node, _) in subject.nodes() {
        let name = || subject.name(node);
        let attached = subject.attached(node);
        if subject.is_pivot(node) {
            let of_child = attached.and_then(|callee| callee.pivot.clone());
            summary.pivot = summary.pivot.or_else(|| of_child.or_else(|| Some(name())));
        } else if let Some(pivot) = attached.and_then(|callee| callee.pivot.clone()) {
            summary.pivot = summary.pivot.or(Some(pivot));
        }
        let emits = match &subject.node(node).kind {
            NodeKind::Emit { event, .. } => Some(subject.type_name(*event).to_owned()),
            _ => attached.and_then(|callee| callee.emits.clone()),
        };
        summary.emits = summary.emits.or(emits);
        if subject.owes(node) {
            summary.owes = summary.owes.or_else(|| Some(name()));
        }
        let lasts = match (subject.operation(node), attached) {
            (Some(operation), _) => {
                matches!(operation.effect, Effect::Write | Effect::Irreversible).then(name)
            }
            (None, Some(callee)) => callee.lasting.clone(),
            (None, None) => None,
        };
        summary.lasting = summary.lasting.or(lasts);
        let own = subject.operation(node).and_then(|_| pivot::stops(subject, node)).map(|_| name());
        let stops = own.or_else(|| attached.and_then(|callee| callee.gives_up.clone()));
        summary.gives_up = summary.gives_up.or(stops);
    }
    summary
}
