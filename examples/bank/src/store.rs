//! The database file of the bank: one SQLite in WAL mode, one process, one connection.

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Why the data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory cannot be created, or nothing can be written there.
    #[error("cannot use the data directory {path}: {cause}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// Another bank has it open.
    #[error("the data directory {path} is in use by another bank")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// SQLite refused the file.
    #[error("cannot open the database in {path}: {cause}")]
    Database {
        /// The directory.
        path: PathBuf,
        /// What SQLite said.
        cause: sqlx::Error,
    },
}

/// The open database, and the lock that keeps a second bank away from it.
#[derive(Debug)]
pub struct Store {
    pool: SqlitePool,
    _lock: File,
}

/// How long a start waits for the bank before it: one that was told to end may still be finishing.
const LOCK_WAIT: Duration = Duration::from_secs(5);

impl Store {
    /// Opens the books in this directory, creating both when they are not there.
    ///
    /// # Errors
    /// The directory is unusable or in use, or its database is damaged.
    pub async fn open(directory: &Path) -> Result<Self, Error> {
        let path = directory.to_owned();
        let unusable = |cause| Error::Directory { path: path.clone(), cause };
        fs::create_dir_all(directory).map_err(unusable)?;
        let lock = File::create(directory.join("bank.lock")).map_err(unusable)?;
        acquire(&lock, directory).await?;
        let pool = open_database(directory).await.map_err(|cause| Error::Database { path, cause })?;
        Ok(Self { pool, _lock: lock })
    }

    /// The only connection, as a pool of one: whoever holds it is the only reader and writer.
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }
}

async fn acquire(lock: &File, directory: &Path) -> Result<(), Error> {
    let started = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if started.elapsed() < LOCK_WAIT => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(TryLockError::WouldBlock) => return Err(Error::InUse { path: directory.to_owned() }),
            Err(TryLockError::Error(cause)) => {
                return Err(Error::Directory { path: directory.to_owned(), cause });
            }
        }
    }
}

async fn open_database(directory: &Path) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(directory.join("bank.db"))
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL mode FULL syncs the log at every commit: an answer that left the bank survives a power cut.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5));
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await?;
    sqlx::raw_sql(include_str!("schema.sql")).execute(&pool).await?;
    Ok(pool)
}
