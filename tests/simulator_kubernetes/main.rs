//! The simulated Kubernetes API over real HTTP: lists, watches, writes and refusals, as clients meet them.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod cluster;
mod leases;
mod machinery;
mod reads;
mod watches;
mod workloads;
mod writes;
