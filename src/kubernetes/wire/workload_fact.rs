//! Workloads with all that a check or a cause may ask of them: replicas, selector, how their pods are made.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::management::{Marks, managed_by};
use super::pod::{Affinity, Toleration, USUAL_GRACE, keys};
use super::selector::Selector;
use super::{Condition, Metadata, controller, or_default, printable_map};
use crate::domain::disruption::LabelSelector;
use crate::domain::survey::WorkloadFact;
use crate::domain::text::printable;

/// The used part of a Deployment, StatefulSet, DaemonSet or ReplicaSet of apps/v1, or a Job of batch/v1.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimWorkload {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata<Marks, Marks>,
    #[serde(deserialize_with = "or_default")]
    spec: Spec,
    #[serde(deserialize_with = "or_default")]
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    replicas: Option<u32>,
    parallelism: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    suspend: bool,
    selector: Option<Selector>,
    #[serde(deserialize_with = "or_default")]
    template: Template,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Template {
    #[serde(deserialize_with = "or_default")]
    metadata: TemplateMetadata,
    #[serde(deserialize_with = "or_default")]
    spec: PodSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct TemplateMetadata {
    #[serde(deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodSpec {
    #[serde(deserialize_with = "or_default")]
    containers: Vec<Container>,
    #[serde(deserialize_with = "or_default")]
    topology_spread_constraints: Vec<IgnoredAny>,
    #[serde(deserialize_with = "or_default")]
    affinity: Affinity,
    #[serde(deserialize_with = "or_default")]
    tolerations: Vec<Toleration>,
    termination_grace_period_seconds: Option<u64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    readiness_probe: Option<IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    /// Of a Deployment or set; left out where it is 0.
    #[serde(deserialize_with = "or_default")]
    ready_replicas: u32,
    /// Of a DaemonSet.
    #[serde(deserialize_with = "or_default")]
    desired_number_scheduled: u32,
    #[serde(deserialize_with = "or_default")]
    number_ready: u32,
    /// Of a Job.
    #[serde(deserialize_with = "or_default")]
    ready: u32,
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<Condition>,
}

impl SlimWorkload {
    /// The workload as a fact; the object itself does not say what kind it is of.
    pub(in crate::kubernetes) fn into_fact(self, kind: &str) -> WorkloadFact {
        let (replicas, ready) = self.counts(kind);
        let Self { metadata, spec, status } = self;
        let pods = spec.template.spec;
        let anti = &pods.affinity.pod_anti_affinity;
        WorkloadFact {
            kind: kind.to_owned(),
            namespace: printable(&metadata.namespace),
            name: printable(&metadata.name),
            uid: printable(&metadata.uid),
            replicas,
            ready,
            selector: spec.selector.map(LabelSelector::from).unwrap_or_default(),
            pod_labels: printable_map(&spec.template.metadata.labels),
            owner: controller(&metadata.owner_references),
            has_readiness_probe: pods.containers.iter().any(|one| one.readiness_probe.is_some()),
            has_spread: !pods.topology_spread_constraints.is_empty()
                || !anti.required.is_empty()
                || !anti.preferred.is_empty(),
            grace_seconds: pods.termination_grace_period_seconds.unwrap_or(USUAL_GRACE),
            tolerations: keys(&pods.tolerations),
            created_at: metadata.creation_timestamp,
            managed_by: managed_by(&metadata),
            conditions: status.conditions.into_iter().map(Into::into).collect(),
        }
    }

    /// True for a set that may not or cannot make its pods (condition `ReplicaFailure`).
    pub(in crate::kubernetes) fn fails_to_make_pods(&self) -> bool {
        self.has_condition("ReplicaFailure")
    }

    /// Pods asked for, and ready ones. A Job that is over or suspended asks for none.
    fn counts(&self, kind: &str) -> (u32, u32) {
        let (spec, status) = (&self.spec, &self.status);
        match kind {
            "DaemonSet" => (status.desired_number_scheduled, status.number_ready),
            "Job" => {
                let is_over = spec.suspend || self.has_condition("Complete") || self.has_condition("Failed");
                let wanted = if is_over { 0 } else { spec.parallelism.unwrap_or(1) };
                (wanted, status.ready)
            }
            _ => (spec.replicas.unwrap_or(1), status.ready_replicas),
        }
    }

    fn has_condition(&self, kind: &str) -> bool {
        let mut conditions = self.status.conditions.iter();
        conditions.any(|condition| condition.kind == kind && condition.status == "True")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(kind: &str, object: Value) -> WorkloadFact {
        serde_json::from_value::<SlimWorkload>(object).unwrap().into_fact(kind)
    }

    #[test]
    fn a_deployment_is_read_whole() {
        let fact = read(
            "Deployment",
            json!({
                "metadata": { "name": "web", "namespace": "shop", "uid": "u", "creationTimestamp": "2026-11-23T10:00:00Z",
                    "annotations": { "meta.helm.sh/release-name": "web" } },
                "spec": { "replicas": 3, "selector": { "matchLabels": { "app": "web" } }, "template": {
                    "metadata": { "labels": { "app": "web" } },
                    "spec": { "terminationGracePeriodSeconds": 60, "tolerations": [{ "key": "spot" }],
                        "topologySpreadConstraints": [{ "maxSkew": 1 }],
                        "containers": [{ "name": "a" }, { "name": "b", "readinessProbe": { "tcpSocket": {} } }] } } },
                "status": { "readyReplicas": 2, "conditions": [{ "type": "Available", "status": "False" }] },
            }),
        );
        assert_eq!((fact.replicas, fact.ready, fact.grace_seconds), (3, 2, 60));
        assert!(fact.has_readiness_probe && fact.has_spread && fact.managed_by.is_some());
        assert_eq!(fact.selector.match_labels["app"], "web");
        assert_eq!(
            (fact.pod_labels["app"].as_str(), fact.tolerations),
            ("web", vec!["spot".to_owned()])
        );
        assert_eq!(fact.conditions[0].kind, "Available");
    }

    #[test]
    fn each_kind_counts_its_own_way() {
        let check = |kind: &str, object: Value, expected: (u32, u32)| {
            let fact = read(kind, object);
            assert_eq!((fact.replicas, fact.ready), expected, "{kind}");
        };
        check("StatefulSet", json!({ "spec": {}, "status": null }), (1, 0));
        check(
            "DaemonSet",
            json!({ "status": { "desiredNumberScheduled": 7, "numberReady": 6 } }),
            (7, 6),
        );
        check(
            "Job",
            json!({ "spec": { "parallelism": 4 }, "status": { "ready": 3 } }),
            (4, 3),
        );
        check("Job", json!({ "spec": { "suspend": true } }), (0, 0));
        let over = json!({ "status": { "conditions": [{ "type": "Complete", "status": "True" }] } });
        check("Job", over, (0, 0));
    }

    #[test]
    fn a_set_says_that_it_fails() {
        let set = |status: &str| {
            let object = json!({ "status": { "conditions": [{ "type": "ReplicaFailure", "status": status }] } });
            serde_json::from_value::<SlimWorkload>(object)
                .unwrap()
                .fails_to_make_pods()
        };
        assert!(set("True") && !set("False"));
        assert!(!SlimWorkload::default().fails_to_make_pods());
    }
}
