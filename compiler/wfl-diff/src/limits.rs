//! Deadlines, limits, priorities, who decides how: what bounds a run; and the policies of a project.

use wfl_compiler::{Policy, PolicyRule};
use wfl_ir::flow::{AwaitKind, Task};
use wfl_ir::{Duration, NodeKind, Plan};

use crate::graph::Pair;
use crate::model::Finding;
use crate::texts::{Text, shortened};

/// What bounds the runs of a workflow.
pub(crate) fn limits(pair: &Pair<'_>) -> Vec<Finding> {
    let (old, new) = (pair.old.plan, pair.new.plan);
    let mut found = Vec::new();
    found.extend(deadline("deadline", old.deadline, new.deadline));
    found.extend(deadline("compensation deadline", old.compensation_deadline, new.compensation_deadline));
    let limit = |plan: &Plan, texts: &crate::texts::Texts<'_>| {
        plan.limit.as_ref().map(|(count, per)| {
            let per = per.as_ref().map(|per| texts.expr(per));
            let text =
                |per: Option<String>| per.map_or(count.to_string(), |per| format!("{count} per {per}"));
            let (key, show) = per.map_or((None, None), |per| (Some(per.key), Some(per.show)));
            Text { key: text(key), show: text(show) }
        })
    };
    let why = "how many instances run at once";
    found.extend(other("limit", limit(old, &pair.old), limit(new, &pair.new), why));
    let priority = (
        old.priority.as_ref().map(|it| pair.old.expr(it)),
        new.priority.as_ref().map(|it| pair.new.expr(it)),
    );
    found.extend(other("priority", priority.0, priority.1, "which instances come first"));
    decisions(pair, &mut found);
    found
}

fn deadline(path: &str, was: Option<Duration>, is: Option<Duration>) -> Option<Finding> {
    let text = |time: Option<Duration>| time.map_or("none".to_owned(), |time| time.to_string());
    if was == is {
        return None;
    }
    let shorter = is.is_some_and(|is| was.is_none_or(|was| is < was));
    let why = if shorter { "instances have less time" } else { "instances have more time" };
    Some(Finding::fine(path, format!("was {}, is {}", text(was), text(is)), why))
}

fn other(path: &str, was: Option<Text>, is: Option<Text>, why: &str) -> Option<Finding> {
    let key = |text: &Option<Text>| text.as_ref().map(|text| text.key.clone());
    if key(&was) == key(&is) {
        return None;
    }
    let show = |text: Option<Text>| text.map_or("none".to_owned(), |text| shortened(&text.show));
    Some(Finding::fine(path, format!("was {}, is {}", show(was), show(is)), why))
}

fn tasks(plan: &Plan) -> impl Iterator<Item = (u32, &Task)> {
    (0..).zip(&plan.nodes).filter_map(|(at, node)| match &node.kind {
        NodeKind::Await(awaited) => match &awaited.kind {
            AwaitKind::Human(task) => Some((at, &**task)),
            AwaitKind::Signal { .. } => None,
        },
        _ => None,
    })
}

/// Who decides, and how many of them.
fn decisions(pair: &Pair<'_>, found: &mut Vec<Finding>) {
    for (at, was) in tasks(pair.old.plan) {
        let to = pair.matching.to_new(at);
        let Some((_, is)) = tasks(pair.new.plan).find(|(now, _)| Some(*now) == to) else { continue };
        let path = format!("task {}", was.name);
        if is.approvals != was.approvals {
            let change = format!("needed {}, needs {} equal answers", was.approvals, is.approvals);
            found.push(match is.approvals < was.approvals {
                true => Finding::breaking(&path, change, "fewer people decide"),
                false => Finding::fine(&path, change, "more people decide"),
            });
        }
        let (from, to) = (pair.old.expr(&was.role), pair.new.expr(&is.role));
        if from.key != to.key {
            let change = format!("asked {}, asks {}", from.show, to.show);
            found.push(Finding::breaking(&path, change, "others decide than before"));
        }
    }
}

/// What differs in the policies of a project.
pub(crate) fn policies(old: &[Policy], new: &[Policy]) -> Vec<Finding> {
    let mut found = Vec::new();
    for was in old {
        let same = |it: &&Policy| it.title == was.title;
        // A policy with another title that says the same is the same.
        let now = new.iter().find(same).or_else(|| new.iter().find(|it| it.rules == was.rules));
        let path = format!("policy \"{}\"", was.title);
        match now {
            Some(now) => rules(&path, was, now, &mut found),
            None => {
                let why = "calls that needed a person need none";
                found.push(Finding::breaking(path, "is gone", why));
            }
        }
    }
    let is_new = |it: &&Policy| old.iter().all(|was| was.title != it.title && was.rules != it.rules);
    for policy in new.iter().filter(is_new) {
        let path = format!("policy \"{}\"", policy.title);
        found.push(Finding::fine(path, "is new", "more calls need a person"));
    }
    found
}

fn rules(path: &str, old: &Policy, new: &Policy, found: &mut Vec<Finding>) {
    let mut rest: Vec<&PolicyRule> = new.rules.iter().collect();
    for was in &old.rules {
        let path = format!("{path} {}", was.target);
        let exact = rest.iter().position(|it| *it == was);
        match exact.or_else(|| rest.iter().position(|it| it.target == was.target)) {
            Some(place) => rule(&path, was, rest.remove(place), found),
            None => found.push(Finding::breaking(
                path,
                "the rule is gone",
                "calls that needed a person need none",
            )),
        }
    }
    for rule in rest {
        found.push(Finding::fine(
            format!("{path} {}", rule.target),
            "a new rule",
            "more calls need a person",
        ));
    }
}

fn rule(path: &str, was: &PolicyRule, is: &PolicyRule, found: &mut Vec<Finding>) {
    if is.approvals != was.approvals {
        let change = format!("needed {}, needs {} approvals", was.approvals, is.approvals);
        found.push(match is.approvals < was.approvals {
            true => Finding::breaking(path, change, "fewer people approve"),
            false => Finding::fine(path, change, "more people approve"),
        });
    }
    if is.role != was.role {
        let change = format!("asked \"{}\", asks \"{}\"", was.role, is.role);
        found.push(Finding::breaking(path, change, "others approve than before"));
    }
    if is.condition != was.condition {
        let text =
            |it: &Option<String>| it.as_deref().map_or("always".to_owned(), |it| format!("where {it}"));
        let change = format!("held {}, holds {}", text(&was.condition), text(&is.condition));
        found.push(match &is.condition {
            None => Finding::fine(path, change, "more calls need a person"),
            Some(_) => Finding::breaking(path, change, "calls that needed a person may need none"),
        });
    }
    for operation in was.operations.iter().filter(|it| !is.operations.contains(it)) {
        let change = format!("does not hold for {operation} any more");
        found.push(Finding::breaking(path, change, "its calls need nobody"));
    }
    for operation in is.operations.iter().filter(|it| !was.operations.contains(it)) {
        found.push(Finding::fine(path, format!("holds for {operation} too"), "more calls need a person"));
    }
}
