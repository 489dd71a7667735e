//! The Kubernetes API through kube: connect, watch with slim types, take surveys, objects into domain values.
//! Changes only what a repair names, and needs nothing of AKS: a stock API server does.

pub mod client;
pub mod error;
mod kubeconfig;
pub mod lease;
mod logged;
pub mod objects;
mod proxy;
pub mod survey;
mod token;
pub mod watch;
pub mod wire;
mod workloads;
