//! The embedded journal keeps every promise of the suite, also with every stored bit flipped.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::path::PathBuf;

use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Row, TypeInfo, ValueRef};
use tempfile::TempDir;
use tokio::sync::{Mutex, OnceCell};
use wfl_journal::BlobHash;
use wfl_journal::conformance::{Area, Damage, Field, Harness, LIMITS, PARTITIONS, TestClock};
use wfl_journal_sqlite::{Options, SqliteJournal};
use wfl_record::{InstanceId, Partition, Position, partition_of};

struct Sqlite {
    folder: TempDir,
    clock: TestClock,
    damage: Vandal,
}

impl Default for Sqlite {
    fn default() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let damage = Vandal {
            path: folder.path().join("journal.db"),
            undo: Mutex::new(None),
            pool: OnceCell::new(),
            rows: OnceCell::new(),
        };
        Sqlite { folder, clock: TestClock::default(), damage }
    }
}

impl Sqlite {
    async fn opened(&self) -> SqliteJournal {
        let options = Options {
            partitions: PARTITIONS,
            clock: self.clock.clock(),
            limits: LIMITS,
            ..Options::default()
        };
        SqliteJournal::open(&self.folder.path().join("journal.db"), options).await.unwrap()
    }
}

impl Harness for Sqlite {
    type Journal = SqliteJournal;

    fn open(&self) -> BoxFuture<'_, SqliteJournal> {
        self.opened().boxed()
    }

    fn reopen(&self, journal: SqliteJournal) -> BoxFuture<'_, SqliteJournal> {
        async move {
            journal.close().await;
            self.opened().await
        }
        .boxed()
    }

    fn clock(&self) -> &TestClock {
        &self.clock
    }

    fn damage(&self) -> Option<&dyn Damage> {
        Some(&self.damage)
    }
}

/// Damages rows through a connection of its own.
struct Vandal {
    path: PathBuf,
    /// The statement that undoes the last flip, with its values.
    undo: Mutex<Option<Undo>>,
    pool: OnceCell<SqlitePool>,
    /// All rows before any flip.
    rows: OnceCell<Vec<Stored>>,
}

