//! The measured workflows, compiled.

use std::sync::{Arc, LazyLock};

use wfl_compiler::{Memory, compile};
use wfl_ir::{Plan, PlanHash};

/// A compiled workflow.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) plan: Arc<Plan>,
    pub(crate) hash: PlanHash,
    pub(crate) bytes: Vec<u8>,
}

static ALL: LazyLock<Vec<(String, Program)>> = LazyLock::new(|| {
    let compilation = compile(&Memory::new([("bench.wfl", include_str!("bench.wfl"))]));
    assert!(!compilation.has_errors(), "{:#?}", compilation.diagnostics);
    let program = |it: wfl_compiler::Compiled| {
        (it.short_name, Program { plan: Arc::new(it.plan), hash: it.hash, bytes: it.bytes })
    };
    compilation.workflows.into_iter().map(program).collect()
});

/// The workflow of this name.
pub(crate) fn program(name: &str) -> Program {
    let found = ALL.iter().find(|(found, _)| found == name);
    let (_, program) = found.unwrap_or_else(|| unreachable!("bench.wfl has {name}"));
    program.clone()
}
