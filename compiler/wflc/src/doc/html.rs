//! The documentation as HTML: pages that need nothing else, with a search over all names.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::json;
use wfl_compiler::book::{Book, Entry, Kind, Look, Page, Part, Text, summary};
use wfl_ir::schema::Deprecated;

use crate::doc::place::{file_of, link};
use crate::doc::prose;

const ENDING: &str = "html";
const STYLE: &str = include_str!("page.css");
const SEARCH: &str = include_str!("search.js");
/// Nothing is fetched, from nowhere.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// All files, the index first.
pub(crate) fn files(book: &Book) -> Vec<(String, String)> {
    let names = names(book);
    let shell = Shell { book, names: &names };
    let mut files = vec![(format!("index.{ENDING}"), shell.page(&book.name, None, index(book)))];
    files.extend(book.pages.iter().map(|page| {
        let title = format!("{} · {}", page.path, book.name);
        (file_of(&page.path, ENDING), shell.page(&title, Some(page), content(page)))
    }));
    files
}

/// All names for the search, as JSON that can stand in a script.
fn names(book: &Book) -> String {
    let mut all = Vec::new();
    for page in &book.pages {
        all.push(json!([page.path, "module", "", file_of(&page.path, ENDING), summary(&page.docs)]));
        for entry in page.entries.iter().flat_map(|entry| std::iter::once(entry).chain(&entry.inner)) {
            let href = format!("{}#{}", file_of(&page.path, ENDING), entry.anchor);
            all.push(json!([entry.name, entry.kind.word(), page.path, href, summary(&entry.docs)]));
        }
    }
    json!(all)
        .to_string()
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// What all pages have in common.
struct Shell<'b> {
    book: &'b Book,
    names: &'b str,
}

impl Shell<'_> {
    fn page(&self, title: &str, current: Option<&Page>, content: Markup) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    title { (title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    aside { (self.side(current)) }
                    main id="main" { (content) }
                    script id="names" type="application/json" { (PreEscaped(self.names)) }
                    script { (PreEscaped(SEARCH)) }
                }
            }
        };
        page.into_string()
    }

    fn side(&self, current: Option<&Page>) -> Markup {
        html! {
            a.brand href=(format!("index.{ENDING}")) { (self.book.name) }
            div.search {
                input id="search" type="search" placeholder="Search   /" aria-label="Search all names"
                    autocomplete="off" spellcheck="false" aria-controls="found";
                ol id="found" hidden {}
            }
            nav aria-label="Modules" {
                (self.modules(current, false, "Modules"))
                (self.modules(current, true, "Standard library"))
            }
        }
    }

    fn modules(&self, current: Option<&Page>, standard: bool, heading: &str) -> Markup {
        let is_here = |page: &Page| current.is_some_and(|current| current.path == page.path);
        let pages: Vec<&Page> = self.book.pages.iter().filter(|page| page.standard == standard).collect();
        html! {
            @if !pages.is_empty() {
                h2 { (heading) }
                ul.modules {
                    @for page in pages {
                        li {
                            a href=(file_of(&page.path, ENDING)) aria-current=[is_here(page).then_some("page")] {
                                (page.path)
                            }
                            @if is_here(page) { (contents(page)) }
                        }
                    }
                }
            }
        }
    }
}

/// What the page of a module holds.
fn contents(page: &Page) -> Markup {
    html! {
        @for kind in Kind::ALL {
            @if page.of_kind(kind).next().is_some() {
                h3 { (kind.heading()) }
                ul.contents {
                    @for entry in page.of_kind(kind) {
                        li {
                            a.gone[entry.deprecated.is_some()] href=(format!("#{}", entry.anchor)) { (entry.name) }
                        }
                    }
                }
            }
        }
    }
}

fn index(book: &Book) -> Markup {
    let pages = |standard: bool| -> Vec<&Page> {
        book.pages.iter().filter(|page| page.standard == standard).collect()
    };
    html! {
        header.top { h1 { (book.name) } }
        @for (standard, heading) in [(false, "Modules"), (true, "Standard library")] {
            @if !pages(standard).is_empty() {
                h2 { (heading) }
                div.cards {
                    @for page in pages(standard) {
                        a.card href=(file_of(&page.path, ENDING)) {
                            strong { (page.path) }
                            p { (PreEscaped(prose::plain(&summary(&page.docs)))) }
                            small { (counts(page)) }
                        }
                    }
                }
            }
        }
    }
}

