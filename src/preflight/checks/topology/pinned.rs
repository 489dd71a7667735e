//! Pods that only live on the nodes they are on: labels set by hand are not copied to new nodes
//! (AKS release notes, 2024), and a fixed port or anti-affinity leaves no second place.

use std::collections::BTreeMap;

use crate::domain::subject::Subject;
use crate::domain::survey::{NodeFact, PodFact};
use crate::preflight::arithmetic::placement::{HOSTNAME, SetRequirement, may_use};
use crate::preflight::arithmetic::surge_nodes::Way;
use crate::preflight::checks::moving::{Moving, moving, pods_on_moving_nodes};
use crate::preflight::checks::told::{Keeper, Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::system::is_system_namespace;
use crate::preflight::wording::{counted, listed};

/// Labels that AKS and Kubernetes set on every node of a pool.
const SET_BY_AKS: &[&str] = &["agentpool", "storageprofile", "storagetier", "accelerator"];

/// Pods of one owner that have some tie.
struct Group<'a> {
    pods: Vec<&'a PodFact>,
    node: &'a NodeFact,
    mover: &'a Moving<'a>,
}

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let movers = moving(question)?;
    let nodes = read(&question.survey.kubernetes.nodes, "nodes")?;
    let pods = pods_on_moving_nodes(question)?;
    let by_name: BTreeMap<_, &NodeFact> = nodes.iter().map(|node| (&node.node.name, node)).collect();
    let mut groups: BTreeMap<Keeper<'_>, Group<'_>> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| has_tie(pod)) {
        let Some(node) = pod.pod.node.as_ref().and_then(|name| by_name.get(name).copied()) else {
            continue;
        };
        let Some(mover) = movers
            .iter()
            .find(|mover| node.node.pool.as_ref() == Some(&mover.pool.name))
        else {
            continue;
        };
        groups
            .entry(Keeper::of(pod))
            .or_insert_with(|| Group {
                pods: Vec::new(),
                node,
                mover,
            })
            .pods
            .push(pod);
    }
    Ok(groups
        .into_iter()
        .filter_map(|(keeper, group)| {
            let (outcome, headline) = judge_group(&group, nodes)?;
            let names: Vec<&str> = group.pods.iter().map(|pod| pod.pod.name.as_str()).collect();
            Some(
                Said::new(outcome, keeper.subject(), headline)
                    .with(format!("{}: {}", counted(names.len(), "pod"), listed(&names)))
                    .with(format!("on {}", Subject::pool(&group.mover.pool.name)))
                    .cured_by(&["fix-scheduling"]),
            )
        })
        .collect())
}

/// Quick look for pods that are worth a slow one.
fn has_tie(pod: &PodFact) -> bool {
    let is_tied = !pod.node_selector.is_empty()
        || !pod.required_affinity.is_empty()
        || !pod.host_ports.is_empty()
        || pod.has_required_anti_affinity;
    is_tied && pod.pod.holds_drain() && !is_system_namespace(&pod.pod.namespace)
}

fn judge_group(group: &Group<'_>, nodes: &[NodeFact]) -> Option<(Outcome, String)> {
    let pod = group.pods.first()?;
    if let Some(node) = pod.node_selector.get(HOSTNAME) {
        return Some((Outcome::Blocker, format!("its node selector names the node {node}")));
    }
    for (key, values) in wanted(pod) {
        if key == HOSTNAME {
            return Some((
                Outcome::Blocker,
                format!("its node affinity names the node {}", values.join(", ")),
            ));
        }
        let has_by_hand = is_own_label(key)
            && group
                .node
                .labels
                .get(key)
                .is_some_and(|value| values.contains(&value.as_str()))
            && !group
                .mover
                .details
                .node_labels
                .get(key)
                .is_some_and(|value| values.contains(&value.as_str()));
        if has_by_hand {
            return Some((
                Outcome::Blocker,
                format!(
                    "it wants the label {key}={}, which its nodes have and its node pool does not: new nodes lack it",
                    values.join("|")
                ),
            ));
        }
    }
    let usable = || nodes.iter().filter(|node| may_use(pod, node)).count();
    if !pod.host_ports.is_empty() {
        let usable = usable();
        if usable > 0 && group.pods.len() >= usable {
            return Some((
                Outcome::Warning,
                format!(
                    "it takes a port of the node, and has a pod on each of {}",
                    counted(usable, "node")
                ),
            ));
        }
    }
    if pod.has_required_anti_affinity && group.mover.gain.way == Way::InPlace {
        let usable = usable();
        if usable > 0 && group.pods.len() >= usable {
            return Some((
                Outcome::Warning,
                format!(
                    "its pods may not share a node, and there is one on each of {}: no surge node comes in place",
                    counted(usable, "node")
                ),
            ));
        }
    }
    None
}

