//! Every part of a survey, from a cluster in which there is something to read for each.

use std::collections::BTreeMap;

use aks_cockpit::domain::survey::{ContainerState, KubernetesSurvey, Management, SurveyDepth, Unread};
use aks_cockpit::kubernetes::client::KubernetesClient;
use aks_cockpit::simulator::kubernetes::objects::{DeprecatedApiUse, ObjectStore};
use aks_cockpit::simulator::server::RunningSimulator;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::cluster::cluster;

/// One of each kind that a survey reads and the scenario does not have.
fn furnish(objects: &mut ObjectStore, now: Timestamp) {
    for object in storage().into_iter().chain(machinery()).chain(work()) {
        objects.add_object(&object, now).unwrap();
    }
    for (resource, replica) in [("flowschemas", 0), ("prioritylevelconfigurations", 1)] {
        objects.add_deprecated_use(DeprecatedApiUse {
            group: "flowcontrol.apiserver.k8s.io".into(),
            version: "v1beta3".into(),
            resource: resource.into(),
            subresource: String::new(),
            removed_release: "1.32".into(),
            requests: BTreeMap::from([("LIST".into(), 40)]),
            replica,
        });
    }
    objects.set_etcd_bytes(3 << 30);
    objects.set_rejected_requests(7);
    objects.set_ready_check("etcd", true);
}

fn storage() -> Vec<Value> {
    vec![
        json!({ "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": "pv-1" },
            "spec": { "csi": { "driver": "disk.csi.azure.com" }, "accessModes": ["ReadWriteOnce"],
                "claimRef": { "namespace": "shop", "name": "data" },
                "nodeAffinity": { "required": { "nodeSelectorTerms": [{ "matchExpressions": [
                    { "key": "topology.disk.csi.azure.com/zone", "operator": "In", "values": ["westeurope-1"] },
                ] }] } } } }),
        json!({ "apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment", "metadata": { "name": "csi-1" },
            "spec": { "attacher": "disk.csi.azure.com", "nodeName": "gone", "source": { "persistentVolumeName": "pv-1" } },
            "status": { "attached": true, "detachError": { "message": "timed out" } } }),
    ]
}

fn machinery() -> Vec<Value> {
    let webhook = json!({ "name": "check.policy.example", "failurePolicy": "Fail",
        "clientConfig": { "service": { "namespace": "policy", "name": "policy", "path": "/x" } },
        "rules": [{ "operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods/eviction"] }] });
    let request = "kubernetes.io/kube-apiserver-client-kubelet";
    vec![
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "policy", "namespace": "policy" },
            "spec": { "selector": { "app": "policy" }, "ports": [{ "port": 443 }] } }),
        json!({ "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
            "metadata": { "name": "policy", "annotations": { "meta.helm.sh/release-name": "policy" } }, "webhooks": [webhook] }),
        json!({ "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": { "name": "v1.shop.example" },
            "spec": { "service": { "namespace": "shop", "name": "web" } },
            "status": { "conditions": [{ "type": "Available", "status": "False", "message": "no endpoints" }] } }),
        json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": { "name": "carts.shop.example" },
            "spec": { "conversion": { "strategy": "Webhook", "webhook": { "clientConfig": {
                "service": { "namespace": "shop", "name": "converter" } } } } } }),
        json!({ "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": { "name": "csr-1" },
            "spec": { "signerName": request, "username": "system:node:aks-new-1" } }),
        json!({ "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "name": "old", "deletionTimestamp": "2026-11-23T08:00:00Z" },
            "status": { "phase": "Terminating", "conditions": [
                { "type": "NamespaceFinalizersRemaining", "status": "True", "message": "one finalizer is left" } ] } }),
    ]
}

fn work() -> Vec<Value> {
    let applied = json!({ "kubectl.kubernetes.io/last-applied-configuration":
        r#"{"apiVersion":"autoscaling/v2beta2","kind":"HorizontalPodAutoscaler"}"# });
    vec![
        json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": { "name": "web", "namespace": "shop", "annotations": applied },
            "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "web" }, "minReplicas": 2, "maxReplicas": 9 } }),
        json!({ "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
            "metadata": { "name": "sh.helm.release.v1.shop.v1", "namespace": "shop",
                "labels": { "owner": "helm", "status": "deployed", "name": "shop" } },
            "data": { "release": helm_release() } }),
        json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": { "name": "stuck", "namespace": "shop" },
            "spec": { "replicas": 0, "selector": { "matchLabels": { "app": "stuck" } },
                "template": { "metadata": { "labels": { "app": "stuck" } }, "spec": { "containers": [] } } },
            "status": { "conditions": [{ "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
                "message": "exceeded quota" }] } }),
    ]
}

/// A release that installs one object in a version that is gone.
fn helm_release() -> String {
    use std::io::Write as _;
    let release = json!({ "name": "shop", "namespace": "shop", "config": { "password": "geheim" },
        "manifest": "---\napiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata:\n  name: cart\n" });
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(release.to_string().as_bytes()).unwrap();
    STANDARD.encode(STANDARD.encode(packer.finish().unwrap()))
}

async fn furnished() -> (RunningSimulator, KubernetesClient) {
    cluster(furnish).await
}

