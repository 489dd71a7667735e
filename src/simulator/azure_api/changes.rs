//! PUT, upgrade and abort: bodies into changes of the world, and the operation's URLs into headers.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::bodies;
use super::reply::{Call, Reply};
use super::route::ClusterCall;
use super::settings;
use super::signature::{Link, operation_url};
use crate::simulator::world::{
    ClusterChange, PoolChange, PoolCreation, PoolMode, Refusal, SimulatedCluster, Surroundings, Undrainable,
    UpgradeSettings, World,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClusterBody {
    location: Option<String>,
    #[serde(default)]
    properties: ClusterProperties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClusterProperties {
    kubernetes_version: Option<String>,
    agent_pool_profiles: Option<Vec<InlinePool>>,
    upgrade_settings: Option<ClusterUpgradeSettings>,
    #[serde(default)]
    addon_profiles: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InlinePool {
    name: String,
    orchestrator_version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClusterUpgradeSettings {
    override_settings: Option<OverrideSettings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OverrideSettings {
    force_upgrade: Option<bool>,
    until: Option<Timestamp>,
}

#[derive(Deserialize)]
struct PoolBody {
    #[serde(default)]
    properties: PoolProperties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PoolProperties {
    orchestrator_version: Option<String>,
    node_image_version: Option<String>,
    count: Option<u32>,
    #[serde(rename = "osSKU")]
    os_sku: Option<String>,
    /// Of a new pool; an existing one keeps its own.
    vm_size: Option<String>,
    mode: Option<String>,
    upgrade_settings: Option<PoolUpgradeSettings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PoolUpgradeSettings {
    max_surge: Option<String>,
    max_unavailable: Option<String>,
    drain_timeout_in_minutes: Option<u32>,
    node_soak_duration_in_minutes: Option<u32>,
    undrainable_node_behavior: Option<String>,
}

impl PoolUpgradeSettings {
    fn read(self) -> Result<UpgradeSettings, Reply> {
        let undrainable = match self.undrainable_node_behavior.as_deref() {
            None => None,
            Some(text) if text.eq_ignore_ascii_case("Schedule") => Some(Undrainable::Schedule),
            Some(text) if text.eq_ignore_ascii_case("Cordon") => Some(Undrainable::Cordon),
            Some(text) => return Err(unreadable(&format!("unknown undrainableNodeBehavior '{text}'"))),
        };
        Ok(UpgradeSettings {
            max_surge: self.max_surge,
            max_unavailable: self.max_unavailable,
            drain_timeout_minutes: self.drain_timeout_in_minutes,
            soak_minutes: self.node_soak_duration_in_minutes,
            undrainable,
        })
    }
}

fn unreadable(why: &str) -> Reply {
    let message = format!("The request body cannot be read: {why}");
    Reply::aks_error(&Refusal::new(400, "InvalidParameter", message))
}

fn read<T: for<'de> Deserialize<'de>>(body: Value) -> Result<T, Reply> {
    serde_json::from_value(body).map_err(|error| unreadable(&error.to_string()))
}

/// Answers `PUT .../managedClusters/{name}` for a cluster that exists.
pub(super) fn put_cluster(world: &mut World, name: &str, call: &Call) -> Result<Reply, Reply> {
    let body: ClusterBody = read(call.json()?)?;
    if body.location.is_none() {
        return Err(Reply::arm_error(
            400,
            "LocationRequired",
            "The location property is required for this definition.",
        ));
    }
    // What is not sent stays; what is sent as null is taken away.
    let sent = call.json()?;
    let is_null = |pointer| sent.pointer(pointer).is_some_and(Value::is_null);
    let drops_force = is_null("/properties/upgradeSettings") || is_null("/properties/upgradeSettings/overrideSettings");
    let pools = body.properties.agent_pool_profiles.unwrap_or_default();
    let change = ClusterChange {
        version: body.properties.kubernetes_version,
        pools: pools
            .into_iter()
            .map(|pool| (pool.name, pool.orchestrator_version))
            .collect(),
        force_upgrade: body
            .properties
            .upgrade_settings
            .and_then(|settings| settings.override_settings)
            .map(|settings| (settings.force_upgrade.unwrap_or(false), settings.until)),
        drops_force,
        drops_monitoring: body.properties.addon_profiles["omsagent"]["enabled"] == Value::Bool(false),
    };
    let now = world.now;
    let id = on_cluster(world, name, |cluster, surroundings| {
        check_etag(call, &cluster.etag)?;
        cluster
            .put(&change, surroundings, now)
            .map_err(|refusal| Reply::aks_error(&refusal))
    })?;
    on_cluster(world, name, |cluster, _| {
        settings::take_cluster(cluster, &sent);
        Ok(())
    })?;
    Ok(started(world, name, &id, call, 200, bodies::cluster, &[Link::Status]))
}

/// Answers `PUT .../agentPools/{pool}` for a pool that exists.
pub(super) fn put_pool(world: &mut World, name: &str, pool: &str, call: &Call) -> Result<Reply, Reply> {
    let body: PoolBody = read(call.json()?)?;
    let change = PoolChange {
        version: body.properties.orchestrator_version,
        node_image: body.properties.node_image_version,
        settings: body
            .properties
            .upgrade_settings
            .map(PoolUpgradeSettings::read)
            .transpose()?,
        count: body.properties.count,
        os_sku: body.properties.os_sku,
    };
    let now = world.now;
    let id = on_cluster(world, name, |cluster, surroundings| {
        check_etag(call, cluster.pool(pool).map_or("", |pool| &pool.etag))?;
        cluster
            .put_pool(pool, &change, surroundings, now)
            .map_err(|refusal| Reply::aks_error(&refusal))
    })?;
    let sent = call.json()?;
    on_cluster(world, name, |cluster, _| {
        settings::take_pool(cluster, pool, &sent);
        Ok(())
    })?;
    let body = |cluster: &SimulatedCluster| pool_body(cluster, pool);
    Ok(started(world, name, &id, call, 200, body, &[Link::Status]))
}

/// Answers `PUT .../agentPools/{pool}` for a pool that is to be made.
pub(super) fn create_pool(world: &mut World, name: &str, pool: &str, call: &Call) -> Result<Reply, Reply> {
    let PoolBody { properties } = read(call.json()?)?;
    let missing = |property| Reply::aks_error(&Refusal::missing(property));
    let new = PoolCreation {
        name: pool.to_owned(),
        mode: if properties.mode.as_deref() == Some("System") {
            PoolMode::System
        } else {
            PoolMode::User
        },
        count: properties.count.ok_or_else(|| missing("agentPoolProfile.count"))?,
        vm_size: properties.vm_size.ok_or_else(|| missing("agentPoolProfile.vmSize"))?,
        version: properties.orchestrator_version,
        settings: properties
            .upgrade_settings
            .map(PoolUpgradeSettings::read)
            .transpose()?
            .unwrap_or_default(),
    };
    let now = world.now;
    let id = on_cluster(world, name, |cluster, surroundings| {
        check_no_etag(call)?;
        cluster
            .create_pool(&new, surroundings, now)
            .map_err(|refusal| Reply::aks_error(&refusal))
    })?;
    let body = |cluster: &SimulatedCluster| pool_body(cluster, pool);
    Ok(started(world, name, &id, call, 201, body, &[Link::Status]))
}

/// Answers `DELETE` of a cluster or of a pool; the answer has no body.
pub(super) fn delete(world: &mut World, name: &str, pool: Option<&str>, call: &Call) -> Result<Reply, Reply> {
    let now = world.now;
    let id = on_cluster(world, name, |cluster, _| {
        let etag = match pool {
            Some(pool) => cluster.pool(pool).map_or("", |pool| &pool.etag),
            None => &cluster.etag,
        };
        check_etag(call, etag)?;
        match pool {
            Some(pool) => cluster.delete_pool(pool, now),
            None => cluster.delete(now),
        }
        .map_err(|refusal| Reply::aks_error(&refusal))
    })?;
    let reply = started(
        world,
        name,
        &id,
        call,
        202,
        |_| Value::Null,
        &[Link::Status, Link::Result],
    );
    Ok(Reply {
        body: Vec::new(),
        ..reply
    })
}

/// Answers `POST .../upgradeNodeImageVersion`.
pub(super) fn upgrade_node_image(world: &mut World, name: &str, pool: &str, call: &Call) -> Result<Reply, Reply> {
    let now = world.now;
    let id = on_cluster(world, name, |cluster, surroundings| {
        check_etag(call, cluster.pool(pool).map_or("", |pool| &pool.etag))?;
        cluster
            .upgrade_node_image(pool, surroundings, now)
            .map_err(|refusal| Reply::aks_error(&refusal))
    })?;
    let body = |cluster: &SimulatedCluster| pool_body(cluster, pool);
    Ok(started(
        world,
        name,
        &id,
        call,
        202,
        body,
        &[Link::Status, Link::Result],
    ))
}

/// Answers `POST .../deleteMachines`; the answer has no body.
pub(super) fn delete_machines(world: &mut World, name: &str, pool: &str, call: &Call) -> Result<Reply, Reply> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Machines {
        machine_names: Vec<String>,
    }
    let machines: Machines = read(call.json()?)?;
    let now = world.now;
    let id = on_cluster(world, name, |cluster, _| {
        let deleted = cluster.delete_machines(pool, &machines.machine_names, now);
        deleted.map_err(|refusal| Reply::aks_error(&refusal))
    })?;
    Ok(without_body(started(
        world,
        name,
        &id,
        call,
        202,
        |_| Value::Null,
        &[Link::Result],
    )))
}

/// Answers `POST` of start, stop and rotateClusterCertificates; the answer has no body.
pub(super) fn act(world: &mut World, name: &str, what: ClusterCall, call: &Call) -> Result<Reply, Reply> {
    let now = world.now;
    let id = on_cluster(world, name, |cluster, _| {
        match what {
            ClusterCall::Start => cluster.begin_start(now),
            ClusterCall::Stop => cluster.begin_stop(now),
            _ => cluster.rotate_certificates(now),
        }
        .map_err(|refusal| Reply::aks_error(&refusal))
    })?;
    let links = [Link::Status, Link::Result];
    Ok(without_body(started(
        world,
        name,
        &id,
        call,
        202,
        |_| Value::Null,
        &links,
    )))
}

fn without_body(reply: Reply) -> Reply {
    Reply {
        body: Vec::new(),
        ..reply
    }
}

/// Answers `POST .../abort` of a cluster or of a pool: the body still shows the state before.
pub(super) fn abort(world: &mut World, name: &str, pool: Option<&str>, call: &Call) -> Result<Reply, Reply> {
    let now = world.now;
    let render = |cluster: &SimulatedCluster| match pool {
        Some(pool) => pool_body(cluster, pool),
        None => bodies::cluster(cluster),
    };
    let before = world.clusters.get(name).map(render).unwrap_or_default();
    let id = on_cluster(world, name, |cluster, _| {
        match pool {
            Some(pool) => cluster.abort_pool(pool, now),
            None => cluster.abort(now),
        }
        .map_err(|refusal| Reply::aks_error(&refusal))
    })?;
    let body = |_: &SimulatedCluster| before.clone();
    Ok(started(
        world,
        name,
        &id,
        call,
        202,
        body,
        &[Link::Status, Link::Result],
    ))
}

fn pool_body(cluster: &SimulatedCluster, pool: &str) -> Value {
    cluster
        .pool(pool)
        .map_or(Value::Null, |pool| bodies::pool(cluster, pool))
}

fn on_cluster<T>(
    world: &mut World,
    name: &str,
    act: impl FnOnce(&mut SimulatedCluster, &mut Surroundings<'_>) -> Result<T, Reply>,
) -> Result<T, Reply> {
    let gone = || Reply::not_found("Microsoft.ContainerService/managedClusters", name, "");
    let (cluster, mut surroundings) = world.cluster_mut(name).ok_or_else(gone)?;
    act(cluster, &mut surroundings)
}

/// Conditional headers (AKS docs "Enhance concurrency control with eTags", 2026).
fn check_etag(call: &Call, etag: &str) -> Result<(), Reply> {
    let bad = |why: &str| Err(Reply::aks_error(&Refusal::new(400, "InvalidParameter", why)));
    let differs = || {
        Err(Reply::aks_error(&Refusal::new(
            412,
            "PreconditionFailed",
            "The condition specified using HTTP conditional header(s) is not met: etag mismatch",
        )))
    };
    match (call.if_match.as_deref(), call.if_none_match.as_deref()) {
        (Some(_), Some(_)) => bad("If-Match and If-None-Match cannot be used together."),
        (None, Some("*")) => differs(),
        (None, Some(_)) => bad("If-None-Match must be '*'."),
        (Some(value), None) if value != "*" && value.trim_matches('"') != etag => differs(),
        _ => Ok(()),
    }
}

/// What is not there has no eTag that a condition could name.
fn check_no_etag(call: &Call) -> Result<(), Reply> {
    match &call.if_match {
        Some(_) => check_etag(call, ""),
        None => Ok(()),
    }
}

/// The answer to an accepted change, which is noted as the caller's.
fn started(
    world: &mut World,
    name: &str,
    id: &str,
    call: &Call,
    status: u16,
    body: impl Fn(&SimulatedCluster) -> Value,
    links: &[Link],
) -> Reply {
    let Some(cluster) = world.clusters.get_mut(name) else {
        return Reply::empty(status);
    };
    cluster.sign(id, call.author.clone());
    let started = cluster.operation(id).map_or(world.now, |operation| operation.started);
    let profile = &cluster.profile;
    let mut reply = Reply::of_aks(status, &body(cluster));
    for link in links {
        let url = operation_url(
            &call.endpoint,
            &profile.subscription,
            &profile.location,
            id,
            *link,
            world.seed,
            started,
        );
        reply = reply.with(
            match link {
                Link::Status => "azure-asyncoperation",
                Link::Result => "location",
            },
            url,
        );
    }
    match world.manners.retry_after_seconds {
        Some(seconds) => reply.with("retry-after", seconds.to_string()),
        None => reply,
    }
}