/// Labels the pod asks for, each with the values that will do.
fn wanted(pod: &PodFact) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let selected = pod
        .node_selector
        .iter()
        .map(|(key, value)| (key.as_str(), vec![value.as_str()]));
    let required = pod
        .required_affinity
        .iter()
        .filter_map(|words| SetRequirement::parse(words))
        .filter(|requirement| !requirement.is_negated)
        .map(|requirement| (requirement.key, requirement.values));
    selected.chain(required)
}

/// True for a label that neither Kubernetes nor AKS sets by itself.
fn is_own_label(key: &str) -> bool {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    !SET_BY_AKS.contains(&key)
        && !["kubernetes.io", "k8s.io", "azure.com"]
            .iter()
            .any(|known| domain == *known || domain.strip_suffix(known).is_some_and(|rest| rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::surge::Share;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    fn carts(change: impl Fn(&mut PodFact)) -> impl FnOnce(&mut Survey) {
        move |survey| {
            let pods = survey.kubernetes.pods.as_mut().unwrap();
            pods.iter_mut()
                .filter(|pod| pod.pod.labels["app"] == "cart")
                .for_each(change);
        }
    }

    fn selects(key: &str, value: &str) -> impl Fn(&mut PodFact) {
        let label = (key.to_owned(), value.to_owned());
        move |pod| pod.node_selector = [label.clone()].into()
    }

    const CART: &str = "Deployment shop/cart";

    #[test]
    fn a_pod_that_names_its_node_blocks() {
        let node = "aks-apps-12345678-vmss000000";
        check(look, carts(selects(HOSTNAME, node)), Outcome::Blocker, CART);
        let affinity = |pod: &mut PodFact| pod.required_affinity = vec![format!("{HOSTNAME} in ({node})")];
        let said = check(look, carts(affinity), Outcome::Blocker, CART);
        assert_eq!(said.headline, format!("its node affinity names the node {node}"));
        assert_eq!(said.evidence[0], "3 pods: cart-apps-0, cart-apps-1, cart-apps-2");
    }

    #[test]
    fn a_label_set_by_hand_blocks_and_one_of_the_pool_does_not() {
        let by_hand = |survey: &mut Survey| {
            for node in survey.kubernetes.nodes.as_mut().unwrap() {
                node.labels.insert("disk".to_owned(), "fast".to_owned());
            }
            carts(selects("disk", "fast"))(survey);
        };
        check(look, by_hand, Outcome::Blocker, CART);
        passes(look, |survey| {
            by_hand(survey);
            let details = survey.azure.details.as_mut().unwrap();
            let pool = details.pools.get_mut(&"apps".into()).unwrap();
            pool.node_labels.insert("disk".to_owned(), "fast".to_owned());
        });
        passes(look, carts(selects("kubernetes.azure.com/agentpool", "apps")));
        passes(look, carts(selects("kubernetes.io/os", "linux")));
    }

    #[test]
    fn ports_and_anti_affinity_on_every_node_are_warnings() {
        let of_pool = |pod: &mut PodFact| {
            let pool = ("kubernetes.azure.com/agentpool".to_owned(), "apps".to_owned());
            pod.node_selector = [pool].into();
        };
        let three_nodes = |survey: &mut Survey| {
            let nodes = survey.kubernetes.nodes.as_mut().unwrap();
            nodes.retain(|node| {
                !node.node.name.as_str().starts_with("aks-apps")
                    || node.node.name.as_str() < "aks-apps-12345678-vmss000003"
            });
        };
        let with_port = |survey: &mut Survey| {
            three_nodes(survey);
            carts(|pod| {
                of_pool(pod);
                pod.host_ports = vec![8080];
            })(survey);
        };
        check(look, with_port, Outcome::Warning, CART);
        let apart = |survey: &mut Survey| {
            three_nodes(survey);
            carts(|pod| {
                of_pool(pod);
                pod.has_required_anti_affinity = true;
            })(survey);
        };
        passes(look, apart);
        let in_place = |survey: &mut Survey| {
            apart(survey);
            let pool = &mut survey.azure.cluster.as_mut().unwrap().pools[1];
            pool.upgrade_settings.max_surge = Some(Share::Nodes(0));
            pool.upgrade_settings.max_unavailable = Some(Share::Nodes(1));
        };
        check(look, in_place, Outcome::Warning, CART);
    }

    #[test]
    fn labels_of_aks_are_known() {
        for (key, is_own) in [
            ("disk", true),
            ("shop.example/disk", true),
            ("fakekubernetes.io/disk", true),
            ("kubernetes.io/arch", false),
            ("topology.kubernetes.io/zone", false),
            ("node.k8s.io/x", false),
            ("kubernetes.azure.com/mode", false),
            ("agentpool", false),
        ] {
            assert_eq!(is_own_label(key), is_own, "{key}");
        }
    }

    #[test]
    fn what_was_not_read_is_unknown() {
        for unread in [
            (|survey: &mut Survey| survey.azure.details = Err(denied())) as fn(&mut Survey),
            |survey| survey.kubernetes.nodes = Err(denied()),
            |survey| survey.kubernetes.pods = Err(denied()),
        ] {
            check(look, unread, Outcome::Unknown, "the cluster");
        }
    }
}
