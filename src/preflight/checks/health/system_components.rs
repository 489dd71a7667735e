//! What carries DNS, webhooks, network and storage during drains is well: the workloads of kube-system.

use std::collections::BTreeSet;

use crate::domain::survey::{NodeFact, PodFact, WorkloadFact};
use crate::preflight::checks::told::{Told, read, told, workload};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::wording::counted;

/// DNS, and the tunnel from the API server to webhooks and kubelets (AKS docs "Tunnel connectivity issues", 2026).
const CARRIERS: &[&str] = &["coredns", "konnectivity-agent"];

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let kubernetes = &question.survey.kubernetes;
    let workloads = read(&kubernetes.workloads, "workloads")?;
    read(&kubernetes.pods, "pods")?;
    let nodes = read(&kubernetes.nodes, "nodes")?;
    Ok(workloads
        .iter()
        .filter(|fact| fact.namespace == "kube-system")
        .filter_map(|fact| match fact.kind.as_str() {
            "DaemonSet" => daemons(fact, nodes),
            "Deployment" if CARRIERS.contains(&fact.name.as_str()) => {
                carrier(fact, &question.pods_of_workload(fact), nodes)
            }
            "Deployment" | "StatefulSet" => (fact.ready < fact.replicas).then(|| short(fact, Outcome::Warning)),
            _ => None,
        })
        .collect())
}

fn short(fact: &WorkloadFact, outcome: Outcome) -> Said {
    Said::new(
        outcome,
        workload(fact),
        format!("{} of {} pods are ready", fact.ready, fact.replicas),
    )
}

/// Nodes that are not ready explain as many missing pods; they have a check of their own.
fn daemons(fact: &WorkloadFact, nodes: &[NodeFact]) -> Option<Said> {
    let not_ready = nodes.iter().filter(|node| !node.node.readiness.is_ready()).count();
    let missing = fact.replicas.saturating_sub(fact.ready) as usize;
    (missing > not_ready).then(|| short(fact, Outcome::Warning))
}

fn carrier(fact: &WorkloadFact, pods: &[&PodFact], nodes: &[NodeFact]) -> Option<Said> {
    let ready: Vec<&&PodFact> = pods.iter().filter(|pod| pod.pod.is_ready).collect();
    let places: BTreeSet<_> = ready.iter().filter_map(|pod| pod.pod.node.as_ref()).collect();
    let is_one_node = nodes.len() < 2;
    let remedies: &[&str] = if fact.name == "konnectivity-agent" {
        &["restart-konnectivity", "scale-pool-up"]
    } else {
        &["scale-pool-up"]
    };
    if fact.ready < 2 {
        let outcome = if is_one_node {
            Outcome::Warning
        } else {
            Outcome::Blocker
        };
        return Some(
            Said::new(
                outcome,
                workload(fact),
                format!(
                    "{} ready, 2 are needed while nodes are drained",
                    counted(fact.ready as usize, "pod")
                ),
            )
            .with(format!("{} wanted", counted(fact.replicas as usize, "pod")))
            .cured_by(remedies),
        );
    }
    if places.len() == 1 && !is_one_node {
        return Some(
            Said::new(
                Outcome::Warning,
                workload(fact),
                format!(
                    "all {} are on one node: its drain takes them together",
                    counted(fact.ready as usize, "pod")
                ),
            )
            .with(format!("node {}", ready.iter().find_map(|pod| pod.pod.node.as_ref())?))
            .cured_by(remedies),
        );
    }
    (fact.ready < fact.replicas).then(|| short(fact, Outcome::Warning).cured_by(remedies))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::node::Readiness;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    fn ready(survey: &mut Survey, name: &str, ready: u32) {
        let workloads = survey.kubernetes.workloads.as_mut().unwrap();
        workloads.iter_mut().find(|fact| fact.name == name).unwrap().ready = ready;
    }

    #[test]
    fn dns_and_tunnel_need_two_ready_pods() {
        let said = check(
            look,
            |survey| ready(survey, "coredns", 1),
            Outcome::Blocker,
            "Deployment kube-system/coredns",
        );
        assert_eq!(said.remedies, ["scale-pool-up"]);
        let said = check(
            look,
            |survey| ready(survey, "konnectivity-agent", 0),
            Outcome::Blocker,
            "Deployment kube-system/konnectivity-agent",
        );
        assert_eq!(said.remedies, ["restart-konnectivity", "scale-pool-up"]);
    }

    #[test]
    fn on_a_cluster_of_one_node_it_is_a_warning() {
        let one_node = |survey: &mut Survey| {
            survey.kubernetes.nodes.as_mut().unwrap().truncate(1);
            ready(survey, "coredns", 1);
        };
        check(look, one_node, Outcome::Warning, "Deployment kube-system/coredns");
    }

    #[test]
    fn both_pods_on_one_node_is_a_warning() {
        let together = |survey: &mut Survey| {
            let pods = survey.kubernetes.pods.as_mut().unwrap();
            let node = pods[0].pod.node.clone();
            pods[1].pod.node = node;
        };
        check(look, together, Outcome::Warning, "Deployment kube-system/coredns");
    }

    #[test]
    fn daemons_may_miss_nodes_that_are_not_ready() {
        let missing = |survey: &mut Survey| ready(survey, "azure-cns", 26);
        check(look, missing, Outcome::Warning, "DaemonSet kube-system/azure-cns");
        passes(look, |survey| {
            ready(survey, "azure-cns", 26);
            survey.kubernetes.nodes.as_mut().unwrap()[0].node.readiness = Readiness::Unknown;
        });
        check(
            look,
            |survey| ready(survey, "metrics-server", 1),
            Outcome::Warning,
            "Deployment kube-system/metrics-server",
        );
    }

    #[test]
    fn unread_pods_are_unknown() {
        check(
            look,
            |survey| survey.kubernetes.pods = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
