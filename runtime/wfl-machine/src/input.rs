//! The inputs of an instance: what stands in the log, and its bytes.
//!
//! Payload layouts are numbered per kind. A later build may add elements at the end of a structure; everything else
//! needs a new version number here, and the old decoder stays.

use minicbor::{Decode, Encode};
use wfl_ir::{Duration, Name, PlanHash, Timestamp};
use wfl_record::{Envelope, InstanceId, Kind, MessageId, Namespace};

const VERSION: u16 = 1;

/// One input. Its kind and version stand in the record's envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The instance begins.
    Start(Start),
    /// An attempt of a call ended.
    Answer(Answer),
    /// A timer became due.
    Timer(Fired),
    /// An operator's wish.
    Control(Control),
}

/// The beginning of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Start {
    /// The workflow's full name.
    #[n(0)]
    pub workflow: Name,
    /// The version in its header.
    #[n(1)]
    pub version: u32,
    /// What it executes, for ever.
    #[n(2)]
    pub plan: PlanHash,
    /// Its arguments.
    #[n(3)]
    pub source: Source,
    /// The BLAKE3-256 of the arguments' canonical bytes: equal inputs have equal digests over versions.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub digest: [u8; 32],
    /// Who started it.
    #[n(5)]
    pub starter: String,
}

/// Where the arguments are.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Source {
    /// Here: a JSON object by parameter names.
    #[n(0)]
    Inline(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// In a blob with this hash (arguments over 1 MiB).
    #[n(1)]
    Blob(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]),
}

/// Which call of which step. Stable over restarts: names, not indices.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct CallRef {
    /// The step's path of names.
    #[n(0)]
    pub step: Name,
    /// The item's key inside a `foreach`.
    #[n(1)]
    pub item: Option<Name>,
    /// Grows by restart and rewind.
    #[n(2)]
    pub epoch: u32,
    /// What the call is for.
    #[n(3)]
    pub purpose: Purpose,
    /// 1 for the first attempt of this purpose.
    #[n(4)]
    pub attempt: u32,
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Purpose {
    /// The step itself.
    #[n(0)]
    Do,
    /// Asking what became of it.
    #[n(1)]
    Confirm,
    /// Undoing it.
    #[n(2)]
    Undo,
}

impl Purpose {
    /// `do`, `confirm` or `undo`.
    pub fn word(self) -> &'static str {
        match self {
            Purpose::Do => "do",
            Purpose::Confirm => "confirm",
            Purpose::Undo => "undo",
        }
    }
}

/// How an attempt of a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Answer {
    /// Which attempt.
    #[n(0)]
    pub call: CallRef,
    /// How.
    #[n(1)]
    pub outcome: Outcome,
}

/// The outcome of an attempt, as it was seen from here.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Outcome {
    /// Success with a JSON value.
    #[n(0)]
    Returned(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// A declared business error with its fields as a JSON object: no effect remains.
    #[n(1)]
    Declared(#[n(0)] Name, #[cbor(n(1), with = "minicbor::bytes")] Vec<u8>),
    /// It did not begin: no effect of this attempt.
    #[n(2)]
    Unavailable {
        /// Why, for people.
        #[n(0)]
        reason: String,
        /// When the other side wants to be asked again.
        #[n(1)]
        retry_after: Option<Duration>,
    },
    /// It may or may not have had its effect.
    #[n(3)]
    Unknown {
        /// Why, for people.
        #[n(0)]
        reason: String,
    },
    /// Its time ran out. Unknown if it had been sent.
    #[n(4)]
    TimedOut {
        /// False when it was never sent.
        #[n(0)]
        started: bool,
    },
    /// An answer outside of the contract: an incident. The raw answer is kept.
    #[n(5)]
    Refused {
        /// What was wrong, for people.
        #[n(0)]
        reason: String,
        /// The answer as received, cut to a few KiB.
        #[cbor(n(1), with = "minicbor::bytes")]
        raw: Vec<u8>,
    },
}

/// Which timer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct TimerRef {
    /// What it is for.
    #[n(0)]
    pub kind: TimerKind,
    /// The step's path of names; empty for the instance's own timers.
    #[n(1)]
    pub step: Name,
    /// The item's key inside a `foreach`.
    #[n(2)]
    pub item: Option<Name>,
    /// As in [`CallRef`].
    #[n(3)]
    pub epoch: u32,
    /// The attempt that it leads to; 0 where there are no attempts.
    #[n(4)]
    pub attempt: u32,
}

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum TimerKind {
    /// The pause before the next attempt.
    #[n(0)]
    Backoff,
    /// The time for all attempts of a step.
    #[n(1)]
    Total,
    /// The pause before asking again what became of a call.
    #[n(2)]
    Confirm,
    /// The pause before the next attempt to undo.
    #[n(3)]
    Undo,
    /// The workflow's deadline.
    #[n(4)]
    Deadline,
    /// The deadline of undoing.
    #[n(5)]
    CompensationDeadline,
}

