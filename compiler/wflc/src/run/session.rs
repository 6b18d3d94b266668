//! One run: journal, workers, engine, and the instance from its start, or from where it was, to its end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;
use tokio::sync::mpsc;
use wfl_engine::{Engine, EngineError, EngineOptions, Limit, Limits};
use wfl_ir::PlanHash;
use wfl_journal_sqlite::{OpenError, SqliteJournal};
use wfl_operations::{BindingError, Bindings, HttpOperations, Route};
use wfl_record::InstanceId;

use crate::exit::{Failure, Outcome, Status};
use crate::run::batch::follow_all;
use crate::run::follow::{News, Reporter, settled, show};
use crate::run::input::Arguments;
use crate::run::screen::Screen;
use crate::run::start::{Setup, put_plans, retry, start};
use crate::run::worker::Worker;

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
    // The story of an instance is told from its beginning, and of one that has ended it is told again.
    options.partition.rest = None;
    options.partition.retention = None;
    let engine = Engine::start(journal, Arc::new(operations), observer, options);
    let engine = engine.await.map_err(|error| engine_failed(&error))?;
    let outcome = tokio::select! {
        outcome = follow_input(setup, screen, &engine, &mut follow) => outcome,
        error = engine.failed() => Err(engine_failed(&error)),
    };
    engine.stop().await;
    outcome
}

fn engine_failed(error: &EngineError) -> Failure {
    let help = "nothing was changed; restore the journal from a copy, or move it away to begin anew";
    Failure::new(Status::Unavailable, format!("the journal cannot be read: {error}"), help)
}

async fn follow_input(
    setup: &Setup<'_>,
    screen: &mut Screen,
    engine: &Engine,
    news: &mut mpsc::UnboundedReceiver<News>,
) -> Outcome {
    match &setup.input.json {
        Arguments::One(json) => follow_instance(setup, json, screen, engine, news).await,
        Arguments::Many(all) => follow_all(setup, all, screen, engine, news).await,
    }
}

async fn follow_instance(
    setup: &Setup<'_>,
    input: &Json,
    screen: &mut Screen,
    engine: &Engine,
    news: &mut mpsc::UnboundedReceiver<News>,
) -> Outcome {
    put_plans(setup, engine).await?;
    let started = start(setup, engine, input).await?;
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
    if setup.retry { retry(engine, id).await } else { Ok(()) }
}

fn changed(hash: PlanHash) -> String {
    format!(
        "the program has changed since; the instance goes on with plan {}, on which it was started",
        hash.short()
    )
}
