//! Opening: the lock, the file, its schema.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Executor};
use wfl_journal::{Clock, Limits};

use crate::rows::{APPLICATION_ID, PAYLOADS, SCHEMA, SCHEMA_VERSION, log_sum};

/// How a journal is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many partition logs a new journal has. An existing one keeps what it has, and refuses another number.
    pub partitions: u32,
    /// Where time stamps come from.
    pub clock: Clock,
    /// How large what is stored may be.
    pub limits: Limits,
    /// The largest size of the file in pages of 4 KiB; none for what the disk holds.
    pub max_pages: Option<u32>,
    /// What reaches the file if it is none of the system's. The lock file is one of the system in any case.
    pub vfs: Option<Vfs>,
}

/// Files that SQLite reaches in another way than through the system.
#[derive(Clone, Copy, Debug)]
pub struct Vfs {
    /// The name under which SQLite knows it.
    pub name: &'static str,
    /// Writes the bytes of a file anew, if it is there, and makes them durable, and whether it is there.
    pub renew: fn(&Path) -> io::Result<()>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            partitions: 4,
            clock: Clock::system(),
            limits: Limits::default(),
            max_pages: None,
            vfs: None,
        }
    }
}

/// Why a journal was not opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("the journal is in use by another process (lock: {})", .lock.display())]
    Locked {
        /// The lock file.
        lock: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a journal: {reason}", .path.display())]
    NotAJournal {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Written by a later build.
    #[error("the journal has schema version {found}; this build knows version {SCHEMA_VERSION}")]
    Version {
        /// The file's version.
        found: i64,
    },
    /// It was created with another number of partitions.
    #[error("the journal has {found} partitions, not {wanted}")]
    Partitions {
        /// What it has.
        found: u32,
        /// What was asked for.
        wanted: u32,
    },
    /// The folder or the file cannot be used.
    #[error("{} cannot be used: {reason}", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
}

/// What an open journal works with.
pub(crate) struct Opened {
    pub(crate) lock: File,
    pub(crate) writer: SqliteConnection,
    pub(crate) readers: SqlitePool,
}

pub(crate) async fn open(path: &Path, options: &Options) -> Result<Opened, OpenError> {
    let lock = lock(path)?;
    settle(path, options.vfs.map_or(renew, |vfs| vfs.renew))?;
    let unusable = |error: sqlx::Error| classify(path, error);
    let mut connect = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
        .statement_cache_capacity(64)
        // Checkpoints run from the writer's idle tick; this bound only keeps the log from growing without end.
        .pragma("wal_autocheckpoint", "8192")
        // What is purged, and what snapshots said of it, is not left in free pages for whoever looks there.
        .pragma("secure_delete", "ON")
        .disable_statement_logging();
    if let Some(vfs) = options.vfs {
        connect = connect.vfs(vfs.name);
    }
    let mut writer = connect.connect().await.map_err(unusable)?;
    if let Err(error) = set_up(path, &mut writer, options).await {
        // Closed here, not by a drop in the background: the file is free when the error is told.
        let _ = writer.close().await;
        return Err(error);
    }
    let readers = SqlitePoolOptions::new().max_connections(4).connect_with(connect.clone().read_only(true));
    let readers = readers.await.map_err(unusable)?;
    Ok(Opened { lock, writer, readers })
}

/// Makes sure that the file is a journal, and that what is committed to it is durable.
async fn set_up(path: &Path, writer: &mut SqliteConnection, options: &Options) -> Result<(), OpenError> {
    let unusable = |error: sqlx::Error| classify(path, error);
    prepare(path, writer, options).await?;
    let synchronous: i64 =
        sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *writer).await.map_err(unusable)?;
    let mode: String =
        sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *writer).await.map_err(unusable)?;
    if synchronous != 2 || mode != "wal" {
        let reason = format!("synchronous={synchronous} and journal_mode={mode} are not durable");
        return Err(OpenError::Unusable { path: path.to_owned(), reason });
    }
    if let Some(pages) = options.max_pages {
        let limit = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
        writer.execute(sqlx::raw_sql(limit)).await.map_err(unusable)?;
    }
    Ok(())
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let unusable = |error: io::Error| OpenError::Unusable { path: name.clone(), reason: error.to_string() };
    let file = File::options().create(true).write(true).truncate(false).open(&name).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { lock: name }),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

