//! The replicas of a workload do not all sit on one node, where one drain takes them together. A budget over them keeps
//! the drain from doing so, so such workloads are not told.

use std::collections::BTreeMap;

use crate::domain::ids::NodeName;
use crate::domain::pod::Owner;
use crate::domain::subject::Subject;
use crate::domain::survey::{NodeFact, PodFact};
use crate::preflight::checks::moving::{is_on_moving_pool, names};
use crate::preflight::checks::told::{Told, object, read, told, unknown};
use crate::preflight::cluster_index::owner_in_words;
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::system::is_system_namespace;
use crate::preflight::wording::counted;

/// Pods of one owner, as far as they are on one node.
struct Group<'a> {
    first: &'a PodFact,
    node: &'a NodeName,
    pods: usize,
    is_spread: bool,
}

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let kubernetes = &question.survey.kubernetes;
    let nodes = read(&kubernetes.nodes, "nodes")?;
    let pods = read(&kubernetes.pods, "pods")?;
    let moving = names(question);
    let mut groups: BTreeMap<(&str, &Owner), Group<'_>> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| is_replica(pod)) {
        let (Some(node), Some(owner)) = (&pod.pod.node, &pod.pod.owner) else {
            continue;
        };
        let group = groups.entry((&pod.pod.namespace, owner)).or_insert(Group {
            first: pod,
            node,
            pods: 0,
            is_spread: false,
        });
        group.pods += 1;
        group.is_spread |= group.node != node;
    }
    let mut said = Vec::new();
    let by_name: BTreeMap<&NodeName, &NodeFact> = nodes.iter().map(|node| (&node.node.name, node)).collect();
    for ((namespace, owner), group) in groups {
        let is_moving = by_name
            .get(group.node)
            .is_some_and(|node| is_on_moving_pool(node, &moving));
        if group.pods < 2 || group.is_spread || !is_moving {
            continue;
        }
        if let Err(unread) = &kubernetes.budgets {
            said.push(unknown(Subject::Cluster, "budgets over pods on one node", unread));
            break;
        }
        if !question.budgets_of_pod(group.first).is_empty() {
            continue;
        }
        let owner = owner_in_words(group.first).unwrap_or_else(|| owner.clone());
        said.push(
            Said::new(
                Outcome::Warning,
                object(&owner.kind, namespace, &owner.name),
                format!(
                    "all {} are on node {}: its drain takes them together",
                    counted(group.pods, "pod"),
                    group.node
                ),
            )
            .with("no budget covers them"),
        );
    }
    Ok(said)
}

fn is_replica(pod: &PodFact) -> bool {
    let is_kept = pod
        .pod
        .owner
        .as_ref()
        .is_some_and(|owner| matches!(owner.kind.as_str(), "ReplicaSet" | "StatefulSet"));
    is_kept && pod.pod.holds_drain() && pod.pod.deletion_at.is_none() && !is_system_namespace(&pod.pod.namespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    fn together(survey: &mut Survey) {
        let pods = survey.kubernetes.pods.as_mut().unwrap();
        let mut carts = pods.iter_mut().filter(|pod| pod.pod.labels["app"] == "cart");
        let node = carts.next().unwrap().pod.node.clone();
        for pod in carts {
            pod.pod.node.clone_from(&node);
        }
    }

    #[test]
    fn replicas_on_one_node_without_a_budget_are_a_warning() {
        let unguarded = |survey: &mut Survey| {
            together(survey);
            let budgets = survey.kubernetes.budgets.as_mut().unwrap();
            budgets.retain(|fact| fact.budget.name != "cart-pdb");
        };
        let said = check(look, unguarded, Outcome::Warning, "Deployment shop/cart");
        assert_eq!(
            said.headline,
            "all 3 pods are on node aks-apps-12345678-vmss000000: its drain takes them together"
        );
    }

    #[test]
    fn a_budget_keeps_them_from_going_together() {
        passes(look, together);
    }

    #[test]
    fn what_was_not_read_is_unknown() {
        let no_budgets = |survey: &mut Survey| {
            together(survey);
            survey.kubernetes.budgets = Err(denied());
        };
        check(look, no_budgets, Outcome::Unknown, "the cluster");
        check(
            look,
            |survey| survey.kubernetes.pods = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
