//! Usages of Microsoft.Compute and Microsoft.Network, and the SKUs of Microsoft.Compute.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::simulator::azure_api::reads::page;
use crate::simulator::azure_api::reply::{Call, Reply};
use crate::simulator::world::landscape::UsageProvider;
use crate::simulator::world::quota::{family, vcpus};
use crate::simulator::world::{SimulatedCluster, World};

/// Limits nobody set leave this much room, and at least the usual first limit of a subscription.
const ROOM: u64 = 3;
const FIRST_LIMIT: u64 = 350;
/// Sizes that are on offer besides those in use.
const ALSO_OFFERED: [&str; 4] = ["Standard_B2ms", "Standard_D2s_v5", "Standard_E4s_v5", "Standard_F8s_v2"];

/// Answers `GET .../Microsoft.Compute/locations/{location}/usages`.
pub(super) fn compute(
    world: &World,
    clusters: &[&SimulatedCluster],
    subscription: &str,
    location: &str,
    call: &Call,
) -> Reply {
    let mut usages: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let here = clusters.iter().filter(|cluster| is_in(cluster, location));
    let mut machines = 0;
    for pool in here.flat_map(|cluster| &cluster.pools) {
        let count = pool.nodes.len() as u64;
        machines += count;
        usages.entry(family(&pool.vm_size)).or_default().0 += count * u64::from(vcpus(&pool.vm_size));
    }
    for (used, limit) in usages.values_mut() {
        *limit = with_room(*used);
    }
    for quota in world.quotas.of(subscription, location) {
        usages.insert(quota.family.clone(), (u64::from(quota.used), u64::from(quota.limit)));
    }
    let families = usages.iter().filter(|(name, _)| *name != "cores");
    let cores: u64 = families.map(|(_, (used, _))| used).sum();
    usages.entry("cores".to_owned()).or_insert((cores, with_room(cores)));
    usages.insert("lowPriorityCores".to_owned(), (0, FIRST_LIMIT));
    usages.insert("virtualMachines".to_owned(), (machines, 25_000));
    set(&mut usages, clusters, location, UsageProvider::Compute);
    let items = usages.iter().map(|(name, (used, limit))| {
        json!({"unit": "Count", "currentValue": used, "limit": limit, "name": {"value": name, "localizedValue": name}})
    });
    page(world, call, items.collect())
}

/// Answers `GET .../Microsoft.Network/locations/{location}/usages`.
pub(super) fn network(world: &World, clusters: &[&SimulatedCluster], location: &str, call: &Call) -> Reply {
    let count = clusters.iter().filter(|cluster| is_in(cluster, location)).count() as u64;
    let mut usages: BTreeMap<String, (u64, u64)> = [
        ("LoadBalancers", 1000),
        ("NetworkSecurityGroups", 5000),
        ("PublicIPAddresses", 1000),
        ("StandardSkuPublicIpAddresses", 1000),
        ("VirtualNetworks", 1000),
    ]
    .map(|(name, limit)| (name.to_owned(), (count, limit)))
    .into();
    set(&mut usages, clusters, location, UsageProvider::Network);
    let items = usages.iter().map(|(name, (used, limit))| {
        // Microsoft.Network has its numbers with a decimal point.
        #[expect(clippy::cast_precision_loss, reason = "limits are small")]
        let (used, limit) = (*used as f64, *limit as f64);
        json!({"unit": "Count", "currentValue": used, "limit": limit, "name": {"value": name, "localizedValue": name}})
    });
    page(world, call, items.collect())
}

/// What the landscapes say goes over everything that was worked out.
fn set(
    usages: &mut BTreeMap<String, (u64, u64)>,
    clusters: &[&SimulatedCluster],
    location: &str,
    provider: UsageProvider,
) {
    let here = clusters.iter().filter(|cluster| is_in(cluster, location));
    for usage in here.flat_map(|cluster| &cluster.landscape.usages) {
        if usage.provider == provider {
            let known = usages
                .keys()
                .find(|name| name.eq_ignore_ascii_case(&usage.name))
                .cloned();
            usages.insert(known.unwrap_or_else(|| usage.name.clone()), (usage.used, usage.limit));
        }
    }
}

fn is_in(cluster: &SimulatedCluster, location: &str) -> bool {
    cluster.profile.location.eq_ignore_ascii_case(location)
}

fn with_room(used: u64) -> u64 {
    (used * ROOM).max(FIRST_LIMIT)
}

/// Answers `GET .../Microsoft.Compute/skus`, with or without `$filter=location eq '..'`.
pub(super) fn vm_sizes(world: &World, clusters: &[&SimulatedCluster], call: &Call) -> Reply {
    let filter = call.parameter("$filter");
    let location = filter.as_deref().and_then(|text| {
        let value = text.trim().strip_prefix("location eq ")?;
        value.trim().strip_prefix('\'')?.strip_suffix('\'')
    });
    let locations: BTreeSet<&str> = clusters
        .iter()
        .map(|cluster| cluster.profile.location.as_str())
        .filter(|known| location.is_none_or(|wanted| wanted.eq_ignore_ascii_case(known)))
        .collect();
    let mut items = Vec::new();
    for location in locations {
        items.push(
            json!({"resourceType": "disks", "name": "Premium_LRS", "tier": "Premium", "size": "P30",
            "locations": [location], "capabilities": [{"name": "MaxSizeGiB", "value": "1024"}], "restrictions": []}),
        );
        let here: Vec<_> = clusters
            .iter()
            .copied()
            .filter(|cluster| is_in(cluster, location))
            .collect();
        let in_use = here
            .iter()
            .flat_map(|cluster| &cluster.pools)
            .map(|pool| pool.vm_size.as_str());
        let sizes: BTreeSet<&str> = in_use.chain(ALSO_OFFERED).collect();
        items.extend(sizes.into_iter().map(|size| sku(&here, location, size)));
    }
    page(world, call, items)
}

fn sku(clusters: &[&SimulatedCluster], location: &str, size: &str) -> Value {
    let vcpus = vcpus(size);
    let per_vcpu = match size.split('_').nth(1).and_then(|name| name.chars().next()) {
        Some('E' | 'M') => 8,
        Some('F') => 2,
        _ => 4,
    };
    let restrictions: Vec<Value> = clusters
        .iter()
        .flat_map(|cluster| &cluster.landscape.restricted_sizes)
        .filter(|restricted| restricted.size.eq_ignore_ascii_case(size))
        .map(|restricted| {
            let mut info = json!({"locations": [location]});
            if !restricted.zones.is_empty() {
                info["zones"] = json!(restricted.zones);
            }
            json!({"type": if restricted.zones.is_empty() { "Location" } else { "Zone" }, "values": [location],
                "restrictionInfo": info, "reasonCode": "NotAvailableForSubscription"})
        })
        .collect();
    let capability = |name: &str, value: String| json!({"name": name, "value": value});
    json!({
        "resourceType": "virtualMachines",
        "name": size,
        "tier": "Standard",
        "size": size.trim_start_matches("Standard_"),
        "family": family(size),
        "locations": [location],
        "locationInfo": [{"location": location, "zones": ["1", "2", "3"], "zoneDetails": []}],
        "capabilities": [
            capability("vCPUs", vcpus.to_string()),
            capability("vCPUsAvailable", vcpus.to_string()),
            capability("MemoryGB", (vcpus * per_vcpu).to_string()),
            capability("MaxDataDiskCount", (vcpus * 2).min(64).to_string()),
        ],
        "restrictions": restrictions,
    })
}
