//! What a workflow asks of services: the contracts of the operations that both versions call. Here the workflow writes
//! arguments and reads results, and a worker of the old contract is on the other side.

use wfl_ir::{Effect, Expr, Operation};

use crate::compat::{Compare, Direction};
use crate::facets::retry;
use crate::graph::Pair;
use crate::model::Finding;
use crate::texts::{Texts, shortened};

/// All differences.
pub(crate) fn operations(pair: &Pair<'_>) -> Vec<Finding> {
    let (old, new) = (pair.old.plan, pair.new.plan);
    let mut found = Vec::new();
    for from in &old.operations {
        let Some(to) = new.operations.iter().find(|it| it.qualified() == from.qualified()) else { continue };
        let both = Both { pair, old: from, new: to, name: from.qualified() };
        both.data(&mut found);
        both.effect(&mut found);
        both.repetition(&mut found);
        both.times(&mut found);
    }
    found
}

/// Whether a call that was begun by the one contract can go on by the other: what it does, and what it is known by.
pub(crate) fn goes_on(pair: &Pair<'_>, old: &Operation, new: &Operation) -> bool {
    let both = Both { pair, old, new, name: String::new() };
    let key = |texts: &Texts<'_>, it: &Operation| {
        let key = it.idempotent.as_ref().map(|idempotent| both.expr(texts, it, &idempotent.key).0);
        (rank(&it.effect), it.at_most_once, key)
    };
    key(&pair.old, old) == key(&pair.new, new)
}

struct Both<'b, 'a> {
    pair: &'b Pair<'a>,
    old: &'b Operation,
    new: &'b Operation,
    name: String,
}

impl Both<'_, '_> {
    fn path(&self, part: &str) -> String {
        format!("{}.{part}", self.name)
    }

    fn data(&self, found: &mut Vec<Finding>) {
        let (old, new) = (self.pair.old.plan, self.pair.new.plan);
        let mut params = Compare::new(old.library(), new.library(), Direction::Out);
        params.fields(&self.name, &self.old.params, &self.new.params);
        // Workers let members pass that they do not know, so an optional one more does no harm.
        let is_new_optional = |it: &Finding| {
            let new = self.new.params.iter().find(|param| it.path == self.path(&param.name));
            let new = new.filter(|param| self.old.params.iter().all(|old| old.name != param.name));
            new.is_some_and(|param| self.pair.new.plan.library().may_be_absent(&param.ty))
        };
        for finding in params.findings {
            found.push(if is_new_optional(&finding) {
                Finding::fine(finding.path, finding.change, "workers let pass what they do not know")
            } else {
                Finding { why: finding.why.replace("readers", "workers"), ..finding }
            });
        }
        let mut result = Compare::new(old.library(), new.library(), Direction::In);
        result.types(&self.path("result"), (&self.old.result, None), (&self.new.result, None));
        found.append(&mut result.findings);
        let errors = |plan: &wfl_ir::Plan, raises: &[u32]| {
            let names = raises.iter().filter_map(|ty| plan.types.get(*ty as usize));
            names.map(|def| def.short_name().to_owned()).collect::<Vec<_>>()
        };
        let (was, is) = (errors(old, &self.old.raises), errors(new, &self.new.raises));
        for error in was.iter().filter(|error| !is.contains(error)) {
            let why = "a worker that still answers so stops the instance";
            found.push(Finding::breaking(self.path("raises"), format!("`{error}` is gone"), why));
        }
        for error in is.iter().filter(|error| !was.contains(error)) {
            let why = "workers may answer so, and need not";
            found.push(Finding::fine(self.path("raises"), format!("`{error}` is new"), why));
        }
    }

