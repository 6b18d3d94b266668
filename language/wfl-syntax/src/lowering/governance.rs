//! Migrations, policies and invariants.

use crate::ast::{Glob, Invariant, Migrate, Migration, MigrationKind, Policy, PolicyRule, PolicyTarget};
use crate::grammar::Rule;
use crate::lowering::context::Lowering;
use crate::tree::Cursor;

impl Lowering<'_> {
    pub(crate) fn migrate(&mut self, node: Cursor<'_>) -> Migrate {
        let entries = node.children().filter_map(|child| self.migration(child)).collect();
        Migrate { workflow: self.name_in(node), from: self.expr_in(node), entries }
    }

    fn migration(&mut self, node: Cursor<'_>) -> Option<Migration> {
        let mut paths = self.paths_in(node).collect::<Vec<_>>().into_iter();
        let kind = match node.rule() {
            Rule::rename_m => MigrationKind::Rename { old: paths.next()?, new: paths.next()? },
            Rule::drop_m => MigrationKind::Drop(paths.next()?),
            Rule::input_m => MigrationKind::Input { name: self.name_in(node), value: self.expr_in(node) },
            Rule::pin_m => MigrationKind::Pin { after: !node.has(Rule::kw_before), step: paths.next()? },
            _ => return None,
        };
        Some(Migration { kind, span: self.span(node) })
    }

    pub(crate) fn policy(&mut self, node: Cursor<'_>) -> Policy {
        let rules = node.children().filter(|child| child.rule() == Rule::policy_rule);
        let rules = rules.map(|rule| self.policy_rule(rule)).collect();
        Policy { title: self.text_in(node), title_span: self.title_span(node), rules }
    }

    fn policy_rule(&mut self, node: Cursor<'_>) -> PolicyRule {
        let target = match node.child(Rule::attr) {
            Some(attribute) => PolicyTarget::Label(self.name_in(attribute)),
            None => PolicyTarget::Operation(self.glob_in(node)),
        };
        let mut exprs = self.exprs_in(node).into_iter();
        let condition = node.has(Rule::kw_where).then(|| exprs.next()).flatten();
        let role = exprs.next().unwrap_or_else(|| self.expr_in(node));
        PolicyRule { target, condition, role, approvals: exprs.next(), span: self.span(node) }
    }

    pub(crate) fn invariant(&mut self, node: Cursor<'_>) -> Invariant {
        Invariant {
            title: self.text_in(node),
            title_span: self.title_span(node),
            workflow: self.name_in(node),
            condition: self.expr_in(node),
        }
    }

    /// The operations that a node names.
    pub(crate) fn glob_in(&mut self, node: Cursor<'_>) -> Glob {
        let Some(glob) = node.child(Rule::glob) else {
            return Glob { segments: Vec::new(), span: self.span(node).after() };
        };
        let segments = glob.children().map(|word| self.name(word)).collect();
        Glob { segments, span: self.span(glob) }
    }
}
