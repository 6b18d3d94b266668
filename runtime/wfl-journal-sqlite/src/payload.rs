//! Payloads of instances: put by the writer, read by hash, removed with their instance.

use bytes::Bytes;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use wfl_journal::{AppendError, BlobHash, ReadError};
use wfl_record::{InstanceId, Position, partition_of};

use crate::group::{Found, Memory, find};
use crate::read::failed;

/// Puts a payload, unless it is there and sound.
pub(crate) async fn put(
    db: &mut SqliteConnection,
    memory: &mut Memory,
    id: &InstanceId,
    bytes: &Bytes,
) -> Result<Result<BlobHash, AppendError>, sqlx::Error> {
    match find(db, memory, id).await? {
        Found::Damaged => return Ok(Err(AppendError::Damaged("its row is damaged".into()))),
        Found::Known(owner) if owner.purged => return Ok(Err(AppendError::Conflict)),
        // That of a start comes before it.
        Found::Known(_) | Found::None => {}
    }
    let hash = BlobHash::of(bytes);
    sqlx::query(
        "INSERT INTO payloads (id, hash, bytes) VALUES (?1, ?2, ?3) \
         ON CONFLICT (id, hash) DO UPDATE SET bytes = excluded.bytes WHERE payloads.bytes <> excluded.bytes",
    )
    .bind(&id.0[..])
    .bind(&hash.0[..])
    .bind(&bytes[..])
    .execute(db)
    .await?;
    Ok(Ok(hash))
}

/// Removes all payloads of an instance.
pub(crate) async fn remove(db: &mut SqliteConnection, id: &InstanceId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM payloads WHERE id = ?").bind(&id.0[..]).execute(db).await?;
    Ok(())
}

/// Removes a payload of an instance.
pub(crate) async fn remove_one(
    db: &mut SqliteConnection,
    id: &InstanceId,
    hash: &[u8; 32],
) -> Result<(), sqlx::Error> {
    let query = sqlx::query("DELETE FROM payloads WHERE id = ? AND hash = ?");
    query.bind(&id.0[..]).bind(&hash[..]).execute(db).await?;
    Ok(())
}

/// A payload by its instance and hash.
pub(crate) async fn get(
    readers: &SqlitePool,
    partitions: u32,
    id: &InstanceId,
    hash: &BlobHash,
) -> Result<Option<Bytes>, ReadError> {
    let bytes: Option<Vec<u8>> = sqlx::query_scalar("SELECT bytes FROM payloads WHERE id = ? AND hash = ?")
        .bind(&id.0[..])
        .bind(&hash.0[..])
        .fetch_optional(readers)
        .await
        .map_err(|error| match failed(partition_of(id, partitions), Position::ZERO, &error) {
            ReadError::Corrupt { .. } => ReadError::CorruptBlob(*hash),
            other => other,
        })?;
    match bytes {
        Some(bytes) if BlobHash::of(&bytes) != *hash => Err(ReadError::CorruptBlob(*hash)),
        bytes => Ok(bytes.map(Bytes::from)),
    }
}
