//! `declassify(value, because: "…")`: sensitive data that may be seen after all, with the reason.

use wfl_ir::Label;
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast::{self, Argument, ExprKind, TextPart};

use crate::expr::checker::Checker;
use crate::hir::Declassified;
use crate::tables::label_word;
use crate::ty::Typed;

/// The word that declassifies.
pub(crate) const DECLASSIFY: &str = "declassify";

impl Checker<'_, '_> {
    /// The value without its label. The reason is kept for those who audit the program.
    pub(crate) fn declassify(&mut self, arguments: &ast::Arguments, span: Span) -> Typed {
        let (value, reason) = match arguments.list.as_slice() {
            [Argument { name: None, value, .. }] => (value, None),
            [Argument { name: None, value, .. }, because] => (value, Some(because)),
            _ => {
                self.no_reason(arguments.span, "does not fit");
                return Typed::unknown();
            }
        };
        let typed = self.alone(|this| this.check(value, None));
        let Some(reason) = reason.and_then(written_reason) else {
            self.no_reason(arguments.span, "why may it be seen?");
            return Typed { label: Label::Public, ..typed };
        };
        if typed.label == Label::Public && !typed.ty.is_unknown() {
            let title = "this is public already";
            let diagnostic = Diagnostic::new(Code::W0205, title, span, "`declassify` has no use");
            self.session.report(diagnostic.help("write only the value"));
        } else {
            let label = label_word(typed.label);
            self.session.declassified(Declassified { label, reason, span });
        }
        Typed { label: Label::Public, ..typed }
    }

    fn no_reason(&mut self, span: Span, message: &str) {
        let title = "`declassify` takes a value and a reason";
        let diagnostic = Diagnostic::new(Code::E0502, title, span, message);
        self.session
            .report(diagnostic.note("whoever reads the program must see why this data may leave").help(
            "write `declassify(value, because: \"…\")`; to hide a part there is `mask_last4` of `std.redact`",
        ));
    }
}

/// A reason that says something.
fn written_reason(argument: &Argument) -> Option<String> {
    let named = argument.name.as_ref().is_some_and(|name| name.text == "because");
    match &argument.value.kind {
        ExprKind::Text(parts) if named => match parts.as_slice() {
            [TextPart::Literal(reason)] if !reason.trim().is_empty() => Some(reason.clone()),
            _ => None,
        },
        _ => None,
    }
}
