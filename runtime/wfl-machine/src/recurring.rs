//! Schedules: an entity with records of its own, which starts an instance at each of its times.
//!
//! What a time is, is decided where it comes: whoever owns the schedule writes down that it came, and which one is next. The
//! fold only follows that, so that no two machines differ about calendars.

use std::collections::{BTreeMap, VecDeque};

use minicbor::{Decode, Encode};
use wfl_ir::{Duration, Name, PlanHash, Timestamp};
use wfl_record::{Envelope, InstanceId, Kind, MessageId, Namespace, Position};

use crate::input::{PayloadError, envelope};
use crate::planted::{Bug, planted};

const VERSION: u16 = 1;

/// So many occasions wait at most, when each has to wait for the one before it. More are skipped.
const MOST_WAITING: usize = 10_000;

/// The ends of so many occasions are remembered, for people.
const REMEMBERED: usize = 20;

/// When.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Cadence {
    /// By a cron pattern, in a time zone.
    #[n(0)]
    Cron {
        /// Minute, hour, day of the month, month, day of the week; seconds in front, and a year behind, if there are more.
        #[n(0)]
        pattern: String,
        /// A name of the IANA time zone database.
        #[n(1)]
        zone: String,
    },
    /// At equal distances.
    #[n(1)]
    Every {
        /// The distance.
        #[n(0)]
        every: Duration,
        /// One of the times.
        #[n(1)]
        from: Timestamp,
    },
}

/// What happens when the instance of an earlier occasion has not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Overlap {
    /// The occasion is left out.
    #[default]
    #[n(0)]
    Skip,
    /// It begins when the other one has ended; if one waits already, it is left out.
    #[n(1)]
    QueueOne,
    /// It begins when all before it have ended.
    #[n(2)]
    QueueAll,
    /// The other one is cancelled, and it begins when that is undone.
    #[n(3)]
    CancelOther,
    /// Both run.
    #[n(4)]
    Allow,
}

/// What a schedule starts, and when.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Recurrence {
    /// The workflow.
    #[n(0)]
    pub workflow: Name,
    /// The plan that its instances run on.
    #[n(1)]
    pub plan: PlanHash,
    /// Its arguments: a JSON object, in whose texts `${due}` stands for the time of the occasion (RFC 3339, UTC) and
    /// `${date}` for its day in the time zone of the cadence.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub args: Vec<u8>,
    /// When.
    #[n(3)]
    pub cadence: Cadence,
    /// What happens when the one before has not ended.
    #[n(4)]
    pub overlap: Overlap,
    /// Occasions that are later than this, because nobody was there at their time, are left out.
    #[n(5)]
    pub catch_up: Duration,
    /// No occasion comes after this time.
    #[n(6)]
    pub until: Option<Timestamp>,
}

