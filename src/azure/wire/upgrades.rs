//! Upgrade profiles of a cluster and of a pool, and the versions of a region.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::WrongShape;
use super::lenient::{Lenient, Text, object};
use crate::domain::cluster::{
    ClusterUpgrades, PoolUpgrades, RecentlyUsedVersion, RegionMinor, RegionVersions, UpgradeOffer,
};
use crate::domain::ids::NodePoolName;
use crate::domain::version::{KubernetesVersion, NodeImageVersion};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ClusterProfile {
    control_plane_profile: Lenient<Profile>,
    agent_pool_profiles: Lenient<Vec<Profile>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Profile {
    name: Lenient<Text>,
    kubernetes_version: Lenient<Text>,
    upgrades: Lenient<Vec<Offer>>,
    latest_node_image_version: Lenient<Text>,
    recently_used_versions: Lenient<Vec<RecentlyUsed>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Offer {
    kubernetes_version: Lenient<Text>,
    is_preview: Lenient<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RecentlyUsed {
    orchestrator_version: Lenient<Text>,
    node_image_version: Lenient<Text>,
    timestamp: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Minor {
    version: Lenient<Text>,
    is_default: Lenient<bool>,
    is_preview: Lenient<bool>,
    capabilities: Lenient<Capabilities>,
    patch_versions: Lenient<BTreeMap<String, Patch>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Capabilities {
    support_plan: Lenient<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Patch {
    upgrades: Lenient<Vec<String>>,
}

/// Reads a cluster's upgrade profile. On the wire its `agentPoolProfiles` is mostly null (AKS recordings, 2023 and
/// 2024), so each pool has to be asked as well.
pub fn cluster_upgrades(body: &Value) -> Result<ClusterUpgrades, WrongShape> {
    let profile: ClusterProfile = properties(body)?;
    Ok(ClusterUpgrades {
        control_plane: offers(profile.control_plane_profile.or_default().upgrades),
        pools: profile
            .agent_pool_profiles
            .or_default()
            .into_iter()
            .filter_map(|mut pool| {
                let name = std::mem::take(&mut pool.name).text()?;
                Some((NodePoolName::new(name), pool_profile(pool)))
            })
            .collect(),
    })
}

/// Reads a pool's upgrade profile; `upgrades` is left out where the pool equals the control plane.
pub fn pool_upgrades(body: &Value) -> Result<PoolUpgrades, WrongShape> {
    properties(body).map(pool_profile)
}

/// Reads the versions of a region, oldest release line first. Texts that are no versions are left out.
pub fn region_versions(body: &Value) -> Result<RegionVersions, WrongShape> {
    let values = body
        .get("values")
        .and_then(Value::as_array)
        .ok_or_else(|| WrongShape::new("the region's versions have no 'values'"))?;
    let mut minors: Vec<RegionMinor> = values.iter().filter_map(|value| minor(object(value).ok()?)).collect();
    minors.sort_by_key(|minor| minor.line);
    Ok(RegionVersions { minors })
}

fn properties<T: serde::de::DeserializeOwned>(body: &Value) -> Result<T, WrongShape> {
    object(
        body.get("properties")
            .ok_or_else(|| WrongShape::new("an upgrade profile has no 'properties'"))?,
    )
}

fn pool_profile(profile: Profile) -> PoolUpgrades {
    PoolUpgrades {
        current: profile.kubernetes_version.text().and_then(|text| text.parse().ok()),
        offers: offers(profile.upgrades),
        latest_node_image: profile.latest_node_image_version.text().map(NodeImageVersion::new),
        recently_used: profile
            .recently_used_versions
            .or_default()
            .into_iter()
            .filter_map(|used| {
                Some(RecentlyUsedVersion {
                    version: used.orchestrator_version.text()?.parse().ok()?,
                    node_image: NodeImageVersion::new(used.node_image_version.text()?),
                    used_until: used.timestamp.text().and_then(|text| text.parse().ok()),
                })
            })
            .collect(),
    }
}

/// Newest first, each version once.
fn offers(offers: Lenient<Vec<Offer>>) -> Vec<UpgradeOffer> {
    let mut offers: Vec<UpgradeOffer> = offers
        .or_default()
        .into_iter()
        .filter_map(|offer| {
            Some(UpgradeOffer {
                version: offer.kubernetes_version.text()?.parse().ok()?,
                is_preview: offer.is_preview.or_default(),
            })
        })
        .collect();
    offers.sort_by_key(|offer| std::cmp::Reverse(offer.version));
    offers.dedup_by_key(|offer| offer.version);
    offers
}

fn minor(minor: Minor) -> Option<RegionMinor> {
    let plans = minor.capabilities.or_default().support_plan.or_default();
    let is_plan = |word: &str| plans.iter().any(|plan| plan.eq_ignore_ascii_case(word));
    Some(RegionMinor {
        line: minor.version.text()?.parse().ok()?,
        is_default: minor.is_default.or_default(),
        is_preview: minor.is_preview.or_default(),
        is_lts_only: is_plan("AKSLongTermSupport") && !is_plan("KubernetesOfficial"),
        patches: minor
            .patch_versions
            .or_default()
            .into_iter()
            .filter_map(|(patch, steps)| Some((patch.parse().ok()?, versions(steps.upgrades))))
            .collect(),
    })
}

fn versions(texts: Lenient<Vec<String>>) -> Vec<KubernetesVersion> {
    texts.or_default().iter().filter_map(|text| text.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(offers: &[UpgradeOffer]) -> Vec<String> {
        offers.iter().map(|offer| offer.version.to_string()).collect()
    }

    #[test]
    fn a_cluster_profile_has_no_pools_on_the_wire() {
        let upgrades = cluster_upgrades(
            &json!({"properties": {"agentPoolProfiles": null, "controlPlaneProfile": {
            "kubernetesVersion": "1.32.4", "upgrades": [
                {"kubernetesVersion": "1.32.9"}, {"kubernetesVersion": "1.33.10", "isPreview": true},
                {"kubernetesVersion": "1.33.9"}, {"kubernetesVersion": "odd"}]}}}),
        )
        .unwrap();
        assert!(upgrades.pools.is_empty());
        assert_eq!(texts(&upgrades.control_plane), ["1.33.10", "1.33.9", "1.32.9"]);
        assert!(upgrades.control_plane[0].is_preview && !upgrades.control_plane[1].is_preview);
    }

    #[test]
    fn a_pool_profile_may_offer_nothing() {
        let upgrades = pool_upgrades(&json!({"properties": {"kubernetesVersion": "1.32.4", "osType": "Linux",
            "latestNodeImageVersion": "AKSUbuntu-2204gen2containerd-202607.01.0",
            "recentlyUsedVersions": [{"orchestratorVersion": "1.31.9", "nodeImageVersion": "old",
                "timestamp": "2026-07-01T10:00:00.1234567Z"}, {"orchestratorVersion": null}]}}))
        .unwrap();
        assert!(upgrades.offers.is_empty());
        assert_eq!(upgrades.current, Some(KubernetesVersion::new(1, 32, 4)));
        assert_eq!(upgrades.recently_used.len(), 1);
        assert!(upgrades.recently_used[0].used_until.is_some());
        assert!(pool_upgrades(&json!({"properties": null})).is_err());
        assert!(cluster_upgrades(&json!({})).is_err());
    }

    #[test]
    fn a_region_is_a_graph_of_steps() {
        let region = region_versions(&json!({"values": [
            {"version": "1.33", "isDefault": true, "capabilities": {"supportPlan": ["KubernetesOfficial", "AKSLongTermSupport"]},
             "patchVersions": {"1.33.1": {"upgrades": ["1.33.5"]}, "1.33.5": {"upgrades": null}, "x": {}}},
            {"version": "1.27", "capabilities": {"supportPlan": ["AKSLongTermSupport"]}, "patchVersions": null},
            {"version": null}, 7]}))
        .unwrap();
        let lines: Vec<String> = region.minors.iter().map(|minor| minor.line.to_string()).collect();
        assert_eq!(lines, ["1.27", "1.33"]);
        assert!(region.minors[0].is_lts_only && !region.minors[1].is_lts_only);
        assert_eq!(region.minors[1].patches.len(), 2);
        assert!(region_versions(&json!({"value": []})).is_err());
    }
}
