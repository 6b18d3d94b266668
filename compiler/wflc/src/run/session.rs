//! One run: journal, workers, engine, and the instance from its start, or from where it was, to its end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;
use tokio::sync::mpsc;
use wfl_compiler::{Compilation, Compiled};
use wfl_engine::{Engine, EngineError, EngineOptions, Limit, Limits, Observer, StartError, Started};
use wfl_ir::{Plan, PlanHash, Timestamp};
use wfl_journal_sqlite::{OpenError, SqliteJournal};
use wfl_machine::{Control, Fact, Instance, Status as State};
use wfl_operations::{BindingError, Bindings, HttpOperations, Route};
use wfl_partition::{Alarm, Update};
use wfl_record::InstanceId;

use crate::exit::{Failure, Outcome, Status};
use crate::run::screen::{Output, Screen};
use crate::run::story;
use crate::run::worker::Worker;

/// What a run needs.
pub(crate) struct Setup<'a> {
    pub(crate) root: &'a Path,
    pub(crate) compilation: &'a Compilation,
    pub(crate) workflow: &'a Compiled,
    pub(crate) input: Json,
    pub(crate) output: Output,
    pub(crate) retry: bool,
}

/// Something that the engine tells of.
enum News {
    Facts { id: InstanceId, plan: Arc<Plan>, facts: Vec<Fact>, since_start: i64, replayed: bool },
    Alarm(Alarm),
}

/// Hands on what the engine tells.
struct Reporter(mpsc::UnboundedSender<News>);

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

/// Runs the workflow to its end.
pub(crate) async fn run(setup: Setup<'_>) -> Outcome {
    let mut screen = Screen::new(setup.output);
    let outcome = on_journal(&setup, &mut screen).await;
    screen.finish();
    outcome
}

async fn on_journal(setup: &Setup<'_>, screen: &mut Screen) -> Outcome {
    let bindings = bindings(setup)?;
    let folder = setup.root.join(".wfl");
    std::fs::create_dir_all(&folder).map_err(|error| {
        let message = format!("{} cannot be made: {error}", folder.display());
        Failure::new(
            Status::Unavailable,
            message,
            "the project's folder must be writable: the journal lies in it",
        )
    })?;
    let path = folder.join("journal.db");
    let journal =
        Arc::new(SqliteJournal::open(&path, Default::default()).await.map_err(|e| not_opened(&path, &e))?);
    let mut workers = match start_workers(setup, screen).await {
        Ok(workers) => workers,
        Err(failure) => {
            journal.close().await;
            return Err(failure);
        }
    };
    let urls = workers.iter().map(|worker| (worker.name.clone(), worker.url.clone())).collect();
    let outcome = tokio::select! {
        outcome = on_engine(setup, screen, &bindings, &urls, Arc::clone(&journal)) => outcome,
        failure = any_ended(&mut workers) => Err(failure),
    };
    for worker in workers {
        worker.stop().await;
    }
    journal.close().await;
    outcome
}

async fn any_ended(workers: &mut [Worker]) -> Failure {
    if workers.is_empty() {
        return std::future::pending().await;
    }
    let ends = workers.iter_mut().map(|worker| Box::pin(worker.ended()));
    futures::future::select_all(ends).await.0
}

async fn start_workers(setup: &Setup<'_>, screen: &Screen) -> Result<Vec<Worker>, Failure> {
    let mut workers = Vec::new();
    for (name, worker) in &setup.compilation.manifest.worker {
        screen.busy(&format!("starting worker {name}: {}", worker.command.join(" ")));
        workers.push(Worker::start(setup.root, name, &worker.command).await?);
    }
    Ok(workers)
}

fn bindings(setup: &Setup<'_>) -> Result<Bindings, Failure> {
    let path = setup.root.join("bindings.toml");
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let message = format!("{} cannot be read: {error}", path.display());
        Failure::new(
            Status::Unavailable,
            message,
            "it says where each service lives: [service.NAME] url = \"…\"",
        )
    })?;
    let bindings = Bindings::parse(&text).map_err(|error| misbound(&error))?;
    // Every operation must lead somewhere before anything starts: workers count as running here.
    let workers =
        setup.compilation.manifest.worker.keys().map(|name| (name.clone(), "http://127.0.0.1".to_owned()));
    routes(setup, &bindings, &workers.collect())?;
    Ok(bindings)
}

