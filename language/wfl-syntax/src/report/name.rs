//! Reports about words that cannot be names: reserved ones, and those with letters outside of ASCII.

use wfl_source::{Applicability, Code, Diagnostic, Edit, Fix, Span};

use crate::chunk::is_reserved;
use crate::grammar::Rule;
use crate::report::place::Scan;

/// Letters and what is commonly written for them where they are not to be had.
const PLAIN: [(&str, &str); 17] = [
    ("äæ", "ae"),
    ("öœø", "oe"),
    ("ü", "ue"),
    ("ß", "ss"),
    ("àáâãåāąă", "a"),
    ("çćč", "c"),
    ("ďđ", "d"),
    ("èéêëēęě", "e"),
    ("ìíîïī", "i"),
    ("łľ", "l"),
    ("ñńň", "n"),
    ("òóôõōő", "o"),
    ("řŕ", "r"),
    ("śšş", "s"),
    ("ùúûūůű", "u"),
    ("ýÿ", "y"),
    ("žźż", "z"),
];

/// Remembers node `at` if it is such a word; the lowering takes it for a name all the same.
pub(crate) fn note(scan: &mut Scan<'_>, at: usize) -> bool {
    let is_one = match scan.node(at).rule {
        Rule::ident | Rule::word => !scan.text_of(at).is_ascii(),
        Rule::bad_name | Rule::bad_operation | Rule::bad_listed | Rule::bad_ref => true,
        _ => false,
    };
    if is_one {
        scan.misname(at);
    }
    is_one
}

/// The report about a word that stands at all of these places of one declaration.
pub(crate) fn report(word: &str, places: &[Span]) -> Option<Diagnostic> {
    let first = *places.first()?;
    if word.is_ascii() {
        let title = format!("`{word}` is a reserved word");
        let diagnostic = Diagnostic::new(Code::E0112, title, first, "cannot be a name");
        return Some(diagnostic.help(
            "choose another name; only fields, and parameters of operations, may have the names of reserved words",
        ));
    }
    let title = format!("`{word}` cannot be a name");
    let diagnostic = Diagnostic::new(Code::E0112, title, first, "has letters outside of ASCII");
    let mut diagnostic = diagnostic.help("names are made of the letters a to z, digits and `_`");
    if let Some(plain) = plain(word) {
        let edits = places.iter().map(|span| Edit { span: *span, replacement: plain.clone() });
        let title = format!("write `{plain}`");
        diagnostic.fixes.push(Fix { title, edits: edits.collect(), applicability: Applicability::Maybe });
    }
    Some(diagnostic)
}

/// The word in letters of ASCII, where it is plain how to write it.
fn plain(word: &str) -> Option<String> {
    let mut out = String::new();
    for letter in word.chars() {
        if letter.is_ascii() {
            out.push(letter);
            continue;
        }
        let small = letter.to_lowercase().next()?;
        let (_, plain) = PLAIN.iter().find(|(letters, _)| letters.contains(small))?;
        let mut plain = plain.chars();
        let first = plain.next()?;
        out.push(if small == letter { first } else { first.to_ascii_uppercase() });
        out.extend(plain);
    }
    (!is_reserved(&out)).then_some(out)
}
