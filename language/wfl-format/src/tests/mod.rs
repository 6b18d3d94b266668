//! Tests of the formatter.

mod check;
mod programs;
mod cases;
mod same;
mod deep;
mod random;
