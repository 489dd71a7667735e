//! The changes the cockpit can ask Azure for, and how such a request is shown before it is sent.

use serde::{Deserialize, Serialize};

use super::ids::{ClusterId, NodePoolName};
use super::node_pool::UpgradeSettings;
use super::version::{KubernetesVersion, NodeImageVersion};

/// One change of one Azure resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Change {
    /// Moves the control plane alone; every pool keeps its version.
    UpgradeControlPlane { cluster: ClusterId, to: KubernetesVersion },
    UpgradeNodePool {
        cluster: ClusterId,
        pool: NodePoolName,
        to: KubernetesVersion,
    },
    /// Moves a pool's nodes to the newest node image of their version.
    #[serde(rename_all = "camelCase")]
    UpgradeNodeImage {
        cluster: ClusterId,
        pool: NodePoolName,
        /// What Azure offered when the change was planned; Azure takes the newest at the time of the request.
        to: Option<NodeImageVersion>,
    },
    /// Writes a pool's upgrade settings: those that are given; the others stay as they are.
    SetPoolSettings {
        cluster: ClusterId,
        pool: NodePoolName,
        settings: UpgradeSettings,
    },
    /// Takes a pool back to the version and image it ran before
    /// (AKS docs "Roll back a node pool version", 2026; API 2026-04-01 and later).
    #[serde(rename_all = "camelCase")]
    RollBackNodePool {
        cluster: ClusterId,
        pool: NodePoolName,
        to: KubernetesVersion,
        node_image: NodeImageVersion,
    },
    /// Stops the operation that runs on the cluster; what is done stays done.
    AbortCluster { cluster: ClusterId },
    /// Stops the operation that runs on the pool; nodes already done stay done.
    AbortNodePool { cluster: ClusterId, pool: NodePoolName },
}

impl Change {
    /// The cluster whose resource, or whose pool, is changed.
    pub fn cluster(&self) -> &ClusterId {
        match self {
            Self::UpgradeControlPlane { cluster, .. }
            | Self::UpgradeNodePool { cluster, .. }
            | Self::UpgradeNodeImage { cluster, .. }
            | Self::SetPoolSettings { cluster, .. }
            | Self::RollBackNodePool { cluster, .. }
            | Self::AbortCluster { cluster }
            | Self::AbortNodePool { cluster, .. } => cluster,
        }
    }

    /// The pool that is changed; `None` where it is the cluster itself.
    pub fn pool(&self) -> Option<&NodePoolName> {
        match self {
            Self::UpgradeControlPlane { .. } | Self::AbortCluster { .. } => None,
            Self::UpgradeNodePool { pool, .. }
            | Self::UpgradeNodeImage { pool, .. }
            | Self::SetPoolSettings { pool, .. }
            | Self::RollBackNodePool { pool, .. }
            | Self::AbortNodePool { pool, .. } => Some(pool),
        }
    }

    /// The abort that would stop this change; `None` for an abort itself.
    pub fn abort(&self) -> Option<Self> {
        match self {
            Self::UpgradeControlPlane { cluster, .. } => Some(Self::AbortCluster {
                cluster: cluster.clone(),
            }),
            Self::UpgradeNodePool { cluster, pool, .. }
            | Self::UpgradeNodeImage { cluster, pool, .. }
            | Self::SetPoolSettings { cluster, pool, .. }
            | Self::RollBackNodePool { cluster, pool, .. } => Some(Self::AbortNodePool {
                cluster: cluster.clone(),
                pool: pool.clone(),
            }),
            Self::AbortCluster { .. } | Self::AbortNodePool { .. } => None,
        }
    }
}

/// One field of a request body that differs from what Azure has now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// For instance `properties.kubernetesVersion`.
    pub field: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// The exact request a change will send, ready to be shown and then sent unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestPreview {
    pub change: Change,
    /// `PUT` or `POST`.
    pub method: String,
    /// Path and query, without the endpoint.
    pub path: String,
    /// The etag Azure must still have; `None` where the request takes none.
    pub if_match: Option<String>,
    pub fields: Vec<FieldChange>,
    /// The whole body as it will be sent; `None` for an empty one.
    pub body: Option<serde_json::Value>,
}

/// Where a long-running operation can be asked about; the URLs are Azure's, unchanged and opaque.
///
/// The URLs may be signed: they are kept in the journal, and never shown or logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationLink {
    pub async_operation: Option<String>,
    pub location: Option<String>,
    /// Whose `provisioningState` tells when both URLs are lost.
    pub cluster: ClusterId,
    pub pool: Option<NodePoolName>,
}

impl OperationLink {
    /// A link with no URL: only the resource's own state can be asked.
    pub fn of_resource(change: &Change) -> Self {
        Self {
            async_operation: None,
            location: None,
            cluster: change.cluster().clone(),
            pool: change.pool().cloned(),
        }
    }
}

impl std::fmt::Debug for OperationLink {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("OperationLink")
            .field(
                "async_operation",
                &self.async_operation.as_ref().map(|_| "(signed URL)"),
            )
            .field("location", &self.location.as_ref().map(|_| "(signed URL)"))
            .field("cluster", &self.cluster)
            .field("pool", &self.pool)
            .finish()
    }
}
