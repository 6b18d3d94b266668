//! Functions on text and bytes.

use std::cell::RefCell;
use std::collections::BTreeMap;

use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use regex::Regex;
use wfl_ir::{Builtin, Value};

use crate::builtin::argument::{Answer, Context};
use crate::builtin::sepa::to_sepa;
use crate::fault::Fault;
use crate::limit;

/// The largest compiled pattern, in bytes.
const PATTERN_LIMIT: usize = 1 << 20;
/// The longest pattern, in bytes.
const PATTERN_TEXT: usize = 4096;
/// What compiling a pattern costs at most, as fuel. The first use in an evaluation pays it, whether the thread has the
/// pattern already or not: fuel must not depend on what ran before.
const PATTERN_COST: u64 = 20_000;
/// How many compiled patterns a thread keeps.
const KEPT: usize = 256;

thread_local! {
    // A pattern is compiled once per thread: it takes a thousand times as long as a match.
    static PATTERNS: RefCell<BTreeMap<String, Regex>> = const { RefCell::new(BTreeMap::new()) };
}

pub(crate) fn call(function: Builtin, arguments: &[Value], context: &mut dyn Context) -> Answer {
    use Value::{Bytes as B, Int as N, String as S};
    let truth = |truth: bool| Ok(Value::Bool(truth));
    let text = |text: &str| Ok(Value::text(text));
    let made = |text: String| limit::text_of(text.len()).map(|()| Value::text(text));
    Some(match (function, arguments) {
        (Builtin::Matches, [S(text), S(pattern)]) => matches(text, pattern, context),
        (Builtin::Contains, [S(text), S(part)]) => truth(text.contains(part.as_str())),
        (Builtin::StartsWith, [S(text), S(part)]) => truth(text.starts_with(part.as_str())),
        (Builtin::EndsWith, [S(text), S(part)]) => truth(text.ends_with(part.as_str())),
        (Builtin::IsDigits, [S(text)]) => truth(is_digits(text)),
        (Builtin::Trim, [S(whole)]) => text(whole.trim()),
        (Builtin::Upper, [S(text)]) => made(text.to_uppercase()),
        (Builtin::Lower, [S(text)]) => made(text.to_lowercase()),
        (Builtin::Split, [S(text), S(separator)]) => split(text, separator, context),
        (Builtin::Join, [Value::List(parts), S(separator)]) => join(parts, separator, context)?,
        (Builtin::Replace, [S(text), S(old), S(new)]) => replace(text, old, new, context),
        (Builtin::Slice, [S(whole), N(from), N(to)]) => text(slice(whole, place(*from), place(*to))),
        (Builtin::Left, [S(whole), N(n)]) => text(slice(whole, 0, place(*n))),
        (Builtin::Right, [S(whole), N(n)]) => {
            let length = whole.chars().count();
            text(slice(whole, length.saturating_sub(place(*n)), length))
        }
        (Builtin::PadLeft, [S(text), N(width), S(fill)]) => {
            padding(text, *width, fill, context).map(|padding| Value::text(format!("{padding}{text}")))
        }
        (Builtin::PadRight, [S(text), N(width), S(fill)]) => {
            padding(text, *width, fill, context).map(|padding| Value::text(format!("{text}{padding}")))
        }
        (Builtin::ParseInt, [S(text)]) => Ok(parse_int(text).map_or(Value::None, Value::Int)),
        (Builtin::ParseDecimal, [S(text)]) => Ok(text.parse().map_or(Value::None, Value::Decimal)),
        (Builtin::ToText, [value]) => made(value.to_string()),
        (Builtin::ToSepa, [S(text)]) => to_sepa(text, context),
        (Builtin::ToBytes, [S(text)]) => Ok(B(text.as_bytes().to_vec().into())),
        (Builtin::FromUtf8, [B(bytes)]) => Ok(std::str::from_utf8(bytes).map_or(Value::None, Value::text)),
        (Builtin::ToHex, [B(bytes)]) => made(HEXLOWER.encode(bytes)),
        (Builtin::ParseHex, [S(text)]) => Ok(bytes(HEXLOWER_PERMISSIVE.decode(text.as_bytes()))),
        (Builtin::ParseBase64, [S(text)]) => {
            Ok(parse_base64(text).map_or(Value::None, |bytes| Value::Bytes(bytes.into())))
        }
        _ => return None,
    })
}

/// The bytes of base64 with padding: RFC 4648, section 4, where padding ends the text.
pub(crate) fn parse_base64(text: &str) -> Option<Vec<u8>> {
    let padding = text.find('=').map_or(0, |at| text.len() - at);
    if padding > 2 { None } else { BASE64.decode(text.as_bytes()).ok() }
}

