//! Every request this session made to Azure and Kubernetes, kept for a person to look at: bounded, in memory, without
//! secrets. Fed by the two clients at the one place where requests leave; never sends anything itself.

pub mod entry;
pub mod log;
pub mod purpose;
pub mod same;
pub mod shown;
pub mod totals;
