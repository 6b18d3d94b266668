//! The names that a scope of names holds.

use std::collections::BTreeSet;

use wfl_analysis::hir::{Block, Handler, Statement};
use wfl_ir::Name;

/// The names of the steps and constructs of a scope, without those of the scopes inside.
pub(crate) fn names_in(block: &Block) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    collect(block, &mut names);
    names
}

fn collect(block: &Block, names: &mut BTreeSet<Name>) {
    for statement in block {
        match statement {
            Statement::Step(step) => {
                names.insert(step.name.clone());
                handlers(&step.handlers, names);
            }
            Statement::Run(run) => {
                names.insert(run.name.clone());
                handlers(&run.handlers, names);
            }
            Statement::Choice(choice) => choice.arms.iter().for_each(|arm| collect(&arm.body, names)),
            Statement::Saga(saga) => {
                names.extend(saga.name.clone());
                handlers(&saga.handlers, names);
            }
            Statement::Parallel(parallel) => {
                names.insert(parallel.name.clone());
                handlers(&parallel.handlers, names);
            }
            Statement::Foreach(foreach) => {
                names.insert(foreach.name.clone());
                handlers(&foreach.handlers, names);
            }
            Statement::Repeat(repeat) => {
                names.insert(repeat.name.clone());
            }
            Statement::Await(awaited) => {
                names.insert(awaited.name.clone());
                let late = awaited.timeout.as_ref().and_then(|(_, late)| late.as_ref());
                late.into_iter().for_each(|late| collect(late, names));
                handlers(&awaited.handlers, names);
            }
            Statement::Shield(body) => collect(body, names),
            Statement::Ensure { otherwise: Some(block), .. } => collect(block, names),
            _ => {}
        }
    }
}

fn handlers(list: &[Handler], names: &mut BTreeSet<Name>) {
    list.iter().for_each(|handler| collect(&handler.body, names));
}