/// What stands in the log of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum AtSchedule {
    /// Its first record.
    #[n(0)]
    Opened {
        /// Its name.
        #[n(0)]
        name: String,
    },
    /// It is made, or made otherwise.
    #[n(1)]
    Set {
        /// What it does from now on.
        #[n(0)]
        recurrence: Recurrence,
        /// The first time.
        #[n(1)]
        next: Option<Timestamp>,
        /// What makes it one wish, however often it is sent.
        #[n(2)]
        request: String,
    },
    /// A time came.
    #[n(2)]
    Came {
        /// Which; none when it came too late to be made up for.
        #[n(0)]
        occasion: Option<Occasion>,
        /// The next one.
        #[n(1)]
        next: Option<Timestamp>,
        /// How many came too late.
        #[n(2)]
        missed: u32,
        /// The record that said that it is the next one.
        #[n(3)]
        by: Position,
    },
    /// Occasions by the wish of a person: one now, or those of a time that is over.
    #[n(3)]
    Wanted {
        /// Which.
        #[n(0)]
        occasions: Vec<Occasion>,
        /// What happens when the one before has not ended.
        #[n(1)]
        overlap: Overlap,
        /// What makes it one wish, however often it is sent.
        #[n(2)]
        request: String,
    },
    /// Nothing begins for now. What comes meanwhile is left out.
    #[n(4)]
    Paused {
        /// Why, for people.
        #[n(0)]
        reason: String,
        /// What makes it one wish, however often it is sent.
        #[n(1)]
        request: String,
    },
    /// It goes on.
    #[n(5)]
    Resumed {
        /// The first time.
        #[n(0)]
        next: Option<Timestamp>,
        /// What makes it one wish, however often it is sent.
        #[n(1)]
        request: String,
    },
    /// It is no more. What runs goes on.
    #[n(6)]
    Deleted {
        /// What makes it one wish, however often it is sent.
        #[n(0)]
        request: String,
    },
    /// The start of an occasion's instance is in the log.
    #[n(7)]
    Began {
        /// When the occasion was due.
        #[n(0)]
        due: Timestamp,
        /// The instance.
        #[n(1)]
        instance: InstanceId,
        /// As in [`Under`].
        #[n(2)]
        by: Position,
    },
    /// The instance of an occasion could not be started.
    #[n(8)]
    Refused {
        /// When the occasion was due.
        #[n(0)]
        due: Timestamp,
        /// Why, for people.
        #[n(1)]
        why: String,
        /// As in [`Under`].
        #[n(2)]
        by: Position,
    },
    /// The instance of an occasion has ended.
    #[n(9)]
    Ended {
        /// When the occasion was due.
        #[n(0)]
        due: Timestamp,
        /// The instance.
        #[n(1)]
        instance: InstanceId,
        /// The state that it ended in.
        #[n(2)]
        how: Name,
    },
    /// How it stood behind a record: that one and those before it are not needed any more.
    #[n(10)]
    Stood {
        /// The record.
        #[n(0)]
        behind: Position,
        /// How it stood.
        #[n(1)]
        schedule: Schedule,
    },
}

/// A time of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Occasion {
    /// When it is due. No two of a schedule have the same.
    #[n(0)]
    pub due: Timestamp,
    /// Its day in the time zone of the schedule, as `2026-11-28`.
    #[n(1)]
    pub date: String,
}

/// An occasion whose instance has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Under {
    /// The occasion.
    #[n(0)]
    pub occasion: Occasion,
    /// Its instance, once its start is in the log.
    #[n(1)]
    pub instance: Option<InstanceId>,
    /// It is to be cancelled, to make way for a later one.
    #[n(2)]
    pub cancelled: bool,
    /// The record by which it begins. An occasion that is begun again, by the wish of a person, is another one.
    #[n(3)]
    pub by: Position,
    /// The plan that its instance runs on.
    #[n(4)]
    pub plan: PlanHash,
    /// The arguments of its instance, as in [`Recurrence`].
    #[cbor(n(5), with = "minicbor::bytes")]
    pub args: Vec<u8>,
}

/// How an occasion ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Over {
    /// When it was due.
    #[n(0)]
    pub due: Timestamp,
    /// Its instance, if it was started.
    #[n(1)]
    pub instance: Option<InstanceId>,
    /// The state that the instance ended in, or why it was not started.
    #[n(2)]
    pub how: String,
}

/// The state of a schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Schedule {
    /// Its name.
    #[n(0)]
    pub name: String,
    /// What it does; none before it is made and after it is deleted.
    #[n(1)]
    pub recurrence: Option<Recurrence>,
    /// The next time.
    #[n(2)]
    pub next: Option<Timestamp>,
    /// The record that said so.
    #[n(10)]
    pub next_by: Position,
    /// The last time that came by its cadence. None before it comes again, whatever somebody's clock says.
    #[n(11)]
    pub last: Option<Timestamp>,
    /// Why nothing begins, if that is so.
    #[n(3)]
    pub paused: Option<String>,
    /// Occasions that wait for others to end.
    #[n(4)]
    pub waiting: VecDeque<Occasion>,
    /// Occasions whose instances have not ended, by when they were due.
    #[n(5)]
    pub under: BTreeMap<Timestamp, Under>,
    /// The last ones that ended, the latest at the end.
    #[n(6)]
    pub over: VecDeque<Over>,
    /// How many were begun.
    #[n(7)]
    pub begun: u64,
    /// How many were left out, because another one was under way or it came too late.
    #[n(8)]
    pub skipped: u64,
    /// Wishes that were followed, so that none is twice.
    #[n(9)]
    pub requests: VecDeque<String>,
}

