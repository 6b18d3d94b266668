//! What an auditor asks about a project, as data: what cannot be undone, who decides, what leaves, and what was allowed.

mod model;
mod syntax;
mod scene;
mod labels;
mod uses;
mod seen;
mod outside;
mod people;
mod data;
mod exits;
mod allowed;

use crate::audit::labels::Labels;
use crate::audit::scene::Scene;
use crate::notes::only_text;

pub use model::{
    Allowance, Approval, Asked, Audit, Call, Confirm, Declassification, Effect, Escalation, Exit, FORMAT,
    Holder, Idempotent, Labelled, Operation, Parameter, Place, Policy, Redaction, Role, Rule, RuleName,
    RuledCall, Shown, Silenced, Summary, Typed, Use, Workflow,
};
pub(crate) use scene::{Planned, Project, Source};
pub use seen::label_word;

/// The report about a project that has no errors.
pub(crate) fn audit(project: Project<'_>) -> Audit {
    let scene = Scene::new(project);
    let labels = Labels::new(&scene);
    let uses = uses::uses(&scene);
    let policies = people::policies(&scene, &uses);
    let approvals = people::approvals(&scene, &labels);
    let operations = outside::operations(&scene, &labels, &uses, &policies);
    let exits = exits::exits(&scene, &labels, &operations, &approvals);
    let mut audit = Audit {
        format: FORMAT,
        project: project.manifest.project.name.clone(),
        summary: Summary::default(),
        workflows: workflows(&scene),
        declassifications: seen::declassifications(&scene),
        redactions: seen::redactions(&scene),
        operations,
        approvals,
        policies,
        labels: data::labelled(&scene, &labels),
        exits,
        allowances: allowed::allowances(&scene),
        silenced: allowed::silenced(&scene),
    };
    audit.summary = summary(project, &audit);
    audit
}

fn workflows(scene: &Scene<'_>) -> Vec<Workflow> {
    let all = scene.own_workflows().map(|(written, meant)| {
        let attributes = &written.item.attributes;
        let plan = scene.project.plans.get(meant.name.as_str());
        Workflow {
            name: meant.name.to_string(),
            version: meant.version,
            plan: plan.map(|it| it.hash.to_string()).unwrap_or_default(),
            owner: meant.owner.clone(),
            runbook: only_text(attributes, "runbook").map(str::to_owned),
            key: written.ast.key.as_ref().map(|key| scene.text(key.span)).unwrap_or_default(),
            deadline: meant.deadline.map(|it| it.to_string()),
            compensation_deadline: meant.compensation_deadline.map(|it| it.to_string()),
            place: scene.place(meant.span),
        }
    });
    let mut all = all.collect::<Vec<_>>();
    all.sort_by(|one, other| one.place.cmp(&other.place));
    all
}

fn summary(project: Project<'_>, audit: &Audit) -> Summary {
    let irreversible = || audit.operations.iter().filter(|it| it.effect == Effect::Irreversible);
    let calls = irreversible().flat_map(|it| &it.uses).filter(|it| it.role == Role::Step);
    Summary {
        modules: project.sources.iter().filter(|source| source.own).count(),
        warnings: project.warnings,
        workflows: audit.workflows.len(),
        declassifications: audit.declassifications.len(),
        redactions: audit.redactions.len(),
        operations: audit.operations.len(),
        irreversible: irreversible().count(),
        irreversible_calls: calls.count(),
        unreached: audit.operations.iter().filter(|it| it.uses.is_empty()).count(),
        approvals: audit.approvals.len(),
        policies: audit.policies.len(),
        rules: audit.policies.iter().map(|it| it.rules.len()).sum(),
        labels: audit.labels.len(),
        exits: audit.exits.len(),
        allowances: audit.allowances.len(),
        silenced: audit.silenced.len(),
    }
}
