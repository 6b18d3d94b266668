//! What should be running for an instance, from its state alone.

use wfl_eval::encode_fields;
use wfl_ir::flow::SubWorkflow;
use wfl_ir::{Name, NodeKind, Operation, Plan, Timestamp, TypeKind};

use crate::call::{CallRef, Purpose, TimerKind, TimerRef};
use crate::effect::{CallEffect, ChildWish, Claim, Effect, LetterEffect, Note, RunEffect, TimerEffect};
use crate::input::{ChildOutcome, News};
use crate::json::write;
use crate::ledger::{DebtState, Entry, Letter, Mail, UndoPhase};
use crate::planted::{Bug, planted};
use crate::recurring::AtSchedule;
use crate::schedule::eval_over;
use crate::state::{Instance, Orphan};
use crate::status::ended;
use crate::strand::{Awaiting, BODY, Doing, Ending, Phase, ReminderPhase, Running, Step, Strand, place};
use crate::turnstile::AtTurnstile;
use crate::wish::CancelMode;

/// The calls, timers, children and letters that should be under way, in a fixed order. Nothing for an instance that is
/// closed.
pub fn outstanding(plan: &Plan, state: &Instance) -> Vec<Effect> {
    let mut view = View { plan, state, path: None, unwinds: false, effects: Vec::new() };
    for strand in state.strands.values() {
        view.path = place(strand);
        view.unwinds = strand.unwinds();
        view.strand(strand);
    }
    view.path = None;
    view.unwinds = false;
    if state.ending.is_none() {
        view.deadlines();
    }
    for orphan in &state.orphans {
        view.orphan(orphan);
    }
    for letter in state.letters.iter().filter(|_| !planted(Bug::ChildSilent)) {
        view.letter(letter);
    }
    view.effects
}

/// Whether only one process may send an attempt, and only once: nothing would make a second one harmless.
fn sends_once(operation: &Operation, step: &Step) -> bool {
    operation.at_most_once || step.key.is_none() && operation.effect != wfl_ir::Effect::Read
}

struct View<'a> {
    plan: &'a Plan,
    state: &'a Instance,
    path: Option<Name>,
    unwinds: bool,
    effects: Vec<Effect>,
}

