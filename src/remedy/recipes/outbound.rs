//! The ways between nodes, API server and the world: addresses that may come in, addresses to go out by.

use std::net::IpAddr;

use super::super::repair::NotPossible;
use super::sight::{Sight, listed, read};
use super::{Draft, by_hand, cluster, not_here};
use crate::domain::azure_edit::ClusterEdit;
use crate::domain::subject::Subject;
use crate::domain::surge::batch_of;

/// Ports of one outbound address (Azure docs "Outbound rules", 2026).
const PORTS_OF_ADDRESS: u64 = 64_000;

/// `add-authorized-ip`: an address the cause names, else those the cluster's own load balancer has; guessing one would
/// open the API server to a stranger.
pub(super) fn authorize_address(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let present = &sight.details()?.authorized_ip_ranges;
    if present.is_empty() {
        return not_here("the API server takes every address as it is");
    }
    let addresses = match named_address(sight) {
        Some(address) => vec![address],
        None => own_addresses(sight)?,
    };
    if addresses.is_empty() {
        return by_hand(
            "find the address the nodes go out by (NAT gateway or firewall) and add it to the authorized ranges",
        );
    }
    if addresses.iter().any(IpAddr::is_ipv6) {
        return not_here("authorized ranges are IPv4 only");
    }
    let ranges: Vec<String> = addresses.iter().map(|address| format!("{address}/32")).collect();
    let missing: Vec<String> = ranges
        .iter()
        .filter(|range| !present.contains(range))
        .cloned()
        .collect();
    if missing.is_empty() {
        let is = if ranges.len() == 1 { "is" } else { "are" };
        return not_here(format!("{} {is} among the authorized ranges as it is", listed(&ranges)));
    }
    let title = format!("let {} reach the API server", listed(&missing));
    cluster::edit(sight, ClusterEdit::AllowAddresses { ranges: missing }, title)
}

fn named_address(sight: &Sight<'_>) -> Option<IpAddr> {
    sight.cause.subjects.iter().find_map(|subject| match subject {
        Subject::Azure { name, .. } => name.parse().ok(),
        _ => None,
    })
}

fn own_addresses(sight: &Sight<'_>) -> Result<Vec<IpAddr>, NotPossible> {
    let all = read(&sight.survey.azure.outbound_addresses, "the outbound addresses")?;
    Ok(all.iter().filter_map(|address| address.parse().ok()).collect())
}

/// `lb-outbound`: as many addresses as the nodes and the surge need at the ports they are given.
pub(super) fn more_addresses(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let balancer = &sight.details()?.load_balancer;
    if sight.cause.code == "resource-missing" {
        return by_hand("give the load balancer an outbound address that exists: which one is its owner's choice");
    }
    let pools = &sight.cluster()?.pools;
    let nodes: u64 = pools
        .iter()
        .map(|pool| u64::from(pool.count) + u64::from(batch_of(&pool.upgrade_settings, pool.count, pool.version).surge))
        .sum();
    let ports = u64::from(balancer.allocated_outbound_ports.unwrap_or(0));
    let needed = u32::try_from((ports * nodes).div_ceil(PORTS_OF_ADDRESS)).unwrap_or(u32::MAX);
    let count = needed.max(balancer.outbound_ips + u32::from(ports == 0));
    if count <= balancer.outbound_ips {
        return not_here(format!(
            "{ports} ports for {nodes} nodes fit {} outbound addresses",
            balancer.outbound_ips
        ));
    }
    let title = format!("go out by {count} addresses in place of {}", balancer.outbound_ips);
    let edit = ClusterEdit::OutboundAddresses { count };
    let draft = cluster::edit(sight, edit, title)?;
    Ok(draft.with_cautions(["whoever lists the cluster's addresses has to add the new ones".to_owned()]))
}
