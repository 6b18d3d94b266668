//! Where the engine is known to differ from the semantics, in the smallest form, with what it should come to.
//!
//! When a test here fails, the engine has been mended: move the program to `mended.rs`, with the opposite claim, and take
//! away what the reference allows because of it, at the place that the test names.

use wfl_ir::{Fields, Name, Value};
use wfl_oracle::program::Program;
use wfl_oracle::{Trial, World};
use wfl_sim::{EffectState, Fault, Rates, Setup};

const WIRE: &str = "
service Shop {
  operation wire(key: String) -> Int { effect compensable by unwire(key: key) confirm with wired(key: key) after 2m }
  operation unwire(key: String) -> Unit { effect write idempotent by key }
  operation wired(key: String) -> Int? { effect read }
}
workflow Main(id: String, n: Int) -> Int version 1 key id { step a = Shop.wire(key: \"a\") wait 1d rollback return 1 }
";

/// A call without a key is found absent and made again, and then both calls are carried out after all. Each success that
/// the engine is told of is undone (semantics 9.6). But when the first one's comes while the second call is in doubt, the
/// step goes on with it, and nobody asks what became of the second call; `confirm with` could not tell the two apart,
/// either. If no answer to the second call comes, what it did stays.
#[test]
fn a_late_success_hides_the_attempt_that_is_in_doubt() {
    let trial = Trial::of(Program { declarations: WIRE.to_owned(), workflows: Vec::new() }).unwrap();
    let args = Fields::new([(Name::from("id"), Value::text("k")), (Name::from("n"), Value::Int(0))]);
    let stays = |late: u32| {
        (0..1_000).find(|seed| {
            let rates = Rates::none().with(Fault::RequestLost, 200_000).with(Fault::LateAnswer, late);
            let setup = Setup { rates, quiet_after: 40, ..Setup::plain(*seed) };
            let (mut sim, _) = trial.started(setup, World::new(*seed, 0), &args);
            sim.run();
            sim.books().entries().iter().any(|entry| entry.state == EffectState::Done)
        })
    };
    assert_eq!(stays(0), None, "what is not late is undone");
    assert!(stays(60_000).is_some(), "mended: neither `Reference::came_too_late` nor `HIDDEN` need allow it");
}
