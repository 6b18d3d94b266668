//! What the engine tells while it runs, and how an instance that is followed comes to its end.

use std::sync::Arc;

use tokio::sync::mpsc;
use wfl_engine::{Engine, Observer};
use wfl_ir::{Plan, Timestamp};
use wfl_machine::{Fact, Instance, Status as State};
use wfl_partition::{Alarm, Update};
use wfl_record::InstanceId;

use crate::exit::{Failure, Status};
use crate::run::screen::Screen;
use crate::run::story::{self, End};

/// Something that the engine tells of.
pub(crate) enum News {
    Facts { id: InstanceId, plan: Arc<Plan>, facts: Vec<Fact>, since_start: i64, replayed: bool },
    Alarm(Alarm),
}

/// Hands on what the engine tells.
pub(crate) struct Reporter(pub(crate) mpsc::UnboundedSender<News>);

impl Observer for Reporter {
    fn updated(&self, update: &Update, instance: &Instance, plan: &Arc<Plan>, replayed: bool) {
        let news = News::Facts {
            id: update.instance,
            plan: Arc::clone(plan),
            facts: update.facts.clone(),
            since_start: Timestamp(update.at.0).since(instance.started_at()).0,
            replayed,
        };
        // The run may be over: then nobody listens any more.
        let _ = self.0.send(news);
    }

    fn alarmed(&self, alarm: &Alarm) {
        let _ = self.0.send(News::Alarm(alarm.clone()));
    }
}

/// Shows one piece of news. True when it concerns the instance.
pub(crate) fn show(screen: &Screen, id: InstanceId, news: News) -> Result<bool, Failure> {
    match news {
        News::Facts { id: of, plan, facts, since_start, replayed } if of == id => {
            if !replayed {
                facts.iter().for_each(|fact| screen.fact(&plan, fact, since_start));
            }
            Ok(true)
        }
        News::Facts { .. } => Ok(false),
        News::Alarm(alarm) => alarmed(screen, Some(id), alarm).map(|()| false),
    }
}

/// Tells of an alarm, or ends the run by it: when the journal refuses, or the instance that is followed is damaged.
pub(crate) fn alarmed(screen: &Screen, followed: Option<InstanceId>, alarm: Alarm) -> Result<(), Failure> {
    match alarm {
        Alarm::Quarantined { instance, reason } if Some(instance) == followed => {
            return Err(quarantined(instance, &reason));
        }
        Alarm::Quarantined { instance, reason } => {
            screen.note(&format!("instance {instance} is in quarantine: {reason}"));
        }
        Alarm::PlanMissing { plan, reason } => {
            screen.note(&format!("plan {} is missing: {reason}", plan.short()));
        }
        Alarm::JournalRefuses { reason } => {
            let help = "what was acknowledged is safe; make room and run the same command again";
            return Err(Failure::new(Status::Unavailable, reason, help));
        }
    }
    Ok(())
}

fn quarantined(id: InstanceId, reason: &str) -> Failure {
    let message = format!("instance {id} is in quarantine: {reason}");
    Failure::new(Status::Unavailable, message, "nothing more is done for it, so that nothing wrong is done")
}

/// The end, if the instance has come to one.
pub(crate) async fn settled(engine: &Engine, id: InstanceId) -> Result<Option<End>, Failure> {
    let Some(found) = engine.inspect(id).await else {
        // Another engine may have worked on this journal.
        if engine.is_purged(id).await.unwrap_or_default() {
            let message = format!("instance {id} has ended, and what came of it is not kept any more");
            return Err(Failure::new(
                Status::Unavailable,
                message,
                "one key is one instance: change the key",
            ));
        }
        return Ok(None);
    };
    if let Some(reason) = &found.quarantine {
        return Err(quarantined(id, reason));
    }
    let (Some(state), Some(plan)) = (&found.state, &found.plan) else { return Ok(None) };
    let until = state.ended_at().unwrap_or(state.at());
    let (since_start, undone) = (until.since(state.started_at()).0, state.undone());
    // Children that have to know of the end are told before the journal is closed.
    if let Some(ending) = state.ending().filter(|_| state.is_closed() || state.parent().is_some()) {
        let (tone, word, result) = story::ending(plan, ending);
        let status = if state.status() == State::Completed { Status::Fine } else { Status::Unsuccessful };
        return Ok(Some(End { status, tone, word, result, since_start, undone }));
    }
    if !state.is_stalled() {
        return Ok(None);
    }
    let place = |node: u32, item: Option<&wfl_ir::Name>| {
        let id = &plan.nodes[node as usize].id;
        item.map_or_else(|| id.to_string(), |item| format!("{id}[{item}]"))
    };
    let suspensions = state.suspensions();
    let waits: Vec<_> =
        suspensions.iter().map(|it| format!("{}: {}", place(it.node, it.item.as_ref()), it.why)).collect();
    let help = "run the same command with --retry to try it again";
    Ok(Some(End {
        status: Status::Suspended,
        tone: story::Tone::Warn,
        word: state.status().word(),
        result: serde_json::json!({ "waiting": waits, "help": help }),
        since_start,
        undone,
    }))
}
