//! An engine on a journal on disk, with operations in this process or in a worker, and somebody who waits for ends.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use tokio::sync::{Notify, oneshot};
use wfl_engine::{Engine, EngineOptions, Observer};
use wfl_ir::Plan;
use wfl_journal::Journal;
use wfl_journal_sqlite::SqliteJournal;
use wfl_machine::Instance;
use wfl_operations::{Bindings, HttpOperations, Operations, Reply, Request};
use wfl_partition::{Alarm, Update};
use wfl_record::InstanceId;

use crate::program::{Program, program};
use crate::worker::Worker;

/// What can go wrong; it ends the run.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Operations without a worker: each call is answered at once.
struct InProcess;

impl Operations for InProcess {
    fn call(&self, request: Request) -> BoxFuture<'static, Reply> {
        ready(Reply::Returned(request.args["number"].to_string().into_bytes())).boxed()
    }
}

/// Counts ends, and tells whoever waits for one.
#[derive(Default)]
pub(crate) struct Ends {
    waiting: Mutex<HashMap<InstanceId, End>>,
    pub(crate) ended: AtomicU64,
    pub(crate) news: Notify,
    /// Whether single ends are waited for.
    watched: bool,
}

enum End {
    Awaited(oneshot::Sender<()>),
    Came,
}

impl Ends {
    /// Ends that are waited for one by one.
    pub(crate) fn watched() -> Ends {
        Ends { watched: true, ..Ends::default() }
    }

    /// Waits for the end of an instance.
    pub(crate) async fn of(&self, id: InstanceId) {
        let wait = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.remove(&id).is_some() {
                return;
            }
            let (tell, wait) = oneshot::channel();
            waiting.insert(id, End::Awaited(tell));
            wait
        };
        let _ = wait.await;
    }

    /// Waits until so many have ended.
    pub(crate) async fn reach(&self, count: u64) {
        loop {
            let news = self.news.notified();
            if self.ended.load(Ordering::Acquire) >= count {
                return;
            }
            news.await;
        }
    }
}

/// The observer of an engine.
pub(crate) struct Watcher(pub(crate) Arc<Ends>);

impl Observer for Watcher {
    fn updated(&self, update: &Update, _: &Instance, _: &Arc<Plan>, replayed: bool) {
        if !update.status.is_terminal() || replayed {
            return;
        }
        let ends = &self.0;
        if ends.watched {
            let mut waiting = ends.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(End::Awaited(tell)) = waiting.remove(&update.instance) {
                let _ = tell.send(());
            } else {
                waiting.insert(update.instance, End::Came);
            }
        }
        ends.ended.fetch_add(1, Ordering::AcqRel);
        ends.news.notify_waiters();
    }

    #[expect(clippy::print_stderr, reason = "a run with alarms says so")]
    fn alarmed(&self, alarm: &Alarm) {
        eprintln!("alarm: {alarm:?}");
    }
}

/// Operations in this process, or those of a worker at an address.
pub(crate) fn operations(worker: Option<&str>) -> Result<Arc<dyn Operations>, Failure> {
    let Some(address) = worker else { return Ok(Arc::new(InProcess)) };
    let bindings = Bindings::parse(&format!("[service.Work]\nurl = \"http://{address}\"\n"))?;
    let route = bindings.route("Work", "put", &Default::default(), |_| None)?;
    let routes = [(("Work".to_owned(), "put".to_owned()), route)].into_iter().collect();
    Ok(Arc::new(HttpOperations::new(routes)?))
}

/// Opens the journal of a folder, which is made if it is not there.
pub(crate) async fn journal(folder: &Path) -> Result<Arc<SqliteJournal>, Failure> {
    Ok(Arc::new(SqliteJournal::open(&folder.join("journal.db"), Default::default()).await?))
}

/// Starts an engine.
pub(crate) async fn engine(
    journal: &Arc<SqliteJournal>,
    operations: Arc<dyn Operations>,
    ends: &Arc<Ends>,
) -> Result<Arc<Engine>, Failure> {
    let journal = Arc::clone(journal) as Arc<dyn Journal>;
    let watcher = Arc::new(Watcher(Arc::clone(ends)));
    Ok(Arc::new(Engine::start(journal, operations, watcher, EngineOptions::default()).await?))
}

/// A program on an engine whose ends are waited for one by one, with operations in this process or in a worker.
pub(crate) struct Loaded {
    pub(crate) engine: Arc<Engine>,
    pub(crate) ends: Arc<Ends>,
    pub(crate) program: Program,
    /// Ends when it is dropped.
    pub(crate) worker: Option<Worker>,
}

/// Starts an engine in a folder, and puts a program there.
pub(crate) async fn load(folder: &Path, name: &str, http: bool) -> Result<Loaded, Failure> {
    let worker = if http { Some(Worker::start()?) } else { None };
    let operations = operations(worker.as_ref().map(|worker| worker.address.as_str()))?;
    let (journal, ends) = (journal(folder).await?, Arc::new(Ends::watched()));
    let (engine, program) = (engine(&journal, operations, &ends).await?, program(name));
    engine.put_plan(program.bytes.clone()).await?;
    Ok(Loaded { engine, ends, program, worker })
}
