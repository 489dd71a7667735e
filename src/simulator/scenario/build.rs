//! A checked document into a world: first everything as it was, then the history, played up to now.

use std::time::Duration;

use jiff::Timestamp;

use super::document::{self, Document, Happening, Start};
use super::plot::{self, SOMEBODY};
use super::surroundings::LEAD;
use super::system_workloads::system_workloads;
use crate::simulator::kubernetes::objects::{BudgetSpec, WorkloadSpec};
use crate::simulator::world::incident::{Deed, What};
use crate::simulator::world::quota::Quota;
use crate::simulator::world::versions::image_name;
use crate::simulator::world::{
    ClusterProfile, KubernetesAccess, NewPool, PoolMode, SimulatedCluster, Subscription, Undrainable, UpgradeSettings,
    World,
};

const MINUTE: Duration = Duration::from_mins(1);

pub(super) fn world(document: &Document, seed: u64, now: Timestamp) -> Result<World, String> {
    let mut history: Vec<(Timestamp, &document::Cluster, &Happening)> = document
        .clusters
        .iter()
        .flat_map(|cluster| cluster.history.iter().map(move |happening| (cluster, happening)))
        .map(|(cluster, happening)| (now - MINUTE * happening.minutes_ago, cluster, happening))
        .collect();
    history.sort_by_key(|(at, ..)| *at);
    let begin = history.first().map_or(now, |(at, ..)| *at) - LEAD;

    let mut world = World::new(seed, begin);
    world.subscriptions = document
        .subscriptions
        .iter()
        .map(|subscription| Subscription {
            id: subscription.id.clone(),
            name: subscription.name.clone(),
            is_denied: subscription.is_denied,
        })
        .collect();
    if let Some(line) = document.oldest_line()? {
        world.catalogue.support_from(line);
    }
    set_manners(&mut world, &document.wire);
    for quota in &document.quotas {
        world.quotas.add(Quota {
            subscription: document.subscription(&quota.subscription)?.id.clone(),
            location: quota.location.clone(),
            family: quota.family.clone(),
            limit: quota.limit,
            used: quota.used_by_others,
        });
    }
    for (number, cluster) in (0_u64..).zip(&document.clusters) {
        let subscription = document.subscription(&cluster.subscription)?.id.clone();
        let built = build_cluster(&mut world, cluster, subscription, number, begin, now)
            .map_err(|why| format!("cluster '{}': {why}", cluster.name))?;
        world.clusters.insert(cluster.name.clone(), built);
    }
    for (at, cluster, happening) in history {
        world.advance_to(at);
        let caller = happening.caller.as_deref().unwrap_or(SOMEBODY);
        world
            .happen_now(&cluster.name, &what_of(happening), caller)
            .map_err(|refusal| format!("history of '{}': {}", cluster.name, refusal.message))?;
    }
    world.advance_to(now);
    plot::prepare(&mut world, document);
    Ok(world)
}

fn set_manners(world: &mut World, wire: &document::Wire) {
    world.manners.retry_after_seconds = wire.retry_after_seconds;
    world.manners.has_empty_last_page = wire.has_empty_last_page;
    if let Some(size) = wire.page_size {
        world.manners.page_size = size;
    }
}

