//! Workloads with several replicas and no budget, all on nodes that may be drained at the same time: all of them may go at
//! once (AKS docs "Automatic pod disruption budget management", 2026).

use std::collections::BTreeSet;

use super::subjects;
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::survey::{Unread, WorkloadFact};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::{Question, drained_together};
use crate::preflight::system::is_system_namespace;
use crate::preflight::wording::{counted, listed};

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let kubernetes = &question.survey.kubernetes;
    let workloads = kubernetes.workloads.as_ref()?;
    kubernetes.budgets.as_ref()?;
    question.survey.azure.cluster.as_ref()?;
    question.pods_on_moving_nodes()?;
    Ok(workloads
        .iter()
        .filter(|workload| matches!(&*workload.kind, "Deployment" | "StatefulSet"))
        .filter(|workload| workload.replicas >= 2 && !is_system_namespace(&workload.namespace))
        .filter(|workload| question.budgets_of_workload(workload).is_empty())
        .filter_map(|workload| of_workload(question, workload))
        .collect())
}

fn of_workload(question: &Question<'_>, workload: &WorkloadFact) -> Option<Said> {
    let pods = question.pods_of_workload(workload);
    let mut placed = pods
        .iter()
        .filter(|pod| pod.pod.holds_drain() && pod.pod.node.is_some())
        .peekable();
    placed.peek()?;
    let mut pools: BTreeSet<&NodePoolName> = BTreeSet::new();
    let mut nodes: BTreeSet<&NodeName> = BTreeSet::new();
    for pod in placed {
        pools.insert(question.pool_of(pod)?);
        nodes.extend(&pod.pod.node);
    }
    // Pools are upgraded one after another, so replicas in two pools never go together.
    let only = pools.first().filter(|_| pools.len() == 1)?;
    let pool = question.moving_pools().find(|pool| pool.name == **only)?;
    let width = drained_together(pool);
    (nodes.len() <= width).then(|| {
        let headline = format!(
            "{} and no budget, on {} of {}, which drains up to {width} at the same time: all may go at once",
            counted(workload.replicas as usize, "replica"),
            counted(nodes.len(), "node"),
            pool.name,
        );
        Said::new(Outcome::Warning, subjects::of_workload(workload), headline)
            .with(listed(&nodes))
            .with("a budget with maxUnavailable: 1 keeps the others up")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    fn without_budget(survey: &mut Survey, app: &str) {
        let name = format!("{app}-pdb");
        survey
            .kubernetes
            .budgets
            .as_mut()
            .unwrap()
            .retain(|fact| fact.budget.name != name);
    }

    #[test]
    fn replicas_that_may_go_together_are_told() {
        let said = check(
            look,
            |survey| without_budget(survey, "cart"),
            Outcome::Warning,
            "Deployment shop/cart",
        );
        assert_eq!(
            said.headline,
            "3 replicas and no budget, on 3 nodes of apps, which drains up to 3 at the same time: all may go at once"
        );
    }

    #[test]
    fn replicas_on_more_nodes_or_in_two_pools_and_aks_own_are_not() {
        passes(look, |survey| without_budget(survey, "web"));
        passes(look, |survey| without_budget(survey, "coredns"));
        passes(look, |survey| {
            without_budget(survey, "cart");
            let pods = survey.kubernetes.pods.as_mut().unwrap();
            let one = pods.iter_mut().find(|pod| pod.pod.labels["app"] == "cart").unwrap();
            one.pod.node = Some("aks-data-12345678-vmss000000".into());
        });
    }

    #[test]
    fn without_the_workloads_it_is_unknown() {
        check(
            look,
            |survey| survey.kubernetes.workloads = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
