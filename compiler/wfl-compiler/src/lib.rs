//! Compiles projects: reads the manifest and the modules through a [`World`], and gives plans and reports.

mod world;
mod lint;
mod manifest;
mod allow;
mod parallel;
mod notes;
mod library;
mod discriminator;
pub mod graph;
pub mod book;
mod compile;

pub use compile::{Compilation, Compiled, Settings, compile, compile_with, document};
pub use lint::{Level, Levels, Lint, UnknownLint};
pub use manifest::{MANIFEST, Manifest, Role, Worker};
pub use world::{Disk, Memory, World};

#[cfg(test)]
mod tests;
