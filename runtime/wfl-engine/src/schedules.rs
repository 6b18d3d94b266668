//! Schedules from outside: made, changed, paused, made up for, deleted, looked at.

use serde_json::Value as Json;
use tokio::sync::oneshot;
use wfl_ir::{Duration, Plan, PlanHash, Timestamp};
use wfl_journal::{AppendError, NewRecord};
use wfl_machine::{AtSchedule, Cadence, Occasion, Overlap, Recurrence, Schedule, check_recurrence};
use wfl_partition::Calendar;
use wfl_record::{InstanceId, partition_of};

use crate::calendar::{self, WallCalendar};
use crate::engine::Engine;
use crate::shard::{Message, now};

/// So many occasions of a time that is over are made up for by one wish.
const MOST_BACKFILLED: usize = 1_000;

/// The longest name of a schedule, in bytes.
const LONGEST_NAME: usize = 100;

/// When a schedule starts what, and what happens when it cannot.
#[derive(Clone, Debug)]
pub struct ScheduleOptions {
    /// When.
    pub cadence: Cadence,
    /// What happens when the instance of an earlier occasion has not ended.
    pub overlap: Overlap,
    /// Occasions that are later than this, because no engine ran at their time, are left out.
    pub catch_up: Duration,
    /// No occasion comes after this time.
    pub until: Option<Timestamp>,
}

impl ScheduleOptions {
    /// One at a time; what is late by more than an hour is left out.
    pub fn new(cadence: Cadence) -> ScheduleOptions {
        let catch_up = Duration::from_secs(3_600);
        ScheduleOptions { cadence, overlap: Overlap::Skip, catch_up, until: None }
    }
}

/// Why a schedule is not as somebody wanted it. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Not 1 to 100 letters, digits, `.`, `-` and `_`.
    #[error("`{0}` is no name of a schedule: 1 to 100 letters, digits, `.`, `-` and `_` are needed")]
    Name(String),
    /// Its times are none.
    #[error("{0}")]
    Cadence(String),
    /// The arguments are none that the workflow takes, or the same instance each time.
    #[error("{0}")]
    Arguments(String),
    /// There is none with this name.
    #[error("there is no schedule `{0}`")]
    NotThere(String),
    /// More occasions than one wish may ask for.
    #[error("that is more than {MOST_BACKFILLED} occasions: ask for a shorter time")]
    TooMany,
    /// The journal did not acknowledge it.
    #[error(transparent)]
    Journal(#[from] AppendError),
}

impl Engine {
    /// Makes a schedule of a plan that was put before, or makes it otherwise. In the texts of `args` stand `${due}` for the
    /// time of an occasion and `${date}` for its day; the key of the workflow has to differ by one of them. `request` makes
    /// it one wish, however often it is sent.
    ///
    /// # Errors
    /// See [`ScheduleError`]; nothing is changed then.
    pub async fn set_schedule(
        &self,
        name: &str,
        (plan, hash): (&Plan, PlanHash),
        args: &Json,
        options: ScheduleOptions,
        (actor, request): (&str, &str),
    ) -> Result<(), ScheduleError> {
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(good) {
            return Err(ScheduleError::Name(name.to_owned()));
        }
        calendar::check(&options.cadence).map_err(ScheduleError::Cadence)?;
        let ScheduleOptions { cadence, overlap, catch_up, until } = options;
        let recurrence = Recurrence {
            workflow: plan.workflow.clone(),
            plan: hash,
            args: args.to_string().into_bytes(),
            cadence,
            overlap,
            catch_up,
            until,
        };
        let now = now(&self.options().clock);
        let next = next(&recurrence, now);
        let (Some(first), Some(second)) = (next, next.and_then(|first| next_of(&recurrence, first))) else {
            let never = "it has fewer than two times to come".to_owned();
            return Err(ScheduleError::Cadence(never));
        };
        let samples = [first, second].map(|due| occasion(&recurrence, due));
        check_recurrence(plan, &self.options().namespace, &recurrence, &samples)
            .map_err(ScheduleError::Arguments)?;
        let opened = AtSchedule::Opened { name: name.to_owned() };
        self.append_to_schedule(name, &opened, true, actor).await?;
        let set = AtSchedule::Set { recurrence, next, request: request.to_owned() };
        self.append_to_schedule(name, &set, false, actor).await
    }

    /// Lets a schedule begin nothing until it is resumed. What comes meanwhile is left out.
    ///
    /// # Errors
    /// There is none with this name, or the journal does not take it.
    pub async fn pause_schedule(
        &self,
        name: &str,
        reason: &str,
        (actor, request): (&str, &str),
    ) -> Result<(), ScheduleError> {
        self.known_schedule(name).await?;
        let paused = AtSchedule::Paused { reason: reason.to_owned(), request: request.to_owned() };
        self.append_to_schedule(name, &paused, false, actor).await
    }

