//! Text with looks and links, as signatures are made of.

/// A thing that can be linked to: its module and its place on the page of the module.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Target {
    /// The module.
    pub module: String,
    /// The place.
    pub anchor: String,
}

/// What a piece of text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// Punctuation, and all else.
    Plain,
    /// A word of the language.
    Keyword,
    /// The name that is declared.
    Name,
    /// The name of a type, an error or another thing.
    Type,
    /// An expression as its author wrote it.
    Code,
    /// How sensitive data is.
    Label,
}

/// A piece of text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// What it says.
    pub text: String,
    /// What it is.
    pub look: Look,
    /// Where it leads.
    pub link: Option<Target>,
}

/// Pieces in their order. Line breaks are part of plain pieces.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Text(pub Vec<Piece>);

impl Text {
    /// A text of one piece.
    pub fn of(look: Look, text: impl Into<String>) -> Text {
        Text(vec![Piece { text: text.into(), look, link: None }])
    }

    /// How many characters it has.
    pub fn width(&self) -> usize {
        self.0.iter().map(|piece| piece.text.chars().count()).sum()
    }

    /// The text without looks and links.
    pub fn plain(&self) -> String {
        self.0.iter().map(|piece| piece.text.as_str()).collect()
    }

    /// Adds a piece.
    pub(crate) fn add(&mut self, look: Look, text: impl Into<String>) {
        self.0.push(Piece { text: text.into(), look, link: None });
    }

    /// Adds a piece that leads somewhere.
    pub(crate) fn link(&mut self, text: impl Into<String>, link: Option<Target>) {
        self.0.push(Piece { text: text.into(), look: Look::Type, link });
    }

    /// Adds another text.
    pub(crate) fn append(&mut self, other: Text) {
        self.0.extend(other.0);
    }

    /// Texts with something between them.
    pub(crate) fn join(all: impl IntoIterator<Item = Text>, between: &str) -> Text {
        let mut joined = Text::default();
        for (at, text) in all.into_iter().enumerate() {
            if at > 0 {
                joined.add(Look::Plain, between);
            }
            joined.append(text);
        }
        joined
    }
}