/// True when the whole text fits the pattern. Linear in the text.
fn matches(text: &str, pattern: &str, context: &mut dyn Context) -> Result<Value, Fault> {
    let unfit = || Fault::Text(format!("`{pattern}` is not a regular expression"));
    if context.is_new(pattern) {
        context.spend(PATTERN_COST)?;
    }
    if pattern.len() > PATTERN_TEXT {
        return Err(Fault::Text(format!("a pattern has no more than {PATTERN_TEXT} bytes")));
    }
    // The worst case of a linear matcher: each byte of the text against each part of the pattern.
    context.spend(text.len() as u64 / 256 * pattern.len() as u64)?;
    PATTERNS.with_borrow_mut(|patterns| {
        if let Some(regex) = patterns.get(pattern) {
            return Ok(Value::Bool(regex.is_match(text)));
        }
        let whole = format!("\\A(?:{pattern})\\z");
        let built = regex::RegexBuilder::new(&whole).size_limit(PATTERN_LIMIT).build();
        let regex = built.map_err(|_| unfit())?;
        let fits = regex.is_match(text);
        if patterns.len() >= KEPT {
            patterns.clear();
        }
        patterns.insert(pattern.to_owned(), regex);
        Ok(Value::Bool(fits))
    })
}

/// One or more ASCII digits.
pub(crate) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn split(text: &str, separator: &str, context: &mut dyn Context) -> Result<Value, Fault> {
    let parts: Vec<&str> = if separator.is_empty() {
        text.char_indices().map(|(at, c)| &text[at..at + c.len_utf8()]).take(limit::MAX_ITEMS + 1).collect()
    } else {
        text.split(separator).take(limit::MAX_ITEMS + 1).collect()
    };
    limit::list_of(parts.len())?;
    context.spend(parts.len() as u64)?;
    Ok(Value::list(parts.into_iter().map(Value::text)))
}

fn join(parts: &[Value], separator: &str, context: &mut dyn Context) -> Answer {
    let parts = parts.iter().map(|part| match part {
        Value::String(part) => Some(part.as_str()),
        _ => None,
    });
    let parts = parts.collect::<Option<Vec<_>>>()?;
    let size = parts.iter().map(|part| part.len()).sum::<usize>();
    let size = size.saturating_add(separator.len().saturating_mul(parts.len().saturating_sub(1)));
    let paid = limit::text_of(size).and_then(|()| context.spend(size as u64 / 16));
    Some(paid.map(|()| Value::text(parts.join(separator))))
}

fn replace(text: &str, old: &str, new: &str, context: &mut dyn Context) -> Result<Value, Fault> {
    // An empty text would be found between all characters.
    if old.is_empty() {
        return Ok(Value::text(text));
    }
    let found = text.matches(old).count();
    let size = text.len().saturating_add(found.saturating_mul(new.len()));
    limit::text_of(size)?;
    context.spend(size as u64 / 16)?;
    Ok(Value::text(text.replace(old, new)))
}

/// A place in a text; negative ones are the beginning.
fn place(n: i64) -> usize {
    usize::try_from(n.max(0)).unwrap_or(usize::MAX)
}

/// The characters from one place up to another, as far as they are there.
fn slice(text: &str, from: usize, to: usize) -> &str {
    let at = |place: usize| text.char_indices().nth(place).map_or(text.len(), |(at, _)| at);
    let (from, to) = (at(from), at(to));
    if from < to { &text[from..to] } else { "" }
}

fn padding(text: &str, width: i64, fill: &str, context: &mut dyn Context) -> Result<String, Fault> {
    let missing = place(width).saturating_sub(text.chars().count());
    if missing == 0 {
        return Ok(String::new());
    }
    let Some(widest) = fill.chars().map(char::len_utf8).max() else {
        return Err(Fault::Text("a text is padded with at least one character".into()));
    };
    let size = missing.saturating_mul(widest);
    limit::text_of(size.saturating_add(text.len()))?;
    context.spend(size as u64)?;
    Ok(fill.chars().cycle().take(missing).collect())
}

/// Digits with an optional minus sign, in 64 bits.
fn parse_int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    is_digits(digits).then(|| text.parse().ok()).flatten()
}

fn bytes(decoded: Result<Vec<u8>, data_encoding::DecodeError>) -> Value {
    decoded.map_or(Value::None, |bytes| Value::Bytes(bytes.into()))
}
