//! One call from arguments to answer: the key, the fault, the transaction.

use crate::answer::{Answer, Refusal, Reply};
use crate::audit;
use crate::fault::{Armed, Fault};
use crate::idempotency::{self, Digest, Running};
use crate::journal;
use crate::operation::Operation;
use crate::store::{self, Store};
use jiff::{Timestamp, Unit};
use serde_json::Value;
use sqlx::{Row, Sqlite, Transaction};
use std::path::Path;
use std::time::Duration;

/// The bank over its books.
#[derive(Debug)]
pub struct Bank {
    store: Store,
    running: Running,
    armed: Armed,
}

/// What goes back to the caller.
#[derive(Debug)]
pub enum Delivery {
    /// This answer.
    Reply(Reply),
    /// Nothing: the connection is to be closed.
    Lost,
}

struct Call<'a> {
    name: &'a str,
    key: Option<&'a str>,
    operation: Operation,
    digest: Digest,
}

impl Bank {
    /// Opens the books in this directory, creating both when they are not there.
    ///
    /// # Errors
    /// The directory is unusable or in use by another bank, or its database is damaged.
    pub async fn open(directory: &Path) -> Result<Self, store::Error> {
        let store = Store::open(directory).await?;
        let damaged = |cause| store::Error::Database { path: directory.to_owned(), cause };
        let mut db = store.pool().acquire().await.map_err(damaged)?;
        journal::open_internal_accounts(&mut db).await.map_err(damaged)?;
        drop(db);
        Ok(Self { store, running: Running::default(), armed: Armed::default() })
    }

    /// The faults that tests have armed.
    pub fn armed(&self) -> &Armed {
        &self.armed
    }

    /// Carries out one call. It must run to its end even when its caller has hung up, as a real bank would.
    pub async fn call(&self, name: &str, key: Option<&str>, arguments: Value) -> Delivery {
        match self.try_call(name, key, &arguments).await {
            Ok(delivery) => delivery,
            Err(refusal) => {
                tracing::info!(operation = name, %refusal, "refused");
                Delivery::Reply(refusal.into_reply())
            }
        }
    }

    /// The books laid open; see the README for the fields.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn audit(&self) -> Result<Value, sqlx::Error> {
        let mut snapshot = self.store.pool().begin().await?;
        let audit = audit::audit(&mut snapshot).await?;
        snapshot.rollback().await?;
        Ok(audit)
    }

    /// Waits for the running transaction and closes the database.
    pub async fn close(&self) {
        self.store.pool().close().await;
    }

    async fn try_call(&self, name: &str, key: Option<&str>, arguments: &Value) -> Result<Delivery, Refusal> {
        let operation = Operation::parse(name, arguments)?;
        let call = Call { name, key, operation, digest: Digest::of(name, arguments) };
        let _claim = match key {
            Some(key) => Some(self.running.claim(key).ok_or(Refusal::InProgress)?),
            None => None,
        };
        let fault = match self.armed.take(name) {
            Some(fault) => Some(fault),
            None => self.asked_for(&call).await?,
        };
        if let Some(fault) = &fault {
            tracing::info!(operation = name, ?fault, "fault");
        }
        let mut instead = None;
        let mut answer_is_lost = false;
        match fault {
            Some(Fault::LostBefore) => return Ok(Delivery::Lost),
            Some(Fault::Error500) => return Err(Refusal::Broken("a fault was asked for".to_owned())),
            Some(Fault::Unavailable) => return Err(Refusal::Unavailable("a fault was asked for".to_owned())),
            Some(Fault::Slow(wait)) => tokio::time::sleep(wait).await,
            Some(Fault::Declared { error, data }) => instead = Some(Answer::Declared { error, data }),
            Some(Fault::LostAfter) => answer_is_lost = true,
            None => {}
        }
        let reply = self.answer(&call, instead).await?;
        Ok(if answer_is_lost { Delivery::Lost } else { Delivery::Reply(reply) })
    }

    /// The stored answer of the call's key, or the effect (or the answer given `instead` of it) stored under the key.
    async fn answer(&self, call: &Call<'_>, instead: Option<Answer>) -> Result<Reply, Refusal> {
        let now =
            Timestamp::now().round(Unit::Millisecond).map_err(|error| Refusal::Broken(error.to_string()))?;
        let mut books = self.begin().await?;
        if let Some(key) = call.key
            && let Some(reply) = idempotency::replay(&mut books, key, call.digest).await?
        {
            books.commit().await?;
            return Ok(reply);
        }
        let answer = match instead {
            Some(answer) => Ok(answer),
            None => call.operation.execute(&mut books, now).await,
        };
        let reply = match answer {
            Ok(answer) => answer.into_reply(),
            Err(refusal) => {
                books.rollback().await?;
                if let Refusal::Conflict(detail) = &refusal {
                    self.note_conflict(call.name, detail, now).await?;
                }
                return Err(refusal);
            }
        };
        if let Some(key) = call.key {
            idempotency::store(&mut books, key, call.name, call.digest, &reply, &now.to_string()).await?;
        }
        books.commit().await?;
        Ok(reply)
    }

    /// The fault that the call's data asks for at this attempt. Attempts are counted on disk, by key or else by call.
    async fn asked_for(&self, call: &Call<'_>) -> Result<Option<Fault>, Refusal> {
        let mut books = self.begin().await?;
        let Some(trigger) = call.operation.trigger(&mut books).await? else { return Ok(None) };
        let request = match call.key {
            Some(key) => format!("key {key}"),
            None => format!("call {}", call.digest.to_hex()),
        };
        let now = Timestamp::now().as_millisecond();
        let row = sqlx::query(
            "INSERT INTO attempts (request, count, first) VALUES (?, 1, ?)
             ON CONFLICT (request) DO UPDATE SET count = count + 1 RETURNING count, first",
        )
        .bind(request)
        .bind(now)
        .fetch_one(&mut *books)
        .await?;
        let (attempt, first) = (row.try_get::<u32, _>(0)?, row.try_get::<i64, _>(1)?);
        books.commit().await?;
        let elapsed = Duration::from_millis(u64::try_from(now - first).unwrap_or_default());
        Ok(trigger.strike(attempt, elapsed))
    }

    async fn note_conflict(&self, operation: &str, detail: &str, now: Timestamp) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO conflicts (operation, detail, at) VALUES (?, ?, ?)")
            .bind(operation)
            .bind(detail)
            .bind(now.to_string())
            .execute(self.store.pool())
            .await?;
        Ok(())
    }

    /// A write transaction. When it cannot begin, certainly nothing was done.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, Refusal> {
        let begun = self.store.pool().begin_with("BEGIN IMMEDIATE").await;
        begun.map_err(|error| Refusal::Unavailable(format!("the books cannot be opened: {error}")))
    }
}
