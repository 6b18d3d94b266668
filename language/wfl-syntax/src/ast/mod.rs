//! The typed syntax tree. Absent parts are `Missing` or an empty name; nothing needs to be unwrapped.

mod name;
mod expr;
mod statement;
mod test;
mod item;

pub use expr::{
    Argument, Arguments, Arm, BinaryOp, Expr, ExprKind, FieldPattern, If, Match, Pattern, PatternKind,
    TextPart, UnaryOp,
};
pub use item::{
    Attribute, CallableHead, Confirm, Doc, Effect, EffectKind, Enum, ErrorDecl, EventDecl, Field, File,
    Idempotent, Import, Item, ItemKind, Operation, Record, Service, TypeDecl, Variant, Workflow,
};
pub use name::{Label, Name, Path, TypeExpr, TypeKind};
pub use statement::{
    Action, ArmBody, Block, Call, Else, Emit, Ensure, Handler, IfStatement, Jump, JumpKind, Let, Operand,
    Saga, Statement, Step, StepName, Timeouts, Unsupported,
};
pub use test::{AtEvent, Comparison, Expectation, Glob, Response, Test, TestStatement, TestStatementKind};
