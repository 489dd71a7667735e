//! The edges, each against a real server on loopback: the clients of Azure and Kubernetes, the simulator's two APIs,
//! smoke tests, and the traffic that was recorded. One program, so that tests that wait do so at the same time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod azure_client;
mod azure_survey;
#[expect(clippy::print_stdout, reason = "a test that has nothing to run says so")]
mod kubectl;
mod kubernetes_reads;
mod kubernetes_watch;
mod notices;
mod recorded_traffic;
mod simulator_arm;
mod simulator_kubernetes;
mod smoke;
