//! Types, values, expressions and the `Plan`: the plain data between the compiler and the runtime.
//!
//! Invariant: nothing here reads source text, a clock, a disk or a network. A `Plan` is what executes and nothing
//! else: no spans, no docs, no names of private values, so that its hash changes only when its meaning does.

mod name;
mod decimal;
mod money;
mod time;
mod shared;
mod value;
mod types;
mod builtin;
mod expr;
mod declared;
mod function;
mod invariant;
mod operation;
mod plan_hash;
pub mod flow;
mod node;
mod reach;
mod plan;
mod check;
pub mod schema;

pub use builtin::Builtin;
pub use decimal::{Decimal, DecimalError, MAX_DIGITS};
pub use declared::{Field, Rule, TypeDef, TypeKind, Variant};
pub use expr::{Binary, Expr, MatchArm, Part, Pattern, Unary, WorkflowField};
pub use flow::{Caught, Handler, Region, RegionKind};
pub use function::{Function, Library};
pub use invariant::Invariant;
pub use money::{Currency, Money};
pub use name::Name;
pub use node::{Arm, Bind, Call, Edge, EdgeKind, Node, NodeKind, Scope};
pub use operation::{Confirm, Effect, Idempotency, Operation, Retry};
pub use plan::{FORMAT, Plan, PlanError, SEMANTICS};
pub use plan_hash::PlanHash;
pub use reach::MAX_LEVELS;
pub use time::{Date, Duration, TimeError, Timestamp};
pub use types::{Label, Type};
pub use value::{Bytes, Fields, List, Map, Set, Value};

#[cfg(test)]
mod tests;
