//! What the Kubernetes client reads on demand, and the single changes it makes, against the simulator's API server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cluster;
mod objects;
mod survey;
mod survey_limits;
mod workloads;
