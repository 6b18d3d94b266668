//! Records on their way to other instances. Of those with one id to one instance only the first is under way: an answer
//! has to belong to somebody.

use std::collections::{BTreeMap, VecDeque};

use wfl_ir::Timestamp;
use wfl_machine::{CallRef, Start};
use wfl_record::{InstanceId, MessageId, NewRecord, Position};

/// A record for another instance.
#[derive(Debug)]
pub(crate) struct Post {
    /// The instance that sends it.
    pub(crate) from: InstanceId,
    pub(crate) record: NewRecord,
    pub(crate) purpose: PostPurpose,
}

/// What becomes of the answer.
#[derive(Debug)]
pub(crate) enum PostPurpose {
    /// A child begins.
    Start { call: CallRef, detached: bool, start: Box<Start> },
    /// A child is told to stop: its end is the answer.
    Cancel,
    /// A letter, and whether the sender wants to be told that it came.
    Letter { number: u32, receipt: bool },
    /// A turnstile is opened for those who want to enter it: who, by which record, which is their letter with this number.
    Open(Vec<(InstanceId, NewRecord, u32)>),
    /// The instance of a schedule's occasion begins.
    Occasion { due: Timestamp, by: Position, start: Box<Start> },
    /// An instance is told that it is its turn.
    Turn { ticket: u64 },
}

/// To whom, and by which message id.
pub(crate) type Address = (InstanceId, MessageId);

/// All records on their way to other instances.
#[derive(Debug, Default)]
pub(crate) struct Outbox(BTreeMap<Address, VecDeque<Post>>);

impl Outbox {
    /// Adds a record behind those with the same address. True when it is the only one, and may go.
    pub(crate) fn push(&mut self, post: Post) -> bool {
        let envelope = &post.record.envelope;
        let queue = self.0.entry((envelope.instance, envelope.message_id.clone())).or_default();
        queue.push_back(post);
        queue.len() == 1
    }

    /// The record that is under way to an address.
    pub(crate) fn first(&self, address: &Address) -> Option<&Post> {
        self.0.get(address)?.front()
    }

    pub(crate) fn first_mut(&mut self, address: &Address) -> Option<&mut Post> {
        self.0.get_mut(address)?.front_mut()
    }

    /// The record that was under way, and the one that may go now.
    pub(crate) fn take(&mut self, address: &Address) -> Option<(Post, Option<NewRecord>)> {
        let queue = self.0.get_mut(address)?;
        let taken = queue.pop_front()?;
        let next = queue.front().map(|post| post.record.clone());
        if queue.is_empty() {
            self.0.remove(address);
        }
        Some((taken, next))
    }

    /// Whether anything of an instance is on its way.
    pub(crate) fn any_from(&self, instance: InstanceId) -> bool {
        self.0.values().flatten().any(|post| post.from == instance)
    }

    /// The addresses of an instance.
    pub(crate) fn to(&self, instance: InstanceId) -> Vec<Address> {
        let first = (instance, MessageId::new(""));
        self.0
            .range(first..)
            .map(|(address, _)| address)
            .take_while(|(to, _)| *to == instance)
            .cloned()
            .collect()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
