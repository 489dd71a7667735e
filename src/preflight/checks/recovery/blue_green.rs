//! A pool that is upgraded blue-green can be: room for all its nodes twice, and a soak in which to go back
//! (AKS docs "Blue-green node pool upgrade", preview, 2026).

use crate::domain::subject::Subject;
use crate::preflight::arithmetic::addresses::Flavour;
use crate::preflight::arithmetic::surge_nodes::Way;
use crate::preflight::arithmetic::vcpu::{REGION, free, limit, size_of_nodes};
use crate::preflight::checks::moving::{Moving, cluster_and_details, moving};
use crate::preflight::checks::told::{Told, told, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let mut said = Vec::new();
    for mover in moving(question)?
        .iter()
        .filter(|mover| mover.gain.way == Way::BlueGreen)
    {
        said.extend(settings(mover));
        said.extend(vcpus(question, mover));
        said.extend(addresses(question, mover)?);
    }
    Ok(said)
}

fn settings(mover: &Moving<'_>) -> Vec<Said> {
    let subject = || Subject::pool(&mover.pool.name);
    let mut said = Vec::new();
    let kind = mover.details.pool_type.as_deref().unwrap_or_default();
    if !kind.is_empty() && !kind.eq_ignore_ascii_case("VirtualMachineScaleSets") {
        said.push(Said::new(
            Outcome::Warning,
            subject(),
            format!("a pool of type {kind} cannot be upgraded blue-green"),
        ));
    }
    if mover.details.final_soak_minutes == Some(0) {
        said.push(Said::new(
            Outcome::Warning,
            subject(),
            "the final soak is 0 min: there is no time to roll back",
        ));
    }
    let settings = &mover.pool.upgrade_settings;
    if settings.max_unavailable.is_some() || settings.undrainable_node_behavior.is_some() {
        said.push(Said::new(
            Outcome::Info,
            subject(),
            "max unavailable and undrainable node behaviour do not count in a blue-green upgrade",
        ));
    }
    said
}

fn vcpus(question: &Question<'_>, mover: &Moving<'_>) -> Vec<Said> {
    let azure = &question.survey.azure;
    let subject = || Subject::pool(&mover.pool.name);
    let (usage, sizes) = match (&azure.compute_usage, &azure.vm_sizes) {
        (Ok(usage), Ok(sizes)) => (usage, sizes),
        (Err(unread), _) | (_, Err(unread)) => return vec![unknown(subject(), "vCPUs for green nodes", unread)],
    };
    let size = size_of_nodes(&mover.pool.vm_size, sizes);
    let Some(each) = size.vcpus else {
        return Vec::new();
    };
    let needed = u64::from(each) * u64::from(mover.gain.nodes);
    size.family
        .iter()
        .map(String::as_str)
        .chain([REGION])
        .filter_map(|name| limit(name, usage))
        .filter(|usage| free(usage) < needed)
        .map(|usage| {
            Said::new(
                Outcome::Warning,
                subject(),
                format!(
                    "{} green nodes need {needed} vCPUs of {}, {} are free",
                    mover.gain.nodes,
                    usage.name,
                    free(usage)
                ),
            )
            .cured_by(&["request-quota"])
        })
        .collect()
}

fn addresses(question: &Question<'_>, mover: &Moving<'_>) -> Told {
    let (cluster, _) = cluster_and_details(question)?;
    let flavour = Flavour::of(cluster.network, mover.pool, mover.details.has_static_pod_blocks);
    let needed = flavour.addresses(mover.pool, mover.gain.nodes);
    Ok([
        (&mover.pool.vnet_subnet, needed.node_subnet),
        (&mover.pool.pod_subnet, needed.pod_subnet),
    ]
    .into_iter()
    .filter_map(|(id, needed)| {
        let id = id.as_ref()?.to_ascii_lowercase();
        let fact = question.survey.azure.subnets.get(&id)?.as_ref().ok()?;
        let free = fact.limit.saturating_sub(fact.used);
        (free < needed).then(|| {
            Said::new(
                Outcome::Warning,
                Subject::pool(&mover.pool.name),
                format!(
                    "{} green nodes need {needed} addresses of {}, {free} are free",
                    mover.gain.nodes, fact.prefix
                ),
            )
            .cured_by(&["new-pool-bigger-subnet"])
        })
    })
    .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::surge::Share;
    use crate::domain::survey::{PoolDetails, Survey};
    use crate::preflight::samples::{SUBNET, check, denied, passes};

    fn blue_green(change: impl FnOnce(&mut Survey)) -> impl FnOnce(&mut Survey) {
        move |survey| {
            let details = survey.azure.details.as_mut().unwrap();
            let pool = details.pools.get_mut(&"apps".into()).unwrap();
            pool.upgrade_strategy = Some("BlueGreen".to_owned());
            pool.final_soak_minutes = Some(60);
            survey.azure.cluster.as_mut().unwrap().pools[1]
                .upgrade_settings
                .undrainable_node_behavior = None;
            change(survey);
        }
    }

    fn details(survey: &mut Survey) -> &mut PoolDetails {
        let details = survey.azure.details.as_mut().unwrap();
        details.pools.get_mut(&"apps".into()).unwrap()
    }

    #[test]
    fn a_pool_with_room_for_twice_its_nodes_passes() {
        passes(look, blue_green(|_| {}));
    }

    #[test]
    fn settings_that_do_not_fit_are_told() {
        for (change, outcome) in [
            (
                (|survey| details(survey).pool_type = Some("VirtualMachines".to_owned())) as fn(&mut Survey),
                Outcome::Warning,
            ),
            (|survey| details(survey).final_soak_minutes = Some(0), Outcome::Warning),
            (
                |survey| {
                    let pool = &mut survey.azure.cluster.as_mut().unwrap().pools[1];
                    pool.upgrade_settings.max_unavailable = Some(Share::Nodes(1));
                },
                Outcome::Info,
            ),
        ] {
            check(look, blue_green(change), outcome, "node pool apps");
        }
    }

    #[test]
    fn all_green_nodes_need_vcpus_and_addresses() {
        let full = |survey: &mut Survey| survey.azure.compute_usage.as_mut().unwrap()[1].used = 470;
        let said = check(look, blue_green(full), Outcome::Warning, "node pool apps");
        assert_eq!(
            said.headline,
            "9 green nodes need 36 vCPUs of standardDSv5Family, 30 are free"
        );
        let narrow = |survey: &mut Survey| survey.azure.subnets.get_mut(SUBNET).unwrap().as_mut().unwrap().used = 245;
        let said = check(look, blue_green(narrow), Outcome::Warning, "node pool apps");
        assert_eq!(
            said.headline,
            "9 green nodes need 9 addresses of 10.1.0.0/24, 6 are free"
        );
        let unread = |survey: &mut Survey| survey.azure.compute_usage = Err(denied());
        check(look, blue_green(unread), Outcome::Unknown, "node pool apps");
    }
}
