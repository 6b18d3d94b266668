//! Files and their items.

use std::sync::Arc;

use wfl_source::Span;

use crate::ast::clause::{Call, Timeouts};
use crate::ast::expr::{Arguments, Expr};
use crate::ast::governance::{Invariant, Migrate, Policy};
use crate::ast::name::{Label, Name, Path, TypeExpr};
use crate::ast::statement::{Block, Statement};
use crate::ast::test::Test;

/// One file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct File {
    /// `//!` lines.
    pub docs: Vec<Doc>,
    /// The items in order; shared, so that what did not change is kept from one parse to the next.
    pub items: Vec<Arc<Item>>,
    /// What is in no item, because the text is broken.
    pub loose: Loose,
}

/// What was found outside of the declaration that it belongs to. It was reported; an outline still shows it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Loose {
    /// Statements of no workflow.
    pub statements: Vec<Statement>,
    /// Operations of no service.
    pub operations: Vec<Operation>,
}

impl File {
    /// The path behind `module`, if the file says it.
    pub fn module(&self) -> Option<&Path> {
        self.items.iter().find_map(|item| match &item.kind {
            ItemKind::Module(path) => Some(path),
            _ => None,
        })
    }
}

/// One line of documentation, without its slashes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Doc {
    /// The text behind the slashes and one blank.
    pub text: String,
    /// The line.
    pub span: Span,
}

/// `@name(arguments)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attribute {
    /// The name.
    pub name: Name,
    /// The arguments, if any.
    pub arguments: Option<Arguments>,
    /// The whole.
    pub span: Span,
}

/// A declaration with what stands above it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// `///` lines.
    pub docs: Vec<Doc>,
    /// Attributes.
    pub attributes: Vec<Attribute>,
    /// The declaration.
    pub kind: ItemKind,
    /// The whole.
    pub span: Span,
}

/// The forms of items.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ItemKind {
    /// `module a.b`.
    Module(Path),
    /// `import a.b (x)`.
    Import(Import),
    /// `record`.
    Record(Record),
    /// `enum`.
    Enum(Enum),
    /// `type`.
    Type(TypeDecl),
    /// `error`.
    Error(ErrorDecl),
    /// `event`.
    Event(EventDecl),
    /// `service`.
    Service(Service),
    /// `workflow`.
    Workflow(Arc<Workflow>),
    /// `test`.
    Test(Test),
    /// `fn`.
    Function(Arc<Function>),
    /// `alias`.
    Alias(Arc<Alias>),
    /// `migrate`.
    Migrate(Migrate),
    /// `policy`.
    Policy(Policy),
    /// `invariant`.
    Invariant(Invariant),
}

/// `import path as alias` or `import path (names)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Import {
    /// The module.
    pub path: Path,
    /// The local name of the module.
    pub alias: Option<Name>,
    /// The names that are taken from it.
    pub names: Vec<Name>,
    /// The whole.
    pub span: Span,
}

/// A field of a record, or a parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// `///` lines.
    pub docs: Vec<Doc>,
    /// Attributes.
    pub attributes: Vec<Attribute>,
    /// The name.
    pub name: Name,
    /// The type.
    pub ty: TypeExpr,
    /// The rule behind `where`.
    pub rule: Option<Expr>,
    /// The whole.
    pub span: Span,
}

/// `record Name { fields }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// The name.
    pub name: Name,
    /// The fields in order.
    pub fields: Vec<Field>,
}

/// `enum Name { variants }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enum {
    /// The name.
    pub name: Name,
    /// The variants in order.
    pub variants: Vec<Variant>,
}

/// A variant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Variant {
    /// `///` lines.
    pub docs: Vec<Doc>,
    /// Attributes.
    pub attributes: Vec<Attribute>,
    /// The name.
    pub name: Name,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The whole.
    pub span: Span,
}

/// `type Name = base where rule`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypeDecl {
    /// The name.
    pub name: Name,
    /// The type it is made of.
    pub base: TypeExpr,
    /// The rule behind `where`.
    pub rule: Option<Expr>,
}

/// `error Name(fields)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ErrorDecl {
    /// The name.
    pub name: Name,
    /// What the error carries.
    pub fields: Vec<Field>,
}

