//! The clock that stamps records, injected so that tests and simulations own the time.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use wfl_record::Stamp;

/// Where a journal takes its time stamps from. Clones share the source.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Stamp + Send + Sync>);

impl Clock {
    /// The machine's wall clock. It may jump, in both directions.
    pub fn system() -> Clock {
        Clock::new(|| {
            let now = SystemTime::now();
            let micros = |d: std::time::Duration| i64::try_from(d.as_micros()).unwrap_or(i64::MAX);
            // A machine whose clock stands before 1970 gets negative stamps rather than a failure.
            Stamp(now.duration_since(UNIX_EPOCH).map_or_else(|e| -micros(e.duration()), micros))
        })
    }

    /// A clock that asks a function.
    pub fn new(now: impl Fn() -> Stamp + Send + Sync + 'static) -> Clock {
        Clock(Arc::new(now))
    }

    /// The time now.
    pub fn now(&self) -> Stamp {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
