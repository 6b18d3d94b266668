//! How many events a second the journal takes, as JSON: `append_bench [directory] [seconds]`.

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wfl_journal::Journal;
use wfl_journal_sqlite::{Options, SqliteJournal};
use wfl_record::{AppendError, Envelope, InstanceId, Kind, MessageId, Namespace, NewRecord, partition_of};

const PAYLOAD: usize = 300;

fn record(key: u32, n: u64) -> NewRecord {
    let instance = InstanceId::derive(&Namespace::default(), "bench.Append", &key.to_le_bytes());
    let envelope = Envelope {
        namespace: Namespace::default(),
        tenant: None,
        instance,
        message_id: MessageId::new(format!("m/{n}")),
        kind: if n == 0 { Kind::START } else { Kind::ANSWER },
        version: 1,
        actor: None,
        key_id: None,
        trace: None,
        payload: vec![7; PAYLOAD],
    };
    NewRecord { partition: partition_of(&instance, 4), first: n == 0, envelope }
}

async fn write(journal: Arc<SqliteJournal>, key: u32, until: Instant) -> Result<u64, AppendError> {
    let mut count = 0;
    while Instant::now() < until {
        journal.append(record(key, count)).await?;
        count += 1;
    }
    Ok(count)
}

async fn measure(path: PathBuf, writers: u32, time: Duration) -> Result<serde_json::Value, Box<dyn Error>> {
    let journal = Arc::new(SqliteJournal::open(&path, Options::default()).await?);
    let begun = Instant::now();
    let tasks: Vec<_> =
        (0..writers).map(|key| tokio::spawn(write(Arc::clone(&journal), key, begun + time))).collect();
    let mut events = 0;
    for task in tasks {
        events += task.await??;
    }
    let rate = events as f64 / begun.elapsed().as_secs_f64();
    journal.close().await;
    Ok(serde_json::json!({ "writers": writers, "events": events, "events_per_second": rate.round() }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let parent = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let time = Duration::from_secs(arguments.next().map_or(Ok(5), |seconds| seconds.parse())?);
    let directory = tempfile::tempdir_in(parent)?;
    let mut figures = Vec::new();
    for writers in [1, 64, 256] {
        figures.push(measure(directory.path().join(format!("{writers}.db")), writers, time).await?);
    }
    println!("{}", serde_json::json!({ "payload_bytes": PAYLOAD, "runs": figures }));
    Ok(())
}
