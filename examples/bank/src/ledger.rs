//! The ledger's operations: holds and postings over the journal.
//!
//! A hold goes held → posted → settled, or back: posted → held (reverse) → released. Each function runs inside its
//! caller's transaction and either changes the books or refuses; a refusal leaves nothing to undo but the rollback.

use crate::answer::{Answer, Refusal};
use crate::identifier::{AccountId, HoldId, PostingId};
use crate::journal::{self, CLEARING, Entry, FEE_INCOME, NOSTRO};
use crate::money::Money;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::{Row, SqliteConnection};

/// How long a hold says it lasts. The bank does not enforce it: a hold ends by release or settlement only.
const HOLD_TERM: SignedDuration = SignedDuration::from_hours(24);

struct Hold {
    account: String,
    amount: i64,
    state: String,
}

struct Posting {
    hold: i64,
    amount: i64,
    fee: i64,
    state: String,
}

/// Puts a hold on the account: `{"id":"hold_…","expires_at":"…"}`.
///
/// # Errors
/// Refuses an amount that is not positive. Too little money and a frozen account are declared errors.
pub async fn reserve(
    db: &mut SqliteConnection,
    id: &AccountId,
    amount: Money,
    now: Timestamp,
) -> Result<Answer, Refusal> {
    positive("amount", amount)?;
    let account = journal::account(db, id, &now.to_string()).await?;
    if account.frozen {
        return Ok(Answer::declared("AccountFrozen", json!({})));
    }
    if account.available() < amount.cents() {
        let available = Money::from_cents(account.available());
        return Ok(Answer::declared("InsufficientFunds", json!({"available": available})));
    }
    let expires_at = now.checked_add(HOLD_TERM).map_err(|error| Refusal::Broken(error.to_string()))?;
    let hold = sqlx::query("INSERT INTO holds (account, amount, state, expires_at) VALUES (?, ?, 'held', ?)")
        .bind(id.as_str())
        .bind(amount.cents())
        .bind(expires_at.to_string())
        .execute(&mut *db)
        .await?
        .last_insert_rowid();
    change_held(db, id.as_str(), amount.cents()).await?;
    Ok(Answer::Value(json!({"id": HoldId(hold), "expires_at": expires_at.to_string()})))
}

/// Frees a hold; freeing it again is harmless.
///
/// # Errors
/// Refuses an unknown hold, and one whose money has moved on.
pub async fn release(db: &mut SqliteConnection, id: HoldId) -> Result<Answer, Refusal> {
    let hold = hold(db, id).await?;
    match hold.state.as_str() {
        "released" => {}
        "held" => {
            change_held(db, &hold.account, -hold.amount).await?;
            change_hold(db, id, "released").await?;
        }
        state => return Err(Refusal::Conflict(format!("{id} is {state}; it cannot be released"))),
    }
    Ok(Answer::Unit)
}

/// Moves held money to clearing and the fee to the bank: `{"id":"post_…"}`. What the hold has beyond both is free again.
///
/// # Errors
/// Refuses an unknown hold, one that is not held, and more money than it holds.
pub async fn post(
    db: &mut SqliteConnection,
    id: HoldId,
    amount: Money,
    fee: Money,
    now: Timestamp,
) -> Result<Answer, Refusal> {
    positive("amount", amount)?;
    if fee.cents() < 0 {
        return Err(Refusal::BadArguments("the fee is negative".to_owned()));
    }
    let hold = hold(db, id).await?;
    if hold.state != "held" {
        return Err(Refusal::Conflict(format!("{id} is {}; it cannot be posted", hold.state)));
    }
    let total = amount.cents() + fee.cents();
    if total > hold.amount {
        return Err(Refusal::Conflict(format!("{id} holds less than the amount and the fee together")));
    }
    change_held(db, &hold.account, -hold.amount).await?;
    change_hold(db, id, "posted").await?;
    let posting = sqlx::query("INSERT INTO postings (hold, amount, fee, state) VALUES (?, ?, ?, 'posted')")
        .bind(id.0)
        .bind(amount.cents())
        .bind(fee.cents())
        .execute(&mut *db)
        .await?
        .last_insert_rowid();
    let lines = [(hold.account.as_str(), -total), (CLEARING, amount.cents()), (FEE_INCOME, fee.cents())];
    journal::record(db, Entry { kind: "post", hold: Some(id.0), at: &now.to_string() }, &lines).await?;
    Ok(Answer::Value(json!({"id": PostingId(posting)})))
}

/// Undoes a posting: the money is back on the account and held again. Undoing it again is harmless.
///
/// # Errors
/// Refuses an unknown posting, and one that is settled.
pub async fn reverse(
    db: &mut SqliteConnection,
    id: PostingId,
    reason: &str,
    now: Timestamp,
) -> Result<Answer, Refusal> {
    let posting = posting(db, "SELECT hold, amount, fee, state FROM postings WHERE id = ?", id.0)
        .await?
        .ok_or_else(|| Refusal::NotFound(format!("there is no posting {id}")))?;
    match posting.state.as_str() {
        "reversed" => return Ok(Answer::Unit),
        "posted" => {}
        state => return Err(Refusal::Conflict(format!("{id} is {state}; it cannot be reversed"))),
    }
    let hold_id = HoldId(posting.hold);
    let hold = hold(db, hold_id).await?;
    sqlx::query("UPDATE postings SET state = 'reversed', reason = ? WHERE id = ?")
        .bind(reason)
        .bind(id.0)
        .execute(&mut *db)
        .await?;
    let total = posting.amount + posting.fee;
    let lines = [(hold.account.as_str(), total), (CLEARING, -posting.amount), (FEE_INCOME, -posting.fee)];
    journal::record(db, Entry { kind: "reverse", hold: Some(posting.hold), at: &now.to_string() }, &lines)
        .await?;
    // The hold comes back with what was posted: the surplus of a larger hold was freed then and may be spent by now.
    sqlx::query("UPDATE holds SET amount = ?, state = 'held' WHERE id = ?")
        .bind(total)
        .bind(posting.hold)
        .execute(&mut *db)
        .await?;
    change_held(db, &hold.account, total).await?;
    Ok(Answer::Unit)
}

