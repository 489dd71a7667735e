//! What changed since the controllers last looked, so that each of them looks only where it may have work.
//! Missing something here would leave it undone; naming too much only costs time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::fields;
use super::kinds::Kind;
use super::store::{Change, Key, Store};

/// The objects controllers have to look at again.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Names of nodes that came, went, or changed in more than a kubelet's report.
    pub(super) nodes: BTreeSet<String>,
    pub(super) pods: BTreeSet<Key>,
    /// Uids of workloads that changed, or whose children did.
    pub(super) workloads: BTreeSet<String>,
    pub(super) budgets: BTreeSet<Key>,
    pub(super) services: BTreeSet<Key>,
    /// What admission webhooks would refuse may have changed.
    pub(super) has_new_rules: bool,
    /// Labels of pods that changed, or whose workload got another number of replicas, by namespace.
    covered: BTreeMap<String, Vec<Value>>,
    /// A workload went, and its children may have lost their owner.
    pub(super) has_lost_owners: bool,
}

impl Touched {
    /// What changed after `version`; everything, where the log no longer reaches back that far.
    pub(super) fn since(store: &Store, version: u64) -> Self {
        let mut touched = Self::default();
        match store.changes_after(version) {
            Ok(changes) => changes.for_each(|change| touched.note(change)),
            Err(_) => touched.note_everything(store),
        }
        touched
    }

    /// True where one of the touched pods or workloads may count for a budget with this selection.
    pub(super) fn concerns(&self, namespace: &str, selects: impl Fn(&Value) -> bool) -> bool {
        let mut near = self.covered.get(namespace).into_iter().flatten();
        near.any(selects)
    }

    fn note(&mut self, change: &Change) {
        let before = change.before.as_deref();
        let sides = || before.into_iter().chain([&*change.after]);
        match change.kind {
            Kind::Node if change.is_removal || before.is_none_or(|before| !is_same_place(before, &change.after)) => {
                self.nodes.insert(fields::name(&change.after).to_owned());
            }
            Kind::Pod => {
                self.pods.insert(Key::of(&change.after));
                for pod in sides() {
                    self.note_owner(pod);
                    self.note_labels(pod, &pod["metadata"]["labels"]);
                }
            }
            Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet | Kind::Job => {
                self.workloads.insert(fields::uid(&change.after).to_owned());
                self.has_lost_owners |= change.is_removal;
                self.note_owner(&change.after);
                let is_rescaled =
                    before.is_none_or(|before| before["spec"]["replicas"] != change.after["spec"]["replicas"]);
                if is_rescaled || change.is_removal {
                    let labels = &change.after["spec"]["template"]["metadata"]["labels"];
                    self.note_labels(&change.after, labels);
                }
            }
            Kind::PodDisruptionBudget => {
                self.budgets.insert(Key::of(&change.after));
            }
            Kind::Service => {
                self.services.insert(Key::of(&change.after));
                self.has_new_rules = true;
            }
            Kind::Namespace
            | Kind::EndpointSlice
            | Kind::ValidatingWebhookConfiguration
            | Kind::MutatingWebhookConfiguration => self.has_new_rules = true,
            _ => {}
        }
    }

    fn note_owner(&mut self, object: &Value) {
        if let Some(owner) = fields::owner_uid(object) {
            self.workloads.insert(owner.to_owned());
        }
    }

    fn note_labels(&mut self, object: &Value, labels: &Value) {
        let near = self.covered.entry(fields::namespace(object).to_owned()).or_default();
        // Pods of one workload change together and have the same labels.
        if near.last() != Some(labels) {
            near.push(labels.clone());
        }
    }

    fn note_everything(&mut self, store: &Store) {
        self.has_lost_owners = true;
        for kind in Kind::ALL {
            for object in store.iter(kind) {
                self.note(&Change {
                    version: store.version(),
                    kind,
                    before: None,
                    after: Arc::clone(object),
                    is_removal: false,
                });
            }
        }
    }
}

/// True where only a kubelet's report tells the two states of a node apart.
fn is_same_place(before: &Value, after: &Value) -> bool {
    before["spec"] == after["spec"]
        && before["metadata"]["labels"] == after["metadata"]["labels"]
        && before["metadata"]["uid"] == after["metadata"]["uid"]
        && fields::is_ready(before) == fields::is_ready(after)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_are_sorted_by_who_must_look() {
        let mut store = Store::new();
        let start = store.version();
        let owner = json!([{ "uid": "set", "controller": true }]);
        store.write(
            Kind::Pod,
            json!({ "metadata": { "name": "p", "namespace": "shop", "labels": { "app": "a" }, "ownerReferences": owner } }),
        );
        store.write(Kind::Event, json!({ "metadata": { "name": "e", "namespace": "shop" } }));
        store.write(Kind::Node, json!({ "metadata": { "name": "n" } }));
        let between = store.version();
        let touched = Touched::since(&store, start);
        assert_eq!(touched.pods.len(), 1);
        assert!(touched.workloads.contains("set") && touched.nodes.contains("n"));
        assert!(touched.concerns("shop", |labels| labels["app"] == "a"));
        assert!(!touched.concerns("other", |_| true) && !touched.has_lost_owners);

        store.edit(Kind::Node, &Key::new("", "n"), |node| {
            fields::put(node, &["status", "report"], 1);
        });
        assert!(Touched::since(&store, between).nodes.is_empty());
        store.edit(Kind::Node, &Key::new("", "n"), |node| {
            fields::put(node, &["spec", "unschedulable"], true);
        });
        assert_eq!(Touched::since(&store, between).nodes.len(), 1);
        assert_eq!(Touched::since(&store, 0).pods.len(), 1);
    }
}
