//! Parses, runs, and turns the result into an exit code; nothing else.

use std::process::ExitCode;

use aks_cockpit::problem::Exit;

fn main() -> ExitCode {
    // One TLS provider for every client in the process; a second call would only say that it is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if color_eyre::install().is_err() {
        return ExitCode::from(Exit::Unexpected as u8);
    }
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let exit = runtime.block_on(aks_cockpit::cli::run());
            // Requests still under way are not waited for: what they were for is in the journal.
            runtime.shutdown_background();
            ExitCode::from(exit as u8)
        }
        Err(_) => ExitCode::from(Exit::Unexpected as u8),
    }
}