/// Makes durable what an earlier process left in the write-ahead log, before anybody reads it or adds to it. That process
/// may have ended between a write and its sync, or after a sync that failed: the system then shows pages that the disk
/// does not have, and that no later sync need bring there unless they are written anew. Or it has deleted a log that a
/// power cut could bring back, with a last group that was refused.
fn settle(path: &Path, renew: fn(&Path) -> io::Result<()>) -> Result<(), OpenError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let log = PathBuf::from(log);
    renew(&log).map_err(|error| OpenError::Unusable { path: log, reason: error.to_string() })
}

/// [`Vfs::renew`] on files of the system.
fn renew(path: &Path) -> io::Result<()> {
    match File::options().read(true).write(true).open(path) {
        Ok(mut file) => {
            let (mut chunk, mut at) = (vec![0; 1 << 20], 0);
            loop {
                file.seek(SeekFrom::Start(at))?;
                let length = file.read(&mut chunk)?;
                if length == 0 {
                    break;
                }
                file.seek(SeekFrom::Start(at))?;
                file.write_all(&chunk[..length])?;
                at += length as u64;
            }
            file.sync_all()?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    match path.parent() {
        // Elsewhere a folder is no file that can be synced.
        Some(folder) if cfg!(unix) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder)?.sync_all()
        }
        _ => Ok(()),
    }
}

fn classify(path: &Path, error: sqlx::Error) -> OpenError {
    let reason = match &error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        other => other.to_string(),
    };
    let path = path.to_owned();
    if reason.contains("not a database") || reason.contains("malformed") {
        return OpenError::NotAJournal { path, reason };
    }
    OpenError::Unusable { path, reason }
}

/// Creates the schema in a new file; tests it in an old one.
async fn prepare(path: &Path, writer: &mut SqliteConnection, options: &Options) -> Result<(), OpenError> {
    let unusable = |error: sqlx::Error| classify(path, error);
    let one = async |writer: &mut SqliteConnection, query: &'static str| {
        sqlx::query_scalar::<_, i64>(query).fetch_one(writer).await.map_err(unusable)
    };
    let tables = one(writer, "SELECT count(*) FROM sqlite_master").await?;
    let application = one(writer, "PRAGMA application_id").await?;
    if tables == 0 && application == 0 {
        return create(writer, options).await.map_err(unusable);
    }
    if application != APPLICATION_ID {
        let reason = "it is a database of something else".to_owned();
        return Err(OpenError::NotAJournal { path: path.to_owned(), reason });
    }
    let found = one(writer, "PRAGMA user_version").await?;
    if !(1..=SCHEMA_VERSION).contains(&found) {
        return Err(OpenError::Version { found });
    }
    let (version, added) = (found, if found == 1 { "" } else { PAYLOADS });
    // SQLite believes what its schema says, and sqlx panics over text in it that is none: test it before use.
    let stored: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT CAST(sql AS BLOB) FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid",
    )
    .fetch_all(&mut *writer)
    .await
    .map_err(unusable)?;
    let tables = SCHEMA.split(';').chain(added.split(';'));
    let tables = tables.map(str::trim).filter(|table| !table.is_empty());
    if !tables.map(str::as_bytes).eq(stored.iter().map(Vec::as_slice)) {
        let reason = "its tables are not those of a journal; the file is damaged".to_owned();
        return Err(OpenError::NotAJournal { path: path.to_owned(), reason });
    }
    let found = one(writer, "SELECT count(*) FROM logs").await? as u32;
    if found != options.partitions {
        return Err(OpenError::Partitions { found, wanted: options.partitions });
    }
    if version == 1 { raise(writer).await.map_err(unusable) } else { Ok(()) }
}

/// Brings a file of version 1 to version 2. A build that knows no payloads refuses it from now on.
async fn raise(writer: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut all = writer.begin().await?;
    all.execute(sqlx::raw_sql(PAYLOADS)).await?;
    all.execute("PRAGMA user_version = 2").await?;
    all.commit().await
}

async fn create(writer: &mut SqliteConnection, options: &Options) -> Result<(), sqlx::Error> {
    let mut all = writer.begin().await?;
    all.execute(sqlx::raw_sql(SCHEMA)).await?;
    all.execute(sqlx::raw_sql(PAYLOADS)).await?;
    for partition in 0..i64::from(options.partitions.max(1)) {
        sqlx::query("INSERT INTO logs (partition, tail, watermark, sum) VALUES (?, 0, 0, ?)")
            .bind(partition)
            .bind(log_sum(partition, 0, 0))
            .execute(&mut *all)
            .await?;
    }
    let marks = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION}");
    all.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(marks))).await?;
    all.commit().await
}
