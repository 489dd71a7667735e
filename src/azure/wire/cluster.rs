//! A managed cluster: its own resource, and the flat Resource Graph row of the cockpit's query.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::WrongShape;
use super::error::error_detail;
use super::lenient::{Lenient, Text, object};
use super::node_pool::{Status, node_pool, power_state, state};
use crate::domain::cluster::{AutoUpgrade, Cluster, SupportPlan};
use crate::domain::ids::{ClusterId, SubscriptionId};
use crate::domain::network::PodNetwork;
use crate::domain::text::printable;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Body {
    id: Lenient<Text>,
    location: Lenient<Text>,
    sku: Lenient<Sku>,
    tags: Lenient<Map<String, Value>>,
    e_tag: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Sku {
    tier: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    provisioning_state: Lenient<Text>,
    power_state: Lenient<Value>,
    kubernetes_version: Lenient<Text>,
    current_kubernetes_version: Lenient<Text>,
    support_plan: Lenient<Text>,
    auto_upgrade_profile: Lenient<Channels>,
    fqdn: Lenient<Text>,
    #[serde(rename = "privateFQDN")]
    private_fqdn: Lenient<Text>,
    node_resource_group: Lenient<Text>,
    network_profile: Lenient<NetworkProfile>,
    agent_pool_profiles: Lenient<Vec<Value>>,
    upgrade_settings: Lenient<UpgradeSettings>,
    status: Lenient<Status>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NetworkProfile {
    network_plugin: Lenient<Text>,
    network_plugin_mode: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Channels {
    upgrade_channel: Lenient<Text>,
    #[serde(rename = "nodeOSUpgradeChannel")]
    node_os_upgrade_channel: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct UpgradeSettings {
    override_settings: Lenient<OverrideSettings>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OverrideSettings {
    force_upgrade: Lenient<bool>,
    until: Lenient<Text>,
}

/// Reads a cluster. Names come from the id, which is the one field that must be there.
///
/// A row of the cockpit's Resource Graph query has the properties beside the id instead of below `properties`.
pub fn cluster(body: &Value) -> Result<Cluster, WrongShape> {
    let outer: Body = object(body)?;
    let properties: Properties = object(body.get("properties").filter(|value| value.is_object()).unwrap_or(body))?;
    let id = ClusterId::new(outer.id.text().ok_or_else(|| WrongShape::new("a cluster has no id"))?);
    let parts = id
        .parts()
        .ok_or_else(|| WrongShape::new(format!("'{id}' is no cluster's id")))?;
    let requested_version = properties.kubernetes_version.text();
    let channels = properties.auto_upgrade_profile.or_default();
    let pools = properties
        .agent_pool_profiles
        .or_default()
        .iter()
        .map(node_pool)
        .collect::<Result<_, _>>()
        .map_err(|error| WrongShape::new(format!("cluster {}: {error}", parts.name)))?;
    Ok(Cluster {
        name: parts.name.to_owned(),
        resource_group: parts.resource_group.to_owned(),
        subscription_id: SubscriptionId::new(parts.subscription.to_ascii_lowercase()),
        location: outer.location.text().unwrap_or_default(),
        version: properties
            .current_kubernetes_version
            .text()
            .as_ref()
            .or(requested_version.as_ref())
            .and_then(|version| version.parse().ok()),
        requested_version,
        provisioning_state: state(properties.provisioning_state),
        power_state: power_state(&properties.power_state),
        tier: outer.sku.or_default().tier.text(),
        support_plan: properties
            .support_plan
            .text()
            .map_or_else(SupportPlan::default, |plan| plan.as_str().into()),
        auto_upgrade: AutoUpgrade {
            kubernetes_channel: channels.upgrade_channel.text(),
            node_os_channel: channels.node_os_upgrade_channel.text(),
        },
        fqdn: properties.fqdn.text(),
        private_fqdn: properties.private_fqdn.text(),
        node_resource_group: properties.node_resource_group.text(),
        network: pod_network(properties.network_profile.or_default()),
        pools,
        tags: tags(outer.tags.or_default()),
        force_upgrade_until: force_until(properties.upgrade_settings.or_default().override_settings.or_default()),
        etag: outer.e_tag.text(),
        error: properties
            .status
            .or_default()
            .provisioning_error
            .0
            .as_ref()
            .and_then(error_detail),
        id,
    })
}

fn pod_network(profile: NetworkProfile) -> Option<PodNetwork> {
    let plugin = profile.network_plugin.text()?;
    PodNetwork::parse(&plugin, profile.network_plugin_mode.text().as_deref())
}

/// A force without an end does not act (AKS API 2026-08-01, `overrideSettings.until`).
fn force_until(settings: OverrideSettings) -> Option<Timestamp> {
    settings
        .force_upgrade
        .or_default()
        .then(|| settings.until.text())
        .flatten()
        .and_then(|until| until.parse().ok())
}

fn tags(tags: Map<String, Value>) -> BTreeMap<String, String> {
    tags.into_iter()
        .map(|(name, value)| {
            let text = match value {
                Value::String(text) => text,
                Value::Null => String::new(),
                other => other.to_string(),
            };
            (printable(&name), printable(&text))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::provisioning::{PowerState, ProvisioningState};
    use crate::domain::version::KubernetesVersion;

    const ID: &str =
        "/subscriptions/AAAA/resourcegroups/rg-shop/providers/Microsoft.ContainerService/managedClusters/shop";

    #[test]
    fn a_resource_is_read_with_all_its_names_and_settings() {
        let shop = cluster(&json!({
            "id": ID, "name": "shop", "location": "westeurope", "type": "Microsoft.ContainerService/ManagedClusters",
            "sku": {"name": "Base", "tier": "Premium"}, "tags": {"env": "prod", "cost": 7, "none": null}, "eTag": "e1",
            "properties": {
                "provisioningState": "Cancelled", "powerState": {"code": "Stopped"},
                "kubernetesVersion": "1.33", "currentKubernetesVersion": "1.33.5", "supportPlan": "AKSLongTermSupport",
                "autoUpgradeProfile": {"nodeOSUpgradeChannel": "NodeImage"}, "privateFQDN": "",
                "upgradeSettings": {"overrideSettings": {"forceUpgrade": true, "until": "2026-08-01T10:00:00.1234567Z"}},
                "networkProfile": {"networkPlugin": "azure", "networkPluginMode": "overlay"},
                "agentPoolProfiles": [{"name": "b", "count": 2, "podSubnetID": "/subnets/pods"}, {"name": "a", "count": 3}],
                "status": {"provisioningError": null}
            }
        }))
        .unwrap();
        assert_eq!((shop.name.as_str(), shop.resource_group.as_str()), ("shop", "rg-shop"));
        assert_eq!(shop.subscription_id.as_str(), "aaaa");
        assert_eq!(shop.version, Some(KubernetesVersion::new(1, 33, 5)));
        assert_eq!(shop.provisioning_state, ProvisioningState::Canceled);
        assert_eq!(shop.power_state, PowerState::Stopped);
        assert_eq!(shop.support_plan, SupportPlan::LongTermSupport);
        assert_eq!(shop.auto_upgrade.kubernetes_channel, None);
        assert_eq!(shop.auto_upgrade.node_os_channel.as_deref(), Some("NodeImage"));
        assert_eq!((shop.private_fqdn, shop.error), (None, None));
        assert_eq!(shop.tags["cost"], "7");
        let names: Vec<&str> = shop.pools.iter().map(|pool| pool.name.as_str()).collect();
        assert_eq!(names, ["b", "a"], "Azure's order is kept");
        assert_eq!(shop.network, Some(PodNetwork::Overlay));
        assert_eq!(shop.pools[0].pod_subnet.as_deref(), Some("/subnets/pods"));
        assert_eq!(shop.pools[1].vnet_subnet, None);
        assert!(shop.force_upgrade_until.is_some());
    }

    #[test]
    fn a_flat_row_and_a_bare_resource_are_read() {
        let row = cluster(&json!({
            "id": ID, "location": "westeurope", "provisioningState": "Upgrading", "powerState": "Running",
            "kubernetesVersion": "1.33.5", "agentPoolProfiles": null
        }))
        .unwrap();
        assert_eq!(row.provisioning_state, ProvisioningState::Upgrading);
        assert_eq!(row.version, Some(KubernetesVersion::new(1, 33, 5)));
        assert!(row.pools.is_empty() && row.network.is_none());
        let bare = cluster(&json!({"id": ID})).unwrap();
        assert_eq!((bare.power_state, bare.version), (PowerState::Running, None));
        assert!(!bare.provisioning_state.is_terminal(), "no state is not a good state");
    }

    #[test]
    fn what_is_no_cluster_is_refused() {
        for body in [
            json!([]),
            json!("text"),
            json!({}),
            json!({"id": "/subscriptions/s"}),
            json!({"id": 7}),
            json!({"id": ID, "properties": {"agentPoolProfiles": [{"count": 1}]}}),
        ] {
            assert!(cluster(&body).is_err(), "{body}");
        }
    }
}
