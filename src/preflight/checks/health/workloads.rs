//! Workloads that are broken before the upgrade: they use up budgets, and the list is the baseline for afterwards.
//! Daemon sets and kube-system have checks of their own.

use crate::domain::subject::Subject;
use crate::domain::survey::{ContainerState, PodFact, WorkloadFact};
use crate::preflight::checks::told::{Told, object, read, told, unknown, workload};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let kubernetes = &question.survey.kubernetes;
    let workloads = read(&kubernetes.workloads, "workloads")?;
    let pods = read(&kubernetes.pods, "pods")?;
    let broken: Vec<&WorkloadFact> = workloads
        .iter()
        .filter(|fact| matches!(fact.kind.as_str(), "Deployment" | "StatefulSet"))
        .filter(|fact| fact.namespace != "kube-system" && fact.ready < fact.replicas)
        .collect();
    let mut said = Vec::new();
    if let (false, Err(unread)) = (broken.is_empty(), &kubernetes.budgets) {
        said.push(unknown(Subject::Cluster, "budgets of broken workloads", unread));
    }
    said.extend(broken.into_iter().map(|fact| of_workload(fact, question)));
    said.extend(pods.iter().filter(|pod| is_broken_alone(pod)).map(|pod| {
        Said::new(
            Outcome::Warning,
            object("Pod", &pod.pod.namespace, &pod.pod.name),
            "a pod without an owner is not ready",
        )
        .with(words(pod))
        .cured_by(&["fix-unready-pods"])
    }));
    Ok(said)
}

fn is_unready(pod: &PodFact) -> bool {
    !matches!(pod.pod.phase.as_str(), "Succeeded" | "Failed") && pod.pod.deletion_at.is_none() && !pod.pod.is_ready
}

fn is_broken_alone(pod: &PodFact) -> bool {
    is_unready(pod)
        && pod.pod.owner.is_none()
        && !pod.pod.is_mirror
        && pod.pod.node.is_some()
        && pod.pod.namespace != "kube-system"
}

fn of_workload(fact: &WorkloadFact, question: &Question<'_>) -> Said {
    let spent = question
        .budgets_of_workload(fact)
        .into_iter()
        .map(|fact| &fact.budget)
        .find(|budget| budget.disruptions_allowed <= 0 && budget.current_healthy < budget.desired_healthy);
    let outcome = if spent.is_some() {
        Outcome::Blocker
    } else {
        Outcome::Warning
    };
    let mut said = Said::new(
        outcome,
        workload(fact),
        format!("{} of {} pods are ready", fact.ready, fact.replicas),
    )
    .cured_by(&["fix-unready-pods"]);
    if let Some(budget) = spent {
        said = said.with(format!(
            "PodDisruptionBudget {}: {} healthy, {} wanted, no eviction allowed",
            budget.name, budget.current_healthy, budget.desired_healthy
        ));
    }
    let pods = question
        .pods_of_workload(fact)
        .into_iter()
        .filter(|pod| is_unready(pod));
    pods.take(3).fold(said, |said, pod| said.with(words(pod)))
}

/// What a pod that is not ready says of itself.
fn words(pod: &PodFact) -> String {
    let reasons: Vec<String> = pod
        .containers
        .iter()
        .filter(|container| !container.is_ready)
        .map(|container| {
            let state = match &container.state {
                ContainerState::Waiting { reason, message } if message.is_empty() => reason.clone(),
                ContainerState::Waiting { reason, message } => format!("{reason}: {message}"),
                ContainerState::Ended { reason, exit_code } => format!("{reason} ({exit_code})"),
                ContainerState::Running => "running, not ready".to_owned(),
                ContainerState::Unknown => "state unknown".to_owned(),
            };
            let restarts = match container.restarts {
                0 => String::new(),
                restarts => format!(", {restarts} restarts"),
            };
            format!("{}: {state}{restarts}", container.name)
        })
        .collect();
    match (reasons.is_empty(), &pod.unschedulable) {
        (_, Some(message)) => format!("{} has no node: {message}", pod.pod.name),
        (true, None) => format!("{} is {} and not ready", pod.pod.name, pod.pod.phase),
        (false, None) => format!("{}: {}", pod.pod.name, reasons.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::samples::{check, denied, pod};

    fn break_cart(survey: &mut crate::domain::survey::Survey, ready: u32) {
        let workloads = survey.kubernetes.workloads.as_mut().unwrap();
        workloads.iter_mut().find(|fact| fact.name == "cart").unwrap().ready = ready;
        let pods = survey.kubernetes.pods.as_mut().unwrap();
        let cart = pods.iter_mut().find(|fact| fact.pod.labels["app"] == "cart").unwrap();
        cart.pod.is_ready = false;
        cart.containers[0].is_ready = false;
        cart.containers[0].restarts = 12;
        cart.containers[0].state = ContainerState::Waiting {
            reason: "CrashLoopBackOff".to_owned(),
            message: "back-off 5m0s".to_owned(),
        };
    }

    #[test]
    fn a_broken_workload_is_told_with_its_pods_words() {
        let said = check(
            look,
            |survey| break_cart(survey, 2),
            Outcome::Warning,
            "Deployment shop/cart",
        );
        assert_eq!(said.headline, "2 of 3 pods are ready");
        assert_eq!(
            said.evidence,
            ["cart-apps-0: cart: CrashLoopBackOff: back-off 5m0s, 12 restarts"]
        );
    }

    #[test]
    fn a_spent_budget_over_it_blocks() {
        let break_it = |survey: &mut crate::domain::survey::Survey| {
            break_cart(survey, 1);
            let budgets = survey.kubernetes.budgets.as_mut().unwrap();
            let budget = budgets.iter_mut().find(|fact| fact.budget.name == "cart-pdb").unwrap();
            budget.budget.current_healthy = 1;
            budget.budget.disruptions_allowed = 0;
        };
        let said = check(look, break_it, Outcome::Blocker, "Deployment shop/cart");
        assert_eq!(
            said.evidence[0],
            "PodDisruptionBudget cart-pdb: 1 healthy, 2 wanted, no eviction allowed"
        );
    }

    #[test]
    fn a_pod_nobody_makes_again_is_told_by_itself() {
        let alone = |survey: &mut crate::domain::survey::Survey| {
            let mut pod = pod("shop", "debug", "", "apps", 0);
            pod.pod.is_ready = false;
            survey.kubernetes.pods.as_mut().unwrap().push(pod);
        };
        check(look, alone, Outcome::Warning, "Pod shop/debug-apps-0");
    }

    #[test]
    fn unread_parts_are_unknown() {
        check(
            look,
            |survey| survey.kubernetes.workloads = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
