//! A node as its Kubernetes object shows it: what it really runs.

use jiff::Timestamp;

use super::ids::{NodeName, NodePoolName};
use super::version::{KubernetesVersion, NodeImageVersion};

/// The node's Ready condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    /// With the condition's reason and message.
    NotReady {
        reason: String,
        message: String,
    },
    /// The node has no Ready condition yet, or the control plane has lost it.
    Unknown,
}

impl Readiness {
    /// True only for a node that says it is ready.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }
}

/// A Kubernetes node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub name: NodeName,
    /// Changes when the node is reimaged, though the name stays.
    pub uid: String,
    /// From the label `kubernetes.azure.com/agentpool`; `None` outside AKS.
    pub pool: Option<NodePoolName>,
    pub version: Option<KubernetesVersion>,
    /// The kubelet's version text as it came, for builds that `version` cannot read.
    pub version_text: String,
    pub node_image: Option<NodeImageVersion>,
    pub readiness: Readiness,
    pub is_cordoned: bool,
    /// Label `kubernetes.azure.com/upgrade-status=Quarantined`: AKS gave up draining it.
    pub is_quarantined: bool,
    pub zone: Option<String>,
    pub created_at: Option<Timestamp>,
    pub boot_id: String,
}
