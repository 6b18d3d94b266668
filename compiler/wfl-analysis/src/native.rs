//! What the evaluator and the runtime know by themselves, and the module that each of it belongs to.

use wfl_ir::Builtin;

/// Something that no module declares in WFL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Native {
    /// A function.
    Function(Builtin),
    /// The policy `exponential(initial:, cap:, attempts:)`.
    Exponential,
    /// The policy `forever(every:)`.
    Forever,
}

/// Known everywhere without an import.
const PRELUDE: [(&str, Builtin); 6] = [
    ("contains", Builtin::Contains),
    ("first", Builtin::First),
    ("is_empty", Builtin::IsEmpty),
    ("length", Builtin::Length),
    ("matches", Builtin::Matches),
    ("uuid", Builtin::Uuid),
];

/// Only behind a dot.
const METHODS: [(&str, Builtin); 2] = [("at_least", Builtin::AtLeast), ("at_most", Builtin::AtMost)];

const IN_MODULES: [(&str, &str, Native); 4] = [
    ("std.iso", "is_iban", Native::Function(Builtin::IsIban)),
    ("std.money", "percent", Native::Function(Builtin::Percent)),
    ("std.retry", "exponential", Native::Exponential),
    ("std.retry", "forever", Native::Forever),
];

/// The natives that a module exports.
pub(crate) fn of_module(module: &str) -> impl Iterator<Item = (&'static str, Native)> {
    IN_MODULES.into_iter().filter(move |entry| entry.0 == module).map(|(_, name, native)| (name, native))
}

/// The module from which a native has to be imported.
pub(crate) fn home(name: &str) -> Option<&'static str> {
    IN_MODULES.into_iter().find(|entry| entry.1 == name).map(|entry| entry.0)
}

/// A function that needs no import.
pub(crate) fn prelude(name: &str) -> Option<Builtin> {
    PRELUDE.into_iter().find(|entry| entry.0 == name).map(|entry| entry.1)
}

/// A function that may be called behind a dot without an import.
pub(crate) fn method(name: &str) -> Option<Builtin> {
    METHODS.into_iter().find(|entry| entry.0 == name).map(|entry| entry.1).or_else(|| prelude(name))
}

/// The names of the prelude, for suggestions.
pub(crate) fn prelude_names() -> impl Iterator<Item = &'static str> {
    PRELUDE.into_iter().map(|entry| entry.0)
}

/// The names of all methods, for suggestions.
pub(crate) fn method_names() -> impl Iterator<Item = &'static str> {
    METHODS.into_iter().map(|entry| entry.0).chain(prelude_names())
}
