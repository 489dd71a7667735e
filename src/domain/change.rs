//! The changes the cockpit can ask Azure for, and how such a request is shown before it is sent.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::azure_edit::{AzureResource, ClusterEdit, PastField, PoolEdit};
use super::ids::{ClusterId, NodeName, NodePoolName};
use super::node_pool::UpgradeSettings;
use super::version::{KubernetesVersion, NodeImageVersion};

/// One change of one Azure resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Change {
    /// Moves the control plane alone; every pool keeps its version.
    UpgradeControlPlane {
        cluster: ClusterId,
        to: KubernetesVersion,
    },
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
    AbortCluster {
        cluster: ClusterId,
    },
    /// Stops the operation that runs on the pool; nodes already done stay done.
    AbortNodePool {
        cluster: ClusterId,
        pool: NodePoolName,
    },
    EditCluster {
        cluster: ClusterId,
        change: ClusterEdit,
    },
    EditNodePool {
        cluster: ClusterId,
        pool: NodePoolName,
        change: PoolEdit,
    },
    /// Drains these nodes and deletes their machines; the pool gets smaller by them.
    DeleteMachines {
        cluster: ClusterId,
        pool: NodePoolName,
        machines: Vec<NodeName>,
    },
    StartCluster {
        cluster: ClusterId,
    },
    StopCluster {
        cluster: ClusterId,
    },
    /// New certificates for the whole cluster; every kubeconfig has to be fetched anew.
    RotateCertificates {
        cluster: ClusterId,
    },
    /// Writes how long a maintenance window is open.
    SetWindow {
        cluster: ClusterId,
        /// Name of the maintenance configuration.
        window: String,
        /// 4 to 24 (AKS docs "Use planned maintenance", 2026).
        hours: u32,
    },
    RemoveLock {
        cluster: ClusterId,
        /// Resource id of the management lock.
        lock: String,
    },
    /// Makes a lock again as it was read before.
    PutLock {
        cluster: ClusterId,
        lock: String,
        properties: Value,
    },
    /// Lets machines in a virtual network resolve the names of a private DNS zone.
    #[serde(rename_all = "camelCase")]
    LinkDnsZone {
        cluster: ClusterId,
        /// Resource ids.
        zone: String,
        network: String,
        /// Name of the link.
        link: String,
    },
    #[serde(rename_all = "camelCase")]
    UnlinkDnsZone {
        cluster: ClusterId,
        zone: String,
        link: String,
    },
    /// Writes fields back as they were, where nobody has changed them since.
    PutBack {
        cluster: ClusterId,
        of: AzureResource,
        fields: Vec<PastField>,
    },
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
            | Self::AbortNodePool { cluster, .. }
            | Self::EditCluster { cluster, .. }
            | Self::EditNodePool { cluster, .. }
            | Self::DeleteMachines { cluster, .. }
            | Self::StartCluster { cluster }
            | Self::StopCluster { cluster }
            | Self::RotateCertificates { cluster }
            | Self::SetWindow { cluster, .. }
            | Self::RemoveLock { cluster, .. }
            | Self::PutLock { cluster, .. }
            | Self::LinkDnsZone { cluster, .. }
            | Self::UnlinkDnsZone { cluster, .. }
            | Self::PutBack { cluster, .. } => cluster,
        }
    }

    /// The pool that is changed; `None` where it is the cluster itself, or something beside it.
    pub fn pool(&self) -> Option<&NodePoolName> {
        match self {
            Self::UpgradeNodePool { pool, .. }
            | Self::UpgradeNodeImage { pool, .. }
            | Self::SetPoolSettings { pool, .. }
            | Self::RollBackNodePool { pool, .. }
            | Self::AbortNodePool { pool, .. }
            | Self::EditNodePool { pool, .. }
            | Self::DeleteMachines { pool, .. }
            | Self::PutBack {
                of: AzureResource::NodePool { name: pool },
                ..
            } => Some(pool),
            Self::UpgradeControlPlane { .. }
            | Self::AbortCluster { .. }
            | Self::EditCluster { .. }
            | Self::StartCluster { .. }
            | Self::StopCluster { .. }
            | Self::RotateCertificates { .. }
            | Self::SetWindow { .. }
            | Self::RemoveLock { .. }
            | Self::PutLock { .. }
            | Self::LinkDnsZone { .. }
            | Self::UnlinkDnsZone { .. }
            | Self::PutBack { .. } => None,
        }
    }

    /// The abort that would stop this change; `None` for an abort itself, and for what is done at once.
    pub fn abort(&self) -> Option<Self> {
        let is_at_once = matches!(
            self,
            Self::AbortCluster { .. }
                | Self::AbortNodePool { .. }
                | Self::SetWindow { .. }
                | Self::RemoveLock { .. }
                | Self::PutLock { .. }
                | Self::LinkDnsZone { .. }
                | Self::UnlinkDnsZone { .. }
                | Self::PutBack {
                    of: AzureResource::Window { .. },
                    ..
                }
        );
        let cluster = self.cluster().clone();
        (!is_at_once).then(|| match self.pool() {
            Some(pool) => Self::AbortNodePool {
                cluster,
                pool: pool.clone(),
            },
            None => Self::AbortCluster { cluster },
        })
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
    /// `PUT`, `POST` or `DELETE`.
    pub method: String,
    /// Path and query, without the endpoint.
    pub path: String,
    /// The etag Azure must still have; `None` where the request takes none.
    pub if_match: Option<String>,
    pub fields: Vec<FieldChange>,
    /// The whole body as it will be sent; `None` for an empty one.
    pub body: Option<Value>,
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
