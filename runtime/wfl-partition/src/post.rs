//! Records for other instances: starts of children, and letters.

use std::collections::BTreeSet;

use crate::turnstile::enters;
use wfl_ir::Timestamp;
use wfl_machine::{
    CallRef, ChildWish, Input, LetterEffect, News, Note, Refusal, RunEffect, Start, child_start,
};
use wfl_record::{AppendError, Appended, InstanceId, MessageId, NewRecord, partition_of};

use crate::event::{Action, Alarm};
use crate::outbox::{Post, PostPurpose};
use crate::partition::{Partition, Repeat};
use crate::slot::RunState;

impl Partition {
    /// Brings the children of an instance in line with what they should be doing.
    pub(crate) fn sync_runs(&mut self, from: InstanceId, wanted: Vec<RunEffect>, out: &mut Vec<Action>) {
        let Some(slot) = self.slots.get_mut(&from) else { return };
        if !slot.runs.is_empty() {
            let calls: BTreeSet<&CallRef> = wanted.iter().map(|run| &run.call).collect();
            slot.runs.retain(|call, _| calls.contains(call));
        }
        for run in wanted {
            let known = self.slots.get(&from).and_then(|slot| slot.runs.get(&run.call)).cloned();
            match known {
                None => self.start_child(from, &run, out),
                Some(RunState::Started(child)) => self.tell_child(from, child, &run, out),
                Some(_) => {}
            }
        }
    }

    fn set_run(&mut self, from: InstanceId, call: &CallRef, state: RunState) {
        if let Some(slot) = self.slots.get_mut(&from) {
            slot.runs.insert(call.clone(), state);
        }
    }

    /// Appends the start of a child. The same start twice is a duplicate.
    fn start_child(&mut self, from: InstanceId, run: &RunEffect, out: &mut Vec<Action>) {
        let Some(plan) = self.plans.get(&run.plan).cloned() else {
            return self.want_plan(run.plan, from, out);
        };
        let Some(state) = self.slots.get(&from).and_then(|slot| slot.state.as_ref()) else { return };
        let namespace = state.namespace().clone();
        let (child, start) = match child_start(&plan, &namespace, from, run) {
            Ok(begun) => begun,
            Err(why) => {
                self.set_run(from, &run.call, RunState::Refused);
                let news = News::Refused { call: run.call.clone(), why: Refusal::Invalid(why) };
                return self.append(from, &Input::News(news), out);
            }
        };
        let actor = Some(start.starter.clone());
        let envelope = Input::Start(start.clone()).envelope(&namespace, child, actor);
        self.set_run(from, &run.call, RunState::Starting(child));
        let purpose =
            PostPurpose::Start { call: run.call.clone(), detached: run.detached, start: Box::new(start) };
        self.post(from, child, true, envelope, purpose, out);
    }

    /// Tells a child that has begun what else it is to know.
    fn tell_child(&mut self, from: InstanceId, child: InstanceId, run: &RunEffect, out: &mut Vec<Action>) {
        let (news, purpose) = match &run.wish {
            ChildWish::Wait => return,
            ChildWish::Cancel(reason, mode) => {
                (News::Cancel { reason: reason.clone(), mode: *mode }, PostPurpose::Cancel)
            }
            ChildWish::CancelOrphan(reason, letter) => (
                News::Cancel { reason: reason.clone(), mode: None },
                PostPurpose::Letter { number: *letter, receipt: true },
            ),
            ChildWish::Release(letter) => {
                (News::Release, PostPurpose::Letter { number: *letter, receipt: true })
            }
        };
        self.set_run(from, &run.call, RunState::Told(child));
        self.post_note(from, child, &Note::News(news), purpose, out);
    }

