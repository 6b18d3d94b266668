//! The workloads, a file each.

pub(crate) mod sequence;
pub(crate) mod fan;
pub(crate) mod waiting;
pub(crate) mod recovery;
pub(crate) mod startup;
