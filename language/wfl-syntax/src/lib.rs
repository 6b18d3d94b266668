//! The form of WFL programs: a grammar that accepts every text, a flat tree, and a typed one.
//!
//! [`parse`] never fails: it gives a tree and says in [`Parsed::diagnostics`] what is wrong with the text.
//! Absent parts are marked as missing in the tree, so that later phases can go on with the rest.

mod grammar;
mod tree;
mod chunk;
pub mod ast;
mod lowering;
mod report;
mod parse;

pub use grammar::Rule;
pub use parse::{Chunk, Parsed, parse, parse_whole, split};
pub use tree::{Children, Cursor, Node, Tree};

#[cfg(test)]
mod tests;
