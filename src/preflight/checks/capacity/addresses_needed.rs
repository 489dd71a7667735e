//! What several pools need of each subnet: one list for the surge nodes and for the planned maximum.

use std::collections::BTreeMap;

use crate::domain::cluster::Cluster;
use crate::domain::ids::NodePoolName;
use crate::domain::node_pool::NodePool;
use crate::domain::subject::Subject;
use crate::domain::survey::{PoolDetails, Reading, SubnetFact, Unread};
use crate::preflight::arithmetic::addresses::Flavour;
use crate::preflight::checks::told::{resource, unknown};
use crate::preflight::finding::Said;

/// What is unknown of a subnet that was not read.
const WHAT: &str = "the subnet's free addresses";

/// What the pools need of each subnet, by its id in lower case.
#[derive(Default)]
pub(super) struct Needs<'a>(BTreeMap<String, BTreeMap<&'a NodePoolName, Need<'a>>>);

/// What one pool needs of one subnet.
pub(super) struct Need<'a> {
    pub(super) pool: &'a NodePool,
    pub(super) nodes: u32,
    pub(super) addresses: u64,
}

impl<'a> Needs<'a> {
    /// Adds what so many nodes of the pool need; a network that AKS manages has no subnet to look at.
    pub(super) fn add(&mut self, cluster: &Cluster, pool: &'a NodePool, details: &PoolDetails, nodes: u32) {
        let flavour = Flavour::of(cluster.network, pool, details.has_static_pod_blocks);
        let addresses = flavour.addresses(pool, nodes);
        for (subnet, addresses) in [
            (&pool.vnet_subnet, addresses.node_subnet),
            (&pool.pod_subnet, addresses.pod_subnet),
        ] {
            let Some(subnet) = subnet.as_ref().filter(|_| addresses > 0) else {
                continue;
            };
            self.0
                .entry(subnet.to_ascii_lowercase())
                .or_default()
                .entry(&pool.name)
                .or_insert(Need {
                    pool,
                    nodes,
                    addresses: 0,
                })
                .addresses += addresses;
        }
    }

    /// Each subnet with what it must give, or an unknown for one that was not read.
    pub(super) fn by_subnet<'s>(
        self,
        subnets: &'s BTreeMap<String, Reading<SubnetFact>>,
    ) -> impl Iterator<Item = Result<(Subject, &'s SubnetFact, Vec<Need<'a>>), Box<Said>>> {
        self.0.into_iter().map(|(id, needs)| {
            let subject = resource("subnet", &id);
            match subnets.get(&id) {
                Some(Ok(fact)) => Ok((subject, fact, needs.into_values().collect())),
                Some(Err(unread)) => Err(Box::new(unknown(subject, WHAT, unread))),
                None => {
                    let unread = Unread::NotAsked {
                        why: "the survey does not include this subnet".to_owned(),
                    };
                    Err(Box::new(unknown(subject, WHAT, &unread)))
                }
            }
        })
    }
}
