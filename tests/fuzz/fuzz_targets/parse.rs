//! Any text gives trees that lose nothing, by chunks and as a whole.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wfl_edits::campaign::Target;
use wfl_edits::property::{ALONE, Case};

fuzz_target!(|text: &str| {
    let case = Case { path: ALONE.to_owned(), text: text.to_owned() };
    if let Err(what) = Target::Parse.holds(&case) {
        panic!("{what}");
    }
});
