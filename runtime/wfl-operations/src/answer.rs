//! The table of answers: what an HTTP status with its headers and body proves about the effect.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::call::Reply;

/// How much of an answer outside of the contract is kept.
const KEPT_BYTES: usize = 4096;

#[derive(Deserialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    error: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// Classifies a complete answer.
pub fn classify(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Reply {
    let refused =
        |reason: String| Reply::Refused { reason, raw: body[..body.len().min(KEPT_BYTES)].to_vec() };
    match status.as_u16() {
        200 => Reply::Returned(body.to_vec()),
        204 => Reply::Empty,
        422 => problem(body).unwrap_or_else(refused),
        429 => {
            Reply::Unavailable { reason: "it is overloaded (429)".into(), retry_after: retry_after(headers) }
        }
        503 if says(headers, "wfl-not-executed") => Reply::Unavailable {
            reason: "it is not available (503)".into(),
            retry_after: retry_after(headers),
        },
        409 if says(headers, "wfl-in-progress") => {
            Reply::Unknown { reason: "the same call is still under way there (409)".into() }
        }
        408 | 500..=599 => Reply::Unknown { reason: format!("it answered {status}") },
        _ => refused(format!("the status {status} has no meaning for an operation")),
    }
}

/// A 422: a declared error, or why it is none.
fn problem(body: &[u8]) -> Result<Reply, String> {
    let Ok(problem) = serde_json::from_slice::<Problem<'_>>(body) else {
        return Err("status 422 without a problem body".into());
    };
    match (problem.kind.as_str(), problem.error) {
        ("urn:wfl:error", Some(error)) => {
            let data = problem.data.map_or("{}", RawValue::get).as_bytes().to_vec();
            Ok(Reply::Declared { error, data })
        }
        ("urn:wfl:key-reused", _) => Err("the idempotency key was used with other arguments before".into()),
        (kind, _) => Err(format!("status 422 with the unknown problem `{kind}`")),
    }
}

fn says(headers: &HeaderMap, name: &str) -> bool {
    headers.get(name).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
}

/// `Retry-After` in seconds. Its date form is not used between services.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(86_400)))
}
