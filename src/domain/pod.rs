//! A pod and who owns it, as far as draining a node is concerned.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::ids::NodeName;

/// The object that will make a new pod when this one goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// For instance `ReplicaSet`, `StatefulSet`, `DaemonSet`, `Job`.
    pub kind: String,
    pub name: String,
}

impl std::fmt::Display for Owner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.kind, self.name)
    }
}

/// A pod on a node that is cordoned or draining.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub node: Option<NodeName>,
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: String,
    pub is_ready: bool,
    /// The controller, where there is one.
    pub owner: Option<Owner>,
    pub labels: BTreeMap<String, String>,
    /// Set once the pod was told to stop; the time by which it must be gone.
    pub deletion_at: Option<Timestamp>,
    pub finalizers: Vec<String>,
    /// A static pod, which no drain evicts.
    pub is_mirror: bool,
}

impl Pod {
    /// True where a drain has to wait for this pod: daemon set pods, static pods and finished pods stay behind
    /// (`kubectl drain` and AKS's upgrader do the same).
    pub fn holds_drain(&self) -> bool {
        let is_daemon = self.owner.as_ref().is_some_and(|owner| owner.kind == "DaemonSet");
        let is_finished = matches!(self.phase.as_str(), "Succeeded" | "Failed");
        !is_daemon && !is_finished && !self.is_mirror
    }
}
