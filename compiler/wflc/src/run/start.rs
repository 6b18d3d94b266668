//! What a run needs, and how its instances begin or are tried again.

use std::path::Path;

use serde_json::Value as Json;
use wfl_compiler::{Compilation, Compiled};
use wfl_engine::{Engine, StartError, Started};
use wfl_machine::{Control, Status as State};
use wfl_record::InstanceId;

use crate::exit::{Failure, Status};
use crate::run::input::Input;
use crate::run::screen::Output;

/// What a run needs.
pub(crate) struct Setup<'a> {
    pub(crate) root: &'a Path,
    pub(crate) compilation: &'a Compilation,
    pub(crate) workflow: &'a Compiled,
    pub(crate) input: Input,
    pub(crate) output: Output,
    pub(crate) retry: bool,
}

fn refused(error: wfl_journal::AppendError) -> Failure {
    let help = "nothing was started; make room or make .wfl writable, and run again";
    Failure::new(Status::Unavailable, error, help)
}

/// A workflow may run any of the others: all plans are put.
pub(crate) async fn put_plans(setup: &Setup<'_>, engine: &Engine) -> Result<(), Failure> {
    for workflow in &setup.compilation.workflows {
        engine.put_plan(workflow.bytes.clone()).await.map_err(refused)?;
    }
    Ok(())
}

pub(crate) async fn start(setup: &Setup<'_>, engine: &Engine, input: &Json) -> Result<Started, Failure> {
    let (hash, plan) = (setup.workflow.hash, &setup.workflow.plan);
    engine.start_instance(plan, hash, input, "wflc run").await.map_err(|error| match error {
        StartError::Journal(error) => refused(error),
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

/// Tries again what is suspended, and waits until the log says so.
pub(crate) async fn retry(engine: &Engine, id: InstanceId) -> Result<(), Failure> {
    let Some(state) = engine.inspect(id).await.and_then(|found| found.state) else { return Ok(()) };
    if !matches!(state.status(), State::Suspended | State::CompensationStuck) {
        return Ok(());
    }
    let request = format!("retry-{}-{}", state.count(), state.at().0);
    let control = Control::Retry { step: None, request, item: None };
    engine
        .control(id, control, "wflc run")
        .await
        .map_err(|error| Failure::new(Status::Unavailable, error, "nothing was changed; run again"))?;
    // The verdict is in the log behind the request: wait until it is folded.
    while engine.inspect(id).await.and_then(|now| now.state).is_some_and(|now| now.count() == state.count()) {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    Ok(())
}