    /// Sends the letters of an instance that are not under way.
    pub(crate) fn sync_letters(
        &mut self,
        from: InstanceId,
        wanted: Vec<LetterEffect>,
        out: &mut Vec<Action>,
    ) {
        let Some(slot) = self.slots.get_mut(&from) else { return };
        slot.letters.retain(|number, _| wanted.iter().any(|letter| letter.number == *number));
        let new: Vec<LetterEffect> =
            wanted.into_iter().filter(|letter| slot.letters.insert(letter.number, false).is_none()).collect();
        for LetterEffect { number, to, note, receipt } in new {
            self.post_note(from, to, &note, PostPurpose::Letter { number, receipt }, out);
        }
    }

    fn post_note(
        &mut self,
        from: InstanceId,
        to: InstanceId,
        note: &Note,
        purpose: PostPurpose,
        out: &mut Vec<Action>,
    ) {
        let Some(state) = self.slots.get(&from).and_then(|slot| slot.state.as_ref()) else { return };
        let actor = Some(format!("workflow:{from}"));
        let envelope = match note {
            Note::News(news) => Input::News(news.clone()).envelope(state.namespace(), to, actor),
            Note::Turnstile(said) => said.envelope(state.namespace(), to, actor),
            Note::Schedule(said) => said.envelope(state.namespace(), to, actor),
        };
        self.post(from, to, false, envelope, purpose, out);
    }

    pub(crate) fn post(
        &mut self,
        from: InstanceId,
        to: InstanceId,
        first: bool,
        envelope: wfl_record::Envelope,
        purpose: PostPurpose,
        out: &mut Vec<Action>,
    ) {
        let partition = partition_of(&to, self.options.partitions);
        let record = NewRecord { partition, first, envelope };
        if self.posts.push(Post { from, record: record.clone(), purpose }) {
            out.push(Action::Append(record));
        }
    }

    /// The append of a record for another instance was answered.
    pub(crate) fn posted(
        &mut self,
        now: Timestamp,
        key: (InstanceId, MessageId),
        result: Result<Appended, AppendError>,
        out: &mut Vec<Action>,
    ) {
        if let Err(error @ (AppendError::Unknown(_) | AppendError::Unavailable(_))) = &result {
            out.push(Action::Alarm(Alarm::JournalRefuses { reason: error.to_string() }));
            self.repeats.insert((now.plus(self.options.repeat_after), Repeat::Post(key.0, key.1)));
            return;
        }
        let child = key.0;
        if matches!(result, Ok(Appended { duplicate: true, .. }))
            && let Some(Post { from, purpose, .. }) = self.posts.first(&key)
            && let PostPurpose::Start { .. } | PostPurpose::Occasion { .. } = purpose
        {
            // Somebody else may have started the same with the same arguments.
            if let (from, PostPurpose::Start { call, .. }) = (*from, purpose) {
                let call = call.clone();
                self.set_run(from, &call, RunState::Comparing(child));
            }
            return out.push(Action::NeedStart(child));
        }
        let Some((Post { from, record, purpose }, next)) = self.posts.take(&key) else { return };
        out.extend(next.map(Action::Append));
        match (purpose, result) {
            (PostPurpose::Start { call, detached, .. }, Ok(_)) => {
                self.child_began(now, from, child, &call, detached, out);
            }
            (PostPurpose::Start { call, .. }, Err(AppendError::Conflict)) => {
                self.refused(from, call, Refusal::KeyInUse, out);
            }
            (PostPurpose::Start { call, .. }, Err(error)) => {
                self.refused(from, call, Refusal::Invalid(error.to_string()), out);
            }
            (PostPurpose::Occasion { due, by, .. }, Ok(_)) => {
                self.occasion_began(from, (due, by), child, out)
            }
            (PostPurpose::Occasion { due, by, .. }, Err(error)) => {
                let why = match error {
                    AppendError::Conflict => in_use(child),
                    error => error.to_string(),
                };
                self.occasion_refused(from, due, by, why, out);
            }
            (PostPurpose::Letter { number, .. }, Err(AppendError::Conflict)) if enters(&record) => {
                self.open_turnstile(from, record, number, out);
            }
            (PostPurpose::Letter { number, receipt }, result) => {
                out.extend(result.err().map(|error| lost(child, &error)));
                self.letter_came(now, from, number, receipt, out);
            }
            (PostPurpose::Open(entries), Ok(_)) => {
                for (who, entry, number) in entries {
                    let purpose = PostPurpose::Letter { number, receipt: false };
                    self.post(who, child, false, entry.envelope, purpose, out);
                }
            }
            (PostPurpose::Turn { ticket }, Err(AppendError::Conflict)) => {
                self.give_back_turn(from, child, ticket, out);
            }
            (PostPurpose::Cancel | PostPurpose::Open(_) | PostPurpose::Turn { .. }, Err(error)) => {
                out.push(lost(child, &error));
            }
            (PostPurpose::Cancel | PostPurpose::Turn { .. }, Ok(_)) => {}
        }
    }

