//! Whole upgrades through all rooms: the engine, the command line, several processes, real terminals, crashes, causes
//! and repairs. One program, so that tests that wait for a simulated world do so at the same time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cli;
#[cfg(unix)]
mod crash;
mod diagnosis;
mod engine;
mod journeys;
mod repairs;
#[cfg(unix)]
mod terminal;
