//! Workloads as the readiness gate reads them: the counts in their status, in pages, and the pods that wait.

use reqwest::Method;
use serde_json::{Value, json};

use super::cluster::{Cluster, names, read, text, workload};

const KINDS: [(&str, &str, &str); 3] = [
    ("deployments", "cart", "readyReplicas"),
    ("statefulsets", "store", "readyReplicas"),
    ("daemonsets", "agent", "numberReady"),
];

async fn cluster() -> Cluster {
    Cluster::start_with(|objects| {
        objects.add_workload(&workload("store", "StatefulSet", 3), super::cluster::start_time());
        objects.add_workload(&workload("agent", "DaemonSet", 0), super::cluster::start_time());
    })
    .await
}

async fn ready(cluster: &Cluster) -> [u64; 3] {
    let mut found = [0; 3];
    for (index, (plural, name, field)) in KINDS.into_iter().enumerate() {
        let list = cluster.get(&format!("/apis/apps/v1/{plural}?limit=500")).await;
        let item = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["metadata"]["name"] == name);
        found[index] = item.unwrap()["status"][field].as_u64().unwrap();
    }
    found
}

async fn pending(cluster: &Cluster) -> usize {
    let list = cluster
        .get("/api/v1/pods?fieldSelector=status.phase%3DPending&limit=500")
        .await;
    names(&list).len()
}

#[tokio::test]
async fn counts_follow_the_pods() {
    let cluster = cluster().await;
    assert_eq!((ready(&cluster).await, pending(&cluster).await), ([3, 3, 3], 0));
    cluster.change(|objects, now| objects.set_node_ready("n1", false, now));
    cluster.pass(1);
    assert_eq!(ready(&cluster).await, [2, 2, 2]);
    cluster.change(|objects, now| {
        for name in ["n1", "n2", "n3"] {
            objects.set_cordoned(name, true, now);
        }
        objects.remove_node("n1", now);
    });
    cluster.pass(30);
    // What ran on the node that is gone waits for a node that takes it; a daemon has none to serve.
    assert_eq!((ready(&cluster).await, pending(&cluster).await), ([2, 2, 2], 2));
    let waiting = cluster.get("/api/v1/pods?fieldSelector=status.phase%3DPending").await;
    for pod in waiting["items"].as_array().unwrap() {
        assert!(pod["spec"].get("nodeName").is_none());
        let conditions = pod["status"]["conditions"].as_array().unwrap();
        let placed = conditions
            .iter()
            .find(|condition| condition["type"] == "PodScheduled")
            .unwrap();
        assert_eq!(
            (text(&placed["status"]), text(&placed["reason"])),
            ("False", "Unschedulable")
        );
    }
    cluster.change(|objects, now| objects.set_cordoned("n2", false, now));
    cluster.pass(60);
    assert_eq!((ready(&cluster).await, pending(&cluster).await), ([3, 3, 2], 0));
}

#[tokio::test]
async fn workloads_of_all_namespaces_come_in_pages() {
    let cluster = cluster().await;
    for number in 0..5 {
        let name = format!("w{number}");
        cluster.change(|objects, now| objects.add_workload(&workload(&name, "Deployment", 1), now));
    }
    let mut found = Vec::new();
    let mut next = String::new();
    loop {
        let page = cluster.get(&format!("/apis/apps/v1/deployments?limit=2{next}")).await;
        found.extend(names(&page).into_iter().map(str::to_owned));
        match page["metadata"]["continue"].as_str() {
            Some(token) => next = format!("&continue={token}"),
            None => break,
        }
    }
    assert_eq!(found, ["cart", "w0", "w1", "w2", "w3", "w4"]);
}

#[tokio::test]
async fn kubectl_shows_them_in_its_own_columns() {
    let cluster = cluster().await;
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let expected: [&[Value]; 3] = [
        &[json!("cart"), json!("3/3"), json!(3), json!(3)],
        &[json!("store"), json!("3/3")],
        &[
            json!("agent"),
            json!(3),
            json!(3),
            json!(3),
            json!(3),
            json!(3),
            json!("<none>"),
        ],
    ];
    for ((plural, ..), expected) in KINDS.into_iter().zip(expected) {
        let request = cluster.request(Method::GET, &format!("/apis/apps/v1/{plural}"));
        let (_, table) = read(request.header("accept", accept)).await;
        let cells = table["rows"][0]["cells"].as_array().unwrap();
        assert_eq!(cells[..expected.len()], *expected, "{plural}");
        assert_eq!(table["rows"][0]["object"]["metadata"]["namespace"], "shop", "{plural}");
    }
}