impl AtSchedule {
    /// The record of it.
    pub fn envelope(&self, namespace: &Namespace, schedule: InstanceId, actor: Option<String>) -> Envelope {
        // Writing into a `Vec` cannot fail: its error type has no values.
        let payload = minicbor::to_vec(self).unwrap_or_default();
        envelope(namespace, schedule, self.message_id(), (Kind::SCHEDULE, VERSION, payload), actor)
    }

    /// Reads a payload of a kind and a version.
    pub fn decode(kind: Kind, version: u16, payload: &[u8]) -> Result<AtSchedule, PayloadError> {
        if (kind, version) != (Kind::SCHEDULE, VERSION) {
            return Err(PayloadError::Unknown { kind, version });
        }
        minicbor::decode(payload).map_err(|e| PayloadError::Malformed { kind, reason: e.to_string() })
    }

    fn message_id(&self) -> MessageId {
        MessageId::new(match self {
            AtSchedule::Opened { .. } => "opened".to_owned(),
            AtSchedule::Came { by, .. } => format!("came/{by}"),
            AtSchedule::Began { due, by, .. } => format!("began/{}/{by}", due.0),
            AtSchedule::Refused { due, by, .. } => format!("refused/{}/{by}", due.0),
            AtSchedule::Ended { instance, .. } => format!("ended/{instance}"),
            AtSchedule::Stood { behind, .. } => format!("stood/{behind}"),
            AtSchedule::Set { request, .. }
            | AtSchedule::Wanted { request, .. }
            | AtSchedule::Paused { request, .. }
            | AtSchedule::Resumed { request, .. }
            | AtSchedule::Deleted { request } => format!("wish/{request}"),
        })
    }

    fn request(&self) -> Option<&str> {
        match self {
            AtSchedule::Set { request, .. }
            | AtSchedule::Wanted { request, .. }
            | AtSchedule::Paused { request, .. }
            | AtSchedule::Resumed { request, .. }
            | AtSchedule::Deleted { request } => Some(request),
            _ => None,
        }
    }
}

impl Schedule {
    /// The schedule with a name.
    pub fn id(namespace: &Namespace, name: &str) -> InstanceId {
        // No workflow has a slash in its name.
        InstanceId::derive(namespace, "schedule/", name.as_bytes())
    }

    /// How it stands behind all of these records, which are in their order.
    pub fn of(records: &[(Position, AtSchedule)]) -> Schedule {
        let stood = records.iter().filter_map(|(_, said)| match said {
            AtSchedule::Stood { behind, schedule } => Some((*behind, schedule.clone())),
            _ => None,
        });
        // Whoever lags may have written its summary behind a later one.
        let stood = stood.max_by_key(|(behind, _)| *behind);
        let (behind, mut schedule) = stood.unwrap_or_default();
        for (position, said) in records.iter().filter(|(position, _)| *position > behind) {
            schedule.fold(*position, said);
        }
        schedule
    }

    /// Folds a record.
    pub fn fold(&mut self, position: Position, said: &AtSchedule) {
        if let Some(request) = said.request() {
            if self.requests.iter().any(|there| there == request) {
                return;
            }
            self.requests.push_back(request.to_owned());
            if self.requests.len() > REMEMBERED * 5 {
                self.requests.pop_front();
            }
        }
        match said {
            AtSchedule::Opened { name } => self.name.clone_from(name),
            AtSchedule::Stood { .. } => {}
            AtSchedule::Set { recurrence, next, .. } => {
                self.recurrence = Some(recurrence.clone());
                (self.next, self.next_by) = (*next, position);
            }
            AtSchedule::Came { occasion, next, missed, by } if *by == self.next_by => {
                (self.next, self.next_by) = (*next, position);
                self.last = occasion.as_ref().map(|occasion| occasion.due).max(self.last);
                self.came(position, occasion.as_ref(), *missed);
            }
            // It belongs to what the schedule was before, or was folded before.
            AtSchedule::Came { .. } => {}
            AtSchedule::Wanted { occasions, overlap, .. } if self.recurrence.is_some() => {
                occasions.iter().for_each(|occasion| self.take(position, occasion, *overlap));
            }
            AtSchedule::Wanted { .. } => {}
            AtSchedule::Paused { reason, .. } => self.paused = Some(reason.clone()),
            AtSchedule::Resumed { next, .. } => {
                if self.paused.take().is_some() {
                    (self.next, self.next_by) = (*next, position);
                }
            }
            AtSchedule::Deleted { .. } => {
                (self.recurrence, self.next, self.paused) = (None, None, None);
                self.waiting.clear();
            }
            AtSchedule::Began { due, instance, by } => {
                if let Some(under) = self.under.get_mut(due).filter(|under| under.by == *by) {
                    under.instance = Some(*instance);
                    under.args = Vec::new();
                }
            }
            AtSchedule::Refused { due, why, by } => {
                if self.under.get(due).is_some_and(|under| under.by == *by) {
                    self.ended(position, *due, None, why);
                }
            }
            AtSchedule::Ended { due, instance, how } => self.ended(position, *due, Some(*instance), how),
        }
    }

