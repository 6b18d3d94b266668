//! Random programs, and how to make those smaller that fail.

mod tree;
mod service;
mod expression;
mod generate;
mod statement;
mod construct;
mod reckless;
mod shrink;

pub use generate::program;
pub use reckless::reckless;
pub use shrink::shrink;
pub use tree::{Program, Statement};
