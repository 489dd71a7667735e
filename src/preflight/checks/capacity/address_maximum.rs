//! The pools could grow to their planned maximum and still be upgraded: AKS counts with it on any write
//! (AKS docs "InsufficientSubnetSize error", 2026).

use super::addresses_needed::Needs;
use crate::domain::subject::Subject;
use crate::preflight::arithmetic::addresses::{Flavour, POD_RANGE_OF_A_NODE, range_size};
use crate::preflight::arithmetic::surge_nodes::gain;
use crate::preflight::checks::moving::{cluster_and_details, details_of};
use crate::preflight::checks::told::{Told, limit, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::wording::counted;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let (cluster, details) = cluster_and_details(question)?;
    let mut needs = Needs::default();
    let mut nodes_in_range = 0_u64;
    for pool in &cluster.pools {
        let known = details_of(details, pool);
        let most = match (pool.is_autoscaled, known.max_count) {
            (true, Some(max)) => max.max(pool.count),
            _ => pool.count,
        };
        let to = question.planned.pools.get(&pool.name).copied().flatten();
        let nodes = most.saturating_add(gain(pool, most, known.upgrade_strategy.as_deref(), to).nodes);
        needs.add(cluster, pool, known, nodes);
        if Flavour::of(cluster.network, pool, false).uses_pod_range() {
            nodes_in_range += u64::from(nodes);
        }
    }
    let mut said: Vec<Said> = needs
        .by_subnet(&question.survey.azure.subnets)
        .filter_map(|subnet| {
            let (subject, fact, needs) = match subnet {
                Ok(subnet) => subnet,
                Err(unknown) => return Some(*unknown),
            };
            let sum: u64 = needs.iter().map(|need| need.addresses).sum();
            (sum > fact.limit).then(|| {
                let headline = format!(
                    "the pools at their maximum with surge need {sum} addresses, {} has {}",
                    fact.prefix, fact.limit
                );
                needs
                    .iter()
                    .fold(Said::new(Outcome::Warning, subject, headline), |said, need| {
                        said.with(format!(
                            "{}: at most {}, {} addresses",
                            Subject::pool(&need.pool.name),
                            counted(need.nodes as usize, "node"),
                            need.addresses
                        ))
                    })
            })
        })
        .collect();
    // A range that is missing or cannot be read is told by the check of free addresses.
    if let Some(range) = &details.pod_cidr
        && let Some(size) = range_size(range)
        && nodes_in_range * POD_RANGE_OF_A_NODE > size
    {
        said.push(Said::new(
            Outcome::Warning,
            limit("pod range", range),
            format!(
                "the pools at their maximum with surge have {nodes_in_range} nodes and need {} addresses, the range has {size}",
                nodes_in_range * POD_RANGE_OF_A_NODE
            ),
        ));
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{SUBNET, check, denied, passes};

    fn grows_to(max: u32) -> impl FnOnce(&mut Survey) {
        move |survey| {
            survey.azure.cluster.as_mut().unwrap().pools[1].is_autoscaled = true;
            let details = survey.azure.details.as_mut().unwrap();
            details.pools.get_mut(&"apps".into()).unwrap().max_count = Some(max);
        }
    }

    #[test]
    fn the_maximum_with_surge_must_fit_the_subnet() {
        // 24 addresses of the two pools that stay, and 4/3 of the maximum, in 251.
        let said = check(look, grows_to(171), Outcome::Warning, "subnet nodes");
        assert_eq!(
            said.headline,
            "the pools at their maximum with surge need 252 addresses, 10.1.0.0/24 has 251"
        );
        passes(look, grows_to(170));
    }

    #[test]
    fn the_maximum_with_surge_must_fit_the_pod_range() {
        let small = |survey: &mut Survey| {
            survey.azure.details.as_mut().unwrap().pod_cidr = Some("10.0.0.0/19".to_owned());
        };
        check(look, small, Outcome::Warning, "pod range 10.0.0.0/19");
    }

    #[test]
    fn an_unread_subnet_is_unknown() {
        let unread = |survey: &mut Survey| {
            survey.azure.subnets.insert(SUBNET.to_owned(), Err(denied()));
        };
        check(look, unread, Outcome::Unknown, "subnet nodes");
    }
}
