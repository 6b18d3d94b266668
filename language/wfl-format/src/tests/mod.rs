//! Tests of the formatter.

mod check;
mod programs;
mod cases;
mod deep;
mod random;
