//! What has ended is purged once nothing came for as long as it is kept.
//!
//! Invariant: only an owner purges, and only what is closed, has nothing on its way, and was folded up to its last record.
//! The journal purges up to that record, or not at all. Nobody else has to be told: who knows a purged instance as open
//! missed its last records, because they were gone before they were read. It reads again before it acts on what is so old.

use wfl_ir::{Duration, Timestamp};
use wfl_machine::{Bug, planted};
use wfl_record::{Ahead, AppendError, InstanceId, LastRecords, Position, Stamp};

use crate::event::{Action, Alarm, Role};
use crate::janitor::{Found, Janitor};
use crate::partition::{Partition, Repeat};

/// Between two looks at the log.
const PAUSE: Duration = Duration::from_millis(100);

/// Before the log is looked at again that could not be read.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(30);

/// What becomes of an instance that was found.
enum Verdict {
    /// It is not to be purged now. If something comes later, it is found again.
    Stays,
    /// Something has to come first.
    Waits,
    /// It has to be read.
    IsRead,
    Goes,
}

impl Partition {
    /// The role changed: an owner looks through the log from its beginning.
    pub(crate) fn walk_anew(&mut self, now: Timestamp) {
        let looks = self.role == Role::Owner && self.options.retention.is_some();
        self.janitor = Janitor { next_look: looks.then(|| now.plus(PAUSE)), ..Janitor::default() };
    }

    /// The log has grown: what is new will be old.
    pub(crate) fn expires_later(&mut self, now: Timestamp, at: Stamp) {
        let Some(retention) = self.options.retention.filter(|_| self.role == Role::Owner) else { return };
        if self.janitor.next_look.is_none() && self.janitor.asked.is_none() {
            self.janitor.next_look = Some(Timestamp(at.0).plus(retention).max(now.plus(PAUSE)));
        }
    }

    /// Looks on, if it is time.
    pub(crate) fn look_for_expired(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        let Some(retention) = self.options.retention.filter(|_| self.role == Role::Owner) else { return };
        if self.janitor.wakes().is_none_or(|at| at > now) {
            return;
        }
        // A record that is exactly as old as it may get is old.
        let before = Stamp(now.0.saturating_sub(retention.0).saturating_add(1));
        self.janitor.next_look = None;
        self.janitor.asked = Some(before);
        let (after, most) = (self.janitor.cursor, self.janitor.room());
        out.push(Action::NeedExpired { after, before, most });
    }

    /// A stretch of the log was looked through.
    pub(crate) fn expired(
        &mut self,
        now: Timestamp,
        after: Position,
        found: Result<LastRecords, String>,
        out: &mut Vec<Action>,
    ) {
        let Some(retention) = self.options.retention else { return };
        // The answer may be to what was asked in another role.
        let Some(before) = self.janitor.asked.filter(|_| after == self.janitor.cursor) else { return };
        self.janitor.asked = None;
        let LastRecords { instances, next, ahead } = match found {
            Ok(found) => found,
            Err(reason) => {
                out.push(Action::Alarm(Alarm::JournalRefuses { reason }));
                self.janitor.next_look = Some(now.plus(PAUSE_AFTER_FAILURE));
                return;
            }
        };
        self.janitor.cursor = next;
        for (instance, last) in instances {
            let found = Found { last, before, purging: false };
            self.janitor.found.entry(instance).or_insert(found);
        }
        let soon = now.plus(PAUSE);
        self.janitor.next_look = match ahead {
            Ahead::More => Some(soon),
            Ahead::Young(stamp) => Some(Timestamp(stamp.0).plus(retention).max(soon)),
            // What came meanwhile is not looked through.
            Ahead::Nothing => (self.position > next).then_some(soon),
        };
    }

    /// Decides about those who were found, as far as that can be done now.
    pub(crate) fn purge_found(&mut self, out: &mut Vec<Action>) {
        let open = self.janitor.found.iter().filter(|(_, found)| !found.purging);
        let open: Vec<(InstanceId, Found)> = open.map(|(instance, found)| (*instance, *found)).collect();
        for (instance, found) in open {
            match self.verdict(instance, found) {
                Verdict::Waits if !planted(Bug::ExpiredForgotten) => {}
                Verdict::Waits | Verdict::Stays => {
                    self.janitor.found.remove(&instance);
                }
                Verdict::IsRead => self.look(instance, out),
                Verdict::Goes => {
                    self.janitor.found.insert(instance, Found { purging: true, ..found });
                    out.push(Action::Purge(instance, found.last));
                }
            }
        }
    }

