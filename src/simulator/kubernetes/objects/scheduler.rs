//! The scheduler: gives each unplaced pod to the suitable node with the fewest pods, or says why there is none.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::events::PodEvent;
use super::fields::{self, Condition};
use super::kinds::Kind;
use super::store::Key;
use super::touched::Touched;
use super::{ObjectStore, nodes, selectors};

impl ObjectStore {
    /// Looks at every unplaced pod once, where a pod or a node was touched.
    pub(super) fn schedule(&mut self, touched: &Touched) {
        if touched.pods.is_empty() && touched.nodes.is_empty() {
            return;
        }
        let waiting: Vec<_> = self
            .store
            .iter(Kind::Pod)
            .filter(|pod| fields::node_of(pod).is_none() && fields::is_active(pod))
            .cloned()
            .collect();
        if waiting.is_empty() {
            return;
        }
        let nodes = self.store.all(Kind::Node);
        let mut load: BTreeMap<String, usize> = BTreeMap::new();
        for pod in self.store.iter(Kind::Pod).filter(|pod| !fields::is_finished(pod)) {
            if let Some(node) = fields::node_of(pod) {
                *load.entry(node.to_owned()).or_default() += 1;
            }
        }
        for pod in waiting {
            let mut refusals: BTreeMap<String, usize> = BTreeMap::new();
            let mut best: Option<(usize, &str)> = None;
            for node in &nodes {
                let name = fields::name(node);
                let there = load.get(name).copied().unwrap_or(0);
                match why_not(&pod, node, there) {
                    Some(reason) => *refusals.entry(reason).or_default() += 1,
                    None if best.is_none_or(|(fewest, _)| there < fewest) => best = Some((there, name)),
                    None => {}
                }
            }
            match best {
                Some((_, node)) => {
                    *load.entry(node.to_owned()).or_default() += 1;
                    self.bind(&pod, node);
                }
                None => self.report_unschedulable(&pod, &explain(nodes.len(), &refusals)),
            }
        }
    }

    fn bind(&mut self, pod: &Value, node: &str) {
        let key = Key::of(pod);
        self.store
            .edit(Kind::Pod, &key, |pod| fields::put(pod, &["spec", "nodeName"], node));
        self.mark_scheduled(&key);
        if !self.is_building {
            let message = format!(
                "Successfully assigned {}/{} to {node}",
                fields::namespace(pod),
                fields::name(pod)
            );
            self.emit_about_pod(
                pod,
                &PodEvent {
                    is_warning: false,
                    reason: "Scheduled",
                    message: &message,
                    source: "default-scheduler",
                },
            );
        }
    }

    pub(super) fn mark_scheduled(&mut self, pod: &Key) {
        let now = self.now;
        self.store.edit(Kind::Pod, pod, |pod| {
            let wanted = Condition {
                kind: "PodScheduled",
                status: true,
                reason: "",
                message: "",
            };
            fields::set_condition(pod, wanted, now);
        });
    }

    /// Says it once for each new reason, not at each look.
    fn report_unschedulable(&mut self, pod: &Value, message: &str) {
        let known = fields::condition(pod, "PodScheduled");
        if known.is_some_and(|condition| condition["message"] == message) {
            return;
        }
        let now = self.now;
        self.store.edit(Kind::Pod, &Key::of(pod), |pod| {
            let wanted = Condition {
                kind: "PodScheduled",
                status: false,
                reason: "Unschedulable",
                message,
            };
            fields::set_condition(pod, wanted, now);
        });
        self.emit_about_pod(
            pod,
            &PodEvent {
                is_warning: true,
                reason: "FailedScheduling",
                message,
                source: "default-scheduler",
            },
        );
    }
}

/// True where the pod's node selector and required node affinity allow the node.
pub(super) fn suits(spec: &Value, node: &Value) -> bool {
    let labels = fields::labels(node);
    let selected = spec["nodeSelector"].as_object().is_none_or(|wanted| {
        wanted
            .iter()
            .all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
    });
    let required = &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    selected
        && required["nodeSelectorTerms"].as_array().is_none_or(|terms| {
            terms.iter().any(|term| {
                term["matchExpressions"].as_array().is_none_or(|expressions| {
                    expressions.iter().all(|expression| {
                        selectors::read_expression(expression).is_some_and(|requirement| requirement.matches(labels))
                    })
                })
            })
        })
}

