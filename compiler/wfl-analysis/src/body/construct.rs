//! Parallel, foreach and repeat: constructs that run blocks several times or side by side.

use wfl_ir::{Caught, Decimal, Expr, Label, Name, Value};
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast::{self, ExprKind, JoinKind};

use crate::body::catch::Outcomes;
use crate::body::flow::Flow;
use crate::body::state::{Body, Catcher, Frame, Recovery};
use crate::expr::Binding;
use crate::hir::{Block, Branch, Foreach, Join, Parallel, Repeat, Statement, Target};
use crate::ty::{Member, Ty, Typed};

/// The value of a construct and how sensitive it is.
type Worth = (Ty, Label);

/// Where the value of a construct goes.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    pub(crate) slot: u32,
    pub(crate) target: Target,
    /// Whether somebody takes the value.
    pub(crate) wanted: bool,
    /// The name that it is given.
    pub(crate) name: Option<&'p str>,
}

/// What a `foreach` does for an item.
struct Items {
    item: u32,
    key: Option<Expr>,
    target: Target,
    slot: u32,
    body: Block,
    frame: std::ops::Range<u32>,
}

impl Body<'_, '_> {
    pub(crate) fn parallel(&mut self, source: &ast::Parallel, place: Place<'_>) -> (Statement, Worth) {
        let name = self.construct_name(place.name, "parallel");
        let join = self.join(source);
        let within = source.within.as_ref().map(|limit| self.cx.check_as(limit, &Ty::Duration).expr);
        let before = self.flow;
        let mut caught = self.headers(&source.handlers, &[]);
        let absorbs = join != Join::All;
        let handles = caught.iter().flatten().copied().collect();
        let mut catcher = Catcher { handles, absorbs, ..Catcher::default() };
        let (mut branches, mut values, mut flows) = (Vec::new(), Vec::new(), Vec::new());
        let names = self.branch_names(source);
        for branch in &source.branches {
            self.flow = before;
            self.catchers.push(catcher);
            let wanted = place.wanted && (absorbs || !source.branches.is_empty());
            let (branch, worth) = self.branch(branch, wanted, absorbs);
            catcher = self.catchers.pop().unwrap_or_default();
            flows.push(std::mem::replace(&mut self.flow, Flow::dead()));
            values.push(worth);
            branches.push(branch);
        }
        let worth = self.joined(source, join, &names, values, place.wanted);
        self.expect_value(&worth, place);
        let outcomes = self.join_outcomes(join, within.is_some(), &catcher);
        self.check_possible(&source.handlers, &mut caught, &outcomes);
        self.recoveries.push(Recovery::new(place.target, place.slot, worth.0.clone(), worth.1));
        let handled = self.handler_bodies(&source.handlers, &caught, &before);
        let exits = self.recoveries.pop().map(|recovery| recovery.exits).unwrap_or_default();
        self.flow = Flow::together(before, &flows, join.needed(branches.len()));
        self.raise_join(join, within.is_some(), &caught, source);
        self.check_falling(&handled.falling, place.wanted, "parallel");
        self.go_on(handled.after, exits);
        let parallel = Parallel {
            name,
            target: place.target,
            join,
            finish: source.on_failure.is_some_and(|siblings| siblings.finish),
            within,
            branches,
            slot: place.slot,
            handlers: handled.handlers,
            span: source.keyword,
        };
        (Statement::Parallel(Box::new(parallel)), worth)
    }

