//! What a run cost: latencies, processor time, memory.

use std::time::{Duration, Instant};

use serde_json::{Map, Value as Json, json};

/// Ticks of the kernel's clock in a second, which Linux fixes for what it shows to programs.
const TICKS: f64 = 100.0;

/// The processor time that a process has used, in seconds; 0 when it is gone.
pub(crate) fn cpu(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name, in brackets, may hold anything; the fields behind it are numbers.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks: f64 = fields.split_whitespace().skip(11).take(2).filter_map(|it| it.parse::<f64>().ok()).sum();
    ticks / TICKS
}

/// A figure of `/proc/…/status` in MiB: `VmHWM` for the peak, `VmRSS` for now.
pub(crate) fn memory(process: u32, figure: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.split_whitespace().next()).and_then(|it| it.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

/// Measures from its making until it is read.
pub(crate) struct Meter {
    begun: Instant,
    processes: Vec<(u32, f64)>,
}

impl Meter {
    /// Of this process and of others.
    pub(crate) fn start(others: &[u32]) -> Meter {
        let all = std::iter::once(std::process::id()).chain(others.iter().copied());
        Meter { processes: all.map(|process| (process, cpu(process))).collect(), begun: Instant::now() }
    }

    /// The figures of `count` workflows with these latencies.
    pub(crate) fn figures(&self, count: usize, mut latencies: Vec<Duration>) -> Map<String, Json> {
        let seconds = self.begun.elapsed().as_secs_f64();
        let used: f64 = self.processes.iter().map(|(process, before)| cpu(*process) - before).sum();
        let peak: f64 = self.processes.iter().map(|(process, _)| memory(*process, "VmHWM")).sum();
        let mut figures = Map::new();
        let mut set = |name: &str, value: f64| figures.insert(name.to_owned(), json!(rounded(value)));
        set("seconds", seconds);
        set("workflows_per_second", count as f64 / seconds);
        latencies.sort_unstable();
        for (name, share) in [("p50_ms", 0.50), ("p95_ms", 0.95), ("p99_ms", 0.99)] {
            let at = ((latencies.len() as f64 * share) as usize).min(latencies.len().saturating_sub(1));
            if let Some(latency) = latencies.get(at) {
                set(name, latency.as_secs_f64() * 1_000.0);
            }
        }
        set("cpu_seconds_per_1000", used / (count as f64 / 1_000.0));
        set("peak_mib", peak);
        figures
    }
}

/// With three digits behind the point.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
