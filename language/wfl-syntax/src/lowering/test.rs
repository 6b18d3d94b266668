//! Tests written in the language.

use wfl_source::Span;

use crate::ast::{AtEvent, Comparison, Expectation, Response, Test, TestStatement, TestStatementKind};
use crate::grammar::Rule;
use crate::lowering::context::Lowering;
use crate::lowering::expr::comparison;
use crate::tree::Cursor;

impl Lowering<'_> {
    pub(crate) fn test(&mut self, node: Cursor<'_>) -> Test {
        let (title, title_span) = (self.text_in(node), self.title_span(node));
        let statements = node.children().filter_map(|child| self.test_statement(child)).collect();
        Test { title, title_span, workflow: self.name_in(node), statements }
    }

    /// Where the title of a construct stands.
    pub(crate) fn title_span(&self, node: Cursor<'_>) -> Span {
        node.child(Rule::string).map_or_else(|| self.span(node), |string| self.span(string))
    }

    /// The text among the children.
    pub(crate) fn text_in(&mut self, node: Cursor<'_>) -> String {
        node.child(Rule::string).map(|string| self.plain_text(string)).unwrap_or_default()
    }

    fn test_statement(&mut self, node: Cursor<'_>) -> Option<TestStatement> {
        let kind = match node.rule() {
            Rule::given_t => {
                let value = self.expr_in(node);
                TestStatementKind::Given { name: self.name_in(node), value }
            }
            Rule::mock_t => self.mock(node),
            Rule::at_t => {
                let delay = self.expr_in(node);
                TestStatementKind::At { delay, event: self.at_event(node) }
            }
            Rule::expect_t => TestStatementKind::Expect(self.expectation(node)),
            _ => return None,
        };
        Some(TestStatement { kind, span: self.span(node) })
    }

    fn mock(&mut self, node: Cursor<'_>) -> TestStatementKind {
        let mut exprs = self.exprs_in(node).into_iter();
        let when = node.has(Rule::kw_when).then(|| exprs.next()).flatten();
        let after = node.has(Rule::kw_after).then(|| exprs.next()).flatten();
        let response = node.children().find_map(|child| self.response(child)).unwrap_or(Response::Hang);
        TestStatementKind::Mock {
            run: node.has(Rule::kw_run),
            target: self.glob_in(node),
            when,
            after,
            response,
        }
    }

    fn response(&mut self, node: Cursor<'_>) -> Option<Response> {
        Some(match node.rule() {
            Rule::raise_r => Response::Raise(self.expr_in(node)),
            Rule::hang_r => Response::Hang,
            Rule::lost_r => Response::Lost(self.expr_in(node)),
            Rule::value_r | Rule::value_some => Response::Value(self.expr_in(node)),
            Rule::sequence_r => {
                Response::Sequence(node.children().filter_map(|child| self.response(child)).collect())
            }
            _ => return None,
        })
    }

    fn at_event(&mut self, node: Cursor<'_>) -> AtEvent {
        for child in node.children() {
            match child.rule() {
                Rule::expect_t => return AtEvent::Expect(self.expectation(child)),
                Rule::signal_t => return AtEvent::Signal(self.call_in(child)),
                Rule::answer_t => {
                    return AtEvent::Answer { call: self.call_in(child), by: self.text_in(child) };
                }
                Rule::crash_t => return AtEvent::Crash,
                Rule::cancel_t => return AtEvent::Cancel,
                _ => {}
            }
        }
        AtEvent::Missing
    }

    fn expectation(&mut self, node: Cursor<'_>) -> Expectation {
        let Some(inner) = node.children().nth(1) else { return Expectation::Holds(self.expr_in(node)) };
        match inner.rule() {
            Rule::returns_t => Expectation::Returns(self.expr_in(inner)),
            Rule::fails_t => Expectation::Fails(self.expr_in(inner)),
            Rule::compensated_t => Expectation::Compensated(self.expr_in(inner)),
            Rule::golden_t => Expectation::Golden(self.text_in(inner)),
            Rule::never_t => Expectation::Never(self.glob_in(inner)),
            Rule::cancelled_t => Expectation::Cancelled(self.glob_in(inner)),
            Rule::called_t => {
                let times = self.exprs_in(inner).pop();
                Expectation::Called { run: inner.has(Rule::kw_run), target: self.glob_in(inner), times }
            }
            Rule::escalated_t => {
                let to = self.exprs_in(inner).pop();
                Expectation::Escalated { target: self.glob_in(inner), to }
            }
            Rule::concurrent_t => Expectation::MaxConcurrent {
                run: inner.has(Rule::kw_run),
                target: self.glob_in(inner),
                bound: self.comparison(inner),
            },
            Rule::elapsed_t => Expectation::Elapsed(self.comparison(inner)),
            Rule::emitted_t => Expectation::Emitted(self.call_in(inner)),
            _ => Expectation::Holds(self.expr_in(node)),
        }
    }

    fn comparison(&mut self, node: Cursor<'_>) -> Comparison {
        let op = node.child(Rule::bin_op).and_then(|op| comparison(op.text()));
        Comparison { op, value: self.expr_in(node) }
    }
}
