//! Braces and what stands in them, one part per line.

use wfl_syntax::Rule;

use crate::document::Keep;
use crate::layout::Layout;
use crate::token::Part;

/// What stands between the parts of a block that stays on one line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Between {
    /// There is at most one.
    Nothing,
    Comma,
    Blanks,
}

impl Layout<'_, '_> {
    /// A head and a block: `record Name { … }`.
    pub(crate) fn headed(&mut self, part: Part) {
        let parts = self.source.parts(part);
        let open = parts.iter().position(|it| self.source.is_sign(*it, "{"));
        let (head, block) = parts.split_at(open.unwrap_or(parts.len()));
        self.run(head);
        if !head.is_empty() && !block.is_empty() {
            self.space_between_blocks();
        }
        let between = match self.source.rule(part) {
            Some(Rule::record_d) => Between::Comma,
            Some(Rule::enum_d) => Between::Blanks,
            _ => Between::Nothing,
        };
        self.open();
        if !self.may_stay(block, between) {
            self.force();
        }
        self.braces(block, between);
        self.close();
    }

    /// A block that ends its lines in any case.
    pub(crate) fn broken_block(&mut self, part: Part) {
        self.open();
        self.force();
        self.braces(&self.source.parts(part), Between::Nothing);
        self.close();
    }

    /// The parts of a block, `{` and `}` included, in the group of the caller.
    pub(crate) fn block_inside(&mut self, part: Part) {
        self.braces(&self.source.parts(part), Between::Nothing);
    }

    /// Whether the block may stand on one line: it does so in the source and holds one part at most.
    pub(crate) fn block_may_stay(&self, part: Part) -> bool {
        self.may_stay(&self.source.parts(part), Between::Nothing)
    }

    fn may_stay(&self, block: &[Part], between: Between) -> bool {
        let [open, units @ .., close] = block else { return false };
        let copied = |unit: &Part| self.source.token(*unit).is_some_and(|token| token.copied);
        let one_line = self.source.first(*open).lines.0 == self.source.first(*close).lines.0;
        one_line && (units.len() < 2 || between != Between::Nothing) && !units.iter().any(copied)
    }

    fn braces(&mut self, block: &[Part], between: Between) {
        let [open, units @ .., close] = block else { return self.run(block) };
        self.part(*open);
        self.indent();
        for (at, unit) in units.iter().enumerate() {
            if at == 0 {
                self.line(1, Keep::Later);
            } else {
                let before = units[at - 1];
                if self.needs_comma(before, *unit) {
                    self.sign(",");
                } else if between == Between::Comma {
                    self.flat_comma();
                }
                if self.is_stray(before, *unit) {
                    self.next_unit(before, *unit, Keep::Always);
                } else {
                    self.line(if between == Between::Blanks { 2 } else { 1 }, Keep::Always);
                }
            }
            self.part(*unit);
        }
        self.closer(*close, units.is_empty(), (!units.is_empty()).then_some(1));
    }

    /// Between parts that stand on lines of their own.
    pub(crate) fn next_unit(&mut self, before: Part, unit: Part, keep: Keep) {
        if !self.is_stray(before, unit) {
            self.hard(keep);
        } else if !self.source.first(unit).touches {
            self.space();
        }
    }

    // What is copied stays on its line: a new line could make a name or an attribute of it.
    fn is_stray(&self, before: Part, unit: Part) -> bool {
        let is_copied = |part| self.source.token(part).is_some_and(|token| token.copied);
        !self.source.first(unit).fresh && (is_copied(before) || is_copied(unit))
    }

    // Without a comma the next part could be read as more of the part before.
    fn needs_comma(&self, before: Part, unit: Part) -> bool {
        let (last, first) = (self.source.last(before), self.source.first(unit));
        if self.source.token(before).is_some_and(|token| token.copied) || !last.comma {
            return false;
        }
        let is_item_word = last.rule == Some(Rule::ident) && matches!(last.text, "workflow" | "service");
        let is_jump = matches!(last.rule, Some(Rule::kw_return | Rule::kw_yield));
        first.copied
            || is_item_word
            || matches!(first.text, "where" | "is" | "in" | "and" | "or")
            || (is_jump && self.source.parts(unit).iter().any(|it| self.source.is(*it, &[Rule::kw_if])))
    }

    /// Doc comments and attributes on lines of their own; gives what they stand above.
    pub(crate) fn decorated(&mut self, part: Part) -> Vec<Part> {
        let mut parts = self.source.parts(part);
        let is_decoration = |it: &Part| self.source.is(*it, &[Rule::doc, Rule::attr]);
        let rest = parts.split_off(parts.iter().position(|it| !is_decoration(it)).unwrap_or(parts.len()));
        for decoration in parts {
            self.part(decoration);
            self.hard(Keep::Never);
        }
        rest
    }

    /// An attribute stays on one line.
    pub(crate) fn attribute(&mut self, part: Part) {
        let parts = self.source.parts(part);
        self.flat(|this| this.run(&parts));
    }
}
