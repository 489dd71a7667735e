//! Workloads under a budget whose pods have no readiness probe: the budget counts a pod as healthy before it serves.
//! The budget is the sign that the workload serves somebody; a queue worker without one needs no probe.

use super::subjects;
use crate::domain::survey::Unread;
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::system::is_system_namespace;
use crate::preflight::wording::{counted, listed};

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let kubernetes = &question.survey.kubernetes;
    let workloads = kubernetes.workloads.as_ref()?;
    kubernetes.budgets.as_ref()?;
    question.pods_on_moving_nodes()?;
    Ok(workloads
        .iter()
        .filter(|workload| matches!(&*workload.kind, "Deployment" | "StatefulSet"))
        .filter(|workload| workload.replicas >= 2 && !workload.has_readiness_probe)
        .filter(|workload| !is_system_namespace(&workload.namespace))
        .filter(|workload| {
            question
                .pods_of_workload(workload)
                .iter()
                .any(|pod| question.is_to_evict(pod))
        })
        .filter_map(|workload| {
            let budgets = question.budgets_of_workload(workload);
            (!budgets.is_empty()).then(|| {
                let headline = format!(
                    "{} without a readiness probe: {} counts a new pod as healthy before it serves",
                    counted(workload.replicas as usize, "replica"),
                    listed(budgets.iter().map(|fact| &fact.budget.name)),
                );
                Said::new(Outcome::Warning, subjects::of_workload(workload), headline)
            })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    fn without_probe(survey: &mut Survey, app: &str) {
        let workloads = survey.kubernetes.workloads.as_mut().unwrap();
        let found = workloads.iter_mut().find(|workload| workload.name == app);
        found.unwrap().has_readiness_probe = false;
    }

    #[test]
    fn a_budget_over_pods_without_a_probe_is_told() {
        check(
            look,
            |survey| without_probe(survey, "web"),
            Outcome::Warning,
            "Deployment shop/web",
        );
    }

    #[test]
    fn without_a_budget_or_of_aks_own_it_is_not() {
        passes(look, |survey| {
            without_probe(survey, "web");
            survey
                .kubernetes
                .budgets
                .as_mut()
                .unwrap()
                .retain(|fact| fact.budget.name != "web-pdb");
        });
        passes(look, |survey| without_probe(survey, "coredns"));
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
