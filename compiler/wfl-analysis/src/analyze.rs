//! All passes over a program.

use std::collections::BTreeMap;

use wfl_ir::Label;
use wfl_source::{Diagnostic, Files};

use crate::hir::Program;
use crate::memo::Memo;
use crate::module::Module;
use crate::pass::Given;

/// What an analysis found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Analysis {
    /// The typed program. Where there are errors it has holes, and nothing may be made of it.
    pub program: Program,
    /// The reports, ordered by place.
    pub diagnostics: Vec<Diagnostic>,
}

impl Analysis {
    /// Whether the program must not be run.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Checks a program of parsed modules. Syntax errors are not reported again: what is missing in a tree fits
/// everywhere. `files` holds the texts of the modules; `roles` are the roles of people with a clearance of their own.
pub fn analyze(modules: &[Module<'_>], files: &Files, roles: &BTreeMap<String, Label>) -> Analysis {
    let mut memo = Memo::default();
    let (diagnostics, governance, governed) = memo.update(Given { modules, files, roles });
    let (workflows, declassified): (Vec<_>, Vec<_>) =
        memo.bodies.into_iter().map(|body| (body.value, body.found.declassified)).unzip();
    let mut program = Program { workflows, ..Program::default() };
    if let Some(declared) = memo.declared {
        (program.types, program.functions) = (declared.tables.defs, declared.tables.functions);
        (program.operations, program.touches) = declared.tables.contracts.into_iter().unzip();
        let found = declared.findings.items.into_iter();
        program.declassified = found.flat_map(|found| found.declassified).collect();
    }
    program.declassified.extend(declassified.into_iter().flatten().chain(governed));
    program.migrations = governance.migrations;
    program.policies = governance.policies;
    program.invariants = governance.invariants;
    Analysis { program, diagnostics }
}

/// The reports of [`analyze`] about a program that differs little from the one that `memo` remembers: an item that is
/// the same object as before has not changed. Reports point into files, also where the items lie in parts of them.
pub fn diagnose(
    memo: &mut Memo,
    modules: &[Module<'_>],
    files: &Files,
    roles: &BTreeMap<String, Label>,
) -> Vec<Diagnostic> {
    memo.update(Given { modules, files, roles }).0
}
