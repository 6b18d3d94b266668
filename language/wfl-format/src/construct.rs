//! Which construct is written how.

use wfl_syntax::Rule;

use crate::copied::{is_clause, is_foreach_clause};
use crate::layout::Layout;
use crate::token::Part;

impl Layout<'_, '_> {
    /// Writes a token or node.
    pub(crate) fn part(&mut self, part: Part) {
        let source = self.source;
        if let Some(token) = source.token(part) {
            return self.token(token);
        }
        let Some(rule) = source.rule(part) else { return };
        match rule {
            Rule::item | Rule::field | Rule::variant | Rule::operation => self.declaration(part),
            Rule::attr => self.attribute(part),
            Rule::param | Rule::type_d => self.with_rule(&source.parts(part)),
            Rule::fn_d => self.function(part),
            Rule::workflow_d => self.with_clauses(part, is_clause),
            Rule::policy_rule => self.policy_rule(part),
            Rule::record_d | Rule::enum_d | Rule::service_d | Rule::migrate_d | Rule::policy_d => {
                self.headed(part)
            }
            Rule::invariant_d | Rule::test_d | Rule::op_body | Rule::step_opts | Rule::await_opts => {
                self.headed(part)
            }
            Rule::body | Rule::block | Rule::own_block | Rule::parallel_s | Rule::match_x => {
                self.headed(part)
            }
            Rule::params | Rule::args | Rule::tuple | Rule::list | Rule::import_list => {
                self.list(&source.parts(part));
            }
            Rule::sequence_r => self.sequence(part),
            Rule::raises_c | Rule::reads_o | Rule::writes_o => self.names(&source.parts(part)),
            Rule::targs
            | Rule::type_params
            | Rule::pat_args
            | Rule::pat_tuple
            | Rule::fn_type
            | Rule::lambda => {
                self.enumeration(&source.parts(part));
            }
            Rule::ensure_s => self.ensure(part),
            Rule::foreach_s => self.with_clauses(part, is_foreach_clause),
            Rule::if_x if self.is_choice(part) => self.choice(part),
            Rule::if_x => self.branches(part),
            Rule::expr => self.expression(part),
            Rule::postfix => self.postfix(part),
            _ => self.run(&source.parts(part)),
        }
    }
}
