//! Records that an append was asked for, until they are folded.

use std::collections::BTreeMap;

use wfl_record::{InstanceId, MessageId, NewRecord};

/// By instance and message id.
#[derive(Debug, Default)]
pub(crate) struct Pending(BTreeMap<InstanceId, BTreeMap<MessageId, NewRecord>>);

impl Pending {
    pub(crate) fn insert(&mut self, record: NewRecord) {
        let (instance, id) = (record.envelope.instance, record.envelope.message_id.clone());
        self.0.entry(instance).or_default().insert(id, record);
    }

    pub(crate) fn get(&self, instance: &InstanceId, id: &MessageId) -> Option<&NewRecord> {
        self.0.get(instance)?.get(id)
    }

    pub(crate) fn remove(&mut self, instance: &InstanceId, id: &MessageId) -> Option<NewRecord> {
        let records = self.0.get_mut(instance)?;
        let removed = records.remove(id);
        if records.is_empty() {
            self.0.remove(instance);
        }
        removed
    }

    /// Whether something of an instance is on its way.
    pub(crate) fn any_of(&self, instance: &InstanceId) -> bool {
        self.0.contains_key(instance)
    }

    /// Nothing of an instance is on its way any more.
    pub(crate) fn forget(&mut self, instance: &InstanceId) {
        self.0.remove(instance);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
