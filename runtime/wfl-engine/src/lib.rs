//! The tokio shell around the partitions.
