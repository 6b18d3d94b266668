//! Many inputs in one run: all are started, and each is told of once it has ended or waits for a person.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use futures::stream;
use serde_json::Value as Json;
use tokio::sync::mpsc;
use wfl_engine::{Engine, Started};
use wfl_record::InstanceId;

use crate::exit::{Failure, Outcome, Status};
use crate::run::follow::{News, alarmed, settled};
use crate::run::screen::Screen;
use crate::run::start::{Setup, put_plans, retry, start};

/// How many starts are under way at once.
const AT_ONCE: usize = 256;

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How many there are.
    pub(crate) all: usize,
    /// How many ended, or wait for a person, by the state's name.
    pub(crate) by_state: BTreeMap<&'static str, usize>,
    /// The worst of them decides how the run ends.
    unsuccessful: usize,
    suspended: usize,
}

impl Tally {
    fn settled(&self) -> usize {
        self.by_state.values().sum()
    }

    fn status(&self) -> Status {
        match (self.suspended, self.unsuccessful) {
            (0, 0) => Status::Fine,
            (0, _) => Status::Unsuccessful,
            _ => Status::Suspended,
        }
    }
}

/// Starts an instance for each input and follows them all to their ends.
pub(crate) async fn follow_all(
    setup: &Setup<'_>,
    inputs: &[Json],
    screen: &mut Screen,
    engine: &Engine,
    news: &mut mpsc::UnboundedReceiver<News>,
) -> Outcome {
    let begun = std::time::Instant::now();
    put_plans(setup, engine).await?;
    screen.fit(&setup.workflow.plan);
    let mut tally = Tally { all: inputs.len(), ..Tally::default() };
    let (mut open, mut known) = (BTreeSet::new(), BTreeSet::new());
    let starts = inputs.iter().enumerate().map(|(at, input)| async move {
        let started = start(setup, engine, input).await;
        started.map_err(|failure| failure.while_doing(format!("starting the input of line {}", at + 1)))
    });
    let mut starts = stream::iter(starts).buffer_unordered(AT_ONCE);
    loop {
        tokio::select! {
            Some(started) = starts.next() => {
                let Started { id, existed } = started?;
                screen.acknowledged(&id.to_string(), existed);
                if existed && setup.retry {
                    retry(engine, id).await?;
                }
                if known.insert(id) {
                    open.insert(id);
                    look(engine, screen, id, &mut open, &mut tally).await?;
                } else {
                    // Two lines with one key are one instance.
                    tally.all -= 1;
                }
            }
            item = news.recv() => match item {
                Some(News::Facts { id, .. }) if open.contains(&id) => {
                    look(engine, screen, id, &mut open, &mut tally).await?;
                }
                Some(News::Alarm(alarm)) => alarmed(screen, None, alarm)?,
                Some(News::Facts { .. }) | None => {}
            },
        }
        if known.len() == tally.all && open.is_empty() {
            screen.total(&tally.by_state, begun.elapsed());
            return Ok(tally.status());
        }
    }
}

/// Tells of an instance if it has come to an end.
async fn look(
    engine: &Engine,
    screen: &mut Screen,
    id: InstanceId,
    open: &mut BTreeSet<InstanceId>,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let Some(end) = settled(engine, id).await? else { return Ok(()) };
    open.remove(&id);
    *tally.by_state.entry(end.word).or_default() += 1;
    tally.unsuccessful += usize::from(end.status == Status::Unsuccessful);
    tally.suspended += usize::from(end.status == Status::Suspended);
    screen.one_ended(&id.to_string(), &end, (tally.settled(), tally.all));
    Ok(())
}
