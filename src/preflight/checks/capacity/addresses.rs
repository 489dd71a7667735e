//! Surge nodes find free addresses: in their subnets, and in the cluster's pod range.
//! How many each flavour takes: AKS docs "IP address planning" and "Upgrade options", 2026.

use super::addresses_needed::{Need, Needs};
use crate::domain::cluster::Cluster;
use crate::domain::subject::Subject;
use crate::domain::survey::{ClusterDetails, SubnetFact, Unread};
use crate::preflight::arithmetic::addresses::{Flavour, KUBENET_NODES, POD_RANGE_OF_A_NODE, range_size};
use crate::preflight::arithmetic::fit::{Fit, fit};
use crate::preflight::checks::moving::{Moving, cluster_and_details, moving, smaller};
use crate::preflight::checks::told::{Told, limit, told, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::wording::counted;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let (cluster, details) = cluster_and_details(question)?;
    let movers: Vec<Moving<'_>> = moving(question)?
        .into_iter()
        .filter(|one| one.gain.needs_machines())
        .collect();
    let mut needs = Needs::default();
    for one in &movers {
        needs.add(cluster, one.pool, one.details, one.gain.nodes);
    }
    let mut said: Vec<Said> = needs
        .by_subnet(&question.survey.azure.subnets)
        .filter_map(|subnet| match subnet {
            Ok((subject, fact, needs)) => of_subnet(subject, fact, &needs, &movers),
            Err(unknown) => Some(*unknown),
        })
        .collect();
    said.extend(of_pod_range(cluster, details, &movers));
    Ok(said)
}

fn of_subnet(subject: Subject, fact: &SubnetFact, needs: &[Need<'_>], movers: &[Moving<'_>]) -> Option<Said> {
    let free = fact.limit.saturating_sub(fact.used);
    let state = format!("{} of {} addresses of {} are free", free, fact.limit, fact.prefix);
    let mut said = match fit(needs.iter().map(|need| need.addresses), free) {
        Fit::All => return None,
        Fit::OneAfterAnother { sum } => Said::new(
            Outcome::Warning,
            subject,
            format!("{free} free addresses hold each pool's surge alone, not all together: {sum} are needed"),
        )
        .cured_by(&["lower-surge", "scale-down-for-ips", "new-pool-bigger-subnet"]),
        Fit::TooSmall { largest } => {
            let need = needs.iter().find(|need| need.addresses == largest)?;
            let mover = movers.iter().find(|one| one.pool.name == need.pool.name)?;
            let remedies = smaller(
                mover.pool,
                mover.gain,
                &["scale-down-for-ips", "new-pool-bigger-subnet"],
            );
            Said::new(
                Outcome::Blocker,
                subject,
                format!(
                    "{} of {} need {largest} addresses, {free} are free",
                    counted(need.nodes as usize, "surge node"),
                    Subject::pool(&need.pool.name),
                ),
            )
            .cured_by(&remedies)
        }
    };
    said = said.with(state);
    for need in needs {
        said = said.with(format!(
            "{}: {} need {} addresses",
            Subject::pool(&need.pool.name),
            counted(need.nodes as usize, "surge node"),
            need.addresses
        ));
    }
    Some(said)
}

