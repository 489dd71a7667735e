//! The applications' own endpoints: what a smoke test meets while nodes are replaced.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Arm, cluster_path, control_plane_upgrade, header};

async fn ask(arm: &Arm, method: Method, path: &str) -> (u16, Value) {
    let url = format!("{}{path}", arm.simulator.apps["shop-prod"]);
    let response = arm
        .http
        .request(method, url)
        .json(&json!({"sku": 7}))
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn get(arm: &Arm, path: &str) -> (u16, Value) {
    ask(arm, Method::GET, path).await
}

#[tokio::test]
async fn an_application_answers_without_a_token_and_counts() {
    let arm = Arm::start("small").await;
    for order in 1..3 {
        let (status, body) = get(&arm, "/shop/web/any/thing?x=1").await;
        assert_eq!(
            (status, body),
            (200, json!({"service": "web", "ready": 3, "wanted": 3, "order": order}))
        );
    }
    assert_eq!(get(&arm, "/shop/nothing").await.0, 404);
    assert_eq!(get(&arm, "").await.0, 404);
    assert_eq!(ask(&arm, Method::DELETE, "/shop/web").await.0, 405);
    let document = arm.simulator.endpoints_json(&std::collections::BTreeMap::new());
    assert_eq!(document["apps"]["shop-prod"], arm.simulator.apps["shop-prod"]);
}

#[tokio::test]
async fn an_order_can_be_read_again_by_its_id() {
    let arm = Arm::start("small").await;
    let (status, created) = ask(&arm, Method::POST, "/shop/web/orders").await;
    assert_eq!(status, 201);
    let id = created["id"].as_str().unwrap();
    let (status, read) = get(&arm, &format!("/shop/web/orders/{id}")).await;
    assert_eq!(
        (status, &read["id"], &read["sent"]),
        (200, &created["id"], &json!({"sku": 7}))
    );
    assert_eq!(get(&arm, "/shop/web/orders/order-999999").await.0, 404);
}

#[tokio::test]
async fn fewer_ready_pods_are_slower_and_none_is_503() {
    let arm = Arm::start("small").await;
    let nodes = arm.simulator.world.with(|world| {
        let nodes = &world.clusters["shop-prod"].pool("apps").unwrap().nodes;
        nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>()
    });
    let mut latencies = Vec::new();
    for name in [None].into_iter().chain(nodes.iter().map(Some)) {
        if let Some(name) = name {
            arm.simulator.world.with(|world| {
                let now = world.now;
                world
                    .clusters
                    .get_mut("shop-prod")
                    .unwrap()
                    .objects
                    .set_node_ready(name, false, now);
            });
        }
        arm.pass(1);
        let url = format!("{}/shop/web", arm.simulator.apps["shop-prod"]);
        let response = arm.http.get(url).send().await.unwrap();
        latencies.push(header(&response, "x-simulated-latency-ms").parse::<u64>().unwrap());
        let is_last = Some(&nodes[2]) == name;
        let expected = if is_last {
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::OK
        };
        assert_eq!(response.status(), expected);
    }
    assert!(latencies.is_sorted() && latencies[0] < latencies[3], "{latencies:?}");
}

#[tokio::test]
async fn a_new_version_breaks_checkout_until_somebody_repairs_it() {
    let arm = Arm::start("smoke").await;
    for hop in ["1.34.6", "1.35.5", "1.36.3"] {
        arm.put(&cluster_path(), control_plane_upgrade(hop)).await;
        arm.pass(900);
    }
    assert_eq!(get(&arm, "/shop/checkout").await.0, 200);
    let path = cluster_path() + "/agentPools/apps";
    arm.put(&path, |body| {
        body["properties"]["orchestratorVersion"] = json!("1.36.3");
    })
    .await;
    arm.pass(1);
    assert_eq!(get(&arm, "/shop/checkout").await.0, 200);
    let mut waited = 0;
    while get(&arm, "/shop/checkout").await.0 == 200 {
        waited += 10;
        assert!(waited < 1800, "it never breaks");
        arm.pass(10);
    }
    let (status, body) = get(&arm, "/shop/checkout").await;
    assert_eq!(status, 500);
    assert!(body["error"].as_str().unwrap().contains("version"));
    assert_eq!(arm.body(&path).await["properties"]["provisioningState"], "Upgrading");
    assert_eq!(get(&arm, "/shop/web").await.0, 200);
    let fix = async || ask(&arm, Method::POST, "/shop/checkout/fix").await;
    assert_eq!(fix().await, (200, json!({"service": "checkout", "fixed": true})));
    assert_eq!(fix().await.1["fixed"], false);
    assert_eq!(get(&arm, "/shop/checkout").await.0, 200);
    arm.pass(3600);
    assert_eq!(get(&arm, "/shop/checkout").await.0, 200);
}
