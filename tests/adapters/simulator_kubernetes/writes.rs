//! Evictions, cordons, leases, remedies, and requests that must be refused.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::cluster::{Cluster, names, read, start_time, text, version, workload};

#[tokio::test]
async fn an_eviction_is_refused_in_the_words_of_the_api_server() {
    let cluster = Cluster::start().await;
    let pods = cluster.get("/api/v1/namespaces/shop/pods").await;
    let name = text(&pods["items"][0]["metadata"]["name"]);
    let path = format!("/api/v1/namespaces/shop/pods/{name}/eviction");
    let mut eviction = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": { "name": name, "namespace": "shop" },
    });
    let (code, body) = cluster.post(&path, &eviction).await;
    assert_eq!(code, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        body["message"],
        "Cannot evict pod as it would violate the pod's disruption budget."
    );
    assert_eq!(
        body["details"]["causes"][0],
        json!({
            "reason": "DisruptionBudget",
            "message": "The disruption budget cart-pdb needs 3 healthy pods and has 3 currently",
        })
    );

    let budget = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/cart-pdb";
    let (code, _) = cluster.merge(budget, json!({ "spec": { "minAvailable": 2 } })).await;
    assert_eq!(code, StatusCode::OK);
    eviction["deleteOptions"] = json!({ "dryRun": ["All"] });
    assert_eq!(cluster.post(&path, &eviction).await.0, StatusCode::CREATED);
    assert_eq!(cluster.get(budget).await["status"]["disruptionsAllowed"], 1);
    eviction["deleteOptions"] = json!({});
    assert_eq!(cluster.post(&path, &eviction).await.0, StatusCode::CREATED);
    assert_eq!(cluster.get(budget).await["status"]["disruptionsAllowed"], 0);
    cluster.pass(10);
    let (code, body) = cluster.post(&path, &eviction).await;
    assert_eq!((code, text(&body["reason"])), (StatusCode::NOT_FOUND, "NotFound"));
    assert_eq!(cluster.get(budget).await["status"]["disruptionsAllowed"], 1);
}

#[tokio::test]
async fn two_budgets_over_one_pod_are_an_error_of_the_server() {
    let cluster = Cluster::start().await;
    let second = json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": { "name": "second" },
        "spec": { "minAvailable": "10%", "selector": { "matchLabels": { "app": "cart" } } },
    });
    let (code, _) = cluster
        .post("/apis/policy/v1/namespaces/shop/poddisruptionbudgets", &second)
        .await;
    assert_eq!(code, StatusCode::CREATED);
    let pods = cluster.get("/api/v1/pods").await;
    let name = text(&pods["items"][0]["metadata"]["name"]);
    let path = format!("/api/v1/namespaces/shop/pods/{name}/eviction");
    let (code, body) = cluster.post(&path, &json!({ "metadata": { "name": name } })).await;
    assert_eq!(code, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(text(&body["message"]).contains("more than one PodDisruptionBudget"));
}

#[tokio::test]
async fn a_cordon_through_the_api_is_a_cordon() {
    let cluster = Cluster::start().await;
    let mut watch = cluster
        .watch("/api/v1/nodes?watch=1&fieldSelector=metadata.name%3Dn1")
        .await;
    assert_eq!(watch.brief().await, "ADDED n1");
    let patch = json!({ "spec": { "unschedulable": true } });
    let content_type = "application/strategic-merge-patch+json";
    let (code, node) = cluster
        .send(Method::PATCH, "/api/v1/nodes/n1", content_type, &patch)
        .await;
    assert_eq!(code, StatusCode::OK);
    assert_eq!(node["spec"]["taints"][0]["key"], "node.kubernetes.io/unschedulable");
    assert_eq!(watch.event().await["object"]["spec"]["unschedulable"], true);
    assert_eq!(
        watch.event().await["object"]["spec"]["taints"][0]["effect"],
        "NoSchedule"
    );
    let events = cluster
        .get("/api/v1/events?fieldSelector=involvedObject.kind%3DNode,reason%3DNodeNotSchedulable")
        .await;
    assert_eq!(events["items"][0]["involvedObject"]["name"], "n1");
}

#[tokio::test]
async fn a_lease_changes_hands_only_with_the_version_that_was_read() {
    let cluster = Cluster::start().await;
    let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
    let one = format!("{leases}/aks-cockpit");
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": { "name": "aks-cockpit" },
        "spec": { "holderIdentity": "ann" },
    });
    let (code, mut first) = cluster.post(leases, &lease).await;
    assert_eq!(code, StatusCode::CREATED);
    let (code, body) = cluster.post(leases, &lease).await;
    assert_eq!((code, text(&body["reason"])), (StatusCode::CONFLICT, "AlreadyExists"));
    let mut stale = first.clone();
    first["spec"]["holderIdentity"] = "bob".into();
    let (code, _) = cluster.send(Method::PUT, &one, "application/json", &first).await;
    assert_eq!(code, StatusCode::OK);
    stale["spec"]["holderIdentity"] = "eve".into();
    let (code, body) = cluster.send(Method::PUT, &one, "application/json", &stale).await;
    assert_eq!((code, text(&body["reason"])), (StatusCode::CONFLICT, "Conflict"));
    assert_eq!(cluster.get(&one).await["spec"]["holderIdentity"], "bob");
    let (code, _) = read(cluster.request(Method::DELETE, &one)).await;
    assert_eq!(code, StatusCode::OK);
    assert_eq!(read(cluster.request(Method::GET, &one)).await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        names(
            &cluster
                .get("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases")
                .await
        ),
        ["n1", "n2", "n3"]
    );
}

