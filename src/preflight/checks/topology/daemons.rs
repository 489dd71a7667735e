//! Daemon sets are complete, and leave room on each node. Those of kube-system are judged as system components.

use std::collections::BTreeMap;

use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::subject::Subject;
use crate::domain::survey::Resources;
use crate::preflight::checks::moving::pods_on_moving_nodes;
use crate::preflight::checks::told::{Told, read, told, workload};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

/// Share of a node, in percent, above which daemon sets are told.
const MUCH_PERCENT: u64 = 40;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let kubernetes = &question.survey.kubernetes;
    let workloads = read(&kubernetes.workloads, "workloads")?;
    let nodes = read(&kubernetes.nodes, "nodes")?;
    let not_ready = nodes.iter().filter(|node| !node.node.readiness.is_ready()).count();
    let mut said: Vec<Said> = workloads
        .iter()
        .filter(|fact| fact.kind == "DaemonSet" && fact.namespace != "kube-system")
        .filter(|fact| fact.replicas.saturating_sub(fact.ready) as usize > not_ready)
        .map(|fact| {
            Said::new(
                Outcome::Warning,
                workload(fact),
                format!("{} of {} pods are ready", fact.ready, fact.replicas),
            )
        })
        .collect();
    said.extend(shares(question)?);
    Ok(said)
}

/// The node of each moving pool where daemon sets take most, where that is much.
fn shares(question: &Question<'_>) -> Told {
    let pods = pods_on_moving_nodes(question)?;
    let mut asked: BTreeMap<&NodeName, Resources> = BTreeMap::new();
    for pod in pods {
        let is_daemon = pod.pod.owner.as_ref().is_some_and(|owner| owner.kind == "DaemonSet");
        if let Some(node) = pod.pod.node.as_ref().filter(|_| is_daemon) {
            let sum = asked.entry(node).or_default();
            sum.cpu_millis = sum.cpu_millis.saturating_add(pod.requests.cpu_millis);
            sum.memory_bytes = sum.memory_bytes.saturating_add(pod.requests.memory_bytes);
        }
    }
    let mut most: BTreeMap<&NodePoolName, (u64, &NodeName, Resources)> = BTreeMap::new();
    for node in question.survey.kubernetes.nodes.iter().flatten() {
        let (Some(pool), Some(sum)) = (&node.node.pool, asked.get(&node.node.name)) else {
            continue;
        };
        let share = |asked: u64, of: u64| asked.saturating_mul(100) / of.max(1);
        let share = share(sum.cpu_millis, node.allocatable.cpu_millis)
            .max(share(sum.memory_bytes, node.allocatable.memory_bytes));
        if share > MUCH_PERCENT && most.get(pool).is_none_or(|(known, ..)| share > *known) {
            most.insert(pool, (share, &node.node.name, *sum));
        }
    }
    Ok(most
        .into_iter()
        .map(|(pool, (share, node, sum))| {
            Said::new(
                Outcome::Info,
                Subject::pool(pool),
                format!("daemon sets ask for {share}% of a node"),
            )
            .with(format!(
                "node {node}: {} mCPU and {} MiB",
                sum.cpu_millis,
                sum.memory_bytes >> 20
            ))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::node::Readiness;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::workload as workload_of;
    use crate::preflight::samples::{check, denied, passes, pod};

    fn agent(ready: u32) -> impl Fn(&mut Survey) {
        move |survey| {
            let mut daemons = workload_of("DaemonSet", "monitoring", "agent", 27);
            daemons.ready = ready;
            survey.kubernetes.workloads.as_mut().unwrap().push(daemons);
        }
    }

    #[test]
    fn a_daemon_set_that_misses_ready_nodes_is_a_warning() {
        check(look, agent(26), Outcome::Warning, "DaemonSet monitoring/agent");
        passes(look, |survey| {
            agent(26)(survey);
            survey.kubernetes.nodes.as_mut().unwrap()[0].node.readiness = Readiness::Unknown;
        });
    }

    #[test]
    fn daemon_sets_that_take_much_of_a_node_are_told() {
        let greedy = |survey: &mut Survey| {
            let mut daemon = pod("monitoring", "agent", "DaemonSet", "apps", 0);
            daemon.requests.cpu_millis = 1_400;
            survey.kubernetes.pods.as_mut().unwrap().push(daemon);
        };
        let said = check(look, greedy, Outcome::Info, "node pool apps");
        assert_eq!(said.headline, "daemon sets ask for 44% of a node");
    }

    #[test]
    fn what_was_not_read_is_unknown() {
        for unread in [
            (|survey: &mut Survey| survey.kubernetes.workloads = Err(denied())) as fn(&mut Survey),
            |survey| survey.kubernetes.nodes = Err(denied()),
            |survey| survey.kubernetes.pods = Err(denied()),
        ] {
            check(look, unread, Outcome::Unknown, "the cluster");
        }
    }
}
