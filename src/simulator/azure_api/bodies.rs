//! Clusters and pools as AKS writes them: spelling, null and absent fields as recorded from 2023 to 2025.

use serde_json::{Map, Value, json};

use super::landscape::subnet_id;
use crate::simulator::world::{
    OperationError, ResourceState, SimulatedCluster, SimulatedPool, Undrainable, UpgradeSettings,
};

/// AKS spells `resourcegroups` in lower case in ids of its bodies.
pub(super) fn cluster_id(cluster: &SimulatedCluster) -> String {
    let profile = &cluster.profile;
    format!(
        "/subscriptions/{}/resourcegroups/{}/providers/Microsoft.ContainerService/managedClusters/{}",
        profile.subscription, profile.resource_group, profile.name
    )
}

/// A whole cluster, as GET and PUT answer it.
pub(super) fn cluster(cluster: &SimulatedCluster) -> Value {
    let profile = &cluster.profile;
    let mut body = json!({
        "id": cluster_id(cluster),
        "location": profile.location,
        "name": profile.name,
        "type": "Microsoft.ContainerService/ManagedClusters",
        "kind": "Base",
        "properties": properties(cluster),
        "identity": {
            "type": "SystemAssigned",
            "principalId": stable_guid(&cluster.uid, 1),
            "tenantId": super::TENANT,
        },
        "sku": {"name": "Base", "tier": profile.tier},
        "eTag": cluster.etag,
    });
    if !profile.tags.is_empty() {
        let tags: Map<String, Value> = profile
            .tags
            .iter()
            .map(|(key, value)| (key.clone(), json!(value)))
            .collect();
        body["tags"] = Value::Object(tags);
    }
    body
}

/// `properties` of a cluster.
pub(super) fn properties(cluster: &SimulatedCluster) -> Value {
    let profile = &cluster.profile;
    let dns_prefix = format!("{}-dns", profile.name);
    let host = format!("{dns_prefix}-{}", &cluster.uid[..8.min(cluster.uid.len())]);
    let region = &profile.location;
    let mut auto_upgrade = json!({"nodeOSUpgradeChannel": profile.node_os_channel});
    if let Some(channel) = &profile.upgrade_channel {
        auto_upgrade["upgradeChannel"] = json!(channel);
    }
    let mut body = json!({
        "provisioningState": cluster.state.as_str(),
        "powerState": power_state(cluster),
        "kubernetesVersion": cluster.control_plane.wanted,
        "currentKubernetesVersion": cluster.control_plane.claimed.to_string(),
        "dnsPrefix": dns_prefix,
        "fqdn": format!("{host}.hcp.{region}.azmk8s.io"),
        "azurePortalFQDN": format!("{host}.portal.hcp.{region}.azmk8s.io"),
        "agentPoolProfiles": cluster.pools.iter().map(|pool| inline_pool(cluster, pool)).collect::<Vec<_>>(),
        "servicePrincipalProfile": {"clientId": "msi"},
        "nodeResourceGroup": profile.node_resource_group(),
        "enableRBAC": true,
        "supportPlan": "KubernetesOfficial",
        "networkProfile": network(),
        "maxAgentPools": 100,
        "autoUpgradeProfile": auto_upgrade,
        "disableLocalAccounts": false,
        "securityProfile": {},
        "storageProfile": {
            "diskCSIDriver": {"enabled": true},
            "fileCSIDriver": {"enabled": true},
            "snapshotController": {"enabled": true},
        },
        "oidcIssuerProfile": {"enabled": false},
        "workloadAutoScalerProfile": {},
        "resourceUID": cluster.uid,
        "metricsProfile": {"costAnalysis": {"enabled": false}},
        "nodeProvisioningProfile": {"mode": "Manual", "defaultNodePools": "Auto"},
        "bootstrapProfile": {"artifactSource": "Direct"},
    });
    if profile.uses_entra {
        body["aadProfile"] = json!({"managed": true, "enableAzureRBAC": true, "tenantID": super::TENANT});
    }
    if let Some((is_forced, until)) = cluster.force_upgrade {
        let mut settings = json!({"forceUpgrade": is_forced});
        if let Some(until) = until {
            settings["until"] = json!(until.to_string());
        }
        body["upgradeSettings"] = json!({"overrideSettings": settings});
    }
    put_error(&mut body, cluster.error.as_ref());
    merge(&mut body, &cluster.landscape.cluster_properties);
    body
}

/// Writes a patch into a value; `null` takes a field away (RFC 7396). A patch that is no object changes nothing.
fn merge(value: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else { return };
    if !value.is_object() {
        *value = json!({});
    }
    for (name, new) in patch {
        match new {
            Value::Null => {
                value.as_object_mut().map(|fields| fields.remove(name));
            }
            Value::Object(_) => merge(&mut value[name.as_str()], new),
            _ => value[name.as_str()] = new.clone(),
        }
    }
}

