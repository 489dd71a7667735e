//! Leases, on which the question of who drives is decided: every write is tied to the version that was read.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::cluster::{Cluster, names, read, text, version};

const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/aks-cockpit";

fn lease(holder: &str) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": { "name": "aks-cockpit", "annotations": { "aks-cockpit/execution": "e-1" } },
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": 60,
            "acquireTime": "2026-11-23T09:00:00.000000Z",
            "renewTime": "2026-11-23T09:00:00.000000Z",
            "leaseTransitions": 0,
        },
    })
}

async fn put(cluster: &Cluster, object: &Value) -> (StatusCode, Value) {
    cluster.send(Method::PUT, LEASE, "application/json", object).await
}

#[tokio::test]
async fn a_lease_is_made_once() {
    let cluster = Cluster::start().await;
    let (code, body) = read(cluster.request(Method::GET, LEASE)).await;
    assert_eq!((code, text(&body["reason"])), (StatusCode::NOT_FOUND, "NotFound"));
    let (code, body) = put(&cluster, &lease("anna")).await;
    assert_eq!((code, text(&body["reason"])), (StatusCode::NOT_FOUND, "NotFound"));
    let (code, made) = cluster.post(LEASES, &lease("anna")).await;
    assert_eq!(code, StatusCode::CREATED);
    assert!(!version(&made).is_empty());
    let (code, body) = cluster.post(LEASES, &lease("ben")).await;
    assert_eq!((code, text(&body["reason"])), (StatusCode::CONFLICT, "AlreadyExists"));
    let kept = cluster.get(LEASE).await;
    assert_eq!(kept["spec"]["holderIdentity"], "anna");
    assert_eq!(kept["metadata"]["annotations"]["aks-cockpit/execution"], "e-1");
    assert_eq!(kept["spec"]["renewTime"], "2026-11-23T09:00:00.000000Z");
}

#[tokio::test]
async fn of_many_who_make_a_lease_at_once_one_succeeds() {
    let cluster = Cluster::start().await;
    for round in 0..20 {
        let attempts = (0..4).map(|number| {
            let body = lease(&format!("driver-{number}"));
            let request = cluster.request(Method::POST, LEASES).json(&body).send();
            tokio::spawn(request)
        });
        let mut created = 0;
        for attempt in attempts.collect::<Vec<_>>() {
            let status = attempt.await.unwrap().unwrap().status();
            created += u32::from(status == StatusCode::CREATED);
            assert!([StatusCode::CREATED, StatusCode::CONFLICT].contains(&status));
        }
        assert_eq!(created, 1, "round {round}");
        let (code, _) = read(cluster.request(Method::DELETE, LEASE)).await;
        assert_eq!(code, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_lease_is_replaced_only_by_who_has_read_it_last() {
    let cluster = Cluster::start().await;
    let (_, made) = cluster.post(LEASES, &lease("anna")).await;
    let mut renewed = made.clone();
    renewed["spec"]["renewTime"] = json!("2026-11-23T09:00:20.000000Z");
    let (code, second) = put(&cluster, &renewed).await;
    assert_eq!(code, StatusCode::OK);
    assert_ne!(version(&second), version(&made));
    assert_eq!(second["metadata"]["uid"], made["metadata"]["uid"]);

    let mut taken = made.clone();
    taken["spec"]["holderIdentity"] = json!("ben");
    let (code, body) = put(&cluster, &taken).await;
    assert_eq!((code, text(&body["reason"])), (StatusCode::CONFLICT, "Conflict"));
    assert!(
        text(&body["message"]).contains("the object has been modified"),
        "{body}"
    );
    assert_eq!(cluster.get(LEASE).await["spec"]["holderIdentity"], "anna");

    // Without a version a write always wins, as on a real server.
    let (code, forced) = put(&cluster, &lease("carl")).await;
    assert_eq!(
        (code, &forced["spec"]["holderIdentity"]),
        (StatusCode::OK, &json!("carl"))
    );

    // One that was deleted and made again is another one.
    read(cluster.request(Method::DELETE, LEASE)).await;
    cluster.post(LEASES, &lease("dora")).await;
    let (code, _) = put(&cluster, &forced).await;
    assert_eq!(code, StatusCode::CONFLICT);
}

#[tokio::test]
async fn leases_of_nodes_and_of_drivers_are_listed_together_and_in_pages() {
    let cluster = Cluster::start().await;
    cluster.post(LEASES, &lease("anna")).await;
    let all = "/apis/coordination.k8s.io/v1/leases";
    assert_eq!(names(&cluster.get(all).await), ["n1", "n2", "n3", "aks-cockpit"]);
    assert_eq!(names(&cluster.get(LEASES).await), ["aks-cockpit"]);
    let first = cluster.get(&format!("{all}?limit=2")).await;
    let next = format!("{all}?limit=2&continue={}", text(&first["metadata"]["continue"]));
    assert_eq!(names(&first), ["n1", "n2"]);
    assert_eq!(names(&cluster.get(&next).await), ["n3", "aks-cockpit"]);

    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let (_, table) = read(cluster.request(Method::GET, all).header("accept", accept)).await;
    let columns: Vec<&str> = table["columnDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| text(&column["name"]))
        .collect();
    assert_eq!(columns, ["Name", "Holder", "Age"]);
    let last = table["rows"].as_array().unwrap().last().unwrap();
    assert_eq!(last["cells"], json!(["aks-cockpit", "anna", "0s"]));
    assert_eq!(last["object"]["metadata"]["namespace"], "kube-system");
}
