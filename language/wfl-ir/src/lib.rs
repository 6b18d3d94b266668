//! Types, values, expressions and the `Plan`: the plain data between the compiler and the runtime.
//!
//! Invariant: nothing here reads source text, a clock, a disk or a network. A `Plan` is what executes and nothing
//! else: no spans, no docs, no names of private values, so that its hash changes only when its meaning does.

mod name;
mod decimal;
mod money;
mod time;
mod value;
mod types;
mod expr;
mod declared;
mod operation;
mod node;
mod plan;

pub use decimal::{Decimal, DecimalError, MAX_DIGITS};
pub use declared::{Field, Rule, TypeDef, TypeKind, Variant};
pub use expr::{Binary, Builtin, Expr, MatchArm, Part, Pattern, Unary, WorkflowField};
pub use money::{Currency, Money};
pub use name::Name;
pub use node::{Arm, Bind, Call, Caught, Edge, EdgeKind, Handler, Node, NodeKind, Scope};
pub use operation::{Confirm, Effect, Idempotency, Operation, Retry};
pub use plan::{FORMAT, Plan, PlanError, PlanHash, SEMANTICS};
pub use time::{Duration, TimeError, Timestamp};
pub use types::{Label, Type};
pub use value::{Fields, Value};

#[cfg(test)]
mod tests;
