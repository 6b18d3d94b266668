//! What the check of `migrate` blocks has to know of the old version.

use wfl_compiler::{Compilation, OldType, OldVersion};
use wfl_ir::{Plan, Type, TypeDef};

use crate::compat::{carries, same};
use crate::interface::find_type;
use crate::matching::is_named;
use crate::texts::last;
use crate::workflows::{Both, matched};

/// The old versions of the workflows that are in both projects.
pub fn old_versions(old: &Compilation, new: &Compilation) -> Vec<OldVersion> {
    let versions = matched(old, new).into_iter().filter_map(|both| match both {
        Both { old: Some(from), new: Some(to) } => Some(version(&from.plan, &to.plan)),
        _ => None,
    });
    versions.collect()
}

fn version(old: &Plan, new: &Plan) -> OldVersion {
    let steps = old.nodes.iter().filter(|node| is_named(node)).map(|node| last(&node.id).to_owned());
    OldVersion {
        workflow: new.workflow.clone(),
        version: old.version,
        types: (0..).zip(&old.types).map(|(at, def)| ty(old, new, at, def)).collect(),
        params: old.params.clone(),
        steps: steps.collect(),
    }
}

/// A type whose values are all values of the type of now with its name may stand where that is wanted.
fn ty(old: &Plan, new: &Plan, at: u32, def: &TypeDef) -> OldType {
    let now = find_type(new, &def.name, &def.kind).map(|(now, _)| Type::Named(now));
    let from = Type::Named(at);
    let holds = |test: &dyn Fn(&Type) -> bool| now.as_ref().is_some_and(test).then(|| def.name.clone());
    OldType {
        def: def.clone(),
        same: holds(&|now| same(old.library(), &from, new.library(), now)),
        becomes: holds(&|now| carries(old.library(), &from, new.library(), now)),
    }
}