    fn join(&mut self, source: &ast::Parallel) -> Join {
        let count = source.branches.len();
        if count == 0 {
            let diagnostic = Diagnostic::new(
                Code::E0230,
                "this `parallel` has no branches",
                source.keyword,
                "does nothing",
            );
            self.report(diagnostic.help("write `branch name { … }` in it"));
        }
        let Some(join) = &source.join else { return Join::All };
        match &join.kind {
            JoinKind::Missing | JoinKind::All => Join::All,
            JoinKind::Any => Join::Any,
            JoinKind::Quorum { needed, count: of } => {
                if let ExprKind::Int(written) = of.kind
                    && written != count as i64
                {
                    let title = format!("this `parallel` has {count} branches, not {written}");
                    let diagnostic = Diagnostic::new(Code::E0231, title, of.span, "does not fit");
                    self.report(diagnostic.fix(
                        format!("write `{count}`"),
                        of.span,
                        count.to_string(),
                        wfl_source::Applicability::Maybe,
                    ));
                }
                match needed.kind {
                    ExprKind::Int(needed) if (1..=count as i64).contains(&needed) => {
                        Join::Quorum(needed as u32)
                    }
                    _ => {
                        let title = match count {
                            1 => "there is one branch, so one can be needed".to_owned(),
                            count => format!("between 1 and {count} branches can be needed"),
                        };
                        self.report(Diagnostic::new(Code::E0231, title, needed.span, "never joined"));
                        Join::Quorum(1)
                    }
                }
            }
        }
    }

    fn branch_names(&mut self, source: &ast::Parallel) -> Vec<Name> {
        let mut names: Vec<(Name, Span)> = Vec::new();
        for branch in &source.branches {
            let name = Name::from(branch.name.text.as_str());
            if let Some((_, first)) = names.iter().find(|(earlier, _)| *earlier == name && !name.is_empty()) {
                let title = format!("two branches are called `{name}`");
                let diagnostic = Diagnostic::new(Code::E0202, title, branch.name.span, "the second one");
                self.report(diagnostic.label(*first, "the first one"));
            }
            names.push((name, branch.name.span));
        }
        names.into_iter().map(|(name, _)| name).collect()
    }

    fn branch(&mut self, source: &ast::Branch, wanted: bool, needs_value: bool) -> (Branch, Worth) {
        let slot = self.cx.new_slot();
        let target = self.open(Some(slot), None);
        self.frames.push(Frame::Branch);
        let body = self.scope(|this| this.block(&source.body));
        self.frames.pop();
        // Under `join all` a branch that yields nothing gives `unit`.
        let yields = self.targets.last().is_some_and(|open| open.found.is_some());
        let strict = wanted && (yields || needs_value);
        let worth = self.close_as("branch", source.name.span, strict);
        // A branch that should have yielded has been reported.
        let nothing = if strict { Ty::Unknown } else { Ty::Unit };
        let worth = if yields { worth } else { (nothing, Label::Public) };
        let name = Name::from(source.name.text.as_str());
        (Branch { name, target, slot, body }, worth)
    }

    /// The type of the whole out of those of its branches.
    fn joined(
        &mut self,
        source: &ast::Parallel,
        join: Join,
        names: &[Name],
        values: Vec<Worth>,
        wanted: bool,
    ) -> Worth {
        if join == Join::All {
            let members = names.iter().zip(values);
            let members = members.map(|(name, (ty, label))| Member { name: name.clone(), ty, label });
            return (Ty::Record(members.collect()), Label::Public);
        }
        let (mut ty, mut label) = (Ty::Unknown, Label::Public);
        for (branch, (value, marked)) in source.branches.iter().zip(values) {
            label = label.max(marked);
            if wanted && !value.is_unknown() {
                ty = match ty.is_unknown() {
                    true => value,
                    false => self.cx.join(&ty, &value, branch.name.span),
                };
            }
        }
        match join {
            Join::Any => (ty, label),
            _ => (Ty::List(Box::new(ty)), label),
        }
    }

    fn join_outcomes(&self, join: Join, within: bool, catcher: &Catcher) -> Outcomes {
        let mut others = vec![Caught::Cancelled];
        if join != Join::All {
            others.push(Caught::Shortfall);
        }
        if within && join == Join::All || catcher.happened.iter().any(|it| self.is_timeout(*it)) {
            others.push(Caught::Timeout);
        }
        let happened =
            if join == Join::All { catcher.happened.iter().copied().collect() } else { Vec::new() };
        let errors = happened.into_iter().map(|error| (error, None)).collect();
        Outcomes { owner: "this `parallel`".to_owned(), errors, others }
    }

