//! The state of an instance: what the fold of its log has come to.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::{Decode, Encode};
use wfl_eval::Facts;
use wfl_ir::{Name, PlanHash, Timestamp, Value};
use wfl_record::{InstanceId, Namespace};

use crate::input::{OccasionRef, Parent};
use crate::ledger::{Absent, DebtState, Entry, Letter, Owed, Suspension, UndoPhase};
use crate::status::{Compensation, Status, ended};
use crate::strand::{BODY, Doing, Ending, Phase, Running, Strand, StrandId, place};

/// The layout of states that this build writes. A snapshot of another one is not read: the log is folded instead.
pub const STATE_FORMAT: u16 = 5;

/// One workflow instance. Node, scope, region and slot numbers are those of the plan with the hash `plan`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Instance {
    #[n(0)]
    pub(crate) namespace: Namespace,
    #[n(1)]
    pub(crate) id: InstanceId,
    #[n(2)]
    pub(crate) workflow: Name,
    #[n(3)]
    pub(crate) plan: PlanHash,
    #[cbor(n(4), with = "minicbor::bytes")]
    pub(crate) input_digest: [u8; 32],
    /// When its present life began.
    #[n(5)]
    pub(crate) started_at: Timestamp,
    /// The instance's clock: never goes back.
    #[n(6)]
    pub(crate) at: Timestamp,
    /// When it ended. Its clock goes on with what comes later.
    #[n(40)]
    pub(crate) ended_at: Option<Timestamp>,
    /// The latest stamp of the log: unlike the clock it is not moved by timers, which a process with a wrong clock may
    /// fire early.
    #[n(39)]
    pub(crate) stamp: Timestamp,
    /// How many records were folded.
    #[n(7)]
    pub(crate) count: u64,
    /// BLAKE3 over the chain so far and the record, for every record.
    #[cbor(n(8), with = "minicbor::bytes")]
    pub(crate) chain: [u8; 32],
    /// The value of the header's `key`.
    #[n(9)]
    pub(crate) key: Value,
    #[n(10)]
    pub(crate) epoch: u32,
    #[n(11)]
    pub(crate) slots: Vec<Option<Value>>,
    /// What goes on. Empty once the instance has ended, unless its parent may still have it undone.
    #[n(12)]
    pub(crate) strands: BTreeMap<StrandId, Strand>,
    #[n(13)]
    pub(crate) next_strand: StrandId,
    /// Scopes that were undone; a jump that leaves one undoes all that it leaves.
    #[n(14)]
    pub(crate) rolled_back: BTreeSet<u32>,
    /// True once a pivot has succeeded: from there the instance only goes forward.
    #[n(15)]
    pub(crate) past_pivot: bool,
    #[n(16)]
    pub(crate) ending: Option<Ending>,
    /// What waits for the outcome of a pivot, or for the end of a shield.
    #[n(17)]
    pub(crate) deferred: Option<Trigger>,
    /// What turned the instance back.
    #[n(18)]
    pub(crate) turned: Option<Turned>,
    #[n(19)]
    pub(crate) deadline_fired: bool,
    /// When its time is over at the latest, as its parent says.
    #[n(20)]
    pub(crate) latest: Option<Timestamp>,
    /// When undoing first began, and whether its deadline has fired.
    #[n(21)]
    pub(crate) unwinding_since: Option<Timestamp>,
    #[n(22)]
    pub(crate) compensation_overdue: bool,
    /// How many effects were undone, given up by a commit, and left although they should have been undone.
    #[n(23)]
    pub(crate) undone: u32,
    #[n(24)]
    pub(crate) committed: u32,
    #[n(25)]
    pub(crate) waived: u32,
    #[n(26)]
    pub(crate) paused: Option<Paused>,
    #[n(27)]
    pub(crate) starter: String,
    #[n(28)]
    pub(crate) parent: Option<Parent>,
    /// Messages that came and were not taken, by channel, in their order.
    #[n(29)]
    pub(crate) mail: BTreeMap<Name, Vec<Kept>>,
    /// What was sent once already: the hashes of the ids of messages and wishes.
    #[n(30)]
    pub(crate) seen: BTreeSet<(u64, u64)>,
    /// Letters under way.
    #[n(31)]
    pub(crate) letters: Vec<Letter>,
    #[n(32)]
    pub(crate) next_letter: u32,
    /// Calls that were taken to have had no effect.
    #[n(33)]
    pub(crate) absent: Vec<Absent>,
    /// When calls under way are given up, if somebody said so.
    #[n(34)]
    pub(crate) grace_due: Option<Timestamp>,
    /// The steps that a rewind keeps.
    #[n(35)]
    pub(crate) kept: BTreeSet<u32>,
    /// The parent lets it go: nobody will have it undone.
    #[n(36)]
    pub(crate) released: bool,
    /// What was done stays, by the wish of whoever cancelled it.
    #[n(37)]
    pub(crate) waive_all: bool,
    /// Children that are told that nobody waits for them any more.
    #[n(38)]
    pub(crate) orphans: Vec<Orphan>,
    /// The greater the earlier its calls are sent when there is no room for all.
    #[n(41)]
    pub(crate) priority: i64,
    /// The turnstile that it entered when it began.
    #[n(42)]
    pub(crate) turnstile: Option<InstanceId>,
    /// By which turn it runs.
    #[n(43)]
    pub(crate) ticket: Option<u64>,
    /// The occasion of a schedule that it was started for.
    #[n(44)]
    pub(crate) occasion: Option<OccasionRef>,
}

