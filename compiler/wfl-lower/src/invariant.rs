//! Conditions that stand beside a plan: with the types and functions that they need, and no more.

use wfl_analysis::hir::{Invariant as Declared, Program};
use wfl_ir::Invariant;

use crate::link::Link;

/// Lowers an invariant of a program without errors. The plan of its workflow stays as it is.
pub fn lower_invariant(program: &Program, declared: &Declared) -> Invariant {
    let workflow = &program.workflows[declared.workflow as usize];
    let link = Link::of_condition(program, workflow, &declared.condition);
    Invariant {
        title: declared.title.as_str().into(),
        types: link.types(),
        functions: link.functions(),
        condition: link.expr(&declared.condition),
    }
}
