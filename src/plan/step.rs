//! A plan and its steps: what will be done, in which order, and what proves a step done.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::change::Change;
use crate::domain::ids::{ClusterId, NodePoolName, PlanId, StepId};
use crate::domain::version::{KubernetesVersion, NodeImageVersion};

/// An immutable list of steps for one cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub id: PlanId,
    pub cluster: ClusterId,
    pub cluster_name: String,
    pub created_at: Timestamp,
    /// Never empty; run one after another.
    pub steps: Vec<Step>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub id: StepId,
    pub kind: StepKind,
}

/// The kinds of step there are; the words are part of the JSON contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum StepKind {
    ControlPlaneUpgrade {
        from: Option<KubernetesVersion>,
        to: KubernetesVersion,
    },
    NodePoolUpgrade {
        pool: NodePoolName,
        from: Option<KubernetesVersion>,
        to: KubernetesVersion,
    },
    #[serde(rename_all = "camelCase")]
    NodeImageUpgrade {
        pool: NodePoolName,
        from: Option<NodeImageVersion>,
        to: Option<NodeImageVersion>,
    },
}

impl StepKind {
    /// The change of Azure this step asks for.
    pub fn change(&self, cluster: &ClusterId) -> Change {
        let cluster = cluster.clone();
        match self {
            Self::ControlPlaneUpgrade { to, .. } => Change::UpgradeControlPlane { cluster, to: *to },
            Self::NodePoolUpgrade { pool, to, .. } => Change::UpgradeNodePool {
                cluster,
                pool: pool.clone(),
                to: *to,
            },
            Self::NodeImageUpgrade { pool, to, .. } => Change::UpgradeNodeImage {
                cluster,
                pool: pool.clone(),
                to: to.clone(),
            },
        }
    }

    /// The pool that moves; `None` for the control plane.
    pub fn pool(&self) -> Option<&NodePoolName> {
        match self {
            Self::ControlPlaneUpgrade { .. } => None,
            Self::NodePoolUpgrade { pool, .. } | Self::NodeImageUpgrade { pool, .. } => Some(pool),
        }
    }

    /// The word of the JSON contract.
    pub fn word(&self) -> &'static str {
        match self {
            Self::ControlPlaneUpgrade { .. } => "controlPlaneUpgrade",
            Self::NodePoolUpgrade { .. } => "nodePoolUpgrade",
            Self::NodeImageUpgrade { .. } => "nodeImageUpgrade",
        }
    }

    /// What the step does, in one phrase: `control plane to 1.34.2`.
    pub fn title(&self) -> String {
        match self {
            Self::ControlPlaneUpgrade { to, .. } => format!("control plane to {to}"),
            Self::NodePoolUpgrade { pool, to, .. } => format!("node pool {pool} to {to}"),
            Self::NodeImageUpgrade {
                pool, to: Some(image), ..
            } => format!("node pool {pool} to image {}", image.release()),
            Self::NodeImageUpgrade { pool, to: None, .. } => format!("node pool {pool} to the newest image"),
        }
    }
}
