//! What an operation says, and how that looks on the wire.

use serde_json::{Value, json};

/// A definite answer. It is stored with the effect and replayed for the same key.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// 200 with this JSON; `null` is "none".
    Value(Value),
    /// 204.
    Unit,
    /// 422 `urn:wfl:error`: a business error that the operation declares; no effect remains.
    Declared {
        /// The error's name, such as `InsufficientFunds`.
        error: String,
        /// The error's fields.
        data: Value,
    },
}

impl Answer {
    /// A declared error with these fields.
    pub fn declared(error: &str, data: Value) -> Self {
        Self::Declared { error: error.to_owned(), data }
    }

    /// Status and body as they are stored and sent.
    pub fn into_reply(self) -> Reply {
        match self {
            Self::Value(value) => Reply::new(200, Some(value)),
            Self::Unit => Reply::new(204, None),
            Self::Declared { error, data } => {
                Reply::new(422, Some(json!({"type": "urn:wfl:error", "error": error, "data": data})))
            }
        }
    }
}

/// No answer that may be stored: the caller's mistake, a conflict with the bank's state, or a fault.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// 400: the body is not JSON, or an argument is missing or ill-typed.
    #[error("{0}")]
    BadArguments(String),
    /// 404: no such operation, hold or posting.
    #[error("{0}")]
    NotFound(String),
    /// 409 without `Wfl-In-Progress`: the request contradicts what has already happened, such as a second posting
    /// of one hold under another key. Nothing was done.
    #[error("{0}")]
    Conflict(String),
    /// 409 with `Wfl-In-Progress: true`: a request with this key is still running.
    #[error("a request with this key is still running")]
    InProgress,
    /// 422 `urn:wfl:key-reused`: the key was used with other arguments.
    #[error("this key was used with another operation or other arguments")]
    KeyReused,
    /// 503 with `Wfl-Not-Executed: true`: nothing was done and nothing will be.
    #[error("{0}")]
    Unavailable(String),
    /// 500: the effect may have happened.
    #[error("the bank failed: {0}")]
    Broken(String),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl Refusal {
    /// The problem document of this refusal.
    pub fn into_reply(self) -> Reply {
        let (status, kind) = match self {
            Self::BadArguments(_) => (400, "urn:wfl-bank:bad-arguments"),
            Self::NotFound(_) => (404, "urn:wfl-bank:not-found"),
            Self::Conflict(_) => (409, "urn:wfl-bank:conflict"),
            Self::InProgress => (409, "urn:wfl:in-progress"),
            Self::KeyReused => (422, "urn:wfl:key-reused"),
            Self::Unavailable(_) => (503, "urn:wfl:unavailable"),
            Self::Broken(_) => (500, "urn:wfl-bank:broken"),
        };
        let header = match self {
            Self::InProgress => Some("wfl-in-progress"),
            Self::Unavailable(_) => Some("wfl-not-executed"),
            _ => None,
        };
        let body = json!({"type": kind, "status": status, "detail": self.to_string()});
        Reply { header, ..Reply::new(status, Some(body)) }
    }
}

/// An answer ready to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// JSON text; `None` for 204.
    pub body: Option<String>,
    /// A header to set to `true`: `idempotency-replayed`, `wfl-in-progress` or `wfl-not-executed`.
    pub header: Option<&'static str>,
}

impl Reply {
    fn new(status: u16, body: Option<Value>) -> Self {
        Self { status, body: body.map(|value| value.to_string()), header: None }
    }

    /// A stored answer, marked as a repetition.
    pub fn replayed(status: u16, body: Option<String>) -> Self {
        Self { status, body, header: Some("idempotency-replayed") }
    }
}
