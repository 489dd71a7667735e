//! A node with all that a check or a cause may ask of it: labels, taints, conditions, room.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::printable_map;
use super::super::quantity::Quantity;
use super::{Condition, Labels, Metadata, NodeInfo, SlimNode, Spec, Status, or_default};
use crate::domain::survey::{NodeFact, Resources, Taint};
use crate::domain::text::printable;

/// More of a core/v1 Node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimNodeFact {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata<BTreeMap<String, String>>,
    #[serde(deserialize_with = "or_default")]
    spec: FactSpec,
    #[serde(deserialize_with = "or_default")]
    status: FactStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct FactSpec {
    #[serde(deserialize_with = "or_default")]
    unschedulable: bool,
    #[serde(deserialize_with = "or_default")]
    taints: Vec<SlimTaint>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct SlimTaint {
    #[serde(deserialize_with = "or_default")]
    key: String,
    #[serde(deserialize_with = "or_default")]
    value: String,
    #[serde(deserialize_with = "or_default")]
    effect: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FactStatus {
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<Condition>,
    #[serde(deserialize_with = "or_default")]
    node_info: FactInfo,
    #[serde(deserialize_with = "or_default")]
    allocatable: Allocatable,
    #[serde(deserialize_with = "or_default")]
    volumes_attached: Vec<IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FactInfo {
    #[serde(deserialize_with = "or_default")]
    kubelet_version: String,
    #[serde(rename = "bootID", deserialize_with = "or_default")]
    boot_id: String,
    #[serde(deserialize_with = "or_default")]
    os_image: String,
    #[serde(deserialize_with = "or_default")]
    kernel_version: String,
    #[serde(deserialize_with = "or_default")]
    container_runtime_version: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Allocatable {
    cpu: Option<Quantity>,
    memory: Option<Quantity>,
    pods: Option<Quantity>,
}

/// The labels that the live picture reads.
fn known_labels(labels: &BTreeMap<String, String>) -> Labels {
    let text = |key: &str| labels.get(key).cloned().unwrap_or_default();
    Labels {
        agentpool: text("kubernetes.azure.com/agentpool"),
        legacy_agentpool: text("agentpool"),
        node_image: text("kubernetes.azure.com/node-image-version"),
        upgrade_status: text("kubernetes.azure.com/upgrade-status"),
        zone: text("topology.kubernetes.io/zone"),
    }
}

impl From<SlimNodeFact> for NodeFact {
    fn from(fact: SlimNodeFact) -> Self {
        let SlimNodeFact { metadata, spec, status } = fact;
        let labels = printable_map(&metadata.labels);
        let is_deleting = metadata.deletion_timestamp.is_some();
        let finalizers = metadata.finalizers.iter().map(|name| printable(name)).collect();
        let slim = SlimNode {
            metadata: Metadata {
                name: metadata.name,
                uid: metadata.uid,
                creation_timestamp: metadata.creation_timestamp,
                labels: known_labels(&metadata.labels),
                ..Metadata::default()
            },
            spec: Spec {
                unschedulable: spec.unschedulable,
            },
            status: Status {
                conditions: status.conditions.clone(),
                node_info: NodeInfo {
                    kubelet_version: status.node_info.kubelet_version,
                    boot_id: status.node_info.boot_id,
                },
            },
        };
        let room = status.allocatable;
        Self {
            node: slim.into(),
            labels,
            taints: spec.taints.iter().map(SlimTaint::to_taint).collect(),
            conditions: status.conditions.into_iter().map(Into::into).collect(),
            allocatable: Resources {
                cpu_millis: room.cpu.as_ref().map_or(0, Quantity::thousandths),
                memory_bytes: room.memory.as_ref().map_or(0, Quantity::whole),
            },
            allocatable_pods: room.pods.as_ref().map_or(0, Quantity::whole),
            os_image: printable(&status.node_info.os_image),
            kernel: printable(&status.node_info.kernel_version),
            container_runtime: printable(&status.node_info.container_runtime_version),
            attached_volumes: status.volumes_attached.len(),
            is_deleting,
            finalizers,
        }
    }
}

impl SlimTaint {
    fn to_taint(&self) -> Taint {
        Taint {
            key: printable(&self.key),
            value: printable(&self.value),
            effect: printable(&self.effect),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(object: Value) -> NodeFact {
        serde_json::from_value::<SlimNodeFact>(object).unwrap().into()
    }

    #[test]
    fn a_node_is_read_whole() {
        let fact = read(json!({
            "metadata": { "name": "n1", "uid": "u", "labels": { "kubernetes.azure.com/agentpool": "web", "a": "b\u{1b}" } },
            "spec": { "unschedulable": true, "taints": [{ "key": "gpu", "value": "yes", "effect": "NoSchedule" }, { "key": "k" }] },
            "status": {
                "conditions": [
                    { "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "ok",
                        "lastTransitionTime": "2026-11-23T10:00:00Z" },
                    { "type": "KernelDeadlock", "status": "False" },
                ],
                "allocatable": { "cpu": "3860m", "memory": "12884901888", "pods": "110" },
                "nodeInfo": { "kubeletVersion": "v1.33.5", "osImage": "Ubuntu 22.04.5 LTS", "kernelVersion": "5.15.0",
                    "containerRuntimeVersion": "containerd://1.7.27-1", "bootID": "b" },
                "volumesAttached": [{ "name": "v", "devicePath": "" }],
            }
        }));
        assert_eq!((fact.node.name.as_str(), fact.node.boot_id.as_str()), ("n1", "b"));
        assert_eq!(fact.node.pool.as_ref().map(ToString::to_string).as_deref(), Some("web"));
        assert!(fact.node.is_cordoned && fact.node.readiness.is_ready());
        assert_eq!(fact.labels["a"], "b");
        assert_eq!(
            (fact.taints[0].value.as_str(), fact.taints[1].effect.as_str()),
            ("yes", "")
        );
        assert_eq!(fact.conditions.len(), 2);
        assert!(fact.conditions[0].since.is_some() && fact.conditions[1].since.is_none());
        assert_eq!(
            fact.allocatable,
            Resources {
                cpu_millis: 3860,
                memory_bytes: 12_884_901_888
            }
        );
        assert_eq!((fact.allocatable_pods, fact.attached_volumes), (110, 1));
        assert_eq!(fact.container_runtime, "containerd://1.7.27-1");
    }

    #[test]
    fn a_bare_node_has_nothing() {
        let fact =
            read(json!({ "metadata": { "name": "n", "labels": null }, "spec": { "taints": null }, "status": null }));
        assert!(fact.labels.is_empty() && fact.taints.is_empty() && fact.conditions.is_empty());
        assert_eq!((fact.allocatable, fact.allocatable_pods), (Resources::default(), 0));
    }
}
