//! Node objects as AKS makes them, and what cordoning and readiness do to them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::events::NodeEvent;
use super::fields::{self, Condition};
use super::kinds::Kind;
use super::store::Key;
use super::touched::Touched;
use super::{NodeSpec, ObjectStore, machine};

/// The taint of a cordoned node.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
/// The taint of a node that is not ready.
const NOT_READY: &str = "node.kubernetes.io/not-ready";
/// Kubelets report at least this often (Kubernetes docs "Nodes", 2026: heartbeats).
const HEARTBEAT: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

impl ObjectStore {
    /// Adds the Node object; under an old name it is a new object with a new uid.
    pub fn add_node(&mut self, node: &NodeSpec, now: Timestamp) {
        self.pass_to(now);
        let key = Key::new("", &node.name);
        if self.store.contains(Kind::Node, &key) {
            self.remove_node(&node.name, now);
        }
        let (address, number) = self.names.node();
        let place = machine::Place {
            subscription: &self.subscription,
            address: &address,
            number,
            boot_id: &self.names.uid(),
        };
        let object = machine::describe(node, &place, now);
        self.create(Kind::Node, object);
        if !node.is_ready {
            self.store
                .edit(Kind::Node, &key, |object| set_readiness(object, false, now));
        }
    }

    /// Deletes the Node object; its pods are gone with it and their controllers make new ones.
    pub fn remove_node(&mut self, name: &str, now: Timestamp) {
        self.pass_to(now);
        self.store.remove(Kind::Node, &Key::new("", name));
        let pods: Vec<Key> = self.store.pods_on(name).map(|pod| Key::of(pod)).collect();
        for pod in pods {
            self.store.remove(Kind::Pod, &pod);
        }
    }

    /// Sets the Ready condition, and the taint that goes with it.
    pub fn set_node_ready(&mut self, name: &str, is_ready: bool, now: Timestamp) {
        self.pass_to(now);
        self.store.edit(Kind::Node, &Key::new("", name), |node| {
            set_readiness(node, is_ready, now);
        });
    }

    /// Sets `spec.unschedulable` and the taint, as a cordon does.
    pub fn set_cordoned(&mut self, name: &str, is_cordoned: bool, now: Timestamp) {
        self.pass_to(now);
        self.store.edit(Kind::Node, &Key::new("", name), |node| {
            set_unschedulable(node, is_cordoned);
        });
        self.follow_cordon(name);
    }

    /// Sets a label, or removes it with `None`.
    pub fn label_node(&mut self, name: &str, key: &str, value: Option<&str>, now: Timestamp) {
        self.pass_to(now);
        self.store.edit(Kind::Node, &Key::new("", name), |node| match value {
            Some(value) => fields::put(node, &["metadata", "labels", key], value),
            None => {
                fields::take(node, &["metadata", "labels", key]);
            }
        });
    }

    /// Tells a node to go that waits for its finalizers; the first time counts.
    pub fn mark_node_deleted(&mut self, name: &str, now: Timestamp) {
        self.pass_to(now);
        self.store.edit(Kind::Node, &Key::new("", name), |node| {
            if !fields::is_deleting(node) {
                fields::put(node, &["metadata", "deletionTimestamp"], fields::stamp(now));
            }
        });
    }

    /// True where the node carries a label of that key.
    pub fn has_label(&self, name: &str, key: &str) -> bool {
        let node = self.store.get(Kind::Node, &Key::new("", name));
        node.is_some_and(|node| node["metadata"]["labels"].get(key).is_some())
    }

    pub fn has_node(&self, name: &str) -> bool {
        self.store.contains(Kind::Node, &Key::new("", name))
    }

    pub fn is_cordoned(&self, name: &str) -> bool {
        self.store
            .get(Kind::Node, &Key::new("", name))
            .is_some_and(|node| is_unschedulable(node))
    }

    /// In the order of their names.
    pub fn node_names(&self) -> Vec<String> {
        self.store
            .iter(Kind::Node)
            .map(|node| fields::name(node).to_owned())
            .collect()
    }

    /// Brings the taint of a node in line with `spec.unschedulable`, whoever changed it, and says so in an event.
    fn follow_cordon(&mut self, name: &str) {
        let key = Key::new("", name);
        let Some(node) = self.store.get(Kind::Node, &key) else {
            return;
        };
        let is_cordoned = is_unschedulable(node);
        if is_cordoned == has_taint(node, UNSCHEDULABLE) {
            return;
        }
        let now = self.now;
        self.store.edit(Kind::Node, &key, |node| {
            set_taint(node, UNSCHEDULABLE, "NoSchedule", is_cordoned, now);
        });
        let reason = if is_cordoned {
            "NodeNotSchedulable"
        } else {
            "NodeSchedulable"
        };
        self.emit_from_kubelet(&NodeEvent { node: name, reason });
    }

    pub(super) fn follow_cordons(&mut self, touched: &Touched) {
        for name in &touched.nodes {
            self.follow_cordon(name);
        }
    }

    /// Lets every ready kubelet whose last report is old report again.
    pub(super) fn send_heartbeats(&mut self) {
        let now = self.now;
        let due = |node: &Value| {
            fields::condition(node, "Ready")
                .filter(|ready| ready["status"] == "True")
                .and_then(|ready| fields::time(&ready["lastHeartbeatTime"]))
                .is_some_and(|last| now.duration_since(last) >= HEARTBEAT)
        };
        let late: Vec<Key> = self
            .store
            .iter(Kind::Node)
            .filter(|node| due(node))
            .map(|node| Key::of(node))
            .collect();
        for key in late {
            self.store.edit(Kind::Node, &key, |node| beat(node, now));
        }
    }
}

