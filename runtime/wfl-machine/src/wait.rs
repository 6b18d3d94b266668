//! Waiting: for a time, for a message, for people; reminders and escalations on the way.

use wfl_ir::flow::{Await, AwaitKind, Task};
use wfl_ir::{EdgeKind, Expr, Name, NodeKind, Type, Value};

use crate::call::Purpose;
use crate::fact::Fact;
use crate::fold::{Fold, Ready};
use crate::input::{Decision, Outcome, Signal};
use crate::json::read;
use crate::ledger::Suspension;
use crate::planted::{Bug, planted};
use crate::schedule::pause;
use crate::state::Kept;
use crate::strand::{Asked, Awaiting, Doing, Raised, Reminder, ReminderPhase, StrandId, place};

/// How many messages wait to be taken at most.
const MAX_KEPT: usize = 10_000;

impl Fold<'_> {
    /// `wait`.
    pub(crate) fn wait(&mut self, index: u32, until: bool, time: &Expr) -> Result<Option<u32>, Suspension> {
        let due = match (until, self.eval(time)?) {
            (true, Value::Timestamp(due)) => due,
            (false, Value::Duration(length)) => self.now().plus(length),
            (_, other) => return Err(Suspension::Fault(format!("{other} is no time to wait for"))),
        };
        if due <= self.now() {
            return Ok(self.plan.target(index, EdgeKind::Order));
        }
        self.facts.push(Fact::Waiting { step: self.name(index), until: Some(due) });
        self.strand().doing = Doing::Wait(index, due);
        Ok(None)
    }

    /// A message or a decision is waited for from now on; a message may be there already.
    pub(crate) fn wait_for(&mut self, index: u32, awaited: &Await) -> Result<Option<u32>, Suspension> {
        let now = self.now();
        let length = |fold: &Self, length: &Option<Expr>| match length {
            Some(length) => fold.eval_duration(length).map(|length| Some(now.plus(length))),
            None => Ok(None),
        };
        let due = length(self, &awaited.timeout)?;
        let remind_at = length(self, &awaited.remind.as_ref().map(|remind| remind.every.clone()))?;
        let task = match &awaited.kind {
            AwaitKind::Human(task) => Some(Box::new(self.ask(task)?)),
            AwaitKind::Signal { .. } => None,
        };
        let fact = match (&awaited.kind, &task) {
            (AwaitKind::Human(task), Some(asked)) => Fact::Asked {
                step: self.name(index),
                task: task.name.clone(),
                roles: asked.roles.clone(),
                until: due,
            },
            _ => Fact::Waiting { step: self.name(index), until: due },
        };
        self.facts.push(fact);
        let epoch = self.state.epoch;
        let awaiting = Awaiting { epoch, due, remind_at, reminders: 0, reminder: None, task };
        self.strand().doing = Doing::Await(index, Box::new(awaiting));
        Ok(self.take_mail())
    }

    fn ask(&self, task: &Task) -> Result<Asked, Suspension> {
        let text = |value: Value| Name::from(value.to_string());
        let title = task.title.as_ref().map(|title| self.eval(title).map(text)).transpose()?;
        let shown = task.show.as_ref().map(|(shown, _)| self.eval(shown)).transpose()?;
        let mut escalations = Vec::new();
        for (after, role) in &task.escalations {
            escalations.push((self.now().plus(self.eval_duration(after)?), text(self.eval(role)?)));
        }
        escalations.sort_by_key(|(at, _)| *at);
        let mut hasher = blake3::Hasher::new_derive_key("wfl shown v1");
        hasher.update(title.as_deref().unwrap_or_default().as_bytes());
        hasher.update(&[0]);
        hasher.update(&shown.clone().unwrap_or_default().canonical_bytes());
        Ok(Asked {
            title,
            shown,
            digest: *hasher.finalize().as_bytes(),
            roles: vec![text(self.eval(&task.role)?)],
            escalations,
            escalated: 0,
            answers: Vec::new(),
            asked_at: self.now(),
        })
    }

    pub(crate) fn awaiting(&mut self) -> Option<(u32, &mut Awaiting)> {
        match &mut self.strand().doing {
            Doing::Await(index, awaiting) => Some((*index, awaiting)),
            _ => None,
        }
    }

    /// The type of the messages of a channel, if the workflow has it.
    fn channel(&self, channel: &Name) -> Option<&'_ Type> {
        self.plan.nodes.iter().find_map(|node| match &node.kind {
            NodeKind::Await(awaited) => match &awaited.kind {
                AwaitKind::Signal { channel: of, .. } if of == channel => Some(&awaited.ty),
                _ => None,
            },
            _ => None,
        })
    }

    /// A message came.
    pub(crate) fn signalled(&mut self, signal: &Signal) -> Option<u32> {
        let Some(ty) = self.channel(&signal.channel) else {
            return self.reject(format!("the workflow waits for no signal `{}`", signal.channel));
        };
        let value = match read(self.plan.library(), ty, &signal.payload) {
            Ok(value) => value,
            Err(_) if planted(Bug::SignalUntyped) => Value::Unit,
            Err(why) => return self.reject(format!("the signal `{}`: {why}", signal.channel)),
        };
        let kept = self.state.mail.values().map(Vec::len).sum::<usize>();
        if kept >= MAX_KEPT {
            return self.reject(format!("{kept} signals wait to be taken; no more are kept"));
        }
        self.facts.push(Fact::SignalReceived { channel: signal.channel.clone(), id: signal.id.clone() });
        let kept = Kept { id: signal.id.clone(), value };
        self.state.mail.entry(signal.channel.clone()).or_default().push(kept);
        self.deliver();
        None
    }

    /// Whoever waits takes what is there.
    pub(crate) fn deliver(&mut self) {
        if self.state.mail.is_empty() || self.state.paused.is_some() {
            return;
        }
        let waiting: Vec<StrandId> = self
            .state
            .strands
            .iter()
            .filter(|(_, strand)| matches!(strand.doing, Doing::Await(..)))
            .map(|(id, _)| *id)
            .collect();
        for id in waiting {
            self.switch(id);
            let next = self.take_mail();
            self.ready.extend(next.map(|node| Ready::Go(id, node)));
        }
    }

    /// The current strand takes the first message that it waits for, if there is one.
    fn take_mail(&mut self) -> Option<u32> {
        if self.state.paused.is_some() {
            return None;
        }
        let (index, _) = self.awaiting()?;
        let awaited = self.await_kind(index)?;
        let AwaitKind::Signal { channel, condition } = &awaited.kind else { return None };
        let mail = self.state.mail.get(channel)?;
        let mut found = None;
        for (at, kept) in mail.iter().enumerate() {
            let meant = match condition {
                Some(condition) => self.eval_with(kept.value.clone(), condition),
                None => Ok(Value::Bool(true)),
            };
            match meant {
                Ok(Value::Bool(true)) => {
                    found = Some(at);
                    break;
                }
                Ok(_) => {}
                Err(fault) => {
                    self.stick(index, fault.into());
                    return None;
                }
            }
        }
        let at = found?;
        let mail = self.state.mail.get_mut(channel)?;
        let kept = mail.remove(at);
        if mail.is_empty() {
            self.state.mail.remove(channel);
        }
        self.facts.push(Fact::SignalTaken { step: self.name(index), channel: channel.clone(), id: kept.id });
        self.awaited(index, awaited, kept.value)
    }

    /// What was waited for is there.
    fn awaited(&mut self, index: u32, awaited: &Await, value: Value) -> Option<u32> {
        self.strand().doing = Doing::Idle;
        if let Some(slot) = awaited.result {
            self.set_slot(slot, value);
        }
        self.plan.target(index, EdgeKind::Order)
    }

    /// A person answered.
    pub(crate) fn decided(&mut self, decision: &Decision) -> Option<u32> {
        if let Err(why) = self.find_task(decision) {
            return self.reject(why);
        }
        let (index, _) = self.awaiting()?;
        let awaited = self.await_kind(index)?;
        let AwaitKind::Human(task) = &awaited.kind else { return None };
        let value = match read(self.plan.library(), &awaited.ty, &decision.payload) {
            Ok(value) => value,
            Err(why) => return self.reject(format!("the answer to {}: {why}", task.name)),
        };
        let person = Name::from(decision.person.as_str());
        let (_, awaiting) = self.awaiting()?;
        let asked = awaiting.task.as_mut()?;
        asked.answers.push((person.clone(), value.clone()));
        let answers: Vec<Value> = asked.answers.iter().map(|(_, value)| value.clone()).collect();
        self.facts.push(Fact::Answered { step: self.name(index), task: task.name.clone(), person });
        let equal = |of: &Value| answers.iter().filter(|answer| *answer == of).count() as u32;
        if equal(&value) >= task.approvals {
            return self.awaited(index, awaited, value);
        }
        let left = task.most.saturating_sub(answers.len() as u32);
        if answers.iter().map(equal).max().unwrap_or(0) + left < task.approvals {
            self.strand().doing = Doing::Idle;
            let raised = self.system_error("Disagreed", Default::default());
            return self.raise_at(index, raised);
        }
        None
    }

    /// Goes to the strand whose task a decision is about, if the person may answer it.
    fn find_task(&mut self, decision: &Decision) -> Result<(), String> {
        let open = self.plan.node_by_id(&decision.task).and_then(|node| {
            self.state.strands.iter().find_map(|(id, strand)| match &strand.doing {
                Doing::Await(index, awaiting)
                    if *index == node
                        && awaiting.epoch == decision.epoch
                        && place(strand) == decision.item =>
                {
                    awaiting.task.as_ref().map(|asked| (*id, asked))
                }
                _ => None,
            })
        });
        let Some((id, asked)) = open else { return Err("the task is not open".to_owned()) };
        if asked.digest != decision.shown {
            return Err("the person saw something else than what is decided".to_owned());
        }
        if !decision.roles.iter().any(|role| asked.roles.iter().any(|asked| asked.as_str() == role)) {
            return Err(format!("{} has none of the roles that may answer", decision.person));
        }
        let answered = asked.answers.iter().any(|(person, _)| person.as_str() == decision.person);
        if answered && !planted(Bug::PersonTwice) {
            return Err(format!("{} has answered already", decision.person));
        }
        if self.state.starter == decision.person && !planted(Bug::StarterDecides) {
            return Err(format!("{} started the instance and may not decide about it", decision.person));
        }
        self.switch(id);
        Ok(())
    }

    /// The time of a wait is up.
    pub(crate) fn await_timed_out(&mut self) -> Option<u32> {
        let (index, _) = self.awaiting()?;
        self.strand().doing = Doing::Idle;
        self.facts.push(Fact::TimeUp { step: self.name(index) });
        match self.plan.target(index, EdgeKind::Timeout) {
            Some(next) => Some(next),
            None => self.raise_at(index, Raised::Timeout),
        }
    }

    /// Another role is asked too.
    pub(crate) fn escalate(&mut self) -> Option<u32> {
        let (index, awaiting) = self.awaiting()?;
        let asked = awaiting.task.as_mut()?;
        let (_, role) = asked.escalations.get(asked.escalated as usize)?.clone();
        asked.escalated += 1;
        asked.roles.push(role.clone());
        self.facts.push(Fact::Escalated { step: self.name(index), role });
        None
    }

    /// A reminder is due.
    pub(crate) fn remind(&mut self) -> Option<u32> {
        let (index, _) = self.awaiting()?;
        let awaited = self.await_kind(index)?;
        let remind = awaited.remind.as_ref()?;
        let due = match self.eval_duration(&remind.every) {
            // A pause of nothing would remind without end.
            Ok(every) => self.now().plus(every.max(wfl_ir::Duration::from_secs(1))),
            Err(_) => return None,
        };
        let (_, awaiting) = self.awaiting()?;
        awaiting.reminders += 1;
        awaiting.remind_at = Some(due);
        let (number, epoch) = (awaiting.reminders, awaiting.epoch);
        let attempt = awaiting.reminder.as_ref().map_or(0, |reminder| reminder.attempt) + 1;
        self.facts.push(Fact::Reminded { step: self.name(index), number });
        if let Some((operation, args)) = &remind.using {
            let operation = self.operation(*operation);
            let args = match self.eval_fields(args) {
                Ok(args) => args,
                Err(fault) => {
                    self.stick(index, fault.into());
                    return None;
                }
            };
            let key = self.key_for(operation, &args, epoch, Purpose::Remind).ok().flatten();
            // Each reminder is an effect of its own.
            let key = key.map(|key| format!("{key}-{number}"));
            let reminder = Reminder { args, key, attempt, tries: 1, phase: ReminderPhase::Calling };
            if let Some((_, awaiting)) = self.awaiting() {
                awaiting.reminder = Some(Box::new(reminder));
            }
        }
        None
    }

    /// An attempt to remind ended. One that fails is tried again until the next one is due.
    pub(crate) fn reminder_answered(&mut self, outcome: &Outcome) -> Option<u32> {
        let (index, _) = self.awaiting()?;
        let using = self.await_kind(index)?.remind.as_ref()?.using.as_ref()?;
        let operation = self.operation(using.0);
        let (id, now, step) = (self.state.id, self.now(), self.name(index));
        let (_, awaiting) = self.awaiting()?;
        let reminder = awaiting.reminder.as_mut()?;
        let again = match outcome {
            Outcome::Returned(_) | Outcome::Declared(..) | Outcome::Refused { .. } => None,
            Outcome::Unavailable { .. } | Outcome::Unknown { .. } | Outcome::TimedOut { .. } => {
                let seed = format!("{step}/remind/{}", reminder.attempt);
                pause(operation.retry, reminder.tries, false, id, &seed)
            }
        };
        // One that is over stays, for its number: no two reminders share the name of a call.
        reminder.phase = match again.map(|pause| now.plus(pause)) {
            Some(due) if awaiting.remind_at.is_none_or(|next| due < next) => ReminderPhase::Backoff(due),
            _ => ReminderPhase::Over,
        };
        None
    }

    /// A reminder is tried again.
    pub(crate) fn remind_again(&mut self) -> Option<u32> {
        let (_, awaiting) = self.awaiting()?;
        let reminder = awaiting.reminder.as_mut()?;
        reminder.attempt += 1;
        reminder.tries += 1;
        reminder.phase = ReminderPhase::Calling;
        None
    }
}
