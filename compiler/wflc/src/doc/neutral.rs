//! Documentation as Markdown from which nothing can run, wherever it is rendered.
//!
//! What begins a tag is written as an entity, outside of code; links and pictures that lead elsewhere than to the web or
//! to other pages are no links any more. That may change what the rest means, so the text is read again until nothing is
//! left to do.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

/// Makes one line of text out of it, for a cell of a table or behind other words.
pub(crate) fn line(markdown: &str) -> String {
    let one = markdown.split_whitespace().collect::<Vec<_>>().join(" ");
    // Behind a word nothing begins a block.
    without_harm("x ", one)
}

/// Several paragraphs, with an end of code that has none: what follows on the page is no part of it.
pub(crate) fn block(markdown: &str) -> String {
    let mut text = without_harm("", markdown.trim().to_owned());
    if let Some(fence) = open_fence(&text) {
        text = format!("{text}\n{fence}");
    }
    // Whatever else is open, nothing in it is a tag.
    if open_fence(&text).is_some() { text.replace('<', "&lt;") } else { text }
}

fn without_harm(before: &str, text: String) -> String {
    let mut text = format!("{before}{text}");
    loop {
        let places = harmful(&text);
        if places.is_empty() {
            return text.split_off(before.len());
        }
        for at in places.into_iter().rev() {
            match text[at..].starts_with('<') {
                true => text.replace_range(at..=at, "&lt;"),
                false => text.insert(at, '\\'),
            }
        }
    }
}

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH
}

/// Where tags begin that are not in code, and links that lead where they should not.
fn harmful(text: &str) -> Vec<usize> {
    let parser = Parser::new_ext(text, options());
    // They count for all of a page, so they need not be used here.
    let definitions =
        parser.reference_definitions().iter().map(|(_, it)| (it.dest.to_string(), it.span.start));
    let mut places: Vec<usize> =
        definitions.filter(|(address, _)| has_other_scheme(address)).map(|(_, at)| at).collect();
    let mut inert: Vec<Range<usize>> = Vec::new();
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Code(_) | Event::Start(Tag::CodeBlock(_)) => inert.push(range),
            Event::Start(Tag::Link { link_type: LinkType::Autolink | LinkType::Email, dest_url, .. })
                if !has_other_scheme(&dest_url) =>
            {
                inert.push(range);
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. })
                if has_other_scheme(&dest_url) =>
            {
                places.extend(text[range.clone()].find('[').map(|at| range.start + at));
            }
            _ => {}
        }
    }
    let is_tag = |at: usize| {
        text[at + 1..].starts_with(|next: char| next.is_ascii_alphabetic() || "/!?".contains(next))
            && !inert.iter().any(|code| code.contains(&at))
    };
    places.extend(text.match_indices('<').map(|(at, _)| at).filter(|at| is_tag(*at)));
    places.sort_unstable();
    places.dedup();
    places
}

/// Whether an address begins with a scheme, as browsers see it, that is none of the web.
fn has_other_scheme(address: &str) -> bool {
    let seen: String = address.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let begin = seen.split(['/', '?', '#']).next().unwrap_or_default();
    match begin.split_once(':') {
        Some((scheme, _)) => !["https", "http", "mailto"].iter().any(|it| it.eq_ignore_ascii_case(scheme)),
        None => false,
    }
}

/// The fence of a block of code that goes on behind the text.
fn open_fence(text: &str) -> Option<String> {
    let longer = format!("{text}\n\nx");
    let mut open = None;
    for (event, range) in Parser::new_ext(&longer, options()).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => {
                let fence = longer[range].chars();
                let first = fence.clone().next()?;
                open = Some(fence.take_while(|c| *c == first).collect());
            }
            // Only code that takes all there is ends behind the last word.
            Event::End(TagEnd::CodeBlock) if range.end < longer.len() => open = None,
            _ => {}
        }
    }
    open
}
