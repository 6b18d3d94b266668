//! Documentation in Markdown becomes HTML that can be trusted.
//!
//! HTML in it is shown as text, links lead to addresses of the web only, and pictures become links: nothing is fetched
//! when a page is opened, and nothing on it runs.

use std::collections::BTreeMap;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html::push_html};
use wfl_compiler::book::Target;

use crate::doc::place::link;

/// The documentation of a thing on the page of a module. `names` are linked where they stand as code.
pub(crate) fn html(markdown: &str, module: &str, names: &BTreeMap<String, Target>) -> String {
    let mut out = String::new();
    let mut links: Vec<bool> = Vec::new();
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    let events = events.filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Link { .. } | Tag::Image { .. }) | Event::End(TagEnd::Link | TagEnd::Image) => {
            linked(event, &mut links)
        }
        Event::Start(Tag::Heading { level, .. }) => {
            Some(Event::Start(Tag::Heading { level: lower(level), id: None, classes: vec![], attrs: vec![] }))
        }
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(lower(level)))),
        Event::Code(text) if links.is_empty() => Some(code(text, module, names)),
        other => Some(other),
    });
    push_html(&mut out, events);
    out
}

/// One line of documentation without links, for where a link stands around it.
pub(crate) fn plain(markdown: &str) -> String {
    let mut out = String::new();
    let kept = Parser::new(markdown).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Text(_) | Event::Code(_) => Some(event),
        Event::SoftBreak | Event::HardBreak => Some(Event::Text(" ".into())),
        _ => None,
    });
    push_html(&mut out, kept);
    out
}

/// A link that may stay, or none; pictures are links.
fn linked<'e>(event: Event<'e>, open: &mut Vec<bool>) -> Option<Event<'e>> {
    match event {
        Event::Start(
            Tag::Link { link_type, dest_url, title, id } | Tag::Image { link_type, dest_url, title, id },
        ) => {
            // A link in a link is none.
            let keep = leads_to_the_web(&dest_url) && open.is_empty();
            open.push(keep);
            keep.then_some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        _ => open.pop().filter(|kept| *kept).map(|_| Event::End(TagEnd::Link)),
    }
}

fn leads_to_the_web(address: &str) -> bool {
    ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| address.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)))
}

/// Below the headings that the page has itself.
fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H4,
        HeadingLevel::H2 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}

fn code<'e>(text: CowStr<'e>, module: &str, names: &BTreeMap<String, Target>) -> Event<'e> {
    match names.get(&*text) {
        Some(target) => {
            let href = link(module, target, "html");
            Event::InlineHtml(
                format!("<a href=\"{}\"><code>{}</code></a>", escape(&href), escape(&text)).into(),
            )
        }
        None => Event::Code(text),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
