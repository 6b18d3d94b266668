//! The reference against sets of outcomes that were worked out by hand from the semantics' text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wfl_compiler::{Memory, compile};
use wfl_ir::{Fields, Name, Value};

use crate::interpret::{Allowed, Messages, Outcomes, outcomes};
use crate::story::{Ending, Event, Outcome};
use crate::world::World;

const HEAD: &str = "
error Denied
service Shop {
  operation take(key: String) -> Unit { effect compensable by give(key: key) idempotent by \"{workflow.key}/{key}\" }
  operation give(key: String) -> Unit { effect write idempotent by key }
  operation note(key: String) -> Unit { effect write idempotent by \"{workflow.key}/{key}\" }
  operation send(key: String) -> Unit { effect irreversible idempotent by \"{workflow.key}/{key}\" confirm with sent(key: key) after 2m }
  operation sent(key: String) -> Unit? { effect read }
}
workflow Main(id: String) -> Int
  version 1
  key id
  raises Denied, Timeout, TooManyFailures, DuplicateKey
{
";

const CALM: Allowed = Allowed { faults: false, late: false, stops: false, deadline: false, keeps: false };
const STOPS: Allowed = Allowed { stops: true, ..CALM };

/// All outcomes of a body.
fn all(body: &str, allowed: Allowed) -> Vec<Outcome> {
    let compilation = compile(&Memory::new([("main.wfl", format!("{HEAD}{body}}}"))]));
    assert!(!compilation.has_errors(), "{:#?}", compilation.diagnostics);
    let plans: BTreeMap<_, _> =
        compilation.workflows.iter().map(|it| (it.hash, Arc::new(it.plan.clone()))).collect();
    let plan = Arc::new(compilation.workflows[0].plan.clone());
    let args = Fields::new([(Name::from("id"), Value::text("k"))]);
    let (world, messages) = (World::new(1, 0), Messages::default());
    let of = Outcomes { plans: &plans, plan: &plan, args: &args, world, allowed, messages: &messages };
    let found = outcomes(&of, 10_000);
    assert!(!found.is_empty(), "it comes to something");
    found
}

/// The outcomes as short texts: the end, and each effect with `+` if it is there, `-` if it was undone.
fn short(body: &str, allowed: Allowed) -> BTreeSet<String> {
    let text = |outcome: &Outcome| {
        let end = match &outcome.ending {
            Ending::Completed(value) => format!("{value:?}"),
            Ending::Failed(error, _) => error.to_string(),
            other => format!("{other:?}"),
        };
        let mut effects: Vec<String> = outcome
            .effects
            .iter()
            .map(|effect| {
                let sign = if format!("{:?}", effect.state) == "Undone" { "-" } else { "+" };
                let Some(Value::String(key)) = effect.args.get("key") else { unreachable!("each has a key") };
                format!("{sign}{key}")
            })
            .collect();
        effects.sort();
        format!("{end} {}", effects.join(" "))
    };
    all(body, allowed).iter().map(text).collect()
}

fn comes_to(body: &str, allowed: Allowed, wanted: &[&str]) {
    let wanted: BTreeSet<String> = wanted.iter().map(|it| (*it).to_owned()).collect();
    assert_eq!(short(body, allowed), wanted, "{body}");
}

#[test]
fn what_is_owed_is_undone_in_reverse() {
    let body = "step a = Shop.take(key: \"a\") step b = Shop.take(key: \"b\") rollback fail Denied";
    comes_to(body, CALM, &["Denied -a -b"]);
    for outcome in all(body, CALM) {
        assert!(outcome.before.contains(&(Event::Done(0), Event::Done(1))));
        assert!(outcome.before.contains(&(Event::Undone(1), Event::Undone(0))));
    }
    // Side by side there is no order.
    let saga = "saga s compensating parallel { step a = Shop.take(key: \"a\") step b = Shop.take(key: \"b\") rollback }
        return 1";
    comes_to(saga, CALM, &["1 -a -b"]);
    assert!(!all(saga, CALM)[0].before.contains(&(Event::Undone(1), Event::Undone(0))));
}

#[test]
fn a_cancellation_comes_anywhere_and_undoes_everything() {
    let body = "step a = Shop.take(key: \"a\") step n = Shop.note(key: \"n\") step b = Shop.take(key: \"b\") return 1";
    let wanted = ["1 +a +b +n", "Cancelled ", "Cancelled -a", "Cancelled +n -a", "Cancelled +n -a -b"];
    comes_to(body, STOPS, &wanted);
}

#[test]
fn behind_the_point_of_no_return_and_a_commit_things_stay() {
    let pivot = "step a = Shop.take(key: \"a\") pivot step s = Shop.send(key: \"s\") return 1";
    comes_to(pivot, STOPS, &["1 +a +s", "Cancelled ", "Cancelled -a"]);
    let commit = "step a = Shop.take(key: \"a\") commit step b = Shop.take(key: \"b\") rollback fail Denied";
    comes_to(commit, CALM, &["Denied +a -b"]);
}

#[test]
fn a_shield_is_done_as_a_whole_or_not_at_all() {
    let body = "shield { step a = Shop.note(key: \"a\") step b = Shop.note(key: \"b\") } step c = Shop.note(key: \"c\")
        return 1";
    comes_to(body, STOPS, &["1 +a +b +c", "Cancelled ", "Cancelled +a +b", "Cancelled +a +b +c"]);
}

#[test]
fn the_first_branch_that_fails_ends_a_join_of_all() {
    let body = "let p = parallel join all {
        branch a { step a = Shop.take(key: \"a\") yield 1 } branch b { if id == \"k\" { fail Denied } yield 2 }
        on Denied -> { commit return 3 } } return p.a + p.b";
    // The other one may have begun, and is undone then before the handler is entered.
    comes_to(body, CALM, &["3 ", "3 -a"]);
    let finish = body.replace("join all {", "join all on failure finish {");
    comes_to(&finish, CALM, &["3 -a"]);
}

#[test]
fn losers_are_undone() {
    let body = "let p = parallel join any {
        branch a { step a = Shop.take(key: \"a\") yield 1 } branch b { step b = Shop.take(key: \"b\") yield 2 }
        on shortfall -> use 3 } return p";
    comes_to(body, CALM, &["1 +a", "1 +a -b", "2 +b", "2 +b -a"]);
    let short = "let p = parallel join 2 of 2 {
        branch a { step a = Shop.take(key: \"a\") yield 1 } branch b { if id == \"k\" { fail Denied } yield 2 }
        on shortfall as got -> { rollback return 10 + got.count } } return p.count()";
    comes_to(short, CALM, &["10 ", "10 -a", "11 -a"]);
}

#[test]
fn items_that_fail_are_undone_before_they_count() {
    let body = |share: &str| {
        format!(
            "let f = foreach i in [1, 2] tolerate {share}% {{
            step s = Shop.take(key: \"{{i}}\") if i == 1 {{ commit_ }} yield i
            on TooManyFailures as t -> {{ rollback return 10 + t.failed }} }}
            return f.ok.sum() + 100 * f.errors.count()"
        )
        .replace("commit_", "rollback fail Denied")
    };
    comes_to(&body("50"), CALM, &["102 +2 -1"]);
    comes_to(&body("0"), CALM, &["11 -1", "11 -1 -2"]);
}

#[test]
fn a_saga_hands_its_debts_outwards_and_its_handlers_come_after_its_undoing() {
    let outwards =
        "saga s { step a = Shop.take(key: \"a\") } step b = Shop.take(key: \"b\") rollback return 1";
    comes_to(outwards, CALM, &["1 -a -b"]);
    let handled = "step z = Shop.take(key: \"z\") let g = saga s { step a = Shop.take(key: \"a\")
        if id == \"k\" { rollback fail Denied } yield 1 on Denied -> yield 2 } return g";
    comes_to(handled, CALM, &["2 +z -a"]);
}