    pub(crate) fn is_timeout(&self, error: u32) -> bool {
        self.cx.tables.predeclared("Timeout") == Some(error)
    }

    /// Lets up what the join itself may end with.
    fn raise_join(&mut self, join: Join, within: bool, caught: &[Option<Caught>], source: &ast::Parallel) {
        let takes = |wanted: Caught| caught.iter().flatten().any(|it| *it == wanted || *it == Caught::Any);
        let place = source.join.as_ref().map_or(source.keyword, |join| join.span);
        if join != Join::All {
            if !takes(Caught::Shortfall) && caught.iter().flatten().count() == source.handlers.len() {
                let title = "nothing handles `shortfall`";
                let diagnostic = Diagnostic::new(Code::E0401, title, place, "too few branches may succeed");
                self.report(
                    diagnostic
                        .note("branches may fail, or time may run out, before enough of them have an answer")
                        .help("add `on shortfall -> …` behind the branches"),
                );
            }
        } else if within && !takes(Caught::Timeout) {
            let timeout = self.cx.tables.predeclared("Timeout").map(|error| (error, None));
            let outcomes = Outcomes {
                owner: "a join with a time limit".to_owned(),
                errors: timeout.into_iter().collect(),
                others: Vec::new(),
            };
            self.raise_unhandled(&outcomes, caught, source.handlers.len(), place);
        }
    }

    /// Reports handlers of a construct that leave its value open.
    pub(crate) fn check_falling(&mut self, falling: &[Span], wanted: bool, word: &str) {
        if !wanted {
            return;
        }
        for handler in falling {
            let title = format!("this handler gives the `{word}` no value");
            let diagnostic = Diagnostic::new(Code::E0302, title, *handler, "goes on without a value");
            self.report(diagnostic.help("end it with `use value`, `yield value`, `return …` or `fail …`"));
        }
    }

    pub(crate) fn foreach(&mut self, source: &ast::Foreach, place: Place<'_>) -> (Statement, Worth) {
        let name = self.construct_name(place.name, "foreach");
        let list = self.cx.alone(|cx| cx.check(&source.list, None));
        let before = self.flow;
        let mut caught = self.headers(&source.handlers, &[]);
        let tolerated = self.tolerated(source);
        let (limit, rate) = (self.limit(source), self.rate(source));
        let handles = caught.iter().flatten().copied().collect();
        self.catchers.push(Catcher { handles, absorbs: tolerated.is_some(), ..Catcher::default() });
        let (items, keys, worth) = self.items(source, &list, place.wanted);
        let catcher = self.catchers.pop().unwrap_or_default();
        let after_body = std::mem::replace(&mut self.flow, Flow::dead());
        let worth = match tolerated {
            Some(_) => (Ty::Batch(Box::new(worth.0), keys), worth.1),
            None => (Ty::List(Box::new(worth.0)), worth.1),
        };
        self.expect_value(&worth, place);
        let outcomes = self.foreach_outcomes(source, tolerated.is_some(), &catcher);
        self.check_possible(&source.handlers, &mut caught, &outcomes);
        self.recoveries.push(Recovery::new(place.target, place.slot, worth.0.clone(), worth.1));
        let handled = self.handler_bodies(&source.handlers, &caught, &before);
        let exits = self.recoveries.pop().map(|recovery| recovery.exits).unwrap_or_default();
        // There may be no item at all.
        self.flow = before.join(after_body);
        let own = Outcomes { errors: self.own_errors(source, tolerated.is_some()), ..outcomes };
        self.raise_unhandled(&own, &caught, source.handlers.len(), source.keyword);
        self.check_falling(&handled.falling, place.wanted, "foreach");
        self.go_on(handled.after, exits);
        let Items { item, key, target, slot, body, frame } = items;
        let foreach = Foreach {
            name,
            target: place.target,
            list: list.expr,
            item,
            key,
            limit,
            rate,
            tolerated,
            body_target: target,
            body_slot: slot,
            body,
            frame,
            slot: place.slot,
            handlers: handled.handlers,
            span: source.keyword,
        };
        (Statement::Foreach(Box::new(foreach)), worth)
    }

