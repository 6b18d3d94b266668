//! The engine: partitions of one journal, starts and look-ups.

use std::sync::Arc;

use serde_json::Value as Json;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use wfl_eval::{InvalidData, decode_fields, encode_fields};
use wfl_ir::{Plan, PlanHash, Timestamp};
use wfl_journal::{AppendError, Clock, Journal, LargePayloads, NewRecord, ReadError};
use wfl_machine::{Control, Decision, Input, Signal, Source, Start, input_digest, instance_id, instance_key};
use wfl_operations::Operations;
use wfl_partition::{Gates, Limits, Options};
use wfl_record::{InstanceId, Namespace, Partition, Position, partition_of};

use crate::arguments;
use crate::desk;
use crate::inspection::Inspection;
use crate::observer::Observer;
use crate::shard::{Message, Shard, World};

/// How an engine runs.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Limits of each partition.
    pub partition: Options,
    /// What operations may be asked to do, by `Service.operation`.
    pub limits: Limits,
    /// The world that instances live in.
    pub namespace: Namespace,
    /// The wall clock.
    pub clock: Clock,
}

/// Why an engine does not run (any more).
#[derive(Clone, Debug, thiserror::Error)]
pub enum EngineError {
    /// The log cannot be read.
    #[error("{0}")]
    Journal(String),
}

/// Why an instance was not started. Nothing was changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StartError {
    /// The input breaks a type or a rule.
    #[error("the input is refused: {0}")]
    Invalid(#[from] InvalidData),
    /// The key of the input has no value.
    #[error("the key has no value: {0}")]
    Key(String),
    /// An instance with this key was started with another input.
    #[error("instance {0} was started with another input under the same key")]
    OtherInput(InstanceId),
    /// The journal did not acknowledge the start.
    #[error(transparent)]
    Journal(#[from] AppendError),
}

/// Why nothing was sent to an instance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// There never was one.
    #[error("there is no instance {0}")]
    Unknown(InstanceId),
    /// It ended, and what is known of it was kept as long as it had to be.
    #[error("instance {0} has ended and was purged")]
    Purged(InstanceId),
    /// The journal did not acknowledge it.
    #[error(transparent)]
    Journal(#[from] AppendError),
}

/// A started instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// Its id.
    pub id: InstanceId,
    /// True when it was there before, with the same input.
    pub existed: bool,
}

/// All partitions of a journal, running. Dropping it stops them; nothing is lost by that.
pub struct Engine {
    journal: Arc<dyn Journal>,
    options: EngineOptions,
    shards: Vec<mpsc::UnboundedSender<Message>>,
    failure: watch::Receiver<Option<String>>,
    tasks: JoinSet<()>,
}

impl Engine {
    /// Folds all that is in the journal, then does what is outstanding. Returns when every partition has caught
    /// up. Fails when the journal cannot be read.
    pub async fn start(
        journal: Arc<dyn Journal>,
        operations: Arc<dyn Operations>,
        observer: Arc<dyn Observer>,
        options: EngineOptions,
    ) -> Result<Engine, EngineError> {
        let journal: Arc<dyn Journal> = Arc::new(LargePayloads::over(journal, LargePayloads::THRESHOLD));
        let (failure, mut failed) = watch::channel(None);
        let (desk, requests) = mpsc::unbounded_channel();
        let world = World {
            limits: Arc::new(options.limits.clone()),
            desk,
            journal: Arc::clone(&journal),
            operations,
            observer,
            clock: options.clock.clone(),
            failure: Arc::new(failure),
        };
        let mut options = options;
        options.partition.partitions = journal.partitions();
        options.partition.nonce = nonce();
        let (mut shards, mut tasks, mut waits) = (Vec::new(), JoinSet::new(), Vec::new());
        for partition in 0..journal.partitions() {
            let (caught_up, wait) = oneshot::channel();
            let (shard, inbox) =
                Shard::new(world.clone(), Partition(partition), options.partition, caught_up);
            tasks.spawn(shard.run());
            shards.push(inbox);
            waits.push(wait);
        }
        drop(world);
        let gates = Gates::new(&options.limits);
        tasks.spawn(desk::run(gates, requests, shards.clone(), options.clock.clone()));
        for wait in waits {
            if wait.await.is_err() {
                let reason = failed.borrow_and_update().clone();
                return Err(EngineError::Journal(reason.unwrap_or_else(|| "a partition ended".into())));
            }
        }
        Ok(Engine { journal, options, shards, failure: failed, tasks })
    }

    /// Keeps a plan's bytes where every instance finds them.
    pub async fn put_plan(&self, bytes: Vec<u8>) -> Result<PlanHash, AppendError> {
        self.journal.put_blob(bytes.into()).await.map(|hash| PlanHash(hash.0))
    }

