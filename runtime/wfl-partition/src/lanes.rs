//! Calls that wait to be sent: whose turn it is when there is no room for all.
//!
//! Each operation that has limits waits in a lane of its own, so that it holds up nobody else; all others share one.
//! In a lane the tenants take turns, and of a tenant's calls those of the greatest priority go first, the oldest of them
//! before the others.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use wfl_record::Namespace;

use crate::event::CallId;

/// The name of a lane: `Service.operation` where that has limits.
pub(crate) type LaneName = Option<Arc<str>>;

/// A call's place among those of its tenant: the greatest priority first, then in the order of their ids.
type Place = (Reverse<i64>, CallId);

#[derive(Debug, Default)]
struct Lane {
    waiting: BTreeMap<Namespace, BTreeSet<Place>>,
    /// Whose turn it is; each tenant that waits once.
    turns: VecDeque<Namespace>,
    count: usize,
    /// How many permits were asked for and have not come.
    asked: u32,
    /// Permits that nobody has used.
    permits: u32,
}

impl Lane {
    fn add(&mut self, tenant: &Namespace, place: Place) {
        let places = self.waiting.entry(tenant.clone()).or_default();
        if places.is_empty() {
            self.turns.push_back(tenant.clone());
        }
        self.count += usize::from(places.insert(place));
    }

    fn take(&mut self) -> Option<CallId> {
        let tenant = self.turns.pop_front()?;
        let places = self.waiting.get_mut(&tenant)?;
        let (_, call) = places.pop_first()?;
        self.count -= 1;
        if places.is_empty() {
            self.waiting.remove(&tenant);
        } else {
            self.turns.push_back(tenant);
        }
        Some(call)
    }

    fn remove(&mut self, tenant: &Namespace, place: Place) {
        let Some(places) = self.waiting.get_mut(tenant) else { return };
        self.count -= usize::from(places.remove(&place));
        if places.is_empty() {
            self.waiting.remove(tenant);
            self.turns.retain(|turn| turn != tenant);
        }
    }
}

/// All that wait.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    lanes: BTreeMap<LaneName, Lane>,
    /// The lane that had its turn last.
    last: Option<LaneName>,
}

impl Lanes {
    pub(crate) fn add(&mut self, lane: &LaneName, tenant: &Namespace, priority: i64, call: CallId) {
        self.lanes.entry(lane.clone()).or_default().add(tenant, (Reverse(priority), call));
    }

    pub(crate) fn remove(&mut self, lane: &LaneName, tenant: &Namespace, priority: i64, call: CallId) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.remove(tenant, (Reverse(priority), call));
        }
    }

    /// The next call that may go: lanes take turns, and one with limits needs a permit, which is used up.
    pub(crate) fn take(&mut self) -> Option<CallId> {
        let after = self.lanes.range((lower(&self.last), std::ops::Bound::Unbounded));
        let round = after.chain(self.lanes.iter());
        let ready =
            |(name, lane): &(&LaneName, &Lane)| lane.count > 0 && (name.is_none() || lane.permits > 0);
        let name = round.into_iter().find(ready).map(|(name, _)| name.clone())?;
        let lane = self.lanes.get_mut(&name)?;
        if name.is_some() {
            lane.permits -= 1;
        }
        let call = lane.take();
        self.last = Some(name);
        call
    }

    /// How many permits each lane needs besides those that it has or has asked for: they count as asked for now.
    pub(crate) fn wanted(&mut self) -> Vec<(Arc<str>, u32)> {
        let mut wanted = Vec::new();
        for (name, lane) in &mut self.lanes {
            let more = (lane.count as u32).saturating_sub(lane.asked + lane.permits);
            if let Some(name) = name.as_ref().filter(|_| more > 0) {
                lane.asked += more;
                wanted.push((Arc::clone(name), more));
            }
        }
        wanted
    }

    /// Permits came.
    pub(crate) fn permitted(&mut self, name: Arc<str>, count: u32) {
        let lane = self.lanes.entry(Some(name)).or_default();
        lane.asked = lane.asked.saturating_sub(count);
        lane.permits += count;
    }

    /// Permits that nobody needs any more. They are given back.
    pub(crate) fn spare(&mut self) -> Vec<(Arc<str>, u32)> {
        let mut spare = Vec::new();
        for (name, lane) in &mut self.lanes {
            let more = lane.permits.saturating_sub(lane.count as u32);
            if let Some(name) = name.as_ref().filter(|_| more > 0) {
                lane.permits -= more;
                spare.push((Arc::clone(name), more));
            }
        }
        spare
    }

    /// Whether a lane with limits has anything to ask for or to give back.
    pub(crate) fn has_limits(&self) -> bool {
        self.lanes.keys().any(Option::is_some)
    }
}

fn lower(last: &Option<LaneName>) -> std::ops::Bound<&LaneName> {
    last.as_ref().map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded)
}
