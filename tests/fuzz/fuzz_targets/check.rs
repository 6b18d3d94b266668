//! Any text is compiled to an end, twice with the same result, and its reports can be shown.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wfl_edits::campaign::Target;
use wfl_edits::property::{ALONE, Case};

fuzz_target!(|text: &str| {
    let case = Case { path: ALONE.to_owned(), text: text.to_owned() };
    if let Err(what) = Target::Check.holds(&case) {
        panic!("{what}");
    }
});
