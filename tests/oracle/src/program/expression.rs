//! Small expressions over the numbers that are known at a place.

use wfl_sim::Random;

/// A number: a constant, a known one, or a sum of two.
pub(crate) fn number(random: &mut Random, known: &[String]) -> String {
    let one = |random: &mut Random| match random.pick(known) {
        Some(name) if random.below(4) > 0 => name.clone(),
        _ => random.below(10).to_string(),
    };
    if random.below(3) == 0 { format!("{} + {}", one(random), one(random)) } else { one(random) }
}

/// A condition over known numbers.
pub(crate) fn condition(random: &mut Random, known: &[String]) -> String {
    let operator = *random.pick(&["<", ">", "<=", "!="]).unwrap_or(&"<");
    format!("{} {operator} {}", number(random, known), 2 + random.below(6))
}

/// A length of time.
pub(crate) fn length(random: &mut Random) -> &'static str {
    random.pick(&["2s", "40s", "5m", "2h", "1d"]).copied().unwrap_or("5m")
}