/// Moves posted money from clearing to the rail's account: `{"at":"…"}`. The same settlement again is harmless.
///
/// # Errors
/// Refuses an unknown hold, one that is not posted, and a second settlement under another rail reference.
pub async fn settle(
    db: &mut SqliteConnection,
    id: HoldId,
    rail_reference: &str,
    now: Timestamp,
) -> Result<Answer, Refusal> {
    let hold = hold(db, id).await?;
    let settled = sqlx::query("SELECT rail_reference, at FROM settlements WHERE hold = ?")
        .bind(id.0)
        .fetch_optional(&mut *db)
        .await?;
    if let Some(row) = settled {
        if row.try_get::<String, _>(0)? != rail_reference {
            return Err(Refusal::Conflict(format!("{id} is settled under another rail reference")));
        }
        return Ok(Answer::Value(json!({"at": row.try_get::<String, _>(1)?})));
    }
    let live = "SELECT hold, amount, fee, state FROM postings WHERE hold = ? AND state = 'posted'";
    let Some(posting) = posting(db, live, id.0).await? else {
        return Err(Refusal::Conflict(format!("{id} is {}; it cannot be settled", hold.state)));
    };
    let at = now.to_string();
    sqlx::query("INSERT INTO settlements (hold, rail_reference, at) VALUES (?, ?, ?)")
        .bind(id.0)
        .bind(rail_reference)
        .bind(&at)
        .execute(&mut *db)
        .await?;
    sqlx::query("UPDATE postings SET state = 'settled' WHERE hold = ? AND state = 'posted'")
        .bind(id.0)
        .execute(&mut *db)
        .await?;
    change_hold(db, id, "settled").await?;
    let lines = [(CLEARING, -posting.amount), (NOSTRO, posting.amount)];
    journal::record(db, Entry { kind: "settle", hold: Some(id.0), at: &at }, &lines).await?;
    Ok(Answer::Value(json!({"at": at})))
}

/// What the account has: `{"account":"acc_…","balance":Money,"held":Money,"available":Money}`.
///
/// # Errors
/// The database refuses.
pub async fn balance(db: &mut SqliteConnection, id: &AccountId, now: Timestamp) -> Result<Answer, Refusal> {
    let account = journal::account(db, id, &now.to_string()).await?;
    Ok(Answer::Value(json!({
        "account": id.as_str(),
        "balance": Money::from_cents(account.balance),
        "held": Money::from_cents(account.held),
        "available": Money::from_cents(account.available()),
    })))
}

/// The account that a hold is on.
///
/// # Errors
/// The database refuses. An unknown hold is `None`.
pub async fn account_of_hold(db: &mut SqliteConnection, id: HoldId) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT account FROM holds WHERE id = ?").bind(id.0).fetch_optional(db).await
}

/// The account that a posting took its money from.
///
/// # Errors
/// The database refuses. An unknown posting is `None`.
pub async fn account_of_posting(
    db: &mut SqliteConnection,
    id: PostingId,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT account FROM holds JOIN postings ON postings.hold = holds.id WHERE postings.id = ?",
    )
    .bind(id.0)
    .fetch_optional(db)
    .await
}

fn positive(name: &str, amount: Money) -> Result<(), Refusal> {
    if amount.cents() > 0 {
        Ok(())
    } else {
        Err(Refusal::BadArguments(format!("the {name} is not positive")))
    }
}

async fn hold(db: &mut SqliteConnection, id: HoldId) -> Result<Hold, Refusal> {
    let row = sqlx::query("SELECT account, amount, state FROM holds WHERE id = ?")
        .bind(id.0)
        .fetch_optional(db)
        .await?
        .ok_or_else(|| Refusal::NotFound(format!("there is no hold {id}")))?;
    Ok(Hold { account: row.try_get(0)?, amount: row.try_get(1)?, state: row.try_get(2)? })
}

async fn posting(
    db: &mut SqliteConnection,
    query: &'static str,
    id: i64,
) -> Result<Option<Posting>, sqlx::Error> {
    let Some(row) = sqlx::query(query).bind(id).fetch_optional(db).await? else { return Ok(None) };
    Ok(Some(Posting {
        hold: row.try_get(0)?,
        amount: row.try_get(1)?,
        fee: row.try_get(2)?,
        state: row.try_get(3)?,
    }))
}

async fn change_hold(db: &mut SqliteConnection, id: HoldId, state: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE holds SET state = ? WHERE id = ?").bind(state).bind(id.0).execute(db).await?;
    Ok(())
}

async fn change_held(db: &mut SqliteConnection, account: &str, by: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE accounts SET held = held + ? WHERE id = ?")
        .bind(by)
        .bind(account)
        .execute(db)
        .await?;
    Ok(())
}
