//! Extensions, backups and diagnostic settings of a cluster.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{arm_id, group_id};
use crate::simulator::azure_api::reads::page;
use crate::simulator::azure_api::reply::{Call, Reply};
use crate::simulator::world::landscape::Backup;
use crate::simulator::world::{SimulatedCluster, World};

/// Answers `GET {cluster}/providers/Microsoft.KubernetesConfiguration/extensions`.
pub(super) fn extensions(world: &World, cluster: &SimulatedCluster, call: &Call) -> Reply {
    let items = cluster
        .landscape
        .extensions
        .iter()
        .map(|extension| {
            let id = format!(
                "{}/providers/Microsoft.KubernetesConfiguration/extensions/{}",
                arm_id(cluster),
                extension.name
            );
            json!({
                "id": id,
                "name": extension.name,
                "type": "Microsoft.KubernetesConfiguration/extensions",
                "properties": {
                    "extensionType": extension.kind,
                    "autoUpgradeMinorVersion": true,
                    "releaseTrain": "Stable",
                    "version": null,
                    "currentVersion": extension.version,
                    "provisioningState": extension.provisioning_state.as_deref().unwrap_or("Succeeded"),
                    "errorInfo": null,
                },
            })
        })
        .collect();
    page(world, call, items)
}

/// Answers `GET {cluster}/providers/Microsoft.DataProtection/backupInstances`.
pub(super) fn backups(world: &World, cluster: &SimulatedCluster, call: &Call) -> Reply {
    let items = cluster
        .landscape
        .backups
        .iter()
        .map(|backup| {
            let status = if backup.is_failing {
                "ProtectionError"
            } else {
                "ProtectionConfigured"
            };
            json!({
                "id": backup_id(cluster, backup),
                "name": backup.name,
                "type": "Microsoft.DataProtection/backupVaults/backupInstances",
                "properties": {
                    "friendlyName": backup.name,
                    "dataSourceInfo": {"objectType": "Datasource", "resourceID": arm_id(cluster),
                        "datasourceType": "Microsoft.ContainerService/managedclusters"},
                    "currentProtectionState": status,
                    "protectionStatus": {"status": status},
                    "provisioningState": "Succeeded",
                    "objectType": "BackupInstance",
                },
            })
        })
        .collect();
    page(world, call, items)
}

fn backup_id(cluster: &SimulatedCluster, backup: &Backup) -> String {
    let group = group_id(cluster, &cluster.profile.resource_group);
    format!(
        "{group}/providers/Microsoft.DataProtection/backupVaults/vault-{}/backupInstances/{}",
        cluster.profile.name, backup.name
    )
}

/// Answers `GET {backup}/recoveryPoints`: the last good one, and a partial one after it.
pub(super) fn recovery_points(world: &World, clusters: &[&SimulatedCluster], name: &str, call: &Call) -> Reply {
    let backups = clusters.iter().flat_map(|cluster| &cluster.landscape.backups);
    let Some(backup) = backups
        .into_iter()
        .find(|backup| backup.name.eq_ignore_ascii_case(name))
    else {
        return Reply::not_found("Microsoft.DataProtection/backupVaults/backupInstances", name, "");
    };
    let point = |hours: u64, state: &str| {
        let at = world.now - SignedDuration::from_hours(i64::try_from(hours).unwrap_or(i64::from(u32::MAX)));
        json!({"name": format!("{name}-{hours}"), "properties": {"objectType": "AzureBackupDiscreteRecoveryPoint",
            "recoveryPointTime": at.to_string(), "recoveryPointState": state, "recoveryPointType": "Incremental"}})
    };
    let mut items: Vec<Value> = backup
        .hours_ago
        .iter()
        .map(|hours| point(*hours, "Completed"))
        .collect();
    if backup.is_failing {
        items.push(point(1, "Partial"));
    }
    page(world, call, items)
}

/// Answers `GET {cluster}/providers/Microsoft.Insights/diagnosticSettings`.
pub(super) fn diagnostic_settings(cluster: &SimulatedCluster) -> Reply {
    let categories = &cluster.landscape.diagnostic_settings;
    let mut value = Vec::new();
    if !categories.is_empty() {
        let logs: Vec<Value> = categories
            .iter()
            .map(|category| json!({"category": category, "categoryGroup": null, "enabled": true}))
            .chain([json!({"category": "cloud-controller-manager", "enabled": false})])
            .collect();
        value.push(json!({
            "id": format!("{}/providers/microsoft.insights/diagnosticSettings/to-workspace", arm_id(cluster)),
            "name": "to-workspace",
            "type": "Microsoft.Insights/diagnosticSettings",
            "properties": {"logs": logs, "metrics": []},
        }));
    }
    Reply::of_arm(200, &json!({"value": value}))
}
