//! What a workflow takes and gives: input, result, errors, messages, decisions, events, what it is found by.

use std::collections::BTreeMap;

use wfl_ir::flow::{Await, AwaitKind};
use wfl_ir::{NodeKind, Plan, Type, TypeKind};

use crate::compat::{Compare, Direction};
use crate::graph::Pair;
use crate::model::Finding;
use crate::texts::shortened;

/// All differences.
pub(crate) fn interface(pair: &Pair<'_>) -> Vec<Finding> {
    let (old, new) = (pair.old.plan, pair.new.plan);
    let mut found = Vec::new();
    let mut input = Compare::new(old.library(), new.library(), Direction::In);
    input.fields("input", &old.params, &new.params);
    found.append(&mut input.findings);
    let mut result = Compare::new(old.library(), new.library(), Direction::Out);
    result.types("result", (&old.result, None), (&new.result, None));
    found.append(&mut result.findings);
    raises(old, new, &mut found);
    waits(old, new, &mut found);
    events(old, new, &mut found);
    identity(pair, &mut found);
    found
}

fn def_name(plan: &Plan, ty: u32) -> &str {
    plan.types.get(ty as usize).map_or("?", |def| def.name.as_str())
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Compares errors or events by name.
fn declared(
    (old, olds): (&Plan, &[u32]),
    (new, news): (&Plan, &[u32]),
    word: &str,
    lone: &dyn Fn(&str, bool) -> Finding,
    found: &mut Vec<Finding>,
) {
    let names = |plan: &Plan, types: &[u32]| -> BTreeMap<String, u32> {
        types.iter().map(|ty| (def_name(plan, *ty).to_owned(), *ty)).collect()
    };
    let (olds, news) = (names(old, olds), names(new, news));
    for (name, from) in &olds {
        match news.get(name) {
            None => found.push(lone(short(name), false)),
            Some(to) => {
                let (from, to) = (Type::Named(*from), Type::Named(*to));
                let mut compare = Compare::new(old.library(), new.library(), Direction::Out);
                compare.types(&format!("{word} {}", short(name)), (&from, None), (&to, None));
                found.append(&mut compare.findings);
            }
        }
    }
    let added = news.keys().filter(|name| !olds.contains_key(*name));
    found.extend(added.map(|name| lone(short(name), true)));
}

fn raises(old: &Plan, new: &Plan, found: &mut Vec<Finding>) {
    let lone = |name: &str, added: bool| match added {
        true => Finding::breaking(
            format!("error {name}"),
            "new in `raises`",
            "callers that handle all errors do not know this one",
        ),
        false => {
            Finding::fine(format!("error {name}"), "is gone from `raises`", "it does not happen any more")
        }
    };
    declared((old, &old.raises), (new, &new.raises), "error", &lone, found);
}

fn events(old: &Plan, new: &Plan, found: &mut Vec<Finding>) {
    let emitted = |plan: &Plan| {
        let events = plan.nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::Emit { event, .. } => Some(*event),
            _ => None,
        });
        events.collect::<Vec<_>>()
    };
    let lone = |name: &str, added: bool| match added {
        true => Finding::fine(format!("event {name}"), "is new", "nobody has to listen to it"),
        false => Finding::breaking(
            format!("event {name}"),
            "is not published any more",
            "whoever listens to it waits in vain",
        ),
    };
    declared((old, &emitted(old)), (new, &emitted(new)), "event", &lone, found);
}

fn awaits(plan: &Plan) -> BTreeMap<(bool, String), &Await> {
    let mut found = BTreeMap::new();
    for node in &plan.nodes {
        let NodeKind::Await(awaited) = &node.kind else { continue };
        let key = match &awaited.kind {
            AwaitKind::Signal { channel, .. } => (false, channel.to_string()),
            AwaitKind::Human(task) => (true, task.name.to_string()),
        };
        found.entry(key).or_insert(&**awaited);
    }
    found
}

/// Messages and decisions come in; what people are shown goes out.
fn waits(old: &Plan, new: &Plan, found: &mut Vec<Finding>) {
    let (olds, news) = (awaits(old), awaits(new));
    for ((human, name), from) in &olds {
        let path = format!("{} {name}", if *human { "task" } else { "signal" });
        let Some(to) = news.get(&(*human, name.clone())) else {
            found.push(match human {
                true => Finding::fine(path, "is gone", "nobody is asked any more"),
                false => Finding::breaking(path, "is gone", "whoever sends it is refused now"),
            });
            continue;
        };
        let mut compare = Compare::new(old.library(), new.library(), Direction::In);
        compare.types(&path, (&from.ty, None), (&to.ty, None));
        found.append(&mut compare.findings);
        if let (Some(was), Some(is)) = (shown(from), shown(to)) {
            let mut compare = Compare::new(old.library(), new.library(), Direction::Out);
            compare.types(&format!("{path} shows"), (was, None), (is, None));
            found.extend(compare.findings);
        }
    }
    for (human, name) in news.keys().filter(|key| !olds.contains_key(*key)) {
        found.push(match human {
            true => Finding::fine(format!("task {name}"), "is new", "somebody has to answer it"),
            false => Finding::fine(format!("signal {name}"), "is new", "somebody has to send it"),
        });
    }
}

/// The type of what people see.
fn shown(awaited: &Await) -> Option<&Type> {
    match &awaited.kind {
        AwaitKind::Human(task) => task.show.as_ref().map(|(_, ty)| ty),
        AwaitKind::Signal { .. } => None,
    }
}

/// What instances are known and found by.
fn identity(pair: &Pair<'_>, found: &mut Vec<Finding>) {
    let (old, new) = (pair.old.plan, pair.new.plan);
    let (was, is) = (pair.old.expr(&old.key), pair.new.expr(&new.key));
    if was.key != is.key {
        let change = format!("was `{}`, is `{}`", shortened(&was.show), shortened(&is.show));
        let why = "the same request would begin a second instance beside an old one";
        found.push(Finding::breaking("key", change, why));
    }
    for (name, ty, value) in &old.attributes {
        let path = format!("attribute {name}");
        let Some((_, now, to)) = new.attributes.iter().find(|(it, ..)| it == name) else {
            found.push(Finding::breaking(path, "is gone", "searches by it find nothing new"));
            continue;
        };
        let mut compare = Compare::new(old.library(), new.library(), Direction::Out);
        compare.types(&path, (ty, None), (now, None));
        found.extend(compare.findings);
        let (was, is) = (pair.old.expr(value), pair.new.expr(to));
        if was.key != is.key {
            let change = format!("was `{}`, is `{}`", shortened(&was.show), shortened(&is.show));
            found.push(Finding::fine(path, change, "new instances are found by another value"));
        }
    }
    let added = new.attributes.iter().filter(|(name, ..)| old.attributes.iter().all(|(it, ..)| it != name));
    found.extend(added.map(|(name, ..)| {
        Finding::fine(format!("attribute {name}"), "is new", "old instances are not found by it")
    }));
}

/// Whether a plan has a type with this name and kind.
pub(crate) fn find_type<'p>(plan: &'p Plan, name: &str, like: &TypeKind) -> Option<(u32, &'p TypeKind)> {
    let same = |kind: &TypeKind| std::mem::discriminant(kind) == std::mem::discriminant(like);
    let found = (0..).zip(&plan.types).find(|(_, def)| def.name == *name && same(&def.kind));
    found.map(|(at, def)| (at, &def.kind))
}
