//! Turnstiles: whoever may run is told so.

use wfl_machine::{AtTurnstile, Input, News};
use wfl_record::{InstanceId, NewRecord};

use crate::entity::{Kept, Said};
use crate::event::{Action, Role};
use crate::outbox::PostPurpose;
use crate::partition::Partition;

/// Whether a record is of somebody who wants to run.
pub(crate) fn enters(record: &NewRecord) -> bool {
    matches!(Said::decode(&record.envelope), Ok(Said::Turnstile(AtTurnstile::Entered { .. })))
}

impl Partition {
    /// Tells all who may run that they may: nobody knows whether an owner before this one has.
    pub(crate) fn call_up_all(&mut self, id: InstanceId, out: &mut Vec<Action>) {
        let Some(turnstile) = self.kept.get(&id).and_then(Kept::turnstile) else { return };
        let running: Vec<InstanceId> = turnstile.running().map(|(instance, _)| instance).collect();
        for instance in running {
            self.call_up(id, instance, out);
        }
    }

    pub(crate) fn call_up(&mut self, id: InstanceId, instance: InstanceId, out: &mut Vec<Action>) {
        let Some(kept) = self.kept.get(&id).filter(|_| self.role == Role::Owner) else { return };
        let ticket = kept.turnstile().and_then(|turnstile| turnstile.ticket(&instance));
        let Some(ticket) = ticket else { return };
        let actor = Some(format!("turnstile:{id}"));
        let envelope = Input::News(News::Turn { ticket }).envelope(&kept.namespace, instance, actor);
        self.post(id, instance, false, envelope, PostPurpose::Turn { ticket }, out);
    }

    /// A turn is of no use: whoever it was for is not there any more.
    pub(crate) fn give_back_turn(
        &mut self,
        id: InstanceId,
        instance: InstanceId,
        ticket: u64,
        out: &mut Vec<Action>,
    ) {
        let Some(kept) = self.kept.get(&id) else { return };
        let left = AtTurnstile::Left { instance, ticket: Some(ticket) };
        let envelope = left.envelope(&kept.namespace, id, None);
        self.append_entity(envelope, out);
    }

    /// The first who enters a turnstile opens it.
    pub(crate) fn open_turnstile(
        &mut self,
        from: InstanceId,
        entry: NewRecord,
        number: u32,
        out: &mut Vec<Action>,
    ) {
        let Some(state) = self.slots.get(&from).and_then(|slot| slot.state.as_ref()) else { return };
        let id = entry.envelope.instance;
        let opened = AtTurnstile::Opened { workflow: state.workflow().clone() };
        let envelope = opened.envelope(state.namespace(), id, entry.envelope.actor.clone());
        // Others of this partition may be about to open it, too.
        let under_way = self.posts.first_mut(&(id, envelope.message_id.clone()));
        if let Some(PostPurpose::Open(entries)) = under_way.map(|post| &mut post.purpose) {
            return entries.push((from, entry, number));
        }
        self.post(from, id, true, envelope, PostPurpose::Open(vec![(from, entry, number)]), out);
    }
}
