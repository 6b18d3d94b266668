//! What can be made to go wrong with a call, and the list of faults that a test has armed.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// One thing that goes wrong with one call.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The effect happens, then the connection is closed without an answer.
    LostAfter,
    /// The connection is closed without an effect.
    LostBefore,
    /// 500 without an effect; the caller cannot know that.
    Error500,
    /// 503 with `Wfl-Not-Executed: true`.
    Unavailable,
    /// The call waits this long before its effect; its key counts as running meanwhile.
    Slow(Duration),
    /// The operation answers with this declared error and does nothing.
    Declared {
        /// The error's name.
        error: String,
        /// The error's fields.
        data: Value,
    },
}

/// The body of `POST /_test/faults`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arming {
    /// `Service.operation`.
    pub operation: String,
    /// Which fault.
    pub fault: Kind,
    /// How many calls it strikes.
    #[serde(default = "once")]
    pub times: u32,
    /// For `slow`: the wait in milliseconds.
    #[serde(default)]
    pub ms: u64,
    /// For `declared`: the error's name and fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<DeclaredError>,
}

/// The names of the faults on the control route; each is the variant of [`Fault`] with the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    LostAfter,
    LostBefore,
    #[serde(rename = "error_500")]
    Error500,
    Unavailable,
    Slow,
    Declared,
}

/// A declared error to answer with: `{"error":"Declined","data":{"code":"AM04"}}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredError {
    /// The error's name.
    pub error: String,
    /// The error's fields; an empty object when left out.
    #[serde(default = "no_fields")]
    pub data: Value,
}

fn once() -> u32 {
    1
}

fn no_fields() -> Value {
    Value::Object(serde_json::Map::new())
}

impl Arming {
    fn fault(&self) -> Option<Fault> {
        Some(match self.fault {
            Kind::LostAfter => Fault::LostAfter,
            Kind::LostBefore => Fault::LostBefore,
            Kind::Error500 => Fault::Error500,
            Kind::Unavailable => Fault::Unavailable,
            Kind::Slow => Fault::Slow(Duration::from_millis(self.ms)),
            Kind::Declared => {
                let error = self.error.clone()?;
                Fault::Declared { error: error.error, data: error.data }
            }
        })
    }
}

/// The faults that tests have armed, oldest first. They live in memory and end with the process.
#[derive(Debug, Default)]
pub struct Armed(Mutex<Vec<Arming>>);

impl Armed {
    /// Adds a fault behind those already armed.
    ///
    /// # Errors
    /// A sentence when the fault lacks what it needs.
    pub fn arm(&self, arming: Arming) -> Result<(), String> {
        if arming.fault().is_none() {
            return Err("the fault \"declared\" needs \"error\": {\"error\": …, \"data\": {…}}".to_owned());
        }
        self.lock().push(arming);
        Ok(())
    }

    /// Takes the oldest fault that waits for a call of this operation.
    pub fn take(&self, operation: &str) -> Option<Fault> {
        let mut armed = self.lock();
        armed.retain(|arming| arming.times > 0);
        let arming = armed.iter_mut().find(|arming| arming.operation == operation)?;
        arming.times -= 1;
        arming.fault()
    }

    /// What is still armed.
    pub fn list(&self) -> Vec<Arming> {
        self.lock().iter().filter(|arming| arming.times > 0).cloned().collect()
    }

    /// Disarms everything.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arming>> {
        // A poisoned list is still a list: no half-done change can be seen in it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
