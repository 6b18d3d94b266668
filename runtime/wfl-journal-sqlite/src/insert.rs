//! Multi-row statements in a few sizes, so that each is prepared once and stays cached.

use std::sync::LazyLock;

use sqlx::sqlite::SqliteConnection;

use crate::rows::{InstanceRow, log_sum, record_sum};

/// Each statement is a message to the thread that SQLite runs in, and back.
const SIZES: [usize; 5] = [256, 64, 16, 4, 1];

/// One statement in all sizes.
struct Sized([String; 5]);

impl Sized {
    fn new(head: &str, columns: usize, tail: &str) -> Sized {
        let row = format!("({})", vec!["?"; columns].join(","));
        Sized(SIZES.map(|rows| format!("{head} VALUES {}{tail}", vec![row.as_str(); rows].join(","))))
    }

    /// Splits rows into the sizes, each with its statement.
    fn split<'a, T>(&'static self, mut rest: &'a [T]) -> impl Iterator<Item = (&'static str, &'a [T])> {
        std::iter::from_fn(move || {
            let at = SIZES.iter().position(|size| *size <= rest.len())?;
            let (now, later) = rest.split_at(SIZES[at]);
            rest = later;
            Some((self.0[at].as_str(), now))
        })
    }
}

static RECORDS: LazyLock<Sized> =
    LazyLock::new(|| Sized::new("INSERT INTO records (position, instance, message, at, bytes, sum)", 6, ""));

static INSTANCES: LazyLock<Sized> = LazyLock::new(|| {
    let tail = " ON CONFLICT (number) DO UPDATE SET purged = excluded.purged, count = excluded.count, \
        sum = excluded.sum";
    Sized::new("INSERT INTO instances (number, id, start, purged, count, sum)", 6, tail)
});

static LOGS: LazyLock<Sized> = LazyLock::new(|| {
    let tail = " ON CONFLICT (partition) DO UPDATE SET tail = excluded.tail, watermark = excluded.watermark, \
        sum = excluded.sum";
    Sized::new("INSERT INTO logs (partition, tail, watermark, sum)", 4, tail)
});

/// A record with the place that it gets.
pub(crate) struct Placed {
    pub(crate) position: i64,
    pub(crate) at: i64,
    pub(crate) number: i64,
    pub(crate) message: String,
    pub(crate) bytes: Vec<u8>,
}

/// Adds records; a unique violation when a message id of an instance is there already.
pub(crate) async fn records(db: &mut SqliteConnection, placed: &[Placed]) -> Result<(), sqlx::Error> {
    for (statement, rows) in RECORDS.split(placed) {
        let mut query = sqlx::query(statement);
        for row in rows {
            let sum = record_sum(row.position, row.number, &row.message, row.at, &row.bytes);
            query = query
                .bind(row.position)
                .bind(row.number)
                .bind(&row.message)
                .bind(row.at)
                .bind(&row.bytes[..])
                .bind(sum);
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}

/// Writes the rows of instances that are new or changed.
pub(crate) async fn instances(db: &mut SqliteConnection, touched: &[InstanceRow]) -> Result<(), sqlx::Error> {
    for (statement, rows) in INSTANCES.split(touched) {
        let mut query = sqlx::query(statement);
        for row in rows {
            query = query
                .bind(row.number)
                .bind(&row.id.0[..])
                .bind(&row.start)
                .bind(i64::from(row.purged))
                .bind(row.count)
                .bind(row.sum());
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}

/// Writes partitions' rows: partition, tail, watermark.
pub(crate) async fn logs(db: &mut SqliteConnection, rows: &[(i64, i64, i64)]) -> Result<(), sqlx::Error> {
    for (statement, rows) in LOGS.split(rows) {
        let mut query = sqlx::query(statement);
        for (partition, tail, watermark) in rows {
            let sum = log_sum(*partition, *tail, *watermark);
            query = query.bind(*partition).bind(*tail).bind(*watermark).bind(sum);
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}