fn build_cluster(
    world: &mut World,
    cluster: &document::Cluster,
    subscription: String,
    number: u64,
    begin: Timestamp,
    now: Timestamp,
) -> Result<SimulatedCluster, String> {
    let mut rng = fastrand::Rng::with_seed(world.seed.wrapping_mul(1009).wrapping_add(number));
    let days = cluster.age_days.unwrap_or_else(|| rng.u32(20..200));
    let born = begin - Duration::from_secs(86_400 * u64::from(days) + rng.u64(..86_400));
    let profile = ClusterProfile {
        name: cluster.name.clone(),
        subscription,
        resource_group: cluster.resource_group.clone(),
        location: cluster.location.clone(),
        tier: cluster.tier.clone(),
        tags: cluster.tags.clone().into_iter().collect(),
        upgrade_channel: cluster.upgrade_channel.clone(),
        node_os_channel: cluster.node_os_channel.clone(),
        uses_entra: cluster.uses_entra,
        away_during_upgrade: Duration::from_secs(cluster.away_seconds),
    };
    let mut built = SimulatedCluster::new(profile, cluster.version, rng.u64(..), born);
    for pool in &cluster.pools {
        let properties = cluster.with.landscape.pool_properties.get(&pool.name);
        let os_sku = properties.and_then(|it| it["osSKU"].as_str()).unwrap_or("Ubuntu");
        let new = new_pool(pool, cluster, os_sku, &world.catalogue.image_release);
        built.add_pool(new, &mut world.quotas);
    }
    let system_pools: Vec<String> = cluster
        .pools
        .iter()
        .filter(|pool| matches!(pool.mode, document::Mode::System))
        .map(|pool| pool.name.clone())
        .collect();
    for workload in system_workloads(&system_pools) {
        built.add_workload(&workload);
    }
    for workload in &cluster.workloads {
        built.add_workload(&workload_of(workload));
    }
    cluster.with.furnish(&mut built.objects, born)?;
    built.landscape = cluster.with.landscape(now);
    for hindrance in &cluster.with.hindrances {
        built.hindrances.push(hindrance.clone());
    }
    built.age_until(begin);
    cluster.with.trouble(&mut built.objects, begin);
    built.is_api_server_away = cluster.with.is_unreachable;
    built.access = KubernetesAccess {
        endpoint: String::new(),
        // Clusters with Entra ID accept the caller's Azure login.
        token: if cluster.uses_entra {
            world.token.clone()
        } else {
            std::iter::repeat_with(|| rng.alphanumeric()).take(64).collect()
        },
    };
    if cluster.is_stopped {
        built.stop();
    }
    Ok(built)
}

fn new_pool(pool: &document::Pool, cluster: &document::Cluster, os_sku: &str, newest_release: &str) -> NewPool {
    let version = pool.version.unwrap_or(cluster.version);
    NewPool {
        name: pool.name.clone(),
        mode: match pool.mode {
            document::Mode::System => PoolMode::System,
            document::Mode::User => PoolMode::User,
        },
        vm_size: pool.vm_size.clone(),
        zones: pool.zones.clone(),
        settings: UpgradeSettings {
            max_surge: pool.max_surge.clone(),
            max_unavailable: pool.max_unavailable.clone(),
            drain_timeout_minutes: pool.drain_timeout_minutes,
            soak_minutes: pool.soak_minutes,
            undrainable: pool.undrainable.map(|behaviour| match behaviour {
                document::Undrainable::Schedule => Undrainable::Schedule,
                document::Undrainable::Cordon => Undrainable::Cordon,
            }),
        },
        version,
        image: image_name(version, os_sku, pool.image_release.as_deref().unwrap_or(newest_release)),
        machines: vec![version; pool.count as usize],
    }
}

fn workload_of(workload: &document::Workload) -> WorkloadSpec {
    let has_budget = workload.min_available.is_some() || workload.max_unavailable.is_some();
    WorkloadSpec {
        namespace: workload.namespace.clone(),
        name: workload.name.clone(),
        kind: format!("{:?}", workload.kind),
        replicas: workload.replicas,
        pools: workload.pools.clone(),
        start_time: Duration::from_secs(workload.start_seconds),
        stop_time: Duration::from_secs(workload.stop_seconds),
        never_ready: workload.never_ready,
        finalizer: workload.finalizer.clone(),
        budget: has_budget.then(|| BudgetSpec {
            name: format!("{}-pdb", workload.name),
            min_available: workload.min_available.clone(),
            max_unavailable: workload.max_unavailable.clone(),
        }),
    }
}

fn what_of(happening: &Happening) -> What {
    let Some(start) = happening.start else {
        let what = happening.what.as_ref().map(plot::What::build);
        return what.expect("an entry without a start has a what: the document was checked");
    };
    let to = happening.to.map(|version| version.to_string()).unwrap_or_default();
    let pool = happening.pool.clone();
    What::Deed(match start {
        Start::Upgrade => Deed::Upgrade { to },
        Start::ControlPlane => Deed::ControlPlane { to },
        Start::Pool => Deed::Pool {
            pool: pool.unwrap_or_default(),
            to,
        },
        Start::NodeImage => Deed::NodeImage {
            pool: pool.unwrap_or_default(),
        },
        Start::Abort => Deed::Abort { pool },
    })
}
