//! All passes over a program.

use std::collections::BTreeMap;

use wfl_ir::Label;
use wfl_source::{Diagnostic, Files};

use crate::attribute;
use crate::contract;
use crate::declare;
use crate::function;
use crate::governance;
use crate::hir::Program;
use crate::module::{Module, check_names, check_rings};
use crate::rule;
use crate::scenario;
use crate::session::Session;
use crate::signature;
use crate::summary;
use crate::workflow;

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
    let mut session = Session::new(files, roles);
    check_names(&mut session, modules);
    check_rings(&mut session, modules);
    let mut tables = declare::declare(&mut session, modules);
    signature::resolve(&mut session, &mut tables);
    attribute::check(&mut session, modules);
    rule::check(&mut session, &mut tables);
    function::check(&mut session, &mut tables);
    let (operations, touches) = contract::check(&mut session, &tables);
    summary::check(&mut session, &mut tables);
    let workflows = workflow::check(&mut session, &tables);
    let governance = governance::check(&mut session, &tables, modules, &touches);
    scenario::check(&mut session, &tables, modules, &workflows);
    declare::check_unused(&mut session, &tables, modules);
    for (module, scope) in modules.iter().zip(&tables.modules) {
        session.forgive(module.file, &scope.broken);
    }
    let program = Program {
        types: tables.defs,
        operations,
        touches,
        functions: tables.functions,
        declassified: session.take_declassified(),
        workflows,
        migrations: governance.migrations,
        policies: governance.policies,
        invariants: governance.invariants,
    };
    let mut diagnostics = session.finish();
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary().map(|label| label.span));
    Analysis { program, diagnostics }
}
