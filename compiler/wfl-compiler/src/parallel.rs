//! Parsing on several threads: parsing is most of the work of a check, and files do not know each other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use wfl_source::{FileId, Files};
use wfl_syntax::{Parsed, parse};

/// Below so many bytes a second thread costs more than it saves.
const WORTH_A_THREAD: usize = 64 << 10;
/// Deeply nested text takes stack.
const STACK_BYTES: usize = 8 << 20;
/// More do not help: the rest of a check has one thread.
const MAX_THREADS: usize = 8;

/// Parses files; the result is in their order and does not depend on the number of threads.
pub(crate) fn parse_all(files: &Files, numbers: &[FileId]) -> Vec<Parsed> {
    let text = |file: FileId| files.get(file).map(|file| file.text()).unwrap_or_default();
    let bytes: usize = numbers.iter().map(|file| text(*file).len()).sum();
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
    let threads = cores.min(MAX_THREADS).min(1 + bytes / WORTH_A_THREAD);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = numbers.get(at) else { return done };
            done.push((at, parse(*file, text(*file))));
        }
    };
    let mut parsed = thread::scope(|scope| {
        let spawn = |number: usize| {
            thread::Builder::new()
                .name(format!("parse-{number}"))
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, work)
        };
        // Where no thread can be had, this one does all.
        let others = (1..threads).filter_map(|number| spawn(number).ok()).collect::<Vec<_>>();
        let mut parsed = work();
        for other in others {
            match other.join() {
                Ok(done) => parsed.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        parsed
    });
    parsed.sort_unstable_by_key(|(at, _)| *at);
    parsed.into_iter().map(|(_, parsed)| parsed).collect()
}
