//! Deployments, stateful sets and daemon sets as far as their pods are counted, and pods as far as they wait for a node.

use serde::Deserialize;

use super::{Metadata, or_default};
use crate::domain::text::printable;
use crate::domain::workload::{WorkloadKind, WorkloadReadiness};

/// The used part of an apps/v1 Deployment or StatefulSet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimController {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata,
    #[serde(deserialize_with = "or_default")]
    spec: ControllerSpec,
    #[serde(deserialize_with = "or_default")]
    status: ControllerStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ControllerSpec {
    /// Absent means one (Kubernetes API reference "Deployment" and "StatefulSet", apps/v1).
    replicas: Option<u32>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ControllerStatus {
    /// Left out where it is 0.
    #[serde(deserialize_with = "or_default")]
    ready_replicas: u32,
}

/// The used part of an apps/v1 DaemonSet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimDaemonSet {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata,
    #[serde(deserialize_with = "or_default")]
    status: DaemonSetStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DaemonSetStatus {
    #[serde(deserialize_with = "or_default")]
    desired_number_scheduled: u32,
    #[serde(deserialize_with = "or_default")]
    number_ready: u32,
}

/// The used part of a core/v1 Pod that may wait for a node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimPendingPod {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata,
    #[serde(deserialize_with = "or_default")]
    spec: PodSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodSpec {
    #[serde(deserialize_with = "or_default")]
    node_name: String,
}

impl SlimController {
    /// Its pods, wanted and ready; the object itself does not say what kind it is of.
    pub(in crate::kubernetes) fn readiness(self, kind: WorkloadKind) -> WorkloadReadiness {
        counted(
            kind,
            &self.metadata,
            self.spec.replicas.unwrap_or(1),
            self.status.ready_replicas,
        )
    }
}

impl SlimDaemonSet {
    /// Its pods, wanted (one on each node it is for) and ready.
    pub(in crate::kubernetes) fn readiness(self) -> WorkloadReadiness {
        let status = &self.status;
        counted(
            WorkloadKind::DaemonSet,
            &self.metadata,
            status.desired_number_scheduled,
            status.number_ready,
        )
    }
}

impl SlimPendingPod {
    /// `namespace/name` of a pod that has no node; `None` for one that has.
    pub(in crate::kubernetes) fn without_node(self) -> Option<String> {
        let Self { metadata, spec } = self;
        spec.node_name
            .is_empty()
            .then(|| format!("{}/{}", printable(&metadata.namespace), printable(&metadata.name)))
    }
}

fn counted(kind: WorkloadKind, metadata: &Metadata, desired: u32, ready: u32) -> WorkloadReadiness {
    WorkloadReadiness {
        kind,
        namespace: printable(&metadata.namespace),
        name: printable(&metadata.name),
        desired,
        ready,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn pods_are_counted() {
        let controller = |object: Value| {
            let slim: SlimController = serde_json::from_value(object).unwrap();
            slim.readiness(WorkloadKind::StatefulSet).to_string()
        };
        let metadata = json!({"name": "db\u{1b}[2J", "namespace": "shop"});
        assert_eq!(
            controller(
                json!({"metadata": metadata, "spec": {"replicas": 3, "template": {}}, "status": {"readyReplicas": 2}})
            ),
            "StatefulSet shop/db[2J 2 of 3 ready"
        );
        assert_eq!(
            controller(
                json!({"metadata": {"name": "a", "namespace": "b"}, "spec": null, "status": {"readyReplicas": null}})
            ),
            "StatefulSet b/a 0 of 1 ready"
        );
        let daemon_set: SlimDaemonSet = serde_json::from_value(json!({"metadata": {"name": "agent", "namespace": "x"},
            "status": {"desiredNumberScheduled": 7, "numberReady": 6, "currentNumberScheduled": 7}}))
        .unwrap();
        assert_eq!(daemon_set.readiness().to_string(), "DaemonSet x/agent 6 of 7 ready");
    }

    #[test]
    fn a_pod_with_a_node_does_not_wait_for_one() {
        let pod = |spec: Value| {
            let pod: SlimPendingPod =
                serde_json::from_value(json!({"metadata": {"name": "p", "namespace": "n"}, "spec": spec})).unwrap();
            pod.without_node()
        };
        assert_eq!(pod(json!({"nodeName": "n1"})), None);
        for spec in [
            json!({}),
            json!(null),
            json!({"nodeName": null}),
            json!({"nodeName": ""}),
        ] {
            assert_eq!(pod(spec).as_deref(), Some("n/p"));
        }
    }
}
