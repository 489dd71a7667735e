//! What a measurement says of the machine it was taken on. Reads /proc where there is one.

use std::fs;

/// The processor with its number of threads, and how this program was built.
pub(crate) fn machine() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let threads = std::thread::available_parallelism().map_or(0, usize::from);
    let build = if cfg!(debug_assertions) { "debug" } else { "optimised" };
    format!("{model}, {threads} threads, {build} build")
}
