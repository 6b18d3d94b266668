//! Parallel, foreach, repeat, await, wait and shield.

use wfl_source::Span;

use crate::ast::{
    Approvals, Await, AwaitKind, AwaitTimeout, Block, Branch, Escalate, Expr, ExprKind, Foreach, Handler,
    ItemFailure, Join, JoinKind, Name, Parallel, Rate, Remind, Repeat, Shield, Siblings, Wait,
};
use crate::grammar::Rule;
use crate::lowering::context::Lowering;
use crate::tree::Cursor;

impl Lowering<'_> {
    pub(crate) fn parallel(&mut self, node: Cursor<'_>) -> Parallel {
        let keyword = self.keyword(node, Rule::kw_parallel);
        let handlers = self.handlers(node);
        let mut parallel = Parallel { handlers, ..self.no_parallel(keyword, self.span(node)) };
        for child in node.children() {
            let place = self.span(child);
            let twice = match child.rule() {
                Rule::join_c => parallel.join.replace(Join { kind: self.join(child), span: place }).is_some(),
                Rule::siblings_c => {
                    let siblings = Siblings { finish: child.has(Rule::kw_finish), span: place };
                    parallel.on_failure.replace(siblings).is_some()
                }
                Rule::within_c => parallel.within.replace(self.expr_in(child)).is_some(),
                Rule::branch => {
                    let branch = self.deeper(1, place, |this| this.branch(child));
                    parallel.branches.extend(branch);
                    false
                }
                _ => false,
            };
            if twice {
                self.given_twice(child);
            }
        }
        parallel
    }

    /// A `parallel` of nothing.
    pub(crate) fn no_parallel(&self, keyword: Span, span: Span) -> Parallel {
        let (join, on_failure, within, branches, handlers) = (None, None, None, Vec::new(), Vec::new());
        Parallel { join, on_failure, within, branches, handlers, keyword, span }
    }

    fn join(&mut self, node: Cursor<'_>) -> JoinKind {
        if node.has(Rule::kw_all) {
            return JoinKind::All;
        }
        if node.has(Rule::kw_any) {
            return JoinKind::Any;
        }
        let mut numbers = node.children().filter(|child| child.rule() == Rule::number);
        match (numbers.next(), numbers.next()) {
            (Some(needed), Some(count)) => {
                JoinKind::Quorum { needed: self.number_expr(needed), count: self.number_expr(count) }
            }
            _ => JoinKind::Missing,
        }
    }

    fn number_expr(&mut self, node: Cursor<'_>) -> Expr {
        Expr { kind: self.number(node), span: self.span(node) }
    }

    pub(crate) fn branch(&mut self, node: Cursor<'_>) -> Branch {
        Branch { name: self.name_in(node), body: self.block_in(node), span: self.span(node) }
    }

    pub(crate) fn foreach(&mut self, node: Cursor<'_>) -> Foreach {
        let (body, handlers) = self.own_block(node);
        let mut foreach = Foreach {
            item: self.name_in(node),
            list: self.expr_in(node),
            keyed: None,
            limit: None,
            rate: None,
            failure: None,
            body,
            handlers,
            keyword: self.keyword(node, Rule::kw_foreach),
            span: self.span(node),
        };
        for clause in node.children() {
            if self.foreach_clause(clause, &mut foreach) {
                self.given_twice(clause);
            }
        }
        foreach
    }

    /// True when the clause stands for the second time.
    fn foreach_clause(&mut self, node: Cursor<'_>, foreach: &mut Foreach) -> bool {
        let span = self.span(node);
        match node.rule() {
            Rule::keyed_c => foreach.keyed.replace(self.expr_in(node)).is_some(),
            Rule::limit_f => foreach.limit.replace(self.expr_in(node)).is_some(),
            Rule::rate_c => {
                let mut exprs = self.exprs_in(node).into_iter();
                let mut next =
                    || exprs.next().unwrap_or(Expr { kind: ExprKind::Missing, span: span.after() });
                foreach.rate.replace(Rate { count: next(), window: next(), span }).is_some()
            }
            Rule::tolerate_c => {
                let percent = match node.child(Rule::number) {
                    Some(number) => self.number_expr(number),
                    None => Expr { kind: ExprKind::Missing, span: span.after() },
                };
                foreach.failure.replace(ItemFailure { tolerated_percent: Some(percent), span }).is_some()
            }
            Rule::stop_c => foreach.failure.replace(ItemFailure { tolerated_percent: None, span }).is_some(),
            _ => false,
        }
    }

    /// A body that may end with handlers of the construct around it.
    pub(crate) fn own_block(&mut self, node: Cursor<'_>) -> (Block, Vec<Handler>) {
        let Some(block) = node.child(Rule::own_block) else {
            return (Block { statements: Vec::new(), span: self.span(node).after() }, Vec::new());
        };
        (self.block(block), self.handlers(block))
    }

    fn handlers(&mut self, node: Cursor<'_>) -> Vec<Handler> {
        let span = self.span(node);
        let handlers = self.deeper(1, span, |this| {
            let handlers = node.children().filter(|child| child.rule() == Rule::handler);
            handlers.map(|handler| this.handler(handler)).collect()
        });
        handlers.unwrap_or_default()
    }

    pub(crate) fn repeat(&mut self, node: Cursor<'_>) -> Repeat {
        let mut exprs = self.exprs_in(node).into_iter();
        let span = self.span(node);
        let times = exprs.next().unwrap_or(Expr { kind: ExprKind::Missing, span: span.after() });
        let every = node.has(Rule::kw_every).then(|| exprs.next()).flatten();
        let until = node.has(Rule::kw_until).then(|| exprs.next()).flatten();
        let keyword = self.keyword(node, Rule::kw_repeat);
        Repeat { times, every, until, body: self.block_in(node), keyword, span }
    }

    pub(crate) fn await_construct(&mut self, node: Cursor<'_>) -> Await {
        let mut awaited = Await {
            kind: match () {
                () if node.has(Rule::kw_signal) => AwaitKind::Signal,
                () if node.has(Rule::kw_human) => AwaitKind::Human,
                () => AwaitKind::Missing,
            },
            name: self.await_name(node),
            ty: node.child(Rule::await_type).map(|ty| self.type_in(ty)),
            role: None,
            approvals: None,
            title: None,
            show: None,
            remind: None,
            escalations: Vec::new(),
            timeout: None,
            condition: None,
            handlers: Vec::new(),
            keyword: self.keyword(node, Rule::kw_await),
            span: self.span(node),
        };
        if let Some(options) = node.child(Rule::await_opts) {
            awaited.handlers = self.handlers(options);
            for option in options.children() {
                if self.await_option(option, &mut awaited) {
                    self.given_twice(option);
                }
            }
        }
        awaited
    }

    fn await_name(&self, node: Cursor<'_>) -> Name {
        self.name_in(node)
    }

    /// True when the option stands for the second time.
    fn await_option(&mut self, node: Cursor<'_>, awaited: &mut Await) -> bool {
        let span = self.span(node);
        match node.rule() {
            Rule::role_a => awaited.role.replace(self.expr_in(node)).is_some(),
            Rule::title_a => awaited.title.replace(self.expr_in(node)).is_some(),
            Rule::show_a => awaited.show.replace(self.expr_in(node)).is_some(),
            Rule::where_c => awaited.condition.replace(self.expr_in(node)).is_some(),
            Rule::approvals_a => {
                let mut exprs = self.exprs_in(node).into_iter();
                let Some(needed) = exprs.next() else { return false };
                awaited.approvals.replace(Approvals { needed, most: exprs.next(), span }).is_some()
            }
            Rule::remind_a => {
                let using = node.has(Rule::kw_using).then(|| self.call_in(node));
                awaited.remind.replace(Remind { every: self.expr_in(node), using, span }).is_some()
            }
            Rule::escalate_a => {
                let mut exprs = self.exprs_in(node).into_iter();
                if let (Some(after), Some(to)) = (exprs.next(), exprs.next()) {
                    awaited.escalations.push(Escalate { after, to, span });
                }
                false
            }
            Rule::timeout_a => self.await_timeout(node, span, awaited),
            _ => false,
        }
    }

    fn await_timeout(&mut self, node: Cursor<'_>, span: Span, awaited: &mut Await) -> bool {
        // The action may be missing behind its arrow, which then is the last token.
        let told = node.children().nth(2).is_some() || node.text().ends_with("->");
        let action = match told {
            true => self.deeper(1, span, |this| this.action_in(node)),
            false => None,
        };
        awaited.timeout.replace(AwaitTimeout { after: self.expr_in(node), action, span }).is_some()
    }

    pub(crate) fn wait(&mut self, node: Cursor<'_>) -> Wait {
        Wait { until: node.has(Rule::kw_until), time: self.expr_in(node), span: self.span(node) }
    }

    pub(crate) fn shield(&mut self, node: Cursor<'_>) -> Shield {
        let keyword = self.keyword(node, Rule::kw_shield);
        Shield { body: self.block_in(node), keyword, span: self.span(node) }
    }
}
