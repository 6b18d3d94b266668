//! Answers by idempotency key, and which keys are running at this moment.

use crate::answer::{Refusal, Reply};
use serde_json::Value;
use sqlx::{Row, SqliteConnection};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A digest of an operation and its arguments, equal for equal JSON however it is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a call. An argument that is null counts as left out.
    pub fn of(operation: &str, arguments: &Value) -> Self {
        let mut canonical = format!("{operation}\n");
        write_canonical(arguments, &mut canonical);
        Self(*blake3::hash(canonical.as_bytes()).as_bytes())
    }

    /// 64 hexadecimal digits; names a request that has no key.
    pub fn to_hex(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }
}

/// JSON with sorted object keys, without white space and without null fields. The depth is bounded by the parser.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().filter(|(_, value)| !value.is_null()).collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (name, value) in fields {
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write_canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                write_canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

/// The answer stored under this key, counted as one more replay.
///
/// # Errors
/// `KeyReused` when the key belongs to another call.
pub async fn replay(db: &mut SqliteConnection, key: &str, digest: Digest) -> Result<Option<Reply>, Refusal> {
    let stored =
        sqlx::query("UPDATE answers SET replays = replays + 1 WHERE key = ? RETURNING digest, status, body")
            .bind(key)
            .fetch_optional(db)
            .await?;
    let Some(row) = stored else { return Ok(None) };
    if row.try_get::<Vec<u8>, _>(0)? != digest.0 {
        return Err(Refusal::KeyReused);
    }
    Ok(Some(Reply::replayed(row.try_get(1)?, row.try_get(2)?)))
}

/// Stores an answer under its key, in the transaction of the effect.
///
/// # Errors
/// The database refuses.
pub async fn store(
    db: &mut SqliteConnection,
    key: &str,
    operation: &str,
    digest: Digest,
    reply: &Reply,
    at: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO answers (key, operation, digest, status, body, at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(key)
        .bind(operation)
        .bind(digest.0.as_slice())
        .bind(reply.status)
        .bind(&reply.body)
        .bind(at)
        .execute(db)
        .await?;
    Ok(())
}

/// The keys whose requests are running now.
#[derive(Clone, Debug, Default)]
pub struct Running(Arc<Mutex<HashSet<String>>>);

impl Running {
    /// Marks the key as running until the claim is dropped; `None` when it is running already.
    pub fn claim(&self, key: &str) -> Option<Claim> {
        self.keys().insert(key.to_owned()).then(|| Claim { running: self.clone(), key: key.to_owned() })
    }

    fn keys(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        // A set of names has no half-done state that a poisoned lock could hide.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key that is running.
#[derive(Debug)]
pub struct Claim {
    running: Running,
    key: String,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.running.keys().remove(&self.key);
    }
}

#[cfg(test)]
mod tests;
