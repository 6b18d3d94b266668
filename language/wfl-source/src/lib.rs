//! Source files, positions in them, and the reports made about them.
//!
//! Everything here is plain data. Rendering (terminal, JSON, language server) happens elsewhere and
//! only reads these types.

mod span;
mod code;
mod diagnostic;
mod file;
mod suggestion;

pub use code::{Code, Severity};
pub use diagnostic::{Applicability, Diagnostic, Edit, Fix, Label, TITLE_LIMIT};
pub use file::{Files, LineColumn, SourceFile};
pub use span::{FileId, Span};
pub use suggestion::closest;

#[cfg(test)]
mod tests;
