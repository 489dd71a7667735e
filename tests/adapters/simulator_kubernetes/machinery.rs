//! Webhooks, API machinery and the server's own pages, as clients meet them.

use std::collections::BTreeMap;

use aks_cockpit::simulator::kubernetes::objects::{DeprecatedApiUse, WebhookAnswer};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::cluster::{Cluster, names, read, text, version, workload};

const CONFIGURATION: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/policy";

/// A webhook on new pods and evictions, whose Service has no pods yet.
async fn guarded() -> Cluster {
    let cluster = Cluster::start().await;
    cluster.change(|objects, now| {
        let service = json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "policy", "namespace": "policy" },
            "spec": { "selector": { "app": "policy" }, "ports": [{ "port": 443, "targetPort": 8443 }] } });
        objects.add_object(&service, now).unwrap();
    });
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": { "name": "policy" },
        "webhooks": [{ "name": "check.policy.example", "failurePolicy": "Fail", "sideEffects": "None",
            "clientConfig": { "service": { "namespace": "policy", "name": "policy" } },
            "namespaceSelector": { "matchExpressions": [
                { "key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["policy"] },
            ] },
            "rules": [{ "operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods", "pods/eviction"] }] }],
    });
    let place = CONFIGURATION.trim_end_matches("/policy");
    assert_eq!(cluster.post(place, &configuration).await.0, StatusCode::CREATED);
    cluster
}

async fn make_pod(cluster: &Cluster, name: &str) -> (StatusCode, Value) {
    let pod = json!({ "metadata": { "name": name }, "spec": { "containers": [{ "name": "c", "image": "i" }] } });
    cluster.post("/api/v1/namespaces/shop/pods", &pod).await
}

