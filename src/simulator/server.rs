//! Listens on loopback: one port for ARM, one for the applications, one for each cluster's Kubernetes API; stops when
//! dropped.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::azure_api::credentials::kubeconfig_for_kubectl;
use super::gate::{Door, GatedListener};
use super::scenario::Scenario;
use super::shared::SharedWorld;
use super::traffic::{Traffic, counted};
use super::{apps, azure_api};
use crate::clock::Clock;

/// How often the world goes on while nobody asks, in wall time.
const TICK: Duration = Duration::from_millis(100);

/// A simulator that listens; dropping it closes every port and breaks every connection.
#[derive(Debug)]
pub struct RunningSimulator {
    pub world: SharedWorld,
    /// `http://127.0.0.1:PORT`.
    pub arm_endpoint: String,
    /// The bearer token every ARM request needs.
    pub token: String,
    /// `http://127.0.0.1:PORT/apps/CLUSTER` of each cluster, by name.
    pub apps: BTreeMap<String, String>,
    /// Kubeconfig text of each cluster, by name.
    pub kubeconfigs: BTreeMap<String, String>,
    /// What Azure Resource Manager was asked.
    pub arm_traffic: Arc<Traffic>,
    /// What all Kubernetes API servers together were asked.
    pub kubernetes_traffic: Arc<Traffic>,
    scenario: String,
    seed: u64,
    is_closed: Arc<AtomicBool>,
    _tasks: JoinSet<()>,
}

impl RunningSimulator {
    /// Builds the scenario's world at the clock's time and starts listening.
    pub async fn start(scenario: &Scenario, seed: u64, clock: Clock) -> std::io::Result<Self> {
        let mut world = scenario.world(seed, clock.now()).map_err(std::io::Error::other)?;
        let mut listeners = Vec::new();
        for (name, cluster) in &mut world.clusters {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
            cluster.access.endpoint = format!("http://{}", listener.local_addr()?);
            listeners.push((name.clone(), cluster.access.token.clone(), listener));
        }
        let kubeconfigs: BTreeMap<String, String> = world
            .clusters
            .iter()
            .map(|(name, cluster)| (name.clone(), kubeconfig_for_kubectl(cluster)))
            .collect();
        let token = world.token.clone();
        let arm = TcpListener::bind(("127.0.0.1", 0)).await?;
        let arm_endpoint = format!("http://{}", arm.local_addr()?);
        let applications = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = applications.local_addr()?;
        let apps = kubeconfigs
            .keys()
            .map(|name| (name.clone(), format!("http://{address}/apps/{name}")))
            .collect();

        let world = SharedWorld::new(world, clock);
        let is_closed = Arc::new(AtomicBool::new(false));
        let (arm_traffic, kubernetes_traffic) = (Arc::default(), Arc::default());
        let mut tasks = JoinSet::new();
        let door = Door::of_arm(world.clone(), Arc::clone(&is_closed));
        let router = counted(azure_api::router(world.clone()), &arm_traffic);
        tasks.spawn(serve(GatedListener::new(arm, door), router));
        let door = Door::of_applications(world.clone(), Arc::clone(&is_closed));
        tasks.spawn(serve(
            GatedListener::new(applications, door),
            apps::router(world.clone()),
        ));
        for (name, token, listener) in listeners {
            let router = super::kubernetes::api::router(world.clone(), &name, &token);
            let router = counted(router, &kubernetes_traffic);
            let door = Door::of_cluster(world.clone(), name, Arc::clone(&is_closed));
            tasks.spawn(serve(GatedListener::new(listener, door), router));
        }
        tasks.spawn(tick(world.clone()));
        Ok(Self {
            world,
            arm_endpoint,
            token,
            apps,
            kubeconfigs,
            arm_traffic,
            kubernetes_traffic,
            scenario: scenario.name.clone(),
            seed,
            is_closed,
            _tasks: tasks,
        })
    }

    /// What the `simulate` command prints, given where each cluster's kubeconfig was written.
    pub fn endpoints_json(&self, kubeconfig_files: &BTreeMap<String, PathBuf>) -> serde_json::Value {
        serde_json::json!({
            "schema": "aks-cockpit/simulate/v1",
            "armEndpoint": self.arm_endpoint,
            "token": self.token,
            "kubeconfigs": kubeconfig_files,
            "apps": self.apps,
            "scenario": self.scenario,
            "seed": self.seed,
            // For another process that is to agree on the time.
            "clock": self.world.clock().describe(),
        })
    }
}

impl Drop for RunningSimulator {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::Release);
        self.world.wake();
    }
}

async fn serve(listener: GatedListener, router: axum::Router) {
    // Serving ends only with the task; accept errors are retried by the listener.
    let _ = axum::serve(listener, router).await;
}

/// Lets the world go on, so that watchers see things happen without asking.
async fn tick(world: SharedWorld) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        world.with(|_| ());
    }
}
