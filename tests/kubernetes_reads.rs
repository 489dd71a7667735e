//! What the Kubernetes client reads on demand, against the simulator's API server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use aks_cockpit::clock::Clock;
use aks_cockpit::domain::workload::WorkloadKind;
use aks_cockpit::kubernetes::client::{Access, KubernetesClient};
use aks_cockpit::kubernetes::error::KubernetesError;
use aks_cockpit::simulator::kubernetes::objects::{ObjectStore, WorkloadSpec};
use aks_cockpit::simulator::scenario::Scenario;
use aks_cockpit::simulator::server::RunningSimulator;

/// The cluster `shop-prod` of a scenario; its time stands still.
async fn cluster(prepare: impl FnOnce(&mut ObjectStore, jiff::Timestamp)) -> (RunningSimulator, KubernetesClient) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let clock = Clock::stepped("2026-11-23T09:00:00Z".parse().unwrap());
    let scenario = Scenario::built_in("clean").unwrap();
    let simulator = RunningSimulator::start(&scenario, 7, clock.clone()).await.unwrap();
    simulator.world.with(|world| {
        let now = world.now;
        prepare(&mut world.clusters.get_mut("shop-prod").unwrap().objects, now);
    });
    // Long enough for every pod to be ready, or to be known as one that no node takes.
    clock.advance(Duration::from_mins(10));
    simulator.world.with(|_| ());
    let access = Access {
        origin: "simulator".into(),
        kubeconfig: simulator.kubeconfigs["shop-prod"].clone(),
        context: None,
        token: None,
    };
    let client = KubernetesClient::connect(&access).await.unwrap();
    (simulator, client)
}

#[tokio::test]
async fn workloads_are_counted_and_sorted() {
    let (_simulator, client) = cluster(|_, _| {}).await;
    let picture = client.workloads().await.unwrap();
    assert!(picture.workloads.is_sorted());
    let of_shop: Vec<String> = picture
        .workloads
        .iter()
        .filter(|workload| workload.namespace == "shop")
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        of_shop,
        [
            "Deployment shop/checkout 3 of 3 ready",
            "Deployment shop/mail-worker 2 of 2 ready",
            "Deployment shop/web 4 of 4 ready",
            "StatefulSet shop/basket-store 3 of 3 ready",
        ]
    );
    let agent = picture
        .workloads
        .iter()
        .find(|workload| workload.kind == WorkloadKind::DaemonSet && workload.name == "log-agent")
        .unwrap();
    assert_eq!((agent.desired, agent.ready), (7, 7), "one on each node");
    assert!(picture.pending_pods.is_empty(), "{:?}", picture.pending_pods);
}

#[tokio::test]
async fn pods_without_a_node_are_named() {
    let (_simulator, client) = cluster(|objects, now| {
        let spec = WorkloadSpec {
            namespace: "shop".into(),
            name: "homeless".into(),
            kind: "Deployment".into(),
            replicas: 2,
            pools: vec!["no-such-pool".into()],
            start_time: Duration::from_secs(5),
            stop_time: Duration::from_secs(2),
            never_ready: 0,
            finalizer: None,
            budget: None,
        };
        objects.add_workload(&spec, now);
    })
    .await;
    let picture = client.workloads().await.unwrap();
    let homeless = picture
        .workloads
        .iter()
        .find(|workload| workload.name == "homeless")
        .unwrap();
    assert_eq!(homeless.to_string(), "Deployment shop/homeless 0 of 2 ready");
    assert_eq!(picture.pending_pods.len(), 2);
    assert!(picture.pending_pods.is_sorted());
    assert!(
        picture.pending_pods.iter().all(|pod| pod.starts_with("shop/homeless-")),
        "{:?}",
        picture.pending_pods
    );
}

#[tokio::test]
async fn a_missing_right_is_named() {
    for plural in ["deployments", "statefulsets", "daemonsets", "pods"] {
        let (_simulator, client) = cluster(|objects, _| objects.deny("list", plural)).await;
        let error = client.workloads().await.unwrap_err();
        assert!(
            matches!(&error, KubernetesError::Denied { what, .. } if *what == format!("list {plural}")),
            "{error:?}"
        );
        assert!(error.why().contains("forbidden"), "{}", error.why());
    }
}