#[tokio::test]
async fn a_webhook_nobody_answers_for_refuses_until_it_may_be_ignored() {
    let cluster = guarded().await;
    let (code, body) = make_pod(&cluster, "a").await;
    assert_eq!(
        (code, text(&body["reason"])),
        (StatusCode::INTERNAL_SERVER_ERROR, "InternalError")
    );
    assert_eq!(
        text(&body["message"]),
        "Internal error occurred: failed calling webhook \"check.policy.example\": failed to call webhook: Post \
         \"https://policy.policy.svc:443/?timeout=10s\": no endpoints available for service \"policy\""
    );
    let patch = json!({ "webhooks": [{ "name": "check.policy.example", "failurePolicy": "Ignore" }] });
    let kind = "application/strategic-merge-patch+json";
    let (code, body) = cluster.send(Method::PATCH, CONFIGURATION, kind, &patch).await;
    assert_eq!(
        (code, &body["webhooks"][0]["rules"][0]["operations"]),
        (StatusCode::OK, &json!(["CREATE"]))
    );
    assert_eq!(make_pod(&cluster, "a").await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn a_webhook_whose_backend_comes_up_is_asked() {
    let cluster = guarded().await;
    cluster.change(|objects, now| {
        let mut backend = workload("policy", "Deployment", 1);
        backend.namespace = "policy".into();
        objects.add_workload(&backend, now);
    });
    cluster.pass(30);
    let slices =
        "/apis/discovery.k8s.io/v1/namespaces/policy/endpointslices?labelSelector=kubernetes.io/service-name%3Dpolicy";
    let slice = &cluster.get(slices).await["items"][0];
    assert_eq!(slice["endpoints"][0]["conditions"]["ready"], true);
    assert_eq!(make_pod(&cluster, "a").await.0, StatusCode::CREATED);
    cluster.change(|objects, _| {
        let message = "it moves first".to_owned();
        objects.set_webhook_answer("check.policy.example", WebhookAnswer::Deny { message });
    });
    let path = "/api/v1/namespaces/shop/pods/a/eviction";
    let eviction = json!({ "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": "a" } });
    let (code, body) = cluster.post(path, &eviction).await;
    assert_eq!((code, text(&body["reason"])), (StatusCode::FORBIDDEN, "Forbidden"));
    assert_eq!(
        body["message"],
        "admission webhook \"check.policy.example\" denied the request: it moves first"
    );
}

#[tokio::test]
async fn every_further_kind_is_made_patched_and_deleted_with_preconditions() {
    let cluster = Cluster::start().await;
    for (place, kind) in [
        ("/api/v1/persistentvolumes", "PersistentVolume"),
        (
            "/api/v1/namespaces/shop/persistentvolumeclaims",
            "PersistentVolumeClaim",
        ),
        ("/api/v1/namespaces/shop/secrets", "Secret"),
        ("/apis/storage.k8s.io/v1/volumeattachments", "VolumeAttachment"),
        (
            "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers",
            "HorizontalPodAutoscaler",
        ),
        (
            "/apis/certificates.k8s.io/v1/certificatesigningrequests",
            "CertificateSigningRequest",
        ),
        ("/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas", "FlowSchema"),
        ("/apis/apiregistration.k8s.io/v1/apiservices", "APIService"),
        (
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            "CustomResourceDefinition",
        ),
        ("/apis/networking.k8s.io/v1/namespaces/shop/ingresses", "Ingress"),
        ("/apis/batch/v1/namespaces/shop/cronjobs", "CronJob"),
    ] {
        let (code, made) = cluster
            .post(place, &json!({ "kind": kind, "metadata": { "name": "probe" } }))
            .await;
        assert_eq!((code, text(&made["kind"])), (StatusCode::CREATED, kind), "{made}");
        let one = format!("{place}/probe");
        let (code, patched) = cluster
            .merge(&one, json!({ "metadata": { "labels": { "a": "b" } } }))
            .await;
        assert_eq!((code, text(&patched["metadata"]["labels"]["a"])), (StatusCode::OK, "b"));
        let delete = |preconditions: Value| {
            let options = json!({ "kind": "DeleteOptions", "apiVersion": "v1", "preconditions": preconditions });
            let request = cluster
                .request(Method::DELETE, &one)
                .header("content-type", "application/json");
            read(request.body(options.to_string()))
        };
        assert_eq!(
            delete(json!({ "uid": "other" })).await.0,
            StatusCode::CONFLICT,
            "{kind}"
        );
        assert_eq!(
            delete(json!({ "resourceVersion": version(&made) })).await.0,
            StatusCode::CONFLICT,
            "{kind}"
        );
        assert_eq!(
            delete(json!({ "uid": made["metadata"]["uid"] })).await.0,
            StatusCode::OK,
            "{kind}"
        );
        assert!(!names(&cluster.get(place).await).contains(&"probe"), "{kind}");
    }
}

async fn page(cluster: &Cluster, path: &str) -> (StatusCode, String) {
    let response = cluster.request(Method::GET, path).send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

#[tokio::test]
async fn the_replicas_of_the_api_server_tell_of_themselves() {
    let cluster = Cluster::start_with(|objects| {
        objects.add_deprecated_use(DeprecatedApiUse {
            group: "flowcontrol.apiserver.k8s.io".into(),
            version: "v1beta3".into(),
            resource: "flowschemas".into(),
            subresource: String::new(),
            removed_release: "1.32".into(),
            requests: BTreeMap::from([("WATCH".into(), 3)]),
            replica: 1,
        });
    })
    .await;
    let (one, other) = (page(&cluster, "/metrics").await.1, page(&cluster, "/metrics").await.1);
    let line = "apiserver_requested_deprecated_apis{group=\"flowcontrol.apiserver.k8s.io\",removed_release=\"1.32\"";
    assert_eq!([&one, &other].iter().filter(|page| page.contains(line)).count(), 1);
    assert!(one.len() > 500_000, "the page of a real server is large");
    assert!(one.contains("apiserver_storage_objects{resource=\"nodes\"} 3\n"));
    cluster.change(|objects, _| objects.deny("get", "/metrics"));
    let (code, body) = page(&cluster, "/metrics").await;
    assert_eq!(code, StatusCode::FORBIDDEN);
    assert!(
        body.contains("forbidden: User \\\"simulator-user\\\" cannot get path \\\"/metrics\\\""),
        "{body}"
    );
}

#[tokio::test]
async fn readiness_names_what_is_not_well() {
    let cluster = Cluster::start().await;
    assert_eq!(page(&cluster, "/readyz").await, (StatusCode::OK, "ok".to_owned()));
    let (code, text) = page(&cluster, "/readyz?verbose").await;
    assert!(code == StatusCode::OK && text.contains("[+]etcd ok\n") && text.ends_with("readyz check passed\n"));
    cluster.change(|objects, _| objects.set_ready_check("etcd", true));
    let (code, text) = page(&cluster, "/readyz").await;
    assert_eq!(code, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(text.contains("[-]etcd failed: reason withheld\n") && text.ends_with("readyz check failed\n"));
    assert_eq!(page(&cluster, "/livez").await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_api_that_is_switched_off_is_not_discovered() {
    let cluster = Cluster::start_with(|objects| objects.stop_serving("horizontalpodautoscalers")).await;
    let groups = cluster.get("/apis").await;
    let mut found = groups["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| text(&group["name"]));
    assert!(!found.any(|name| name == "autoscaling"));
    let path = "/apis/autoscaling/v2/horizontalpodautoscalers";
    assert_eq!(page(&cluster, path).await.0, StatusCode::NOT_FOUND);
}
