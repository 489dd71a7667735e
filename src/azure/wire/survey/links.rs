//! Resources a cluster's body names by their ids: what must still exist when nodes are made anew.

use serde_json::Value;

use crate::azure::wire::WrongShape;
use crate::domain::text::printable;

/// A resource the cluster depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterLink {
    /// For instance `Log Analytics workspace`.
    pub what: &'static str,
    pub id: String,
}

/// Fields of `properties` that hold a resource id.
const OF_CLUSTER: [(&str, &str); 6] = [
    ("/diskEncryptionSetID", "disk encryption set"),
    ("/identityProfile/kubeletidentity/resourceId", "kubelet identity"),
    ("/apiServerAccessProfile/privateDNSZone", "private DNS zone"),
    ("/apiServerAccessProfile/subnetId", "API server subnet"),
    ("/securityProfile/azureKeyVaultKms/keyVaultResourceId", "key vault"),
    ("/bootstrapProfile/containerRegistryId", "container registry"),
];

/// Fields of a pool that hold a resource id.
const OF_POOL: [(&str, &str); 7] = [
    ("/vnetSubnetID", "subnet"),
    ("/podSubnetID", "pod subnet"),
    ("/capacityReservationGroupID", "capacity reservation group"),
    ("/proximityPlacementGroupID", "proximity placement group"),
    ("/hostGroupID", "host group"),
    ("/creationData/sourceResourceId", "node pool snapshot"),
    ("/nodePublicIPPrefixID", "public IP prefix"),
];

/// Reads the ids a cluster names, each once, in the order of its body.
pub fn cluster_links(body: &Value) -> Result<Vec<ClusterLink>, WrongShape> {
    let properties = body
        .get("properties")
        .ok_or_else(|| WrongShape::new("a cluster has no 'properties'"))?;
    let mut links = Vec::new();
    let mut add = |what: &'static str, id: &str| {
        // Other texts, as `system` for a DNS zone, name no resource.
        let is_id = id
            .get(..15)
            .is_some_and(|start| start.eq_ignore_ascii_case("/subscriptions/"));
        let id = printable(id);
        let is_known = links.iter().any(|link: &ClusterLink| link.id.eq_ignore_ascii_case(&id));
        if is_id && !is_known {
            links.push(ClusterLink { what, id });
        }
    };
    for (field, what) in OF_CLUSTER {
        if let Some(id) = properties.pointer(field).and_then(Value::as_str) {
            add(what, id);
        }
    }
    let identities = body
        .pointer("/identity/userAssignedIdentities")
        .and_then(Value::as_object);
    for id in identities.into_iter().flat_map(|identities| identities.keys()) {
        add("cluster identity", id);
    }
    let addons = properties.get("addonProfiles").and_then(Value::as_object);
    for addon in addons.into_iter().flat_map(|addons| addons.values()) {
        if addon.get("enabled").and_then(Value::as_bool) == Some(true)
            && let Some(config) = addon.get("config").and_then(Value::as_object)
        {
            for (name, id) in config {
                // Azure writes this name with differing case.
                if name.eq_ignore_ascii_case("logAnalyticsWorkspaceResourceID")
                    && let Some(id) = id.as_str()
                {
                    add("Log Analytics workspace", id);
                }
            }
        }
    }
    let pools = properties.get("agentPoolProfiles").and_then(Value::as_array);
    for pool in pools.into_iter().flatten() {
        for (field, what) in OF_POOL {
            if let Some(id) = pool.pointer(field).and_then(Value::as_str) {
                add(what, id);
            }
        }
    }
    Ok(links)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_resource_is_named_once() {
        let id = |rest: &str| format!("/subscriptions/s/resourceGroups/g/providers/{rest}");
        let links = cluster_links(&json!({
            "identity": {"userAssignedIdentities": {(id("Microsoft.ManagedIdentity/userAssignedIdentities/c")): {}}},
            "properties": {
                "diskEncryptionSetID": id("Microsoft.Compute/diskEncryptionSets/d"),
                "apiServerAccessProfile": {"privateDNSZone": "system"},
                "addonProfiles": {
                    "omsAgent": {"enabled": true, "config": {"logAnalyticsWorkspaceResourceID": id("Microsoft.OperationalInsights/workspaces/w")}},
                    "old": {"enabled": false, "config": {"logAnalyticsWorkspaceResourceID": id("Microsoft.OperationalInsights/workspaces/gone")}}
                },
                "agentPoolProfiles": [{"vnetSubnetID": id("Microsoft.Network/virtualNetworks/v/subnets/n")},
                    {"vnetSubnetID": id("microsoft.network/virtualNetworks/v/subnets/n"), "capacityReservationGroupID": id("x/y/z")}]
            }
        }))
        .unwrap();
        let kinds: Vec<&str> = links.iter().map(|link| link.what).collect();
        assert_eq!(
            kinds,
            [
                "disk encryption set",
                "cluster identity",
                "Log Analytics workspace",
                "subnet",
                "capacity reservation group"
            ]
        );
        assert!(cluster_links(&json!([])).is_err());
    }
}
