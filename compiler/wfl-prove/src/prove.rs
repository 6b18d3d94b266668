//! All rules over one workflow.

use wfl_ir::Effect;

use crate::facts::Facts;
use crate::finding::Finding;
use crate::subject::{Claim, Subject};
use crate::summary::Summary;
use crate::{debts, forever, keys, losers, pivot};

/// What is known of a workflow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// What it is to those that start it.
    pub summary: Summary,
}

/// Proves a workflow, or finds what is wrong with it. Linear in its ways, times a 64th of its steps with an effect.
pub fn prove(claim: Claim<'_>) -> Proof {
    let subject = Subject::new(claim);
    let facts = Facts::of(&subject);
    let mut findings = Vec::new();
    debts::check(&subject, &facts, &mut findings);
    pivot::check(&subject, &facts, &mut findings);
    losers::check(&subject, &mut findings);
    keys::check(&subject, &mut findings);
    forever::check(&subject, &facts, &mut findings);
    Proof { findings, summary: summary(&subject) }
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
