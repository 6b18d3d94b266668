//! The embedded journal: one SQLite file, group commit, fsync.
