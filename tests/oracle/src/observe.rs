//! What is seen of a simulated run.

use std::collections::BTreeMap;

use wfl_ir::{Effect, Name, Plan};
use wfl_machine::{Ending as Ended, Fact, Purpose};
use wfl_record::InstanceId;
use wfl_sim::{EffectState, Entry, Report, Sim};

use crate::story::Ending;
use crate::witness::{ByHand, Seen, Witness, canonical};

/// What was seen of an instance and its children once the run is over.
pub fn observe(sim: &Sim, report: &Report, plan: &Plan, id: &InstanceId) -> Witness {
    let ending = match report.observed.get(id).and_then(|seen| seen.state.ending()) {
        Some(Ended::Completed(value)) => Ending::Completed(value.clone()),
        Some(Ended::Failed(error, fields)) => {
            let name = plan.types.get(*error as usize).map_or("an unknown error", |def| def.short_name());
            Ending::Failed(Name::from(name), fields.clone())
        }
        Some(Ended::TimedOut) => Ending::TimedOut,
        Some(Ended::Cancelled) => Ending::Cancelled,
        Some(Ended::Killed) => Ending::Other("killed".to_owned()),
        None => Ending::Other("not at all".to_owned()),
    };
    let calls: Vec<&Entry> =
        sim.books().entries().iter().filter(|entry| entry.call.purpose == Purpose::Do).collect();
    let mut emitted: BTreeMap<(Name, Vec<u8>), u32> = BTreeMap::new();
    for fact in report.observed.values().flat_map(|seen| &seen.facts) {
        if let Fact::Emitted { event, fields } = fact {
            let short = event.rsplit('.').next().unwrap_or_default();
            *emitted.entry((Name::from(short), canonical(fields))).or_default() += 1;
        }
    }
    Witness::new(ending, calls.iter().map(|entry| seen(report, entry, &calls)).collect(), emitted)
}

fn seen(report: &Report, entry: &Entry, all: &[&Entry]) -> Seen {
    Seen {
        operation: entry.operation.clone(),
        args: entry.args.clone(),
        step: entry.call.step.clone(),
        reads: entry.effect == Effect::Read,
        state: entry.state,
        by_hand: by_hand(report, entry, all),
        done_at: entry.done_at,
        undone_at: entry.undone_at,
    }
}

/// A person says of which step they have undone something. Where a step did more than they undid, it may be any of it.
fn by_hand(report: &Report, entry: &Entry, all: &[&Entry]) -> ByHand {
    let step = match &entry.call.item {
        Some(item) => format!("{}[{item}]", entry.call.step),
        None => entry.call.step.to_string(),
    };
    let facts = report.observed.get(&entry.instance).map_or(&[][..], |seen| &seen.facts);
    let undone = facts.iter().filter(|fact| {
        matches!(fact, Fact::ByHand { step: of, what, .. } if of.as_str() == step && *what == "undone")
    });
    let there = all.iter().filter(|other| {
        other.instance == entry.instance
            && (&other.call.step, &other.call.item) == (&entry.call.step, &entry.call.item)
            && other.state == EffectState::Done
    });
    match (undone.count(), there.count()) {
        (0, _) => ByHand::Never,
        (undone, there) if undone < there => ByHand::Perhaps(undone),
        _ => ByHand::Surely,
    }
}