    /// Checks what is done for an item, and tells how sensitive their keys are. Each item is a compensation scope and
    /// has slots of its own.
    fn items(&mut self, source: &ast::Foreach, list: &Typed, wanted: bool) -> (Items, Label, Worth) {
        let first_slot = self.cx.slots;
        let item = self.cx.new_slot();
        let names = self.cx.names.len();
        let ty = self.item_type(&list.ty, source.list.span);
        self.cx.bind(&source.item, Expr::Slot(item), ty, list.label, Some(Code::W0202));
        let (key, keys) = source.keyed.as_ref().map(|key| self.item_key(key)).unzip();
        let slot = self.cx.new_slot();
        let target = self.open(Some(slot), None);
        self.frames.push(Frame::Item);
        let body = self.scope(|this| this.block(&source.body));
        self.frames.pop();
        let yields = self.targets.last().is_some_and(|open| open.found.is_some());
        let worth = self.close_as("foreach", source.keyword, wanted && yields);
        self.release(names);
        let frame = first_slot..self.cx.slots;
        (
            Items { item, key, target, slot, body, frame },
            keys.unwrap_or_default(),
            if yields { worth } else { (Ty::Unit, Label::Public) },
        )
    }

    /// What handlers give must fit to what the construct gives.
    fn expect_value(&mut self, worth: &Worth, place: Place<'_>) {
        if let Some(open) = self.targets.last_mut().filter(|open| place.wanted && open.target == place.target)
        {
            open.hint = Some(worth.0.clone());
        }
    }

    fn item_type(&mut self, list: &Ty, span: Span) -> Ty {
        match self.cx.tables.base(list) {
            Ty::List(item) => (**item).clone(),
            Ty::Unknown => Ty::Unknown,
            _ => {
                let title = format!("`foreach` needs a list, not {}", self.cx.tables.show(list));
                let diagnostic = Diagnostic::new(Code::E0205, title, span, "has no items");
                self.report(match list {
                    Ty::Optional(_) => diagnostic.help("give a default first: `(value ?? [])`"),
                    Ty::Set(_) => diagnostic.help("a set has no order; make a list of it: `set.to_list()`"),
                    _ => diagnostic,
                });
                Ty::Unknown
            }
        }
    }

    fn item_key(&mut self, key: &ast::Expr) -> (Expr, Label) {
        let typed = self.cx.alone(|cx| cx.check(key, None));
        if !self.cx.tables.is_key(&typed.ty) {
            let title = format!("{} cannot tell items apart", self.cx.tables.show(&typed.ty));
            let diagnostic = Diagnostic::new(Code::E0205, title, key.span, "as a key");
            self.report(diagnostic.help("use a text, a number or a Uuid of the item"));
        }
        (typed.expr, typed.label)
    }

    fn tolerated(&mut self, source: &ast::Foreach) -> Option<Decimal> {
        let percent = source.failure.as_ref()?.tolerated_percent.as_ref()?;
        let number = match self.cx.constant(percent, &Ty::Decimal, "`tolerate`") {
            Some(Value::Decimal(number)) => number,
            _ => return Some(Decimal::ZERO),
        };
        if number > Decimal::from(100) {
            let title = "more than 100 % of the items cannot fail";
            self.report(Diagnostic::new(Code::E0214, title, percent.span, "not a share"));
        }
        Some(number)
    }

    fn limit(&mut self, source: &ast::Foreach) -> Option<u32> {
        let expr = source.limit.as_ref()?;
        self.count(expr, "`limit`")
    }

