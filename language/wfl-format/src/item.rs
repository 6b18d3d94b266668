//! Declarations.

use wfl_syntax::Rule;

use crate::document::Keep;
use crate::layout::Layout;
use crate::token::Part;

impl Layout<'_, '_> {
    /// What may have doc comments and attributes.
    pub(crate) fn declaration(&mut self, part: Part) {
        let rest = self.decorated(part);
        if self.source.is(part, &[Rule::field, Rule::variant]) {
            self.with_rule(&rest);
        } else {
            self.run(&rest);
        }
    }

    /// `name: Type where rule`: the rule goes to the next line where it does not fit.
    pub(crate) fn with_rule(&mut self, parts: &[Part]) {
        let [head @ .., rule] = parts else { return };
        if head.is_empty() || !self.source.is(*rule, &[Rule::where_c]) {
            return self.run(parts);
        }
        self.run(head);
        self.next_line(&[*rule]);
    }

    /// Parts behind others, on the next line where they do not fit.
    pub(crate) fn next_line(&mut self, parts: &[Part]) {
        self.open();
        self.indent();
        self.line(1, Keep::Never);
        self.run(parts);
        self.dedent();
        self.close();
    }

    /// `fn name(parameters) -> Type = value`.
    pub(crate) fn function(&mut self, part: Part) {
        let parts = self.source.parts(part);
        match parts[..] {
            [ref head @ .., equals, value] if self.source.is_sign(equals, "=") => {
                self.run(head);
                self.space();
                self.part(equals);
                self.next_line(&[value]);
            }
            _ => self.run(&parts),
        }
    }

    /// A head with clauses on lines of their own, and a body that then stands on lines of its own, too.
    pub(crate) fn with_clauses(&mut self, part: Part, is_clause: fn(Rule) -> bool) {
        let parts = self.source.parts(part);
        let is_clause = |it: &Part| self.source.rule(*it).is_some_and(is_clause);
        let Some(first) = parts.iter().position(is_clause).filter(|first| *first > 0) else {
            return self.run(&parts);
        };
        let [ref clauses @ .., body] = parts[first..] else { return };
        self.run(&parts[..first]);
        self.indent();
        for (at, clause) in clauses.iter().enumerate() {
            self.next_unit(parts[first + at - 1], *clause, Keep::Never);
            self.part(*clause);
        }
        self.dedent();
        self.next_unit(parts[parts.len() - 2], body, Keep::Never);
        self.broken_block(body);
    }

    /// `call … where … requires human role … approvals …`.
    pub(crate) fn policy_rule(&mut self, part: Part) {
        let parts = self.source.parts(part);
        let begins = [Rule::kw_where, Rule::kw_requires, Rule::kw_approvals];
        self.open();
        for (at, it) in parts.iter().enumerate() {
            if self.source.is(*it, &begins) {
                self.line(1, Keep::Never);
            } else if at > 0 {
                self.space();
            }
            self.part(*it);
            if at == 0 {
                self.indent();
            }
        }
        self.dedent();
        self.close();
    }
}
