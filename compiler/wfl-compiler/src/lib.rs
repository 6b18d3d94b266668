//! Compiles projects: reads the manifest and the modules through a [`World`], and gives plans and reports.

mod world;
mod manifest;
mod compile;
pub mod graph;

pub use compile::{Compilation, Compiled, compile};
pub use manifest::{MANIFEST, Manifest, Worker};
pub use world::{Disk, Memory, World};

#[cfg(test)]
mod tests;
