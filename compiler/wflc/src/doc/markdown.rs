//! The documentation as Markdown: an index and a page for each module, with pictures beside them.

use std::fmt::Write as _;

use wfl_compiler::book::{Book, Entry, Kind, Look, Page, Part, Text, summary};

use crate::doc::neutral;
use crate::doc::place::{file_of, link};

const ENDING: &str = "md";

/// All files, the index first.
pub(crate) fn files(book: &Book) -> Vec<(String, String)> {
    let mut files = vec![(format!("index.{ENDING}"), index(book))];
    for page in &book.pages {
        files.push((file_of(&page.path, ENDING), page_text(page)));
        let drawn =
            page.entries.iter().filter_map(|entry| Some((picture(page, entry), entry.graph.clone()?)));
        files.extend(drawn);
    }
    files
}

fn picture(page: &Page, entry: &Entry) -> String {
    format!("{}.{}.svg", page.path, entry.name)
}

fn index(book: &Book) -> String {
    let mut out = format!("# {}\n", prose(&book.name));
    for (standard, heading) in [(false, "Modules"), (true, "Standard library")] {
        let pages: Vec<&Page> = book.pages.iter().filter(|page| page.standard == standard).collect();
        if pages.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n## {heading}\n\n| module | |\n|---|---|");
        for page in pages {
            let _ = writeln!(
                out,
                "| [`{}`]({}) | {} |",
                page.path,
                file_of(&page.path, ENDING),
                cell(&neutral::line(&summary(&page.docs)))
            );
        }
    }
    out
}

fn page_text(page: &Page) -> String {
    let mut out = format!("# {}\n", prose(&page.path));
    paragraph(&mut out, &page.docs);
    for kind in Kind::ALL {
        let mut entries = page.of_kind(kind).peekable();
        if entries.peek().is_some() {
            let _ = writeln!(out, "\n## {}", kind.heading());
        }
        entries.for_each(|entry| self::entry(&mut out, page, entry, "###"));
    }
    out
}

fn entry(out: &mut String, page: &Page, entry: &Entry, heading: &str) {
    let _ = writeln!(out, "\n<a id=\"{}\"></a>\n\n{heading} {}", entry.anchor, entry.name);
    if let Some(deprecated) = &entry.deprecated {
        let _ = writeln!(out, "\n**{}**", neutral::line(&deprecated.sentence()));
    }
    // A service says nothing but its name.
    if entry.kind != Kind::Service {
        let signature = entry.signature.plain();
        let fence = "`".repeat(longest_run(&signature).max(2) + 1);
        let _ = writeln!(out, "\n{fence}wfl\n{signature}\n{fence}");
    }
    paragraph(out, &entry.docs);
    if !entry.facts.is_empty() {
        let _ = writeln!(out, "\n| | |\n|---|---|");
        for (name, text) in &entry.facts {
            let _ = writeln!(out, "| {name} | {} |", inline(page, text));
        }
    }
    parts(out, page, entry);
    if entry.graph.is_some() {
        let _ = writeln!(out, "\n![The graph of {}]({})", entry.name, picture(page, entry));
    }
    entry.inner.iter().for_each(|inner| self::entry(out, page, inner, "####"));
}

fn parts(out: &mut String, page: &Page, entry: &Entry) {
    if entry.parts.is_empty() {
        return;
    }
    let what = match entry.kind {
        Kind::Enum => "variant",
        Kind::Operation | Kind::Function | Kind::Workflow => "parameter",
        _ => "field",
    };
    let _ = writeln!(out, "\n| {what} | | |\n|---|---|---|");
    for part in &entry.parts {
        part_row(out, page, part, "");
        part.parts.iter().for_each(|inner| part_row(out, page, inner, &format!("{}.", part.name)));
    }
}

fn part_row(out: &mut String, page: &Page, part: &Part, owner: &str) {
    let deprecated = part.deprecated.as_ref();
    let deprecated = deprecated.map(|it| format!("**{}** ", cell(&neutral::line(&it.sentence()))));
    let deprecated = deprecated.unwrap_or_default();
    let docs = cell(&neutral::line(&part.docs));
    let _ = writeln!(
        out,
        "| `{owner}{}` | {} | {} |",
        part.name,
        shape(page, &part.shape),
        format!("{deprecated}{docs}").trim()
    );
}

fn paragraph(out: &mut String, docs: &str) {
    if !docs.trim().is_empty() {
        let _ = writeln!(out, "\n{}", neutral::block(docs));
    }
}

/// Text for a cell of a table, on one line.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// A text with links, for a cell of a table.
fn inline(page: &Page, text: &Text) -> String {
    let mut out = String::new();
    for piece in &text.0 {
        match (&piece.link, piece.look) {
            (Some(target), _) => {
                let _ = write!(out, "[`{}`]({})", cell(&piece.text), link(&page.path, target, ENDING));
            }
            (None, Look::Plain) => out.push_str(&prose(&piece.text)),
            (None, _) => out.push_str(&code(&piece.text)),
        }
    }
    out.trim().to_owned()
}

/// A type with its rule: all that is no link is code.
fn shape(page: &Page, text: &Text) -> String {
    let (mut out, mut run) = (String::new(), String::new());
    for piece in &text.0 {
        match &piece.link {
            Some(target) => {
                out.push_str(&code(&std::mem::take(&mut run)));
                let _ = write!(out, "[`{}`]({})", cell(&piece.text), link(&page.path, target, ENDING));
            }
            None => run.push_str(&piece.text),
        }
    }
    out.push_str(&code(&run));
    out.trim().to_owned()
}

/// Words that are no Markdown.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for c in with_edges(text).chars() {
        match c {
            // Not every renderer knows `\<`.
            '<' => out.push_str("&lt;"),
            '*' | '_' | '[' | ']' | '`' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// Code, with the blanks at its ends outside of it.
fn code(text: &str) -> String {
    let inside = cell(text);
    let marked = match inside.as_str() {
        "" => return with_edges(text),
        inside if inside.contains('`') => {
            let fence = "`".repeat(longest_run(inside) + 1);
            format!("{fence} {inside} {fence}")
        }
        inside => format!("`{inside}`"),
    };
    with_edges(text).replacen(&inside, &marked, 1)
}

/// How many backticks stand side by side at most.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// A piece on one line, which keeps the blanks at its ends.
fn with_edges(text: &str) -> String {
    let inside = cell(text);
    let blank = |at_end: bool| {
        let edge = if at_end { text.chars().next_back() } else { text.chars().next() };
        if edge.is_some_and(char::is_whitespace) && !inside.is_empty() { " " } else { "" }
    };
    if inside.is_empty() && !text.is_empty() {
        " ".to_owned()
    } else {
        format!("{}{inside}{}", blank(false), blank(true))
    }
}
