//! How large what is stored may be: a journal without bounds is a way to fill a machine.

use crate::journal::AppendError;

/// The largest things that a journal takes, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The payload of one record. What is larger is kept outside of it.
    pub payload: usize,
    /// A blob, a payload outside of its record, and the state in a snapshot.
    pub blob: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { payload: 1 << 20, blob: 64 << 20 }
    }
}

impl Limits {
    /// Refuses a payload over the limit with [`AppendError::TooLarge`].
    pub fn admit_payload(&self, payload: &[u8]) -> Result<(), AppendError> {
        admit(payload, self.payload)
    }

    /// Refuses a blob or a snapshot over the limit with [`AppendError::TooLarge`].
    pub fn admit_blob(&self, bytes: &[u8]) -> Result<(), AppendError> {
        admit(bytes, self.blob)
    }
}

fn admit(bytes: &[u8], limit: usize) -> Result<(), AppendError> {
    if bytes.len() > limit { Err(AppendError::TooLarge { limit }) } else { Ok(()) }
}