/// `event Name(fields)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventDecl {
    /// The name.
    pub name: Name,
    /// What the event carries.
    pub fields: Vec<Field>,
}

/// `service Name { operations }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// The name.
    pub name: Name,
    /// The operations in order.
    pub operations: Vec<Arc<Operation>>,
}

/// The part that operations and workflows share: `Name(parameters) -> result`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallableHead {
    /// The name.
    pub name: Name,
    /// The parameters.
    pub parameters: Vec<Field>,
    /// The type of the result.
    pub result: TypeExpr,
    /// The errors behind `raises`.
    pub raises: Vec<Path>,
}

/// `operation name(parameters) -> result { options }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operation {
    /// `///` lines.
    pub docs: Vec<Doc>,
    /// Attributes.
    pub attributes: Vec<Attribute>,
    /// Name, parameters, result and errors.
    pub head: CallableHead,
    /// What it does to the world.
    pub effect: Option<Effect>,
    /// How repeating is made harmless.
    pub idempotent: Option<Idempotent>,
    /// How a lost answer is found out.
    pub confirm: Option<Confirm>,
    /// Time limits.
    pub timeouts: Timeouts,
    /// Retry policy.
    pub retry: Option<Expr>,
    /// Longest silence of a worker.
    pub heartbeat: Option<Expr>,
    /// `at most once`.
    pub at_most_once: Option<Span>,
    /// Retry policy of its undo.
    pub undo_retry: Option<Expr>,
    /// Keys of what it reads.
    pub reads: Vec<Expr>,
    /// Keys of what it writes.
    pub writes: Vec<Expr>,
    /// The highest label that unmarked parameters take.
    pub accepts: Option<Label>,
    /// The whole.
    pub span: Span,
}

/// `effect …`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Effect {
    /// Which.
    pub kind: EffectKind,
    /// The whole.
    pub span: Span,
}

/// The forms of effects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EffectKind {
    /// Missing or unknown; already reported.
    Missing,
    /// `read`.
    Read,
    /// `write`.
    Write,
    /// `irreversible`.
    Irreversible,
    /// `compensable by call`.
    Compensable(Call),
}

/// `idempotent by key for window`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Idempotent {
    /// The key.
    pub key: Expr,
    /// How long the other side remembers it.
    pub window: Option<Expr>,
    /// The whole.
    pub span: Span,
}

/// `confirm with call after delay`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Confirm {
    /// The read that tells the outcome.
    pub call: Call,
    /// From when on its `none` counts as absence.
    pub after: Option<Expr>,
    /// The whole.
    pub span: Span,
}

/// `workflow Name(parameters) -> result … { body }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Workflow {
    /// Name, parameters, result and errors.
    pub head: CallableHead,
    /// `version`.
    pub version: Option<Expr>,
    /// `key`.
    pub key: Option<Expr>,
    /// `deadline`.
    pub deadline: Option<Expr>,
    /// `compensation deadline`.
    pub compensation_deadline: Option<Expr>,
    /// `attributes`: what instances can be searched by.
    pub attributes: Option<Arguments>,
    /// `limit`: how many instances run at once.
    pub limit: Option<Limit>,
    /// `priority`.
    pub priority: Option<Expr>,
    /// The body.
    pub body: Block,
}

/// `limit count per key`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limit {
    /// How many.
    pub count: Expr,
    /// What the instances that count together have in common.
    pub per: Option<Expr>,
    /// The whole.
    pub span: Span,
}

/// `fn name<T>(parameters) -> result = body`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Function {
    /// The name.
    pub name: Name,
    /// The type parameters, which only the standard library has.
    pub type_parameters: Vec<TypeParameter>,
    /// The parameters.
    pub parameters: Vec<Field>,
    /// The type of the result.
    pub result: TypeExpr,
    /// The value; without it the evaluator knows the function.
    pub body: Option<Expr>,
}

/// `T` or `T: Bound`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypeParameter {
    /// The name.
    pub name: Name,
    /// What the type must be able to do.
    pub bound: Option<Name>,
}

/// `alias Name = type`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alias {
    /// The name.
    pub name: Name,
    /// What it stands for.
    pub ty: TypeExpr,
}
