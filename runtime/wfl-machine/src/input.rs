//! The inputs of an instance: what stands in the log, and its bytes.
//!
//! Payload layouts are numbered per kind. A later build may add elements at the end of a structure; everything else
//! needs a new version number here, and the old decoder stays.

use minicbor::{Decode, Encode};
use wfl_ir::{Duration, Name, PlanHash, Timestamp};
use wfl_record::{Envelope, InstanceId, Kind, MessageId, Namespace};

use crate::call::{CallRef, Fired};
use crate::wish::{CancelMode, Control};

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
    /// A message from outside.
    Signal(Signal),
    /// News from a parent or a child, or about a letter to one.
    News(News),
    /// Somebody is about to send the one attempt of an `at most once` operation.
    Dispatch(Dispatch),
    /// A person's answer to a task.
    Decision(Decision),
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
    /// The instance that waits for its end; none for a root and for a detached one.
    #[n(6)]
    pub parent: Option<Parent>,
    /// When its time is over at the latest, whatever its own deadline says.
    #[n(7)]
    pub deadline: Option<Timestamp>,
    /// The epoch of the instance that started it, which enters the id when it is not 0.
    #[n(8)]
    pub parent_epoch: Option<u32>,
    /// When it begins at the earliest. Its deadline counts from then on.
    #[n(9)]
    pub not_before: Option<Timestamp>,
    /// The occasion of a schedule that it is started for. The schedule is told when it has ended.
    #[n(10)]
    pub occasion: Option<OccasionRef>,
}

/// Which occasion of which schedule.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OccasionRef {
    /// The schedule.
    #[n(0)]
    pub schedule: InstanceId,
    /// When the occasion was due.
    #[n(1)]
    pub due: Timestamp,
}

/// Who waits for a child.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Parent {
    /// The instance.
    #[n(0)]
    pub instance: InstanceId,
    /// Its step.
    #[n(1)]
    pub call: CallRef,
}

/// Where the arguments are.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Source {
    /// Here: a JSON object by parameter names.
    #[n(0)]
    Inline(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// Beside the log, under this hash: a payload of the instance.
    #[n(1)]
    Blob(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]),
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

/// A message on a channel that the workflow declares.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Signal {
    /// The channel.
    #[n(0)]
    pub channel: Name,
    /// What makes it one message, however often it is sent.
    #[n(1)]
    pub id: String,
    /// Its JSON value.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub payload: Vec<u8>,
}

/// A person's answer to a task. Who the person is and which roles they have was decided where it was taken.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Decision {
    /// The path of names of the node that asks.
    #[n(0)]
    pub task: Name,
    /// As in [`CallRef`].
    #[n(1)]
    pub item: Option<Name>,
    /// As in [`CallRef`].
    #[n(2)]
    pub epoch: u32,
    /// The digest of what the person saw.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub shown: [u8; 32],
    /// Who answers.
    #[n(4)]
    pub person: String,
    /// Their roles.
    #[n(5)]
    pub roles: Vec<String>,
    /// The JSON value.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub payload: Vec<u8>,
}

/// The claim of the one attempt of an `at most once` operation. The first claim in the log holds: only whoever made
/// it sends, and nobody sends after them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Dispatch {
    /// Which attempt.
    #[n(0)]
    pub call: CallRef,
    /// Who claims it: a number that no other process has.
    #[n(1)]
    pub nonce: u64,
}

/// News between a parent and its children.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum News {
    /// To the parent: the child ended.
    #[n(0)]
    Ended {
        /// The parent's step.
        #[n(0)]
        call: CallRef,
        /// The child.
        #[n(1)]
        child: InstanceId,
        /// How it ended.
        #[n(2)]
        outcome: ChildOutcome,
        /// Whether it holds debts for its parent.
        #[n(3)]
        has_debts: bool,
        /// Whether it passed a point of no return.
        #[n(4)]
        past_pivot: bool,
    },
    /// To the parent: the child was not started, or is somebody else's.
    #[n(1)]
    Refused {
        /// The parent's step.
        #[n(0)]
        call: CallRef,
        /// Why.
        #[n(1)]
        why: Refusal,
    },
    /// To the parent: the start of a detached child is in the log.
    #[n(2)]
    Begun {
        /// The parent's step.
        #[n(0)]
        call: CallRef,
        /// The child.
        #[n(1)]
        child: InstanceId,
    },
    /// To the parent: what the child did is undone.
    #[n(3)]
    Undone {
        /// The parent's step.
        #[n(0)]
        call: CallRef,
    },
    /// To the child: undo what you did.
    #[n(4)]
    Undo,
    /// To the child: what you did stays.
    #[n(5)]
    Commit,
    /// To the child: your parent is being cancelled, or does not wait any longer.
    #[n(6)]
    Cancel {
        /// Why, for people.
        #[n(0)]
        reason: String,
        /// What becomes of what it did; without a word it is undone.
        #[n(1)]
        mode: Option<CancelMode>,
    },
    /// To the child: your parent lets you go.
    #[n(7)]
    Release,
    /// To the sender: the letter with this number is in the log of whom it was for.
    #[n(8)]
    Told {
        /// The letter.
        #[n(0)]
        letter: u32,
    },
    /// From a turnstile: it is your turn.
    #[n(9)]
    Turn {
        /// Which turn it is, if you have to give it back.
        #[n(0)]
        ticket: u64,
    },
}

