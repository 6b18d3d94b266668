//! Identities: instances, messages, partitions, positions and the log's own time stamps.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use data_encoding::{Encoding, Specification};
use minicbor::{Decode, Encode};
use xxhash_rust::xxh3::xxh3_64;

/// The longest message id that a journal takes, in bytes. Ids become subjects and index keys.
pub const MAX_MESSAGE_ID_BYTES: usize = 512;

/// Microseconds since 1970-01-01T00:00:00Z, as stamped by the log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Stamp(#[n(0)] pub i64);

/// The place of a record in its partition's log. The first record stands at 1; 0 is before the first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Position(#[n(0)] pub u64);

impl Position {
    /// Before the first record.
    pub const ZERO: Position = Position(0);

    /// The place right after this one.
    #[must_use]
    pub fn next(self) -> Position {
        Position(self.0 + 1)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One ordered log out of the P that a journal has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Partition(pub u32);

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text or a number is no identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not 26 characters of lower-case base32.
    #[error("`{0}` is not an instance id: 26 characters of a-z and 2-7 are needed")]
    Instance(String),
    /// Empty, too long, or with characters that a subject or a file name cannot carry.
    #[error("`{0}` is not a namespace: 1 to 64 characters of a-z, 0-9, `-` and `_` are needed")]
    Namespace(String),
}

/// Shared text is CBOR text.
macro_rules! text_in_cbor {
    ($type:ident) => {
        impl<C> Encode<C> for $type {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.str(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $type {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                d.str().map(|text| $type(Arc::from(text)))
            }
        }
    };
}

text_in_cbor!(Namespace);
text_in_cbor!(MessageId);

/// Which world an instance lives in (an environment or a customer). Part of every derived id and key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(Arc<str>);

impl Namespace {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Namespace(Arc::from("default"))
    }
}

impl FromStr for Namespace {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        if text.is_empty() || text.len() > 64 || !text.bytes().all(good) {
            return Err(IdentityError::Namespace(text.to_owned()));
        }
        Ok(Namespace(Arc::from(text)))
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// The identity of one workflow instance: 128 bits, written as 26 characters of lower-case base32 (RFC 4648).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct InstanceId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

impl InstanceId {
    /// The id that a business key gives: BLAKE3-128 over namespace, workflow name and the key's canonical bytes,
    /// each with its length, so that no two triples share their bytes. Equal across versions of the workflow.
    pub fn derive(namespace: &Namespace, workflow: &str, key: &[u8]) -> InstanceId {
        let mut hasher = blake3::Hasher::new_derive_key("wfl instance id v1");
        for part in [namespace.as_str().as_bytes(), workflow.as_bytes(), key] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut id = [0; 16];
        hasher.finalize_xof().fill(&mut id);
        InstanceId(id)
    }
}

/// Lower-case base32 without padding: safe in subjects, URLs and file names on every system.
fn base32() -> &'static Encoding {
    static CELL: std::sync::OnceLock<Encoding> = std::sync::OnceLock::new();
    CELL.get_or_init(|| {
        let mut spec = Specification::new();
        spec.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
        spec.encoding().unwrap_or(data_encoding::BASE32_NOPAD)
    })
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base32().encode(&self.0))
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for InstanceId {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let bytes = base32().decode(text.as_bytes()).ok();
        let id = bytes.and_then(|b| <[u8; 16]>::try_from(b).ok());
        id.map(InstanceId).ok_or_else(|| IdentityError::Instance(text.to_owned()))
    }
}

/// What makes an input of one instance unique: the journal keeps the first record under an id and answers a
/// repeat with `duplicate`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(Arc<str>);

impl MessageId {
    /// An id out of its text. A text over the limit is replaced by its hash, so that every text has an id.
    pub fn new(text: impl AsRef<str>) -> MessageId {
        let text = text.as_ref();
        if text.len() <= MAX_MESSAGE_ID_BYTES {
            return MessageId(Arc::from(text));
        }
        MessageId(Arc::from(format!("h/{}", blake3::hash(text.as_bytes()).to_hex())))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// The partition of an instance: `xxh3_64(id) % count`, the same on every machine and backend.
///
/// A `count` of 0 is taken as 1.
pub fn partition_of(instance: &InstanceId, count: u32) -> Partition {
    Partition((xxh3_64(&instance.0) % u64::from(count.max(1))) as u32)
}