fn routes(
    setup: &Setup<'_>,
    bindings: &Bindings,
    workers: &BTreeMap<String, String>,
) -> Result<BTreeMap<(String, String), Route>, Failure> {
    let plans = setup.compilation.workflows.iter().map(|workflow| &workflow.plan);
    let env = |name: &str| std::env::var(name).ok();
    let mut routes = BTreeMap::new();
    for operation in plans.flat_map(|plan| &plan.operations) {
        let (service, name) = (operation.service.as_str(), operation.name.as_str());
        let route = bindings.route(service, name, workers, env).map_err(|error| misbound(&error))?;
        routes.insert((service.to_owned(), name.to_owned()), route);
    }
    Ok(routes)
}

/// What the bindings say of how much an operation may be asked to do.
fn limits(routes: &BTreeMap<(String, String), Route>) -> Limits {
    let limited = routes.iter().filter(|(_, route)| route.concurrent.is_some() || route.rate.is_some());
    let limit = |((service, name), route): (&(String, String), &Route)| {
        (format!("{service}.{name}").into(), Limit { concurrent: route.concurrent, rate: route.rate })
    };
    limited.map(limit).collect()
}

fn misbound(error: &BindingError) -> Failure {
    let help = "bindings.toml says where each service lives: [service.NAME] with `url` or with a `worker` of wfl.toml";
    Failure::new(Status::Unavailable, format!("bindings.toml: {error}"), help)
}

fn not_opened(path: &Path, error: &OpenError) -> Failure {
    let help = match error {
        OpenError::Locked { .. } => "another run works on it: wait for its end, or stop it",
        _ => "the journal holds what was promised; it is left as it is",
    };
    Failure::new(Status::Unavailable, error, help)
        .while_doing(format!("opening the journal {}", path.display()))
}

async fn on_engine(
    setup: &Setup<'_>,
    screen: &mut Screen,
    bindings: &Bindings,
    workers: &BTreeMap<String, String>,
    journal: Arc<SqliteJournal>,
) -> Outcome {
    let routes = routes(setup, bindings, workers)?;
    let limits = limits(&routes);
    let operations = HttpOperations::new(routes).map_err(|error| {
        Failure::new(
            Status::Internal,
            format!("the HTTP client cannot be set up: {error}"),
            "please report this",
        )
    })?;
    let (news, mut follow) = mpsc::unbounded_channel();
    let observer = Arc::new(Reporter(news));
    let mut options = EngineOptions { limits, ..EngineOptions::default() };
    // The story of an instance is told from its beginning.
    options.partition.rest = None;
    let engine = Engine::start(journal, Arc::new(operations), observer, options);
    let engine = engine.await.map_err(|error| engine_failed(&error))?;
    let outcome = tokio::select! {
        outcome = follow_instance(setup, screen, &engine, &mut follow) => outcome,
        error = engine.failed() => Err(engine_failed(&error)),
    };
    engine.stop().await;
    outcome
}

fn engine_failed(error: &EngineError) -> Failure {
    let help = "nothing was changed; restore the journal from a copy, or move it away to begin anew";
    Failure::new(Status::Unavailable, format!("the journal cannot be read: {error}"), help)
}

async fn follow_instance(
    setup: &Setup<'_>,
    screen: &mut Screen,
    engine: &Engine,
    news: &mut mpsc::UnboundedReceiver<News>,
) -> Outcome {
    let started = start(setup, engine).await?;
    if started.existed {
        resume(setup, screen, engine, started.id).await?;
    } else {
        screen.fit(&setup.workflow.plan);
        screen.head(&setup.workflow.plan, &started.id.to_string(), &setup.workflow.hash.short());
    }
    loop {
        if let Some(end) = settled(engine, started.id).await? {
            // What led here was told before the state could be looked at: show all of it first.
            while let Ok(item) = news.try_recv() {
                // The end is in the journal: an alarm beside it changes nothing about it.
                let _ = show(screen, started.id, item);
            }
            screen.ended(end.tone, end.word, &end.result, end.since_start, end.undone);
            return Ok(end.status);
        }
        // One piece of news decides nothing by itself: the state is looked at after each.
        while let Some(item) = news.recv().await {
            if show(screen, started.id, item)? {
                break;
            }
        }
    }
}

