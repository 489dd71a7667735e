//! Changes that come in through the API: they reach the store as a user's, and the controllers answer to them at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fields::Condition;
use super::kinds::Kind;
use super::store::Key;
use super::{ObjectStore, fields, workloads};

impl ObjectStore {
    /// Adds an object under its name, which must be free.
    pub(crate) fn add(&mut self, kind: Kind, mut object: Value, now: Timestamp) -> Arc<Value> {
        self.pass_to(now);
        match kind {
            Kind::Pod => workloads::complete_pod(&mut object, &mut self.names),
            Kind::Namespace => {
                let name = fields::name(&object).to_owned();
                fields::put(
                    &mut object,
                    &["metadata", "labels", "kubernetes.io/metadata.name"],
                    name,
                );
                fields::put(&mut object, &["status"], json!({ "phase": "Active" }));
            }
            _ => {}
        }
        let key = Key::of(&object);
        let written = self.create(kind, object);
        self.settle();
        self.store.get(kind, &key).cloned().unwrap_or(written)
    }

    /// Puts the object in place of the one that is there; one that was only waiting for its finalizers is gone then.
    pub(crate) fn replace(&mut self, kind: Kind, key: &Key, object: Value, now: Timestamp) -> Option<Arc<Value>> {
        self.pass_to(now);
        let written = self.store.edit(kind, key, |old| *old = object)?;
        if kind != Kind::Pod && fields::is_deleting(&written) && !fields::has_finalizers(&written) {
            self.store.remove(kind, key);
        }
        self.end_namespace(&key.namespace);
        self.settle();
        Some(self.store.get(kind, key).cloned().unwrap_or(written))
    }

    /// Tells an object to go, a pod with a grace in seconds; gives its last state, and whether it is gone already.
    pub(crate) fn delete(
        &mut self,
        kind: Kind,
        key: &Key,
        grace: Option<u64>,
        now: Timestamp,
    ) -> Option<(Arc<Value>, bool)> {
        self.pass_to(now);
        let before = Arc::clone(self.store.get(kind, key)?);
        match kind {
            Kind::Pod => self.stop_pod(key, grace),
            Kind::Node => self.remove_node(&key.name, now),
            Kind::Namespace => self.empty_namespace(key),
            _ if fields::has_finalizers(&before) => {
                let at = fields::stamp(self.now);
                self.store.edit(kind, key, |object| mark_deleted(object, &at));
            }
            _ => {
                self.store.remove(kind, key);
            }
        }
        let left = self.store.get(kind, key).cloned();
        self.settle();
        let is_gone = left.is_none();
        Some((left.unwrap_or(before), is_gone))
    }

    /// The Lease every kubelet renews (Kubernetes docs "Leases", 2026): as fresh as its node is ready.
    pub(crate) fn node_leases(&self) -> Vec<Arc<Value>> {
        let lease = |node: &Arc<Value>| {
            let renewed = if fields::is_ready(node) {
                self.now
            } else {
                fields::condition(node, "Ready")
                    .and_then(|ready| fields::time(&ready["lastTransitionTime"]))
                    .unwrap_or(self.now)
            };
            let owner = json!({
                "apiVersion": "v1",
                "kind": "Node",
                "name": fields::name(node),
                "uid": fields::uid(node),
            });
            Arc::new(json!({
                "metadata": {
                    "name": fields::name(node),
                    "namespace": "kube-node-lease",
                    "uid": fields::uid(node),
                    "resourceVersion": self.version().to_string(),
                    "creationTimestamp": node["metadata"]["creationTimestamp"],
                    "ownerReferences": [owner],
                },
                "spec": {
                    "holderIdentity": fields::name(node),
                    "leaseDurationSeconds": 40,
                    "renewTime": fields::micro_stamp(renewed),
                },
            }))
        };
        self.store.iter(Kind::Node).map(lease).collect()
    }

    /// Removes what is in a namespace and then itself; what has finalizers stays, and keeps it.
    fn empty_namespace(&mut self, namespace: &Key) {
        let at = fields::stamp(self.now);
        for kind in Kind::ALL {
            for object in self.store.all(kind) {
                if fields::namespace(&object) != namespace.name {
                    continue;
                }
                if fields::has_finalizers(&object) {
                    self.store
                        .edit(kind, &Key::of(&object), |object| mark_deleted(object, &at));
                } else {
                    self.store.remove(kind, &Key::of(&object));
                }
            }
        }
        self.store.edit(Kind::Namespace, namespace, |namespace| {
            mark_deleted(namespace, &at);
            fields::put(namespace, &["status", "phase"], "Terminating");
        });
        self.end_namespace(&namespace.name);
    }

