//! The signals that end a headless command: ctrl-c, and being told to terminate.

/// Returns when the process is asked to end.
pub(super) async fn end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without signals only the end of the process ends it.
    let _ = tokio::signal::ctrl_c().await;
}
