//! One process at work: it opens the journal, holds it against the ledger, follows a script, and closes it or dies.

use std::io;
use std::path::Path;
use std::time::Duration;

use futures::future::join_all;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnectOptions;
use wfl_journal::{AppendError, Clock, Journal, Limits, ReadError, Snapshot};
use wfl_journal_sqlite::{OpenError, Options, SqliteJournal, Vfs};
use wfl_record::{NewRecord, Position, Stamp, partition_of};

use crate::disk::{self, Disk};
use crate::handle;
use crate::ledger::{self, Ledger, is_failure};
use crate::script::{PARTITIONS, Step};
use crate::verdict;
use crate::vfs::register;

/// The journal's file on its disk.
const FILE: &str = "journal.db";
/// Longer than the journal waits before it copies its write-ahead log.
const IDLE: Duration = Duration::from_millis(700);

/// How a process came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It did all that it had to do.
    Done,
    /// The journal could not be opened or took nothing more.
    Failed,
}

/// What the process may meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disks {
    /// No failure is excused.
    Sound,
    /// Something is armed.
    Failing,
}

/// What the journal needs to reach the disks.
pub fn vfs() -> Vfs {
    let renew = |path: &Path| {
        let (disk, name) = path.to_str().and_then(disk::find).ok_or(io::ErrorKind::NotFound)?;
        handle::renew(&disk, name).map_err(|refusal| io::Error::other(format!("{refusal:?}")))
    };
    Vfs { name: register(), renew }
}

/// Opens the journal of a disk.
pub async fn open(disk: &Disk) -> Result<SqliteJournal, OpenError> {
    let options = Options {
        partitions: PARTITIONS,
        clock: Clock::new(|| Stamp(1)),
        limits: Limits { payload: 16 << 10, blob: 16 << 10 },
        vfs: Some(vfs()),
        ..Options::default()
    };
    SqliteJournal::open(&disk.path(FILE), options).await
}

/// What SQLite's own test of the file says.
async fn integrity(disk: &Disk) -> Result<(), String> {
    let connect = SqliteConnectOptions::new().filename(disk.path(FILE)).vfs(register()).read_only(true);
    let tell = |error: sqlx::Error| format!("the test of integrity: {error}");
    let mut db = sqlx::SqliteConnection::connect_with(&connect).await.map_err(tell)?;
    let said: Vec<String> =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut db).await.map_err(tell)?;
    db.close().await.map_err(tell)?;
    if said == ["ok"] { Ok(()) } else { Err(format!("integrity: {}", said.join("; "))) }
}

/// Runs one process. An error is a promise that is broken.
pub(crate) async fn run(
    disk: &Disk,
    ledger: &mut Ledger,
    script: &[Step],
    disks: Disks,
) -> Result<End, String> {
    let mut journal = match begin(disk, ledger, disks).await? {
        Ok(journal) => journal,
        Err(end) => return Ok(end),
    };
    let mut has_failed = false;
    for step in script {
        if !disk.is_up() {
            break;
        }
        if matches!(step, Step::PowerCut) {
            disk.cut_power();
            break;
        }
        if matches!(step, Step::Reopen) {
            journal.close().await;
            if has_failed {
                return Ok(End::Failed);
            }
            journal = match begin(disk, ledger, disks).await? {
                Ok(journal) => journal,
                Err(end) => return Ok(end),
            };
            continue;
        }
        ledger.begin_step();
        let failed = match take(&journal, ledger, step).await {
            // An idle tick may still have been under way when the power went.
            Err(Broken::Reading(ReadError::Unavailable(_))) if disks == Disks::Failing || !disk.is_up() => {
                false
            }
            Err(Broken::Reading(error)) => return Err(format!("a follower: {error}")),
            Err(Broken::Promise(what)) => return Err(what),
            Ok(failed) => failed,
        };
        if has_failed && !failed && !matches!(step, Step::Idle | Step::Read(_)) {
            return Err(format!("the journal failed and then took {step:?}"));
        }
        has_failed |= failed;
    }
    journal.close().await;
    if has_failed && disks == Disks::Sound && disk.is_up() {
        return Err("the journal failed on a sound disk".into());
    }
    Ok(if has_failed { End::Failed } else { End::Done })
}

