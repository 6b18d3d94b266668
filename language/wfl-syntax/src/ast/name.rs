//! Names, paths and type expressions.

use std::fmt;

use wfl_source::Span;

/// A word with its place. An empty text stands for a name that is missing in the source.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// The word.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

impl Name {
    /// Whether the source lacks the name.
    pub fn is_missing(&self) -> bool {
        self.text.is_empty()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {:?}", self.text, self.span)
    }
}

/// Names joined by dots. No segment at all stands for a path that is missing in the source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// The names in order.
    pub segments: Vec<Name>,
    /// From the first to the last name.
    pub span: Span,
}

impl Path {
    /// Whether the source lacks the path or its last part.
    pub fn is_missing(&self) -> bool {
        self.segments.iter().any(Name::is_missing) || self.segments.is_empty()
    }

    /// The path as one writes it, `a.b.c`.
    pub fn dotted(&self) -> String {
        self.segments.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join(".")
    }

    /// The last name.
    pub fn last(&self) -> Option<&Name> {
        self.segments.last()
    }
}

/// How sensitive a value is, from the least to the most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Label {
    /// Not for outsiders.
    Internal,
    /// Says something about a person.
    Pii,
    /// Card data.
    Pci,
    /// Never shown to anybody.
    Secret,
}

impl Label {
    /// The word that stands for the label.
    pub fn word(self) -> &'static str {
        match self {
            Label::Internal => "internal",
            Label::Pii => "pii",
            Label::Pci => "pci",
            Label::Secret => "secret",
        }
    }
}

/// A type as written: `pii List<Iban>?`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypeExpr {
    /// Sensitivity in front of the type.
    pub label: Option<Label>,
    /// The type proper.
    pub kind: TypeKind,
    /// Whether a `?` follows.
    pub optional: bool,
    /// The whole.
    pub span: Span,
}

/// What a type expression names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TypeKind {
    /// The source lacks the type.
    Missing,
    /// `name<arguments>`.
    Named {
        /// The name of the type, perhaps behind a module.
        path: Path,
        /// Type arguments; empty without `<…>`.
        arguments: Vec<TypeExpr>,
    },
    /// `fn(A, B) -> C`: what a function of the standard library takes.
    Function {
        /// The types of the parameters.
        parameters: Vec<TypeExpr>,
        /// The type of the result.
        result: Box<TypeExpr>,
    },
}
