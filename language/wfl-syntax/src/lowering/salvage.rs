//! What can still be read of text that fits nowhere: an outline does not forget it.

use crate::ast::{Loose, Parallel, Statement};
use crate::grammar::Rule;
use crate::lowering::context::Lowering;
use crate::tree::Cursor;

impl Lowering<'_> {
    /// Adds the statements and operations that lie in text that fits nowhere.
    pub(crate) fn salvage(&mut self, root: Cursor<'_>, loose: &mut Loose) {
        self.quietly(|this| {
            for node in root.descendants().filter(|node| holds_loose(node.rule())) {
                for part in node.children() {
                    this.salvage_part(part, loose);
                }
            }
        });
    }

    fn salvage_part(&mut self, part: Cursor<'_>, loose: &mut Loose) {
        match part.rule() {
            Rule::operation => {
                let operation = self.operation(part);
                loose.operations.push(operation);
            }
            Rule::branch => {
                let branch = self.branch(part);
                let nothing = self.no_parallel(branch.span, branch.span);
                loose.statements.push(Statement::Parallel(Parallel { branches: vec![branch], ..nothing }));
            }
            _ => loose.statements.extend(self.statement(part)),
        }
    }
}

/// Nodes whose parts have no place in what is around them.
fn holds_loose(rule: Rule) -> bool {
    matches!(rule, Rule::stray_block | Rule::loose_body | Rule::loose_stmt | Rule::loose_branch)
}
