//! Lists: arguments, parameters, records, tuples, and the names behind `raises`.

use wfl_syntax::Rule;

use crate::document::Keep;
use crate::layout::Layout;
use crate::token::Part;

impl Layout<'_, '_> {
    /// A list in brackets: one line, or one element per line with a comma behind the last.
    pub(crate) fn list(&mut self, parts: &[Part]) {
        let [open, elements @ .., close] = parts else { return self.run(parts) };
        let alone = match elements {
            [element] => self.unnamed(*element),
            _ => None,
        };
        if alone.is_some_and(|value| self.is_bracketed(value)) {
            return self.run(parts);
        }
        let groups = alone.is_some() && self.source.is_sign(*open, "(");
        self.open();
        self.part(*open);
        self.indent();
        for (at, element) in elements.iter().enumerate() {
            if at == 0 {
                self.line(0, Keep::Later);
            } else {
                self.sign(",");
                self.line(1, Keep::Always);
            }
            self.part(*element);
        }
        // `(a)` only groups.
        if !elements.is_empty() && !groups {
            self.last_comma();
        }
        self.closer(*close, elements.is_empty(), (!elements.is_empty()).then_some(0));
        self.close();
    }

    /// The value of an argument without a name.
    fn unnamed(&self, element: Part) -> Option<Part> {
        match self.source.parts(element)[..] {
            [value] if self.source.is(element, &[Rule::arg]) => Some(value),
            _ => None,
        }
    }

    // A single argument that has brackets of its own needs no lines for those around it.
    fn is_bracketed(&self, value: Part) -> bool {
        let Some(operand) = self.only(value) else { return false };
        let parts = self.source.parts(operand);
        match parts[..] {
            [primary] => self.source.is(primary, &[Rule::list, Rule::tuple, Rule::lambda, Rule::match_x]),
            [_, body] => self.source.is(body, &[Rule::lambda_body]),
            _ => false,
        }
    }

    /// The only part of a node.
    pub(crate) fn only(&self, part: Part) -> Option<Part> {
        match self.source.parts(part)[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// A keyword and names with commas between them: one line, or one name per line.
    pub(crate) fn names(&mut self, parts: &[Part]) {
        let [keyword, first, rest @ ..] = parts else { return self.run(parts) };
        self.open();
        self.part(*keyword);
        self.indent();
        if rest.is_empty() {
            self.space();
        } else {
            self.line(1, Keep::Never);
        }
        self.part(*first);
        for name in rest {
            self.sign(",");
            self.line(1, Keep::Never);
            self.part(*name);
        }
        self.dedent();
        self.close();
    }

    /// Parts on one line, with a comma between two that are no signs.
    pub(crate) fn enumeration(&mut self, parts: &[Part]) {
        for (at, part) in parts.iter().enumerate() {
            if let Some(before) = at.checked_sub(1).map(|before| parts[before]) {
                let signs = [before, *part].map(|it| self.source.rule(it).is_none());
                let body = self.source.is(*part, &[Rule::lambda_body]);
                if signs == [false, false] && !body {
                    self.sign(",");
                    self.space();
                } else if !self.is_tight(before, *part) {
                    self.space();
                }
            }
            self.part(*part);
        }
    }

    /// `sequence [answer, answer]`.
    pub(crate) fn sequence(&mut self, part: Part) {
        let parts = self.source.parts(part);
        let [word, ref list @ ..] = parts[..] else { return };
        self.part(word);
        self.space();
        self.list(list);
    }
}
