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
mod ledger;
mod script;
mod verdict;
mod process;
mod case;
mod campaign;

pub use campaign::{Outcome, Summary, run, run_all};
pub use case::{Case, Plan};
pub use disk::Disk;
pub use fault::{Counts, Fault, KINDS, Kind, Lies};
pub use process::{open, vfs};
pub use script::{PARTITIONS, record};
