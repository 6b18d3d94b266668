//! Shared fixtures of the whole-system tests.
