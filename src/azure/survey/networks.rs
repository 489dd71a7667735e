//! The subnets of the pools with their free addresses, and the virtual networks they lie in.

use std::collections::BTreeMap;

use futures::{future, join};

use super::Place;
use super::reader::{Reader, failed, reading};
use crate::azure::error::AzureError;
use crate::azure::paths;
use crate::azure::wire::survey as wire;
use crate::domain::survey::{Reading, SubnetFact, UsageFact, VirtualNetworkFact};

const API_VERSION: &str = "2026-03-01";

type Subnets = BTreeMap<String, Reading<SubnetFact>>;
type Networks = BTreeMap<String, Reading<VirtualNetworkFact>>;

/// Reads each subnet once, the usages of each network once, and the networks themselves where they are asked for.
/// Without a cluster there is none, and its own reading says why.
pub(super) async fn of(reader: &Reader<'_>, place: &Place<'_>, with_networks: bool) -> (Subnets, Networks) {
    let subnets = subnets_of(place);
    let networks: BTreeMap<String, &str> = subnets
        .values()
        .filter_map(|id| network_of(id))
        .map(|id| (id.to_ascii_lowercase(), id))
        .collect();
    let usages = future::join_all(networks.values().map(|network| usages(reader, network)));
    let bodies = future::join_all(subnets.values().map(|id| subnet(reader, id)));
    let whole = async {
        if with_networks {
            future::join_all(networks.values().map(|network| virtual_network(reader, network))).await
        } else {
            Vec::new()
        }
    };
    let (usages, bodies, whole) = join!(usages, bodies, whole);
    let usages: BTreeMap<&str, Reading<Vec<UsageFact>>> = networks
        .keys()
        .map(String::as_str)
        .zip(usages.into_iter().map(reading))
        .collect();
    let counted = subnets.keys().zip(bodies).map(|(id, body)| {
        let of_network = network_of(id).and_then(|network| usages.get(network));
        (id.clone(), counted(id, reading(body), of_network))
    });
    let whole = networks.keys().cloned().zip(whole.into_iter().map(reading));
    (counted.collect(), whole.collect())
}

/// Ids of the subnets the pools live in, by their lower case.
fn subnets_of(place: &Place<'_>) -> BTreeMap<String, String> {
    let pools = place.cluster.iter().flat_map(|cluster| &cluster.pools);
    pools
        .flat_map(|pool| [&pool.vnet_subnet, &pool.pod_subnet])
        .flatten()
        .map(|id| (id.to_ascii_lowercase(), id.clone()))
        .collect()
}

/// The virtual network of a subnet, by their ids.
pub(super) fn network_of(subnet: &str) -> Option<&str> {
    let at = subnet.to_ascii_lowercase().find("/subnets/")?;
    subnet.get(..at)
}

async fn usages(reader: &Reader<'_>, network: &str) -> Result<Vec<UsageFact>, AzureError> {
    let path = paths::of_resource(network)?;
    let what = format!("count the addresses of network {}", last(network));
    reader
        .list(
            &what,
            &format!("{path}/usages?api-version={API_VERSION}"),
            wire::network_usage_page,
        )
        .await
}

async fn subnet(reader: &Reader<'_>, id: &str) -> Result<SubnetFact, AzureError> {
    let path = paths::of_resource(id)?;
    let what = format!("read subnet {}", last(id));
    reader
        .one(&what, &format!("{path}?api-version={API_VERSION}"), wire::subnet)
        .await
}

async fn virtual_network(reader: &Reader<'_>, id: &str) -> Result<VirtualNetworkFact, AzureError> {
    let path = paths::of_resource(id)?;
    let what = format!("read network {}", last(id));
    reader
        .one(
            &what,
            &format!("{path}?api-version={API_VERSION}"),
            wire::virtual_network,
        )
        .await
}

/// A subnet with the numbers of its network; without them it is not read, for nobody may take zero for free.
fn counted(id: &str, body: Reading<SubnetFact>, usages: Option<&Reading<Vec<UsageFact>>>) -> Reading<SubnetFact> {
    let subnet = body?;
    let usages = match usages {
        Some(usages) => usages.as_ref().map_err(Clone::clone)?,
        None => return Err(failed(&format!("'{id}' is no subnet's id"))),
    };
    let usage = usages.iter().find(|usage| usage.name == id);
    let usage = usage.ok_or_else(|| failed(&format!("the usages of its network do not count subnet {}", last(id))))?;
    Ok(SubnetFact {
        limit: usage.limit,
        used: usage.used,
        ..subnet
    })
}

/// The name at the end of an id.
pub(super) fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::provisioning::ProvisioningState;

    #[test]
    fn a_subnet_without_numbers_is_not_read() {
        let id = "/subscriptions/s/virtualnetworks/v/subnets/n";
        assert_eq!(network_of(id), Some("/subscriptions/s/virtualnetworks/v"));
        let body = || {
            Ok(SubnetFact {
                id: id.to_owned(),
                prefix: "10.0.0.0/24".to_owned(),
                limit: 0,
                used: 0,
                provisioning_state: ProvisioningState::Succeeded,
                route_table: None,
                security_group: None,
                nat_gateway: None,
                delegations: Vec::new(),
            })
        };
        let usage = |name: &str| {
            Ok(vec![UsageFact {
                name: name.to_owned(),
                used: 3,
                limit: 251,
            }])
        };
        let read = counted(id, body(), Some(&usage(id))).unwrap();
        assert_eq!((read.used, read.limit), (3, 251));
        assert!(counted(id, body(), Some(&usage("/other"))).is_err());
        assert_eq!(counted(id, body(), Some(&Err(failed("no")))), Err(failed("no")));
        assert!(counted(id, body(), None).is_err());
    }
}
