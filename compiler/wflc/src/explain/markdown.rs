//! A page of Markdown on a terminal: wrapped, with code set apart.

use crate::colour::paint;

const HEADING: &str = "1;4";
const CODE: &str = "36";
const DIM: &str = "2";
const ERROR: &str = "31";
const WARNING: &str = "33";

/// Draws Markdown for a terminal of so many columns.
pub(crate) fn draw(markdown: &str, width: usize, colour: bool) -> String {
    let mut page = Drawing { out: String::new(), paragraph: String::new(), width, colour };
    let mut fence: Option<&str> = None;
    for line in markdown.lines() {
        match (fence, line.strip_prefix("```")) {
            (None, Some(language)) => {
                page.end_paragraph();
                fence = Some(language);
            }
            (Some(_), Some(_)) => {
                page.out.push('\n');
                fence = None;
            }
            (Some(language), None) => page.code(language, line),
            (None, None) => page.prose(line),
        }
    }
    page.end_paragraph();
    page.out
}

struct Drawing {
    out: String,
    paragraph: String,
    width: usize,
    colour: bool,
}

impl Drawing {
    fn code(&mut self, language: &str, line: &str) {
        let style = match language {
            "text" if line.starts_with("error[") => ERROR,
            "text" if line.starts_with("warning[") => WARNING,
            "text" => DIM,
            _ => CODE,
        };
        let bar = paint(self.colour, DIM, "│");
        let line =
            if line.is_empty() { String::new() } else { format!(" {}", paint(self.colour, style, line)) };
        self.out.push_str(&format!("  {bar}{line}\n"));
    }

    fn prose(&mut self, line: &str) {
        let heading = line.trim_start_matches('#');
        if heading.len() < line.len() && heading.starts_with(' ') {
            self.end_paragraph();
            self.out.push_str(&format!("{}\n\n", paint(self.colour, HEADING, heading.trim())));
        } else if line.trim().is_empty() {
            self.end_paragraph();
        } else {
            if line.starts_with("* ") {
                self.end_item();
            }
            if !self.paragraph.is_empty() {
                self.paragraph.push(' ');
            }
            self.paragraph.push_str(line.trim());
        }
    }

    fn end_paragraph(&mut self) {
        if !self.paragraph.is_empty() {
            self.end_item();
            self.out.push('\n');
        }
    }

    /// Items of a list follow each other without a blank line.
    fn end_item(&mut self) {
        let text = std::mem::take(&mut self.paragraph);
        if text.is_empty() {
            return;
        }
        let (first, item) = match text.strip_prefix("* ") {
            Some(item) => ("  • ", item),
            None => ("  ", text.as_str()),
        };
        let rest = " ".repeat(first.chars().count());
        for (at, line) in wrap(item, self.width - rest.len()).iter().enumerate() {
            let indent = if at == 0 { first } else { &rest };
            self.out.push_str(&format!("{indent}{}\n", self.inline(line)));
        }
    }

    /// Code between backquotes.
    fn inline(&self, line: &str) -> String {
        let mut parts = line.split('`');
        let mut out = parts.next().unwrap_or_default().to_owned();
        for (at, part) in parts.enumerate() {
            if at % 2 == 0 && self.colour {
                out.push_str(&paint(true, CODE, part));
            } else if at % 2 == 0 {
                out.push_str(&format!("`{part}`"));
            } else {
                out.push_str(part);
            }
        }
        out
    }
}

/// Lines of at most `width` characters where words allow it. Blanks between backquotes hold, and of a link its text
/// stays.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut code = false;
    let held = text.chars().map(|letter| {
        code ^= letter == '`';
        if code && letter == ' ' { '\u{a0}' } else { letter }
    });
    let held: String = held.collect();
    for word in unlinked(&held).split(' ').filter(|word| !word.is_empty()) {
        let fits = |line: &String| line.chars().count() + 1 + word.chars().count() <= width;
        match lines.last_mut() {
            Some(line) if fits(line) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| line.replace('\u{a0}', " ")).collect()
}

/// `[text](address)` as `text`.
fn unlinked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        out.push_str(before);
        match link.split_once("](").and_then(|(text, behind)| Some((text, behind.split_once(')')?.1))) {
            Some((text, behind)) => {
                out.push_str(text);
                rest = behind;
            }
            None => {
                out.push('[');
                rest = link;
            }
        }
    }
    out + rest
}
