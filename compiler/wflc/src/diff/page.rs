//! Lines of a report: columns that line up, texts that are broken before they get too wide.

use crate::colour::paint;

/// So wide are lines at most.
const WIDTH: usize = 100;

/// A report that grows line by line.
pub(crate) struct Page {
    colour: bool,
    pub(crate) lines: Vec<String>,
}

/// A text with a style; an empty style leaves it as it is.
#[derive(Clone, Copy)]
pub(crate) struct Styled<'t>(pub(crate) &'static str, pub(crate) &'t str);

impl Page {
    pub(crate) fn new(colour: bool) -> Page {
        Page { colour, lines: Vec::new() }
    }

    fn styled(&self, text: Styled<'_>) -> String {
        if text.0.is_empty() || text.1.is_empty() {
            return text.1.to_owned();
        }
        paint(self.colour, text.0, text.1)
    }

    /// An empty line, unless it is the first.
    pub(crate) fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    /// A line of several texts.
    pub(crate) fn line(&mut self, indent: usize, texts: &[Styled<'_>]) {
        let texts: Vec<String> = texts.iter().map(|text| self.styled(*text)).collect();
        self.lines.push(format!("{:indent$}{}", "", texts.join(" ")).trim_end().to_owned());
    }

    /// A sign, a name and a text that is broken into lines below its beginning. A name that is too long for its column has
    /// a line of its own.
    pub(crate) fn row(&mut self, sign: Styled<'_>, name: (Styled<'_>, usize), text: Styled<'_>) {
        let (name, width) = name;
        let column = 4 + 2 + width + 2;
        let head = format!("    {} {}", self.styled(sign), self.styled(name));
        let wide = name.1.chars().count() > width;
        let pad = " ".repeat(width.saturating_sub(name.1.chars().count()) + 2);
        let mut wrapped = wrap(text.1, WIDTH.saturating_sub(column)).into_iter();
        if wide || text.1.is_empty() {
            self.lines.push(head);
        } else if let Some(first) = wrapped.next() {
            let first = self.styled(Styled(text.0, &first));
            self.lines.push(format!("{head}{pad}{first}"));
        }
        for more in wrapped {
            let more = self.styled(Styled(text.0, &more));
            self.lines.push(format!("{:column$}{more}", ""));
        }
    }

    /// A text below the texts of rows, behind a mark.
    pub(crate) fn below(&mut self, width: usize, mark: &str, text: Styled<'_>) {
        let column = 4 + 2 + width + 2;
        let hang = mark.chars().count();
        for (number, part) in wrap(text.1, WIDTH.saturating_sub(column + hang)).into_iter().enumerate() {
            let mark = if number == 0 { mark.to_owned() } else { " ".repeat(hang) };
            let part = self.styled(Styled(text.0, &format!("{mark}{part}")));
            self.lines.push(format!("{:column$}{part}", ""));
        }
    }
}

/// The text in lines that are not wider, if its words are not.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The width of a column: that of the widest name, within bounds.
pub(crate) fn column<'n>(names: impl Iterator<Item = &'n str>) -> usize {
    const WIDEST: usize = 32;
    names.map(|name| name.chars().count()).filter(|width| *width <= WIDEST).max().unwrap_or(8)
}
