//! How many pods of each workload are ready, and which pods wait for a node.

use std::time::Duration;

use aks_cockpit::domain::workload::WorkloadKind;
use aks_cockpit::kubernetes::error::KubernetesError;
use aks_cockpit::simulator::kubernetes::objects::WorkloadSpec;

use super::cluster::cluster;

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