/// A message that was not taken yet.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Kept {
    #[n(0)]
    pub(crate) id: String,
    #[n(1)]
    pub(crate) value: Value,
}

/// A child whose parent does not wait for it any more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Orphan {
    #[n(0)]
    pub(crate) node: u32,
    #[n(1)]
    pub(crate) path: Option<Name>,
    /// Why it is told to stop stands here; none when it is let go.
    #[n(2)]
    pub(crate) running: Running,
    /// As of a letter: once it is told, nothing more is to be done.
    #[n(3)]
    pub(crate) letter: u32,
}

/// What is paused.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Paused {
    #[n(0)]
    pub(crate) undo: bool,
    #[n(1)]
    pub(crate) since: Timestamp,
}

/// What makes an instance undo its work from outside of its path.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Trigger {
    #[n(0)]
    Deadline,
    #[n(1)]
    Cancel(#[n(0)] Cancelling),
}

/// A cancellation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Cancelling {
    /// What was done stays.
    #[n(0)]
    pub(crate) stop: bool,
    #[n(1)]
    pub(crate) reason: String,
    #[n(2)]
    pub(crate) grace: Option<wfl_ir::Duration>,
}

/// What turned an instance back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum Turned {
    #[n(0)]
    Deadline,
    #[n(1)]
    Cancel,
}

/// Something that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspended<'a> {
    /// The node's index in the plan.
    pub node: u32,
    /// As in [`crate::CallRef`].
    pub item: Option<Name>,
    /// The life of the instance in which it began, as in [`crate::CallRef`].
    pub epoch: u32,
    /// Whether it is what undoes the step.
    pub undo: bool,
    /// Why.
    pub why: &'a Suspension,
}

/// A task that people are asked to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenTask {
    /// The node that asks.
    pub node: u32,
    /// As in [`crate::CallRef`].
    pub item: Option<Name>,
    /// As in [`crate::CallRef`].
    pub epoch: u32,
    /// What it is called.
    pub title: Option<Name>,
    /// What the people see.
    pub shown: Option<Value>,
    /// The digest of title and what is shown, for [`crate::Decision`].
    pub digest: [u8; 32],
    /// Who may answer.
    pub roles: Vec<Name>,
    /// Who has answered.
    pub answers: Vec<Name>,
    /// Since when it is open.
    pub asked_at: Timestamp,
    /// Until when, if that is limited.
    pub until: Option<Timestamp>,
}

/// Bytes that are no state of this build.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the snapshot cannot be read: {0}")]
pub struct StateError(String);

impl Instance {
    /// Whose state this is.
    pub fn id(&self) -> InstanceId {
        self.id
    }

