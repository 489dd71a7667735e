//! Reads of what lies around clusters: limits, networks, locks, rights, machines, protection, detectors.
//! Which call is meant, who may make it, and who answers it.

mod detectors;
mod limits;
mod machines;
mod networks;
mod protection;
mod rights;

use serde_json::json;

pub(super) use networks::subnet_id;
pub(super) use rights::place_of as place_of_lock;

use super::bodies::cluster_id;
use super::no_route;
use super::reply::{Call, Reply};
use super::route::Route;
use crate::simulator::world::{SimulatedCluster, World};

/// A call around clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Around<'a> {
    /// Segments of what it is asked about: a subscription, a group, a resource.
    scope: &'a [String],
    /// The provider's segment and all behind it.
    rest: &'a [String],
    what: What<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What<'a> {
    ComputeUsages {
        location: &'a str,
    },
    NetworkUsages {
        location: &'a str,
    },
    VmSizes,
    Network {
        name: &'a str,
    },
    NetworkUsage {
        name: &'a str,
    },
    Subnet {
        network: &'a str,
        name: &'a str,
    },
    Locks,
    Permissions,
    PolicyCheck,
    ScaleSets,
    ScaleSetMachines {
        name: &'a str,
    },
    Machines,
    Extensions,
    Backups,
    RecoveryPoints {
        backup: &'a str,
    },
    DiagnosticSettings,
    Detectors,
    Detector {
        id: &'a str,
    },
    UpgradeInsights,
    MeshRevisions,
    /// Any resource a cluster may name.
    Resource,
}

/// Providers of resources that a cluster may name.
const LINKED: [&str; 9] = [
    "microsoft.compute",
    "microsoft.containerregistry",
    "microsoft.containerservice",
    "microsoft.keyvault",
    "microsoft.managedidentity",
    "microsoft.monitor",
    "microsoft.network",
    "microsoft.operationalinsights",
    "microsoft.storage",
];

impl<'a> Around<'a> {
    /// Reads a call; `words` are its segments in lower case.
    pub(super) fn of(call: &'a Call, words: &[&str]) -> Option<Self> {
        let provider = words.iter().rposition(|word| *word == "providers")?;
        let (scope, rest) = (call.segments.get(..provider)?, call.segments.get(provider + 1..)?);
        if scope.len() < 2 || words[0] != "subscriptions" {
            return None;
        }
        let name = |n: usize| rest.get(n).map_or("", String::as_str);
        let what = match (call.method.as_str(), &words[provider + 1..]) {
            ("POST", ["microsoft.policyinsights", "checkpolicyrestrictions"]) => What::PolicyCheck,
            ("GET", ["microsoft.authorization", "locks"]) => What::Locks,
            ("GET", ["microsoft.authorization", "permissions"]) => What::Permissions,
            ("GET", ["microsoft.compute", "locations", _, "usages"]) => What::ComputeUsages { location: name(2) },
            ("GET", ["microsoft.network", "locations", _, "usages"]) => What::NetworkUsages { location: name(2) },
            ("GET", ["microsoft.compute", "skus"]) => What::VmSizes,
            ("GET", ["microsoft.compute", "virtualmachinescalesets"]) => What::ScaleSets,
            ("GET", ["microsoft.compute", "virtualmachinescalesets", _, "virtualmachines"]) => {
                What::ScaleSetMachines { name: name(2) }
            }
            ("GET", ["microsoft.compute", "virtualmachines"]) => What::Machines,
            ("GET", ["microsoft.network", "virtualnetworks", _]) => What::Network { name: name(2) },
            ("GET", ["microsoft.network", "virtualnetworks", _, "usages"]) => What::NetworkUsage { name: name(2) },
            ("GET", ["microsoft.network", "virtualnetworks", _, "subnets", _]) => What::Subnet {
                network: name(2),
                name: name(4),
            },
            ("GET", ["microsoft.kubernetesconfiguration", "extensions"]) => What::Extensions,
            ("GET", ["microsoft.dataprotection", "backupinstances"]) => What::Backups,
            (
                "GET",
                [
                    "microsoft.dataprotection",
                    "backupvaults",
                    _,
                    "backupinstances",
                    _,
                    "recoverypoints",
                ],
            ) => What::RecoveryPoints { backup: name(4) },
            ("GET", ["microsoft.insights", "diagnosticsettings"]) => What::DiagnosticSettings,
            ("GET", ["microsoft.containerservice", "managedclusters", _, "detectors"]) => What::Detectors,
            ("GET", ["microsoft.containerservice", "managedclusters", _, "detectors", _]) => {
                What::Detector { id: name(4) }
            }
            ("GET", ["microsoft.containerservice", "managedclusters", _, "upgradeinsights"]) => What::UpgradeInsights,
            (
                "GET",
                [
                    "microsoft.containerservice",
                    "locations",
                    _,
                    "meshrevisionprofiles",
                    "istio",
                ],
            ) => What::MeshRevisions,
            ("GET", ["microsoft.containerservice", "managedclusters", ..]) => return None,
            ("GET", [provider, _, _, ..]) if LINKED.contains(provider) && rest.len() % 2 == 1 => What::Resource,
            _ => return None,
        };
        Some(Self { scope, rest, what })
    }

