//! What a partition holds besides instances: entities that have records of their own and no plan.

use std::collections::{BTreeSet, VecDeque};

use wfl_ir::Timestamp;
use wfl_machine::{AtSchedule, AtTurnstile, Schedule, Turnstile};
use wfl_record::{Envelope, InstanceId, Kind, Namespace, Position, Record};

/// What it is, and its state.
#[derive(Debug)]
pub(crate) enum Entity {
    Turnstile(Turnstile),
    Schedule(Box<Schedule>),
}

/// What a record of an entity says.
#[derive(Debug)]
pub(crate) enum Said {
    Turnstile(AtTurnstile),
    Schedule(Box<AtSchedule>),
}

impl Said {
    /// Whether a record is one of an entity, not of an instance.
    pub(crate) fn is_of(kind: Kind) -> bool {
        kind == Kind::TURNSTILE || kind == Kind::SCHEDULE
    }

    pub(crate) fn decode(envelope: &Envelope) -> Result<Said, String> {
        let Envelope { kind, version, payload, .. } = envelope;
        let said = match *kind {
            Kind::TURNSTILE => AtTurnstile::decode(*kind, *version, payload).map(Said::Turnstile),
            _ => AtSchedule::decode(*kind, *version, payload).map(|said| Said::Schedule(Box::new(said))),
        };
        said.map_err(|error| error.to_string())
    }

    /// Whether it is the first record of its entity.
    pub(crate) fn opens(&self) -> bool {
        match self {
            Said::Turnstile(said) => matches!(said, AtTurnstile::Opened { .. }),
            Said::Schedule(said) => matches!(**said, AtSchedule::Opened { .. }),
        }
    }

    /// The record up to which it is a summary, if it is one.
    pub(crate) fn sums_up(&self) -> Option<Position> {
        match self {
            Said::Turnstile(AtTurnstile::Stood { behind, .. }) => Some(*behind),
            Said::Turnstile(_) => None,
            Said::Schedule(said) => match &**said {
                AtSchedule::Stood { behind, .. } => Some(*behind),
                _ => None,
            },
        }
    }
}

impl Entity {
    /// One of which nothing is known, by the kind of its records.
    pub(crate) fn new(kind: Kind) -> Entity {
        match kind {
            Kind::TURNSTILE => Entity::Turnstile(Turnstile::default()),
            _ => Entity::Schedule(Box::default()),
        }
    }

    /// How it stands behind all that is still there of its records.
    pub(crate) fn read(&mut self, records: Vec<(Position, Said)>) {
        match self {
            Entity::Turnstile(turnstile) => {
                let said = |(position, said)| match said {
                    Said::Turnstile(said) => Some((position, said)),
                    Said::Schedule(_) => None,
                };
                *turnstile = Turnstile::of(&records.into_iter().filter_map(said).collect::<Vec<_>>());
            }
            Entity::Schedule(schedule) => {
                let said = |(position, said)| match said {
                    Said::Schedule(said) => Some((position, *said)),
                    Said::Turnstile(_) => None,
                };
                **schedule = Schedule::of(&records.into_iter().filter_map(said).collect::<Vec<_>>());
            }
        }
    }

    /// Folds a record; says which instances a turnstile lets in.
    pub(crate) fn fold(&mut self, position: Position, said: &Said) -> Vec<InstanceId> {
        match (self, said) {
            (Entity::Turnstile(turnstile), Said::Turnstile(said)) => turnstile.fold(position, said),
            (Entity::Schedule(schedule), Said::Schedule(said)) => {
                schedule.fold(position, said);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Whether what the journal has of it comes to nothing.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Entity::Turnstile(turnstile) => turnstile.is_empty(),
            Entity::Schedule(schedule) => schedule.is_empty(),
        }
    }

    /// The record that says how it stands behind another one.
    pub(crate) fn summary(&self, namespace: &Namespace, id: InstanceId, behind: Position) -> Envelope {
        match self {
            Entity::Turnstile(turnstile) => {
                AtTurnstile::Stood { behind, turnstile: turnstile.clone() }.envelope(namespace, id, None)
            }
            Entity::Schedule(schedule) => {
                let schedule = Schedule::clone(schedule);
                AtSchedule::Stood { behind, schedule }.envelope(namespace, id, None)
            }
        }
    }
}

/// An entity in memory.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) namespace: Namespace,
    pub(crate) entity: Entity,
    /// Records that wait until what was before them is read.
    pub(crate) parked: VecDeque<Record>,
    /// What the journal has of it is being read.
    pub(crate) returning: bool,
    /// A record of it is not to be understood: nothing is folded any more, as if it were read for ever.
    pub(crate) quarantined: bool,
    /// How often records had been gone when it was read: since then, a process that lags may have missed some.
    pub(crate) gaps: u64,
    /// The last record folded.
    pub(crate) folded: Position,
    /// How many records were folded since the journal was told that earlier ones are not needed.
    pub(crate) since: u32,
    /// A summary is on its way into the log.
    pub(crate) summing_up: bool,
    /// The first record that has to be read to find it again; none while it is empty.
    pub(crate) needed_from: Option<Position>,
    /// When it was found empty.
    pub(crate) empty_since: Option<Timestamp>,
    /// Of a schedule: the time for which this process wakes up.
    pub(crate) wakes_at: Option<Timestamp>,
    /// Of a schedule: the record whose next time is on its way into the log.
    pub(crate) coming: Option<Position>,
    /// Of a schedule: the occasions that this process has started, and those that it has cancelled.
    pub(crate) told: BTreeSet<(Timestamp, Position, bool)>,
}

impl Kept {
    pub(crate) fn new(namespace: Namespace, kind: Kind, gaps: u64) -> Kept {
        Kept {
            namespace,
            entity: Entity::new(kind),
            parked: VecDeque::new(),
            returning: false,
            quarantined: false,
            gaps,
            folded: Position::ZERO,
            since: 0,
            summing_up: false,
            needed_from: None,
            empty_since: None,
            wakes_at: None,
            coming: None,
            told: BTreeSet::new(),
        }
    }

    pub(crate) fn turnstile(&self) -> Option<&Turnstile> {
        match &self.entity {
            Entity::Turnstile(turnstile) => Some(turnstile),
            Entity::Schedule(_) => None,
        }
    }

    pub(crate) fn schedule(&self) -> Option<&Schedule> {
        match &self.entity {
            Entity::Schedule(schedule) => Some(schedule),
            Entity::Turnstile(_) => None,
        }
    }

    /// What was asked for by an owner that is none any more may never come.
    pub(crate) fn forget_asked(&mut self) {
        self.summing_up = false;
        self.coming = None;
        self.told.clear();
    }
}
