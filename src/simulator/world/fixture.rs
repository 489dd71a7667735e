//! A small healthy cluster for the tests of this room, and ways to look at what happened to it.

use std::time::Duration;

use jiff::Timestamp;

use super::cluster::{ClusterProfile, NewPool, SimulatedCluster};
use super::operation::{OperationStatus, ResourceState};
use super::pool::{PoolMode, UpgradeSettings};
use super::requests::{ClusterChange, PoolChange};
use super::versions::image_name;
use super::{Refusal, World};
use crate::domain::version::KubernetesVersion;
use crate::simulator::kubernetes::objects::kinds::Kind;
use crate::simulator::kubernetes::objects::{BudgetSpec, WorkloadSpec};

pub(super) const NAME: &str = "shop";

pub(super) fn start() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

pub(super) fn version(text: &str) -> KubernetesVersion {
    text.parse().unwrap()
}

/// A cluster at 1.34.4 with a system pool of two nodes and an apps pool of four.
pub(super) fn world() -> World {
    world_with(UpgradeSettings::default(), "2")
}

/// The same with other settings of the apps pool and another budget of its three `web` pods.
pub(super) fn world_with(settings: UpgradeSettings, min_available: &str) -> World {
    let mut world = World::new(1, start());
    let profile = ClusterProfile {
        name: NAME.to_owned(),
        subscription: "sub".to_owned(),
        resource_group: "rg".to_owned(),
        location: "westeurope".to_owned(),
        tier: "Standard".to_owned(),
        tags: Vec::new(),
        upgrade_channel: None,
        node_os_channel: "NodeImage".to_owned(),
        uses_entra: false,
        away_during_upgrade: Duration::ZERO,
    };
    let mut cluster = SimulatedCluster::new(profile, version("1.34.4"), 7, start());
    for (name, mode, size, settings) in [
        ("system", PoolMode::System, 2, UpgradeSettings::default()),
        ("apps", PoolMode::User, 4, settings),
    ] {
        let pool = NewPool {
            name: name.to_owned(),
            mode,
            vm_size: "Standard_D4s_v5".to_owned(),
            zones: Vec::new(),
            settings,
            version: version("1.34.4"),
            image: image_name(version("1.34.4"), "Ubuntu", "202610.19.0"),
            machines: vec![version("1.34.4"); size],
        };
        cluster.add_pool(pool, &mut world.quotas);
    }
    cluster.add_workload(&WorkloadSpec {
        namespace: "shop".to_owned(),
        name: "web".to_owned(),
        kind: "Deployment".to_owned(),
        replicas: 3,
        pools: vec!["apps".to_owned()],
        start_time: Duration::from_secs(10),
        stop_time: Duration::from_secs(5),
        never_ready: 0,
        finalizer: None,
        budget: Some(BudgetSpec {
            name: "web-pdb".to_owned(),
            min_available: Some(min_available.to_owned()),
            max_unavailable: None,
        }),
    });
    world.clusters.insert(NAME.to_owned(), cluster);
    world.advance_to(start());
    world
}

pub(super) fn cluster(world: &World) -> &SimulatedCluster {
    &world.clusters[NAME]
}

pub(super) fn upgrade_pool(world: &mut World, to: &str) -> Result<String, Refusal> {
    let now = world.now;
    let (cluster, surroundings) = world.cluster_mut(NAME).unwrap();
    let change = PoolChange {
        version: Some(to.to_owned()),
        ..PoolChange::default()
    };
    cluster.put_pool("apps", &change, &surroundings, now)
}

/// A cluster PUT; `pools` is the version each pool names.
pub(super) fn upgrade_cluster(world: &mut World, to: &str, pools: Option<&str>) -> Result<String, Refusal> {
    let now = world.now;
    let (cluster, surroundings) = world.cluster_mut(NAME).unwrap();
    let change = ClusterChange {
        version: Some(to.to_owned()),
        pools: ["system", "apps"]
            .map(|name| (name.to_owned(), pools.map(str::to_owned)))
            .into(),
        ..ClusterChange::default()
    };
    cluster.put(&change, &surroundings, now)
}

/// Brings the control plane to 1.34.6 so that pools have somewhere to go.
pub(super) fn raise_control_plane(world: &mut World) {
    upgrade_cluster(world, "1.34.6", Some("1.34.4")).unwrap();
    pass(world, 15);
    assert_eq!(cluster(world).state, ResourceState::Succeeded);
}

pub(super) fn pass(world: &mut World, minutes: u64) {
    world.advance_to(world.now + Duration::from_secs(60 * minutes));
}

/// Lets time pass until `reached`, at most two hours.
pub(super) fn pass_until(world: &mut World, reached: impl Fn(&SimulatedCluster) -> bool) {
    let end = world.now + Duration::from_hours(2);
    while !reached(cluster(world)) {
        assert!(world.now < end, "it never came to that");
        world.advance_to(world.now + Duration::from_secs(1));
    }
}

pub(super) fn status(world: &World, operation: &str) -> OperationStatus {
    cluster(world).operation(operation).unwrap().status
}

/// Reason and message of every event about a node, in the order of their first time.
pub(super) fn events(cluster: &SimulatedCluster, node: &str) -> Vec<String> {
    let mut events: Vec<_> = cluster
        .objects
        .store()
        .iter(Kind::Event)
        .filter(|event| event["involvedObject"]["name"] == node)
        .collect();
    events.sort_by_key(|event| {
        let version = event["metadata"]["resourceVersion"].as_str().unwrap_or_default();
        (event["firstTimestamp"].to_string(), version.parse::<u64>().unwrap_or(0))
    });
    events
        .iter()
        .map(|event| {
            let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
            format!("{}: {}", text("reason"), text("message").replace(node, "N"))
        })
        .collect()
}

pub(super) fn nodes(cluster: &SimulatedCluster, pool: &str) -> Vec<String> {
    cluster
        .pool(pool)
        .unwrap()
        .nodes
        .iter()
        .map(|node| node.name.clone())
        .collect()
}