    fn verdict(&self, instance: InstanceId, Found { last, before, .. }: Found) -> Verdict {
        if self.kept.contains_key(&instance) {
            return Verdict::Stays;
        }
        let seen = last <= self.position;
        let Some(slot) = self.slots.get(&instance) else {
            return match self.resting.get(&instance) {
                // Only what is open rests. What rests as of an earlier record may have ended since: a snapshot that was
                // not dropped is older than the records up to the watermark.
                Some(rest) if rest.folded >= last => Verdict::Stays,
                _ if seen => Verdict::IsRead,
                _ => Verdict::Waits,
            };
        };
        if slot.quarantine.is_some() || slot.folded > last {
            return Verdict::Stays;
        }
        if slot.returning || !slot.parked.is_empty() || !seen {
            return Verdict::Waits;
        }
        let Some(state) = slot.state.as_ref().filter(|_| slot.folded == last) else { return Verdict::Stays };
        if planted(Bug::PurgesOpen) {
            return Verdict::Goes;
        }
        if !state.is_closed() || state.stamp() >= Timestamp(before.0) {
            return Verdict::Stays;
        }
        let posts = || self.posts.any_from(instance);
        let idle = self.is_idle(instance) && slot.saving.is_none() && !posts();
        if idle { Verdict::Goes } else { Verdict::Waits }
    }

    /// The journal was asked to purge an instance.
    pub(crate) fn purged(
        &mut self,
        now: Timestamp,
        instance: InstanceId,
        result: Result<(), AppendError>,
        out: &mut Vec<Action>,
    ) {
        match result {
            Ok(()) if planted(Bug::PurgedStays) => {}
            Ok(()) => self.forget(instance, out),
            Err(error @ (AppendError::Unknown(_) | AppendError::Unavailable(_))) => {
                out.push(Action::Alarm(Alarm::JournalRefuses { reason: error.to_string() }));
                self.repeats.insert((now.plus(self.options.repeat_after), Repeat::Purge(instance)));
            }
            Err(AppendError::Damaged(reason)) => {
                self.janitor.found.remove(&instance);
                self.quarantine(instance, reason, out);
            }
            // Something came meanwhile, behind where the walk is.
            Err(AppendError::Conflict | AppendError::TooLarge { .. }) => {
                self.janitor.found.remove(&instance);
            }
        }
    }

    /// A purge that failed is asked for again.
    pub(crate) fn purge_again(&mut self, instance: InstanceId, out: &mut Vec<Action>) {
        let found = self.janitor.found.get(&instance).filter(|found| found.purging);
        out.extend(found.map(|found| Action::Purge(instance, found.last)));
    }

    /// The journal has nothing of an instance any more, and neither has the partition.
    pub(crate) fn forget(&mut self, instance: InstanceId, out: &mut Vec<Action>) {
        self.give_up_calls(instance, out);
        let (mut timers, mut unsaved) = (Vec::new(), None);
        if let Some(slot) = self.slots.remove(&instance) {
            (timers, unsaved) = (slot.timers, slot.unsaved_from);
            if let Some(at) = slot.rests_at {
                self.idle.remove(&(at, instance));
            }
        }
        if let Some(rest) = self.resting.remove(&instance) {
            (timers, unsaved) = (rest.timers.into_vec(), rest.unsaved_from);
        }
        for timer in timers {
            self.wheel.remove(&(timer, instance));
        }
        if let Some(from) = unsaved {
            self.unsaved.remove(&(from, instance));
        }
        self.appends.forget(&instance);
        self.wanted_blobs.remove(&instance);
        self.janitor.found.remove(&instance);
    }

    /// Whether anything of an instance is in memory.
    pub fn holds(&self, instance: &InstanceId) -> bool {
        self.slots.contains_key(instance)
            || self.resting.contains_key(instance)
            || self.janitor.found.contains_key(instance)
            || self.appends.any_of(instance)
            || self.idle.iter().any(|(_, id)| id == instance)
            || self.unsaved.iter().any(|(_, id)| id == instance)
            || self.wheel.iter().any(|(_, id)| id == instance)
    }

    /// Whether a record with this stamp may have been purged by somebody, whose clock need not be this one.
    pub(crate) fn is_old(&self, now: Timestamp, at: Stamp) -> bool {
        let half = self.options.retention.map(|retention| Duration(retention.0 / 2));
        half.is_some_and(|half| Timestamp(at.0).plus(half) <= now)
    }

    /// The journal takes nothing for an instance that has begun: whether that is because it is purged.
    pub(crate) fn is_purged(&self, now: Timestamp, instance: &InstanceId) -> bool {
        match self.slots.get(instance).map(|slot| &slot.state) {
            Some(Some(state)) => self.is_old(now, Stamp(state.stamp().0)),
            Some(None) => false,
            None => self.options.retention.is_some(),
        }
    }

    /// Whether an instance that seems open may be purged: whoever follows a log does not get the records of a purged one,
    /// also not those behind what it was given before.
    pub(crate) fn may_be_gone(&self, now: Timestamp, instance: &InstanceId) -> bool {
        let Some(slot) = self.slots.get(instance) else { return false };
        let settled = slot.parked.is_empty() && !slot.returning && slot.quarantine.is_none();
        let open = slot.state.as_ref().filter(|state| settled && !state.is_closed());
        open.is_some_and(|state| self.is_old(now, Stamp(state.stamp().0)))
    }

    /// Reads an instance again before anything is done for it.
    pub(crate) fn read_again(&mut self, instance: InstanceId, out: &mut Vec<Action>) {
        let Some(slot) = self.slots.get_mut(&instance) else { return };
        slot.sent_before = true;
        let told = slot.told;
        self.bring_back(instance, told, out);
    }
}
