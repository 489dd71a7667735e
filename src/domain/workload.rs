//! Workloads as far as an upgrade is judged by them: how many of their pods are wanted, and how many are ready.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a workload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WorkloadKind {
    Deployment,
    StatefulSet,
    DaemonSet,
}

impl WorkloadKind {
    /// The kind as Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
        }
    }
}

/// How many pods of a workload are ready.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadReadiness {
    pub kind: WorkloadKind,
    pub namespace: String,
    pub name: String,
    pub desired: u32,
    pub ready: u32,
}

impl fmt::Display for WorkloadReadiness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} {}/{} {} of {} ready",
            self.kind.as_str(),
            self.namespace,
            self.name,
            self.ready,
            self.desired
        )
    }
}

/// All workloads of a cluster, and the pods that have no node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadPicture {
    /// Ordered by kind, namespace and name.
    pub workloads: Vec<WorkloadReadiness>,
    /// Pods that wait for a node, as `namespace/name`, in that order.
    pub pending_pods: Vec<String>,
}
