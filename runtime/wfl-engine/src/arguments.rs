//! The arguments of a start when they are large: they stand beside the log as a payload of the instance, and the start, which
//! stays when the payloads are purged, has their hash and their digest.

use wfl_journal::{AppendError, Appended, BlobHash, Journal, LargePayloads, NewRecord, ReadError};
use wfl_machine::{Input, Source};
use wfl_partition::Event;
use wfl_record::InstanceId;

/// Appends a record; the arguments of a start that are large are put aside before.
pub(crate) async fn append(journal: &dyn Journal, record: NewRecord) -> Result<Appended, AppendError> {
    if !record.first || record.envelope.payload.len() <= LargePayloads::THRESHOLD {
        return journal.append(record).await;
    }
    journal.append(slim(journal, record).await?).await
}

async fn slim(journal: &dyn Journal, mut record: NewRecord) -> Result<NewRecord, AppendError> {
    let envelope = &mut record.envelope;
    let decoded = Input::decode(envelope.kind, envelope.version, &envelope.payload);
    let Ok(Input::Start(mut start)) = decoded else { return Ok(record) };
    let Source::Inline(args) = start.source else { return Ok(record) };
    let hash = BlobHash::of(&args);
    match journal.put_payload(&envelope.instance, args.into()).await {
        // A purged instance takes none; its start says whether this is the same.
        Ok(_) | Err(AppendError::Conflict) => {}
        Err(error) => return Err(error),
    }
    start.source = Source::Blob(hash.0);
    envelope.payload = Input::Start(start).encode().2;
    Ok(record)
}

/// The arguments of an instance by their hash. That they are not there, or not what was put, is damage of the instance.
pub(crate) async fn fetch(journal: &dyn Journal, instance: InstanceId, hash: [u8; 32]) -> Event {
    let hash = BlobHash(hash);
    let found = match journal.get_payload(&instance, &hash).await {
        // Earlier builds put them among the blobs.
        Ok(None) => journal.get_blob(&hash).await,
        found => found,
    };
    match found {
        Ok(Some(bytes)) => Event::Blob(instance, Ok(bytes.to_vec())),
        Ok(None) => Event::Damaged(instance, format!("its arguments {hash} are missing")),
        Err(ReadError::CorruptBlob(_) | ReadError::Corrupt { .. }) => {
            Event::Damaged(instance, format!("its arguments {hash} are damaged"))
        }
        Err(error) => Event::Blob(instance, Err(error.to_string())),
    }
}
