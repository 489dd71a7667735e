//! The scheduler: gives each unplaced pod to the suitable node with the fewest pods, or says why there is none.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value;

use super::events::PodEvent;
use super::fields::{self, Condition};
use super::kinds::Kind;
use super::store::Key;
use super::touched::Touched;
use super::troubles::{Moment, PodTrouble};
use super::{ObjectStore, nodes, quantity, selectors, volumes};

impl ObjectStore {
    /// Looks at every unplaced pod once, where a pod or a node was touched.
    pub(super) fn schedule(&mut self, touched: &Touched) {
        if touched.pods.is_empty() && touched.nodes.is_empty() {
            return;
        }
        let unplaced = self.store.pods_on("").filter(|pod| fields::is_active(pod));
        let waiting: Vec<_> = unplaced.cloned().collect();
        if waiting.is_empty() {
            return;
        }
        let nodes = self.store.all(Kind::Node);
        let mut places = self.places(&nodes);
        // Pods of one workload ask for the same, so that each node is looked at once for all of them.
        let mut known: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
        for pod in waiting {
            if let Some(PodTrouble::NoNode { message }) = self.meet_trouble(&pod, Moment::Placing) {
                self.report_unschedulable(&pod, &message);
                continue;
            }
            let volumes = self.volume_terms(&pod);
            let refused = known
                .entry(format!("{}{volumes:?}", demand(&pod)))
                .or_insert_with(|| nodes.iter().map(|node| why_not(&pod, &volumes, node)).collect());
            let asked = Room::of(&pod);
            let fitting = places
                .iter_mut()
                .zip(refused.iter())
                .filter(|(place, refused)| refused.is_none() && place.lacks(asked).is_empty())
                .min_by_key(|(place, _)| place.used.pods);
            if let Some((place, _)) = fitting {
                place.used.add(asked);
                let node = place.node.clone();
                self.bind(&pod, &node);
            } else {
                let mut refusals: BTreeMap<String, usize> = BTreeMap::new();
                for (place, refused) in places.iter().zip(refused.iter()) {
                    match refused {
                        Some(reason) => *refusals.entry(reason.clone()).or_default() += 1,
                        None => {
                            for reason in place.lacks(asked) {
                                *refusals.entry(reason.to_owned()).or_default() += 1;
                            }
                        }
                    }
                }
                self.report_unschedulable(&pod, &explain(nodes.len(), &refusals));
            }
        }
    }

    /// What each node has, and what its pods took of it.
    fn places(&self, nodes: &[Arc<Value>]) -> Vec<Place> {
        let mut used: BTreeMap<&str, Room> = BTreeMap::new();
        for pod in self.store.iter(Kind::Pod).filter(|pod| !fields::is_finished(pod)) {
            if let Some(node) = fields::node_of(pod) {
                used.entry(node).or_default().add(Room::of(pod));
            }
        }
        nodes
            .iter()
            .map(|node| Place {
                node: fields::name(node).to_owned(),
                has: Room::allocatable(node),
                used: used.get(fields::name(node)).copied().unwrap_or_default(),
            })
            .collect()
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

/// What a pod asks of a node, as text: equal for pods of one workload.
fn demand(pod: &Value) -> String {
    let spec = &pod["spec"];
    format!(
        "{}{}{}",
        spec["nodeSelector"], spec["affinity"]["nodeAffinity"], spec["tolerations"]
    )
}

/// Amounts of what pods take from a node.
#[derive(Clone, Copy, Debug, Default)]
struct Room {
    pods: u64,
    cpu_millis: u64,
    memory_bytes: u64,
}

impl Room {
    /// What a pod asks for: the sum over its containers.
    fn of(pod: &Value) -> Self {
        let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
        let start = Self {
            pods: 1,
            ..Self::default()
        };
        containers.fold(start, |room, container| {
            let requests = &container["resources"]["requests"];
            Self {
                pods: room.pods,
                cpu_millis: room.cpu_millis.saturating_add(quantity::thousandths(&requests["cpu"])),
                memory_bytes: room.memory_bytes.saturating_add(quantity::whole(&requests["memory"])),
            }
        })
    }

    fn allocatable(node: &Value) -> Self {
        let has = &node["status"]["allocatable"];
        Self {
            pods: if has["pods"].is_null() {
                110
            } else {
                quantity::whole(&has["pods"])
            },
            cpu_millis: quantity::thousandths(&has["cpu"]),
            memory_bytes: quantity::whole(&has["memory"]),
        }
    }

    fn add(&mut self, other: Self) {
        self.pods += other.pods;
        self.cpu_millis = self.cpu_millis.saturating_add(other.cpu_millis);
        self.memory_bytes = self.memory_bytes.saturating_add(other.memory_bytes);
    }
}

/// A node with what it has and what is taken.
struct Place {
    node: String,
    has: Room,
    used: Room,
}

impl Place {
    /// What is missing for a pod, in the scheduler's words; empty where it fits.
    fn lacks(&self, asked: Room) -> Vec<&'static str> {
        let is_short = |has: u64, used: u64, asked: u64| asked > 0 && used.saturating_add(asked) > has;
        let (has, used) = (self.has, self.used);
        [
            (is_short(has.pods, used.pods, asked.pods), "Too many pods"),
            (
                is_short(has.cpu_millis, used.cpu_millis, asked.cpu_millis),
                "Insufficient cpu",
            ),
            (
                is_short(has.memory_bytes, used.memory_bytes, asked.memory_bytes),
                "Insufficient memory",
            ),
        ]
        .into_iter()
        .filter_map(|(is_short, words)| is_short.then_some(words))
        .collect()
    }
}

/// Why the node cannot take the pod whatever room it has, in the scheduler's words (kube-scheduler, v1.33).
fn why_not(pod: &Value, volumes: &[Vec<Value>], node: &Value) -> Option<String> {
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
    (!volumes::can_attach(volumes, node)).then(|| "node(s) had volume node affinity conflict".to_owned())
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
    fn a_full_node_takes_no_more() {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        let big = serde_json::json!({ "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": "big", "namespace": "shop" },
            "spec": { "replicas": 2, "selector": { "matchLabels": { "app": "big" } }, "template": {
                "metadata": { "labels": { "app": "big" } },
                "spec": { "containers": [{ "name": "c", "image": "i",
                    "resources": { "requests": { "cpu": "2.5", "memory": "1Gi" } } }] } } } });
        store.add_object(&big, at(0)).unwrap();
        store.advance_to(at(10));
        let all = store.store.all(Kind::Pod);
        let waiting: Vec<_> = all.iter().filter(|pod| fields::node_of(pod).is_none()).collect();
        assert_eq!((all.len(), waiting.len()), (2, 1));
        let condition = fields::condition(waiting[0], "PodScheduled").unwrap();
        assert!(
            condition["message"]
                .as_str()
                .unwrap()
                .starts_with("0/1 nodes are available: 1 Insufficient cpu.")
        );
        store.add_node(&node("n2", "user"), at(11));
        store.advance_to(at(60));
        assert!(store.store.iter(Kind::Pod).all(|pod| fields::is_ready(pod)));
    }

    #[test]
    fn taints_need_tolerations() {
        let tolerant = serde_json::json!({ "tolerations": [{ "key": "gpu", "operator": "Exists" }] });
        assert!(tolerates(&tolerant, "gpu", "yes", "NoSchedule"));
        assert!(!tolerates(&tolerant, "spot", "", "NoSchedule"));
        assert!(!tolerates(&Value::Null, "gpu", "", "NoSchedule"));
    }
}