    /// Lets a paused schedule go on, with its next time from now on.
    ///
    /// # Errors
    /// There is none with this name, or the journal does not take it.
    pub async fn resume_schedule(
        &self,
        name: &str,
        (actor, request): (&str, &str),
    ) -> Result<(), ScheduleError> {
        let recurrence = self.known_schedule(name).await?;
        let next = next(&recurrence, now(&self.options().clock));
        let resumed = AtSchedule::Resumed { next, request: request.to_owned() };
        self.append_to_schedule(name, &resumed, false, actor).await
    }

    /// An occasion now, besides those of the cadence.
    ///
    /// # Errors
    /// There is none with this name, or the journal does not take it.
    pub async fn trigger_schedule(
        &self,
        name: &str,
        overlap: Overlap,
        (actor, request): (&str, &str),
    ) -> Result<(), ScheduleError> {
        let recurrence = self.known_schedule(name).await?;
        let occasions = vec![occasion(&recurrence, now(&self.options().clock))];
        let wanted = AtSchedule::Wanted { occasions, overlap, request: request.to_owned() };
        self.append_to_schedule(name, &wanted, false, actor).await
    }

    /// The occasions from one time to another, which are over, are made up for, in their order. One whose instance was
    /// there before is refused, and shows among those that are over.
    ///
    /// # Errors
    /// There is none with this name, there are more than 1,000, or the journal does not take it.
    pub async fn backfill_schedule(
        &self,
        name: &str,
        (from, to): (Timestamp, Timestamp),
        overlap: Overlap,
        (actor, request): (&str, &str),
    ) -> Result<usize, ScheduleError> {
        let recurrence = self.known_schedule(name).await?;
        let to = to.min(now(&self.options().clock));
        let mut occasions = Vec::new();
        let mut due = next_of(&recurrence, Timestamp(from.0.saturating_sub(1)));
        while let Some(at) = due.filter(|due| *due <= to) {
            if occasions.len() == MOST_BACKFILLED {
                return Err(ScheduleError::TooMany);
            }
            occasions.push(occasion(&recurrence, at));
            due = next_of(&recurrence, at);
        }
        let count = occasions.len();
        let wanted = AtSchedule::Wanted { occasions, overlap, request: request.to_owned() };
        self.append_to_schedule(name, &wanted, false, actor).await?;
        Ok(count)
    }

    /// Ends a schedule. Instances that it has begun go on.
    ///
    /// # Errors
    /// There is none with this name, or the journal does not take it.
    pub async fn delete_schedule(
        &self,
        name: &str,
        (actor, request): (&str, &str),
    ) -> Result<(), ScheduleError> {
        self.known_schedule(name).await?;
        let deleted = AtSchedule::Deleted { request: request.to_owned() };
        self.append_to_schedule(name, &deleted, false, actor).await
    }

    /// A schedule as it stands; `None` when there is none.
    pub async fn schedule(&self, name: &str) -> Option<Schedule> {
        let id = Schedule::id(&self.options().namespace, name);
        let (reply, answer) = oneshot::channel();
        self.shard_of(&id).send(Message::Schedule(id, reply)).ok()?;
        answer.await.ok().flatten()
    }

    /// All schedules, by their names.
    pub async fn schedules(&self) -> Vec<Schedule> {
        let mut all = Vec::new();
        for shard in self.shards() {
            let (reply, answer) = oneshot::channel();
            if shard.send(Message::Schedules(reply)).is_ok() {
                all.extend(answer.await.unwrap_or_default());
            }
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    async fn known_schedule(&self, name: &str) -> Result<Recurrence, ScheduleError> {
        let found = self.schedule(name).await.and_then(|schedule| schedule.recurrence);
        found.ok_or_else(|| ScheduleError::NotThere(name.to_owned()))
    }

    async fn append_to_schedule(
        &self,
        name: &str,
        said: &AtSchedule,
        first: bool,
        actor: &str,
    ) -> Result<(), ScheduleError> {
        let id: InstanceId = Schedule::id(&self.options().namespace, name);
        let envelope = said.envelope(&self.options().namespace, id, Some(actor.to_owned()));
        let partition = partition_of(&id, self.journal().partitions());
        self.journal().append(NewRecord { partition, first, envelope }).await?;
        Ok(())
    }
}

fn occasion(recurrence: &Recurrence, due: Timestamp) -> Occasion {
    Occasion { due, date: WallCalendar.date(&recurrence.cadence, due) }
}

/// The first time behind an instant, whatever its end.
fn next_of(recurrence: &Recurrence, after: Timestamp) -> Option<Timestamp> {
    WallCalendar.next(&recurrence.cadence, after)
}

/// The first time behind an instant.
fn next(recurrence: &Recurrence, after: Timestamp) -> Option<Timestamp> {
    next_of(recurrence, after).filter(|next| recurrence.until.is_none_or(|until| *next <= until))
}
