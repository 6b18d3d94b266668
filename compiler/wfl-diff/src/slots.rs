//! Who fills the slots of a plan. A slot is filled once on each path, but several nodes may do it: the result of a step and
//! the `use` of its handler, all `yield`s of a block.

use wfl_ir::{Expr, Name, NodeKind, Pattern, Plan};

/// Who fills a slot, in the order in which they name it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Filler {
    /// Parameter i.
    Param(u32),
    /// What a node comes to.
    Result(u32),
    /// The current item of a map.
    Item(u32),
    /// The number of the round of a loop.
    Round(u32),
    /// What handler i of a node caught.
    Caught(u32, u32),
    /// The n-th name that arm i of a choice binds.
    Arm(u32, u32, u32),
    /// Bind i of a node.
    Bind(u32, u32),
    /// A `yield` or `use`.
    Set(u32),
}

/// The fillers of each slot.
pub(crate) fn fillers(plan: &Plan) -> Vec<Vec<Filler>> {
    let mut found = vec![Vec::new(); plan.slots as usize];
    for (at, node) in (0..).zip(&plan.nodes) {
        let mut add = |slot: u32, filler: Filler| {
            if let Some(known) = found.get_mut(slot as usize) {
                known.push(filler);
            }
        };
        for (order, bind) in (0..).zip(&node.binds) {
            add(bind.slot, Filler::Bind(at, order));
        }
        for (number, handler) in (0..).zip(node.kind.handlers()) {
            handler.bind.into_iter().for_each(|slot| add(slot, Filler::Caught(at, number)));
        }
        result(&node.kind).into_iter().for_each(|slot| add(slot, Filler::Result(at)));
        match &node.kind {
            NodeKind::Map(map) => add(map.item, Filler::Item(at)),
            NodeKind::Loop(rounds) => {
                rounds.round.into_iter().for_each(|slot| add(slot, Filler::Round(at)));
            }
            NodeKind::Set { slot, .. } => add(*slot, Filler::Set(at)),
            NodeKind::Choice { arms, .. } => {
                for (number, arm) in (0..).zip(arms) {
                    let places = bound(&arm.pattern);
                    for (order, (slot, _)) in (0..).zip(places) {
                        add(slot, Filler::Arm(at, number, order));
                    }
                }
            }
            _ => {}
        }
    }
    for (at, _) in (0..).zip(&plan.params) {
        if let Some(known) = found.get_mut(at as usize) {
            known.push(Filler::Param(at));
        }
    }
    found.iter_mut().for_each(|fillers| fillers.sort_unstable());
    found
}

/// The slot of what a node comes to.
pub(crate) fn result(kind: &NodeKind) -> Option<u32> {
    match kind {
        NodeKind::Call(call) => call.result,
        NodeKind::SubWorkflow(run) => run.result,
        NodeKind::Await(awaited) => awaited.result,
        NodeKind::Join(join) => join.result,
        NodeKind::Map(map) => map.result,
        _ => None,
    }
}

/// The slots that the pattern of an arm fills, each with its place in what is looked at: `Decline.reason`.
pub(crate) fn bound(pattern: &Pattern) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    bind(pattern, "", &mut found);
    found
}

fn bind(pattern: &Pattern, place: &str, found: &mut Vec<(u32, String)>) {
    let inner = |name: &Name| if place.is_empty() { name.to_string() } else { format!("{place}.{name}") };
    match pattern {
        Pattern::Bind(slot) => found.push((*slot, place.to_owned())),
        Pattern::Present(of) => bind(of, place, found),
        Pattern::Tuple(items) => {
            items.iter().enumerate().for_each(|(at, it)| bind(it, &format!("{place}[{at}]"), found));
        }
        Pattern::Variant(name, fields) => {
            let variant = inner(name);
            fields.iter().for_each(|(name, it)| bind(it, &format!("{variant}.{name}"), found));
        }
        Pattern::Any | Pattern::Literal(_) | Pattern::Absent => {}
    }
}

/// Calls `on` for each slot that an expression reads.
pub(crate) fn reads(expr: &Expr, on: &mut dyn FnMut(u32)) {
    visit(expr, &mut |part| {
        if let Expr::Slot(slot) = part {
            on(*slot);
        }
        true
    });
}

/// Calls `on` for an expression and for each one inside of it; what is inside is left out where it says `false`.
pub(crate) fn visit(expr: &Expr, on: &mut dyn FnMut(&Expr) -> bool) {
    if !on(expr) {
        return;
    }
    match expr {
        Expr::Slot(_) | Expr::Const(_) | Expr::Local(_) | Expr::Subject | Expr::Workflow(_) => {}
        Expr::Field(base, _)
        | Expr::OptionalField(base, _)
        | Expr::Money(_, base)
        | Expr::Checked(_, base)
        | Expr::Unary(_, base)
        | Expr::Is(base, _) => visit(base, on),
        Expr::Lambda { body, .. } => visit(body, on),
        Expr::Record(fields) | Expr::Variant(_, fields) => {
            fields.iter().for_each(|(_, value)| visit(value, on));
        }
        Expr::List(items) | Expr::Call(_, items) | Expr::Apply(_, items) => {
            items.iter().for_each(|item| visit(item, on));
        }
        Expr::Binary(_, left, right) => {
            visit(left, on);
            visit(right, on);
        }
        Expr::If(condition, then, otherwise) => {
            [condition, then, otherwise].iter().for_each(|part| visit(part, on));
        }
        Expr::Match(subject, arms) => {
            visit(subject, on);
            for arm in arms {
                arm.guard.iter().for_each(|guard| visit(guard, on));
                visit(&arm.value, on);
            }
        }
        Expr::Interpolate(parts) => parts.iter().for_each(|part| match part {
            wfl_ir::Part::Show(expr) => visit(expr, on),
            wfl_ir::Part::Text(_) => {}
        }),
    }
}
