//! The Kubernetes API through kube: connect, watch with slim types, objects into domain values.
//! Changes nothing in a cluster, and needs nothing of AKS: a stock API server does.

pub mod client;
pub mod error;
mod kubeconfig;
pub mod lease;
mod proxy;
mod token;
pub mod watch;
pub mod wire;
mod workloads;