    /// Removes a namespace that was told to go once nothing is left in it, or says what is left
    /// (Kubernetes docs "Namespaces", 2026).
    fn end_namespace(&mut self, name: &str) {
        let key = Key::new("", name);
        let is_ending = |namespace: &Arc<Value>| namespace["status"]["phase"] == "Terminating";
        if name.is_empty() || !self.store.get(Kind::Namespace, &key).is_some_and(is_ending) {
            return;
        }
        let mut left: BTreeMap<String, usize> = BTreeMap::new();
        let mut held: BTreeMap<String, usize> = BTreeMap::new();
        for kind in Kind::ALL {
            for object in self.store.iter(kind).filter(|object| fields::namespace(object) == name) {
                *left.entry(kind.qualified()).or_default() += 1;
                for finalizer in object["metadata"]["finalizers"].as_array().into_iter().flatten() {
                    *held
                        .entry(finalizer.as_str().unwrap_or_default().to_owned())
                        .or_default() += 1;
                }
            }
        }
        if left.is_empty() {
            self.store.remove(Kind::Namespace, &key);
            return;
        }
        let counted = |counts: &BTreeMap<String, usize>, words: &str| {
            let each = counts
                .iter()
                .map(|(what, count)| format!("{what} {words} {count} resource instances"));
            each.collect::<Vec<_>>().join(", ")
        };
        let content = format!("Some resources are remaining: {}", counted(&left, "has"));
        let finalizers = format!(
            "Some content in the namespace has finalizers remaining: {}",
            counted(&held, "in")
        );
        let now = self.now;
        self.store.edit(Kind::Namespace, &key, |namespace| {
            for (kind, reason, message) in [
                ("NamespaceContentRemaining", "SomeResourcesRemain", &content),
                ("NamespaceFinalizersRemaining", "SomeFinalizersRemain", &finalizers),
            ] {
                let condition = Condition {
                    kind,
                    status: true,
                    reason,
                    message,
                };
                fields::set_condition(namespace, condition, now);
            }
        });
    }
}

fn mark_deleted(object: &mut Value, at: &str) {
    if !fields::is_deleting(object) {
        fields::put(object, &["metadata", "deletionTimestamp"], at);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, node, store, workload};
    use super::*;

    fn config_map(finalizers: &[&str]) -> Value {
        json!({ "metadata": { "name": "a", "namespace": "shop", "finalizers": finalizers } })
    }

    #[test]
    fn an_object_with_a_finalizer_goes_when_the_finalizer_does() {
        let mut store = store();
        let key = Key::new("shop", "a");
        store.add(Kind::ConfigMap, config_map(&["example.com/wait"]), at(0));
        let (left, is_gone) = store.delete(Kind::ConfigMap, &key, None, at(1)).unwrap();
        assert!(!is_gone && fields::is_deleting(&left));
        let mut freed = Value::clone(&left);
        fields::take(&mut freed, &["metadata", "finalizers"]);
        store.replace(Kind::ConfigMap, &key, freed, at(2));
        assert!(!store.store.contains(Kind::ConfigMap, &key));
        assert!(store.delete(Kind::ConfigMap, &key, None, at(3)).is_none());
    }

    #[test]
    fn a_bare_pod_is_placed_and_a_namespace_takes_all_with_it() {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        store.add_workload(&workload("Deployment", "cart", 2), at(0));
        store.advance_to(at(0));
        let pod = json!({
            "metadata": { "name": "bare", "namespace": "shop" },
            "spec": { "containers": [{ "name": "c", "image": "i" }] },
        });
        store.add(Kind::Pod, pod, at(1));
        store.advance_to(at(60));
        assert_eq!(store.pods_to_drain("n1").len(), 3);
        store.delete(Kind::Namespace, &Key::new("", "shop"), None, at(61));
        store.advance_to(at(120));
        assert_eq!(store.pods_to_drain("n1").len(), 0);
        assert_eq!(store.store.iter(Kind::Deployment).count(), 0);
    }

    #[test]
    fn a_namespace_waits_for_its_last_finalizer() {
        let mut store = store();
        store.add_workload(&workload("Deployment", "cart", 1), at(0));
        store.add(Kind::ConfigMap, config_map(&["example.com/wait"]), at(0));
        store.delete(Kind::Namespace, &Key::new("", "shop"), None, at(1));
        let namespace = store.object("Namespace", "", "shop").unwrap();
        let held = fields::condition(&namespace, "NamespaceFinalizersRemaining").unwrap();
        assert_eq!(
            held["message"],
            "Some content in the namespace has finalizers remaining: example.com/wait in 1 resource instances"
        );
        let key = Key::new("shop", "a");
        let mut freed = Value::clone(&store.object("ConfigMap", "shop", "a").unwrap());
        fields::take(&mut freed, &["metadata", "finalizers"]);
        store.replace(Kind::ConfigMap, &key, freed, at(2));
        assert!(store.object("Namespace", "", "shop").is_none());
    }

    #[test]
    fn the_lease_of_a_node_that_is_down_is_old() {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        store.advance_to(at(100));
        let renewed = |store: &ObjectStore| fields::time(&store.node_leases()[0]["spec"]["renewTime"]);
        assert_eq!(renewed(&store), Some(at(100)));
        store.set_node_ready("n1", false, at(110));
        store.advance_to(at(200));
        assert_eq!(renewed(&store), Some(at(110)));
    }
}
