//! Pods: who owns them, which labels they wear, and whether they are already leaving.

mod annotations;
mod fact;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

pub use fact::SlimPodFact;
pub(super) use fact::{Affinity, NodeSelector, Toleration, USUAL_GRACE, keys};

use super::{Condition, Metadata, SlimObject, controller, or_default, printable_map, ready_condition};
use crate::domain::ids::NodeName;
use crate::domain::pod::Pod;
use crate::domain::text::printable;

/// The used part of a core/v1 Pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimPod {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata<BTreeMap<String, String>, Annotations>,
    #[serde(deserialize_with = "or_default")]
    spec: Spec,
    #[serde(deserialize_with = "or_default")]
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Annotations {
    /// On the copy of a static pod that the kubelet puts into the API (Kubernetes docs "Well-Known Labels,
    /// Annotations and Taints", 2026).
    #[serde(rename = "kubernetes.io/config.mirror")]
    mirror: Option<IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    #[serde(deserialize_with = "or_default")]
    node_name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    #[serde(deserialize_with = "or_default")]
    phase: String,
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<Condition>,
}

impl SlimObject for SlimPod {
    type Value = Pod;

    fn resource_version(&self) -> &str {
        &self.metadata.resource_version
    }
}

impl From<SlimPod> for Pod {
    fn from(pod: SlimPod) -> Self {
        let SlimPod { metadata, spec, status } = pod;
        Self {
            namespace: printable(&metadata.namespace),
            name: printable(&metadata.name),
            uid: printable(&metadata.uid),
            node: Some(printable(&spec.node_name))
                .filter(|name| !name.is_empty())
                .map(NodeName::new),
            phase: match status.phase.as_str() {
                "" => "Unknown".to_owned(),
                phase => printable(phase),
            },
            is_ready: ready_condition(&status.conditions).is_some_and(|ready| ready.status == "True"),
            owner: controller(&metadata.owner_references),
            labels: printable_map(&metadata.labels),
            deletion_at: metadata.deletion_timestamp,
            finalizers: metadata
                .finalizers
                .iter()
                .map(|finalizer| printable(finalizer))
                .collect(),
            is_mirror: metadata.annotations.mirror.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(object: Value) -> Pod {
        serde_json::from_value::<SlimPod>(object).unwrap().into()
    }

    #[test]
    fn a_pod_is_read() {
        let pod = read(json!({
            "metadata": {
                "name": "cart-5d-x", "namespace": "shop", "uid": "u1", "labels": {"app": "cart"},
                "annotations": {"big": "{}"},
                "deletionTimestamp": "2026-11-23T10:00:30Z", "finalizers": ["example.com/wait"],
                "ownerReferences": [
                    {"kind": "Team", "name": "ann"},
                    {"kind": "ReplicaSet", "name": "cart-5d", "controller": true}
                ]
            },
            "spec": {"nodeName": "n1", "containers": [{"name": "c", "env": []}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        }));
        assert_eq!((pod.namespace.as_str(), pod.name.as_str()), ("shop", "cart-5d-x"));
        assert_eq!(pod.node, Some(NodeName::new("n1")));
        assert_eq!(pod.owner.as_ref().unwrap().to_string(), "ReplicaSet/cart-5d");
        assert_eq!(pod.labels.get("app").map(String::as_str), Some("cart"));
        assert!(pod.is_ready && pod.deletion_at.is_some() && !pod.is_mirror);
        assert_eq!(pod.finalizers, ["example.com/wait"]);
        assert!(pod.holds_drain());
    }

    #[test]
    fn a_bare_pod_and_a_static_pod_are_read() {
        let bare = read(json!({"metadata": {"name": "p", "namespace": "d", "labels": null, "ownerReferences": null}}));
        assert_eq!((bare.node, bare.owner, bare.phase.as_str()), (None, None, "Unknown"));
        assert!(!bare.is_ready);
        let mirror = read(json!({"metadata": {"name": "p", "annotations": {"kubernetes.io/config.mirror": "abc"}}}));
        assert!(mirror.is_mirror && !mirror.holds_drain());
    }
}
