//! `aks-cockpit`: the terminal cockpit for upgrading Azure Kubernetes Service clusters. This page is the map.
//!
//! ```text
//! main -> cli -+-> ui ----------> engine, inventory, plan, preflight, progress, diagnosis, remedy, requests, notify, config, domain
//!              +-> simulator ---> domain
//!              +-> all that ui may import
//! engine ----> journal, plan, progress, remedy, domain; azure and kubernetes from its driver and handle only
//! inventory -> azure, kubernetes, progress, domain
//! notify ----> engine, inventory, progress, domain
//! remedy ----> diagnosis -> progress, domain
//! azure, kubernetes -> requests -> domain
//! config, plan, preflight, progress -> domain
//! ```
//!
//! The rooms are public for `main.rs`, `tests/` and `benches/`; nothing here is an interface for other programs.

/// Azure Resource Manager over HTTP.
pub mod azure;
/// The command line and the headless commands.
pub mod cli;
/// The only place that reads the time.
pub mod clock;
/// What a person set: settings file, flags, environment.
pub mod config;
/// Why an upgrade is stuck or failed.
pub mod diagnosis;
/// The nouns of AKS upgrades and their arithmetic.
pub mod domain;
/// Executes one plan, every decision a record before an act.
pub mod engine;
/// The present picture of all clusters.
pub mod inventory;
/// The durable log.
pub mod journal;
/// The Kubernetes API through kube.
pub mod kubernetes;
mod logging;
/// Tells people what needs them while they look elsewhere.
pub mod notify;
/// Intent into ordered steps.
pub mod plan;
/// What would go wrong, asked before the button is pressed.
pub mod preflight;
/// What a person is told when something does not work.
pub mod problem;
/// Facts into the live picture of an upgrade.
pub mod progress;
/// What cures a cause, as exact changes with a way back.
pub mod remedy;
/// Every request this session made, without secrets.
pub mod requests;
/// A simulated Azure, for demo, rehearsal and tests.
pub mod simulator;
/// Runs the application flows that decide whether to go on.
pub mod smoke;
/// The cockpit.
pub mod ui;