    pub(super) fn subscription(&self) -> &'a str {
        self.scope.get(1).map_or("", String::as_str)
    }

    /// The action a role must allow: the provider, its types, and `read`, for it is one even where it is a POST.
    pub(super) fn action(&self) -> String {
        let provider = self.rest.first().map_or("", String::as_str);
        let types = self.rest.iter().skip(1).step_by(2).map(String::as_str);
        let words: Vec<&str> = [provider].into_iter().chain(types).chain(["read"]).collect();
        words.join("/")
    }

    /// The resource group it is asked about, where it is about one.
    fn group(&self) -> Option<&'a str> {
        self.scope.get(3).map(String::as_str)
    }

    /// The cluster it is asked about, where it is about one.
    fn cluster(&self) -> Option<&'a str> {
        let is = |segment: Option<&String>, word: &str| segment.is_some_and(|it| it.eq_ignore_ascii_case(word));
        let (scope, rest) = (self.scope, self.rest);
        if is(scope.get(6), "managedClusters") {
            return scope.get(7).map(String::as_str);
        }
        let is_below = is(rest.first(), "Microsoft.ContainerService") && is(rest.get(1), "managedClusters");
        is_below.then(|| rest.get(2).map(String::as_str)).flatten()
    }

    /// The clusters whose surroundings it shows.
    fn clusters<'w>(&self, world: &'w World) -> Vec<&'w SimulatedCluster> {
        let of_subscription = || {
            let clusters = world.clusters.values();
            clusters.filter(|cluster| cluster.profile.subscription.eq_ignore_ascii_case(self.subscription()))
        };
        let Some(group) = self.group() else {
            return of_subscription().collect();
        };
        if let Some(name) = self.cluster() {
            return world.find(self.subscription(), group, name).into_iter().collect();
        }
        let found: Vec<_> = of_subscription()
            .filter(|cluster| has_part_in(cluster, group))
            .collect();
        if found.is_empty() {
            of_subscription().collect()
        } else {
            found
        }
    }
}

/// True where something of the cluster lies in the group.
fn has_part_in(cluster: &SimulatedCluster, group: &str) -> bool {
    let profile = &cluster.profile;
    let mut groups = vec![profile.resource_group.clone(), profile.node_resource_group()];
    let subnets = &cluster.landscape.subnets;
    groups.extend(subnets.iter().filter_map(|subnet| subnet.resource_group.clone()));
    groups.iter().any(|known| known.eq_ignore_ascii_case(group))
}

/// Turns a call away that a cluster's landscape does not allow or does not serve.
pub(super) fn refuse(world: &World, route: &Route<'_>, call: &Call) -> Option<Reply> {
    let clusters: Vec<&SimulatedCluster> = match route {
        Route::Around(around) => around.clusters(world),
        Route::Beside(beside) => {
            let names = beside.clusters(world);
            names.iter().filter_map(|name| world.clusters.get(name)).collect()
        }
        Route::Cluster { at, .. } | Route::Pool { at, .. } => world
            .find(at.subscription, at.resource_group, at.name)
            .into_iter()
            .collect(),
        Route::KubernetesVersions { subscription, .. } | Route::ActivityLog { subscription } => world
            .clusters
            .values()
            .filter(|cluster| cluster.profile.subscription.eq_ignore_ascii_case(subscription))
            .collect(),
        _ => Vec::new(),
    };
    let action = route.action();
    let path = call.path.to_ascii_lowercase();
    let is_part = |part: &String| path.contains(&part.to_ascii_lowercase());
    clusters.into_iter().find_map(|cluster| {
        if !cluster.landscape.permissions.allow(&action) {
            Some(super::denied(route, call))
        } else if cluster.landscape.unserved.iter().any(is_part) {
            Some(no_route())
        } else {
            None
        }
    })
}