/// Why the node cannot take the pod, in the scheduler's words (kube-scheduler, v1.33).
fn why_not(pod: &Value, node: &Value, there: usize) -> Option<String> {
    let spec = &pod["spec"];
    if nodes::is_unschedulable(node) && !tolerates(spec, "node.kubernetes.io/unschedulable", "", "NoSchedule") {
        return Some("node(s) were unschedulable".to_owned());
    }
    for taint in node["spec"]["taints"].as_array().into_iter().flatten() {
        let text = |field: &str| taint[field].as_str().unwrap_or_default();
        let (key, value, effect) = (text("key"), text("value"), text("effect"));
        if matches!(effect, "NoSchedule" | "NoExecute") && !tolerates(spec, key, value, effect) {
            return Some(format!("node(s) had untolerated taint {{{key}: {value}}}"));
        }
    }
    if !suits(spec, node) {
        return Some("node(s) didn't match Pod's node affinity/selector".to_owned());
    }
    let most = node["status"]["allocatable"]["pods"]
        .as_str()
        .and_then(|pods| pods.parse().ok())
        .unwrap_or(110);
    (there >= most).then(|| "Too many pods".to_owned())
}

fn tolerates(spec: &Value, key: &str, value: &str, effect: &str) -> bool {
    spec["tolerations"].as_array().into_iter().flatten().any(|toleration| {
        let text = |field: &str| toleration[field].as_str().unwrap_or_default();
        (text("effect").is_empty() || text("effect") == effect)
            && (text("key").is_empty() || text("key") == key)
            && (text("operator") == "Exists" || text("value") == value)
    })
}

fn explain(nodes: usize, refusals: &BTreeMap<String, usize>) -> String {
    if nodes == 0 {
        return "no nodes available to schedule pods".to_owned();
    }
    let mut counted: Vec<String> = refusals
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    counted.sort_unstable();
    let mut text = format!("0/{nodes} nodes are available: {}.", counted.join(", "));
    let _ = write!(
        text,
        " preemption: 0/{nodes} nodes are available: {nodes} Preemption is not helpful for scheduling."
    );
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, node, pods, store, workload};
    use super::*;

    #[test]
    fn pods_spread_over_the_nodes_of_their_pools() {
        let mut store = store();
        for (name, pool) in [("n1", "user"), ("n2", "user"), ("s1", "system"), ("n3", "user")] {
            store.add_node(&node(name, pool), at(0));
        }
        store.set_cordoned("n3", true, at(0));
        let mut spec = workload("Deployment", "cart", 4);
        spec.pools = vec!["user".into()];
        store.add_workload(&spec, at(0));
        let mut other = workload("Deployment", "both", 2);
        other.pools = vec!["system".into(), "gpu".into()];
        store.add_workload(&other, at(0));
        let count = |node: &str| store.pods_to_drain(node).len();
        assert_eq!([count("n1"), count("n2"), count("n3"), count("s1")], [2, 2, 0, 2]);
    }

    #[test]
    fn a_pod_without_a_place_says_why_once_and_moves_when_it_can() {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        store.set_cordoned("n1", true, at(0));
        store.add_workload(&workload("Deployment", "cart", 1), at(0));
        store.advance_to(at(10));
        store.advance_to(at(20));
        let pod = &store.store.all(Kind::Pod)[0];
        let condition = fields::condition(pod, "PodScheduled").unwrap();
        assert_eq!(condition["reason"], "Unschedulable");
        let events = store.store.all(Kind::Event);
        let failed: Vec<_> = events
            .iter()
            .filter(|event| event["reason"] == "FailedScheduling")
            .collect();
        assert_eq!(failed.len(), 1);
        assert!(
            failed[0]["message"]
                .as_str()
                .unwrap()
                .starts_with("0/1 nodes are available: 1 node(s) were unschedulable.")
        );
        store.set_cordoned("n1", false, at(30));
        store.advance_to(at(90));
        assert_eq!(store.pods_to_drain("n1"), pods(&store, "cart"));
    }

    #[test]
    fn taints_need_tolerations() {
        let tolerant = serde_json::json!({ "tolerations": [{ "key": "gpu", "operator": "Exists" }] });
        assert!(tolerates(&tolerant, "gpu", "yes", "NoSchedule"));
        assert!(!tolerates(&tolerant, "spot", "", "NoSchedule"));
        assert!(!tolerates(&Value::Null, "gpu", "", "NoSchedule"));
    }
}
