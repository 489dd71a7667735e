//! Azure's side of a survey: everything a check or a cause needs, read in parts that fail on their own.
//! Only reads, and decides nothing.

mod insights;
mod limits;
mod linked;
mod locks;
mod logs;
mod machines;
mod networks;
mod outbound;
mod policies;
mod protection;
mod reader;
mod rights;
mod windows;

use futures::{FutureExt, future, join};
use serde_json::Value;

use super::client::AzureClient;
use super::error::{AzureError, AzureErrorKind};
use super::paths;
use super::wire::survey::ClusterLink;
use super::wire::{self, WrongShape};
use crate::domain::cluster::{Cluster, ClusterUpgrades, PoolUpgrades};
use crate::domain::ids::{ClusterId, NodePoolName, SubscriptionId};
use crate::domain::survey::{AzureSurvey, ClusterDetails, Reading, SurveyDepth};
use reader::{Reader, reading};

/// What the parts start from: the cluster's own body, read once.
struct Place<'a> {
    id: &'a ClusterId,
    cluster: Reading<Cluster>,
    details: Reading<ClusterDetails>,
    links: Reading<Vec<ClusterLink>>,
}

impl Place<'_> {
    /// The cluster, or why it could not be read: then the part that needs it cannot be read either.
    fn cluster(&self) -> Reading<&Cluster> {
        self.cluster.as_ref().map_err(Clone::clone)
    }

    fn subscription(&self) -> SubscriptionId {
        SubscriptionId::new(self.id.parts().map(|parts| parts.subscription).unwrap_or_default())
    }

    fn node_group(&self) -> Reading<String> {
        let group = self.cluster()?.node_resource_group.clone();
        group.ok_or_else(|| reader::failed("Azure does not name the cluster's node resource group"))
    }
}

impl AzureClient {
    /// Reads Azure's side of a survey, at most four requests at once, each repeated as the client does.
    ///
    /// Cost in requests, with P pools in V networks and N subnets, S scale sets, L linked resources, B backups and no
    /// page but the first: `Diagnosis` 10 + P + S + V + N, one or two where something runs, one for a further resource
    /// group of a network, and one for each outbound address where the API server takes named ranges alone; `Preflight` another 12 + V + L + B, up to 9 for detectors, and one for a mesh. Lists of machines
    /// have a page for about every hundred; the list of VM sizes is megabytes long.
    pub async fn survey(&self, cluster: &ClusterId, depth: SurveyDepth) -> AzureSurvey {
        let reader = Reader::new(self);
        let place = place(&reader, cluster).await;
        let with_all = depth == SurveyDepth::Preflight;
        let (first, rest) = join!(
            of_any_depth(&reader, &place, with_all).boxed(),
            async {
                match depth {
                    SurveyDepth::Preflight => of_preflight(&reader, &place).boxed().await,
                    SurveyDepth::Diagnosis => AzureSurvey::default(),
                }
            }
            .boxed()
        );
        let linked = match depth {
            SurveyDepth::Preflight => linked::of(&reader, &place, &first.subnets).await,
            SurveyDepth::Diagnosis => Vec::new(),
        };
        AzureSurvey {
            details: rest.details.or_else(|_| place.details.clone()),
            cluster: place.cluster,
            upgrades: first.upgrades,
            compute_usage: first.compute_usage,
            subnets: first.subnets,
            networks: first.networks,
            windows: first.windows,
            locks: first.locks,
            outbound_addresses: first.outbound_addresses,
            machines: first.machines,
            failed_activities: first.failed_activities,
            running_operation: first.running_operation,
            linked,
            ..rest
        }
    }
}