    /// The world it lives in.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// What it executes.
    pub fn plan(&self) -> PlanHash {
        self.plan
    }

    /// The workflow's full name.
    pub fn workflow(&self) -> &Name {
        &self.workflow
    }

    /// The digest of its arguments.
    pub fn input_digest(&self) -> [u8; 32] {
        self.input_digest
    }

    /// When it started; after a `restart`, when that was.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// Its clock: the time of the last input.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The latest stamp of its records.
    pub fn stamp(&self) -> Timestamp {
        self.stamp
    }

    /// How many records were folded into it.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The chained hash over all its records: a record missing, added or changed changes it.
    pub fn chain(&self) -> [u8; 32] {
        self.chain
    }

    /// Grows by restart, by rewind and by edited arguments.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The greater the earlier its calls are sent when there is no room for all.
    pub fn priority(&self) -> i64 {
        self.priority
    }

    /// Who started it.
    pub fn starter(&self) -> &str {
        &self.starter
    }

    /// The instance that waits for its end.
    pub fn parent(&self) -> Option<&Parent> {
        self.parent.as_ref()
    }

    /// What its expressions may ask about it.
    pub fn workflow_facts(&self) -> Facts {
        Facts { key: self.key.clone(), id: Name::from(self.id.to_string()), started_at: self.started_at }
    }