impl TimerKind {
    /// The kind in one word.
    pub fn word(self) -> &'static str {
        match self {
            TimerKind::Backoff => "backoff",
            TimerKind::Total => "total",
            TimerKind::Confirm => "confirm",
            TimerKind::Undo => "undo",
            TimerKind::Deadline => "deadline",
            TimerKind::CompensationDeadline => "compensation-deadline",
        }
    }
}

/// A timer became due. It is never refused as early: its due time moves the instance's clock.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Fired {
    /// Which.
    #[n(0)]
    pub timer: TimerRef,
    /// When it was due.
    #[n(1)]
    pub due: Timestamp,
}

/// An operator's wish.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Control {
    /// Try a suspended step, or a stuck undo, again under the same key.
    #[n(0)]
    Retry {
        /// The step's path of names; none for every suspended one.
        #[n(0)]
        step: Option<Name>,
        /// What makes two wishes different.
        #[n(1)]
        request: String,
    },
}

/// Why a payload is no input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Written by a later build.
    #[error("{kind} in version {version} is not known to this build")]
    Unknown {
        /// The record's kind.
        kind: Kind,
        /// The payload's version.
        version: u16,
    },
    /// Not the layout that kind and version promise.
    #[error("the payload of a {kind} is malformed: {reason}")]
    Malformed {
        /// The record's kind.
        kind: Kind,
        /// What does not fit.
        reason: String,
    },
}

impl Input {
    /// Kind, payload version and bytes for the record.
    pub fn encode(&self) -> (Kind, u16, Vec<u8>) {
        let (kind, bytes) = match self {
            Input::Start(start) => (Kind::START, minicbor::to_vec(start)),
            Input::Answer(answer) => (Kind::ANSWER, minicbor::to_vec(answer)),
            Input::Timer(fired) => (Kind::TIMER, minicbor::to_vec(fired)),
            Input::Control(control) => (Kind::CONTROL, minicbor::to_vec(control)),
        };
        // Writing into a `Vec` cannot fail: its error type has no values.
        (kind, VERSION, bytes.unwrap_or_default())
    }

    /// The record of this input for an instance.
    pub fn envelope(&self, namespace: &Namespace, instance: InstanceId, actor: Option<String>) -> Envelope {
        let (kind, version, payload) = self.encode();
        Envelope {
            namespace: namespace.clone(),
            tenant: None,
            instance,
            message_id: self.message_id(),
            kind,
            version,
            actor,
            key_id: None,
            trace: None,
            payload,
        }
    }

    /// Reads a payload of a kind and a version.
    pub fn decode(kind: Kind, version: u16, payload: &[u8]) -> Result<Input, PayloadError> {
        if version != VERSION {
            return Err(PayloadError::Unknown { kind, version });
        }
        let input = match kind {
            Kind::START => minicbor::decode(payload).map(Input::Start),
            Kind::ANSWER => minicbor::decode(payload).map(Input::Answer),
            Kind::TIMER => minicbor::decode(payload).map(Input::Timer),
            Kind::CONTROL => minicbor::decode(payload).map(Input::Control),
            kind => return Err(PayloadError::Unknown { kind, version }),
        };
        input.map_err(|e| PayloadError::Malformed { kind, reason: e.to_string() })
    }

    /// What makes the input unique in its instance. A start is named by its input's digest, so that a repeated
    /// start is a duplicate and another one a conflict.
    pub fn message_id(&self) -> MessageId {
        MessageId::new(match self {
            Input::Start(start) => format!("start/{}", data_encoding::HEXLOWER.encode(&start.digest)),
            Input::Answer(Answer { call, .. }) => format!("answer/{}", call.path()),
            Input::Timer(Fired { timer, due }) => format!("timer/{}/{}", timer.path(), due.0),
            Input::Control(Control::Retry { request, .. }) => format!("control/{request}"),
        })
    }
}

impl CallRef {
    /// The call in one line, unique in its instance.
    pub fn path(&self) -> String {
        let item = self.item.as_deref().unwrap_or("");
        format!("{}[{item}]/{}/{}/{}", self.step, self.epoch, self.purpose.word(), self.attempt)
    }
}

impl TimerRef {
    /// The timer in one line, unique in its instance together with its due time.
    pub fn path(&self) -> String {
        let item = self.item.as_deref().unwrap_or("");
        format!("{}[{item}]/{}/{}/{}", self.step, self.epoch, self.kind.word(), self.attempt)
    }
}
