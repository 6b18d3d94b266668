//! Compiles projects: reads the manifest and the modules through a [`World`], and gives plans and reports.

mod world;
mod lint;
mod manifest;
mod allow;
mod judge;
mod parallel;
mod notes;
mod said;
mod library;
pub mod graph;
pub mod book;
pub mod audit;
mod read;
mod proofs;
mod compile;
mod document;
mod workspace;

pub use compile::{
    Compilation, Compiled, Settings, audit, check_migrations, compile, compile_with, document, examine,
};
pub use lint::{Level, Levels, Lint, UnknownLint};
pub use manifest::{MANIFEST, Manifest, Role, Worker};
pub use proofs::Examined;
pub use said::{Migration, Policy, PolicyRule};
pub use wfl_analysis::{Effort, OldType, OldVersion};
pub use wfl_lower::Lowered;
pub use wfl_prove::{Bounds, By, Cost, Count, Finding, Path, Summary, Timing, Way, Worst};
pub use workspace::Workspace;
pub use world::{Disk, Memory, World};

#[cfg(test)]
mod tests;