    /// How it ended, if it has.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// When it ended, if it has.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.ended_at
    }

    /// How many effects were undone.
    pub fn undone(&self) -> u32 {
        self.undone
    }

    /// What became of what should have been undone.
    pub fn compensation(&self) -> Compensation {
        match (self.undone, self.waived) {
            (0, 0) => Compensation::None,
            (0, _) => Compensation::Waived,
            (_, 0) if self.committed == 0 => Compensation::Full,
            _ => Compensation::Partial,
        }
    }

    /// True when nothing is open any more: no debt, no letter, no effect that a parent may have undone.
    pub fn is_closed(&self) -> bool {
        self.ending.is_some() && self.strands.is_empty() && self.letters.is_empty() && self.orphans.is_empty()
    }

    /// The turnstile that it entered when it began, if its workflow has a limit.
    pub fn turnstile(&self) -> Option<InstanceId> {
        self.turnstile
    }

    /// The occasion of a schedule that it was started for.
    pub fn occasion(&self) -> Option<&OccasionRef> {
        self.occasion.as_ref()
    }

    /// By which turn it runs, once it was let in.
    pub fn ticket(&self) -> Option<u64> {
        self.ticket
    }

    /// Its named state.
    pub fn status(&self) -> Status {
        let unwinds = self.strands.values().any(Strand::unwinds);
        let suspended = !self.suspensions().is_empty();
        match (&self.ending, unwinds) {
            (Some(ending), false) => return ended(ending),
            (_, true) if self.compensation_overdue || self.undo_stuck() => return Status::CompensationStuck,
            (Some(_), true) => return Status::Compensating,
            (None, _) => {}
        }
        if self.paused.is_some() {
            return Status::Paused;
        }
        if self.turned == Some(Turned::Cancel) {
            return Status::Cancelling;
        }
        let body_unwinds = self.strands.get(&BODY).is_some_and(Strand::unwinds);
        match (body_unwinds, suspended) {
            (true, true) => Status::CompensationStuck,
            (true, false) => Status::Compensating,
            (false, true) => Status::Suspended,
            (false, false) if self.calls() => Status::Running,
            (false, false) => Status::Waiting,
        }
    }

    fn calls(&self) -> bool {
        self.strands.values().any(|strand| {
            strand.unwinds()
                || match strand.activity() {
                    Doing::Step(_, step) => matches!(step.phase, Phase::Calling | Phase::Confirming),
                    _ => false,
                }
        })
    }

    fn undo_stuck(&self) -> bool {
        let stuck = |entry: &Entry| match &entry.owed {
            Owed::Debt(debt) => matches!(debt.state, DebtState::Undoing(_, UndoPhase::Stuck(_))),
            _ => false,
        };
        self.strands.values().any(|strand| strand.ledger.iter().any(stuck))
    }

    /// What waits for a person.
    pub fn suspensions(&self) -> Vec<Suspended<'_>> {
        let mut all = Vec::new();
        for strand in self.strands.values() {
            let stuck = match strand.activity() {
                Doing::Stuck(node, why) => Some((*node, self.epoch, why)),
                Doing::Step(node, step) => match &step.phase {
                    Phase::Suspended(why) => Some((*node, step.epoch, why)),
                    _ => None,
                },
                _ => None,
            };
            let suspended =
                |(node, epoch, why)| Suspended { node, item: place(strand), epoch, undo: false, why };
            all.extend(stuck.map(suspended));
            for debt in strand.ledger.iter().filter_map(Entry::debt) {
                if let DebtState::Undoing(_, UndoPhase::Stuck(why)) = &debt.state {
                    let (node, item, epoch) = (debt.node, debt.path.clone(), debt.epoch);
                    all.push(Suspended { node, item, epoch, undo: true, why });
                }
            }
        }
        all
    }

    /// The tasks that are open.
    pub fn tasks(&self) -> Vec<OpenTask> {
        let open = |strand: &Strand| match &strand.doing {
            Doing::Await(node, awaiting) => awaiting.task.as_ref().map(|asked| OpenTask {
                node: *node,
                item: place(strand),
                epoch: awaiting.epoch,
                title: asked.title.clone(),
                shown: asked.shown.clone(),
                digest: asked.digest,
                roles: asked.roles.clone(),
                answers: asked.answers.iter().map(|(person, _)| person.clone()).collect(),
                asked_at: asked.asked_at,
                until: awaiting.due,
            }),
            _ => None,
        };
        self.strands.values().filter_map(open).collect()
    }

    /// The channels that are waited on: the node that waits, and the channel.
    pub fn channels(&self, plan: &wfl_ir::Plan) -> Vec<(u32, Name)> {
        let waits = |strand: &Strand| match &strand.doing {
            Doing::Await(node, _) => match &plan.nodes[*node as usize].kind {
                wfl_ir::NodeKind::Await(awaited) => match &awaited.kind {
                    wfl_ir::flow::AwaitKind::Signal { channel, .. } => Some((*node, channel.clone())),
                    wfl_ir::flow::AwaitKind::Human(_) => None,
                },
                _ => None,
            },
            _ => None,
        };
        self.strands.values().filter_map(waits).collect()
    }

    /// True while nothing new begins until somebody resumes it.
    pub fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// True when only people can bring it on: something is suspended, and nothing else goes on beside it.
    pub fn is_stalled(&self) -> bool {
        let goes_on = |strand: &Strand| match strand.activity() {
            Doing::Stuck(..) | Doing::Fork(..) | Doing::Map(..) | Doing::Beside(_) | Doing::Idle => {
                let undoes = |entry: &Entry| match entry.debt().map(|debt| &debt.state) {
                    Some(DebtState::Undoing(_, phase)) => !matches!(phase, UndoPhase::Stuck(_)),
                    _ => false,
                };
                strand.ledger.iter().any(undoes)
            }
            Doing::Step(_, step) => !matches!(step.phase, Phase::Suspended(_)),
            _ => true,
        };
        !self.suspensions().is_empty() && !self.strands.values().any(goes_on)
    }

    /// The state's bytes, for snapshots.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = STATE_FORMAT.to_be_bytes().to_vec();
        // Writing into a `Vec` cannot fail: its error type has no values.
        let _ = minicbor::encode(self, &mut bytes);
        bytes
    }

    /// Reads a snapshot.
    pub fn decode(bytes: &[u8]) -> Result<Instance, StateError> {
        let format = STATE_FORMAT.to_be_bytes();
        let Some(bytes) = bytes.strip_prefix(&format) else {
            return Err(StateError("it has the layout of another build".to_owned()));
        };
        minicbor::decode(bytes).map_err(|e| StateError(e.to_string()))
    }

    /// BLAKE3-256 over the state's bytes: equal logs give equal hashes.
    pub fn hash(&self) -> [u8; 32] {
        *blake3::hash(&self.encode()).as_bytes()
    }
}
