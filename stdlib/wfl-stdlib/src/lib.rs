//! The modules of `std`: their WFL texts, embedded.
//!
//! What the evaluator computes itself (`percent`, `is_iban`, the retry policies) is declared by the compiler for
//! the module that documents it here; everything else is ordinary WFL.

/// One module of the standard library.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StdModule {
    /// Its path, for example `std.money`.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

const MODULES: [StdModule; 4] = [
    StdModule { path: "std.iso", text: include_str!("../std/iso.wfl") },
    StdModule { path: "std.money", text: include_str!("../std/money.wfl") },
    StdModule { path: "std.prelude", text: include_str!("../std/prelude.wfl") },
    StdModule { path: "std.retry", text: include_str!("../std/retry.wfl") },
];

/// All modules, ordered by path.
pub fn modules() -> &'static [StdModule] {
    &MODULES
}

/// The module with this path.
pub fn module(path: &str) -> Option<StdModule> {
    MODULES.into_iter().find(|module| module.path == path)
}
