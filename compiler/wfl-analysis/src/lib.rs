//! What a WFL program means: names, types, errors, labels, and the contracts of operations.
//!
//! [`analyze`] takes parsed modules and gives the typed form of their workflows with all reports. It reads no
//! files and depends on nothing but its arguments.

pub mod hir;
mod parallel;
mod ty;
mod session;
mod names;
mod tables;
mod module;
mod pass;
mod mention;
mod declare;
mod alias;
mod nesting;
mod signature;
mod expr;
mod rule;
mod function;
mod attribute;
mod retry;
mod contract;
mod starts;
mod body;
mod workflow;
mod old;
mod governance;
mod scenario;
mod declared;
mod memo;
mod analyze;

pub use analyze::{analyze, analyze_again, check_migrations};
pub use memo::{Analysis, Effort, Memo};
pub use module::Module;
pub use old::{OldType, OldVersion};
pub use parallel::in_parallel;

#[cfg(test)]
mod tests;
