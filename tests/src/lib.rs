//! Shared fixtures of the whole-system tests: the example project, the street on a virtual clock, worlds that fail, what is explored, real binaries, programs in Markdown, programs with marks, reports in plain lines, edits that plant bugs, random types.

pub mod project;
pub mod street;
pub mod worlds;
pub mod explored;
pub mod code;
pub mod tree;
pub mod binaries;
pub mod literate;
pub mod marked;
pub mod told;
pub mod edit;
pub mod typed;
pub mod edited;
