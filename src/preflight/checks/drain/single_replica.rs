//! Workloads of one pod without a budget: evicted first, started after, so they are away for as long as they start
//! (AKS docs "Deployment and cluster reliability best practices", 2026).

use super::subjects;
use crate::domain::survey::{Unread, WorkloadFact};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::system::is_system_namespace;

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
        .filter(|workload| matches!(&*workload.kind, "Deployment" | "StatefulSet" | "ReplicaSet"))
        .filter(|workload| workload.owner.is_none() || workload.kind != "ReplicaSet")
        .filter(|workload| workload.replicas == 1 && !is_system_namespace(&workload.namespace))
        .filter(|workload| question.budgets_of_workload(workload).is_empty())
        .filter(|workload| {
            question
                .pods_of_workload(workload)
                .iter()
                .any(|pod| question.is_to_evict(pod))
        })
        .map(|workload| say(question, workload))
        .collect())
}

fn say(question: &Question<'_>, workload: &WorkloadFact) -> Said {
    let said = Said::new(
        Outcome::Warning,
        subjects::of_workload(workload),
        "it has a single replica: a short outage from its eviction until the new pod is ready",
    );
    let autoscalers = question.survey.kubernetes.autoscalers.iter().flatten();
    let scaled = autoscalers
        .filter(|scaler| scaler.namespace == workload.namespace)
        .find(|scaler| scaler.target.kind == workload.kind && scaler.target.name == workload.name)
        .map(|scaler| {
            format!(
                "HorizontalPodAutoscaler {} keeps it between {} and {}: raise its minimum",
                scaler.name, scaler.min, scaler.max
            )
        });
    let kept = subjects::reverted_by(workload.managed_by.as_ref());
    Said {
        evidence: [scaled, kept].into_iter().flatten().collect(),
        ..said
    }
    .cured_by(&["scale-up-workload"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::{AutoscalerFact, Survey};
    use crate::preflight::question::Planned;
    use crate::preflight::samples::{ask_planned, budget, check, denied, healthy, owner, passes, pod, workload};

    fn alone(survey: &mut Survey, namespace: &str, kind: &str) {
        let kubernetes = &mut survey.kubernetes;
        kubernetes
            .workloads
            .as_mut()
            .unwrap()
            .push(workload(kind, namespace, "alone", 1));
        kubernetes
            .pods
            .as_mut()
            .unwrap()
            .push(pod(namespace, "alone", kind, "apps", 0));
    }

    #[test]
    fn one_replica_is_an_outage() {
        check(
            look,
            |survey| alone(survey, "shop", "Deployment"),
            Outcome::Warning,
            "Deployment shop/alone",
        );
        check(
            look,
            |survey| alone(survey, "shop", "StatefulSet"),
            Outcome::Warning,
            "StatefulSet shop/alone",
        );
    }

    #[test]
    fn an_autoscaler_is_named() {
        let said = check(
            look,
            |survey| {
                alone(survey, "shop", "Deployment");
                survey.kubernetes.autoscalers.as_mut().unwrap().push(AutoscalerFact {
                    namespace: "shop".into(),
                    name: "alone".into(),
                    target: owner("Deployment", "alone"),
                    min: 1,
                    max: 4,
                    managed_by: None,
                });
            },
            Outcome::Warning,
            "Deployment shop/alone",
        );
        assert_eq!(
            said.evidence,
            ["HorizontalPodAutoscaler alone keeps it between 1 and 4: raise its minimum"]
        );
    }

    #[test]
    fn aks_own_daemons_and_those_with_a_budget_are_not_told() {
        passes(look, |survey| alone(survey, "kube-system", "Deployment"));
        passes(look, |survey| alone(survey, "shop", "DaemonSet"));
        passes(look, |survey| {
            alone(survey, "shop", "Deployment");
            survey
                .kubernetes
                .budgets
                .as_mut()
                .unwrap()
                .push(budget("shop", "alone", 1, 1));
        });
        let mut survey = healthy();
        alone(&mut survey, "shop", "Deployment");
        let data_only = Planned {
            pools: [("data".into(), None)].into(),
            ..Planned::default()
        };
        assert!(ask_planned(look, &survey, &data_only).is_empty());
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
