//! Keys, digests and pauses: everything that must come out the same on every machine.

use wfl_eval::{Env, Facts, Fault, decode_fields, encode_fields, evaluate, evaluate_in};
use wfl_ir::{Duration, Expr, Fields, Name, Operation, Plan, Retry, Value};
use wfl_record::{InstanceId, Namespace, Position};

use crate::call::Purpose;
use crate::effect::RunEffect;
use crate::input::{OccasionRef, Parent, Source, Start};
use crate::recurring::{Occasion, Recurrence, Under};

/// The digest of a workflow's arguments: BLAKE3-256 over their canonical bytes, so that it depends neither on the
/// order of members nor on how a number is written.
pub fn input_digest(args: &Fields) -> [u8; 32] {
    *blake3::hash(&Value::Record(args.clone()).canonical_bytes()).as_bytes()
}

/// The value of the header's `key` for these arguments. Its canonical bytes give the instance id.
pub fn instance_key(plan: &Plan, args: &Fields) -> Result<Value, Fault> {
    let slots = slots_of(plan, args);
    evaluate(Env { library: plan.library(), slots: &slots, facts: None }, &plan.key)
}

/// The value of the header's `priority` for these arguments: the greater the earlier. 0 without one, or without a value.
pub fn instance_priority(plan: &Plan, args: &Fields) -> i64 {
    let slots = slots_of(plan, args);
    let env = Env { library: plan.library(), slots: &slots, facts: None };
    match plan.priority.as_ref().map(|priority| evaluate(env, priority)) {
        Some(Ok(Value::Int(priority))) => priority,
        _ => 0,
    }
}

/// The id of the instance with this key. A child of a parent that began anew, or went back, is another one than before.
pub fn instance_id(namespace: &Namespace, plan: &Plan, key: &Value, parent_epoch: u32) -> InstanceId {
    let mut bytes = key.canonical_bytes();
    if parent_epoch > 0 {
        bytes.extend_from_slice(b"/epoch/");
        bytes.extend_from_slice(&parent_epoch.to_be_bytes());
    }
    InstanceId::derive(namespace, &plan.workflow, &bytes)
}

/// The start of a child as its parent's step wants it, with the child's id. `plan` is the child's. Fails when the
/// arguments break a rule of the child, or its key has no value.
pub fn child_start(
    plan: &Plan,
    namespace: &Namespace,
    parent: InstanceId,
    run: &RunEffect,
) -> Result<(InstanceId, Start), String> {
    let json = encode_fields(plan.library(), &plan.params, &run.args);
    let fields = decode_fields(plan.library(), &plan.params, &json).map_err(|why| why.to_string())?;
    let key = instance_key(plan, &fields).map_err(|fault| fault.to_string())?;
    let epoch = run.call.epoch;
    let start = Start {
        workflow: plan.workflow.clone(),
        version: plan.version,
        plan: run.plan,
        source: Source::Inline(json.to_string().into_bytes()),
        digest: input_digest(&fields),
        starter: format!("workflow:{parent}/{}", run.call.path()),
        parent: (!run.detached).then(|| Parent { instance: parent, call: run.call.clone() }),
        deadline: run.deadline,
        parent_epoch: (epoch > 0).then_some(epoch),
        not_before: None,
        occasion: None,
    };
    Ok((instance_id(namespace, plan, &key, epoch), start))
}

/// The start of the instance of an occasion, with its id. Fails when the arguments break a rule of the workflow, or its key
/// has no value.
pub fn occasion_start(
    plan: &Plan,
    namespace: &Namespace,
    schedule: InstanceId,
    name: &str,
    under: &Under,
) -> Result<(InstanceId, Start), String> {
    let json = under.occasion.arguments(&under.args).ok_or("its arguments are not JSON")?;
    let fields = decode_fields(plan.library(), &plan.params, &json).map_err(|why| why.to_string())?;
    let key = instance_key(plan, &fields).map_err(|fault| fault.to_string())?;
    let bytes = encode_fields(plan.library(), &plan.params, &fields).to_string().into_bytes();
    let due = under.occasion.due;
    let start = Start {
        workflow: plan.workflow.clone(),
        version: plan.version,
        plan: under.plan,
        source: Source::Inline(bytes),
        digest: input_digest(&fields),
        starter: format!("schedule:{name}/{due}/{}", under.by),
        parent: None,
        deadline: None,
        parent_epoch: None,
        not_before: None,
        occasion: Some(OccasionRef { schedule, due }),
    };
    Ok((instance_id(namespace, plan, &key, 0), start))
}

