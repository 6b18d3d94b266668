//! Tests of bindings and of the table of answers.
