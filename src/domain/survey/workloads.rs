//! What makes and guards pods: workloads, autoscalers, budgets, and who manages them from outside.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::kubernetes::Condition;
use crate::domain::disruption::{DisruptionBudget, LabelSelector};
use crate::domain::pod::Owner;

/// Something outside the cluster that keeps an object as it is written elsewhere: a change made by hand may be reverted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Management {
    ArgoCd {
        application: String,
    },
    Flux {
        name: String,
    },
    Helm {
        release: String,
    },
    /// A controller of the cluster that writes it, from `metadata.ownerReferences`.
    Owner(Owner),
}

/// A Deployment, StatefulSet, DaemonSet, ReplicaSet or Job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadFact {
    pub kind: String,
    pub namespace: String,
    pub name: String,
    pub uid: String,
    /// Pods asked for; 0 for a DaemonSet without nodes.
    pub replicas: u32,
    pub ready: u32,
    pub selector: LabelSelector,
    /// Labels its pods wear.
    pub pod_labels: BTreeMap<String, String>,
    pub owner: Option<Owner>,
    pub has_readiness_probe: bool,
    pub has_spread: bool,
    pub grace_seconds: u64,
    /// Keys of the taints its pods tolerate.
    pub tolerations: Vec<String>,
    pub conditions: Vec<Condition>,
    pub created_at: Option<Timestamp>,
    pub managed_by: Option<Management>,
}

/// A HorizontalPodAutoscaler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoscalerFact {
    pub namespace: String,
    pub name: String,
    /// Kind and name of what it scales.
    pub target: Owner,
    pub min: u32,
    pub max: u32,
    pub managed_by: Option<Management>,
}

/// A budget, and who keeps it as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetFact {
    pub budget: DisruptionBudget,
    pub uid: String,
    pub created_at: Option<Timestamp>,
    pub managed_by: Option<Management>,
}
