//! Between the machine's words for a call and those of the operations.

use std::time::Duration as StdDuration;

use wfl_eval::encode_fields;
use wfl_ir::{Duration, Timestamp};
use wfl_machine::Outcome;
use wfl_operations::{Reply, Request};
use wfl_partition::Call;

/// The request that carries a call out, begun at `now`.
pub(crate) fn request(call: &Call, now: Timestamp) -> Request {
    let operation = &call.plan.operations[call.effect.operation as usize];
    Request {
        service: operation.service.to_string(),
        operation: operation.name.to_string(),
        args: encode_fields(call.plan.library(), &operation.params, &call.effect.args),
        key: call.effect.key.clone(),
        instance: call.instance.to_string(),
        step: call.effect.call.step.to_string(),
        attempt: call.effect.call.attempt,
        deadline: call.deadline.to_string(),
        timeout: call.deadline.since(now).to_std(),
        traceparent: None,
    }
}

/// Whether the operation of a call gives `Unit`.
pub(crate) fn gives_unit(call: &Call) -> bool {
    let operation = &call.plan.operations[call.effect.operation as usize];
    call.plan.library().is_unit(&operation.result)
}

/// What a reply means for the instance.
pub(crate) fn outcome(reply: Reply, gives_unit: bool) -> Outcome {
    let length = |d: StdDuration| Duration(i64::try_from(d.as_micros()).unwrap_or(i64::MAX));
    match reply {
        Reply::Returned(json) => Outcome::Returned(json),
        Reply::Empty if gives_unit => Outcome::Returned(b"null".to_vec()),
        Reply::Empty => Outcome::Refused {
            reason: "the status 204 has no meaning for an operation that gives a value".into(),
            raw: Vec::new(),
        },
        Reply::Declared { error, data } => Outcome::Declared(error.into(), data),
        Reply::Unavailable { reason, retry_after } => {
            Outcome::Unavailable { reason, retry_after: retry_after.map(length) }
        }
        Reply::Unknown { reason } => Outcome::Unknown { reason },
        Reply::Refused { reason, raw } => Outcome::Refused { reason, raw },
    }
}
