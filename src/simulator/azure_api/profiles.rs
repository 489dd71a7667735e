//! What versions are on offer: upgrade profiles, versions for pools, and the region's graph.

use serde_json::{Map, Value, json};

use super::bodies::cluster_id;
use super::reply::Reply;
use crate::simulator::world::versions::{Catalogue, Support};
use crate::simulator::world::{SimulatedCluster, SimulatedPool};

/// The cluster's profile; pools are `null` on the wire and must be asked one by one (AKS recordings, 2023 to 2024).
pub(super) fn of_cluster(cluster: &SimulatedCluster, catalogue: &Catalogue) -> Reply {
    let current = cluster.control_plane.claimed;
    let upgrades: Vec<Value> = catalogue
        .offers_for_cluster(current, cluster.landscape.has_long_term_support())
        .iter()
        .map(|offer| {
            let mut upgrade = json!({"kubernetesVersion": offer.version.to_string()});
            if offer.is_preview {
                upgrade["isPreview"] = json!(true);
            }
            upgrade
        })
        .collect();
    let mut profile = json!({"kubernetesVersion": current.to_string(), "osType": "Linux"});
    if !upgrades.is_empty() {
        profile["upgrades"] = Value::Array(upgrades);
    }
    Reply::of_aks(
        200,
        &json!({
            "id": format!("{}/upgradeprofiles/default", cluster_id(cluster)),
            "name": "default",
            "type": "Microsoft.ContainerService/managedClusters/upgradeprofiles",
            "properties": {"controlPlaneProfile": profile, "agentPoolProfiles": null},
        }),
    )
}

/// A pool's profile; without any `upgrades` key when it is level with its control plane.
pub(super) fn of_pool(cluster: &SimulatedCluster, pool: &SimulatedPool, catalogue: &Catalogue) -> Reply {
    let mut properties = json!({
        "kubernetesVersion": pool.claimed.to_string(),
        "osType": "Linux",
        "latestNodeImageVersion": catalogue.image_for(pool.claimed, cluster.landscape.os_sku(&pool.name)),
    });
    let upgrades: Vec<Value> = catalogue
        .offers_for_pool(pool.claimed, cluster.control_plane.claimed)
        .iter()
        .map(|version| json!({"kubernetesVersion": version.to_string()}))
        .collect();
    if !upgrades.is_empty() {
        properties["upgrades"] = Value::Array(upgrades);
    }
    let recent: Vec<Value> = pool
        .recently_used
        .iter()
        .map(|recent| {
            json!({
                "orchestratorVersion": recent.version.to_string(),
                "nodeImageVersion": recent.image,
                "timestamp": recent.at.to_string(),
            })
        })
        .collect();
    if !recent.is_empty() {
        properties["recentlyUsedVersions"] = Value::Array(recent);
    }
    Reply::of_aks(
        200,
        &json!({
            "id": format!("{}/agentPools/{}/upgradeProfiles/default", cluster_id(cluster), pool.name),
            "name": "default",
            "type": "Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles",
            "properties": properties,
        }),
    )
}

/// Versions a new pool may have: up to the control plane's, within the skew.
pub(super) fn pool_versions(cluster: &SimulatedCluster, catalogue: &Catalogue) -> Reply {
    let control_plane = cluster.control_plane.claimed;
    let versions: Vec<Value> = catalogue
        .minors
        .iter()
        .flat_map(|minor| minor.patches.iter())
        .filter(|version| Catalogue::is_within_skew(**version, control_plane))
        .map(|version| {
            let mut entry = json!({"kubernetesVersion": version.to_string()});
            if *version == control_plane {
                entry["default"] = json!(true);
            }
            entry
        })
        .collect();
    Reply::of_aks(
        200,
        &json!({
            "id": format!("{}/availableagentpoolversions", cluster_id(cluster)),
            "name": "default",
            "type": "Microsoft.ContainerService/managedClusters/availableAgentpoolVersions",
            "properties": {"agentPoolVersions": versions},
        }),
    )
}

/// The region's versions: `values`, not `value`, and not paged.
pub(super) fn of_region(catalogue: &Catalogue) -> Reply {
    let values: Vec<Value> = catalogue
        .minors
        .iter()
        .map(|minor| {
            let patches: Map<String, Value> = minor
                .patches
                .iter()
                .map(|patch| {
                    let upgrades: Vec<String> = catalogue
                        .upgrades_from(*patch)
                        .iter()
                        .map(ToString::to_string)
                        .collect();
                    (patch.to_string(), json!({"upgrades": upgrades}))
                })
                .collect();
            let plans: &[&str] = match minor.support {
                Support::Official => &["KubernetesOfficial", "AKSLongTermSupport"],
                Support::LongTermOnly => &["AKSLongTermSupport"],
                Support::Preview => &["KubernetesOfficial"],
            };
            let mut value = json!({
                "version": minor.line.to_string(),
                "capabilities": {"supportPlan": plans},
                "patchVersions": patches,
            });
            if minor.is_default {
                value["isDefault"] = json!(true);
            }
            if minor.support == Support::Preview {
                value["isPreview"] = json!(true);
            }
            value
        })
        .collect();
    Reply::of_aks(200, &json!({"values": values}))
}
