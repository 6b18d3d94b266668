//! The payment rail: takes payments that nobody can take back, and says what became of them.

use crate::answer::{Answer, Refusal};
use crate::identifier::{Iban, RailReference, Reference};
use crate::money::Money;
use jiff::Timestamp;
use serde_json::json;
use sqlx::SqliteConnection;

/// Takes a payment: `{"reference":"RAIL…"}`. Only the idempotency key protects from paying twice.
///
/// # Errors
/// Refuses an amount that is not positive.
pub async fn submit(
    db: &mut SqliteConnection,
    creditor: &Iban,
    amount: Money,
    reference: &Reference,
    now: Timestamp,
) -> Result<Answer, Refusal> {
    if amount.cents() <= 0 {
        return Err(Refusal::BadArguments("the amount is not positive".to_owned()));
    }
    let id = sqlx::query("INSERT INTO submissions (reference, creditor, amount, at) VALUES (?, ?, ?, ?)")
        .bind(reference.as_str())
        .bind(creditor.reveal())
        .bind(amount.cents())
        .bind(now.to_string())
        .execute(db)
        .await?
        .last_insert_rowid();
    Ok(Answer::Value(json!({"reference": RailReference(id)})))
}

/// The first payment under this reference: `{"reference":"RAIL…"}`, or null.
///
/// # Errors
/// The database refuses.
pub async fn lookup(db: &mut SqliteConnection, reference: &Reference) -> Result<Answer, Refusal> {
    let id: Option<i64> = sqlx::query_scalar("SELECT min(id) FROM submissions WHERE reference = ?")
        .bind(reference.as_str())
        .fetch_one(db)
        .await?;
    Ok(Answer::Value(id.map_or(json!(null), |id| json!({"reference": RailReference(id)}))))
}