/// Opens and checks.
async fn begin(disk: &Disk, ledger: &mut Ledger, disks: Disks) -> Result<Result<SqliteJournal, End>, String> {
    let is_excused = || disks == Disks::Failing || !disk.is_up();
    let journal = match open(disk).await {
        Ok(journal) => journal,
        Err(OpenError::Unusable { .. }) if is_excused() => return Ok(Err(End::Failed)),
        Err(error) => return Err(format!("the journal does not open: {error}")),
    };
    if disks == Disks::Failing {
        // What is read while something may fail proves nothing; the next process looks.
        return Ok(Ok(journal));
    }
    let checked = async {
        verdict::check(&journal, ledger).await?;
        integrity(disk).await?;
        verdict::repeat(&journal, ledger).await
    };
    match checked.await {
        Ok(()) => Ok(Ok(journal)),
        Err(what) => {
            journal.close().await;
            if is_excused() { Ok(Err(End::Failed)) } else { Err(what) }
        }
    }
}

/// What a step broke.
enum Broken {
    Promise(String),
    /// Something could not be read. A disk that fails is never called damage.
    Reading(ReadError),
}

impl From<String> for Broken {
    fn from(what: String) -> Broken {
        Broken::Promise(what)
    }
}

/// Takes a step; true when the journal said that it takes nothing.
async fn take(journal: &SqliteJournal, ledger: &mut Ledger, step: &Step) -> Result<bool, Broken> {
    match step {
        Step::Appends(records) => Ok(appends(journal, ledger, records).await?),
        Step::Purge(id) => {
            let answer = journal.purge(id, Position(u64::MAX)).await;
            ledger.answered_purge(*id, &answer)?;
            Ok(failed(&answer)?)
        }
        Step::Snapshot(id, bytes) => {
            let partition = partition_of(id, PARTITIONS);
            let position = ledger.tail(partition);
            let snapshot = Snapshot { instance: *id, position, bytes: bytes.clone() };
            let answer = journal.save_snapshot(partition, snapshot.clone()).await;
            ledger.answered_snapshot(snapshot, &answer)?;
            Ok(failed(&answer)?)
        }
        Step::Watermark(partition) => {
            let position = ledger.tail(*partition);
            let answer = journal.set_watermark(*partition, position).await;
            ledger.answered_watermark(*partition, position, &answer)?;
            Ok(failed(&answer)?)
        }
        Step::Blob(bytes) => {
            let answer = journal.put_blob(bytes.clone()).await;
            ledger.answered_blob(bytes.clone(), &answer)?;
            Ok(failed(&answer)?)
        }
        Step::Payload(id, bytes) => {
            let answer = journal.put_payload(id, bytes.clone()).await;
            ledger.answered_payload(*id, bytes.clone(), &answer)?;
            Ok(failed(&answer)?)
        }
        Step::Idle => {
            tokio::time::advance(IDLE).await;
            Ok(false)
        }
        Step::Read(partition) => {
            let read = verdict::follow(journal, *partition).await;
            read.map(|_| false).map_err(Broken::Reading)
        }
        Step::Reopen | Step::PowerCut => Ok(false),
    }
}

/// Is this the answer of a journal that takes nothing? A writer that is gone did not stop, it panicked.
fn failed<T>(answer: &Result<T, AppendError>) -> Result<bool, String> {
    match answer {
        Err(AppendError::Unknown(reason) | AppendError::Unavailable(reason))
            if reason.contains("the writer ended") || reason.contains("crashed") =>
        {
            Err(format!("a panic: {reason}"))
        }
        Err(error) => Ok(is_failure(error)),
        Ok(_) => Ok(false),
    }
}

async fn appends(
    journal: &SqliteJournal,
    ledger: &mut Ledger,
    records: &[NewRecord],
) -> Result<bool, String> {
    records.iter().for_each(|new| ledger.offer(new));
    let answers = join_all(records.iter().map(|new| journal.append(new.clone()))).await;
    let mut count = 0;
    for (new, answer) in records.iter().zip(&answers) {
        count += usize::from(failed(answer)?);
        ledger.answered(&ledger::key(new), answer)?;
    }
    if count > 0 && count < answers.len() {
        return Err(format!("a group failed in part: {answers:?}"));
    }
    Ok(count > 0)
}
