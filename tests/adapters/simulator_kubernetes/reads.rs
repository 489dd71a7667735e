//! Who may read, what discovery says, lists and pages, tables, and what kube clients make of it.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::cluster::{Cluster, Events, PATIENCE, names, node, read, text, version};

#[tokio::test]
async fn every_request_needs_the_token() {
    let cluster = Cluster::start().await;
    let url = format!("{}/api/v1/nodes", cluster.base);
    for request in [
        cluster.client.get(&url),
        cluster.client.get(&url).bearer_auth("other"),
        cluster.client.get(&url).basic_auth("simulator", Some("other")),
    ] {
        let (code, body) = read(request).await;
        assert_eq!(code, StatusCode::UNAUTHORIZED);
        assert_eq!(body["reason"], "Unauthorized");
    }
    let (code, _) = read(cluster.client.get(&url).basic_auth("simulator", Some(&cluster.token))).await;
    assert_eq!(code, StatusCode::OK);
}

#[tokio::test]
async fn the_server_tells_what_it_serves() {
    let cluster = Cluster::start_with(|objects| objects.set_server_version("1.34.1")).await;
    assert_eq!(cluster.get("/version").await["gitVersion"], "v1.34.1");
    assert_eq!(cluster.get("/api").await["versions"], json!(["v1"]));
    assert_eq!(cluster.get("/apis").await["groups"].as_array().unwrap().len(), 13);
    assert_eq!(
        cluster.get("/apis/policy/v1").await["resources"][0]["shortNames"],
        json!(["pdb"])
    );
    for path in ["/api/v1/limitranges", "/apis/none/v1", "/nowhere", "/apis/apps/v1/pods"] {
        let (code, body) = read(cluster.request(Method::GET, path)).await;
        assert_eq!((code, text(&body["kind"])), (StatusCode::NOT_FOUND, "Status"), "{path}");
    }
}

#[tokio::test]
async fn pages_of_one_list_show_one_moment() {
    let cluster = Cluster::start().await;
    let first = cluster.get("/api/v1/nodes?limit=2").await;
    assert_eq!(names(&first), ["n1", "n2"]);
    assert_eq!(first["metadata"]["remainingItemCount"], 1);
    cluster.change(|objects, now| {
        objects.remove_node("n3", now);
        objects.add_node(&node("n4"), now);
    });
    let next = format!(
        "/api/v1/nodes?limit=2&continue={}",
        text(&first["metadata"]["continue"])
    );
    let second = cluster.get(&next).await;
    assert_eq!(names(&second), ["n3"]);
    assert_eq!(version(&second), version(&first));
    assert!(second["metadata"].get("continue").is_none());
    assert_eq!(names(&cluster.get("/api/v1/nodes").await), ["n1", "n2", "n4"]);
}

#[tokio::test]
async fn pods_are_selected_by_node_and_namespace() {
    let cluster = Cluster::start().await;
    let all = cluster.get("/api/v1/pods").await;
    assert_eq!(names(&all).len(), 3);
    let pod = &all["items"][0];
    let node = text(&pod["spec"]["nodeName"]);
    let path = format!("/api/v1/pods?fieldSelector=spec.nodeName%3D{node},status.phase!%3DFailed");
    assert_eq!(names(&cluster.get(&path).await), [text(&pod["metadata"]["name"])]);
    assert!(names(&cluster.get("/api/v1/namespaces/default/pods").await).is_empty());
    assert!(pod.get("kind").is_none(), "items of a list do not repeat their kind");
}

