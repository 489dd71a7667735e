//! A node pool, as its own resource and as an entry of a cluster's body.

use serde::Deserialize;
use serde_json::Value;

use super::WrongShape;
use super::error::error_detail;
use super::lenient::{Lenient, Text, object};
use crate::domain::ids::NodePoolName;
use crate::domain::node_pool::{NodePool, PoolMode, UndrainableNodeBehavior, UpgradeSettings};
use crate::domain::provisioning::{PowerState, ProvisioningState};
use crate::domain::surge::Share;
use crate::domain::text::printable;
use crate::domain::version::NodeImageVersion;

/// Stands where Azure names no state: an unknown one, so that it never passes for healthy.
pub(super) const NO_STATE: &str = "(not reported)";

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Pool {
    mode: Lenient<Text>,
    count: Lenient<u32>,
    vm_size: Lenient<Text>,
    os_type: Lenient<Text>,
    orchestrator_version: Lenient<Text>,
    current_orchestrator_version: Lenient<Text>,
    node_image_version: Lenient<Text>,
    provisioning_state: Lenient<Text>,
    power_state: Lenient<Value>,
    upgrade_settings: Lenient<Settings>,
    enable_auto_scaling: Lenient<bool>,
    scale_set_priority: Lenient<Text>,
    max_pods: Lenient<u32>,
    #[serde(rename = "vnetSubnetID")]
    vnet_subnet_id: Lenient<Text>,
    #[serde(rename = "podSubnetID")]
    pod_subnet_id: Lenient<Text>,
    e_tag: Lenient<Text>,
    status: Lenient<Status>,
    virtual_machines_profile: Lenient<VirtualMachines>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    max_surge: Lenient<Value>,
    max_unavailable: Lenient<Value>,
    drain_timeout_in_minutes: Lenient<u32>,
    node_soak_duration_in_minutes: Lenient<u32>,
    undrainable_node_behavior: Lenient<Text>,
}

/// What Azure says beside the state, on a cluster as on a pool.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Status {
    pub(super) provisioning_error: Lenient<Value>,
}