    /// A constant number of at least 1.
    pub(crate) fn count(&mut self, expr: &ast::Expr, what: &str) -> Option<u32> {
        match self.cx.constant(expr, &Ty::Int, what)? {
            Value::Int(count) if (1..=1_000_000).contains(&count) => Some(count as u32),
            _ => {
                let title = format!("{what} must be between 1 and 1,000,000");
                self.report(Diagnostic::new(Code::E0214, title, expr.span, "not such a number"));
                None
            }
        }
    }

    fn rate(&mut self, source: &ast::Foreach) -> Option<(u32, wfl_ir::Duration)> {
        let rate = source.rate.as_ref()?;
        let count = self.count(&rate.count, "`rate`");
        let window = self.cx.constant_duration(&rate.window, "the time behind `per`");
        Some((count?, window?))
    }

    /// What a `foreach` raises by itself.
    fn own_errors(&self, source: &ast::Foreach, tolerant: bool) -> Vec<(u32, Option<Span>)> {
        let tables = self.cx.tables;
        let duplicate = tables.predeclared("DuplicateKey").filter(|_| source.keyed.is_some());
        let too_many = tables.predeclared("TooManyFailures").filter(|_| tolerant);
        duplicate.into_iter().chain(too_many).map(|error| (error, None)).collect()
    }

    fn foreach_outcomes(&self, source: &ast::Foreach, tolerant: bool, catcher: &Catcher) -> Outcomes {
        let mut errors = self.own_errors(source, tolerant);
        let mut others = vec![Caught::Cancelled];
        if !tolerant {
            errors.extend(catcher.happened.iter().map(|error| (*error, None)));
            others.extend(catcher.happened.iter().any(|it| self.is_timeout(*it)).then_some(Caught::Timeout));
        }
        Outcomes { owner: "this `foreach`".to_owned(), errors, others }
    }

    pub(crate) fn repeat(&mut self, source: &ast::Repeat, place: Place<'_>) -> (Statement, Worth) {
        let name = self.construct_name(place.name, "repeat");
        let times = self.count(&source.times, "the number behind `up to`").unwrap_or(1);
        let every = source.every.as_ref().map(|every| self.cx.check_as(every, &Ty::Duration).expr);
        let first_slot = self.cx.slots;
        let round = self.cx.new_slot();
        let names = self.cx.names.len();
        self.predefine("round", Expr::Slot(round), Ty::Int, Label::Public, source.keyword);
        let target = self.open(Some(place.slot), None);
        self.frames.push(Frame::Round);
        let body = self.scope(|this| this.block(&source.body));
        self.frames.pop();
        let yields = self.targets.last().is_some_and(|open| open.found.is_some());
        let worth = self.close_as("repeat", source.keyword, yields && place.wanted);
        let worth = if yields { worth } else { (Ty::Unit, Label::Public) };
        let until = source.until.as_ref().map(|until| {
            if yields {
                self.predefine("value", Expr::Slot(place.slot), worth.0.clone(), worth.1, until.span);
            }
            self.cx.check_as(until, &Ty::Bool).expr
        });
        self.release(names);
        let frame = first_slot..self.cx.slots;
        let span = source.keyword;
        let repeat = Repeat { name, times, every, until, round, target, slot: place.slot, body, frame, span };
        (Statement::Repeat(Box::new(repeat)), worth)
    }

    /// Brings a name into sight that the language gives, which need not be used.
    pub(crate) fn predefine(&mut self, name: &str, place: Expr, ty: Ty, label: Label, span: Span) {
        let name = name.to_owned();
        self.cx.names.push(Binding { name, place, ty, label, span, used: true, unused: None });
    }
}

impl Join {
    /// How many branches must succeed.
    fn needed(self, branches: usize) -> usize {
        match self {
            Join::All => branches,
            Join::Any => 1,
            Join::Quorum(needed) => needed as usize,
        }
    }
}
