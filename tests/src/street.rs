//! The street on a virtual clock: the real compiled plan, machine, partition and bank, without sockets or waiting.
//!
//! The log is a vector, time jumps to the next timer, and a script says what happens to each call on its way. The
//! bank keeps its books in a real database, so that the audit proves what the effects came to.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value as Json;
use wfl_bank::{Bank, Delivery};
use wfl_eval::{decode_fields, encode_fields};
use wfl_ir::Timestamp;
use wfl_machine::{
    Control, Fact, Input, Instance, Outcome, Purpose, Source, Start, input_digest, instance_key,
};
use wfl_operations::{Reply, classify};
use wfl_partition::{Action, Alarm, Call, Event, Options, Partition, Role, Stored};
use wfl_record::{Appended, InstanceId, MessageId, Namespace, NewRecord, Position, Record, Stamp};

use crate::project::{Transfer, transfer};

/// What happens to a call on its way.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It is carried out and answered.
    Served,
    /// It is carried out twice under its key, and answered.
    Repeated,
    /// It reaches nobody, and nobody knows.
    LostBefore,
    /// It is carried out, and the answer is lost.
    LostAfter,
    /// It reaches nobody, and its time runs out.
    TimeoutBefore,
    /// It is carried out, and its time runs out before the answer.
    TimeoutAfter,
    /// The other side says that it did nothing.
    Unavailable,
    /// The other side answers with a declared error.
    Declared(&'static str, Json),
    /// The answer has no meaning.
    Nonsense,
    /// It is carried out, and the answer has no meaning.
    Garbled,
}

/// Decides the fate of the nth call (from 1) of an operation for a purpose.
pub type Script<'s> = dyn Fn(&str, Purpose, u32) -> Fate + 's;

/// When time stands still: the first instant of every run.
pub const START: i64 = 1_800_000_000_000_000;

/// How a run ended.
pub struct Ended {
    /// The last state.
    pub state: Instance,
    /// All that happened, in order.
    pub facts: Vec<Fact>,
    /// The log.
    pub log: Vec<Record>,
    /// The bank's audit.
    pub audit: Json,
    /// What people were told.
    pub alarms: Vec<Alarm>,
    /// The virtual time that passed.
    pub elapsed: wfl_ir::Duration,
}

/// One run of the transfer workflow.
pub struct Street<'s> {
    /// What happens to the nth call of an operation for a purpose, counted from 1.
    pub script: Box<Script<'s>>,
    /// The process dies when the log has so many records, and another one goes on from the log.
    pub crash_at: Option<usize>,
    /// Time goes on while a person is waited for, so that deadlines still act.
    pub patient: bool,
    /// How often a person tries again what is suspended, each time so long after it came to a stop.
    pub retries: Vec<wfl_ir::Duration>,
}

struct Run<'r, 's> {
    street: &'r Street<'s>,
    transfer: &'static Transfer,
    bank: Bank,
    partition: Partition,
    now: i64,
    log: Vec<Record>,
    ids: BTreeSet<MessageId>,
    events: VecDeque<Event>,
    facts: Vec<Fact>,
    alarms: Vec<Alarm>,
    counts: Vec<(String, Purpose)>,
    crashed: bool,
}

impl Street<'_> {
    /// Runs an input to its end, or to where only a person can help, with the bank's books in a folder.
    pub async fn run(&self, books: &Path, input: &Json) -> Ended {
        let transfer = transfer();
        let bank = Bank::open(books).await.unwrap_or_else(|e| unreachable!("the bank opens: {e}"));
        let mut run = Run {
            street: self,
            transfer,
            bank,
            partition: partition(),
            now: START,
            log: Vec::new(),
            ids: BTreeSet::new(),
            events: VecDeque::from([Event::Role(Role::Owner)]),
            facts: Vec::new(),
            alarms: Vec::new(),
            counts: Vec::new(),
            crashed: false,
        };
        let start = start(transfer, input);
        let id = start.envelope.instance;
        run.append(start);
        run.until_still(id).await;
        for (number, pause) in self.retries.iter().enumerate() {
            run.now += pause.0;
            run.retry(id, number);
            run.until_still(id).await;
        }
        let audit = run.bank.audit().await.unwrap_or_default();
        run.bank.close().await;
        let state = run.partition.view(&id).and_then(|view| view.state.cloned());
        Ended {
            state: state.unwrap_or_else(|| unreachable!("it was started: {:?}", run.alarms)),
            facts: run.facts,
            log: run.log,
            audit,
            alarms: run.alarms,
            elapsed: wfl_ir::Duration(run.now - START),
        }
    }
}

