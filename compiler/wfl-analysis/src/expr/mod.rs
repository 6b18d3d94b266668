//! Expressions: their types, their labels and their IR.

mod checker;
mod literal;
mod name;
mod construct;
mod generic;
mod function;
mod index;
mod declassify;
mod call;
mod quotient;
mod operator;
mod pattern;
mod exhaustive;
mod form;

pub(crate) use checker::{Binding, Checker, Facts, of_unused_read};
pub(crate) use pattern::Binds;