/// What a stuck upgrade is judged by.
async fn of_any_depth(reader: &Reader<'_>, place: &Place<'_>, with_networks: bool) -> AzureSurvey {
    let (
        (upgrades, compute_usage),
        (subnets, networks),
        (windows, locks),
        machines,
        outbound_addresses,
        failed_activities,
        running_operation,
    ) = join!(
        async { join!(upgrades(reader, place), limits::compute(reader, place)) },
        networks::of(reader, place, with_networks),
        async { join!(windows::of(reader, place), locks::of(reader, place)) },
        machines::of(reader, place),
        outbound::of(reader, place),
        logs::failed(reader, place),
        logs::running(reader, place),
    );
    AzureSurvey {
        upgrades,
        compute_usage,
        subnets,
        networks,
        outbound_addresses,
        locks,
        windows,
        machines,
        running_operation,
        failed_activities,
        ..AzureSurvey::default()
    }
}

/// What only the checks before an upgrade need.
async fn of_preflight(reader: &Reader<'_>, place: &Place<'_>) -> AzureSurvey {
    let region = async {
        let location = &place.cluster()?.location;
        reading(
            reader
                .alone(reader.client.region_versions(&place.subscription(), location))
                .await,
        )
    };
    let (details, region, network_usage, vm_sizes, allowed_actions, policies) = join!(
        limits::details_with_mesh(reader, place),
        region,
        limits::network(reader, place),
        limits::sizes(reader, place),
        rights::allowed(reader, place),
        policies::of(reader, place),
    );
    let (extensions, backups, diagnostic_settings, insights) = join!(
        protection::extensions(reader, place),
        protection::backups(reader, place),
        protection::diagnostic_settings(reader, place),
        insights::of(reader, place),
    );
    AzureSurvey {
        details,
        region,
        network_usage,
        vm_sizes,
        allowed_actions,
        policies,
        extensions,
        backups,
        diagnostic_settings,
        insights,
        ..AzureSurvey::default()
    }
}

/// One GET, three parsers.
async fn place<'a>(reader: &Reader<'_>, id: &'a ClusterId) -> Place<'a> {
    let what = format!("read cluster {}", id.name());
    let body: Result<Value, AzureError> = async {
        let call = reader.client.get(what.clone(), &paths::cluster(id)?)?;
        reader.alone(reader.client.ask(&call)).await
    }
    .await;
    let body = reading(body);
    Place {
        id,
        cluster: parsed(&body, &what, wire::cluster),
        details: parsed(&body, &what, wire::survey::cluster_details),
        links: parsed(&body, &what, wire::survey::cluster_links),
    }
}

fn parsed<T>(body: &Reading<Value>, what: &str, parse: fn(&Value) -> Result<T, WrongShape>) -> Reading<T> {
    let body = body.as_ref().map_err(Clone::clone)?;
    parse(body).map_err(|why| reader::failed(&format!("{what}: the answer cannot be read ({why})")))
}

/// The control plane's offers and those of each pool. A pool that went away meanwhile is left out.
async fn upgrades(reader: &Reader<'_>, place: &Place<'_>) -> Reading<ClusterUpgrades> {
    let pools: Vec<NodePoolName> = place.cluster()?.pools.iter().map(|pool| pool.name.clone()).collect();
    let client = reader.client;
    let of_pools = future::join_all(
        pools
            .iter()
            .map(|pool| async move { (pool, reader.alone(client.pool_upgrades(place.id, pool)).await) }),
    );
    let (of_cluster, of_pools) = join!(reader.alone(client.cluster_upgrades(place.id, &[])), of_pools);
    let mut upgrades = reading(of_cluster)?;
    for (pool, profile) in of_pools {
        match profile {
            Ok(profile) => put(&mut upgrades, pool, Some(profile)),
            Err(error) if error.kind() == AzureErrorKind::NotFound => put(&mut upgrades, pool, None),
            Err(error) => return reading(Err(error)),
        }
    }
    Ok(upgrades)
}

fn put(upgrades: &mut ClusterUpgrades, pool: &NodePoolName, profile: Option<PoolUpgrades>) {
    match profile {
        Some(profile) => upgrades.pools.insert(pool.clone(), profile),
        None => upgrades.pools.remove(pool),
    };
}
