//! Functions on text.

use std::cell::RefCell;
use std::collections::BTreeMap;

use regex::Regex;
use wfl_ir::Value;

use crate::fault::Fault;

/// The largest compiled pattern, in bytes.
const PATTERN_LIMIT: usize = 1 << 20;
/// How many compiled patterns a thread keeps.
const KEPT: usize = 256;

thread_local! {
    // A pattern is compiled once per thread: it takes a thousand times as long as a match.
    static PATTERNS: RefCell<BTreeMap<String, Regex>> = const { RefCell::new(BTreeMap::new()) };
}

/// True when the whole text fits the pattern. Linear in the text.
pub(super) fn matches(text: &str, pattern: &str) -> Result<Value, Fault> {
    PATTERNS.with_borrow_mut(|patterns| {
        if let Some(regex) = patterns.get(pattern) {
            return Ok(Value::Bool(regex.is_match(text)));
        }
        let whole = format!("\\A(?:{pattern})\\z");
        let regex = regex::RegexBuilder::new(&whole)
            .size_limit(PATTERN_LIMIT)
            .build()
            .map_err(|_| Fault::Text(format!("`{pattern}` is not a regular expression")))?;
        let fits = regex.is_match(text);
        if patterns.len() >= KEPT {
            patterns.clear();
        }
        patterns.insert(pattern.to_owned(), regex);
        Ok(Value::Bool(fits))
    })
}
