//! Whether output is coloured: decided once for the whole process.

use std::io::IsTerminal;
use std::sync::OnceLock;

/// When to colour.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Into pipes and files, too
    Always,
    /// Nowhere
    Never,
}

static CHOICE: OnceLock<Colour> = OnceLock::new();

/// Takes the choice of the command line; the first one stays.
pub(crate) fn choose(colour: Colour) {
    let _ = CHOICE.set(colour);
}

/// True when what goes to this stream is coloured.
pub(crate) fn wanted(stream: &impl IsTerminal) -> bool {
    match CHOICE.get().copied().unwrap_or_default() {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    }
}

/// A text in an ANSI style, for example `1;31`, if colour is wanted.
pub(crate) fn paint(colour: bool, style: &str, text: &str) -> String {
    if colour { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
}
