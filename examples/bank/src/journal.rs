//! Double entry: accounts, and entries of lines that always sum to zero.

use crate::answer::Refusal;
use crate::identifier::AccountId;
use crate::money::Money;
use sqlx::{Row, SqliteConnection};

/// Money on its way to the rail.
pub const CLEARING: &str = "clearing";
/// Money that left through the rail.
pub const NOSTRO: &str = "nostro";
/// What the bank earned.
pub const FEE_INCOME: &str = "fee_income";
/// Where opening balances come from.
pub const EQUITY: &str = "equity";

/// What the books say of one customer account, in cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The sum of its lines.
    pub balance: i64,
    /// The sum of its open holds.
    pub held: i64,
    /// Whether it refuses new holds.
    pub frozen: bool,
}

impl Account {
    /// What a new hold may take.
    pub fn available(self) -> i64 {
        self.balance - self.held
    }
}

/// What is moved, and when.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// `opening`, `post`, `reverse` or `settle`.
    pub kind: &'static str,
    /// The hold it belongs to.
    pub hold: Option<i64>,
    /// RFC 3339.
    pub at: &'a str,
}

/// Writes an entry and its lines and moves the accounts' balances. A line of zero is left out.
///
/// # Errors
/// The lines do not sum to zero, or the database refuses: the caller's transaction must be rolled back.
pub async fn record(
    db: &mut SqliteConnection,
    entry: Entry<'_>,
    lines: &[(&str, i64)],
) -> Result<(), Refusal> {
    if lines.iter().map(|(_, amount)| amount).sum::<i64>() != 0 {
        return Err(Refusal::Broken(format!("the lines of a {} entry do not balance", entry.kind)));
    }
    let id = sqlx::query("INSERT INTO entries (kind, hold, at) VALUES (?, ?, ?)")
        .bind(entry.kind)
        .bind(entry.hold)
        .bind(entry.at)
        .execute(&mut *db)
        .await?
        .last_insert_rowid();
    for (account, amount) in lines.iter().filter(|(_, amount)| *amount != 0) {
        sqlx::query("INSERT INTO lines (entry, account, amount) VALUES (?, ?, ?)")
            .bind(id)
            .bind(account)
            .bind(amount)
            .execute(&mut *db)
            .await?;
        sqlx::query("UPDATE accounts SET balance = balance + ? WHERE id = ?")
            .bind(amount)
            .bind(account)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// The bank's own accounts; done once per database.
///
/// # Errors
/// The database refuses.
pub async fn open_internal_accounts(db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    for id in [CLEARING, NOSTRO, FEE_INCOME, EQUITY] {
        sqlx::query("INSERT OR IGNORE INTO accounts (id, kind, frozen, balance, held) VALUES (?, 'internal', 0, 0, 0)")
            .bind(id)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// The account of this id; at first sight it is opened with the balance that its word asks for.
///
/// # Errors
/// The database refuses.
pub async fn account(db: &mut SqliteConnection, id: &AccountId, at: &str) -> Result<Account, Refusal> {
    let found = sqlx::query("SELECT balance, held, frozen FROM accounts WHERE id = ? AND kind = 'customer'")
        .bind(id.as_str())
        .fetch_optional(&mut *db)
        .await?;
    if let Some(row) = found {
        return Ok(Account { balance: row.try_get(0)?, held: row.try_get(1)?, frozen: row.try_get(2)? });
    }
    let (opening, frozen) = opening(id);
    sqlx::query("INSERT INTO accounts (id, kind, frozen, balance, held) VALUES (?, 'customer', ?, 0, 0)")
        .bind(id.as_str())
        .bind(frozen)
        .execute(&mut *db)
        .await?;
    let cents = opening.cents();
    if cents > 0 {
        let entry = Entry { kind: "opening", hold: None, at };
        record(db, entry, &[(id.as_str(), cents), (EQUITY, -cents)]).await?;
    }
    Ok(Account { balance: cents, held: 0, frozen })
}

/// Opening balance and whether the account is frozen, by the first word of its id.
fn opening(id: &AccountId) -> (Money, bool) {
    match id.word() {
        word if word.starts_with("empty") => (Money::from_cents(0), false),
        word if word.starts_with("poor") => (Money::from_cents(1_000), false),
        word => (Money::from_cents(1_000_000), word.starts_with("frozen")),
    }
}
