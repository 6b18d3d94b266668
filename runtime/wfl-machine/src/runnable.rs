//! Which plans this machine runs.

use wfl_ir::{NodeKind, Plan};

/// Tests whether this machine runs every node of a plan. Otherwise says which construct it does not run and where:
/// such a plan must not be started.
pub fn runnable(plan: &Plan) -> Result<(), String> {
    let word = |kind: &NodeKind| match kind {
        NodeKind::Fork(_) | NodeKind::Join(_) => Some("parallel"),
        NodeKind::Map(_) | NodeKind::End { .. } => Some("foreach"),
        NodeKind::Loop(_) => Some("repeat"),
        NodeKind::Await(_) => Some("await"),
        NodeKind::Timer { .. } => Some("wait"),
        NodeKind::SubWorkflow(_) => Some("run"),
        NodeKind::Restart { .. } => Some("restart"),
        NodeKind::Enter { handlers, .. } if !handlers.is_empty() => Some("handlers of a saga"),
        _ => None,
    };
    let other = plan.nodes.iter().find_map(|node| word(&node.kind).map(|word| (word, &node.id)));
    let shield = plan.regions.iter().find(|region| region.kind == wfl_ir::RegionKind::Shield);
    match (other, shield) {
        (Some((word, id)), _) => Err(format!("`{word}` at {id}")),
        (None, Some(region)) => Err(format!("`shield` at {}", region.id)),
        (None, None) => Ok(()),
    }
}
