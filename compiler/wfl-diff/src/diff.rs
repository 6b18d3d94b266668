//! From two compiled projects to what differs.

use wfl_compiler::{Compilation, Compiled};

use crate::graph::Pair;
use crate::interface::interface;
use crate::limits::{limits, policies};
use crate::model::{Bump, Diff, FORMAT, Finding, Grade, Impact, Presence, Sides, WorkflowDiff};
use crate::operations::operations;
use crate::positions::migration;
use crate::workflows::{Both, matched};

/// What differs between two projects without errors.
pub fn diff(old: &Compilation, new: &Compilation) -> Diff {
    let policies = policies(&old.policies, &new.policies);
    let mut found = Diff {
        format: FORMAT,
        grade: grade_of(&policies),
        policies,
        workflows: Vec::new(),
        unchanged: Vec::new(),
    };
    for both in matched(old, new) {
        match both {
            Both { old: Some(from), new: Some(to) } if from.hash == to.hash && from.name == to.name => {
                found.unchanged.push(to.name.clone());
            }
            both => found.workflows.extend(workflow(old, new, both)),
        }
    }
    found.workflows.sort_by(|one, other| one.name.cmp(&other.name));
    let grades = found.workflows.iter().map(|it| it.grade);
    found.grade = grades.fold(found.grade, Grade::max);
    found
}

fn grade_of(findings: &[Finding]) -> Grade {
    let grade = |it: &Finding| match it.impact {
        Impact::Breaking => Grade::Major,
        Impact::Compatible => Grade::Minor,
    };
    findings.iter().map(grade).max().unwrap_or_default()
}

fn workflow(old: &Compilation, new: &Compilation, both: Both<'_>) -> Option<WorkflowDiff> {
    let some = both.new.or(both.old)?;
    let hash = |it: Option<&Compiled>| it.map(|it| it.hash.to_string());
    let mut told = WorkflowDiff {
        name: some.name.clone(),
        was: None,
        presence: Presence::Kept,
        grade: Grade::Minor,
        versions: Sides { old: both.old.map(|it| it.plan.version), new: both.new.map(|it| it.plan.version) },
        plans: Sides { old: hash(both.old), new: hash(both.new) },
        bump: Bump::NotNeeded,
        interface: Vec::new(),
        operations: Vec::new(),
        limits: Vec::new(),
        graph: Vec::new(),
        migration: None,
    };
    let (from, to) = match (both.old, both.new) {
        (Some(from), Some(to)) => (from, to),
        (None, _) => {
            told.presence = Presence::Added;
            return Some(told);
        }
        (Some(_), None) => {
            (told.presence, told.grade) = (Presence::Removed, Grade::Major);
            return Some(told);
        }
    };
    let said = new.migrations.iter().find(|it| it.workflow == to.name && it.from == from.plan.version);
    let pair = Pair::of(&from.plan, &to.plan, said);
    told.was = (from.name != to.name).then(|| from.name.clone());
    told.interface = interface(&pair);
    if let Some(was) = &told.was {
        let (change, why) = (format!("was {was}"), "starts by the old name are refused now");
        told.interface.insert(0, Finding::breaking("name", change, why));
    }
    told.operations = operations(&pair);
    told.limits = limits(&pair);
    told.graph = pair.changes();
    told.grade = grade(&told, from, to);
    told.bump = match (from.hash == to.hash, to.plan.version > from.plan.version) {
        (true, _) => Bump::NotNeeded,
        (false, true) => Bump::Done,
        (false, false) => Bump::Missing,
    };
    if from.hash != to.hash {
        told.migration = Some(migration(&pair, said, old));
    }
    Some(told)
}

/// Another plan is at least a minor change, but for one that differs in nothing but its version.
fn grade(told: &WorkflowDiff, from: &Compiled, to: &Compiled) -> Grade {
    let mut plan = to.plan.clone();
    plan.version = from.plan.version;
    let inside = if plan == from.plan { Grade::Patch } else { Grade::Minor };
    told.findings().map(|it| grade_of(std::slice::from_ref(it))).fold(inside, Grade::max)
}
