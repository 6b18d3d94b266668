//! Walks over expressions, and over all expressions of a plan.

use std::collections::BTreeSet;

use wfl_ir::flow::AwaitKind;
use wfl_ir::{Effect, Expr, Node, NodeKind, Part, Plan, TypeKind};

/// Shows an expression and all that it consists of.
pub(crate) fn visit<'e>(expr: &'e Expr, see: &mut dyn FnMut(&'e Expr)) {
    see(expr);
    match expr {
        Expr::Const(_) | Expr::Slot(_) | Expr::Local(_) | Expr::Subject | Expr::Workflow(_) => {}
        Expr::Field(inner, _)
        | Expr::OptionalField(inner, _)
        | Expr::Money(_, inner)
        | Expr::Checked(_, inner)
        | Expr::Unary(_, inner)
        | Expr::Is(inner, _)
        | Expr::Lambda { body: inner, .. } => visit(inner, see),
        Expr::Record(fields) | Expr::Variant(_, fields) => {
            fields.iter().for_each(|(_, value)| visit(value, see));
        }
        Expr::List(items) | Expr::Call(_, items) | Expr::Apply(_, items) => {
            items.iter().for_each(|item| visit(item, see));
        }
        Expr::Binary(_, left, right) => {
            visit(left, see);
            visit(right, see);
        }
        Expr::If(condition, left, right) => {
            visit(condition, see);
            visit(left, see);
            visit(right, see);
        }
        Expr::Match(subject, arms) => {
            visit(subject, see);
            for arm in arms {
                arm.guard.iter().for_each(|guard| visit(guard, see));
                visit(&arm.value, see);
            }
        }
        Expr::Interpolate(parts) => {
            for part in parts {
                if let Part::Show(value) = part {
                    visit(value, see);
                }
            }
        }
    }
}

/// Shows the expressions of a plan that decide where its path goes or what it gives: all but rules of types.
pub(crate) fn of_plan<'p>(plan: &'p Plan, see: &mut dyn FnMut(&'p Expr)) {
    for function in &plan.functions {
        visit(&function.body, see);
    }
    for operation in &plan.operations {
        if let Effect::Compensable { args, .. } = &operation.effect {
            args.iter().for_each(|(_, value)| visit(value, see));
        }
    }
    for node in &plan.nodes {
        node.binds.iter().for_each(|bind| visit(&bind.value, see));
        of_node(&node.kind, see);
    }
}

fn of_node<'p>(kind: &'p NodeKind, see: &mut dyn FnMut(&'p Expr)) {
    match kind {
        NodeKind::Call(call) => call.args.iter().for_each(|(_, value)| visit(value, see)),
        NodeKind::SubWorkflow(run) => run.args.iter().for_each(|(_, value)| visit(value, see)),
        NodeKind::Choice { subject, arms } => {
            visit(subject, see);
            arms.iter().filter_map(|arm| arm.guard.as_ref()).for_each(|guard| visit(guard, see));
        }
        NodeKind::Set { value, .. } | NodeKind::Return { value } => visit(value, see),
        NodeKind::Ensure { condition, .. } => visit(condition, see),
        NodeKind::Emit { fields, .. } | NodeKind::Fail { fields, .. } => {
            fields.iter().for_each(|(_, value)| visit(value, see));
        }
        NodeKind::Restart { args } => args.iter().for_each(|(_, value)| visit(value, see)),
        NodeKind::Map(map) => visit(&map.list, see),
        NodeKind::Loop(looping) => looping.until.iter().for_each(|until| visit(until, see)),
        NodeKind::Await(awaited) => {
            if let AwaitKind::Signal { condition: Some(condition), .. } = &awaited.kind {
                visit(condition, see);
            }
        }
        _ => {}
    }
}

/// The slots that a node reads, in whatever way.
pub(crate) fn reads(node: &Node) -> BTreeSet<u32> {
    let mut slots = BTreeSet::new();
    let mut see = |expr: &Expr| {
        if let Expr::Slot(slot) = expr {
            slots.insert(*slot);
        }
    };
    node.binds.iter().for_each(|bind| visit(&bind.value, &mut see));
    of_node(&node.kind, &mut see);
    match &node.kind {
        NodeKind::Fork(fork) => fork.within.iter().for_each(|it| visit(it, &mut see)),
        NodeKind::Map(map) => map.key.iter().for_each(|it| visit(it, &mut see)),
        NodeKind::Loop(looping) => looping.every.iter().for_each(|it| visit(it, &mut see)),
        NodeKind::Timer { time, .. } => visit(time, &mut see),
        NodeKind::Await(awaited) => {
            awaited.timeout.iter().for_each(|it| visit(it, &mut see));
            if let Some(remind) = &awaited.remind {
                visit(&remind.every, &mut see);
                let args = remind.using.iter().flat_map(|(_, args)| args);
                args.for_each(|(_, it)| visit(it, &mut see));
            }
            if let AwaitKind::Human(task) = &awaited.kind {
                visit(&task.role, &mut see);
                task.title.iter().for_each(|it| visit(it, &mut see));
                task.show.iter().for_each(|(it, _)| visit(it, &mut see));
                for (after, role) in &task.escalations {
                    visit(after, &mut see);
                    visit(role, &mut see);
                }
            }
        }
        _ => {}
    }
    match &node.kind {
        NodeKind::Join(join) => slots.extend(join.values.iter().filter_map(|(_, slot)| *slot)),
        NodeKind::Map(map) => slots.extend(map.value.iter().chain([&map.item])),
        NodeKind::Loop(looping) => slots.extend(looping.round),
        _ => {}
    }
    slots
}

/// Shows the rules of a plan's types and parameters.
pub(crate) fn of_rules<'p>(plan: &'p Plan, see: &mut dyn FnMut(&'p Expr)) {
    let mut fields: Vec<&wfl_ir::Field> = plan.params.iter().collect();
    fields.extend(plan.operations.iter().flat_map(|operation| &operation.params));
    for def in &plan.types {
        match &def.kind {
            TypeKind::Record(of) | TypeKind::Error(of) | TypeKind::Event(of) => fields.extend(of),
            TypeKind::Enum(variants) => fields.extend(variants.iter().flat_map(|variant| &variant.fields)),
            TypeKind::Refined { rule, .. } => rule.iter().for_each(|rule| visit(&rule.holds, see)),
        }
    }
    fields.iter().filter_map(|field| field.rule.as_ref()).for_each(|rule| visit(&rule.holds, see));
}