/// True for a node no new pod may go to.
pub(crate) fn is_unschedulable(node: &Value) -> bool {
    node["spec"]["unschedulable"] == Value::Bool(true)
}

fn set_unschedulable(node: &mut Value, is_cordoned: bool) {
    if is_cordoned {
        fields::put(node, &["spec", "unschedulable"], true);
    } else {
        fields::take(node, &["spec", "unschedulable"]);
    }
}

fn has_taint(node: &Value, key: &str) -> bool {
    node["spec"]["taints"]
        .as_array()
        .is_some_and(|taints| taints.iter().any(|taint| taint["key"] == key))
}

fn set_taint(node: &mut Value, key: &str, effect: &str, is_set: bool, now: Timestamp) {
    let mut taints = match fields::take(node, &["spec", "taints"]) {
        Some(Value::Array(taints)) => taints,
        _ => Vec::new(),
    };
    taints.retain(|taint| taint["key"] != key || taint["effect"] != effect);
    if is_set {
        taints.push(json!({ "key": key, "effect": effect, "timeAdded": fields::stamp(now) }));
    }
    if !taints.is_empty() {
        fields::put(node, &["spec", "taints"], taints);
    }
}

fn set_readiness(node: &mut Value, is_ready: bool, now: Timestamp) {
    let wanted = if is_ready {
        Condition {
            kind: "Ready",
            status: true,
            reason: "KubeletReady",
            message: "kubelet is posting ready status",
        }
    } else {
        Condition {
            kind: "Ready",
            status: false,
            reason: "KubeletNotReady",
            message: "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady \
                      message:Network plugin returns error: cni plugin not initialized",
        }
    };
    fields::set_condition(node, wanted, now);
    set_taint(node, NOT_READY, "NoSchedule", !is_ready, now);
    set_taint(node, NOT_READY, "NoExecute", !is_ready, now);
}

fn beat(node: &mut Value, now: Timestamp) {
    if let Some(conditions) = node["status"]["conditions"].as_array_mut() {
        for condition in conditions {
            fields::put(condition, &["lastHeartbeatTime"], fields::stamp(now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, node, store};
    use super::*;

    fn get(store: &ObjectStore, name: &str) -> Value {
        Value::clone(store.store.get(Kind::Node, &Key::new("", name)).unwrap())
    }

    #[test]
    fn a_node_looks_like_one_of_aks() {
        let mut store = store();
        store.add_node(&node("aks-user-12345678-vmss00000a", "user"), at(0));
        let node = get(&store, "aks-user-12345678-vmss00000a");
        assert_eq!(node["status"]["nodeInfo"]["kubeletVersion"], "v1.33.5");
        assert_eq!(node["metadata"]["labels"]["kubernetes.azure.com/agentpool"], "user");
        assert!(
            node["spec"]["providerID"]
                .as_str()
                .unwrap()
                .ends_with("-vmss/virtualMachines/10")
        );
        assert_eq!(node["status"]["capacity"]["cpu"], "4");
        assert!(fields::is_ready(&node));
    }

    #[test]
    fn the_same_name_again_is_another_object() {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        let first = get(&store, "n1");
        store.remove_node("n1", at(1));
        store.add_node(&node("n1", "user"), at(2));
        let second = get(&store, "n1");
        assert_ne!(first["metadata"]["uid"], second["metadata"]["uid"]);
        assert_ne!(
            first["status"]["nodeInfo"]["bootID"],
            second["status"]["nodeInfo"]["bootID"]
        );
    }

    #[test]
    fn a_cordon_sets_spec_taint_and_event_and_an_uncordon_takes_them_back() {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        store.set_cordoned("n1", true, at(5));
        assert!(store.is_cordoned("n1"));
        assert!(has_taint(&get(&store, "n1"), UNSCHEDULABLE));
        store.set_cordoned("n1", false, at(9));
        assert!(get(&store, "n1")["spec"].get("taints").is_none());
        let reasons: Vec<String> = store
            .store
            .iter(Kind::Event)
            .map(|event| event["reason"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(reasons, ["NodeNotSchedulable", "NodeSchedulable"]);
    }

    #[test]
    fn readiness_is_a_condition_with_its_own_transition_time() {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        store.set_node_ready("n1", false, at(30));
        let node = get(&store, "n1");
        let ready = fields::condition(&node, "Ready").unwrap();
        assert_eq!(ready["reason"], "KubeletNotReady");
        assert_eq!(ready["lastTransitionTime"], fields::stamp(at(30)));
        assert!(has_taint(&node, NOT_READY));
        store.set_node_ready("n1", true, at(60));
        assert!(!has_taint(&get(&store, "n1"), NOT_READY));
    }

    #[test]
    fn kubelets_report_every_five_minutes() {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        store.advance_to(at(299));
        let heartbeat =
            |store: &ObjectStore| fields::condition(&get(store, "n1"), "Ready").unwrap()["lastHeartbeatTime"].clone();
        assert_eq!(heartbeat(&store), fields::stamp(at(0)));
        store.advance_to(at(310));
        assert_eq!(heartbeat(&store), fields::stamp(at(310)));
    }
}
