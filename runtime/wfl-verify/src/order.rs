//! The order in which effects are undone: what was done later goes first, in an instance and over its children.

use wfl_ir::{Effect as Kind, Name};
use wfl_machine::{CallRef, Effect as Wanted, Purpose};
use wfl_record::InstanceId;

use crate::member::Member;
use crate::moves::step_name;
use crate::program::{Loaded, Program};
use crate::state::State;
use crate::violation::{Rule, Violation};
use crate::world::{Effect, World};

/// Whether a place lies in another one, or the other way round: the same items and rounds, as far as both go.
fn same_way(one: Option<&Name>, other: Option<&Name>) -> bool {
    let one = one.map_or("", Name::as_str);
    let other = other.map_or("", Name::as_str);
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    short.is_empty() || long == short || long.strip_prefix(short).is_some_and(|rest| rest.starts_with('/'))
}

/// What is still there although something that comes before it has just been undone.
pub(crate) fn undone(
    program: &Program,
    state: &State,
    loaded: &Loaded,
    first: &Effect,
    found: &mut Vec<Violation>,
) {
    // What came when nobody expected it is undone whenever it comes.
    if first.late {
        return;
    }
    for later in state.world.effects.values().filter(|later| later.is_there() && !later.late) {
        let Some((node, call)) =
            place_in(program, state, first.instance, later.instance, later.node, &later.call)
        else {
            continue;
        };
        let of_child = later.instance != first.instance;
        let Some(member) = state.members.get(&later.instance) else { continue };
        let Some(theirs) = program.get(member.plan) else { continue };
        let operation = &theirs.plan.operations[later.operation as usize];
        let is_owed = matches!(operation.effect, Kind::Compensable { .. });
        let settled = member.watch.settled.get(&step_name(&later.call)).copied().unwrap_or_default();
        let is_kept = settled.committed > 0 || settled.waived > 0;
        if of_child && (loaded.abandons(node) || member.watch.killed) {
            continue;
        }
        let ordered = call.epoch == first.call.epoch
            && loaded.before(first.node, node)
            && same_way(first.call.item.as_ref(), call.item.as_ref());
        if ordered && is_owed && !is_kept {
            let what = format!("{} is undone before {}", step_name(&first.call), step_name(&later.call));
            found.push(Violation::new(Rule::UndoOrder, first.instance, what));
        }
    }
}

/// The node and call of an instance that an effect belongs to: its own, or the step that started the child whose it is.
fn place_in(
    program: &Program,
    state: &State,
    instance: InstanceId,
    of: InstanceId,
    node: u32,
    call: &CallRef,
) -> Option<(u32, CallRef)> {
    if of == instance {
        return Some((node, call.clone()));
    }
    let mut at = of;
    loop {
        let parent = state.members.get(&at)?.parent()?.clone();
        if parent.instance == instance {
            let member = state.members.get(&instance)?;
            let node = member.node_of(program, &parent.call)?;
            return Some((node, parent.call));
        }
        at = parent.instance;
    }
}

/// Nothing is undone while something that comes later, and has to be undone before it, may still be happening.
pub(crate) fn under_way(loaded: &Loaded, member: &Member, world: &World, found: &mut Vec<Violation>) {
    let calls = || {
        member.wanted.iter().filter_map(|effect| match effect {
            Wanted::Call(call) => Some(call),
            _ => None,
        })
    };
    let is_late = |call: &CallRef| world.effects.values().any(|it| it.is_of(member.id(), call) && it.late);
    for undo in calls().filter(|call| call.call.purpose == Purpose::Undo && !is_late(&call.call)) {
        for later in calls().filter(|call| matches!(call.call.purpose, Purpose::Do | Purpose::Confirm)) {
            let (Some(first), Some(second)) =
                (loaded.plan.node_by_id(&undo.call.step), loaded.plan.node_by_id(&later.call.step))
            else {
                continue;
            };
            let wfl_ir::NodeKind::Call(call) = &loaded.plan.nodes[second as usize].kind else { continue };
            let effect = &loaded.plan.operations[call.operation as usize].effect;
            let matters = matches!(effect, Kind::Compensable { .. } | Kind::Irreversible);
            let ordered = undo.call.epoch == later.call.epoch
                && loaded.before(first, second)
                && same_way(undo.call.item.as_ref(), later.call.item.as_ref());
            if matters && ordered {
                let (first, second) = (step_name(&undo.call), step_name(&later.call));
                let what = format!("{first} is undone while {second} may still be happening");
                found.push(Violation::new(Rule::UndoOrder, member.id(), what));
            }
        }
    }
}