/// Answers a call around clusters.
pub(super) fn answer(world: &World, around: Around<'_>, call: &Call) -> Reply {
    let clusters = around.clusters(world);
    if let Some(name) = around.cluster()
        && clusters.is_empty()
    {
        let group = around.group().unwrap_or_default();
        return Reply::not_found("Microsoft.ContainerService/managedClusters", name, group);
    }
    let first = clusters.first().copied();
    match (around.what, first) {
        (What::ComputeUsages { location }, _) => {
            limits::compute(world, &clusters, around.subscription(), location, call)
        }
        (What::NetworkUsages { location }, _) => limits::network(world, &clusters, location, call),
        (What::VmSizes, _) => limits::vm_sizes(world, &clusters, call),
        (What::Network { name }, _) => networks::network(&clusters, around.group(), name),
        (What::NetworkUsage { name }, _) => networks::usages(world, &clusters, around.group(), name, call),
        (What::Subnet { network, name }, _) => networks::subnet(&clusters, around.group(), network, name),
        (What::Locks, _) => rights::locks(world, &clusters, around.scope, call),
        (What::Permissions, _) => rights::permissions(&clusters),
        (What::PolicyCheck, _) => rights::policy_check(&clusters, call),
        (What::ScaleSets, _) => machines::scale_sets(world, &clusters, around.group(), call),
        (What::ScaleSetMachines { name }, _) => machines::of_scale_set(world, &clusters, name, call),
        (What::Machines, _) => machines::single(),
        (What::RecoveryPoints { backup }, _) => protection::recovery_points(world, &clusters, backup, call),
        (What::MeshRevisions, _) => detectors::mesh_revisions(&clusters),
        (What::Resource, _) => resource(&clusters, around, call),
        (What::Extensions, Some(cluster)) => protection::extensions(world, cluster, call),
        (What::Backups, Some(cluster)) => protection::backups(world, cluster, call),
        (What::DiagnosticSettings, Some(cluster)) => protection::diagnostic_settings(cluster),
        (What::Detectors, Some(cluster)) => detectors::list(world, cluster, call),
        (What::Detector { id }, Some(cluster)) => detectors::one(cluster, id),
        (What::UpgradeInsights, Some(cluster)) => detectors::upgrade_insights(world, cluster, call),
        (_, None) => no_route(),
    }
}

/// Any resource: there, unless a cluster's landscape says that it is gone.
fn resource(clusters: &[&SimulatedCluster], around: Around<'_>, call: &Call) -> Reply {
    let id = call.path.trim_end_matches('/');
    if is_missing(clusters, id) {
        return gone(around, call);
    }
    let name = call.segments.last().map_or("", String::as_str);
    let mut body = json!({"id": id, "name": name, "properties": {"provisioningState": "Succeeded"},
        "location": clusters.first().map_or("", |cluster| &cluster.profile.location)});
    let mut addresses = clusters.iter().flat_map(|cluster| &cluster.landscape.public_addresses);
    if let Some((_, address)) = addresses.find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        body["properties"]["ipAddress"] = json!(address);
    }
    Reply::of_arm(200, &body)
}

fn gone(around: Around<'_>, call: &Call) -> Reply {
    let types: Vec<&str> = around.rest.iter().skip(1).step_by(2).map(String::as_str).collect();
    let kind = format!("{}/{}", around.rest.first().map_or("", String::as_str), types.join("/"));
    let name = call.segments.last().map_or("", String::as_str);
    Reply::not_found(&kind, name, around.group().unwrap_or_default())
}

/// True where a landscape says that the resource, or what it lies in, is gone.
fn is_missing(clusters: &[&SimulatedCluster], id: &str) -> bool {
    let id = id.to_ascii_lowercase();
    clusters
        .iter()
        .flat_map(|cluster| &cluster.landscape.missing)
        .any(|missing| {
            let rest = id.strip_prefix(&missing.to_ascii_lowercase());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
}

/// A cluster's id as ARM's own answers spell it.
fn arm_id(cluster: &SimulatedCluster) -> String {
    cluster_id(cluster).replace("/resourcegroups/", "/resourceGroups/")
}

/// The id of a group of the cluster's subscription.
fn group_id(cluster: &SimulatedCluster, group: &str) -> String {
    format!("/subscriptions/{}/resourceGroups/{group}", cluster.profile.subscription)
}