fn network() -> Value {
    json!({
        "networkPlugin": "azure",
        "networkPluginMode": "overlay",
        "networkPolicy": "none",
        "networkDataplane": "azure",
        "loadBalancerSku": "standard",
        "loadBalancerProfile": {"managedOutboundIPs": {"count": 1}, "backendPoolType": "nodeIPConfiguration"},
        "podCidr": "10.244.0.0/16",
        "serviceCidr": "10.0.0.0/16",
        "dnsServiceIP": "10.0.0.10",
        "outboundType": "loadBalancer",
        "podCidrs": ["10.244.0.0/16"],
        "serviceCidrs": ["10.0.0.0/16"],
        "ipFamilies": ["IPv4"],
    })
}

fn power_state(cluster: &SimulatedCluster) -> Value {
    json!({"code": if cluster.is_stopped { "Stopped" } else { "Running" }})
}

/// A pool inside a cluster's body: its name beside its properties.
fn inline_pool(cluster: &SimulatedCluster, pool: &SimulatedPool) -> Value {
    let mut body = pool_properties(cluster, pool);
    body["name"] = json!(pool.name);
    body
}

/// A pool as its own resource.
pub(super) fn pool(cluster: &SimulatedCluster, pool: &SimulatedPool) -> Value {
    json!({
        "id": format!("{}/agentPools/{}", cluster_id(cluster), pool.name),
        "name": pool.name,
        "type": "Microsoft.ContainerService/managedClusters/agentPools",
        "properties": pool_properties(cluster, pool),
    })
}

fn pool_properties(cluster: &SimulatedCluster, pool: &SimulatedPool) -> Value {
    let mut body = json!({
        "count": pool.count,
        "vmSize": pool.vm_size,
        "osDiskSizeGB": 128,
        "osDiskType": "Managed",
        "kubeletDiskType": "OS",
        "maxPods": 250,
        "type": "VirtualMachineScaleSets",
        "enableAutoScaling": false,
        "scaleDownMode": "Delete",
        "provisioningState": pool.state.as_str(),
        "powerState": power_state(cluster),
        "orchestratorVersion": pool.wanted,
        "currentOrchestratorVersion": pool.claimed.to_string(),
        "enableNodePublicIP": false,
        "mode": pool.mode.as_str(),
        "enableEncryptionAtHost": false,
        "enableUltraSSD": false,
        "osType": "Linux",
        "osSKU": "Ubuntu",
        "nodeImageVersion": pool.claimed_image,
        "upgradeSettings": upgrade_settings(&pool.settings),
        "enableFIPS": false,
        "securityProfile": {"enableVTPM": false, "enableSecureBoot": false},
        "eTag": pool.etag,
    });
    if !pool.zones.is_empty() {
        body["availabilityZones"] = json!(pool.zones);
    }
    let lives_in = |pools: &[String]| {
        let mut pools = pools.iter();
        pools.any(|name| name == "*" || name.eq_ignore_ascii_case(&pool.name))
    };
    for subnet in &cluster.landscape.subnets {
        if lives_in(&subnet.nodes_of) {
            body["vnetSubnetID"] = json!(subnet_id(cluster, subnet));
        }
        if lives_in(&subnet.pods_of) {
            body["podSubnetID"] = json!(subnet_id(cluster, subnet));
        }
    }
    if pool.state == ResourceState::Failed || pool.state == ResourceState::Canceled {
        put_error(&mut body, pool.error.as_ref());
    }
    let own = cluster.landscape.pool_properties.iter();
    for (_, patch) in own.filter(|(name, _)| name.eq_ignore_ascii_case(&pool.name)) {
        merge(&mut body, patch);
    }
    body
}

fn upgrade_settings(settings: &UpgradeSettings) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    put("maxSurge", settings.max_surge.as_ref().map(|value| json!(value)));
    put(
        "maxUnavailable",
        settings.max_unavailable.as_ref().map(|value| json!(value)),
    );
    put(
        "drainTimeoutInMinutes",
        settings.drain_timeout_minutes.map(|value| json!(value)),
    );
    put(
        "nodeSoakDurationInMinutes",
        settings.soak_minutes.map(|value| json!(value)),
    );
    put(
        "undrainableNodeBehavior",
        settings.undrainable.map(|value: Undrainable| json!(value.as_str())),
    );
    Value::Object(body)
}

fn put_error(body: &mut Value, error: Option<&OperationError>) {
    if let Some(error) = error {
        body["status"] = json!({"provisioningError": {"code": error.code, "message": error.message}});
    }
}

/// A GUID that belongs to a cluster for good.
pub(super) fn stable_guid(uid: &str, salt: u64) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let half = |part: u64| {
        let mut hasher = DefaultHasher::new();
        (uid, salt, part).hash(&mut hasher);
        hasher.finish()
    };
    uuid::Builder::from_random_bytes((u128::from(half(0)) << 64 | u128::from(half(1))).to_be_bytes())
        .into_uuid()
        .to_string()
}