/// Overlay and kubenet: 256 addresses of the pod range for each node, at the peak of the pool that gains most.
fn of_pod_range(cluster: &Cluster, details: &ClusterDetails, movers: &[Moving<'_>]) -> Vec<Said> {
    let Some(most) = movers.iter().max_by_key(|one| one.gain.nodes) else {
        return Vec::new();
    };
    let flavour = Flavour::of(cluster.network, most.pool, false);
    if !flavour.uses_pod_range() {
        return Vec::new();
    }
    let nodes = u64::from(cluster.node_count()) + u64::from(most.gain.nodes);
    let remedies = smaller(most.pool, most.gain, &[]);
    let mut said = Vec::new();
    if flavour == Flavour::Kubenet && nodes > KUBENET_NODES {
        said.push(
            Said::new(
                Outcome::Blocker,
                Subject::Cluster,
                format!("{nodes} nodes with surge, kubenet has routes for {KUBENET_NODES}"),
            )
            .cured_by(&remedies),
        );
    }
    let Some(range) = &details.pod_cidr else {
        let unread = Unread::NotServed {
            why: "Azure named no pod range".to_owned(),
        };
        said.push(unknown(Subject::Cluster, "the pod range", &unread));
        return said;
    };
    let subject = limit("pod range", range);
    match range_size(range) {
        None => said.push(unknown(
            subject,
            "its size",
            &Unread::Failed {
                why: format!("'{range}' is no IPv4 range"),
            },
        )),
        Some(size) if nodes * POD_RANGE_OF_A_NODE > size => said.push(
            Said::new(
                Outcome::Blocker,
                subject,
                format!(
                    "{nodes} nodes with surge need {} addresses, the range has {size}",
                    nodes * POD_RANGE_OF_A_NODE
                ),
            )
            .with(format!(
                "{} now, {} more while {} is upgraded",
                counted(cluster.node_count() as usize, "node"),
                most.gain.nodes,
                Subject::pool(&most.pool.name)
            ))
            .cured_by(&remedies),
        ),
        Some(_) => {}
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::network::PodNetwork;
    use crate::domain::node_pool::NodePool;
    use crate::domain::surge::Share;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{SUBNET, check, denied, passes};

    const NODES: &str = "subnet nodes";

    fn subnet(survey: &mut Survey, limit: u64, used: u64) {
        let fact = survey.azure.subnets.get_mut(SUBNET).unwrap().as_mut().unwrap();
        (fact.limit, fact.used) = (limit, used);
    }

    fn pools(survey: &mut Survey, change: impl Fn(&mut NodePool)) {
        survey.azure.cluster.as_mut().unwrap().pools.iter_mut().for_each(change);
    }

    #[test]
    fn the_largest_need_blocks_and_the_sum_warns() {
        // Three pools of nine nodes, a third of each at a time: 3 addresses each with overlay.
        let said = check(look, |survey| subnet(survey, 30, 28), Outcome::Blocker, NODES);
        assert_eq!(
            said.headline,
            "3 surge nodes of node pool apps need 3 addresses, 2 are free"
        );
        assert_eq!(
            said.remedies,
            [
                "lower-surge",
                "in-place",
                "scale-down-for-ips",
                "new-pool-bigger-subnet"
            ]
        );
        let said = check(look, |survey| subnet(survey, 30, 27), Outcome::Warning, NODES);
        assert_eq!(
            said.headline,
            "3 free addresses hold each pool's surge alone, not all together: 9 are needed"
        );
        passes(look, |survey| subnet(survey, 36, 27));
    }

    #[test]
    fn with_pods_in_the_node_subnet_each_node_takes_more() {
        let in_subnet = |limit| {
            move |survey: &mut Survey| {
                survey.azure.cluster.as_mut().unwrap().network = Some(PodNetwork::Subnet);
                pools(survey, |pool| pool.max_pods = Some(30));
                subnet(survey, limit, 0);
            }
        };
        check(look, in_subnet(92), Outcome::Blocker, NODES);
        check(look, in_subnet(93), Outcome::Warning, NODES);
        passes(look, in_subnet(279));
    }

    #[test]
    fn a_pod_subnet_is_judged_by_itself() {
        const PODS: &str = "/subscriptions/s1/resourcegroups/r/providers/n/virtualnetworks/v/subnets/pods";
        let with_pods = |free: u64, is_static: bool| {
            move |survey: &mut Survey| {
                survey.azure.cluster.as_mut().unwrap().network = Some(PodNetwork::Subnet);
                pools(survey, |pool| pool.pod_subnet = Some(PODS.to_uppercase()));
                for pool in survey.azure.details.as_mut().unwrap().pools.values_mut() {
                    pool.has_static_pod_blocks = is_static;
                }
                let mut fact = survey.azure.subnets[SUBNET].clone().unwrap();
                (fact.id, fact.limit, fact.used) = (PODS.to_owned(), free, 0);
                survey.azure.subnets.insert(PODS.to_owned(), Ok(fact));
            }
        };
        check(look, with_pods(47, false), Outcome::Blocker, "subnet pods");
        passes(look, with_pods(144, false));
        check(look, with_pods(335, true), Outcome::Blocker, "subnet pods");
        check(look, with_pods(336, true), Outcome::Warning, "subnet pods");
    }

    #[test]
    fn the_pod_range_holds_every_node() {
        let range = |range: &str| {
            let range = range.to_owned();
            move |survey: &mut Survey| survey.azure.details.as_mut().unwrap().pod_cidr = Some(range)
        };
        // 27 nodes and 3 more: 7,680 addresses.
        let said = check(look, range("10.0.0.0/20"), Outcome::Blocker, "pod range 10.0.0.0/20");
        assert_eq!(
            said.headline,
            "30 nodes with surge need 7680 addresses, the range has 4096"
        );
        passes(look, range("10.0.0.0/19"));
        check(look, range("fd00::/64"), Outcome::Unknown, "pod range fd00::/64");
        check(
            look,
            |survey| survey.azure.details.as_mut().unwrap().pod_cidr = None,
            Outcome::Unknown,
            "the cluster",
        );
    }

    #[test]
    fn kubenet_has_routes_for_so_many_nodes() {
        let nodes = |count| {
            move |survey: &mut Survey| {
                let cluster = survey.azure.cluster.as_mut().unwrap();
                cluster.network = Some(PodNetwork::Kubenet);
                for pool in &mut cluster.pools {
                    pool.count = count;
                    pool.upgrade_settings.max_surge = Some(Share::Nodes(1));
                }
                survey.azure.details.as_mut().unwrap().pod_cidr = Some("10.0.0.0/8".to_owned());
            }
        };
        passes(look, nodes(133));
        check(look, nodes(134), Outcome::Blocker, "the cluster");
    }

    #[test]
    fn nothing_is_needed_in_place_of_stopped_pools_and_in_networks_of_aks() {
        passes(look, |survey| {
            subnet(survey, 27, 27);
            pools(survey, |pool| {
                pool.upgrade_settings.max_surge = Some(Share::Nodes(0));
                pool.upgrade_settings.max_unavailable = Some(Share::Nodes(1));
            });
        });
        passes(look, |survey| {
            subnet(survey, 27, 27);
            pools(survey, |pool| pool.vnet_subnet = None);
        });
    }

    #[test]
    fn what_was_not_read_is_unknown() {
        let unread = |survey: &mut Survey| {
            survey.azure.subnets.insert(SUBNET.to_owned(), Err(denied()));
        };
        check(look, unread, Outcome::Unknown, NODES);
        check(look, |survey| survey.azure.subnets.clear(), Outcome::Unknown, NODES);
        check(
            look,
            |survey| survey.azure.details = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
