//! Whoever wants to see what happens.

use std::sync::Arc;

use wfl_ir::Plan;
use wfl_machine::Instance;
use wfl_partition::{Alarm, Update};

/// Sees every record after it was folded, in the order of its partition's log, and every alarm. Called from the
/// partition's task: it must not block.
pub trait Observer: Send + Sync + 'static {
    /// A record was folded. `replayed` is true for records that were in the log before the engine began.
    fn updated(&self, update: &Update, instance: &Instance, plan: &Arc<Plan>, replayed: bool);

    /// A person must know.
    fn alarmed(&self, alarm: &Alarm);
}
