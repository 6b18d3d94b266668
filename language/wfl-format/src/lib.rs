//! The one way to lay out a WFL program: no options, never another meaning.
//!
//! A text goes through three stages: the flat tree and the gaps between its leaves give *tokens*, each with the
//! comments around it; the constructs turn tokens into a *document* of groups and possible line ends; printing
//! decides which groups stay on one line. What has syntax errors is copied as it stands.

mod document;
mod copied;
mod token;
mod layout;
mod list;
mod expression;
mod block;
mod item;
mod statement;
mod construct;
mod file;
mod same;

pub use file::{Formatted, WIDTH, format};
pub use same::same_program;

#[cfg(test)]
mod tests;
