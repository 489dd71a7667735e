//! Single resources beside a cluster that can be read, written and deleted at once: locks, maintenance configurations,
//! links of private DNS zones (ARM REST reference, 2026).

use serde_json::{Value, json};

use super::bodies;
use super::landscape::place_of_lock;
use super::reply::{Call, Reply};
use crate::simulator::world::landscape::{Lock, LockScope};
use crate::simulator::world::{SimulatedCluster, World};

/// One such resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beside<'a> {
    method: &'a str,
    segments: &'a [String],
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Lock,
    Window,
    DnsLink,
}

impl<'a> Beside<'a> {
    /// Reads a call; `words` are its segments in lower case.
    pub(super) fn of(call: &'a Call, words: &[&str]) -> Option<Self> {
        let kind = match words {
            ["subscriptions", .., "providers", "microsoft.authorization", "locks", _] => Kind::Lock,
            [
                "subscriptions",
                ..,
                "managedclusters",
                _,
                "maintenanceconfigurations",
                _,
            ] => Kind::Window,
            ["subscriptions", .., "privatednszones", _, "virtualnetworklinks", _] => Kind::DnsLink,
            _ => return None,
        };
        matches!(call.method.as_str(), "GET" | "PUT" | "DELETE").then_some(Self {
            method: &call.method,
            segments: &call.segments,
            kind,
        })
    }

    pub(super) fn subscription(&self) -> &'a str {
        self.segments.get(1).map_or("", String::as_str)
    }

    /// The action a role must allow.
    pub(super) fn action(&self) -> String {
        let verb = match self.method {
            "GET" => "read",
            "PUT" => "write",
            _ => "delete",
        };
        let kind = match self.kind {
            Kind::Lock => "Microsoft.Authorization/locks",
            Kind::Window => "Microsoft.ContainerService/managedClusters/maintenanceConfigurations",
            Kind::DnsLink => "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        };
        format!("{kind}/{verb}")
    }

    /// Names of the clusters it may belong to: those of the subscription, or the one in the path.
    pub(super) fn clusters(&self, world: &World) -> Vec<String> {
        let in_path = |cluster: &SimulatedCluster| {
            self.kind != Kind::Window
                || self
                    .segments
                    .get(7)
                    .is_some_and(|name| cluster.profile.name.eq_ignore_ascii_case(name))
        };
        let is_here =
            |cluster: &&SimulatedCluster| cluster.profile.subscription.eq_ignore_ascii_case(self.subscription());
        let clusters = world
            .clusters
            .values()
            .filter(is_here)
            .filter(|cluster| in_path(cluster));
        clusters.map(|cluster| cluster.profile.name.clone()).collect()
    }
}

/// Answers one call.
pub(super) fn answer(world: &mut World, beside: Beside<'_>, call: &Call) -> Reply {
    let clusters = beside.clusters(world);
    let answered = match beside.kind {
        Kind::Lock => lock(world, &clusters, call),
        Kind::Window => window(world, &clusters, call),
        Kind::DnsLink => dns_link(world, &clusters, call),
    };
    answered.unwrap_or_else(|refused| refused)
}

fn missing(call: &Call, kind: &str) -> Reply {
    let name = call.segments.last().map_or("", String::as_str);
    Reply::not_found(kind, name, call.segment(3))
}

fn lock(world: &mut World, clusters: &[String], call: &Call) -> Result<Reply, Reply> {
    let id = format!("/{}", call.segments.join("/"));
    let is_it = |cluster: &SimulatedCluster, lock: &Lock| {
        let place = place_of_lock(cluster, &lock.on);
        id.eq_ignore_ascii_case(&format!(
            "{place}/providers/Microsoft.Authorization/locks/{}",
            lock.name
        ))
    };
    let found = clusters.iter().find_map(|name| {
        let cluster = world.clusters.get(name)?;
        let lock = cluster.landscape.locks.iter().find(|lock| is_it(cluster, lock))?;
        Some((name.clone(), lock.name.clone(), lock.level.clone()))
    });
    let body = |name: &str, level: &str| json!({"id": id, "name": name, "type": "Microsoft.Authorization/locks", "properties": {"level": level}});
    match (call.method.as_str(), found) {
        ("GET", Some((_, name, level))) => Ok(Reply::of_arm(200, &body(&name, &level))),
        ("GET", None) => Err(missing(call, "Microsoft.Authorization/locks")),
        ("DELETE", None) => Ok(Reply::empty(204)),
        ("DELETE", Some((owner, ..))) => {
            if let Some(cluster) = world.clusters.get_mut(&owner) {
                let gone: Vec<bool> = cluster
                    .landscape
                    .locks
                    .iter()
                    .map(|lock| is_it(cluster, lock))
                    .collect();
                let mut gone = gone.into_iter();
                cluster.landscape.locks.retain(|_| !gone.next().unwrap_or(false));
            }
            Ok(Reply::empty(200))
        }
        (_, found) => {
            let sent = call.json()?;
            let Some(level) = sent.pointer("/properties/level").and_then(Value::as_str) else {
                return Err(Reply::arm_error(
                    400,
                    "LockLevelRequired",
                    "The lock level is required.",
                ));
            };
            let name = call.segments.last().cloned().unwrap_or_default();
            let is_new = found.is_none();
            let owner = found
                .map(|(owner, ..)| owner)
                .or_else(|| owner_of(world, clusters, call));
            if let Some(cluster) = owner.and_then(|owner| world.clusters.get_mut(&owner)) {
                let scope = scope_of(cluster, &id);
                cluster
                    .landscape
                    .locks
                    .retain(|lock| !(lock.name == name && lock.on == scope));
                cluster.landscape.locks.push(Lock {
                    name: name.clone(),
                    level: level.to_owned(),
                    on: scope,
                });
            }
            Ok(Reply::of_arm(if is_new { 201 } else { 200 }, &body(&name, level)))
        }
    }
}

