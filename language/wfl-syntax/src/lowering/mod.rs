//! From the flat tree to the typed syntax tree.

mod context;
mod literal;
mod pattern;
mod expr;
mod options;
mod statement;
mod test;
mod item;

pub(crate) use context::Lowering;
pub(crate) use expr::is_null;