#[tokio::test]
async fn nodes_pods_and_what_makes_and_guards_them_are_read() {
    let (_simulator, client) = furnished().await;
    let survey = client.survey(SurveyDepth::Preflight).await;
    let nodes = survey.nodes.unwrap();
    assert_eq!(nodes.len(), 7);
    assert!(
        nodes
            .iter()
            .all(|fact| fact.allocatable.cpu_millis > 0 && fact.allocatable_pods == 110)
    );
    assert!(
        nodes
            .iter()
            .all(|fact| fact.node.pool.is_some() && !fact.os_image.is_empty())
    );
    let pods = survey.pods.unwrap();
    let checkout = pods.iter().find(|fact| fact.pod.name.starts_with("checkout-")).unwrap();
    assert_eq!(
        (checkout.requests.cpu_millis, checkout.requests.memory_bytes),
        (50, 64 << 20)
    );
    assert_eq!(checkout.containers[0].state, ContainerState::Running);
    let budgets = survey.budgets.unwrap();
    assert!(
        budgets
            .iter()
            .any(|fact| fact.budget.name == "coredns-pdb" && !fact.uid.is_empty())
    );
    let workloads = survey.workloads.unwrap();
    let names = |kind: &str| -> Vec<String> {
        let of_kind = workloads.iter().filter(|one| one.kind == kind);
        of_kind.map(|one| one.name.clone()).collect()
    };
    assert!(names("Deployment").contains(&"checkout".to_owned()));
    assert!(names("DaemonSet").contains(&"kube-proxy".to_owned()));
    assert_eq!(names("ReplicaSet"), ["stuck"]);
    let autoscalers = survey.autoscalers.unwrap();
    assert_eq!(
        (autoscalers[0].target.to_string().as_str(), autoscalers[0].max),
        ("Deployment/web", 9)
    );
    let events = survey.events.unwrap();
    assert!(events.is_sorted_by_key(|fact| std::cmp::Reverse(fact.event.last_seen)));
}

#[tokio::test]
async fn storage_webhooks_and_the_servers_own_state_are_read() {
    let (_simulator, client) = furnished().await;
    let survey = client.survey(SurveyDepth::Preflight).await;
    let volumes = survey.volumes.unwrap();
    assert_eq!(
        (volumes[0].zones.as_slice(), volumes[0].is_single_writer),
        (&["westeurope-1".to_owned()][..], true)
    );
    assert_eq!(survey.attachments.unwrap()[0].error.as_deref(), Some("timed out"));
    let webhooks = survey.webhooks.unwrap();
    let webhook = &webhooks[0];
    assert_eq!(
        (webhook.rules.as_slice(), webhook.ready_endpoints),
        (&["CREATE pods/eviction".to_owned()][..], Some(0))
    );
    assert!(webhook.covers_system);
    assert_eq!(
        webhook.managed_by,
        Some(Management::Helm {
            release: "policy".into()
        })
    );
    let services = survey.api_services.unwrap();
    assert!(
        services
            .iter()
            .any(|one| one.name == "v1beta1.metrics.k8s.io" && one.is_available)
    );
    assert!(
        services
            .iter()
            .any(|one| one.name == "v1.shop.example" && one.message == "no endpoints")
    );
    assert_eq!(services.len(), 2, "what the API server serves itself is no finding");
    let conversions = survey.conversions.unwrap();
    assert_eq!(
        (conversions[0].definition.as_str(), conversions[0].ready_endpoints),
        ("carts.shop.example", Some(0))
    );
    assert_eq!(survey.unapproved_requests.unwrap(), ["aks-new-1"]);
    assert!(survey.flow_schemas.unwrap().contains(&"catch-all".to_owned()));
    assert_eq!(
        survey.ending_namespaces.unwrap(),
        [("old".to_owned(), "one finalizer is left".to_owned())]
    );
    assert_eq!(survey.server_version.unwrap().to_string(), "1.34.4");
    let health = survey.health.unwrap();
    assert_eq!(
        (health.failed_checks.as_slice(), health.etcd_bytes),
        (&["etcd".to_owned()][..], Some(3 << 30))
    );
    assert_eq!(health.rejected_requests, Some(7));
    assert!(
        health
            .object_counts
            .iter()
            .any(|(resource, count)| resource == "nodes" && *count == 7)
    );
}

#[tokio::test]
async fn old_versions_are_found_in_metrics_manifests_and_releases() {
    let (_simulator, client) = furnished().await;
    let survey = client.survey(SurveyDepth::Preflight).await;
    let uses = survey.deprecated_uses.unwrap();
    let brief: Vec<(&str, u64)> = uses
        .iter()
        .map(|one| (one.resource.as_str(), one.verbs["LIST"]))
        .collect();
    assert_eq!(
        brief,
        [("flowschemas", 40), ("prioritylevelconfigurations", 40)],
        "each replica tells of its own"
    );
    let manifests = survey.manifests.unwrap();
    let brief: Vec<String> = manifests
        .iter()
        .map(|one| format!("{} {}/{} ({})", one.api_version, one.namespace, one.name, one.origin))
        .collect();
    assert_eq!(
        brief,
        [
            "autoscaling/v2beta2 shop/web (last-applied-configuration)",
            "policy/v1beta1 shop/cart (Helm release shop)",
        ]
    );
    assert!(!format!("{manifests:?}").contains("geheim"));
    let served = survey.served.unwrap();
    assert!(
        ["v1", "policy/v1", "autoscaling/v2"]
            .iter()
            .all(|version| served.contains(&(*version).to_owned()))
    );
}

#[tokio::test]
async fn a_diagnosis_leaves_out_what_only_a_preflight_needs() {
    let (_simulator, client) = furnished().await;
    let survey: KubernetesSurvey = client.survey(SurveyDepth::Diagnosis).await;
    assert!(survey.pods.is_ok() && survey.webhooks.is_ok() && survey.health.is_ok() && survey.events.is_ok());
    assert!(matches!(survey.manifests, Err(Unread::NotAsked { .. })));
    assert!(matches!(survey.conversions, Err(Unread::NotAsked { .. })));
    assert!(matches!(survey.deprecated_uses, Err(Unread::NotAsked { .. })));
    assert!(matches!(survey.served, Err(Unread::NotAsked { .. })));
}
