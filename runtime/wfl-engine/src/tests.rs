//! Tests of the engine over the in-memory journal.
