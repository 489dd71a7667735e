//! Headless journeys over several processes: a simulator, one that drives, another that gives commands.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(unix)]
mod authors;
mod detached;
mod estate;
mod pausing;
mod processes;