/// How a child ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ChildOutcome {
    /// With this JSON value.
    #[n(0)]
    Completed(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// With this error, by its full name, with its fields as a JSON object.
    #[n(1)]
    Failed(#[n(0)] Name, #[cbor(n(1), with = "minicbor::bytes")] Vec<u8>),
    /// It was cancelled.
    #[n(2)]
    Cancelled,
    /// Its deadline passed.
    #[n(3)]
    TimedOut,
    /// It was killed.
    #[n(4)]
    Killed,
}

/// Why a child was not started.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Refusal {
    /// Its key is held by an instance that somebody else started, or with another input.
    #[n(0)]
    KeyInUse,
    /// Its arguments break a rule of its own, or its key has no value.
    #[n(1)]
    Invalid(#[n(0)] String),
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
            Input::Signal(signal) => (Kind::SIGNAL, minicbor::to_vec(signal)),
            Input::News(news) => (Kind::CHILD, minicbor::to_vec(news)),
            Input::Dispatch(dispatch) => (Kind::DISPATCH, minicbor::to_vec(dispatch)),
            Input::Decision(decision) => (Kind::DECISION, minicbor::to_vec(decision)),
        };
        // Writing into a `Vec` cannot fail: its error type has no values.
        (kind, VERSION, bytes.unwrap_or_default())
    }

    /// The record of this input for an instance.
    pub fn envelope(&self, namespace: &Namespace, instance: InstanceId, actor: Option<String>) -> Envelope {
        envelope(namespace, instance, self.message_id(), self.encode(), actor)
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
            Kind::SIGNAL => minicbor::decode(payload).map(Input::Signal),
            Kind::CHILD => minicbor::decode(payload).map(Input::News),
            Kind::DISPATCH => minicbor::decode(payload).map(Input::Dispatch),
            Kind::DECISION => minicbor::decode(payload).map(Input::Decision),
            kind => return Err(PayloadError::Unknown { kind, version }),
        };
        input.map_err(|e| PayloadError::Malformed { kind, reason: e.to_string() })
    }

    /// What makes the input unique in its instance. A start is named by its input's digest, so that a repeated
    /// start is a duplicate and another one a conflict. An answer that comes after somebody has said that there is none
    /// is another input than that.
    pub fn message_id(&self) -> MessageId {
        MessageId::new(match self {
            Input::Start(start) => format!("start/{}", data_encoding::HEXLOWER.encode(&start.digest)),
            Input::Answer(Answer { call, outcome }) => format!("{}/{}", outcome.word(), call.path()),
            Input::Timer(Fired { timer, due }) => format!("timer/{}/{}", timer.path(), due.0),
            Input::Control(control) => format!("control/{}", control.request()),
            Input::Signal(signal) => format!("signal/{}/{}", signal.channel, signal.id),
            Input::Dispatch(Dispatch { call, nonce }) => format!("dispatch/{}/{nonce:016x}", call.path()),
            Input::Decision(decision) => decision.message_id(),
            Input::News(news) => news.message_id(),
        })
    }
}

/// A record of plain bytes.
pub(crate) fn envelope(
    namespace: &Namespace,
    instance: InstanceId,
    message_id: MessageId,
    (kind, version, payload): (Kind, u16, Vec<u8>),
    actor: Option<String>,
) -> Envelope {
    Envelope {
        namespace: namespace.clone(),
        tenant: None,
        instance,
        message_id,
        kind,
        version,
        actor,
        key_id: None,
        trace: None,
        payload,
    }
}

impl Outcome {
    /// What kind of answer it is, for its id.
    fn word(&self) -> &'static str {
        match self {
            Outcome::Returned(_) | Outcome::Declared(..) | Outcome::Refused { .. } => "answer",
            Outcome::Unavailable { .. } => "unavailable",
            Outcome::Unknown { .. } => "unknown",
            Outcome::TimedOut { .. } => "timed-out",
        }
    }
}

impl Decision {
    /// A person may answer again when an answer was refused: another answer is another message.
    fn message_id(&self) -> String {
        let item = self.item.as_deref().unwrap_or("");
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.shown);
        hasher.update(&self.payload);
        self.roles.iter().for_each(|role| {
            hasher.update(role.as_bytes());
        });
        let digest = data_encoding::HEXLOWER.encode(&hasher.finalize().as_bytes()[..8]);
        format!("decision/{}[{item}]/{}/{}/{digest}", self.task, self.epoch, self.person)
    }
}

impl News {
    fn message_id(&self) -> String {
        match self {
            News::Ended { call, .. } => format!("child/ended/{}", call.path()),
            News::Refused { call, .. } => format!("child/refused/{}", call.path()),
            News::Begun { call, .. } => format!("child/begun/{}", call.path()),
            News::Undone { call } => format!("child/undone/{}", call.path()),
            News::Undo => "parent/undo".to_owned(),
            News::Commit => "parent/commit".to_owned(),
            News::Cancel { .. } => "parent/cancel".to_owned(),
            News::Release => "parent/release".to_owned(),
            News::Told { letter } => format!("told/{letter}"),
            News::Turn { ticket } => format!("turn/{ticket}"),
        }
    }
}