#[tokio::test]
async fn remedies_have_their_effect() {
    let cluster = Cluster::start_with(|objects| {
        let mut held = workload("held", "StatefulSet", 1);
        held.finalizer = Some("example.com/wait".into());
        objects.add_workload(&held, start_time());
    })
    .await;
    let scale = "/apis/apps/v1/namespaces/shop/deployments/cart/scale";
    let (code, view) = cluster.merge(scale, json!({ "spec": { "replicas": 4 } })).await;
    assert_eq!((code, &view["spec"]["replicas"]), (StatusCode::OK, &json!(4)));
    cluster.pass(30);
    let budget = cluster
        .get("/apis/policy/v1/namespaces/shop/poddisruptionbudgets/cart-pdb")
        .await;
    assert_eq!(budget["status"]["disruptionsAllowed"], 1);

    let held = "/api/v1/namespaces/shop/pods/held-0";
    let (code, stopping) = read(cluster.request(Method::DELETE, held)).await;
    assert_eq!(code, StatusCode::OK);
    assert!(stopping["metadata"]["deletionTimestamp"].is_string());
    cluster.pass(600);
    let old = cluster.get(held).await;
    assert!(old["metadata"]["deletionTimestamp"].is_string());
    let (code, _) = cluster.merge(held, json!({ "metadata": { "finalizers": null } })).await;
    assert_eq!(code, StatusCode::OK);
    cluster.pass(30);
    let new = cluster.get(held).await;
    assert_ne!(new["metadata"]["uid"], old["metadata"]["uid"]);
    assert_eq!(new["status"]["phase"], "Running");
}

#[tokio::test]
async fn bad_requests_are_refused_and_nothing_breaks() {
    let cluster = Cluster::start().await;
    let node = "/api/v1/nodes/n1";
    let merge = "application/merge-patch+json";
    for (method, path, content_type, body, expected) in [
        (Method::PATCH, node, merge, "{", 400),
        (Method::PATCH, node, merge, "[]", 400),
        (Method::PATCH, node, merge, r#"{"spec":"x"}"#, 400),
        (
            Method::PATCH,
            node,
            merge,
            r#"{"metadata":{"resourceVersion":"1"}}"#,
            409,
        ),
        (Method::PATCH, node, "application/apply-patch+yaml", "{}", 415),
        (Method::PATCH, "/api/v1/nodes/n9", merge, "{}", 404),
        (
            Method::PUT,
            node,
            "application/json",
            r#"{"metadata":{"name":"other"}}"#,
            400,
        ),
        (
            Method::PUT,
            node,
            "application/json",
            r#"{"kind":"Pod","metadata":{"name":"n1"}}"#,
            400,
        ),
        (Method::POST, node, "application/json", "{}", 405),
        (Method::POST, "/api/v1/pods", "application/json", "{}", 405),
        (
            Method::POST,
            "/api/v1/namespaces/none/configmaps",
            "application/json",
            r#"{"metadata":{"name":"a"}}"#,
            404,
        ),
        (
            Method::POST,
            "/api/v1/namespaces/shop/configmaps",
            "application/json",
            "{}",
            422,
        ),
        (
            Method::POST,
            "/api/v1/namespaces/shop/configmaps",
            "application/vnd.kubernetes.protobuf",
            "k8s",
            415,
        ),
        (Method::DELETE, "/api/v1/nodes", "application/json", "", 405),
        (Method::GET, "/api/v1/nodes?limit=x", "application/json", "", 400),
        (
            Method::GET,
            "/api/v1/nodes?labelSelector=((",
            "application/json",
            "",
            400,
        ),
        (Method::GET, "/api/v1/nodes?continue=x", "application/json", "", 400),
    ] {
        let request = cluster
            .request(method.clone(), path)
            .header("content-type", content_type)
            .body(body);
        let (code, answer) = read(request).await;
        assert_eq!(code.as_u16(), expected, "{method} {path} {body}: {answer}");
        assert_eq!(answer["kind"], "Status");
    }
    assert_eq!(names(&cluster.get("/api/v1/nodes").await), ["n1", "n2", "n3"]);
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let cluster = Cluster::start().await;
    let before = cluster.get("/api/v1/nodes").await;
    let patch = json!({ "spec": { "unschedulable": true } });
    let (code, body) = cluster.merge("/api/v1/nodes/n1?dryRun=All", patch).await;
    assert_eq!((code, &body["spec"]["unschedulable"]), (StatusCode::OK, &json!(true)));
    let (code, _) = read(cluster.request(Method::DELETE, "/api/v1/nodes/n1?dryRun=All")).await;
    assert_eq!(code, StatusCode::OK);
    assert_eq!(version(&cluster.get("/api/v1/nodes").await), version(&before));
}
