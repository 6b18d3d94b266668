//! A file that is being edited: it is parsed chunk by chunk, and what did not change is kept.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use wfl_source::{Diagnostic, FileId, Files, Span};
use wfl_syntax::ast::Item;
use wfl_syntax::{Parsed, parse_whole, split};

/// A file in memory. Its chunks are parts of the file: their trees count from where they begin.
#[derive(Debug)]
pub(crate) struct Document {
    /// The module's path.
    pub(crate) path: String,
    pub(crate) file: FileId,
    /// The items of all chunks.
    pub(crate) items: Vec<Arc<Item>>,
    text: Arc<str>,
    chunks: Vec<Held>,
    /// Parts that are not needed at present.
    spare: Vec<FileId>,
}

#[derive(Clone, Debug)]
struct Held {
    part: FileId,
    start: usize,
    end: usize,
    parsed: Arc<Parsed>,
}

/// A change of a document that is ready to be parsed.
pub(crate) struct Change {
    text: Arc<str>,
    chunks: Vec<Next>,
}

/// A chunk of the new text: one that is known, which may have moved, or one that has to be parsed.
struct Next {
    part: FileId,
    start: usize,
    end: usize,
    known: Option<Arc<Parsed>>,
}

impl Document {
    /// A file without text.
    pub(crate) fn new(path: String, file: FileId) -> Document {
        let text = Arc::from("");
        Document { path, file, items: Vec::new(), text, chunks: Vec::new(), spare: Vec::new() }
    }

    /// Finds out what a new text changes, and makes parts for it. The text is to be taken before the next one comes.
    pub(crate) fn change(&mut self, text: &str, files: &mut Files) -> Change {
        let starts = split(text);
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        let places = starts.iter().copied().zip(ends).collect::<Vec<_>>();
        let same =
            |old: &Held, (start, end): &(usize, usize)| self.text[old.start..old.end] == text[*start..*end];
        let front = self.chunks.iter().zip(&places).take_while(|(old, new)| same(old, new)).count();
        let behind = self.chunks[front..].iter().rev().zip(places[front..].iter().rev());
        let back = behind.take_while(|(old, new)| same(old, new)).count();
        // Between the ends, most often one chunk; several where something was renamed or moved.
        let mut moved: BTreeMap<&str, VecDeque<Held>> = BTreeMap::new();
        let mut old = std::mem::take(&mut self.chunks);
        let mut tail = old.split_off(old.len() - back).into_iter();
        for held in old.split_off(front) {
            moved.entry(&self.text[held.start..held.end]).or_default().push_back(held);
        }
        let mut head = old.into_iter();
        let last = places.len() - back;
        let mut chunks = Vec::with_capacity(places.len());
        for (at, (start, end)) in places.into_iter().enumerate() {
            let held = match at {
                at if at < front => head.next(),
                at if at >= last => tail.next(),
                _ => moved.get_mut(&text[start..end]).and_then(VecDeque::pop_front),
            };
            chunks.push((held, start, end));
        }
        // A chunk that changed keeps its part, so that what others know about its head stays true.
        let mut left = moved.into_values().flatten().map(|held| held.part).collect::<Vec<_>>();
        left.sort_unstable_by(|one, other| other.cmp(one));
        left.splice(0..0, self.spare.drain(..));
        let mut new_part = || left.pop().unwrap_or_else(|| files.add_part(Span::at(self.file, 0)));
        let next = |(held, start, end): (Option<Held>, usize, usize)| match held {
            Some(held) => Next { part: held.part, start, end, known: Some(held.parsed) },
            None => Next { part: new_part(), start, end, known: None },
        };
        let chunks = chunks.into_iter().map(next).collect();
        self.spare = left;
        Change { text: Arc::from(text), chunks }
    }

    /// Takes the new text with the trees of what had to be parsed.
    pub(crate) fn take(&mut self, change: Change, parsed: Vec<Parsed>, files: &mut Files) {
        let mut parsed = parsed.into_iter();
        for Next { part, start, end, known } in change.chunks {
            let Some(parsed) = known.or_else(|| parsed.next().map(Arc::new)) else { continue };
            files.place_part(part, Span::new(self.file, start as u32, end as u32));
            self.chunks.push(Held { part, start, end, parsed });
        }
        files.set_text(self.file, Arc::clone(&change.text));
        self.text = change.text;
        self.items.clear();
        self.items.extend(self.chunks.iter().flat_map(|chunk| chunk.parsed.file.items.iter().cloned()));
    }

    /// What is wrong with the form of the text, as places in the file.
    pub(crate) fn reports(&self, files: &Files) -> Vec<Diagnostic> {
        let reports = self.chunks.iter().flat_map(|chunk| chunk.parsed.diagnostics.iter().cloned());
        let mut reports = reports.collect::<Vec<_>>();
        reports.iter_mut().for_each(|report| files.resolve_report(report));
        reports.sort_by_key(|report| report.primary().map(|label| label.span));
        reports
    }
}

impl Change {
    /// How much text has to be parsed.
    pub(crate) fn bytes(&self) -> usize {
        self.unknown().map(|(_, text)| text.len()).sum()
    }

    /// Parses what is not known.
    pub(crate) fn parse(&self) -> Vec<Parsed> {
        self.unknown().map(|(part, text)| parse_whole(part, text)).collect()
    }

    fn unknown(&self) -> impl Iterator<Item = (FileId, &str)> {
        let unknown = self.chunks.iter().filter(|chunk| chunk.known.is_none());
        unknown.map(|chunk| (chunk.part, &self.text[chunk.start..chunk.end]))
    }
}
