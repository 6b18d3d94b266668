//! Statements that are more than their parts one behind the other.

use wfl_syntax::Rule;

use crate::document::Keep;
use crate::layout::Layout;
use crate::token::Part;

impl Layout<'_, '_> {
    /// `ensure condition else …`: the `else` goes to the next line where it does not fit.
    pub(crate) fn ensure(&mut self, part: Part) {
        let parts = self.source.parts(part);
        let [ref head @ .., otherwise, action] = parts[..] else { return self.run(&parts) };
        if head.len() < 2 || self.source.is(action, &[Rule::block]) {
            return self.run(&parts);
        }
        self.run(head);
        self.next_line(&[otherwise, action]);
    }

    /// `if a { … } else if b { … } else { … }`: all of it on one line, or each block on lines of its own.
    pub(crate) fn branches(&mut self, part: Part) {
        let mut parts: Vec<Part> = Vec::new();
        let mut next = Some(part);
        while let Some(branch) = next.take() {
            for it in self.source.parts(branch) {
                if self.source.is(it, &[Rule::if_x]) && self.source.token(it).is_none() {
                    next = Some(it);
                } else {
                    parts.push(it);
                }
            }
        }
        let is_block = |it: &Part| self.source.is(*it, &[Rule::block]);
        let lines = |it: Part| (self.source.first(it).lines.0, self.source.last(it).lines.1);
        let one_line = lines(part).0 == lines(part).1;
        let stays = one_line && parts.iter().filter(|it| is_block(it)).all(|it| self.block_may_stay(*it));
        self.open();
        if !stays {
            self.force();
        }
        for (at, it) in parts.iter().enumerate() {
            let follows_chain = at > 0 && self.is_chain(parts[at - 1]);
            match self.source.rule(*it) {
                _ if at == 0 || follows_chain => {}
                Some(Rule::block | Rule::kw_else) => self.space_between_blocks(),
                _ => self.space(),
            }
            if self.source.is(*it, &[Rule::block]) {
                self.block_inside(*it);
            } else if self.is_chain(*it) {
                // Where the condition is broken, `{` stands apart from it.
                self.open();
                self.expression_inside(*it);
                self.line(1, Keep::Never);
                self.close();
            } else {
                self.part(*it);
            }
        }
        self.close();
    }

    fn is_chain(&self, part: Part) -> bool {
        let is_operator = |it: &Part| self.source.is(*it, &[Rule::bin_op]);
        self.source.is(part, &[Rule::expr]) && self.source.parts(part).iter().any(is_operator)
    }
}