impl View<'_> {
    fn strand(&mut self, strand: &Strand) {
        // A pause lets timers stand still; what is under way goes on.
        let still = self.state.paused.is_some() && !self.unwinds;
        match strand.activity() {
            Doing::Step(node, step) => self.step(*node, step, still),
            Doing::Await(node, awaiting) => self.awaiting(*node, awaiting, still),
            Doing::Run(node, running) => self.running(*node, running, still),
            Doing::Wait(node, due) if !still => self.timer(TimerKind::Wait, *node, self.state.epoch, 0, *due),
            Doing::Delayed(node, due) if !still => {
                self.timer(TimerKind::Begin, *node, self.state.epoch, 0, *due)
            }
            Doing::Pause(node, due) if !still => {
                let round = strand.rounds.last().map_or(0, |(_, round)| round + 1);
                self.timer(TimerKind::Round, *node, self.state.epoch, round, *due);
            }
            Doing::Fork(node, forked) => {
                if let Some(due) = forked.due.filter(|_| forked.verdict.is_none() && !forked.stopping) {
                    self.timer(TimerKind::Join, *node, self.state.epoch, 0, due);
                }
            }
            Doing::Map(node, mapped) => {
                if let Some(due) = mapped.more_at.filter(|_| !still && mapped.verdict.is_none()) {
                    self.timer(TimerKind::Rate, *node, self.state.epoch, mapped.next, due);
                }
            }
            _ => {}
        }
        self.debts(&strand.ledger);
    }

    fn step(&mut self, index: u32, step: &Step, still: bool) {
        let NodeKind::Call(call) = &self.plan.nodes[index as usize].kind else { return };
        let operation = &self.plan.operations[call.operation as usize];
        match &step.phase {
            Phase::Calling => {
                let effect = CallEffect {
                    call: self.call_ref(index, step.epoch, Purpose::Do, step.attempt),
                    operation: call.operation,
                    args: step.args.clone(),
                    key: step.key.clone(),
                    key_until: operation.idempotent.as_ref().map(|it| step.started_at.plus(it.window)),
                    timeout: call.timeout.unwrap_or(operation.timeout),
                    queue: call.queue.or(operation.queue),
                    heartbeat: call.heartbeat.or(operation.heartbeat),
                    budget: self.budget(step),
                    once: (sends_once(operation, step) && !planted(Bug::SentWithoutClaim))
                        .then(|| step.claim.map_or(Claim::Open, Claim::By)),
                };
                self.effects.push(Effect::Call(effect));
            }
            Phase::Confirming => {
                let Some(confirm) = &operation.confirm else { return };
                let facts = self.state.workflow_facts();
                // Its arguments were evaluated before: they cannot fail on the same values.
                let args = eval_over(self.plan, &facts, operation, &step.args, None, &confirm.args);
                let call = self.call_ref(index, step.epoch, Purpose::Confirm, step.confirm_attempt);
                self.plain_call(call, confirm.operation, args.unwrap_or_default(), (None, None));
            }
            Phase::Backoff(due) if !still => {
                self.timer(TimerKind::Backoff, index, step.epoch, step.attempt + 1, *due);
            }
            Phase::ConfirmAt(due) => {
                self.timer(TimerKind::Confirm, index, step.epoch, step.confirm_attempt + 1, *due);
            }
            Phase::Backoff(_) => {}
            Phase::Suspended(_) => return,
        }
        if let Some(due) = step.total_due.filter(|_| !step.overdue) {
            self.timer(TimerKind::Total, index, step.epoch, 0, due);
        }
    }

    /// A call by the limits of its operation.
    fn plain_call(
        &mut self,
        call: CallRef,
        operation: u32,
        args: wfl_ir::Fields,
        (key, since): (Option<String>, Option<Timestamp>),
    ) {
        let limits = &self.plan.operations[operation as usize];
        self.effects.push(Effect::Call(CallEffect {
            call,
            operation,
            args,
            key_until: limits.idempotent.as_ref().zip(since).map(|(it, since)| since.plus(it.window)),
            key,
            timeout: limits.timeout,
            queue: limits.queue,
            heartbeat: limits.heartbeat,
            budget: None,
            once: None,
        }));
    }

    fn awaiting(&mut self, node: u32, awaiting: &Awaiting, still: bool) {
        let epoch = awaiting.epoch;
        if let Some(reminder) = &awaiting.reminder {
            match reminder.phase {
                ReminderPhase::Calling => {
                    let NodeKind::Await(kind) = &self.plan.nodes[node as usize].kind else { return };
                    let using = kind.remind.as_ref().and_then(|remind| remind.using.as_ref());
                    if let Some((operation, _)) = using {
                        let call = self.call_ref(node, epoch, Purpose::Remind, reminder.attempt);
                        let key = (reminder.key.clone(), None);
                        self.plain_call(call, *operation, reminder.args.clone(), key);
                    }
                }
                ReminderPhase::Backoff(due) if !still => {
                    self.timer(TimerKind::Backoff, node, epoch, reminder.attempt + 1, due);
                }
                ReminderPhase::Backoff(_) | ReminderPhase::Over => {}
            }
        }
        if still {
            return;
        }
        if let Some(due) = awaiting.due {
            self.timer(TimerKind::Await, node, epoch, 0, due);
        }
        if let Some(due) = awaiting.remind_at {
            self.timer(TimerKind::Remind, node, epoch, awaiting.reminders + 1, due);
        }
        let next = awaiting.task.as_ref().and_then(|asked| {
            asked.escalations.get(asked.escalated as usize).map(|(due, _)| (asked.escalated + 1, *due))
        });
        if let Some((number, due)) = next {
            self.timer(TimerKind::Escalate, node, epoch, number, due);
        }
    }

    fn running(&mut self, node: u32, running: &Running, still: bool) {
        let NodeKind::SubWorkflow(run) = &self.plan.nodes[node as usize].kind else { return };
        let mode = running.stays.then_some(CancelMode::Stop);
        let cancel = running.cancel.clone();
        let wish = cancel.map_or(ChildWish::Wait, |reason| ChildWish::Cancel(reason, mode));
        self.run(node, run, running, wish);
        if let Some(due) = running.due.filter(|_| !running.overdue && !still) {
            self.timer(TimerKind::Run, node, running.epoch, 0, due);
        }
    }

    fn run(&mut self, node: u32, run: &SubWorkflow, running: &Running, wish: ChildWish) {
        // A deadline waits for the end of a shield, and for what runs in it.
        let waits = self.state.deadline_fired || self.plan.is_shielded(self.plan.nodes[node as usize].region);
        let forward = !self.state.past_pivot && !self.unwinds && !run.detached && !waits;
        let deadline = if forward { self.deadline() } else { None };
        let deadline = [deadline, running.due].into_iter().flatten().min();
        self.effects.push(Effect::Run(RunEffect {
            call: self.call_ref(node, running.epoch, Purpose::Do, 1),
            workflow: run.workflow.clone(),
            plan: run.plan,
            args: running.args.clone(),
            detached: run.detached,
            deadline: deadline.filter(|_| !run.detached),
            wish,
        }));
    }

    fn orphan(&mut self, orphan: &Orphan) {
        let NodeKind::SubWorkflow(run) = &self.plan.nodes[orphan.node as usize].kind else { return };
        self.path = orphan.path.clone();
        let wish = match &orphan.running.cancel {
            Some(reason) => ChildWish::CancelOrphan(reason.clone(), orphan.letter),
            None => ChildWish::Release(orphan.letter),
        };
        self.run(orphan.node, run, &orphan.running, wish);
        self.path = None;
    }

    fn letter(&mut self, letter: &Letter) {
        let instance = self.state.id;
        let (news, receipt) = match &letter.news {
            Mail::Enter => {
                let limit = self.plan.limit.as_ref().map_or(u32::MAX, |(limit, _)| *limit);
                let priority = self.state.priority;
                return self.note(
                    letter,
                    Note::Turnstile(AtTurnstile::Entered { instance, limit, priority }),
                    false,
                );
            }
            Mail::Leave(ticket) => {
                let left = AtTurnstile::Left { instance, ticket: *ticket };
                return self.note(letter, Note::Turnstile(left), true);
            }
            Mail::Over => {
                let Some(occasion) = &self.state.occasion else { return };
                let how = Name::from(self.state.ending.as_ref().map_or("", |ending| ended(ending).word()));
                let over = AtSchedule::Ended { due: occasion.due, instance, how };
                return self.note(letter, Note::Schedule(Box::new(over)), true);
            }
            Mail::Undo => (News::Undo, false),
            Mail::Commit => (News::Commit, true),
            Mail::Undone => match &self.state.parent {
                Some(parent) => (News::Undone { call: parent.call.clone() }, true),
                None => return,
            },
            Mail::Ended => match (&self.state.parent, &self.state.ending) {
                (Some(parent), Some(ending)) => (
                    News::Ended {
                        call: parent.call.clone(),
                        child: self.state.id,
                        outcome: self.outcome(ending),
                        has_debts: self.state.strands.contains_key(&BODY),
                        past_pivot: self.state.past_pivot,
                    },
                    true,
                ),
                _ => return,
            },
        };
        self.note(letter, Note::News(news), receipt);
    }

    fn note(&mut self, letter: &Letter, note: Note, receipt: bool) {
        let effect = LetterEffect { number: letter.number, to: letter.to, note, receipt };
        self.effects.push(Effect::Letter(effect));
    }

    fn outcome(&self, ending: &Ending) -> ChildOutcome {
        match ending {
            Ending::Completed(value) => {
                ChildOutcome::Completed(write(self.plan.library(), &self.plan.result, value))
            }
            Ending::Failed(error, fields) => {
                let def = &self.plan.types[*error as usize];
                let data = match &def.kind {
                    TypeKind::Error(declared) => encode_fields(self.plan.library(), declared, fields),
                    _ => serde_json::Value::Null,
                };
                ChildOutcome::Failed(def.name.clone(), data.to_string().into_bytes())
            }
            Ending::TimedOut => ChildOutcome::TimedOut,
            Ending::Cancelled => ChildOutcome::Cancelled,
            Ending::Killed => ChildOutcome::Killed,
        }
    }

    fn debts(&mut self, ledger: &[Entry]) {
        if self.state.paused.as_ref().is_some_and(|paused| paused.undo) {
            return;
        }
        for debt in ledger.iter().filter_map(Entry::debt) {
            let DebtState::Undoing(undo, phase) = &debt.state else { continue };
            let name = self.plan.nodes[debt.node as usize].id.clone();
            let call = CallRef {
                step: name.clone(),
                item: debt.path.clone(),
                epoch: debt.epoch,
                purpose: Purpose::Undo,
                attempt: undo.attempt,
                late: debt.late,
            };
            match phase {
                UndoPhase::Calling => {
                    let key = (undo.key.clone(), undo.since);
                    self.plain_call(call, debt.undo, undo.args.clone(), key);
                }
                UndoPhase::Backoff(due) => {
                    let timer = TimerRef {
                        kind: TimerKind::Undo,
                        step: name,
                        item: debt.path.clone(),
                        epoch: debt.epoch,
                        attempt: undo.attempt + 1,
                        late: debt.late,
                    };
                    self.effects.push(Effect::Timer(TimerEffect { due: *due, timer }));
                }
                UndoPhase::Stuck(_) => {}
            }
        }
    }

    fn deadlines(&mut self) {
        let state = self.state;
        if let Some(due) = self.deadline().filter(|_| !state.deadline_fired) {
            self.own_timer(TimerKind::Deadline, due);
        }
        let unwinding = state.strands.values().any(Strand::unwinds);
        let undoing = state.unwinding_since.filter(|_| unwinding && !state.compensation_overdue);
        if let Some((limit, since)) = self.plan.compensation_deadline.zip(undoing) {
            self.own_timer(TimerKind::CompensationDeadline, since.plus(limit));
        }
        if let Some(due) = state.grace_due {
            self.own_timer(TimerKind::Grace, due);
        }
    }

    fn own_timer(&mut self, kind: TimerKind, due: Timestamp) {
        let timer = TimerRef {
            kind,
            step: Name::from(""),
            item: None,
            epoch: self.state.epoch,
            attempt: 0,
            late: None,
        };
        self.effects.push(Effect::Timer(TimerEffect { due, timer }));
    }

    /// When the time of the workflow is over.
    fn deadline(&self) -> Option<Timestamp> {
        let own = self.plan.deadline.map(|deadline| self.state.started_at.plus(deadline));
        [own, self.state.latest].into_iter().flatten().min()
    }

    /// When the time of the step, or of the workflow while it can still turn back, is over.
    fn budget(&self, step: &Step) -> Option<Timestamp> {
        let forward = !self.state.past_pivot && !self.unwinds;
        // A deadline that has passed, and waits for the end of a shield, limits nothing in there.
        let deadline = self.deadline().filter(|_| forward && !self.state.deadline_fired);
        // What became of a call is sought without limit.
        let total = step.total_due.filter(|_| !self.unwinds && !step.overdue);
        [total, deadline].into_iter().flatten().min()
    }

    fn call_ref(&self, index: u32, epoch: u32, purpose: Purpose, attempt: u32) -> CallRef {
        let step = self.plan.nodes[index as usize].id.clone();
        CallRef { step, item: self.path.clone(), epoch, purpose, attempt, late: None }
    }

    fn timer(&mut self, kind: TimerKind, node: u32, epoch: u32, attempt: u32, due: Timestamp) {
        let step = self.plan.nodes[node as usize].id.clone();
        let timer = TimerRef { kind, step, item: self.path.clone(), epoch, attempt, late: None };
        self.effects.push(Effect::Timer(TimerEffect { due, timer }));
    }
}
