//! All passes over a program.

use std::collections::BTreeMap;

use wfl_ir::Label;
use wfl_source::Files;

use crate::memo::{Analysis, Memo};
use crate::module::Module;
use crate::pass::Given;

/// Checks a program of parsed modules. Syntax errors are not reported again: what is missing in a tree fits
/// everywhere. `files` holds the texts of the modules; `roles` are the roles of people with a clearance of their own.
pub fn analyze(modules: &[Module<'_>], files: &Files, roles: &BTreeMap<String, Label>) -> Analysis {
    analyze_again(&mut Memo::default(), modules, files, roles)
}

/// As [`analyze`], of a program that differs little from the one that `memo` remembers: an item that is the same object
/// as before has not changed. Reports point into files, also where the items lie in parts of them.
pub fn analyze_again(
    memo: &mut Memo,
    modules: &[Module<'_>],
    files: &Files,
    roles: &BTreeMap<String, Label>,
) -> Analysis {
    memo.update(Given { modules, files, roles })
}
