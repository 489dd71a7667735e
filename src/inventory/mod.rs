//! The present picture of all clusters: collected from Azure and Kubernetes, shared as immutable snapshots.
//! One task owns the state (`state.rs`, pure); readers feed it, handles order it about.

pub mod access;
mod authors;
mod cluster_entry;
mod collector;
pub mod handle;
pub mod health;
mod kubernetes_cells;
mod message;
mod readers;
pub mod snapshot;
mod source;
mod state;
pub mod survey;
