//! What functions are called with: values and lambdas, and the evaluator that pays for the work.

use wfl_ir::{Builtin, Expr, Value};

use crate::arithmetic::kind;
use crate::fault::Fault;

/// A lambda where it stands: its body sees the locals of the caller, then its parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lambda<'e> {
    pub(crate) params: u32,
    pub(crate) body: &'e Expr,
}

/// An argument.
#[derive(Clone, Debug)]
pub(crate) enum Argument<'e> {
    Value(Value),
    Lambda(Lambda<'e>),
}

impl Argument<'_> {
    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Argument::Value(value) => kind(value),
            Argument::Lambda(_) => "a function",
        }
    }
}

/// What a function needs of the evaluator that calls it.
pub(crate) trait Context {
    /// Pays for work that is about to be done.
    fn spend(&mut self, cost: u64) -> Result<(), Fault>;

    /// True when the evaluation meets a pattern for the first time.
    fn is_new(&mut self, pattern: &str) -> bool;

    /// The value of a lambda for these arguments. Pays for it.
    fn apply(&mut self, lambda: Lambda<'_>, arguments: &[Value]) -> Result<Value, Fault>;
}

/// What a group of functions says to a call: none when the function is not of the group, or does not take such
/// arguments.
pub(crate) type Answer = Option<Result<Value, Fault>>;

/// The fault of a call with arguments of the wrong kinds.
pub(crate) fn unfit(function: Builtin, arguments: &[Argument<'_>]) -> Fault {
    let kinds: Vec<_> = arguments.iter().map(Argument::kind).collect();
    Fault::ill_formed(format!("{} does not take ({})", function.name(), kinds.join(", ")))
}

/// How often a list of so many items is looked at to sort it.
pub(crate) fn sorting(items: usize) -> u64 {
    u64::from(usize::BITS - items.leading_zeros()).max(1)
}
