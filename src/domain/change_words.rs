//! What a change is, in a few words.

use std::fmt;

use super::azure_edit::{AzureResource, ClusterEdit};
use super::change::Change;

/// As `upgrade of node pool apps of shop to 1.34.2`.
impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&words(self))
    }
}

fn words(change: &Change) -> String {
    let cluster = change.cluster().name();
    match change {
        Change::UpgradeControlPlane { to, .. } => format!("upgrade of the control plane of {cluster} to {to}"),
        Change::UpgradeNodePool { pool, to, .. } => format!("upgrade of node pool {pool} of {cluster} to {to}"),
        Change::UpgradeNodeImage { pool, .. } => format!("node image upgrade of node pool {pool} of {cluster}"),
        Change::SetPoolSettings { pool, .. } => format!("upgrade settings of node pool {pool} of {cluster}"),
        Change::RollBackNodePool { pool, to, .. } => format!("rollback of node pool {pool} of {cluster} to {to}"),
        Change::AbortCluster { .. } => format!("abort of the operation on {cluster}"),
        Change::AbortNodePool { pool, .. } => format!("abort of the operation on node pool {pool} of {cluster}"),
        Change::EditCluster { change, .. } => edit(change, cluster),
        Change::EditNodePool { pool, .. } => format!("change of node pool {pool} of {cluster}"),
        Change::DeleteMachines { pool, .. } => format!("deletion of machines of node pool {pool} of {cluster}"),
        Change::StartCluster { .. } => format!("start of {cluster}"),
        Change::StopCluster { .. } => format!("stop of {cluster}"),
        Change::RotateCertificates { .. } => format!("rotation of the certificates of {cluster}"),
        Change::SetWindow { window, .. } => format!("length of the maintenance window {window} of {cluster}"),
        Change::RemoveLock { .. } => format!("removal of a lock of {cluster}"),
        Change::PutLock { .. } => format!("lock of {cluster}"),
        Change::LinkDnsZone { .. } => format!("link of the private DNS zone of {cluster}"),
        Change::UnlinkDnsZone { .. } => format!("removal of a link of the private DNS zone of {cluster}"),
        Change::PutBack { of, .. } => match of {
            AzureResource::Cluster => format!("former settings of {cluster}"),
            AzureResource::NodePool { name } => format!("former settings of node pool {name} of {cluster}"),
            AzureResource::Window { name } => format!("former maintenance window {name} of {cluster}"),
        },
    }
}

fn edit(change: &ClusterEdit, cluster: &str) -> String {
    match change {
        ClusterEdit::Reconcile => format!("reconciliation of {cluster}"),
        ClusterEdit::Upgrade { to } => format!("upgrade of {cluster} with all pools to {to}"),
        ClusterEdit::ForceUpgrade { .. } => format!("forced upgrades of {cluster}"),
        ClusterEdit::AutoUpgrade { .. } => format!("automatic upgrades of {cluster}"),
        ClusterEdit::Tier { tier, .. } => format!("tier {tier} of {cluster}"),
        ClusterEdit::AllowAddresses { .. } => format!("addresses that may reach the API server of {cluster}"),
        ClusterEdit::Addon { name, .. } => format!("add-on {name} of {cluster}"),
        ClusterEdit::OutboundAddresses { .. } => format!("outbound addresses of {cluster}"),
    }
}
