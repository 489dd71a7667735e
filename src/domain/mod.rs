//! The nouns of AKS upgrades and their arithmetic. Pure: no clock, no I/O, no async.

pub mod azure_edit;
pub mod change;
mod change_words;
pub mod cluster;
pub mod disruption;
pub mod event;
pub mod ids;
pub mod lease;
pub mod maintenance;
pub mod network;
pub mod node;
pub mod node_pool;
pub mod object_change;
pub mod pace;
pub mod pod;
pub mod provisioning;
pub mod smoke_test;
pub mod subject;
pub mod support;
pub mod surge;
pub mod survey;
pub mod text;
pub mod upgrade_path;
pub mod version;
pub mod vm_size;
pub mod workload;