/// A table, what the row holds, its columns and their values.
type Stored = (&'static str, Area, Vec<String>, Vec<Cell>);

struct Undo {
    table: &'static str,
    column: String,
    old: Cell,
    /// The keys of the row after the flip.
    keys: Vec<(String, Cell)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

const TABLES: [(&str, &[&str]); 7] = [
    ("records", &["position"]),
    ("instances", &["number"]),
    ("logs", &["partition"]),
    ("snapshots", &["partition", "id"]),
    ("blobs", &["hash"]),
    ("payloads", &["id", "hash"]),
    ("purged", &["first"]),
];

fn cell(row: &SqliteRow, column: usize) -> Cell {
    match row.try_get_raw(column).unwrap().type_info().name() {
        "INTEGER" => Cell::Int(row.get(column)),
        "TEXT" => Cell::Text(row.get(column)),
        _ => Cell::Blob(row.get(column)),
    }
}

impl Cell {
    fn bits(&self) -> usize {
        match self {
            Cell::Int(_) => 64,
            Cell::Text(text) => text.len() * 7,
            Cell::Blob(bytes) => bytes.len() * 8,
        }
    }

    fn flipped(&self, bit: usize) -> Cell {
        match self {
            Cell::Int(n) => Cell::Int(n ^ (1_i64 << bit)),
            // Text stays text: the eighth bit would make it something that is no text at all.
            Cell::Text(text) => {
                let mut bytes = text.clone().into_bytes();
                bytes[bit / 7] ^= 1 << (bit % 7);
                Cell::Text(String::from_utf8(bytes).unwrap())
            }
            Cell::Blob(bytes) => {
                let mut bytes = bytes.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                Cell::Blob(bytes)
            }
        }
    }
}

impl Vandal {
    async fn pool(&self) -> &SqlitePool {
        let open = async || {
            // Thousands of flips: none of them has to survive a power cut.
            let options =
                SqliteConnectOptions::new().filename(&self.path).synchronous(SqliteSynchronous::Off);
            SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap()
        };
        self.pool.get_or_init(open).await
    }

    async fn rows(&self, pool: &SqlitePool, table: &str) -> (Vec<String>, Vec<Vec<Cell>>) {
        let names: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(format!("SELECT name FROM pragma_table_info('{table}')")))
                .fetch_all(pool)
                .await
                .unwrap();
        let rows = sqlx::query(AssertSqlSafe(format!("SELECT {} FROM {table}", names.join(","))))
            .fetch_all(pool)
            .await
            .unwrap();
        let cells = rows.iter().map(|row| (0..names.len()).map(|i| cell(row, i)).collect()).collect();
        (names, cells)
    }

    /// All rows with what they hold.
    async fn all(&self, pool: &SqlitePool) -> Vec<Stored> {
        let mut all = Vec::new();
        let (_, instances) = self.rows(pool, "instances").await;
        let owner = |number: &Cell| {
            let row = instances.iter().find(|row| row[0] == *number).unwrap();
            match &row[1] {
                Cell::Blob(id) => InstanceId(id.as_slice().try_into().unwrap()),
                other => panic!("{other:?}"),
            }
        };
        for (table, _) in TABLES {
            let (names, rows) = self.rows(pool, table).await;
            for row in rows {
                let area = match (table, &row[0], &row[1]) {
                    ("records", Cell::Int(position), number) => Area::Record(
                        partition_of(&owner(number), PARTITIONS),
                        Position(position.cast_unsigned()),
                    ),
                    ("instances", number, _) => Area::Instance(owner(number)),
                    ("logs", Cell::Int(partition), _) => Area::Watermark(Partition(*partition as u32)),
                    ("snapshots", Cell::Int(partition), Cell::Blob(id)) => Area::Snapshot(
                        Partition(*partition as u32),
                        InstanceId(id.as_slice().try_into().unwrap()),
                    ),
                    ("blobs", Cell::Blob(hash), _) => {
                        Area::Blob(BlobHash(hash.as_slice().try_into().unwrap()))
                    }
                    ("payloads", Cell::Blob(id), Cell::Blob(hash)) => Area::Payload(
                        InstanceId(id.as_slice().try_into().unwrap()),
                        BlobHash(hash.as_slice().try_into().unwrap()),
                    ),
                    // Positions are those of the whole journal: any partition's reader passes over them.
                    ("purged", ..) => Area::Purged(Partition(0)),
                    other => panic!("{other:?}"),
                };
                all.push((table, area, names.clone(), row));
            }
        }
        all
    }

    async fn set(
        &self,
        pool: &SqlitePool,
        table: &str,
        column: &str,
        value: &Cell,
        keys: &[(String, Cell)],
    ) -> bool {
        let place: Vec<_> = keys.iter().map(|(name, _)| format!("{name} = ?")).collect();
        let query = format!("UPDATE {table} SET {column} = ? WHERE {}", place.join(" AND "));
        let mut query = sqlx::query(AssertSqlSafe(query));
        for cell in std::iter::once(value).chain(keys.iter().map(|(_, cell)| cell)) {
            query = match cell {
                Cell::Int(n) => query.bind(*n),
                Cell::Text(text) => query.bind(text.clone()),
                Cell::Blob(bytes) => query.bind(bytes.clone()),
            };
        }
        query.execute(pool).await.is_ok_and(|done| done.rows_affected() == 1)
    }
}

fn same_area(wanted: &Area, column: &str, area: &Area) -> bool {
    match (wanted, area) {
        // One row holds both; the tail is what is remembered of purged positions.
        (Area::Purged(a), Area::Watermark(b)) => a == b && column == "tail",
        (a, b) => a == b,
    }
}

impl Damage for Vandal {
    fn fields(&self) -> BoxFuture<'_, Vec<Field>> {
        async move {
            let pool = self.pool().await;
            let mut fields = Vec::new();
            let rows = self.rows.get_or_init(|| self.all(pool)).await;
            for (_, area, names, row) in rows.clone() {
                for (name, cell) in names.into_iter().zip(row) {
                    let area = match &area {
                        Area::Watermark(partition) if name == "tail" => Area::Purged(*partition),
                        other => other.clone(),
                    };
                    fields.push(Field { area, name, bits: cell.bits() });
                }
            }
            fields
        }
        .boxed()
    }

    fn flip<'a>(&'a self, field: &'a Field, bit: usize) -> BoxFuture<'a, bool> {
        async move {
            let pool = self.pool().await;
            let all = self.rows.get().unwrap();
            let (table, _, names, row) =
                all.iter().find(|row| same_area(&field.area, &field.name, &row.1)).unwrap();
            let column = names.iter().position(|name| *name == field.name).unwrap();
            let keys = TABLES.iter().find(|(name, _)| name == table).unwrap().1;
            let value = row[column].flipped(bit);
            let key = |name: &&str| {
                let at = names.iter().position(|column| column == name).unwrap();
                (name.to_string(), row[at].clone())
            };
            let keys: Vec<_> = keys.iter().map(key).collect();
            let done = self.set(pool, table, &field.name, &value, &keys).await;
            if done {
                let after = |(name, old): &(String, Cell)| {
                    (name.clone(), if *name == field.name { value.clone() } else { old.clone() })
                };
                let keys = keys.iter().map(after).collect();
                let undo = Undo { table, column: field.name.clone(), old: row[column].clone(), keys };
                *self.undo.lock().await = Some(undo);
            }
            done
        }
        .boxed()
    }

    fn mend(&self) -> BoxFuture<'_, ()> {
        async move {
            let Some(undo) = self.undo.lock().await.take() else { return };
            let pool = self.pool().await;
            assert!(
                self.set(pool, undo.table, &undo.column, &undo.old, &undo.keys).await,
                "the flip is undone"
            );
        }
        .boxed()
    }

    fn cut(&self, _: Partition, position: Position, bytes: usize) -> BoxFuture<'_, ()> {
        async move {
            let pool = self.pool().await;
            sqlx::query(
                "UPDATE records SET bytes = substr(bytes, 1, max(length(bytes) - ?, 0)) WHERE position = ?",
            )
            .bind(bytes as i64)
            .bind(position.0 as i64)
            .execute(pool)
            .await
            .unwrap();
        }
        .boxed()
    }
}

wfl_journal::conformance_suite!(Sqlite::default());