    fn came(&mut self, position: Position, occasion: Option<&Occasion>, missed: u32) {
        self.skipped += u64::from(missed);
        let (Some(recurrence), Some(occasion)) = (&self.recurrence, occasion) else { return };
        if self.paused.is_some() {
            self.skipped += 1;
        } else {
            self.take(position, occasion, recurrence.overlap);
        }
    }

    fn take(&mut self, position: Position, occasion: &Occasion, overlap: Overlap) {
        let due = occasion.due;
        if self.under.contains_key(&due) || self.waiting.iter().any(|waits| waits.due == due) {
            return;
        }
        let busy = !self.under.is_empty() && !planted(Bug::OccasionDoesNotWait);
        match overlap {
            _ if !busy => self.begin(position, occasion.clone()),
            Overlap::Allow => self.begin(position, occasion.clone()),
            Overlap::Skip => self.skipped += 1,
            Overlap::QueueOne if !self.waiting.is_empty() => self.skipped += 1,
            Overlap::QueueAll if self.waiting.len() >= MOST_WAITING => self.skipped += 1,
            Overlap::QueueOne | Overlap::QueueAll => self.waiting.push_back(occasion.clone()),
            Overlap::CancelOther => {
                self.under.values_mut().for_each(|under| under.cancelled = true);
                self.skipped += self.waiting.len() as u64;
                self.waiting = VecDeque::from([occasion.clone()]);
            }
        }
    }

    fn begin(&mut self, position: Position, occasion: Occasion) {
        let Some(Recurrence { plan, args, .. }) = &self.recurrence else { return };
        self.begun += 1;
        let (plan, args) = (*plan, args.clone());
        let under = Under { occasion, instance: None, cancelled: false, by: position, plan, args };
        self.under.insert(under.occasion.due, under);
    }

    fn ended(&mut self, position: Position, due: Timestamp, instance: Option<InstanceId>, how: &str) {
        if self.under.remove(&due).is_none() {
            return;
        }
        self.over.push_back(Over { due, instance, how: how.to_owned() });
        if self.over.len() > REMEMBERED {
            self.over.pop_front();
        }
        if self.under.is_empty()
            && let Some(occasion) = self.waiting.pop_front()
        {
            self.begin(position, occasion);
        }
    }

    /// When the next occasion is due, if one is to begin then.
    pub fn due(&self) -> Option<Timestamp> {
        self.next.filter(|_| self.paused.is_none() && self.recurrence.is_some())
    }

    /// Whether there is nothing to be done any more.
    pub fn is_empty(&self) -> bool {
        self.recurrence.is_none() && self.under.is_empty()
    }
}

impl Occasion {
    /// The arguments of its instance, as JSON; `None` if the template is none.
    pub fn arguments(&self, template: &[u8]) -> Option<serde_json::Value> {
        let mut json = serde_json::from_slice(template).ok()?;
        fill(&mut json, self);
        Some(json)
    }
}

fn fill(json: &mut serde_json::Value, occasion: &Occasion) {
    match json {
        serde_json::Value::String(text) if text.contains("${") => {
            *text = text.replace("${due}", &occasion.due.to_string()).replace("${date}", &occasion.date);
        }
        serde_json::Value::Array(all) => all.iter_mut().for_each(|json| fill(json, occasion)),
        serde_json::Value::Object(all) => all.values_mut().for_each(|json| fill(json, occasion)),
        _ => {}
    }
}