async fn start(setup: &Setup<'_>, engine: &Engine) -> Result<Started, Failure> {
    let journal = |error: wfl_journal::AppendError| {
        Failure::new(
            Status::Unavailable,
            error,
            "nothing was started; make room or make .wfl writable, and run again",
        )
    };
    // A workflow may run any of the others.
    for workflow in &setup.compilation.workflows {
        engine.put_plan(workflow.bytes.clone()).await.map_err(journal)?;
    }
    let hash = setup.workflow.hash;
    let plan = &setup.workflow.plan;
    engine.start_instance(plan, hash, &setup.input, "wflc run").await.map_err(|error| match error {
        StartError::Journal(error) => journal(error),
        StartError::OtherInput(id) => {
            let message = format!("instance {id} was started with another input under the same key");
            Failure::new(
                Status::Diagnostics,
                message,
                "one key is one instance: change the key, or keep the input",
            )
        }
        error => Failure::new(Status::Diagnostics, error, "nothing was started"),
    })
}

/// Tells what is known of an instance that was there before, and tries again what is suspended if that is wanted.
async fn resume(
    setup: &Setup<'_>,
    screen: &mut Screen,
    engine: &Engine,
    id: InstanceId,
) -> Result<(), Failure> {
    let Some(found) = engine.inspect(id).await else { return Ok(()) };
    let (Some(state), Some(plan)) = (&found.state, &found.plan) else { return Ok(()) };
    screen.fit(plan);
    screen.head(plan, &id.to_string(), &state.plan().short());
    if state.plan() != setup.workflow.hash {
        screen.note(&changed(state.plan()));
    }
    if !state.status().is_terminal() {
        let inputs = state.count();
        screen.note(&format!("going on from the journal: {} after {inputs} inputs", state.status().word()));
    }
    if setup.retry && matches!(state.status(), State::Suspended | State::CompensationStuck) {
        let request = format!("retry-{}-{}", state.count(), state.at().0);
        let control = Control::Retry { step: None, request, item: None };
        engine
            .control(id, control, "wflc run")
            .await
            .map_err(|error| Failure::new(Status::Unavailable, error, "nothing was changed; run again"))?;
        // The verdict is in the log behind the request: wait until it is folded.
        while engine
            .inspect(id)
            .await
            .and_then(|now| now.state)
            .is_some_and(|now| now.count() == state.count())
        {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
    Ok(())
}

fn changed(hash: PlanHash) -> String {
    format!(
        "the program has changed since; the instance goes on with plan {}, on which it was started",
        hash.short()
    )
}

/// Shows one piece of news. True when it concerns the instance.
fn show(screen: &Screen, id: InstanceId, news: News) -> Result<bool, Failure> {
    match news {
        News::Facts { id: of, plan, facts, since_start, replayed } if of == id => {
            if !replayed {
                facts.iter().for_each(|fact| screen.fact(&plan, fact, since_start));
            }
            Ok(true)
        }
        News::Facts { .. } => Ok(false),
        News::Alarm(Alarm::Quarantined { instance, reason }) if instance == id => {
            Err(quarantined(id, &reason))
        }
        News::Alarm(Alarm::Quarantined { instance, reason }) => {
            screen.note(&format!("instance {instance} is in quarantine: {reason}"));
            Ok(false)
        }
        News::Alarm(Alarm::PlanMissing { plan, reason }) => {
            screen.note(&format!("plan {} is missing: {reason}", plan.short()));
            Ok(false)
        }
        News::Alarm(Alarm::JournalRefuses { reason }) => {
            let help = "what was acknowledged is safe; make room and run the same command again";
            Err(Failure::new(Status::Unavailable, reason, help))
        }
    }
}

fn quarantined(id: InstanceId, reason: &str) -> Failure {
    let message = format!("instance {id} is in quarantine: {reason}");
    Failure::new(Status::Unavailable, message, "nothing more is done for it, so that nothing wrong is done")
}

/// The end of a run: the instance has ended, or waits for a person.
struct End {
    status: Status,
    tone: story::Tone,
    word: &'static str,
    result: Json,
    since_start: i64,
    undone: u32,
}

/// The end, if the instance has come to one.
async fn settled(engine: &Engine, id: InstanceId) -> Result<Option<End>, Failure> {
    let Some(found) = engine.inspect(id).await else { return Ok(None) };
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
