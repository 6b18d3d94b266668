//! Any text is laid out once and for all, and stays the same program.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wfl_edits::campaign::Target;
use wfl_edits::property::{ALONE, Case};

fuzz_target!(|text: &str| {
    let case = Case { path: ALONE.to_owned(), text: text.to_owned() };
    if let Err(what) = Target::Format.holds(&case) {
        panic!("{what}");
    }
});
