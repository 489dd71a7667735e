//! How many pods of each workload are ready: pages, pages that expire, and what is asked of the server.

use aks_cockpit::kubernetes::error::KubernetesError;
use serde_json::{Value, json};

use super::connect;
use super::fake_api_server::{Answer, Ask, FakeApiServer, status};

fn deployment(name: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "shop"}, "spec": {"replicas": 2}, "status": {"readyReplicas": 1}})
}

#[tokio::test]
async fn pages_become_one_picture() {
    let server = FakeApiServer::start(|ask: &Ask| match ask {
        ask if ask.is_list_of("deployments") => match ask.parameter("continue") {
            "" => Answer::page(5, "next", &[deployment("web"), deployment("cart")]),
            "next" => Answer::page(5, "", &[deployment("admin")]),
            other => panic!("{other}"),
        },
        ask => Answer::quiet(ask),
    })
    .await;
    let picture = connect(&server).await.workloads().await.unwrap();
    let names: Vec<&str> = picture.workloads.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["admin", "cart", "web"]);
    let asks = server.asks(|_| true);
    assert!(asks.iter().all(|ask| ask.parameter("limit") == "500"));
    let pods: Vec<&Ask> = asks.iter().filter(|ask| ask.path == "/api/v1/pods").collect();
    assert_eq!(pods.len(), 1);
    assert_eq!(pods[0].parameter("fieldSelector"), "status.phase=Pending");
}

#[tokio::test]
async fn pages_that_expire_are_read_anew_but_not_for_ever() {
    let expired = || Answer::Json(410, status(410, "The provided continue parameter is too old"));
    let server = FakeApiServer::start(move |ask: &Ask| match ask {
        ask if ask.is_list_of("deployments") && ask.nth == 1 => expired(),
        ask if ask.is_list_of("deployments") && ask.nth < 3 => match ask.parameter("continue") {
            "" => Answer::page(5, "next", &[deployment("web")]),
            _ => panic!("the list was not begun anew"),
        },
        ask if ask.is_list_of("deployments") => Answer::page(9, "", &[deployment("cart")]),
        ask => Answer::quiet(ask),
    })
    .await;
    let picture = connect(&server).await.workloads().await.unwrap();
    let names: Vec<&str> = picture.workloads.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        names,
        ["cart", "web"],
        "the first page of the second reading, and its last"
    );

    let server = FakeApiServer::start(move |ask: &Ask| match ask {
        ask if ask.is_list_of("daemonsets") => expired(),
        ask => Answer::quiet(ask),
    })
    .await;
    let error = connect(&server).await.workloads().await.unwrap_err();
    assert!(
        matches!(error, KubernetesError::Refused { status: 410, .. }),
        "{error:?}"
    );
    assert_eq!(server.asks(|ask| ask.is_list_of("daemonsets")).len(), 3);
}