/// A partition that keeps all in memory.
fn partition() -> Partition {
    Partition::new(wfl_record::Partition(0), Options { rest: None, retention: None, ..Options::default() })
}

/// The start record of an input.
pub fn start(transfer: &Transfer, input: &Json) -> NewRecord {
    let plan = &transfer.plan;
    let fields = decode_fields(plan.library(), &plan.params, input).unwrap_or_else(|e| unreachable!("{e}"));
    let key = instance_key(plan, &fields).unwrap_or_else(|e| unreachable!("{e}"));
    let namespace = Namespace::default();
    let instance = InstanceId::derive(&namespace, &plan.workflow, &key.canonical_bytes());
    let start = Input::Start(Start {
        workflow: plan.workflow.clone(),
        version: plan.version,
        plan: transfer.hash,
        source: Source::Inline(encode_fields(plan.library(), &plan.params, &fields).to_string().into_bytes()),
        digest: input_digest(&fields),
        starter: "test".into(),
        parent: None,
        deadline: None,
        parent_epoch: None,
        not_before: None,
        occasion: None,
    });
    let envelope = start.envelope(&namespace, instance, None);
    NewRecord { partition: wfl_record::Partition(0), first: true, envelope }
}

impl Run<'_, '_> {
    async fn until_still(&mut self, id: InstanceId) {
        loop {
            while let Some(event) = self.events.pop_front() {
                let mut actions = Vec::new();
                self.partition.handle(Timestamp(self.now), event, &mut actions);
                for action in actions {
                    self.act(action).await;
                }
                self.crash_if_due();
            }
            let ended = self.partition.view(&id).and_then(|view| view.state).is_some_and(|state| {
                state.status().is_terminal() || !self.street.patient && !state.suspensions().is_empty()
            });
            match self.partition.next_wake() {
                Some(wake) if !ended => {
                    self.now = self.now.max(wake.0);
                    self.events.push_back(Event::Wake);
                }
                _ => return,
            }
        }
    }

    /// A person tries again what is suspended.
    fn retry(&mut self, id: InstanceId, number: usize) {
        let wish = Input::Control(Control::Retry { step: None, request: number.to_string(), item: None });
        let envelope = wish.envelope(&Namespace::default(), id, Some("person".into()));
        self.append(NewRecord { partition: wfl_record::Partition(0), first: false, envelope });
    }

    async fn act(&mut self, action: Action) {
        match action {
            Action::Append(record) => self.append(record),
            Action::Call(id, call) => {
                if let Some(outcome) = self.carry(&call).await {
                    self.events.push_back(Event::Answer(id, outcome));
                }
            }
            Action::NeedPlan(hash) if hash == self.transfer.hash => {
                self.events.push_back(Event::Plan(hash, Ok(Arc::clone(&self.transfer.plan))));
            }
            Action::NeedPlan(hash) => self.events.push_back(Event::Plan(hash, Err("another plan".into()))),
            Action::NeedInstance { instance, .. } => {
                self.events.push_back(Event::Stored(instance, Ok(Stored::default())));
            }
            Action::NeedBlob(..) | Action::NeedStart(_) | Action::CancelCall(_) => {}
            Action::NeedPermits(..) | Action::ReturnPermits(..) => {}
            Action::SaveSnapshot(..) | Action::DropSnapshot(_) => {}
            Action::Trim(..) | Action::SetWatermark(_) => {}
            Action::NeedExpired { .. } | Action::Purge(..) => {}
            Action::Update(update) => self.facts.extend(update.facts),
            Action::Alarm(alarm) => self.alarms.push(alarm),
        }
    }

