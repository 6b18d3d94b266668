//! What can be asked of an instance.

use std::sync::Arc;

use wfl_ir::{Plan, Timestamp};
use wfl_machine::Instance;

/// What is known of an instance.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Its state; none while its plan is missing.
    pub state: Option<Instance>,
    /// What it executes.
    pub plan: Option<Arc<Plan>>,
    /// Why it takes nothing more.
    pub quarantine: Option<String>,
    /// When its next timer is due.
    pub next_timer: Option<Timestamp>,
}
