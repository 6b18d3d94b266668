//! From the flat tree to the typed syntax tree.

mod context;
mod literal;
mod pattern;
mod expr;
mod options;
mod flow;
mod statement;
mod governance;
mod test;
mod item;
mod salvage;

pub(crate) use context::Lowering;
pub(crate) use expr::is_null;
