//! Byte ranges inside files.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Number of a file in [`Files`](crate::Files), in the order in which files were added, or of a part of one: an
/// editor's texts change above what is known about the rest, so that this is known by its place in its part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// Numbers from here on are those of parts.
const FIRST_PART: u32 = 1 << 31;

impl FileId {
    /// The number of a part.
    pub(crate) fn of_part(number: usize) -> FileId {
        FileId(FIRST_PART | number as u32)
    }

    /// The part's number, if it is one.
    pub(crate) fn part(self) -> Option<usize> {
        self.0.checked_sub(FIRST_PART).map(|number| number as usize)
    }
}

/// A half-open byte range `start..end` in one file. `start == end` marks a place between two characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Span {
    /// The file that the range lies in.
    pub file: FileId,
    /// First byte of the range.
    pub start: u32,
    /// First byte after the range.
    pub end: u32,
}

impl Span {
    /// The range `start..end` of `file`.
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end }
    }

    /// The empty range at `offset`.
    pub fn at(file: FileId, offset: u32) -> Self {
        Self { file, start: offset, end: offset }
    }

    /// The smallest range that holds both. Ranges of different files do not join: `self` is returned.
    pub fn to(self, other: Span) -> Self {
        if self.file != other.file {
            return self;
        }
        Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty range just behind this one.
    pub fn after(self) -> Self {
        Self::at(self.file, self.end)
    }

    /// Whether the range holds no byte.
    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// Whether `offset` lies in the range or touches its end.
    pub fn touches(self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }
}

// Spans fill every dump of a syntax tree, so they are printed short: file number only when it is not 0.
impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.0 != 0 {
            write!(f, "{}:", self.file.0)?;
        }
        write!(f, "{}..{}", self.start, self.end)
    }
}
