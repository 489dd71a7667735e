//! The simulated Kubernetes API over real HTTP: lists, watches, writes and refusals, as clients meet them.

mod cluster;
mod leases;
mod machinery;
mod reads;
mod watches;
mod workloads;
mod writes;
