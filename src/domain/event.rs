//! A Kubernetes event about a node or pod, the upgrader's running commentary.

use jiff::Timestamp;

/// How serious the writer found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    Normal,
    Warning,
}

/// One event, with the text as the cluster wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterEvent {
    pub uid: String,
    pub kind: EventKind,
    /// For instance `Drain`, `Surge`, `Upgrade`, `NodeReady`.
    pub reason: String,
    pub message: String,
    /// `upgrader` for AKS's own; empty where the cluster named none.
    pub source: String,
    pub object_kind: String,
    pub object_name: String,
    pub first_seen: Option<Timestamp>,
    pub last_seen: Option<Timestamp>,
    /// Times it was seen, at least 1.
    pub count: u32,
}
