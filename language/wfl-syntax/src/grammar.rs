//! The pest parser; nothing outside of this crate sees pest.

#![expect(missing_docs, reason = "the rules are documented in grammar.pest, where their text is")]

use pest_derive::Parser;

/// Parses one chunk of text.
#[derive(Parser)]
#[grammar = "grammar.pest"]
pub struct Grammar;
