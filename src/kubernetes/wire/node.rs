//! Nodes: version, image, pool, readiness and cordon, as the Node object shows them.

mod fact;

use serde::Deserialize;

pub use fact::SlimNodeFact;

use super::{Condition, Metadata, SlimObject, or_default, ready_condition};
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::node::{Node, Readiness};
use crate::domain::text::printable;
use crate::domain::version::NodeImageVersion;

/// The used part of a core/v1 Node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimNode {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata<Labels>,
    #[serde(deserialize_with = "or_default")]
    spec: Spec,
    #[serde(deserialize_with = "or_default")]
    status: Status,
}

/// The labels AKS puts on nodes (AKS docs "Use labels in an AKS cluster", 2026), and the well-known zone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Labels {
    #[serde(rename = "kubernetes.azure.com/agentpool", deserialize_with = "or_default")]
    agentpool: String,
    #[serde(rename = "agentpool", deserialize_with = "or_default")]
    legacy_agentpool: String,
    #[serde(rename = "kubernetes.azure.com/node-image-version", deserialize_with = "or_default")]
    node_image: String,
    #[serde(rename = "kubernetes.azure.com/upgrade-status", deserialize_with = "or_default")]
    upgrade_status: String,
    #[serde(rename = "topology.kubernetes.io/zone", deserialize_with = "or_default")]
    zone: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    #[serde(deserialize_with = "or_default")]
    unschedulable: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<Condition>,
    #[serde(deserialize_with = "or_default")]
    node_info: NodeInfo,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NodeInfo {
    #[serde(deserialize_with = "or_default")]
    kubelet_version: String,
    #[serde(rename = "bootID", deserialize_with = "or_default")]
    boot_id: String,
}

impl SlimObject for SlimNode {
    type Value = Node;

    fn resource_version(&self) -> &str {
        &self.metadata.resource_version
    }
}

impl From<SlimNode> for Node {
    fn from(node: SlimNode) -> Self {
        let SlimNode { metadata, spec, status } = node;
        let labels = &metadata.labels;
        let version_text = printable(&status.node_info.kubelet_version);
        Self {
            name: NodeName::new(printable(&metadata.name)),
            uid: printable(&metadata.uid),
            pool: text(&labels.agentpool)
                .or_else(|| text(&labels.legacy_agentpool))
                .map(NodePoolName::new),
            version: version_text.parse().ok(),
            version_text,
            node_image: text(&labels.node_image).map(NodeImageVersion::new),
            readiness: readiness(&status.conditions),
            is_cordoned: spec.unschedulable,
            is_quarantined: labels.upgrade_status.eq_ignore_ascii_case("Quarantined"),
            zone: text(&labels.zone),
            created_at: metadata.creation_timestamp,
            boot_id: printable(&status.node_info.boot_id),
        }
    }
}

fn text(label: &str) -> Option<String> {
    Some(printable(label)).filter(|label| !label.is_empty())
}

fn readiness(conditions: &[Condition]) -> Readiness {
    match ready_condition(conditions) {
        Some(ready) if ready.status == "True" => Readiness::Ready,
        Some(ready) if ready.status == "False" => Readiness::NotReady {
            reason: printable(&ready.reason),
            message: printable(&ready.message),
        },
        _ => Readiness::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::version::KubernetesVersion;

    fn read(object: Value) -> Node {
        serde_json::from_value::<SlimNode>(object).unwrap().into()
    }

    #[test]
    fn a_node_of_aks_is_read() {
        let node = read(json!({
            "kind": "Node",
            "metadata": {
                "name": "aks-web-12345678-vmss000001", "uid": "u1", "resourceVersion": "9",
                "creationTimestamp": "2026-11-23T10:00:00Z",
                "labels": {
                    "agentpool": "old", "kubernetes.azure.com/agentpool": "web",
                    "kubernetes.azure.com/node-image-version": "AKSUbuntu-2204gen2containerd-202611.01.0",
                    "kubernetes.azure.com/upgrade-status": "Quarantined",
                    "topology.kubernetes.io/zone": "westeurope-1", "other": "x"
                },
                "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}]
            },
            "spec": {"unschedulable": true, "taints": [{"key": "node.kubernetes.io/unschedulable"}]},
            "status": {
                "conditions": [
                    {"type": "MemoryPressure", "status": "False"},
                    {"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "cni\nplugin"}
                ],
                "nodeInfo": {"kubeletVersion": "v1.33.5", "bootID": "b1"},
                "images": [{"names": ["a"], "sizeBytes": 1}]
            }
        }));
        assert_eq!(node.name.as_str(), "aks-web-12345678-vmss000001");
        assert_eq!(node.pool, Some(NodePoolName::new("web")));
        assert_eq!(node.version, Some(KubernetesVersion::new(1, 33, 5)));
        assert_eq!(node.node_image.unwrap().release(), "202611.01.0");
        assert_eq!(
            node.readiness,
            Readiness::NotReady {
                reason: "KubeletNotReady".into(),
                message: "cni plugin".into()
            }
        );
        assert!(node.is_cordoned && node.is_quarantined);
        assert_eq!(node.zone.as_deref(), Some("westeurope-1"));
        assert_eq!((node.uid.as_str(), node.boot_id.as_str()), ("u1", "b1"));
        assert!(node.created_at.is_some());
    }

    #[test]
    fn a_bare_node_is_read_as_far_as_it_goes() {
        for object in [
            json!({"metadata": {"name": "n"}}),
            json!({"metadata": {"name": "n", "labels": null, "annotations": null}, "spec": null, "status": null}),
            json!({"metadata": {"name": "n"}, "spec": {"unschedulable": null}, "status": {"conditions": null, "nodeInfo": null}}),
        ] {
            let node = read(object);
            assert_eq!(node.name.as_str(), "n");
            assert_eq!(
                (node.pool, node.version, node.node_image, node.zone),
                (None, None, None, None)
            );
            assert_eq!(node.readiness, Readiness::Unknown);
            assert!(!node.is_cordoned && !node.is_quarantined);
        }
    }

    #[test]
    fn readiness_and_labels_fall_back() {
        let node = read(json!({
            "metadata": {"name": "n", "labels": {
                "agentpool": "sys", "kubernetes.azure.com/agentpool": "",
                "kubernetes.azure.com/upgrade-status": "paused"
            }},
            "status": {"conditions": [{"type": "Ready", "status": "Unknown"}],
                       "nodeInfo": {"kubeletVersion": "v0.0.0-master+$Format:%H$\u{1b}[0m"}}
        }));
        assert_eq!(node.pool, Some(NodePoolName::new("sys")));
        assert_eq!(node.readiness, Readiness::Unknown);
        assert!(!node.is_quarantined);
        assert_eq!(
            (node.version, node.version_text.as_str()),
            (None, "v0.0.0-master+$Format:%H$[0m")
        );
        let ready = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        assert!(read(ready).readiness.is_ready());
    }
}
