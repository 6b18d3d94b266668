//! Parsing on several threads: parsing is most of the work of a check, and files do not know each other.

use wfl_analysis::in_parallel;
use wfl_source::{FileId, Files};
use wfl_syntax::{Parsed, parse};

/// Below so many bytes a second thread costs more than it saves.
const WORTH_A_THREAD: usize = 64 << 10;

/// Parses files; the result is in their order and does not depend on the number of threads.
pub(crate) fn parse_all(files: &Files, numbers: &[FileId]) -> Vec<Parsed> {
    let text = |file: FileId| files.get(file).map(|file| file.text()).unwrap_or_default();
    let bytes = numbers.iter().map(|file| text(*file).len()).sum();
    in_parallel(numbers, threads_for(bytes), |file| parse(*file, text(*file)))
}

/// How many threads so much text is worth.
pub(crate) fn threads_for(bytes: usize) -> usize {
    1 + bytes / WORTH_A_THREAD
}