    /// Starts an instance of a plan that was put before. The input is checked first: a refused one changes
    /// nothing. The same input under the same key is the same instance.
    pub async fn start_instance(
        &self,
        plan: &Plan,
        hash: PlanHash,
        args: &Json,
        starter: &str,
    ) -> Result<Started, StartError> {
        self.start_instance_later(plan, hash, args, starter, None).await
    }

    /// As [`Engine::start_instance`]; the instance begins at an instant, if that is not over. Until then it waits, and can
    /// be cancelled.
    pub async fn start_instance_later(
        &self,
        plan: &Plan,
        hash: PlanHash,
        args: &Json,
        starter: &str,
        not_before: Option<Timestamp>,
    ) -> Result<Started, StartError> {
        let fields = decode_fields(plan.library(), &plan.params, args)?;
        let key = instance_key(plan, &fields).map_err(|fault| StartError::Key(fault.to_string()))?;
        let id = instance_id(&self.options.namespace, plan, &key, 0);
        let bytes = encode_fields(plan.library(), &plan.params, &fields).to_string().into_bytes();
        let start = Input::Start(Start {
            workflow: plan.workflow.clone(),
            version: plan.version,
            plan: hash,
            source: Source::Inline(bytes),
            digest: input_digest(&fields),
            starter: starter.to_owned(),
            parent: None,
            deadline: None,
            parent_epoch: None,
            not_before,
            occasion: None,
        });
        match self.append(id, &start, true, starter).await {
            Ok(appended) => Ok(Started { id, existed: appended.duplicate }),
            Err(AppendError::Conflict) => Err(StartError::OtherInput(id)),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn options(&self) -> &EngineOptions {
        &self.options
    }

    pub(crate) fn journal(&self) -> &Arc<dyn Journal> {
        &self.journal
    }

    pub(crate) fn shards(&self) -> &[mpsc::UnboundedSender<Message>] {
        &self.shards
    }

    pub(crate) fn shard_of(&self, id: &InstanceId) -> &mpsc::UnboundedSender<Message> {
        &self.shards[partition_of(id, self.journal.partitions()).0 as usize]
    }

    /// Puts an operator's wish into the log of an instance.
    pub async fn control(&self, id: InstanceId, control: Control, actor: &str) -> Result<(), SendError> {
        self.send(id, &Input::Control(control), actor).await
    }

    /// Puts a message into the log of an instance. The same message twice is one.
    pub async fn signal(&self, id: InstanceId, signal: Signal, actor: &str) -> Result<(), SendError> {
        self.send(id, &Input::Signal(signal), actor).await
    }

    /// Puts a person's answer to a task into the log of an instance.
    pub async fn decide(&self, id: InstanceId, decision: Decision) -> Result<(), SendError> {
        let person = decision.person.clone();
        self.send(id, &Input::Decision(decision), &person).await
    }

    /// Whether an instance has ended so long ago that all but its start was purged.
    pub async fn is_purged(&self, id: InstanceId) -> Result<bool, ReadError> {
        let begun = self.journal.read_start(&id).await?.is_some();
        Ok(begun && self.journal.read_instance(&id, Position::ZERO).await?.is_empty())
    }

    /// What is known of an instance; `None` when there is none, or it is purged.
    pub async fn inspect(&self, id: InstanceId) -> Option<Inspection> {
        let (reply, answer) = oneshot::channel();
        self.shard_of(&id).send(Message::Inspect(id, reply)).ok()?;
        answer.await.ok().flatten()
    }

    /// Waits until the engine cannot go on, and says why. Never returns while all is well.
    pub async fn failed(&self) -> EngineError {
        let mut failure = self.failure.clone();
        match failure.wait_for(Option::is_some).await {
            Ok(reason) => EngineError::Journal(reason.clone().unwrap_or_default()),
            Err(_) => EngineError::Journal("the engine was stopped".into()),
        }
    }

    /// Stops all partitions and waits until they have ended.
    pub async fn stop(mut self) {
        self.shards.clear();
        self.tasks.shutdown().await;
    }

    async fn send(&self, id: InstanceId, input: &Input, actor: &str) -> Result<(), SendError> {
        match self.append(id, input, false, actor).await {
            Ok(_) => Ok(()),
            Err(AppendError::Conflict) => match self.journal.read_start(&id).await {
                Ok(Some(_)) => Err(SendError::Purged(id)),
                Ok(None) => Err(SendError::Unknown(id)),
                Err(error) => Err(AppendError::Damaged(error.to_string()).into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    async fn append(
        &self,
        id: InstanceId,
        input: &Input,
        first: bool,
        actor: &str,
    ) -> Result<wfl_journal::Appended, AppendError> {
        let envelope = input.envelope(&self.options.namespace, id, Some(actor.to_owned()));
        let partition = partition_of(&id, self.journal.partitions());
        arguments::append(&*self.journal, NewRecord { partition, first, envelope }).await
    }
}

/// A number that no other process has: the hash of what tells processes apart.
fn nonce() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    // The keys of a hasher are drawn anew for each.
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.finish()
}
