//! Watches: from a version, from everything, streamed lists, selectors, and what happens to those who fall behind.

use aks_cockpit::simulator::kubernetes::objects::EventSpec;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::cluster::{Cluster, read, text, version};

#[tokio::test]
async fn what_is_too_old_is_gone() {
    let cluster = Cluster::start().await;
    let first = cluster.get("/api/v1/nodes?limit=1").await;
    cluster.change(|objects, now| {
        for round in 0..10_001 {
            objects.label_node("n1", "round", Some(&round.to_string()), now);
        }
    });
    let next = format!("/api/v1/nodes?continue={}", text(&first["metadata"]["continue"]));
    let (code, body) = read(cluster.request(Method::GET, &next)).await;
    assert_eq!((code, text(&body["reason"])), (StatusCode::GONE, "Expired"));

    let path = format!("/api/v1/nodes?watch=true&resourceVersion={}", version(&first));
    let mut watch = cluster.watch(&path).await;
    let event = watch.event().await;
    assert_eq!((text(&event["type"]), &event["object"]["code"]), ("ERROR", &json!(410)));
    assert!(watch.next().await.unwrap().is_none());

    let (code, body) = read(cluster.request(Method::GET, "/api/v1/nodes?resourceVersion=99999999")).await;
    assert_eq!((code, text(&body["reason"])), (StatusCode::GATEWAY_TIMEOUT, "Timeout"));
}

#[tokio::test]
async fn a_watch_that_falls_behind_is_told_so() {
    let cluster = Cluster::start().await;
    let path = format!(
        "/api/v1/nodes?watch=true&resourceVersion={}",
        version(&cluster.get("/api/v1/nodes").await)
    );
    let mut watch = cluster.watch(&path).await;
    // One change of the world at once: however fast the watcher is, it finds the log already overrun.
    cluster.change(|objects, now| {
        for round in 0..10_001 {
            objects.label_node("n1", "round", Some(&round.to_string()), now);
        }
    });
    let event = watch.event().await;
    assert_eq!((text(&event["type"]), &event["object"]["code"]), ("ERROR", &json!(410)));
}

#[tokio::test]
async fn a_watch_continues_from_a_version_without_a_gap() {
    let cluster = Cluster::start().await;
    let list = cluster.get("/api/v1/nodes").await;
    let label = |round: u32| {
        cluster.change(|objects, now| objects.label_node("n1", "round", Some(&round.to_string()), now));
    };
    label(0);
    let path = format!("/api/v1/nodes?watch=true&resourceVersion={}", version(&list));
    let mut watch = cluster.watch(&path).await;
    for round in 1..200 {
        label(round);
    }
    for round in 0..200 {
        let event = watch.event().await;
        assert_eq!(event["type"], "MODIFIED");
        assert_eq!(event["object"]["metadata"]["labels"]["round"], round.to_string());
        assert_eq!(event["object"]["kind"], "Node");
    }
}

#[tokio::test]
async fn a_watch_without_a_version_begins_with_everything() {
    let cluster = Cluster::start().await;
    let mut watch = cluster
        .watch("/api/v1/nodes?watch=1&fieldSelector=metadata.name%3Dn2")
        .await;
    assert_eq!(watch.brief().await, "ADDED n2");
    cluster.change(|objects, now| objects.remove_node("n1", now));
    cluster.change(|objects, now| objects.remove_node("n2", now));
    assert_eq!(watch.brief().await, "DELETED n2");
}

#[tokio::test]
async fn a_streamed_list_ends_with_its_bookmark() {
    let cluster = Cluster::start().await;
    let path =
        "/api/v1/nodes?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";
    let mut watch = cluster.watch(path).await;
    for name in ["n1", "n2", "n3"] {
        assert_eq!(watch.brief().await, format!("ADDED {name}"));
    }
    let bookmark = watch.event().await;
    assert_eq!(bookmark["type"], "BOOKMARK");
    let metadata = &bookmark["object"]["metadata"];
    assert_eq!(metadata["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(
        version(&bookmark["object"]),
        version(&cluster.get("/api/v1/nodes").await)
    );
    cluster.change(|objects, now| objects.set_cordoned("n2", true, now));
    assert_eq!(watch.brief().await, "MODIFIED n2");

    cluster.change(|objects, _| objects.set_streaming_lists(false));
    let (code, body) = read(cluster.request(Method::GET, path)).await;
    assert_eq!(
        (code, text(&body["reason"])),
        (StatusCode::UNPROCESSABLE_ENTITY, "Invalid")
    );
}

#[tokio::test]
async fn a_watch_ends_in_its_time() {
    let cluster = Cluster::start().await;
    let path = format!(
        "/api/v1/nodes?watch=true&timeoutSeconds=0&resourceVersion={}",
        version(&cluster.get("/api/v1/nodes").await)
    );
    assert!(cluster.watch(&path).await.next().await.unwrap().is_none());
}

#[tokio::test]
async fn objects_come_into_and_leave_what_a_selector_lets_through() {
    let cluster = Cluster::start().await;
    let mut watch = cluster.watch("/api/v1/nodes?watch=1&labelSelector=canary%3Dyes").await;
    let label = |value: Option<&str>| cluster.change(|objects, now| objects.label_node("n1", "canary", value, now));
    label(Some("yes"));
    let added = watch.event().await;
    assert_eq!(added["type"], "ADDED");
    label(Some("no"));
    let gone = watch.event().await;
    assert_eq!(gone["type"], "DELETED");
    assert_eq!(gone["object"]["metadata"]["labels"]["canary"], "yes");
    assert!(version(&gone["object"]).parse::<u64>().unwrap() > version(&added["object"]).parse::<u64>().unwrap());
}

#[tokio::test]
async fn events_are_counted_and_listed_like_those_of_a_cluster() {
    let cluster = Cluster::start().await;
    let drain = EventSpec {
        is_warning: true,
        reason: "Drain".into(),
        message: "Eviction blocked by Too many Requests (usually a pdb): cart".into(),
        source: "upgrader".into(),
        object_kind: "Node".into(),
        object_name: "n1".into(),
        namespace: "default".into(),
    };
    let mut watch = cluster
        .watch("/api/v1/namespaces/default/events?watch=1&fieldSelector=involvedObject.kind%3DNode")
        .await;
    cluster.change(|objects, now| objects.emit(&drain, now));
    assert_eq!(watch.event().await["object"]["count"], 1);
    cluster.pass(30);
    cluster.change(|objects, now| objects.emit(&drain, now));
    let second = watch.event().await;
    assert_eq!(
        (text(&second["type"]), &second["object"]["count"]),
        ("MODIFIED", &json!(2))
    );
    cluster.pass(3_700);
    assert_eq!(text(&watch.event().await["type"]), "DELETED");
}