/// Pools of type `VirtualMachines` count their nodes per size (AKS API 2026-08-01).
#[derive(Default, Deserialize)]
#[serde(default)]
struct VirtualMachines {
    scale: Lenient<Scale>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Scale {
    manual: Lenient<Vec<ManualScale>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ManualScale {
    size: Lenient<Text>,
    count: Lenient<u32>,
}

/// Reads a pool: its own resource with `properties`, or a flat entry of `agentPoolProfiles`.
///
/// The etag sits inside `properties` of the resource, and flat in the entry.
pub fn node_pool(body: &Value) -> Result<NodePool, WrongShape> {
    let name = body
        .get("name")
        .and_then(Value::as_str)
        .map(printable)
        .filter(|name| !name.is_empty())
        .ok_or_else(|| WrongShape::new("a node pool has no name"))?;
    let properties = body.get("properties").filter(|value| value.is_object()).unwrap_or(body);
    let pool: Pool = object(properties)?;
    let requested_version = pool.orchestrator_version.text();
    let by_size = pool
        .virtual_machines_profile
        .or_default()
        .scale
        .or_default()
        .manual
        .or_default();
    let count = pool.count.0.unwrap_or_else(|| {
        by_size
            .iter()
            .fold(0, |sum: u32, scale| sum.saturating_add(scale.count.0.unwrap_or(0)))
    });
    let vm_size = pool
        .vm_size
        .text()
        .or_else(|| by_size.into_iter().find_map(|scale| scale.size.text()));
    Ok(NodePool {
        name: NodePoolName::new(name),
        mode: pool
            .mode
            .text()
            .map_or_else(PoolMode::default, |mode| mode.as_str().into()),
        count,
        vm_size: vm_size.unwrap_or_default(),
        os_type: pool.os_type.text().unwrap_or_default(),
        version: pool
            .current_orchestrator_version
            .text()
            .as_ref()
            .or(requested_version.as_ref())
            .and_then(|version| version.parse().ok()),
        requested_version,
        node_image: pool.node_image_version.text().map(NodeImageVersion::new),
        provisioning_state: state(pool.provisioning_state),
        power_state: power_state(&pool.power_state),
        upgrade_settings: settings(pool.upgrade_settings.or_default()),
        is_autoscaled: pool.enable_auto_scaling.or_default(),
        is_spot: pool
            .scale_set_priority
            .text()
            .is_some_and(|priority| priority.eq_ignore_ascii_case("Spot")),
        max_pods: pool.max_pods.0,
        vnet_subnet: pool.vnet_subnet_id.text(),
        pod_subnet: pool.pod_subnet_id.text(),
        etag: pool.e_tag.text(),
        error: pool
            .status
            .or_default()
            .provisioning_error
            .0
            .as_ref()
            .and_then(error_detail),
    })
}

pub(super) fn state(text: Lenient<Text>) -> ProvisioningState {
    ProvisioningState::from(text.text().as_deref().unwrap_or(NO_STATE))
}

/// Reads `{"code": "Running"}`, or the bare word a Resource Graph row carries.
pub(super) fn power_state(value: &Lenient<Value>) -> PowerState {
    value
        .0
        .as_ref()
        .and_then(|value| value.get("code").unwrap_or(value).as_str())
        .filter(|word| !word.is_empty())
        .map_or_else(PowerState::default, |word| printable(word).as_str().into())
}

fn settings(settings: Settings) -> UpgradeSettings {
    let behavior = |word: String| match word.to_ascii_lowercase().as_str() {
        "schedule" => UndrainableNodeBehavior::Schedule,
        "cordon" => UndrainableNodeBehavior::Cordon,
        _ => UndrainableNodeBehavior::Other(word),
    };
    UpgradeSettings {
        max_surge: share(settings.max_surge),
        max_unavailable: share(settings.max_unavailable),
        drain_timeout_minutes: settings.drain_timeout_in_minutes.0,
        node_soak_minutes: settings.node_soak_duration_in_minutes.0,
        undrainable_node_behavior: settings.undrainable_node_behavior.text().map(behavior),
    }
}

/// Reads `"33%"` and `"5"`, and a bare number where one is sent against the documentation.
fn share(value: Lenient<Value>) -> Option<Share> {
    match value.0? {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::version::KubernetesVersion;

    #[test]
    fn a_pool_reads_the_same_alone_and_in_a_cluster() {
        let properties = json!({
            "count": 4, "mode": "system", "vmSize": "Standard_D4s_v5", "osType": "Linux",
            "orchestratorVersion": "1.33", "currentOrchestratorVersion": "1.33.5",
            "nodeImageVersion": "AKSUbuntu-2204gen2containerd-202607.01.0",
            "provisioningState": "UPGRADINGnodeimageversion", "powerState": {"code": "running"},
            "upgradeSettings": {"maxSurge": "33%", "maxUnavailable": 1, "drainTimeoutInMinutes": 45,
                "nodeSoakDurationInMinutes": 5, "undrainableNodeBehavior": "cordon"},
            "enableAutoScaling": true, "scaleSetPriority": "spot", "maxPods": 110, "eTag": "one",
            "status": {"provisioningError": {"code": "QuotaExceeded", "message": "no\ncores"}},
            "somethingNew": {"a": [1]}
        });
        let mut flat = properties.clone();
        flat["name"] = json!("user");
        let alone = node_pool(&json!({"name": "user", "properties": properties})).unwrap();
        assert_eq!(alone, node_pool(&flat).unwrap());
        assert_eq!(alone.mode, PoolMode::System);
        assert_eq!(alone.version, Some(KubernetesVersion::new(1, 33, 5)));
        assert_eq!(alone.requested_version.as_deref(), Some("1.33"));
        assert_eq!(alone.provisioning_state, ProvisioningState::UpgradingNodeImageVersion);
        assert_eq!(alone.upgrade_settings.max_surge, Some(Share::Percent(33)));
        assert_eq!(alone.upgrade_settings.max_unavailable, Some(Share::Nodes(1)));
        assert_eq!(
            alone.upgrade_settings.undrainable_node_behavior,
            Some(UndrainableNodeBehavior::Cordon)
        );
        assert_eq!(alone.etag.as_deref(), Some("one"));
        assert!(alone.is_spot && alone.is_autoscaled);
        assert_eq!(alone.error.unwrap().message, "no cores");
    }

    #[test]
    fn a_bare_pool_is_read_and_a_nameless_one_is_not() {
        let pool = node_pool(&json!({"name": "p", "count": null, "upgradeSettings": {}})).unwrap();
        assert_eq!((pool.count, pool.version, pool.error), (0, None, None));
        assert_eq!(pool.provisioning_state, ProvisioningState::Unknown(NO_STATE.into()));
        assert!(node_pool(&json!({"count": 1})).is_err());
        assert!(node_pool(&json!(null)).is_err());
    }

    #[test]
    fn a_pool_of_single_machines_counts_by_size() {
        let pool = node_pool(&json!({"name": "vms", "properties": {"type": "VirtualMachines",
            "virtualMachinesProfile": {"scale": {"manual": [
                {"size": "Standard_D2s_v5", "count": 2}, {"size": "Standard_D4s_v5", "count": 3}]}}}}))
        .unwrap();
        assert_eq!((pool.count, pool.vm_size.as_str()), (5, "Standard_D2s_v5"));
    }
}
