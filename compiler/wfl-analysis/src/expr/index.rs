//! `list[position]` and `map[key]`.

use wfl_ir::{Builtin, Expr};
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast;

use crate::expr::checker::Checker;
use crate::ty::{Ty, Typed};

impl Checker<'_, '_> {
    /// What stands at a position or under a key: an optional, since there may be nothing.
    pub(crate) fn index(&mut self, base: &ast::Expr, index: &ast::Expr, span: Span) -> Typed {
        let base_span = base.span;
        let base = self.alone(|this| this.check(base, None));
        let (key, item) = match self.tables.base(&base.ty) {
            Ty::List(item) => (Ty::Int, (**item).clone()),
            Ty::Map(key, value) => ((**key).clone(), (**value).clone()),
            Ty::Unknown => {
                self.alone(|this| this.check(index, None));
                return Typed::unknown();
            }
            _ => {
                let title = format!("{} has no items to take one of", self.tables.show(&base.ty));
                let diagnostic = Diagnostic::new(Code::E0212, title, base_span, "neither a list nor a map");
                self.session.report(match base.ty {
                    Ty::Optional(_) => diagnostic.help("give a default first: `(value ?? [])[0]`"),
                    _ => diagnostic,
                });
                return Typed::unknown();
            }
        };
        let index = self.check_as(index, &key);
        let label = base.label.max(index.label);
        let call = Expr::Call(Builtin::Get, vec![base.expr, index.expr]);
        self.fold(Typed::new(call, item.optional(), label), span)
    }
}
