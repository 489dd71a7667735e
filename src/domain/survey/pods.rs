//! Pods of a survey: how they are, what they ask for, and what ties them to a node.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::kubernetes::Resources;
use crate::domain::pod::Pod;

/// A pod with what the live picture leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodFact {
    pub pod: Pod,
    pub created_at: Option<Timestamp>,
    /// Sum over its containers.
    pub requests: Resources,
    pub containers: Vec<ContainerFact>,
    /// Seconds it may take to stop.
    pub grace_seconds: u64,
    pub node_selector: BTreeMap<String, String>,
    /// Its required node affinity in words, as `topology.kubernetes.io/zone in (westeurope-1)`.
    pub required_affinity: Vec<String>,
    /// True where it may not share a node, or a zone, with its like.
    pub has_required_anti_affinity: bool,
    /// Keys of the taints it tolerates; `*` tolerates all.
    pub tolerations: Vec<String>,
    pub volumes: Vec<PodVolume>,
    pub host_network: bool,
    pub host_ports: Vec<u32>,
    pub priority_class: Option<String>,
    /// Annotation `cluster-autoscaler.kubernetes.io/safe-to-evict=false`, or the like.
    pub says_never_evict: bool,
    /// Why it has no node: the message of its condition `PodScheduled=False`.
    pub unschedulable: Option<String>,
    /// Annotations of AppArmor are used.
    pub has_apparmor_annotation: bool,
}

/// One container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerFact {
    pub name: String,
    pub image: String,
    pub state: ContainerState,
    /// Reason and exit code of its last end, as `OOMKilled (137)`.
    pub last_end: Option<String>,
    pub restarts: u32,
    pub is_ready: bool,
    pub has_readiness_probe: bool,
    pub has_pre_stop: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerState {
    Running,
    /// For instance `CrashLoopBackOff`, `ImagePullBackOff`, with its message.
    Waiting {
        reason: String,
        message: String,
    },
    Ended {
        reason: String,
        exit_code: i32,
    },
    /// The kubelet has not said yet.
    Unknown,
}

/// A volume of a pod, as far as it ties it to a node or a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodVolume {
    Claim {
        /// Of the claim, in the pod's namespace.
        name: String,
    },
    HostPath {
        path: String,
    },
    EmptyDir {
        in_memory: bool,
    },
}
