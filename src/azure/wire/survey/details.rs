//! What a cluster's body says beyond `Cluster`: network, egress, identity, add-ons, and the rest of its pools.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::azure::wire::WrongShape;
use crate::azure::wire::lenient::{Lenient, Text, object};
use crate::domain::ids::NodePoolName;
use crate::domain::survey::{ClusterDetails, KeyManagement, LoadBalancer, MeshFact, PoolDetails};
use crate::domain::text::printable;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    network_profile: Lenient<Networking>,
    http_proxy_config: Lenient<Proxies>,
    api_server_access_profile: Lenient<Access>,
    service_principal_profile: Lenient<ServicePrincipal>,
    identity_profile: Lenient<BTreeMap<String, Value>>,
    security_profile: Lenient<Security>,
    service_mesh_profile: Lenient<ServiceMesh>,
    node_disruption_profile: Lenient<NodeDisruption>,
    addon_profiles: Lenient<Map<String, Value>>,
    auto_scaler_profile: Lenient<Map<String, Value>>,
    upgrade_settings: Lenient<UpgradeSettings>,
    agent_pool_profiles: Lenient<Vec<Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Networking {
    network_plugin: Lenient<Text>,
    network_plugin_mode: Lenient<Text>,
    network_policy: Lenient<Text>,
    network_dataplane: Lenient<Text>,
    pod_cidr: Lenient<Text>,
    service_cidr: Lenient<Text>,
    outbound_type: Lenient<Text>,
    load_balancer_sku: Lenient<Text>,
    load_balancer_profile: Lenient<Balancer>,
    kube_proxy_config: Lenient<KubeProxy>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Balancer {
    allocated_outbound_ports: Lenient<u32>,
    #[serde(rename = "effectiveOutboundIPs")]
    effective_outbound_ips: Lenient<Vec<Value>>,
    #[serde(rename = "managedOutboundIPs")]
    managed_outbound_ips: Lenient<Counted>,
    #[serde(rename = "outboundIPs")]
    outbound_ips: Lenient<PublicIps>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counted {
    count: Lenient<u32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PublicIps {
    #[serde(rename = "publicIPs")]
    public_ips: Lenient<Vec<Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct KubeProxy {
    mode: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Proxies {
    enabled: Lenient<bool>,
    http_proxy: Lenient<Text>,
    https_proxy: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Access {
    enable_private_cluster: Lenient<bool>,
    #[serde(rename = "privateDNSZone")]
    private_dns_zone: Lenient<Text>,
    enable_vnet_integration: Lenient<bool>,
    #[serde(rename = "authorizedIPRanges")]
    authorized_ip_ranges: Lenient<Vec<Text>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ServicePrincipal {
    client_id: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Security {
    azure_key_vault_kms: Lenient<Kms>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Kms {
    enabled: Lenient<bool>,
    key_id: Lenient<Text>,
    key_vault_network_access: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ServiceMesh {
    mode: Lenient<Text>,
    istio: Lenient<Istio>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Istio {
    revisions: Lenient<Vec<Text>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeDisruption {
    node_disruption_policy: Lenient<Text>,
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

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Pool {
    name: Lenient<Text>,
    #[serde(rename = "osSKU")]
    os_sku: Lenient<Text>,
    r#type: Lenient<Text>,
    availability_zones: Lenient<Vec<Text>>,
    min_count: Lenient<u32>,
    max_count: Lenient<u32>,
    node_labels: Lenient<Map<String, Value>>,
    node_taints: Lenient<Vec<Text>>,
    upgrade_strategy: Lenient<Text>,
    upgrade_settings_blue_green: Lenient<BlueGreen>,
    #[serde(rename = "enableFIPS")]
    enable_fips: Lenient<bool>,
    #[serde(rename = "capacityReservationGroupID")]
    capacity_reservation_group_id: Lenient<Text>,
    #[serde(rename = "proximityPlacementGroupID")]
    proximity_placement_group_id: Lenient<Text>,
    #[serde(rename = "enableNodePublicIP")]
    enable_node_public_ip: Lenient<bool>,
    #[serde(rename = "podIPAllocationMode")]
    pod_ip_allocation_mode: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct BlueGreen {
    final_soak_duration_in_minutes: Lenient<u32>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct MeshProfile {
    mesh_revisions: Lenient<Vec<Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct MeshRevision {
    revision: Lenient<Text>,
    compatible_with: Lenient<Vec<Compatible>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Compatible {
    name: Lenient<Text>,
    versions: Lenient<Vec<Text>>,
}

/// Reads the rest of a cluster's body.
pub fn cluster_details(body: &Value) -> Result<ClusterDetails, WrongShape> {
    let properties = body
        .get("properties")
        .ok_or_else(|| WrongShape::new("a cluster has no 'properties'"))?;
    let properties: Properties = object(properties)?;
    let network = properties.network_profile.or_default();
    let access = properties.api_server_access_profile.or_default();
    let kms = properties
        .security_profile
        .or_default()
        .azure_key_vault_kms
        .or_default();
    let force = properties.upgrade_settings.or_default().override_settings.or_default();
    Ok(ClusterDetails {
        network_plugin: network.network_plugin.text(),
        network_plugin_mode: network.network_plugin_mode.text(),
        network_policy: network.network_policy.text(),
        network_dataplane: network.network_dataplane.text(),
        pod_cidr: network.pod_cidr.text(),
        service_cidr: network.service_cidr.text(),
        outbound_type: network.outbound_type.text(),
        load_balancer: load_balancer(network.load_balancer_sku, network.load_balancer_profile.or_default()),
        has_http_proxy: has_proxy(properties.http_proxy_config.or_default()),
        is_private: access.enable_private_cluster.or_default(),
        private_dns_zone: access.private_dns_zone.text(),
        has_api_server_vnet_integration: access.enable_vnet_integration.or_default(),
        authorized_ip_ranges: texts(access.authorized_ip_ranges),
        // `msi` is how AKS says that there is none.
        service_principal: properties
            .service_principal_profile
            .or_default()
            .client_id
            .text()
            .filter(|id| !id.eq_ignore_ascii_case("msi")),
        kubelet_identity: properties
            .identity_profile
            .or_default()
            .get("kubeletidentity")
            .and_then(|identity| Some(printable(identity.get("resourceId")?.as_str()?)))
            .filter(|id| !id.is_empty()),
        key_management: kms.enabled.or_default().then(|| KeyManagement {
            vault_access: kms.key_vault_network_access.text(),
            key_id: kms.key_id.text(),
        }),
        mesh: mesh(properties.service_mesh_profile.or_default()),
        node_disruption_policy: properties
            .node_disruption_profile
            .or_default()
            .node_disruption_policy
            .text(),
        addons: addons(properties.addon_profiles.or_default()),
        kube_proxy_mode: network.kube_proxy_config.or_default().mode.text(),
        autoscaler_profile: settings(properties.auto_scaler_profile.or_default()),
        force_upgrade: force.force_upgrade.0.map(|is_forced| {
            (
                is_forced,
                force.until.text().and_then(|until| until.parse::<Timestamp>().ok()),
            )
        }),
        pools: properties
            .agent_pool_profiles
            .or_default()
            .iter()
            .filter_map(pool)
            .collect(),
    })
}

/// Reads the mesh revisions of a region: the Kubernetes minors each is compatible with.
pub fn mesh_compatibility(body: &Value) -> Result<BTreeMap<String, Vec<String>>, WrongShape> {
    let properties = body
        .get("properties")
        .ok_or_else(|| WrongShape::new("a mesh profile has no 'properties'"))?;
    let profile: MeshProfile = object(properties)?;
    let revisions = profile.mesh_revisions.or_default();
    let read = |value: &Value| {
        let revision: MeshRevision = object(value).ok()?;
        let versions = revision
            .compatible_with
            .or_default()
            .into_iter()
            .filter(|compatible| {
                let name = compatible.name.clone().text();
                name.is_some_and(|name| name.eq_ignore_ascii_case("kubernetes"))
            })
            .flat_map(|compatible| texts(compatible.versions))
            .collect();
        Some((revision.revision.text()?, versions))
    };
    Ok(revisions.iter().filter_map(read).collect())
}

fn load_balancer(sku: Lenient<Text>, profile: Balancer) -> LoadBalancer {
    let effective = profile.effective_outbound_ips.or_default();
    let id = |address: &Value| Some(printable(address.get("id")?.as_str()?));
    let address_ids = effective.iter().filter_map(id).collect();
    let counted = |list: Lenient<Vec<Value>>| u32::try_from(list.or_default().len()).unwrap_or(u32::MAX);
    let outbound_ips = [
        u32::try_from(effective.len()).unwrap_or(u32::MAX),
        profile.managed_outbound_ips.or_default().count.or_default(),
        counted(profile.outbound_ips.or_default().public_ips),
    ];
    LoadBalancer {
        sku: sku.text(),
        allocated_outbound_ports: profile.allocated_outbound_ports.0,
        // What there is counts more than what was asked for.
        address_ids,
        outbound_ips: outbound_ips.into_iter().find(|count| *count > 0).unwrap_or(0),
    }
}

fn has_proxy(proxy: Proxies) -> bool {
    proxy.enabled.0 != Some(false) && (proxy.http_proxy.text().is_some() || proxy.https_proxy.text().is_some())
}

fn mesh(profile: ServiceMesh) -> Option<MeshFact> {
    let is_istio = profile
        .mode
        .text()
        .is_some_and(|mode| mode.eq_ignore_ascii_case("Istio"));
    is_istio.then(|| MeshFact {
        revisions: texts(profile.istio.or_default().revisions),
        compatible_with: BTreeMap::new(),
    })
}

fn addons(profiles: Map<String, Value>) -> BTreeMap<String, BTreeMap<String, String>> {
    profiles
        .into_iter()
        .filter(|(_, addon)| addon.get("enabled").and_then(Value::as_bool) == Some(true))
        .map(|(name, addon)| {
            let config = addon.get("config").and_then(Value::as_object).cloned();
            (printable(&name), settings(config.unwrap_or_default()))
        })
        .collect()
}

/// Names and values as text; what has no value is left out.
fn settings(values: Map<String, Value>) -> BTreeMap<String, String> {
    values
        .into_iter()
        .filter_map(|(name, value)| {
            let text = match value {
                Value::Null => return None,
                Value::String(text) => text,
                other => other.to_string(),
            };
            Some((printable(&name), printable(&text)))
        })
        .collect()
}

pub(super) fn texts(list: Lenient<Vec<Text>>) -> Vec<String> {
    let list = list.or_default().into_iter();
    list.filter_map(|text| Lenient(Some(text)).text()).collect()
}

fn pool(body: &Value) -> Option<(NodePoolName, PoolDetails)> {
    let pool: Pool = object(body).ok()?;
    let details = PoolDetails {
        os_sku: pool.os_sku.text(),
        pool_type: pool.r#type.text(),
        zones: texts(pool.availability_zones),
        min_count: pool.min_count.0,
        max_count: pool.max_count.0,
        node_labels: settings(pool.node_labels.or_default()),
        node_taints: texts(pool.node_taints),
        upgrade_strategy: pool.upgrade_strategy.text(),
        final_soak_minutes: pool
            .upgrade_settings_blue_green
            .or_default()
            .final_soak_duration_in_minutes
            .0,
        is_fips: pool.enable_fips.or_default(),
        capacity_reservation: pool.capacity_reservation_group_id.text(),
        proximity_group: pool.proximity_placement_group_id.text(),
        has_node_public_ips: pool.enable_node_public_ip.or_default(),
        has_static_pod_blocks: pool
            .pod_ip_allocation_mode
            .text()
            .is_some_and(|mode| mode.eq_ignore_ascii_case("StaticBlock")),
    };
    Some((NodePoolName::new(pool.name.text()?), details))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_beyond_the_cluster_is_read() {
        let details = cluster_details(&json!({"properties": {
            "networkProfile": {"networkPlugin": "azure", "networkPluginMode": "overlay", "networkPolicy": "cilium",
                "networkDataplane": "cilium", "podCidr": "10.244.0.0/16", "serviceCidr": "10.0.0.0/16",
                "outboundType": "userDefinedRouting", "loadBalancerSku": "standard",
                "loadBalancerProfile": {"allocatedOutboundPorts": 0, "managedOutboundIPs": {"count": 1},
                    "effectiveOutboundIPs": [{"id": "a"}, {"id": "b"}]},
                "kubeProxyConfig": {"mode": "IPVS"}},
            "httpProxyConfig": {"httpsProxy": "http://proxy:3128"},
            "apiServerAccessProfile": {"enablePrivateCluster": true, "privateDNSZone": "system",
                "enableVnetIntegration": true, "authorizedIPRanges": ["10.0.0.0/8", 7]},
            "servicePrincipalProfile": {"clientId": "client\u{1b}[2J"},
            "identityProfile": {"kubeletidentity": {"resourceId": "/identities/kubelet"}},
            "securityProfile": {"azureKeyVaultKms": {"enabled": true, "keyId": "https://v/keys/k", "keyVaultNetworkAccess": "Private"}},
            "serviceMeshProfile": {"mode": "Istio", "istio": {"revisions": ["asm-1-27"]}},
            "nodeDisruptionProfile": {"nodeDisruptionPolicy": "Block"},
            "addonProfiles": {"omsagent": {"enabled": true, "config": {"logAnalyticsWorkspaceResourceID": "/w", "n": 1}},
                "azurepolicy": {"enabled": false}},
            "autoScalerProfile": {"max-graceful-termination-sec": "600", "expander": null},
            "upgradeSettings": {"overrideSettings": {"forceUpgrade": true, "until": "2026-11-24T00:00:00Z"}},
            "agentPoolProfiles": [{"name": "apps", "osSKU": "AzureLinux", "type": "VirtualMachineScaleSets",
                "availabilityZones": ["1", "2"], "minCount": 1, "maxCount": 5, "nodeLabels": {"tier": "web"},
                "nodeTaints": ["a=b:NoSchedule"], "upgradeStrategy": "BlueGreen",
                "upgradeSettingsBlueGreen": {"finalSoakDurationInMinutes": 60}, "enableFIPS": true,
                "capacityReservationGroupID": "/crg", "proximityPlacementGroupID": "/ppg",
                "enableNodePublicIP": true, "podIPAllocationMode": "StaticBlock"}, {"count": 1}]
        }}))
        .unwrap();
        assert_eq!(details.outbound_type.as_deref(), Some("userDefinedRouting"));
        let balancer = &details.load_balancer;
        assert_eq!((balancer.outbound_ips, balancer.allocated_outbound_ports), (2, Some(0)));
        assert!(details.has_http_proxy && details.is_private && details.has_api_server_vnet_integration);
        assert_eq!(
            details.authorized_ip_ranges,
            Vec::<String>::new(),
            "a list of another type is no list"
        );
        assert_eq!(details.service_principal.as_deref(), Some("client[2J"));
        assert_eq!(details.kubelet_identity.as_deref(), Some("/identities/kubelet"));
        assert_eq!(details.key_management.unwrap().vault_access.as_deref(), Some("Private"));
        assert_eq!(details.mesh.unwrap().revisions, ["asm-1-27"]);
        assert_eq!(details.node_disruption_policy.as_deref(), Some("Block"));
        assert_eq!(details.addons.len(), 1);
        assert_eq!(details.addons["omsagent"]["n"], "1");
        assert_eq!(details.autoscaler_profile.len(), 1);
        assert_eq!(details.kube_proxy_mode.as_deref(), Some("IPVS"));
        assert!(
            details
                .force_upgrade
                .is_some_and(|(is_forced, until)| is_forced && until.is_some())
        );
        let apps = &details.pools[&NodePoolName::new("apps")];
        assert_eq!(
            (apps.zones.len(), apps.max_count, apps.final_soak_minutes),
            (2, Some(5), Some(60))
        );
        assert_eq!((apps.node_labels["tier"].as_str(), apps.node_taints.len()), ("web", 1));
        assert!(apps.has_node_public_ips && apps.has_static_pod_blocks);
        assert!(apps.is_fips && apps.capacity_reservation.is_some() && apps.proximity_group.is_some());
    }

    #[test]
    fn a_bare_cluster_has_nothing_of_it() {
        let bare = json!({"properties": {"servicePrincipalProfile": {"clientId": "msi"}, "httpProxyConfig": {"enabled": false,
            "httpProxy": "http://p"}, "securityProfile": {"azureKeyVaultKms": {"enabled": false}}, "networkProfile": 7,
            "serviceMeshProfile": {"mode": "Disabled"}, "upgradeSettings": null}});
        assert_eq!(cluster_details(&bare).unwrap(), ClusterDetails::default());
        assert!(cluster_details(&json!({})).is_err());
    }

    #[test]
    fn mesh_revisions_name_the_minors_they_fit() {
        let fits = mesh_compatibility(&json!({"properties": {"meshRevisions": [
            {"revision": "asm-1-27", "compatibleWith": [{"name": "kubernetes", "versions": ["1.33", "1.34"]}, {"name": "x", "versions": ["9"]}]},
            {"compatibleWith": null}]}}))
        .unwrap();
        assert_eq!(fits["asm-1-27"], ["1.33", "1.34"]);
        assert_eq!(fits.len(), 1);
    }
}
