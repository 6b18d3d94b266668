//! The books laid open, so that a test can prove that every cent is there and nothing happened twice.

use crate::identifier::{HoldId, Iban, PostingId, RailReference};
use crate::money::{CURRENCY, Money};
use serde_json::{Map, Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

/// The whole audit as JSON; the README describes its fields. Read it inside one transaction.
///
/// # Errors
/// The database refuses.
pub async fn audit(db: &mut SqliteConnection) -> Result<Value, sqlx::Error> {
    let differences = differences(db).await?;
    Ok(json!({
        "balanced": differences.is_empty(),
        "differences": differences,
        "duplicates": duplicates(db).await?,
        "conflicts": conflicts(db).await?,
        "currency": CURRENCY,
        "accounts": accounts(db).await?,
        "open_holds": open_holds(db).await?,
        "postings": postings(db).await?,
        "settlements": settlements(db).await?,
        "submissions": submissions(db).await?,
        "calls": calls(db).await?,
    }))
}

fn money(row: &SqliteRow, column: usize) -> Result<Money, sqlx::Error> {
    row.try_get(column).map(Money::from_cents)
}

fn text(row: &SqliteRow, column: usize) -> Result<String, sqlx::Error> {
    row.try_get(column)
}

async fn list(
    db: &mut SqliteConnection,
    query: &'static str,
    item: fn(&SqliteRow) -> Result<Value, sqlx::Error>,
) -> Result<Vec<Value>, sqlx::Error> {
    sqlx::query(query).fetch_all(db).await?.iter().map(item).collect()
}

/// Everything that does not add up, as sentences' subjects and sums in cents. Empty means balanced.
async fn differences(db: &mut SqliteConnection) -> Result<Vec<Value>, sqlx::Error> {
    let query = "
        SELECT 'sum of all lines', sum(amount) FROM lines HAVING sum(amount) <> 0
        UNION ALL
        SELECT 'entry ' || entry, sum(amount) FROM lines GROUP BY entry HAVING sum(amount) <> 0
        UNION ALL
        SELECT 'balance of ' || id, balance - coalesce((SELECT sum(amount) FROM lines WHERE account = id), 0) AS off
          FROM accounts WHERE off <> 0
        UNION ALL
        SELECT 'held on ' || id, held - coalesce(
          (SELECT sum(amount) FROM holds WHERE account = accounts.id AND state = 'held'), 0) AS off
          FROM accounts WHERE off <> 0
        UNION ALL
        SELECT 'clearing', balance - coalesce((SELECT sum(amount) FROM postings WHERE state = 'posted'), 0) AS off
          FROM accounts WHERE id = 'clearing' AND off <> 0";
    list(db, query, |row| Ok(json!({"what": text(row, 0)?, "cents": row.try_get::<i64, _>(1)?}))).await
}

/// Effects that happened more than once where once is right.
async fn duplicates(db: &mut SqliteConnection) -> Result<Vec<Value>, sqlx::Error> {
    let query = "
        SELECT 'postings of hold', printf('hold_%012d', hold), count(*) FROM postings
          WHERE state <> 'reversed' GROUP BY hold HAVING count(*) > 1
        UNION ALL
        SELECT 'submissions of reference', reference, count(*) FROM submissions
          GROUP BY reference HAVING count(*) > 1
        UNION ALL
        SELECT 'settlements with rail reference', rail_reference, count(*) FROM settlements
          GROUP BY rail_reference HAVING count(*) > 1";
    list(db, query, |row| {
        Ok(json!({"what": text(row, 0)?, "id": text(row, 1)?, "count": row.try_get::<i64, _>(2)?}))
    })
    .await
}

async fn conflicts(db: &mut SqliteConnection) -> Result<Vec<Value>, sqlx::Error> {
    list(db, "SELECT operation, detail, at FROM conflicts ORDER BY id", |row| {
        Ok(json!({"operation": text(row, 0)?, "detail": text(row, 1)?, "at": text(row, 2)?}))
    })
    .await
}

async fn accounts(db: &mut SqliteConnection) -> Result<Value, sqlx::Error> {
    let rows =
        sqlx::query("SELECT id, balance, held, balance - held, frozen FROM accounts ORDER BY kind DESC, id")
            .fetch_all(db)
            .await?;
    let mut accounts = Map::new();
    for row in &rows {
        let account = json!({
            "balance": money(row, 1)?, "held": money(row, 2)?, "available": money(row, 3)?,
            "frozen": row.try_get::<bool, _>(4)?,
        });
        accounts.insert(text(row, 0)?, account);
    }
    Ok(Value::Object(accounts))
}

async fn open_holds(db: &mut SqliteConnection) -> Result<Vec<Value>, sqlx::Error> {
    let query = "SELECT id, account, amount, expires_at FROM holds WHERE state = 'held' ORDER BY id";
    list(db, query, |row| {
        Ok(json!({
            "hold": HoldId(row.try_get(0)?), "account": text(row, 1)?, "amount": money(row, 2)?,
            "expires_at": text(row, 3)?,
        }))
    })
    .await
}

async fn postings(db: &mut SqliteConnection) -> Result<Vec<Value>, sqlx::Error> {
    let query = "SELECT postings.id, hold, account, postings.amount, fee, postings.state
                 FROM postings JOIN holds ON holds.id = hold ORDER BY postings.id";
    list(db, query, |row| {
        Ok(json!({
            "posting": PostingId(row.try_get(0)?), "hold": HoldId(row.try_get(1)?), "account": text(row, 2)?,
            "amount": money(row, 3)?, "fee": money(row, 4)?, "state": text(row, 5)?,
        }))
    })
    .await
}

async fn settlements(db: &mut SqliteConnection) -> Result<Vec<Value>, sqlx::Error> {
    list(db, "SELECT hold, rail_reference, at FROM settlements ORDER BY hold", |row| {
        Ok(json!({"hold": HoldId(row.try_get(0)?), "rail_reference": text(row, 1)?, "at": text(row, 2)?}))
    })
    .await
}

async fn submissions(db: &mut SqliteConnection) -> Result<Vec<Value>, sqlx::Error> {
    list(db, "SELECT id, reference, creditor, amount, at FROM submissions ORDER BY id", |row| {
        let creditor = Iban::try_from(text(row, 2)?).map(|iban| iban.to_string()).unwrap_or_default();
        Ok(json!({
            "rail_reference": RailReference(row.try_get(0)?), "reference": text(row, 1)?, "creditor": creditor,
            "amount": money(row, 3)?, "at": text(row, 4)?,
        }))
    })
    .await
}

/// One line per key: which operation answered it, with which status, and how often the answer was replayed.
async fn calls(db: &mut SqliteConnection) -> Result<Vec<Value>, sqlx::Error> {
    list(db, "SELECT operation, key, status, replays, at FROM answers ORDER BY rowid", |row| {
        Ok(json!({
            "operation": text(row, 0)?, "key": text(row, 1)?, "status": row.try_get::<i64, _>(2)?,
            "replays": row.try_get::<i64, _>(3)?, "at": text(row, 4)?,
        }))
    })
    .await
}