    fn effect(&self, found: &mut Vec<Finding>) {
        let (was, is) = (rank(&self.old.effect), rank(&self.new.effect));
        if was != is {
            let why = match (was.0 < is.0, is.1) {
                (true, _) => "a call does more to the world than before",
                (false, "read") => "a call may be repeated at will now",
                (false, _) => "what a call does is not undone any more, or is taken for less than it was",
            };
            let change = format!("was {}, is {}", was.1, is.1);
            found.push(Finding::breaking(self.path("effect"), change, why));
            return;
        }
        let undo = |texts: &Texts<'_>, operation: &Operation| match &operation.effect {
            Effect::Compensable { undo, args } => {
                let name = texts.plan.operations.get(*undo as usize).map(Operation::qualified);
                let args = args.iter().map(|(name, value)| {
                    let (text, name) = (self.expr(texts, operation, value), name.as_str());
                    (format!("{name}: {}", text.0), format!("{name}: {}", text.1))
                });
                let (keys, shows): (Vec<_>, Vec<_>) = args.unzip();
                let name = name.unwrap_or_default();
                (format!("{name}({})", keys.join(", ")), format!("{name}({})", shows.join(", ")))
            }
            _ => Default::default(),
        };
        let (was, is) = (undo(&self.pair.old, self.old), undo(&self.pair.new, self.new));
        if was.0 != is.0 {
            let change = format!("undone by `{}`, was `{}`", is.1, was.1);
            let why = "effects that are there already keep their old undo";
            found.push(Finding::fine(self.path("undo"), change, why));
        }
    }

    fn expr(&self, texts: &Texts<'_>, operation: &Operation, expr: &Expr) -> (String, String) {
        let mut locals: Vec<String> = operation.params.iter().map(|it| it.name.to_string()).collect();
        locals.push("result".to_owned());
        // Keys speak of parameters by their names, as their numbers may have changed.
        let text = texts.text(expr, &locals);
        let mut key = text.key;
        for (at, name) in locals.iter().enumerate().rev() {
            key = key.replace(&format!("x{at}"), &format!("@{name}"));
        }
        (key, text.show)
    }

    /// What keeps a repeated or a lost call from doing harm.
    fn repetition(&self, found: &mut Vec<Finding>) {
        let key = |texts: &Texts<'_>, operation: &Operation| {
            operation.idempotent.as_ref().map(|it| self.expr(texts, operation, &it.key))
        };
        let path = self.path("idempotent by");
        match (key(&self.pair.old, self.old), key(&self.pair.new, self.new)) {
            (Some(was), None) => {
                let why = "a repeated call may have its effect twice";
                found.push(Finding::breaking(path, format!("is gone; was `{}`", was.1), why));
            }
            (None, Some(is)) => {
                let why = "a repeated call is known as one";
                found.push(Finding::fine(path, format!("is new: `{}`", is.1), why));
            }
            (Some(was), Some(is)) if was.0 != is.0 => {
                let why = "a call that is repeated by another key is another call";
                found.push(Finding::breaking(path, format!("was `{}`, is `{}`", was.1, is.1), why));
            }
            _ => {}
        }
        let window = |it: &Operation| it.idempotent.as_ref().map(|it| it.window.to_string());
        if let (Some(was), Some(is)) = (window(self.old), window(self.new)) {
            self.value(found, "key window", Some(was), Some(is), "how long keys are remembered");
        }
        self.confirmation(found);
        if self.old.at_most_once != self.new.at_most_once {
            let change = if self.new.at_most_once { "is new" } else { "is gone" };
            found.push(Finding::fine(self.path("at most once"), change, "whether a call may be tried again"));
        }
    }

    /// How a lost answer is looked up.
    fn confirmation(&self, found: &mut Vec<Finding>) {
        let confirm = |texts: &Texts<'_>, it: &Operation| {
            let confirm = it.confirm.as_ref()?;
            let name = texts.plan.operations.get(confirm.operation as usize).map(Operation::qualified);
            let name = name.unwrap_or_default();
            let after = confirm.after.map(|after| format!(" after {after}")).unwrap_or_default();
            let args = confirm.args.iter().map(|(name, value)| (name, self.expr(texts, it, value)));
            let (keys, shows): (Vec<String>, Vec<String>) =
                args.map(|(name, (key, show))| (format!("{name}: {key}"), format!("{name}: {show}"))).unzip();
            let whole = |args: Vec<String>| format!("{name}({}){after}", args.join(", "));
            Some((whole(keys), whole(shows)))
        };
        let path = self.path("confirm with");
        let finding = match (confirm(&self.pair.old, self.old), confirm(&self.pair.new, self.new)) {
            (Some(was), None) => {
                let why = "what became of a lost answer cannot be looked up any more";
                Finding::breaking(path, format!("is gone; was {}", was.1), why)
            }
            (None, Some(is)) => {
                Finding::fine(path, format!("is new: {}", is.1), "a lost answer is looked up")
            }
            (Some(was), Some(is)) if was.0 != is.0 => {
                let change = format!("was {}, is {}", was.1, is.1);
                Finding::fine(path, change, "a lost answer is looked up in another way")
            }
            _ => return,
        };
        found.push(finding);
    }

    fn times(&self, found: &mut Vec<Finding>) {
        let (old, new) = (self.old, self.new);
        let text = |time: Option<wfl_ir::Duration>| time.map(|time| time.to_string());
        let why = "how long is waited, and how often is tried";
        self.value(found, "timeout", text(Some(old.timeout)), text(Some(new.timeout)), why);
        self.value(found, "timeout total", text(old.total), text(new.total), why);
        self.value(found, "timeout queue", text(old.queue), text(new.queue), why);
        self.value(found, "heartbeat", text(old.heartbeat), text(new.heartbeat), why);
        self.value(found, "retry", Some(retry(old.retry)), Some(retry(new.retry)), why);
        self.value(found, "undo retry", old.undo_retry.map(retry), new.undo_retry.map(retry), why);
    }

    fn value(
        &self,
        found: &mut Vec<Finding>,
        part: &str,
        was: Option<String>,
        is: Option<String>,
        why: &str,
    ) {
        if was != is {
            let change = match (was, is) {
                (Some(was), Some(is)) => format!("was {}, is {}", shortened(&was), shortened(&is)),
                (Some(was), None) => format!("is gone; was {}", shortened(&was)),
                (None, is) => format!("is new: {}", shortened(&is.unwrap_or_default())),
            };
            found.push(Finding::fine(self.path(part), change, why));
        }
    }
}

/// The graver the effect, the greater the number.
fn rank(effect: &Effect) -> (u8, &'static str) {
    match effect {
        Effect::Read => (0, "read"),
        Effect::Write => (1, "write"),
        Effect::Compensable { .. } => (2, "compensable"),
        Effect::Irreversible => (3, "irreversible"),
    }
}
