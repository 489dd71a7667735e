//! A simulated cluster and a client of its API server. Time stands still once everything has settled.

use std::time::Duration;

use aks_cockpit::clock::Clock;
use aks_cockpit::kubernetes::client::{Access, KubernetesClient};
use aks_cockpit::simulator::kubernetes::objects::ObjectStore;
use aks_cockpit::simulator::scenario::Scenario;
use aks_cockpit::simulator::server::RunningSimulator;

/// The cluster `shop-prod` of a scenario; its time stands still.
pub(crate) async fn cluster(
    prepare: impl FnOnce(&mut ObjectStore, jiff::Timestamp),
) -> (RunningSimulator, KubernetesClient) {
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

/// Changes the objects of the running cluster.
pub(crate) fn change<R>(
    simulator: &RunningSimulator,
    change: impl FnOnce(&mut ObjectStore, jiff::Timestamp) -> R,
) -> R {
    simulator.world.with(|world| {
        let now = world.now;
        change(&mut world.clusters.get_mut("shop-prod").unwrap().objects, now)
    })
}
