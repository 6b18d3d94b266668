//! Record format 1: the envelope around a payload, its bytes and its checksum.
//!
//! ```text
//! "WFLR" | format: u16 LE | body length: u32 LE | body: CBOR array | xxh3-64 of all before: u64 LE
//! ```
//!
//! The layout is frozen. Later builds may add optional elements at the end of the body; a reader ignores
//! elements that it does not know and takes absent ones as none. Anything else needs a new format number.

use minicbor::{Decode, Encode};
use xxhash_rust::xxh3::xxh3_64;

use crate::identity::{InstanceId, MessageId, Namespace};
use crate::kind::Kind;

/// The format number that this build writes.
pub const FORMAT: u16 = 1;

const MAGIC: &[u8; 4] = b"WFLR";
const HEAD: usize = 4 + 2 + 4;
const SUM: usize = 8;

/// One input of one instance as a producer wrote it. Position and time stamp are the log's, and not part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The world that the instance lives in.
    pub namespace: Namespace,
    /// The customer inside the namespace, when there are several.
    pub tenant: Option<String>,
    /// Whose input this is.
    pub instance: InstanceId,
    /// What makes the input unique within the instance.
    pub message_id: MessageId,
    /// What the payload holds.
    pub kind: Kind,
    /// The version of the payload's layout, per kind. With its highest bit the payload is a [`Reference`](crate::Reference).
    pub version: u16,
    /// Who caused it: a principal's id; none for the engine itself.
    pub actor: Option<String>,
    /// The key that the payload is encrypted under; none for plain bytes.
    pub key_id: Option<String>,
    /// The W3C `traceparent` that the input belongs to.
    pub trace: Option<String>,
    /// The input itself, laid out as `kind` and `version` say.
    pub payload: Vec<u8>,
}

/// The body in its frozen order of elements.
#[derive(Encode, Decode)]
#[cbor(array)]
struct Body {
    #[n(0)]
    namespace: Namespace,
    #[n(1)]
    tenant: Option<String>,
    #[n(2)]
    instance: InstanceId,
    #[n(3)]
    message_id: MessageId,
    #[n(4)]
    kind: u16,
    #[n(5)]
    version: u16,
    #[n(6)]
    actor: Option<String>,
    #[n(7)]
    key_id: Option<String>,
    #[n(8)]
    trace: Option<String>,
    #[cbor(n(9), with = "minicbor::bytes")]
    payload: Vec<u8>,
}

/// Why bytes are not a record. None of these is ever guessed around: the instance is quarantined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Fewer bytes than the frame says: a write that was cut short.
    #[error("the record ends after {have} of {want} bytes")]
    Torn {
        /// Bytes present.
        have: usize,
        /// Bytes that the frame needs.
        want: usize,
    },
    /// The first bytes are not a record's.
    #[error("the bytes do not begin like a record")]
    Magic,
    /// Bytes behind the end of the frame.
    #[error("{0} bytes follow the end of the record")]
    Trailing(usize),
    /// The bytes are not those that were written.
    #[error("the checksum does not match the bytes")]
    Checksum,
    /// Written by a build with a later format.
    #[error("record format {0} is not known to this build (it knows format {FORMAT})")]
    Format(u16),
    /// The checksum holds but the body is no envelope: a faulty producer.
    #[error("the record's body is malformed: {0}")]
    Body(String),
}

impl Envelope {
    /// The record's bytes in format 1.
    pub fn encode(&self) -> Vec<u8> {
        let body = Body {
            namespace: self.namespace.clone(),
            tenant: self.tenant.clone(),
            instance: self.instance,
            message_id: self.message_id.clone(),
            kind: self.kind.0,
            version: self.version,
            actor: self.actor.clone(),
            key_id: self.key_id.clone(),
            trace: self.trace.clone(),
            payload: self.payload.clone(),
        };
        let mut bytes = Vec::with_capacity(HEAD + self.payload.len() + 128 + SUM);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        // Writing into a `Vec` cannot fail: its error type has no values.
        match minicbor::encode(&body, &mut bytes) {
            Ok(()) => {}
            Err(error) => debug_assert!(false, "a Vec took no bytes: {error}"),
        }
        let length = (bytes.len() - HEAD) as u32;
        bytes[6..HEAD].copy_from_slice(&length.to_le_bytes());
        let sum = xxh3_64(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads a record back. Errors: see [`DecodeError`]; the checksum is tested before anything is believed.
    pub fn decode(bytes: &[u8]) -> Result<Envelope, DecodeError> {
        let body = frame(bytes)?;
        let body: Body = minicbor::decode(body).map_err(|e| DecodeError::Body(e.to_string()))?;
        Ok(Envelope {
            namespace: body.namespace,
            tenant: body.tenant,
            instance: body.instance,
            message_id: body.message_id,
            kind: Kind(body.kind),
            version: body.version,
            actor: body.actor,
            key_id: body.key_id,
            trace: body.trace,
            payload: body.payload,
        })
    }
}

/// The body inside a sound frame.
fn frame(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    let torn = |want| DecodeError::Torn { have: bytes.len(), want };
    let (head, rest) = bytes.split_first_chunk::<HEAD>().ok_or(torn(HEAD + SUM))?;
    if &head[..4] != MAGIC {
        return Err(DecodeError::Magic);
    }
    let length = u32::from_le_bytes([head[6], head[7], head[8], head[9]]) as usize;
    let want = HEAD + length + SUM;
    if bytes.len() < want {
        return Err(torn(want));
    }
    if bytes.len() > want {
        return Err(DecodeError::Trailing(bytes.len() - want));
    }
    let (body, sum) = rest.split_at(length);
    if sum != xxh3_64(&bytes[..HEAD + length]).to_le_bytes() {
        return Err(DecodeError::Checksum);
    }
    // Only now: a flipped bit in the format number is damage, not news from the future.
    match u16::from_le_bytes([head[4], head[5]]) {
        FORMAT => Ok(body),
        later => Err(DecodeError::Format(later)),
    }
}
