//! Statements, options, and the one place that knows which construct is written how.

use wfl_syntax::Rule;

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
}