/// Whether each occasion of a recurrence has an instance of its own, and one that its workflow takes; tested with two of them.
///
/// # Errors
/// What is wrong, for people.
pub fn check_recurrence(
    plan: &Plan,
    namespace: &Namespace,
    recurrence: &Recurrence,
    samples: &[Occasion; 2],
) -> Result<(), String> {
    let id = |occasion: &Occasion| {
        let under = Under {
            occasion: occasion.clone(),
            instance: None,
            cancelled: false,
            by: Position::ZERO,
            plan: recurrence.plan,
            args: recurrence.args.clone(),
        };
        let schedule = InstanceId([0; 16]);
        occasion_start(plan, namespace, schedule, "", &under).map(|(instance, _)| instance)
    };
    let [first, second] = samples;
    if id(first)? == id(second)? {
        return Err(format!(
            "all occasions of {} would be one instance: its key has to hold `${{due}}` or `${{date}}`",
            plan.workflow
        ));
    }
    Ok(())
}

/// The slots at the beginning: parameter i is slot i.
pub(crate) fn slots_of(plan: &Plan, args: &Fields) -> Vec<Option<Value>> {
    let mut slots = vec![None; plan.slots as usize];
    for (slot, param) in slots.iter_mut().zip(&plan.params) {
        *slot = Some(args.get(&param.name).cloned().unwrap_or_default());
    }
    slots
}

/// An operation's parameters as locals, in order.
pub(crate) fn locals_of(operation: &Operation, args: &Fields) -> Vec<Value> {
    operation.params.iter().map(|param| args.get(&param.name).cloned().unwrap_or_default()).collect()
}

/// Evaluates an operation's expressions over its parameters and, after success, its result.
pub(crate) fn eval_over(
    plan: &Plan,
    facts: &Facts,
    operation: &Operation,
    args: &Fields,
    result: Option<&Value>,
    fields: &[(Name, Expr)],
) -> Result<Fields, Fault> {
    let env = Env { library: plan.library(), slots: &[], facts: Some(facts) };
    let mut locals = locals_of(operation, args);
    locals.extend(result.cloned());
    let value = |(name, expr): &(Name, Expr)| Ok((name.clone(), evaluate_in(env, locals.clone(), expr)?));
    Ok(Fields::new(fields.iter().map(value).collect::<Result<Vec<_>, Fault>>()?))
}

/// Whose key it is: what enters every idempotency key of an instance besides the call itself.
pub(crate) struct KeyOwner<'a> {
    pub(crate) namespace: &'a Namespace,
    pub(crate) id: InstanceId,
    pub(crate) facts: &'a Facts,
}

/// The idempotency key on the wire: base32 of BLAKE3-256 over namespace, `Service.operation`, the value of
/// `idempotent by`, the epoch and do|undo. `None` for operations without `idempotent by`.
pub(crate) fn wire_key(
    plan: &Plan,
    owner: &KeyOwner<'_>,
    operation: &Operation,
    args: &Fields,
    epoch: u32,
    purpose: Purpose,
) -> Result<Option<String>, Fault> {
    let Some(idempotency) = &operation.idempotent else {
        return Ok(None);
    };
    // Two workflows keyed by one request id must not share a key: `workflow.key` is the instance here.
    let facts = Facts { key: Value::String(Name::from(owner.id.to_string())), ..owner.facts.clone() };
    let env = Env { library: plan.library(), slots: &[], facts: Some(&facts) };
    let value = evaluate_in(env, locals_of(operation, args), &idempotency.key)?;
    let mut hasher = blake3::Hasher::new_derive_key("wfl idempotency key v1");
    let parts = [
        owner.namespace.as_str().as_bytes(),
        operation.qualified().as_bytes(),
        &value.canonical_bytes(),
        &epoch.to_le_bytes(),
        purpose.word().as_bytes(),
    ]
    .map(<[u8]>::to_vec);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(&part);
    }
    Ok(Some(data_encoding::BASE32_NOPAD.encode(hasher.finalize().as_bytes()).to_ascii_lowercase()))
}

/// The pause before the attempt after `attempt`, by the policy; none when the policy allows no further attempt.
/// `unlimited` lifts the policy's number of attempts (resolution and undo have none).
///
/// Exponential pauses have full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015), drawn from
/// a hash of instance and call instead of a random number.
pub(crate) fn pause(
    retry: Retry,
    attempt: u32,
    unlimited: bool,
    id: InstanceId,
    call: &str,
) -> Option<Duration> {
    let retry = if unlimited && retry == Retry::Never { Retry::DEFAULT } else { retry };
    match retry {
        Retry::Never => None,
        Retry::Forever { every } => Some(every),
        Retry::Exponential { attempts: Some(limit), .. } if !unlimited && attempt >= limit => None,
        Retry::Exponential { initial, cap, .. } => {
            let doubled = initial.0.saturating_mul(1_i64 << (attempt.saturating_sub(1)).min(40));
            let bound = doubled.clamp(0, cap.0.max(0));
            let mut hasher = blake3::Hasher::new_derive_key("wfl backoff jitter v1");
            hasher.update(&id.0);
            hasher.update(call.as_bytes());
            let mut bytes = [0; 8];
            hasher.finalize_xof().fill(&mut bytes);
            let share = i128::from(u64::from_le_bytes(bytes) >> 1) * i128::from(bound) / (1_i128 << 63);
            Some(Duration(share as i64))
        }
    }
}
