//! A payload that is kept outside of its record: the record has its hash and its length instead.
//!
//! The highest bit of the payload's version says so. A build that does not know it takes it for a version that it does not
//! know, and folds nothing: it never takes the reference for the payload.

use crate::envelope::Envelope;

/// The bit of a payload's version that says that the payload is kept outside.
const OUTSIDE: u16 = 1 << 15;
const HASH: usize = 32;

/// What stands in place of a payload: its hash, then its length as u64 LE. Frozen, as the envelope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The BLAKE3-256 of the payload's bytes.
    pub hash: [u8; HASH],
    /// How many there are.
    pub length: u64,
}

impl Reference {
    /// Whether the payload of a record is kept outside.
    pub fn is_in(envelope: &Envelope) -> bool {
        envelope.version & OUTSIDE != 0
    }

    /// What a record with such a payload refers to; none when its bytes are no reference.
    pub fn of(envelope: &Envelope) -> Option<Reference> {
        let (hash, length) = envelope.payload.split_first_chunk::<HASH>()?;
        let length = u64::from_le_bytes(length.try_into().ok()?);
        Reference::is_in(envelope).then_some(Reference { hash: *hash, length })
    }

    /// Puts the reference in place of the payload.
    pub fn put(self, envelope: &mut Envelope) {
        envelope.version |= OUTSIDE;
        envelope.payload = [&self.hash[..], &self.length.to_le_bytes()].concat();
    }

    /// Puts the payload in place of the reference.
    pub fn take(envelope: &mut Envelope, payload: Vec<u8>) {
        envelope.version &= !OUTSIDE;
        envelope.payload = payload;
    }
}
