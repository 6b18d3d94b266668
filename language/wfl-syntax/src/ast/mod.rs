//! The typed syntax tree. Absent parts are `Missing` or an empty name; nothing needs to be unwrapped.

mod name;
mod expr;
mod clause;
mod statement;
mod test;
mod governance;
mod item;

pub use clause::{
    Approvals, Call, Escalate, ItemFailure, Join, JoinKind, Order, ParentCancel, Rate, Remind, Run, Siblings,
    Timeouts,
};
pub use expr::{
    Argument, Arguments, Arm, BinaryOp, Expr, ExprKind, FieldPattern, If, Match, Pattern, PatternKind,
    TextPart, UnaryOp,
};
pub use governance::{Invariant, Migrate, Migration, MigrationKind, Policy, PolicyRule, PolicyTarget};
pub use item::{
    Alias, Attribute, CallableHead, Confirm, Doc, Effect, EffectKind, Enum, ErrorDecl, EventDecl, Field,
    File, Function, Idempotent, Import, Item, ItemKind, Limit, Loose, Operation, Record, Service, TypeDecl,
    TypeParameter, Variant, Workflow,
};
pub use name::{Label, Name, Path, TypeExpr, TypeKind};
pub use statement::{
    Action, ArmBody, Await, AwaitKind, AwaitTimeout, Block, Branch, Else, Emit, Ensure, Foreach, Handler,
    IfStatement, Jump, JumpKind, Let, Operand, Parallel, Repeat, Saga, Shield, Statement, Step, StepName,
    Wait,
};
pub use test::{AtEvent, Comparison, Expectation, Glob, Response, Test, TestStatement, TestStatementKind};
