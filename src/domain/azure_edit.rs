//! What can be written of a cluster or a node pool besides versions and upgrade settings, and what was there before.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ids::NodePoolName;
use super::version::KubernetesVersion;

/// Fields of a node pool; those that are not given stay (AKS API 2026-08-01, `AgentPool`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PoolEdit {
    /// Nodes; only of a pool without autoscaler.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Of the autoscaler.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_count: Option<u32>,
    /// For instance `Ubuntu2404`; moves every node to another image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_sku: Option<String>,
}

/// One edit of a cluster (AKS API 2026-08-01, `ManagedCluster`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "edit")]
pub enum ClusterEdit {
    /// Writes what is there: AKS goes over everything once more.
    Reconcile,
    /// Moves the control plane and every pool.
    Upgrade { to: KubernetesVersion },
    /// Lets an upgrade that starts before `until` pass budgets and the gate of deprecated APIs
    /// (AKS docs "Upgrade options", 2026).
    ForceUpgrade { until: Timestamp },
    /// The automatic channels, in Azure's words; one that is not given stays.
    #[serde(rename_all = "camelCase")]
    AutoUpgrade {
        kubernetes: Option<String>,
        node_os: Option<String>,
    },
    /// `Free`, `Standard` or `Premium`, and the support plan where it changes.
    #[serde(rename_all = "camelCase")]
    Tier { tier: String, support_plan: Option<String> },
    /// Adds to the addresses that may reach the API server, as `20.1.2.3/32`.
    AllowAddresses { ranges: Vec<String> },
    /// Switches an add-on that is there, for instance `omsagent`.
    #[serde(rename_all = "camelCase")]
    Addon { name: String, is_enabled: bool },
    /// Addresses that AKS manages for the way out (1 to 100).
    OutboundAddresses { count: u32 },
}

/// A resource whose fields can be put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "resource")]
pub enum AzureResource {
    Cluster,
    NodePool {
        name: NodePoolName,
    },
    /// A maintenance configuration.
    Window {
        name: String,
    },
}

/// A field that was written, with what was there before; `None` where it was absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PastField {
    /// Its path, for instance `properties.upgradeSettings.maxSurge`.
    pub field: String,
    pub was: Option<Value>,
    /// What was written; only where it is still there, it is put back.
    pub is: Option<Value>,
}
