//! The modules of `std`: their WFL texts, embedded.
//!
//! A function without a value is computed by the evaluator; everything else is ordinary WFL. The names of
//! `std.prelude` are known everywhere without an import.

/// One module of the standard library.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StdModule {
    /// Its path, for example `std.money`.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

const MODULES: [StdModule; 14] = [
    StdModule { path: "std.calendar", text: include_str!("../std/calendar.wfl") },
    StdModule { path: "std.hash", text: include_str!("../std/hash.wfl") },
    StdModule { path: "std.http", text: include_str!("../std/http.wfl") },
    StdModule { path: "std.id", text: include_str!("../std/id.wfl") },
    StdModule { path: "std.iso", text: include_str!("../std/iso.wfl") },
    StdModule { path: "std.json", text: include_str!("../std/json.wfl") },
    StdModule { path: "std.list", text: include_str!("../std/list.wfl") },
    StdModule { path: "std.map", text: include_str!("../std/map.wfl") },
    StdModule { path: "std.money", text: include_str!("../std/money.wfl") },
    StdModule { path: "std.prelude", text: include_str!("../std/prelude.wfl") },
    StdModule { path: "std.redact", text: include_str!("../std/redact.wfl") },
    StdModule { path: "std.retry", text: include_str!("../std/retry.wfl") },
    StdModule { path: "std.text", text: include_str!("../std/text.wfl") },
    StdModule { path: "std.time", text: include_str!("../std/time.wfl") },
];

/// All modules, ordered by path.
pub fn modules() -> &'static [StdModule] {
    &MODULES
}

/// The module with this path.
pub fn module(path: &str) -> Option<StdModule> {
    MODULES.into_iter().find(|module| module.path == path)
}