/// The cluster whose surroundings a new lock belongs to: the one it names, or one of the group, or any.
fn owner_of(world: &World, clusters: &[String], call: &Call) -> Option<String> {
    let group = call.segment(3);
    let of_group = clusters.iter().find(|name| {
        world.clusters.get(*name).is_some_and(|cluster| {
            let profile = &cluster.profile;
            let is_named = call.segment(6).eq_ignore_ascii_case("managedClusters");
            let is_it = !is_named || profile.name.eq_ignore_ascii_case(call.segment(7));
            let groups = [profile.resource_group.clone(), profile.node_resource_group()];
            is_it && groups.iter().any(|known| known.eq_ignore_ascii_case(group))
        })
    });
    of_group.or(clusters.first()).cloned()
}

fn scope_of(cluster: &SimulatedCluster, id: &str) -> LockScope {
    let lower = id.to_ascii_lowercase();
    let place = lower
        .split("/providers/microsoft.authorization/")
        .next()
        .unwrap_or_default()
        .to_owned();
    let known = [
        LockScope::Subscription,
        LockScope::ClusterGroup,
        LockScope::Cluster,
        LockScope::NodeGroup,
    ];
    known
        .into_iter()
        .find(|scope| place_of_lock(cluster, scope).eq_ignore_ascii_case(&place))
        .unwrap_or(LockScope::Resource(place))
}

fn window(world: &mut World, clusters: &[String], call: &Call) -> Result<Reply, Reply> {
    const KIND: &str = "Microsoft.ContainerService/managedClusters/maintenanceConfigurations";
    let name = call.segments.last().cloned().unwrap_or_default();
    let cluster = clusters.first().and_then(|name| world.clusters.get_mut(name));
    let cluster = cluster.ok_or_else(|| missing(call, KIND))?;
    let id = format!("{}/maintenanceConfigurations/{name}", bodies::cluster_id(cluster));
    let body = |properties: &Value| json!({"id": id, "name": name, "properties": properties});
    let windows = &mut cluster.landscape.windows;
    match call.method.as_str() {
        "GET" => match windows.get(&name) {
            Some(properties) => Ok(Reply::of_aks(200, &body(properties))),
            None => Err(missing(call, KIND)),
        },
        "DELETE" => Ok(Reply::empty(if windows.remove(&name).is_some() { 200 } else { 204 })),
        _ => {
            let sent = call.json()?;
            let properties = sent.get("properties").cloned().unwrap_or_default();
            let hours = properties
                .pointer("/maintenanceWindow/durationHours")
                .and_then(Value::as_u64);
            if hours.is_some_and(|hours| !(4..=24).contains(&hours)) {
                let why = "The maintenance window's durationHours must be between 4 and 24.";
                return Err(Reply::arm_error(400, "InvalidParameter", why));
            }
            let status = if windows.contains_key(&name) { 200 } else { 201 };
            let reply = Reply::of_aks(status, &body(&properties));
            windows.insert(name.clone(), properties);
            Ok(reply)
        }
    }
}

fn dns_link(world: &mut World, clusters: &[String], call: &Call) -> Result<Reply, Reply> {
    const KIND: &str = "Microsoft.Network/privateDnsZones/virtualNetworkLinks";
    let key = format!("/{}", call.segments.join("/")).to_ascii_lowercase();
    let cluster = clusters.first().and_then(|name| world.clusters.get_mut(name));
    let links = &mut cluster.ok_or_else(|| missing(call, KIND))?.landscape.dns_links;
    match call.method.as_str() {
        "GET" => match links.get(&key) {
            Some(link) => Ok(Reply::of_arm(200, link)),
            None => Err(missing(call, KIND)),
        },
        "DELETE" => Ok(Reply::empty(if links.remove(&key).is_some() { 200 } else { 204 })),
        _ => {
            let mut body = call.json()?;
            body["id"] = json!(format!("/{}", call.segments.join("/")));
            body["name"] = json!(call.segments.last());
            body["properties"]["provisioningState"] = json!("Succeeded");
            let status = if links.insert(key, body.clone()).is_none() {
                201
            } else {
                200
            };
            Ok(Reply::of_arm(status, &body))
        }
    }
}

/// ARM turns writes away below a lock that forbids them (Azure docs "Lock your resources", 2026).
pub(super) fn refuse_locked(cluster: &SimulatedCluster, call: &Call) -> Option<Reply> {
    if call.method == "GET" || call.path.to_ascii_lowercase().ends_with("credential") {
        return None;
    }
    let is_above = |lock: &&Lock| {
        matches!(
            lock.on,
            LockScope::Subscription | LockScope::ClusterGroup | LockScope::Cluster
        )
    };
    let forbids = |lock: &&Lock| {
        lock.level.eq_ignore_ascii_case("ReadOnly")
            || (call.method == "DELETE" && lock.level.eq_ignore_ascii_case("CanNotDelete"))
    };
    let lock = cluster.landscape.locks.iter().filter(is_above).find(forbids)?;
    let verb = if call.method == "DELETE" { "delete" } else { "write" };
    Some(Reply::arm_error(
        409,
        "ScopeLocked",
        &format!(
            "The scope '{}' cannot perform {verb} operation because following scope(s) are locked: '{}'. Please remove the \
             lock and try again.",
            call.path.trim_end_matches('/'),
            place_of_lock(cluster, &lock.on)
        ),
    ))
}
