//! Programs that are explored in full, and what comes of it.

use std::path::Path;
use std::sync::Arc;

use wfl_compiler::{Compilation, Disk, compile};
use wfl_ir::{Name, NodeKind};
use wfl_verify::{Bounds, Exploration, Program, Report, Verdict, explore, verify};

use crate::project::root;

/// A compiled project.
pub struct Project {
    /// What came of compiling it.
    pub compilation: Compilation,
}

impl Project {
    /// Compiles a folder of the repository.
    pub fn load(folder: &str) -> Project {
        Project::of(&compile(&Disk::new(root().join(Path::new(folder)))))
    }

    /// Takes what was compiled.
    pub fn of(compilation: &Compilation) -> Project {
        assert!(!compilation.has_errors(), "{:#?}", compilation.diagnostics);
        Project { compilation: compilation.clone() }
    }

    /// The names of the workflows.
    pub fn workflows(&self) -> Vec<String> {
        self.compilation.workflows.iter().map(|workflow| workflow.short_name.clone()).collect()
    }

    /// The plans that a workflow leads to, and the workflow's own.
    pub fn program(&self, name: &str) -> (Program, wfl_ir::PlanHash, Name) {
        let first = self.compilation.workflow(name).unwrap_or_else(|| unreachable!("{name} is there"));
        let mut program = Program::default();
        let mut open = vec![first];
        while let Some(next) = open.pop() {
            if program.plan(next.hash).is_some() {
                continue;
            }
            program.add(next.hash, Arc::new(next.plan.clone()), next.invariants.clone());
            for node in &next.plan.nodes {
                if let NodeKind::SubWorkflow(run) = &node.kind {
                    open.extend(self.compilation.workflows.iter().find(|it| it.hash == run.plan));
                }
            }
        }
        (program, first.hash, Name::from(first.name.as_str()))
    }

    /// Explores a workflow.
    pub fn explore(&self, name: &str, bounds: &Bounds) -> Exploration {
        let (program, hash, _) = self.program(name);
        explore(&program, hash, bounds, &mut |_| true)
    }

    /// Verifies a workflow.
    pub fn verify(&self, name: &str, bounds: &Bounds) -> Verdict {
        let (program, hash, _) = self.program(name);
        verify(&program, hash, bounds, &mut |_| true)
    }

    /// The report on a workflow, as a text.
    pub fn report(&self, name: &str, bounds: &Bounds) -> String {
        let (program, hash, workflow) = self.program(name);
        let verdict = verify(&program, hash, bounds, &mut |_| true);
        let services = &self.compilation.services;
        let report = Report { program: &program, workflow: &workflow, hash, verdict: &verdict, services };
        let lines: Vec<String> = report.lines().into_iter().map(|line| line.text).collect();
        format!("{}\n", lines.join("\n"))
    }
}
