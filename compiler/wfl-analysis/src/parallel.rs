//! Work on several threads that is the same as on one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Deeply nested text takes stack.
const STACK_BYTES: usize = 8 << 20;
/// More do not help: the rest of a check has one thread.
const MAX_THREADS: usize = 8;

/// Does the same for each item; the results are in the order of the items. `worth` says how many threads the work is
/// worth, of which at most one for each core is taken.
pub fn in_parallel<I: Sync, O: Send>(items: &[I], worth: usize, each: impl Fn(&I) -> O + Sync) -> Vec<O> {
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
    let threads = cores.min(MAX_THREADS).min(worth);
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
                .name(format!("check-{number}"))
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
