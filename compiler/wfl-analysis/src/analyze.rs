//! All passes over a program.

use std::collections::BTreeMap;

use wfl_ir::Label;
use wfl_source::{Diagnostic, Files};

use crate::declared::Declared;
use crate::governance;
use crate::memo::{Analysis, Memo};
use crate::module::Module;
use crate::old::{OldVersion, Olds};
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

/// Checks the `migrate` blocks of a program without errors once more, now with what is known of the versions that they
/// come from: the type of `old`, and which steps there were.
pub fn check_migrations(
    modules: &[Module<'_>],
    files: &Files,
    roles: &BTreeMap<String, Label>,
    versions: &[OldVersion],
) -> Vec<Diagnostic> {
    let given = Given { modules, files, roles };
    let mut declared = Declared::new(given);
    let olds = Olds::add(&mut declared.tables, versions);
    let mut session = given.session();
    governance::check(&mut session, &declared.tables, modules, &olds);
    let mut diagnostics = session.take().diagnostics;
    diagnostics.iter_mut().for_each(|report| files.resolve_report(report));
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary().map(|label| label.span));
    diagnostics
}
