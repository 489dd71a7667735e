//! Tracing to a file in the state directory, never to the screen. Callers redact; no secret is ever passed in.

use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

/// Starts logging into `DIR/aks-cockpit.log`; the guard flushes it when dropped.
///
/// # Errors
/// When the level is no filter or the file cannot be opened, in one sentence.
pub(crate) fn start(directory: &Path, level: &str) -> Result<WorkerGuard, String> {
    let filter = EnvFilter::try_new(format!("warn,aks_cockpit={level}"))
        .map_err(|error| format!("'{level}' is not a log level: {error}"))?;
    let appender = tracing_appender::rolling::Builder::new()
        .filename_prefix("aks-cockpit")
        .filename_suffix("log")
        .rotation(tracing_appender::rolling::Rotation::DAILY)
        .max_log_files(7)
        .build(directory)
        .map_err(|error| error.to_string())?;
    let (writer, guard) = tracing_appender::non_blocking(appender);
    // Only fails where a subscriber was set before, as several runs in one test process do.
    let _ = tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(false)
        .try_init();
    Ok(guard)
}
