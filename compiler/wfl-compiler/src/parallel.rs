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
    let bytes = numbers.iter().map(|file| text(*file).len()).sum();
    in_parallel(numbers, bytes, |file| parse(*file, text(*file)))
}

/// Does the same for each item, which are `bytes` of text together; the results are in the order of the items.
pub(crate) fn in_parallel<I: Sync, O: Send>(
    items: &[I],
    bytes: usize,
    each: impl Fn(&I) -> O + Sync,
) -> Vec<O> {
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
    let threads = cores.min(MAX_THREADS).min(1 + bytes / WORTH_A_THREAD);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, each(item)));
        }
    };
    let mut results = thread::scope(|scope| {
        let spawn = |number: usize| {
            thread::Builder::new()
                .name(format!("parse-{number}"))
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, work)
        };
        // Where no thread can be had, this one does all.
        let others = (1..threads).filter_map(|number| spawn(number).ok()).collect::<Vec<_>>();
        let mut results = work();
        for other in others {
            match other.join() {
                Ok(done) => results.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_unstable_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}
