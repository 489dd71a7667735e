//! System pools have room for CoreDNS and its like while one node is away
//! (AKS docs "Customize node pool rolling upgrades" and "Use system node pools", 2026).

use crate::domain::node_pool::{NodePool, PoolMode};
use crate::domain::provisioning::PowerState;
use crate::domain::subject::Subject;
use crate::preflight::checks::told::{Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::wording::counted;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let cluster = read(&question.survey.azure.cluster, "the cluster in Azure")?;
    let system: Vec<&NodePool> = cluster
        .pools
        .iter()
        .filter(|pool| pool.mode == PoolMode::System && pool.power_state != PowerState::Stopped)
        .collect();
    let mut said: Vec<Said> = system
        .iter()
        .filter_map(|pool| {
            let share = pool.upgrade_settings.max_unavailable?;
            (share.of(pool.count.max(1)) > 0).then(|| {
                Said::new(
                    Outcome::Blocker,
                    Subject::pool(&pool.name),
                    format!("max unavailable {share}: AKS refuses it on a system pool"),
                )
                .cured_by(&["lower-surge"])
            })
        })
        .collect();
    let nodes: u32 = system.iter().map(|pool| pool.count).sum();
    let names: Vec<String> = system.iter().map(|pool| pool.name.to_string()).collect();
    if let Some(first) = system.first().filter(|_| nodes < 2) {
        said.push(
            Said::new(
                Outcome::Warning,
                Subject::pool(&first.name),
                format!(
                    "{} over all system pools: CoreDNS and its like move together; 3 are advised",
                    counted(nodes as usize, "node")
                ),
            )
            .with(format!("system pools: {}", names.join(", ")))
            .cured_by(&["scale-pool-up"]),
        );
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::surge::Share;
    use crate::domain::survey::Survey;
    use crate::preflight::question::Planned;
    use crate::preflight::samples::{ask_planned, check, healthy, passes};

    #[test]
    fn one_system_node_is_too_few() {
        let one = |survey: &mut Survey| survey.azure.cluster.as_mut().unwrap().pools[0].count = 1;
        let said = check(look, one, Outcome::Warning, "node pool system");
        assert_eq!(
            said.headline,
            "1 node over all system pools: CoreDNS and its like move together; 3 are advised"
        );
    }

    #[test]
    fn a_system_pool_takes_no_max_unavailable() {
        let unavailable = |survey: &mut Survey| {
            let pool = &mut survey.azure.cluster.as_mut().unwrap().pools[0];
            pool.upgrade_settings.max_unavailable = Some(Share::Nodes(1));
        };
        check(look, unavailable, Outcome::Blocker, "node pool system");
        passes(look, |survey| {
            let pools = &mut survey.azure.cluster.as_mut().unwrap().pools;
            pools[0].upgrade_settings.max_unavailable = Some(Share::Nodes(0));
            pools[1].upgrade_settings.max_unavailable = Some(Share::Nodes(1));
        });
    }

    #[test]
    fn an_unread_cluster_is_unknown() {
        let survey = Survey {
            azure: crate::domain::survey::AzureSurvey::default(),
            ..healthy()
        };
        let said = ask_planned(look, &survey, &Planned::default());
        assert_eq!(said[0].outcome, Outcome::Unknown);
    }
}