    fn append(&mut self, record: NewRecord) {
        let (instance, id) = (record.envelope.instance, record.envelope.message_id.clone());
        let duplicate = !self.ids.insert(id.clone());
        if !duplicate {
            let position = Position(self.log.len() as u64 + 1);
            let record = Record {
                partition: record.partition,
                position,
                at: Stamp(self.now),
                envelope: record.envelope,
            };
            self.log.push(record.clone());
            self.events.push_back(Event::Record(record));
        }
        let position = Position(self.log.len() as u64);
        let appended = Appended { position, at: Stamp(self.now), duplicate };
        self.events.push_back(Event::Appended(instance, id, Ok(appended)));
    }

    /// All that is not in the log is lost; calls that were under way have had their effect, if the script let them.
    fn crash_if_due(&mut self) {
        if self.crashed || self.street.crash_at.is_none_or(|at| self.log.len() < at) {
            return;
        }
        self.crashed = true;
        self.partition = partition();
        self.facts.clear();
        self.events = self.log.iter().cloned().map(Event::Record).collect();
        self.events.push_back(Event::Role(Role::Owner));
    }

    /// Carries a call out as the script wants it. Nothing comes back when its time runs out.
    async fn carry(&mut self, call: &Call) -> Option<Outcome> {
        let operation = &call.plan.operations[call.effect.operation as usize];
        let (name, purpose) = (operation.qualified(), call.effect.call.purpose);
        self.counts.push((name.clone(), purpose));
        let nth = self.counts.iter().filter(|(n, p)| *n == name && *p == purpose).count() as u32;
        let fate = (self.street.script)(&name, purpose, nth);
        let carried = matches!(
            fate,
            Fate::Served | Fate::Repeated | Fate::LostAfter | Fate::TimeoutAfter | Fate::Garbled
        );
        let mut reply = None;
        for _ in 0..if fate == Fate::Repeated { 2 } else { u32::from(carried) } {
            let args = encode_fields(call.plan.library(), &operation.params, &call.effect.args);
            reply = Some(self.bank.call(&name, call.effect.key.as_deref(), args).await);
        }
        match fate {
            Fate::Served | Fate::Repeated => reply.map(answered),
            Fate::LostBefore | Fate::LostAfter => {
                Some(Outcome::Unknown { reason: "the line was cut".into() })
            }
            Fate::TimeoutBefore | Fate::TimeoutAfter => None,
            Fate::Unavailable => {
                Some(Outcome::Unavailable { reason: "it is closed".into(), retry_after: None })
            }
            Fate::Declared(error, data) => {
                Some(Outcome::Declared(error.into(), data.to_string().into_bytes()))
            }
            Fate::Nonsense | Fate::Garbled => Some(Outcome::Returned(b"{\"x\":".to_vec())),
        }
    }
}

fn answered(delivery: Delivery) -> Outcome {
    let Delivery::Reply(reply) = delivery else {
        return Outcome::Unknown { reason: "the bank closed the line".into() };
    };
    let mut headers = HeaderMap::new();
    if let Some(name) = reply.header {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static("true"));
    }
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match classify(status, &headers, reply.body.unwrap_or_default().as_bytes()) {
        Reply::Returned(json) => Outcome::Returned(json),
        Reply::Empty => Outcome::Returned(b"null".to_vec()),
        Reply::Declared { error, data } => Outcome::Declared(error.into(), data),
        Reply::Unavailable { reason, .. } => Outcome::Unavailable { reason, retry_after: None },
        Reply::Unknown { reason } => Outcome::Unknown { reason },
        Reply::Refused { reason, raw } => Outcome::Refused { reason, raw },
    }
}