    /// A letter is where it was to go, or can never get there.
    fn letter_came(
        &mut self,
        now: Timestamp,
        from: InstanceId,
        number: u32,
        receipt: bool,
        out: &mut Vec<Action>,
    ) {
        if receipt {
            return self.append(from, &Input::News(News::Told { letter: number }), out);
        }
        let sent = self.slots.get_mut(&from).and_then(|slot| slot.letters.get_mut(&number));
        if let Some(came) = sent {
            *came = true;
            self.sync(now, from, out);
        }
    }

    fn refused(&mut self, from: InstanceId, call: CallRef, why: Refusal, out: &mut Vec<Action>) {
        self.set_run(from, &call, RunState::Refused);
        self.append(from, &Input::News(News::Refused { call, why }), out);
    }

    fn child_began(
        &mut self,
        now: Timestamp,
        from: InstanceId,
        child: InstanceId,
        call: &CallRef,
        detached: bool,
        out: &mut Vec<Action>,
    ) {
        self.set_run(from, call, RunState::Started(child));
        if detached {
            let news = News::Begun { call: call.clone(), child };
            return self.append(from, &Input::News(news), out);
        }
        // It may be known by now that it is to be told something.
        self.sync(now, from, out);
    }

    /// The start that holds the key of a child: is it the one that this instance made?
    pub(crate) fn start_came(
        &mut self,
        now: Timestamp,
        child: InstanceId,
        found: Result<Option<Box<Start>>, String>,
        out: &mut Vec<Action>,
    ) {
        for key in self.posts.to(child) {
            let waits = self.posts.first(&key).map(|post| &post.purpose);
            if !matches!(waits, Some(PostPurpose::Start { .. } | PostPurpose::Occasion { .. })) {
                continue;
            }
            let found = match &found {
                Ok(found) => found.as_deref(),
                Err(reason) => {
                    out.push(Action::Alarm(Alarm::JournalRefuses { reason: reason.clone() }));
                    self.repeats.insert((now.plus(self.options.repeat_after), Repeat::Start(child)));
                    return;
                }
            };
            let Some((Post { from, purpose, .. }, next)) = self.posts.take(&key) else { continue };
            out.extend(next.map(Action::Append));
            match purpose {
                PostPurpose::Start { call, detached, start } if is_same(found, &start) => {
                    self.child_began(now, from, child, &call, detached, out);
                }
                PostPurpose::Start { call, .. } => self.refused(from, call, Refusal::KeyInUse, out),
                PostPurpose::Occasion { due, by, start } if is_same(found, &start) => {
                    self.occasion_began(from, (due, by), child, out);
                }
                PostPurpose::Occasion { due, by, .. } => {
                    self.occasion_refused(from, due, by, in_use(child), out);
                }
                _ => {}
            }
        }
    }
}

/// Whether the start in the log is the one that was made here.
fn is_same(found: Option<&Start>, made: &Start) -> bool {
    found.is_some_and(|found| {
        found.starter == made.starter
            && found.digest == made.digest
            && found.parent == made.parent
            && found.occasion == made.occasion
    })
}

fn in_use(instance: InstanceId) -> String {
    format!("the key is held by instance {instance}, which was started before")
}

fn lost(to: InstanceId, error: &AppendError) -> Action {
    Action::Alarm(Alarm::JournalRefuses { reason: format!("a letter to {to} is lost: {error}") })
}