#[tokio::test]
async fn tables_are_made_on_request() {
    let cluster = Cluster::start().await;
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let (_, table) = read(cluster.request(Method::GET, "/api/v1/nodes").header("accept", accept)).await;
    assert_eq!(table["kind"], "Table");
    assert_eq!(
        table["rows"][0]["cells"].as_array().unwrap()[..5],
        [
            json!("n1"),
            json!("Ready"),
            json!("<none>"),
            json!("0s"),
            json!("v1.33.5")
        ]
    );
    let path = format!("/api/v1/nodes?watch=1&resourceVersion={}", version(&table));
    let response = cluster
        .request(Method::GET, &path)
        .header("accept", accept)
        .send()
        .await;
    let mut watch = Events {
        response: response.unwrap(),
        unread: Vec::new(),
    };
    cluster.pass(90);
    cluster.change(|objects, now| objects.set_cordoned("n1", true, now));
    let first = watch.event().await;
    assert_eq!(first["object"]["rows"][0]["cells"][1], "Ready,SchedulingDisabled");
    assert_eq!(first["object"]["rows"][0]["cells"][3], "90s");
    assert!(first["object"]["columnDefinitions"].is_array());
    assert!(watch.event().await["object"]["columnDefinitions"].is_null());
}

#[tokio::test]
async fn a_missing_right_is_named() {
    let cluster = Cluster::start_with(|objects| objects.deny("list", "pods")).await;
    let (code, body) = read(cluster.request(Method::GET, "/api/v1/pods")).await;
    assert_eq!((code, text(&body["reason"])), (StatusCode::FORBIDDEN, "Forbidden"));
    assert!(text(&body["message"]).contains("cannot list resource \"pods\""));
    assert_eq!(
        read(cluster.request(Method::GET, "/api/v1/nodes")).await.0,
        StatusCode::OK
    );
}

/// What the kube crate makes of the server: paged lists, streamed lists, evictions; also with the address kubectl
/// needs, which carries the login.
#[tokio::test]
async fn kube_clients_work() {
    use futures::TryStreamExt as _;
    use k8s_openapi::api::core::v1::{Node, Pod};
    use kube::runtime::watcher::{self, Event, watcher};

    let cluster = Cluster::start().await;
    let with_login = cluster
        .base
        .replace("http://", &format!("http://simulator:{}@", cluster.token));
    for address in [&cluster.base, &with_login] {
        let mut config = kube::Config::new(address.parse().unwrap());
        config.auth_info.token = Some(cluster.token.clone().into());
        config.default_retry = false;
        let client = kube::Client::try_from(config).unwrap();
        let nodes: kube::Api<Node> = kube::Api::all(client.clone());
        for settings in [
            watcher::Config::default().page_size(2),
            watcher::Config::default().streaming_lists(),
        ] {
            let mut seen = Vec::new();
            let mut events = std::pin::pin!(watcher(nodes.clone(), settings));
            loop {
                let event = tokio::time::timeout(PATIENCE, events.try_next())
                    .await
                    .unwrap()
                    .unwrap();
                match event {
                    Some(Event::InitApply(node)) => seen.push(node.metadata.name.unwrap()),
                    Some(Event::InitDone) => break,
                    _ => {}
                }
            }
            assert_eq!(seen, ["n1", "n2", "n3"]);
        }
        let pods: kube::Api<Pod> = kube::Api::namespaced(client, "shop");
        let name = pods.list(&kube::api::ListParams::default()).await.unwrap().items[0]
            .metadata
            .name
            .clone();
        let refused = pods.evict(&name.unwrap(), &kube::api::EvictParams::default()).await;
        assert!(matches!(refused, Err(kube::Error::Api(status)) if status.code == 429));
    }
}

#[tokio::test]
async fn an_api_server_that_is_away_breaks_connections() {
    let cluster = Cluster::start().await;
    let mut watch = cluster
        .watch("/api/v1/nodes?watch=1&fieldSelector=metadata.name%3Dn1")
        .await;
    assert_eq!(watch.brief().await, "ADDED n1");
    let set_away = |is_away| {
        cluster.world.with(|world| {
            world.clusters.get_mut("shop-prod").unwrap().is_api_server_away = is_away;
        });
    };
    set_away(true);
    assert!(watch.next().await.is_err());
    assert!(cluster.request(Method::GET, "/version").send().await.is_err());
    set_away(false);
    cluster.get("/version").await;
}
