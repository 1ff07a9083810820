//! The process's own figures, under the names that Prometheus's client libraries use. Written as text: the recorder knows
//! no counter with fractions.

use std::fmt::Write as _;
use std::fs;

use super::metrics::{METRICS, Metric};

/// Linux counts the time of processes in these, whatever the kernel was built with (`USER_HZ`; see proc(5)).
const TICKS_PER_SECOND: f64 = 100.0;

/// Adds what can be read from `/proc`.
pub(super) fn write(text: &mut String) {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in parentheses may hold anything; fields 3 and on follow it.
    let fields: Vec<&str> =
        stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().collect()).unwrap_or_default();
    let field = |number: usize| -> Option<f64> { fields.get(number - 3)?.parse().ok() };
    let seconds = |ticks: f64| ticks / TICKS_PER_SECOND;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let bytes = |name: &str| -> Option<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? * 1024.0)
    };
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let most_files = || -> Option<f64> {
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
        line.split_whitespace().next()?.parse().ok()
    };
    // One of them is the folder that is being read.
    let files = || fs::read_dir("/proc/self/fd").ok().map(|all| (all.count() as f64 - 1.0).max(0.0));
    let booted = || -> Option<f64> {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
    };
    let values = [
        ("process_cpu_seconds_total", field(14).zip(field(15)).map(|(user, system)| seconds(user + system))),
        ("process_resident_memory_bytes", bytes("VmRSS:")),
        ("process_virtual_memory_bytes", bytes("VmSize:")),
        ("process_threads", field(20)),
        ("process_open_fds", files()),
        ("process_max_fds", most_files()),
        ("process_start_time_seconds", booted().zip(field(22)).map(|(boot, since)| boot + seconds(since))),
    ];
    for (name, value) in values {
        if let (Some(Metric { kind, about, .. }), Some(value)) =
            (METRICS.iter().find(|m| m.name == name), value)
        {
            let _ =
                write!(text, "# HELP {name} {about}\n# TYPE {name} {}\n{name} {value}\n\n", kind.as_str());
        }
    }
}
