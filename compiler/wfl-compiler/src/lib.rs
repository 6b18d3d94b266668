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
mod read;
mod proofs;
mod compile;
mod document;
mod workspace;

pub use compile::{Compilation, Compiled, Settings, check_migrations, compile, compile_with, document};
pub use lint::{Level, Levels, Lint, UnknownLint};
pub use manifest::{MANIFEST, Manifest, Role, Worker};
pub use said::{Migration, Policy, PolicyRule};
pub use wfl_analysis::{Effort, OldType, OldVersion};
pub use workspace::Workspace;
pub use world::{Disk, Memory, World};

#[cfg(test)]
mod tests;
