//! Public addresses, outbound ports and places behind the load balancer are enough for the surge nodes.

use crate::domain::subject::Subject;
use crate::domain::survey::{LoadBalancer, Unread};
use crate::preflight::arithmetic::ports::{NODES_OF_A_BACKEND, NODES_OF_A_POOL, PORTS_OF_AN_ADDRESS, missing_ports};
use crate::preflight::arithmetic::vcpu::{free, limit as limit_of};
use crate::preflight::checks::moving::{Moving, cluster_and_details, moving, smaller};
use crate::preflight::checks::told::{Told, limit, told, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::wording::counted;

/// The limit's name in the usages of Microsoft.Network (API 2026-03-01).
const PUBLIC_ADDRESSES: &str = "PublicIPAddresses";

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let (cluster, details) = cluster_and_details(question)?;
    let mut movers = moving(question)?;
    movers.retain(|one| one.gain.needs_machines());
    let Some(most) = movers.iter().max_by_key(|one| one.gain.nodes) else {
        return Ok(Vec::new());
    };
    let nodes = u64::from(cluster.node_count()) + u64::from(most.gain.nodes);
    let uses_balancer = details
        .outbound_type
        .as_ref()
        .is_none_or(|kind| kind.eq_ignore_ascii_case("loadBalancer"));
    let mut said: Vec<Said> = movers
        .iter()
        .filter_map(|mover| public_addresses(question, mover))
        .chain(movers.iter().filter_map(too_many_nodes))
        .collect();
    if uses_balancer {
        said.extend(ports(&details.load_balancer, nodes, most));
        if nodes > NODES_OF_A_BACKEND {
            said.push(
                Said::new(
                    Outcome::Blocker,
                    Subject::Cluster,
                    format!("{nodes} nodes with surge, a load balancer takes {NODES_OF_A_BACKEND}"),
                )
                .cured_by(&smaller(most.pool, most.gain, &[])),
            );
        }
    }
    Ok(said)
}

fn public_addresses(question: &Question<'_>, mover: &Moving<'_>) -> Option<Said> {
    if !mover.details.has_node_public_ips {
        return None;
    }
    let subject = limit("network limit", PUBLIC_ADDRESSES);
    let what = "free public addresses";
    let fact = match &question.survey.azure.network_usage {
        Err(unread) => return Some(unknown(subject, what, unread)),
        Ok(usage) => limit_of(PUBLIC_ADDRESSES, usage),
    };
    let Some(fact) = fact else {
        let unread = Unread::Failed {
            why: "the region's list has no such limit".to_owned(),
        };
        return Some(unknown(subject, what, &unread));
    };
    (free(fact) < u64::from(mover.gain.nodes)).then(|| {
        Said::new(
            Outcome::Blocker,
            subject,
            format!(
                "{} of {} need a public address each, {} are free",
                counted(mover.gain.nodes as usize, "surge node"),
                Subject::pool(&mover.pool.name),
                free(fact)
            ),
        )
        .with(format!("{} of {} public addresses are used", fact.used, fact.limit))
        .cured_by(&["clean-public-ips", "lower-surge"])
    })
}

fn too_many_nodes(mover: &Moving<'_>) -> Option<Said> {
    let nodes = u64::from(mover.pool.count) + u64::from(mover.gain.nodes);
    (nodes > NODES_OF_A_POOL).then(|| {
        Said::new(
            Outcome::Blocker,
            Subject::pool(&mover.pool.name),
            format!("{nodes} nodes with surge, a pool takes {NODES_OF_A_POOL}"),
        )
        .cured_by(&smaller(mover.pool, mover.gain, &["split-pool"]))
    })
}

fn ports(balancer: &LoadBalancer, nodes: u64, most: &Moving<'_>) -> Option<Said> {
    let each = balancer.allocated_outbound_ports?;
    let missing = missing_ports(each, nodes, balancer.outbound_ips);
    (missing > 0).then(|| {
        Said::new(
            Outcome::Blocker,
            limit("load balancer", "outbound ports"),
            format!(
                "{each} ports for each of {nodes} nodes with surge are {}, {} have {}",
                u64::from(each) * nodes,
                counted(balancer.outbound_ips as usize, "outbound IP"),
                PORTS_OF_AN_ADDRESS * u64::from(balancer.outbound_ips)
            ),
        )
        .with(format!("{missing} ports are missing"))
        .with(format!(
            "{} gains most: {}",
            Subject::pool(&most.pool.name),
            counted(most.gain.nodes as usize, "surge node")
        ))
        .cured_by(&["lb-outbound", "lower-surge"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::{ClusterDetails, Survey};
    use crate::preflight::samples::{check, denied, passes};

    fn details(survey: &mut Survey) -> &mut ClusterDetails {
        survey.azure.details.as_mut().unwrap()
    }

    #[test]
    fn ports_must_be_enough_for_every_node() {
        // 27 nodes and 3 more.
        let ports =
            |each| move |survey: &mut Survey| details(survey).load_balancer.allocated_outbound_ports = Some(each);
        passes(look, ports(2_128));
        let said = check(look, ports(2_200), Outcome::Blocker, "load balancer outbound ports");
        assert_eq!(
            said.headline,
            "2200 ports for each of 30 nodes with surge are 66000, 1 outbound IP have 64000"
        );
        passes(look, |survey| {
            ports(2_200)(survey);
            details(survey).outbound_type = Some("managedNATGateway".to_owned());
        });
    }

    #[test]
    fn public_addresses_count_only_where_nodes_have_one() {
        let few = |survey: &mut Survey| survey.azure.network_usage.as_mut().unwrap()[0].used = 998;
        passes(look, few);
        let with_addresses = |survey: &mut Survey| {
            few(survey);
            details(survey)
                .pools
                .get_mut(&"apps".into())
                .unwrap()
                .has_node_public_ips = true;
        };
        let said = check(
            look,
            with_addresses,
            Outcome::Blocker,
            "network limit PublicIPAddresses",
        );
        assert_eq!(
            said.headline,
            "3 surge nodes of node pool apps need a public address each, 2 are free"
        );
        let unread = |survey: &mut Survey| {
            with_addresses(survey);
            survey.azure.network_usage = Err(denied());
        };
        check(look, unread, Outcome::Unknown, "network limit PublicIPAddresses");
    }

    #[test]
    fn pools_and_backends_have_a_largest_size() {
        let count = |count| move |survey: &mut Survey| survey.azure.cluster.as_mut().unwrap().pools[1].count = count;
        passes(look, count(751));
        check(look, count(760), Outcome::Blocker, "node pool apps");
        let backend = |survey: &mut Survey| {
            let pools = &mut survey.azure.cluster.as_mut().unwrap().pools;
            let more: Vec<_> = std::iter::repeat_n(pools[1].clone(), 8).collect();
            pools.extend(more);
            for pool in pools {
                pool.count = 600;
            }
        };
        check(look, backend, Outcome::Blocker, "the cluster");
    }
}
