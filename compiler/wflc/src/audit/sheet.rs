//! Lines of a report: entries, facts and rows, aligned and wrapped, with places at the right edge.

use wfl_compiler::audit::Place;

use crate::colour::paint;

/// How things are painted, as ANSI styles.
pub(crate) const PLAIN: &str = "0";
pub(crate) const HEAD: &str = "1";
pub(crate) const FAINT: &str = "2";
pub(crate) const ALARM: &str = "1;31";
pub(crate) const NOTICE: &str = "33";
pub(crate) const CALM: &str = "36";

/// The names of facts are so wide.
const FACT: usize = 12;
/// Less room than this for a text pushes its place to a line of its own.
const NARROW: usize = 28;

/// A column in front of a text.
pub(crate) struct Cell<'t> {
    pub(crate) text: &'t str,
    pub(crate) width: usize,
    pub(crate) style: &'static str,
}

/// A report that grows line by line.
pub(crate) struct Sheet {
    lines: Vec<String>,
    colour: bool,
    width: usize,
}

impl Sheet {
    pub(crate) fn new(colour: bool, width: usize) -> Sheet {
        Sheet { lines: Vec::new(), colour, width }
    }

    /// All lines.
    pub(crate) fn finish(self) -> Vec<String> {
        self.lines
    }

    pub(crate) fn blank(&mut self) {
        self.lines.push(String::new());
    }

    /// The headline of the whole.
    pub(crate) fn title(&mut self, text: &str) {
        let text = visible(text);
        self.lines.push(paint(self.colour, HEAD, &text));
    }

    /// The headline of a section, with how much there is. An empty one says what was looked for.
    pub(crate) fn section(&mut self, title: &str, count: usize, none: &str) {
        self.blank();
        let count_text = paint(self.colour, FAINT, &count.to_string());
        self.lines.push(format!("{}  {count_text}", paint(self.colour, HEAD, title)));
        if count == 0 {
            self.lines.push(format!("  {}", paint(self.colour, FAINT, none)));
        }
    }

    /// The first line about a thing.
    pub(crate) fn entry(&mut self, name: &str, style: &'static str, at: Option<&Place>) {
        self.blank();
        self.lay(&[], 2, (name, style), at);
    }

    /// Something about the thing above. Without a name it goes on with the fact before.
    pub(crate) fn fact(&mut self, name: &str, text: &str, style: &'static str, at: Option<&Place>) {
        self.lay(&[Cell { text: name, width: FACT, style: FAINT }], 4, (text, style), at);
    }

    /// A line of a table.
    pub(crate) fn row(&mut self, cells: &[Cell<'_>], text: (&str, &'static str), at: Option<&Place>) {
        self.lay(cells, 2, text, at);
    }

    fn lay(&mut self, cells: &[Cell<'_>], indent: usize, text: (&str, &'static str), at: Option<&Place>) {
        let start = indent + cells.iter().map(|cell| cell.width).sum::<usize>();
        let place = at.map(shown).unwrap_or_default();
        let reserved = if place.is_empty() { 0 } else { place.chars().count() + 2 };
        let beside = self.width.saturating_sub(start + reserved);
        let room = if beside < NARROW { self.width.saturating_sub(start) } else { beside };
        let alone = beside < NARROW && !place.is_empty();
        let wrapped = wrap(&visible(text.0), room.max(1));
        let last = wrapped.len().saturating_sub(1);
        for (at, line) in wrapped.iter().enumerate() {
            let mut out = " ".repeat(indent);
            for cell in cells {
                let word = if at == 0 { visible(cell.text) } else { String::new() };
                let pad = " ".repeat(cell.width.saturating_sub(word.chars().count()));
                out.push_str(&self.painted(cell.style, &word));
                out.push_str(&pad);
            }
            out.push_str(&self.painted(text.1, line));
            if at == 0 && !alone && !place.is_empty() {
                let used = start + line.chars().count() + place.chars().count();
                out.push_str(&" ".repeat(self.width.saturating_sub(used).max(2)));
                out.push_str(&self.painted(FAINT, &place));
            }
            self.lines.push(out.trim_end().to_owned());
            if at == last && alone {
                let pad = " ".repeat(self.width.saturating_sub(place.chars().count()));
                self.lines.push(format!("{pad}{}", self.painted(FAINT, &place)));
            }
        }
    }

    fn painted(&self, style: &str, text: &str) -> String {
        if text.is_empty() || style == PLAIN { text.to_owned() } else { paint(self.colour, style, text) }
    }
}

fn shown(place: &Place) -> String {
    visible(&format!("{}:{}", place.file, place.line))
}

/// Words in lines of this width; a word that is longer has a line of its own. There is one line at least.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let used = line.chars().count();
        if used > 0 && used + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// The text with signs that would change what is seen of it written out: a report shows what is there, whatever the
/// program says to the terminal.
pub(crate) fn visible(text: &str) -> String {
    let hides = |sign: char| {
        (sign.is_control() && !sign.is_whitespace())
            || matches!(sign, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars()
        .map(|sign| if hides(sign) { sign.escape_unicode().to_string() } else { sign.to_string() })
        .collect()
}
