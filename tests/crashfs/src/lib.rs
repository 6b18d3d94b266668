//! A disk that loses power, fills up and fails, as a VFS of SQLite, and the embedded journal on it.
//!
//! Only tests use this. One module is unsafe, `vfs`: it speaks SQLite's interface; all that the disk does is in safe
//! code below it.

mod content;
mod fault;
mod folder;
mod locks;
mod disk;
mod handle;
#[expect(unsafe_code, reason = "SQLite calls a VFS through pointers")]
mod vfs;

pub use disk::Disk;
pub use fault::{Counts, Fault, KINDS, Kind, Lies};
pub use vfs::register;
