//! The turnstile of a workflow's `limit n per value`: an entity with records of its own, which lets so many instances
//! with one value run at once.
//!
//! An instance enters when it begins, waits until it is told that it is its turn, and leaves when it has ended. The greater
//! its priority the earlier; among equals whoever came first. Everything may be said twice, and late: who is there already
//! stays where it is, and whoever is given a turn that it has no use for gives it back.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::{Decode, Encode};
use wfl_ir::{Name, Value};
use wfl_record::{Envelope, InstanceId, Kind, MessageId, Namespace, Position};

use crate::input::{PayloadError, envelope};
use crate::planted::{Bug, planted};

const VERSION: u16 = 1;

/// What stands in the log of a turnstile.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum AtTurnstile {
    /// Its first record: what it is for.
    #[n(0)]
    Opened {
        /// The workflow's full name.
        #[n(0)]
        workflow: Name,
    },
    /// An instance wants to run.
    #[n(1)]
    Entered {
        /// Which.
        #[n(0)]
        instance: InstanceId,
        /// How many may run at once, as its plan says. The last word holds.
        #[n(1)]
        limit: u32,
        /// The greater the earlier.
        #[n(2)]
        priority: i64,
    },
    /// An instance has ended, or has no use for its turn.
    #[n(2)]
    Left {
        /// Which.
        #[n(0)]
        instance: InstanceId,
        /// The one turn that it gives back; all that it has, if none is named.
        #[n(1)]
        ticket: Option<u64>,
    },
    /// How it stood behind a record: that one and those before it are not needed any more.
    #[n(3)]
    Stood {
        /// The record.
        #[n(0)]
        behind: Position,
        /// Who ran and who waited.
        #[n(1)]
        turnstile: Turnstile,
    },
}

/// Who runs and who waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Turnstile {
    /// How many may run at once.
    #[n(0)]
    limit: u32,
    /// Who runs, and by which turn. A turn has the position of its record in the log: no two have the same.
    #[n(1)]
    running: BTreeMap<InstanceId, u64>,
    /// Who waits, the next one first.
    #[n(2)]
    waiting: BTreeSet<Place>,
    /// The places of those who wait.
    #[n(3)]
    places: BTreeMap<InstanceId, Place>,
}

/// A place in the queue: the greatest priority first, then in the order of turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
struct Place {
    /// The priority with all bits turned round: the greatest comes first.
    #[n(0)]
    rank: i64,
    #[n(1)]
    ticket: u64,
    #[n(2)]
    instance: InstanceId,
}

impl AtTurnstile {
    /// The record of it.
    pub fn envelope(&self, namespace: &Namespace, turnstile: InstanceId, actor: Option<String>) -> Envelope {
        // Writing into a `Vec` cannot fail: its error type has no values.
        let payload = minicbor::to_vec(self).unwrap_or_default();
        envelope(namespace, turnstile, self.message_id(), (Kind::TURNSTILE, VERSION, payload), actor)
    }

    /// Reads a payload of a kind and a version.
    pub fn decode(kind: Kind, version: u16, payload: &[u8]) -> Result<AtTurnstile, PayloadError> {
        if (kind, version) != (Kind::TURNSTILE, VERSION) {
            return Err(PayloadError::Unknown { kind, version });
        }
        minicbor::decode(payload).map_err(|e| PayloadError::Malformed { kind, reason: e.to_string() })
    }

    fn message_id(&self) -> MessageId {
        MessageId::new(match self {
            AtTurnstile::Opened { .. } => "opened".to_owned(),
            AtTurnstile::Entered { instance, .. } => format!("entered/{instance}"),
            AtTurnstile::Left { instance, ticket: None } => format!("left/{instance}"),
            AtTurnstile::Left { instance, ticket: Some(ticket) } => format!("left/{instance}/{ticket}"),
            AtTurnstile::Stood { behind, .. } => format!("stood/{behind}"),
        })
    }
}

impl Turnstile {
    /// The turnstile of a workflow for a value.
    pub fn id(namespace: &Namespace, workflow: &str, value: &Value) -> InstanceId {
        // No workflow has a slash in its name.
        InstanceId::derive(namespace, &format!("turnstile/{workflow}"), &value.canonical_bytes())
    }

    /// How it stands behind all of these records, which are in their order.
    pub fn of(records: &[(Position, AtTurnstile)]) -> Turnstile {
        let stood = records.iter().filter_map(|(_, said)| match said {
            AtTurnstile::Stood { behind, turnstile } => Some((*behind, turnstile.clone())),
            _ => None,
        });
        // Whoever lags may have written its summary behind a later one.
        let stood = stood.max_by_key(|(behind, _)| *behind);
        let (behind, mut turnstile) = stood.unwrap_or_default();
        for (position, said) in records.iter().filter(|(position, _)| *position > behind) {
            turnstile.fold(*position, said);
        }
        turnstile
    }

    /// Folds a record. Says who may run from now on.
    pub fn fold(&mut self, position: Position, said: &AtTurnstile) -> Vec<InstanceId> {
        match said {
            AtTurnstile::Opened { .. } | AtTurnstile::Stood { .. } => {}
            AtTurnstile::Entered { instance, limit, priority } => {
                self.limit = *limit;
                if !self.running.contains_key(instance) && !self.places.contains_key(instance) {
                    let ticket = position.0;
                    let place = Place { rank: !*priority, ticket, instance: *instance };
                    self.waiting.insert(place);
                    self.places.insert(*instance, place);
                }
            }
            AtTurnstile::Left { instance, ticket } => {
                let given_back = |held: u64| ticket.is_none_or(|ticket| ticket == held);
                if self.running.get(instance).is_some_and(|held| given_back(*held)) {
                    self.running.remove(instance);
                }
                if self.places.get(instance).is_some_and(|place| given_back(place.ticket))
                    && let Some(place) = self.places.remove(instance)
                {
                    self.waiting.remove(&place);
                }
            }
        }
        let mut let_in = Vec::new();
        let most = self.limit as usize + usize::from(planted(Bug::OneTooMany));
        while self.running.len() < most
            && let Some(place) = self.waiting.pop_first()
        {
            self.places.remove(&place.instance);
            self.running.insert(place.instance, place.ticket);
            let_in.push(place.instance);
        }
        let_in
    }

    /// Who runs, and by which turn.
    pub fn running(&self) -> impl Iterator<Item = (InstanceId, u64)> + '_ {
        self.running.iter().map(|(instance, ticket)| (*instance, *ticket))
    }

    /// The turn by which an instance runs.
    pub fn ticket(&self, instance: &InstanceId) -> Option<u64> {
        self.running.get(instance).copied()
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody is there.
    pub fn is_empty(&self) -> bool {
        self.running.is_empty() && self.waiting.is_empty()
    }
}
