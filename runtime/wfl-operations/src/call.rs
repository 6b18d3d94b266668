//! One attempt of a call, and what its answer proves.

use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value as Json;

/// One attempt of a call.
#[derive(Clone, Debug)]
pub struct Request {
    /// The service: `Ledger`.
    pub service: String,
    /// The operation: `reserve`.
    pub operation: String,
    /// A JSON object of all arguments by name.
    pub args: Json,
    /// The idempotency key, equal over attempts.
    pub key: Option<String>,
    /// The calling instance.
    pub instance: String,
    /// The calling step's path.
    pub step: String,
    /// 1 for the first.
    pub attempt: u32,
    /// When the attempt is over, as RFC 3339 in UTC.
    pub deadline: String,
    /// The time from now until then.
    pub timeout: Duration,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

impl Request {
    /// `Ledger.reserve`.
    pub fn qualified(&self) -> String {
        format!("{}.{}", self.service, self.operation)
    }
}

/// What an answer, or its absence, proves about the effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It happened; this is its result as JSON.
    Returned(Vec<u8>),
    /// It happened, and there is nothing to tell. No `null`: that would be the `none` of an optional result.
    Empty,
    /// A declared business error with its fields as JSON: no effect remains.
    Declared {
        /// The error's name.
        error: String,
        /// Its fields.
        data: Vec<u8>,
    },
    /// It did not begin.
    Unavailable {
        /// Why.
        reason: String,
        /// When to ask again.
        retry_after: Option<Duration>,
    },
    /// Nobody knows whether it happened.
    Unknown {
        /// Why.
        reason: String,
    },
    /// Something outside of the contract: an incident, unknown and not retried.
    Refused {
        /// What is wrong with it.
        reason: String,
        /// The answer's first bytes.
        raw: Vec<u8>,
    },
}

/// Carries calls out. The caller measures the time and drops the future when it is over.
pub trait Operations: Send + Sync + 'static {
    /// Carries out one attempt. Dropping the future gives the attempt up: its outcome is unknown then.
    fn call(&self, request: Request) -> BoxFuture<'static, Reply>;
}
