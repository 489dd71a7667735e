//! Pods whose volume lives in one zone have a second node there (AKS docs "Upgrade options", 2026): with one node only,
//! the pod waits until that node is back.

use std::collections::BTreeMap;

use crate::domain::ids::NodePoolName;
use crate::domain::subject::Subject;
use crate::domain::survey::{NodeFact, PodFact, VolumeFact};
use crate::preflight::arithmetic::placement::{VolumesByClaim, has_zones, may_use, reaches};
use crate::preflight::checks::moving::pods_on_moving_nodes;
use crate::preflight::checks::told::{Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::wording::{counted, listed};

/// Pods of a pool that only one node of their zone can hold.
#[derive(Default)]
struct Tied {
    pods: Vec<String>,
    /// Those that are alone behind a budget: their eviction is refused as well.
    guarded: Vec<String>,
    node: Option<String>,
}

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let kubernetes = &question.survey.kubernetes;
    let volumes = VolumesByClaim::new(read(&kubernetes.volumes, "volumes")?);
    let nodes = read(&kubernetes.nodes, "nodes")?;
    let pods = pods_on_moving_nodes(question)?;
    let by_name: BTreeMap<_, &NodeFact> = nodes.iter().map(|node| (&node.node.name, node)).collect();
    let mut tied: BTreeMap<(&NodePoolName, String), Tied> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| pod.pod.holds_drain()) {
        let zonal: Vec<&VolumeFact> = volumes.of(pod).into_iter().filter(|volume| has_zones(volume)).collect();
        let own = pod.pod.node.as_ref().and_then(|name| by_name.get(name).copied());
        let (Some(own), Some(first)) = (own, zonal.first()) else {
            continue;
        };
        let Some(pool) = own
            .node
            .pool
            .as_ref()
            .filter(|_| has_one_place(pod, own, &zonal, nodes))
        else {
            continue;
        };
        let name = format!("{}/{}", pod.pod.namespace, pod.pod.name);
        let tied = tied.entry((pool, first.zones.join(", "))).or_default();
        let is_guarded = question
            .budgets_of_pod(pod)
            .iter()
            .any(|fact| fact.budget.expected_pods == 1);
        if is_guarded {
            tied.guarded.push(name.clone());
        }
        tied.pods.push(name);
        tied.node = Some(own.node.name.to_string());
    }
    Ok(tied.into_iter().map(say).collect())
}

/// True where no second node takes the pod and reaches its volumes. Rules that forbid even the node it is on are not
/// understood here, and are left out.
fn has_one_place(pod: &PodFact, own: &NodeFact, volumes: &[&VolumeFact], nodes: &[NodeFact]) -> bool {
    let is_understood = may_use(pod, own);
    let places = nodes
        .iter()
        .filter(|node| reaches(volumes, node) && (!is_understood || may_use(pod, node)));
    places.take(2).count() < 2
}

fn say(((pool, zone), tied): ((&NodePoolName, String), Tied)) -> Said {
    let outcome = if tied.guarded.is_empty() {
        Outcome::Warning
    } else {
        Outcome::Blocker
    };
    let mut said = Said::new(
        outcome,
        Subject::pool(pool),
        format!(
            "{} with a volume in {zone}, and one node there that can hold them: {}",
            counted(tied.pods.len(), "pod"),
            listed(&tied.pods)
        ),
    )
    .cured_by(&["scale-pool-zone"]);
    if let Some(node) = tied.node {
        said = said.with(format!("node {node}"));
    }
    if !tied.guarded.is_empty() {
        said = said.with(format!("alone behind a budget: {}", listed(&tied.guarded)));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    /// Leaves one node in the first zone, that of the volume of `db-data-0`.
    fn one_node_in_zone(survey: &mut Survey) {
        let nodes = survey.kubernetes.nodes.as_mut().unwrap();
        nodes.retain(|node| {
            node.node.zone.as_deref() != Some("westeurope-1")
                || node.node.name.as_str() == "aks-data-12345678-vmss000000"
        });
    }

    #[test]
    fn a_volume_in_a_zone_with_one_node_is_a_warning() {
        let said = check(look, one_node_in_zone, Outcome::Warning, "node pool data");
        assert_eq!(
            said.headline,
            "1 pod with a volume in westeurope-1, and one node there that can hold them: shop/db-data-0"
        );
        assert_eq!(said.evidence, ["node aks-data-12345678-vmss000000"]);
    }

    #[test]
    fn a_volume_of_several_zones_passes() {
        passes(look, |survey| {
            one_node_in_zone(survey);
            let volume = &mut survey.kubernetes.volumes.as_mut().unwrap()[0];
            volume.zones.push("westeurope-2".to_owned());
        });
    }

    #[test]
    fn a_single_pod_behind_a_budget_blocks() {
        let guarded = |survey: &mut Survey| {
            one_node_in_zone(survey);
            let budgets = survey.kubernetes.budgets.as_mut().unwrap();
            let budget = budgets.iter_mut().find(|fact| fact.budget.name == "db-pdb").unwrap();
            budget.budget.expected_pods = 1;
        };
        check(look, guarded, Outcome::Blocker, "node pool data");
    }

    #[test]
    fn taints_and_selectors_count() {
        let only_data = |survey: &mut Survey| {
            let nodes = survey.kubernetes.nodes.as_mut().unwrap();
            nodes.retain(|node| {
                !node.node.name.as_str().starts_with("aks-data") || node.node.name.as_str().ends_with('0')
            });
            for pod in survey.kubernetes.pods.as_mut().unwrap() {
                if pod.pod.name == "db-data-0" {
                    let pool = ("kubernetes.azure.com/agentpool".to_owned(), "data".to_owned());
                    pod.node_selector = [pool].into();
                }
            }
        };
        check(look, only_data, Outcome::Warning, "node pool data");
    }

    #[test]
    fn what_was_not_read_is_unknown() {
        for unread in [
            (|survey: &mut Survey| survey.kubernetes.volumes = Err(denied())) as fn(&mut Survey),
            |survey| survey.kubernetes.nodes = Err(denied()),
            |survey| survey.kubernetes.pods = Err(denied()),
        ] {
            check(look, unread, Outcome::Unknown, "the cluster");
        }
    }
}
