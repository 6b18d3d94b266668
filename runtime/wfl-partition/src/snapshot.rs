//! The bytes of a snapshot: a layout, the hash of what follows, what a partition has to know of an instance at rest, and
//! the state.

use minicbor::bytes::ByteSlice;
use minicbor::{Decode, Encode};
use wfl_ir::Timestamp;
use wfl_machine::{Instance, TimerEffect, TimerRef};

/// The layout of snapshots that this build writes and reads. One of another layout is not used; the records are.
const FORMAT: u8 = 1;

/// What is known without reading the state.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Nothing is to be done for the instance before one of its timers is due or something is sent to it.
    pub(crate) rests: bool,
    pub(crate) namespace: String,
    pub(crate) timers: Vec<TimerEffect>,
}

#[derive(Encode, Decode)]
struct Written<'b> {
    #[n(0)]
    rests: bool,
    #[b(1)]
    namespace: &'b str,
    #[n(2)]
    timers: Vec<(Timestamp, TimerRef)>,
    #[b(3)]
    state: &'b ByteSlice,
}

/// The bytes of a state.
pub(crate) fn encode(state: &Instance, rests: bool, timers: &[TimerEffect]) -> Vec<u8> {
    let bytes = state.encode();
    let written = Written {
        rests,
        namespace: state.namespace().as_str(),
        timers: timers.iter().map(|it| (it.due, it.timer.clone())).collect(),
        state: <&ByteSlice>::from(&bytes[..]),
    };
    let mut body = Vec::with_capacity(bytes.len() + 128);
    // Writing into a `Vec` cannot fail: its error type has no values.
    let _ = minicbor::encode(&written, &mut body);
    [&[FORMAT], &blake3::hash(&body).as_bytes()[..], &body].concat()
}

/// What stands in front of the state; `None` when the bytes are of no use.
pub(crate) fn head(bytes: &[u8]) -> Option<Head> {
    let written = read(bytes)?;
    let timers = written.timers.into_iter().map(|(due, timer)| TimerEffect { due, timer });
    Some(Head { rests: written.rests, namespace: written.namespace.to_owned(), timers: timers.collect() })
}

/// The state; `None` when the bytes are of no use.
pub(crate) fn state(bytes: &[u8]) -> Option<Instance> {
    Instance::decode(read(bytes)?.state).ok()
}

fn read(bytes: &[u8]) -> Option<Written<'_>> {
    let (format, bytes) = bytes.split_first()?;
    let (hash, body) = bytes.split_at_checked(blake3::OUT_LEN)?;
    let sound = *format == FORMAT && blake3::hash(body).as_bytes()[..] == *hash;
    sound.then(|| minicbor::decode(body).ok()).flatten()
}
