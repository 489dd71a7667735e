//! The nouns of AKS upgrades and their arithmetic. Pure: no clock, no I/O, no async.

pub mod change;
pub mod cluster;
pub mod disruption;
pub mod event;
pub mod ids;
pub mod lease;
pub mod network;
pub mod node;
pub mod node_pool;
pub mod pace;
pub mod pod;
pub mod provisioning;
pub mod smoke_test;
pub mod support;
pub mod surge;
pub mod text;
pub mod upgrade_path;
pub mod version;
pub mod vm_size;
pub mod workload;