/// `1 workflow · 3 services`.
fn counts(page: &Page) -> String {
    let count = |kind: &Kind| {
        let count = page.of_kind(*kind).count();
        (count > 0).then(|| crate::render::count(count, kind.word()))
    };
    Kind::ALL.iter().filter_map(count).collect::<Vec<_>>().join(" · ")
}

fn content(page: &Page) -> Markup {
    html! {
        header.top {
            p.eyebrow { "module" }
            h1 { (page.path) }
            div.prose.lead { (docs(page, &page.docs)) }
        }
        @for kind in Kind::ALL {
            @if page.of_kind(kind).next().is_some() {
                h2 id=(kind.heading().to_lowercase()) { (kind.heading()) }
                @for entry in page.of_kind(kind) { (self::entry(page, entry)) }
            }
        }
    }
}

fn docs(page: &Page, markdown: &str) -> Markup {
    PreEscaped(prose::html(markdown, &page.path, &page.names))
}

fn entry(page: &Page, entry: &Entry) -> Markup {
    let name = html! {
        span class=(format!("kind {}", entry.kind.word())) { (entry.kind.word()) }
        " "
        span.gone[entry.deprecated.is_some()] { (entry.name) }
        " "
        a.here href=(format!("#{}", entry.anchor)) aria-label=(format!("Link to {}", entry.name)) { "#" }
    };
    html! {
        article class=(entry.kind.word()) id=(entry.anchor) {
            @if entry.kind == Kind::Operation { h4 { (name) } } @else { h3 { (name) } }
            (deprecated(entry.deprecated.as_ref()))
            @if entry.kind != Kind::Service { pre.signature { code { (text(page, &entry.signature)) } } }
            @if !entry.docs.is_empty() { div.prose { (docs(page, &entry.docs)) } }
            (facts(page, entry))
            (parts(page, entry))
            @if let Some(graph) = &entry.graph {
                figure { div.drawing style=(least(graph)) { (PreEscaped(graph)) } figcaption { "The graph of " (entry.name) } }
            }
            @for inner in &entry.inner { (self::entry(page, inner)) }
        }
    }
}

/// How small a drawing may become before one has to scroll, so that its words can be read.
fn least(svg: &str) -> String {
    let width = svg.split_once(" width=\"").and_then(|(_, rest)| rest.split_once('"'));
    let width = width.and_then(|(width, _)| width.parse::<f64>().ok()).unwrap_or_default();
    format!("--least: {:.0}px", width * 0.7)
}

fn deprecated(deprecated: Option<&Deprecated>) -> Markup {
    html! {
        @if let Some(deprecated) = deprecated { p.deprecated { (PreEscaped(prose::plain(&deprecated.sentence()))) } }
    }
}

fn facts(page: &Page, entry: &Entry) -> Markup {
    html! {
        @if !entry.facts.is_empty() {
            dl.facts {
                @for (name, value) in &entry.facts {
                    dt { (name) }
                    dd { (text(page, value)) }
                }
            }
        }
    }
}

/// The parts of which the signature does not say all.
fn parts(page: &Page, entry: &Entry) -> Markup {
    let says_more =
        |part: &Part| !part.docs.is_empty() || part.deprecated.is_some() || !part.parts.is_empty();
    html! {
        @if entry.parts.iter().any(says_more) {
            table.parts {
                @for part in entry.parts.iter().filter(|part| says_more(part)) {
                    (row(page, part, ""))
                    @for inner in &part.parts { (row(page, inner, &format!("{}.", part.name))) }
                }
            }
        }
    }
}

fn row(page: &Page, part: &Part, owner: &str) -> Markup {
    html! {
        tr {
            th scope="row" { code.gone[part.deprecated.is_some()] { (owner) (part.name) } }
            td {
                (deprecated(part.deprecated.as_ref()))
                div.prose { (docs(page, &part.docs)) }
            }
        }
    }
}

fn text(page: &Page, text: &Text) -> Markup {
    html! {
        @for piece in &text.0 {
            @match &piece.link {
                Some(target) => { a href=(link(&page.path, target, ENDING)) { (piece.text) } }
                None => @match class(piece.look) {
                    Some(class) => span class=(class) { (piece.text) },
                    None => (piece.text),
                }
            }
        }
    }
}

fn class(look: Look) -> Option<&'static str> {
    match look {
        Look::Plain => None,
        Look::Keyword => Some("keyword"),
        Look::Name => Some("name"),
        Look::Type => Some("type"),
        Look::Code => Some("code"),
        Look::Label => Some("label"),
    }
}
