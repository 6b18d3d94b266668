//! Edits of programs by people and by chance, and what must hold for every text that comes out.
//!
//! The tests, the fuzz targets and the examples of `tests` share this: one list of edits, one set of properties.

pub mod random;
pub mod token;
pub mod program;
pub mod edit;
pub mod names;
pub mod form;
pub mod calls;
pub mod property;
pub mod experiment;
pub mod mutate;
pub mod generate;
pub mod campaign;
