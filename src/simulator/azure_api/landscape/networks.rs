//! Virtual networks, their subnets, and how many addresses are taken.

use serde_json::{Value, json};

use super::{group_id, is_missing};
use crate::simulator::azure_api::reads::page;
use crate::simulator::azure_api::reply::{Call, Reply};
use crate::simulator::world::landscape::Subnet;
use crate::simulator::world::{SimulatedCluster, World};

const SUCCEEDED: &str = "Succeeded";

/// The id of a subnet, as a pool's body names it.
pub(in crate::simulator::azure_api) fn subnet_id(cluster: &SimulatedCluster, subnet: &Subnet) -> String {
    format!("{}/subnets/{}", network_id(cluster, subnet), subnet.name)
}

fn network_id(cluster: &SimulatedCluster, subnet: &Subnet) -> String {
    let group = group_of(cluster, subnet);
    format!(
        "{}/providers/Microsoft.Network/virtualNetworks/{}",
        group_id(cluster, group),
        subnet.network
    )
}

fn group_of<'a>(cluster: &'a SimulatedCluster, subnet: &'a Subnet) -> &'a str {
    subnet
        .resource_group
        .as_deref()
        .unwrap_or(&cluster.profile.resource_group)
}

/// The subnets of a network with the clusters that know them; each subnet once.
fn subnets_of<'w>(
    clusters: &[&'w SimulatedCluster],
    group: Option<&str>,
    network: &str,
) -> Vec<(&'w SimulatedCluster, &'w Subnet)> {
    let mut found: Vec<(&SimulatedCluster, &Subnet)> = Vec::new();
    for cluster in clusters {
        for subnet in &cluster.landscape.subnets {
            let is_here = subnet.network.eq_ignore_ascii_case(network)
                && group.is_some_and(|group| group_of(cluster, subnet).eq_ignore_ascii_case(group))
                && !is_missing(clusters, &subnet_id(cluster, subnet));
            let is_known = found
                .iter()
                .any(|(_, known)| known.name.eq_ignore_ascii_case(&subnet.name));
            if is_here && !is_known {
                found.push((cluster, subnet));
            }
        }
    }
    found
}

/// Answers `GET .../virtualNetworks/{name}`.
pub(super) fn network(clusters: &[&SimulatedCluster], group: Option<&str>, name: &str) -> Reply {
    let subnets = subnets_of(clusters, group, name);
    let Some((cluster, first)) = subnets.first() else {
        return Reply::not_found("Microsoft.Network/virtualNetworks", name, group.unwrap_or_default());
    };
    let known = clusters.iter().find_map(|cluster| {
        let mut networks = cluster.landscape.networks.iter();
        networks
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, network)| network)
    });
    let known = known.cloned().unwrap_or_default();
    let address_space = if known.address_space.is_empty() {
        subnets.iter().map(|(_, subnet)| subnet.prefix.clone()).collect()
    } else {
        known.address_space
    };
    let mut properties = json!({
        "provisioningState": known.provisioning_state.as_deref().unwrap_or(SUCCEEDED),
        "addressSpace": {"addressPrefixes": address_space},
        "subnets": subnets.iter().map(|(cluster, subnet)| subnet_body(cluster, subnet)).collect::<Vec<_>>(),
        "virtualNetworkPeerings": [],
        "enableDdosProtection": false,
    });
    if !known.dns_servers.is_empty() {
        properties["dhcpOptions"] = json!({"dnsServers": known.dns_servers});
    }
    Reply::of_arm(
        200,
        &json!({
            "id": network_id(cluster, first),
            "name": first.network,
            "type": "Microsoft.Network/virtualNetworks",
            "location": cluster.profile.location,
            "properties": properties,
        }),
    )
}

/// Answers `GET .../virtualNetworks/{name}/usages`; the five addresses Azure keeps are left out of the limits.
pub(super) fn usages(
    world: &World,
    clusters: &[&SimulatedCluster],
    group: Option<&str>,
    name: &str,
    call: &Call,
) -> Reply {
    let subnets = subnets_of(clusters, group, name);
    if subnets.is_empty() {
        return Reply::not_found("Microsoft.Network/virtualNetworks", name, group.unwrap_or_default());
    }
    #[expect(clippy::cast_precision_loss, reason = "subnets are small")]
    let items = subnets
        .iter()
        .map(|(cluster, subnet)| {
            json!({
                "id": subnet_id(cluster, subnet),
                "currentValue": subnet.used as f64,
                "limit": subnet.limit as f64,
                "name": {"value": "SubnetSpace", "localizedValue": "Subnet size and usage"},
                "unit": "Count",
            })
        })
        .collect();
    page(world, call, items)
}

/// Answers `GET .../virtualNetworks/{network}/subnets/{name}`.
pub(super) fn subnet(clusters: &[&SimulatedCluster], group: Option<&str>, network: &str, name: &str) -> Reply {
    let subnets = subnets_of(clusters, group, network);
    match subnets
        .iter()
        .find(|(_, subnet)| subnet.name.eq_ignore_ascii_case(name))
    {
        Some((cluster, subnet)) => Reply::of_arm(200, &subnet_body(cluster, subnet)),
        None => Reply::not_found(
            "Microsoft.Network/virtualNetworks/subnets",
            &format!("{network}/{name}"),
            group.unwrap_or_default(),
        ),
    }
}

fn subnet_body(cluster: &SimulatedCluster, subnet: &Subnet) -> Value {
    let id = subnet_id(cluster, subnet);
    let mut properties = json!({
        "provisioningState": subnet.provisioning_state.as_deref().unwrap_or(SUCCEEDED),
        "addressPrefix": subnet.prefix,
        "delegations": subnet.delegations.iter().map(|service| {
            json!({"name": "delegation", "properties": {"serviceName": service, "provisioningState": SUCCEEDED}})
        }).collect::<Vec<_>>(),
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
    });
    let links = [
        ("routeTable", &subnet.route_table, "routeTables"),
        ("networkSecurityGroup", &subnet.security_group, "networkSecurityGroups"),
        ("natGateway", &subnet.nat_gateway, "natGateways"),
    ];
    for (field, named, kind) in links {
        if let Some(named) = named {
            // A bare name is one of the subnet's own group.
            let id = if named.starts_with('/') {
                named.clone()
            } else {
                let group = group_id(cluster, group_of(cluster, subnet));
                format!("{group}/providers/Microsoft.Network/{kind}/{named}")
            };
            properties[field] = json!({"id": id});
        }
    }
    json!({"id": id, "name": subnet.name, "type": "Microsoft.Network/virtualNetworks/subnets", "properties": properties})
}
