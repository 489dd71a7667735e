//! The controllers that keep as many pods as are asked for: Deployments, ReplicaSets, StatefulSets, DaemonSets,
//! and the collector of what has lost its owner. Pods are placed by the scheduler and run by the kubelets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::fields;
use super::kinds::Kind;
use super::store::Key;
use super::touched::Touched;
use super::{ObjectStore, scheduler};

/// Pods by the uid of their controller.
type Owned = BTreeMap<String, Vec<Arc<Value>>>;

impl ObjectStore {
    /// Lets the controllers of touched workloads look once.
    pub(super) fn run_controllers(&mut self, touched: &Touched) {
        self.collect_orphans(touched);
        let mut due = touched.workloads.clone();
        if touched.has_new_rules {
            due.extend(self.refused.keys().cloned());
        }
        if !touched.nodes.is_empty() {
            due.extend(self.store.iter(Kind::DaemonSet).map(|set| fields::uid(set).to_owned()));
        }
        if due.is_empty() {
            return;
        }
        let mut owned = self.owned(Kind::ReplicaSet, &due);
        for deployment in self.due(Kind::Deployment, &due) {
            let sets = owned.remove(fields::uid(&deployment)).unwrap_or_default();
            self.keep_deployment(&deployment, &sets);
        }
        let mut owned = self.owned(Kind::Pod, &due);
        let mut pods_of = |object: &Value| owned.remove(fields::uid(object)).unwrap_or_default();
        for set in self.due(Kind::ReplicaSet, &due) {
            self.keep_replica_set(&set, &pods_of(&set));
        }
        for set in self.due(Kind::StatefulSet, &due) {
            self.keep_stateful_set(&set, &pods_of(&set));
        }
        for set in self.due(Kind::DaemonSet, &due) {
            self.keep_daemon_set(&set, &pods_of(&set));
        }
        for job in self.due(Kind::Job, &due) {
            self.keep_job(&job, &pods_of(&job));
        }
    }

    fn due(&self, kind: Kind, uids: &BTreeSet<String>) -> Vec<Arc<Value>> {
        let all = self.store.iter(kind);
        all.filter(|object| uids.contains(fields::uid(object)))
            .cloned()
            .collect()
    }

    /// The Deployment or set whose `replicas` say how many pods like this one there should be.
    pub(super) fn scaled_owner(&self, pod: &Value) -> Option<Arc<Value>> {
        let (kind, owner) = self.top_owner(pod)?;
        (kind != Kind::DaemonSet).then_some(owner)
    }

    /// The controller at the top: of a pod of a ReplicaSet its Deployment.
    pub(super) fn top_owner(&self, pod: &Value) -> Option<(Kind, Arc<Value>)> {
        let (kind, owner) = self.owner(pod)?;
        Some(self.owner(&owner).unwrap_or((kind, owner)))
    }

    fn owner(&self, object: &Value) -> Option<(Kind, Arc<Value>)> {
        let reference = fields::controller(object)?;
        let kind = Kind::named(reference["kind"].as_str()?)?;
        let namespace = if kind.describe().is_namespaced {
            fields::namespace(object)
        } else {
            ""
        };
        let key = Key::new(namespace, reference["name"].as_str()?);
        let owner = self.store.get(kind, &key)?;
        (reference["uid"] == fields::uid(owner)).then(|| (kind, Arc::clone(owner)))
    }

    fn owned(&self, kind: Kind, owners: &BTreeSet<String>) -> Owned {
        let all = owners.iter().map(|owner| {
            let owned = self.store.owned_by(kind, owner).cloned().collect();
            (owner.clone(), owned)
        });
        all.collect()
    }

    fn collect_orphans(&mut self, touched: &Touched) {
        let pods: Vec<Key> = if touched.has_lost_owners {
            for set in self.store.all(Kind::ReplicaSet) {
                if self.is_orphan(&set) {
                    self.store.remove(Kind::ReplicaSet, &Key::of(&set));
                }
            }
            self.store.iter(Kind::Pod).map(|pod| Key::of(pod)).collect()
        } else {
            touched.pods.iter().cloned().collect()
        };
        for key in pods {
            let pod = self.store.get(Kind::Pod, &key);
            if pod.is_some_and(|pod| !fields::is_deleting(pod) && self.is_orphan(pod)) {
                self.stop_pod(&key, None);
            }
        }
    }

    /// True for what has a controller of a kind known here that is not there.
    fn is_orphan(&self, object: &Value) -> bool {
        let kind = fields::controller(object).and_then(|reference| Kind::named(reference["kind"].as_str()?));
        kind.is_some() && self.owner(object).is_none()
    }

    fn keep_replica_set(&mut self, set: &Value, pods: &[Arc<Value>]) {
        let mut active: Vec<&Arc<Value>> = pods.iter().filter(|pod| fields::is_active(pod)).collect();
        let wanted = fields::replicas(set);
        let missing = wanted.saturating_sub(active.len());
        let made = self.create_pods(set, Kind::ReplicaSet, missing);
        // The least useful go first: unplaced, then not ready, then the youngest.
        active.sort_by_key(|pod| {
            (
                fields::node_of(pod).is_some(),
                fields::is_ready(pod),
                std::cmp::Reverse(age(pod)),
            )
        });
        let surplus = active.len().saturating_sub(wanted);
        for pod in active.iter().take(surplus) {
            self.stop_pod(&Key::of(pod), None);
        }
        let there = active.len() + made - surplus;
        let ready = pods
            .iter()
            .filter(|pod| fields::is_active(pod) && fields::is_ready(pod))
            .count();
        self.report_set(
            Kind::ReplicaSet,
            set,
            &[
                ("replicas", there as u64),
                ("fullyLabeledReplicas", there as u64),
                ("readyReplicas", ready as u64),
                ("availableReplicas", ready as u64),
            ],
        );
    }

    /// Makes the pods in the order of their numbers, each when those before it are ready.
    fn keep_stateful_set(&mut self, set: &Value, pods: &[Arc<Value>]) {
        let wanted = fields::replicas(set);
        let name_of = |ordinal: usize| format!("{}-{ordinal}", fields::name(set));
        let by_name: BTreeMap<&str, &Arc<Value>> = pods.iter().map(|pod| (fields::name(pod), pod)).collect();
        let at_once = self.is_building || set["spec"]["podManagementPolicy"] == "Parallel";
        for ordinal in 0..wanted {
            let name = name_of(ordinal);
            match by_name.get(name.as_str()) {
                None => {
                    let outcome = self.create_pod(set, Kind::StatefulSet, &name, None);
                    if !self.note_outcome(set, Kind::StatefulSet, outcome) || !at_once {
                        break;
                    }
                }
                Some(pod) if at_once || (fields::is_active(pod) && fields::is_ready(pod)) => {}
                Some(_) => break,
            }
        }
        let kept: BTreeSet<String> = (0..wanted).map(name_of).collect();
        let surplus = pods.iter().filter(|pod| !kept.contains(fields::name(pod)));
        if let Some(last) = surplus.max_by_key(|pod| ordinal(pod))
            && !fields::is_deleting(last)
        {
            self.stop_pod(&Key::of(last), None);
        }
        let ready = pods
            .iter()
            .filter(|pod| fields::is_active(pod) && fields::is_ready(pod))
            .count() as u64;
        let all = pods.iter().filter(|pod| !fields::is_finished(pod)).count() as u64;
        self.report_set(
            Kind::StatefulSet,
            set,
            &[
                ("replicas", all),
                ("readyReplicas", ready),
                ("availableReplicas", ready),
                ("currentReplicas", all),
                ("updatedReplicas", all),
            ],
        );
    }

    fn keep_daemon_set(&mut self, set: &Value, pods: &[Arc<Value>]) {
        let spec = &set["spec"]["template"]["spec"];
        let nodes: BTreeSet<String> = self
            .store
            .iter(Kind::Node)
            .filter(|node| scheduler::suits(spec, node))
            .map(|node| fields::name(node).to_owned())
            .collect();
        let served: BTreeSet<&str> = pods.iter().filter_map(|pod| fields::node_of(pod)).collect();
        for node in nodes.iter().filter(|node| !served.contains(node.as_str())) {
            let name = format!("{}-{}", fields::name(set), self.names.suffix());
            let outcome = self.create_pod(set, Kind::DaemonSet, &name, Some(node));
            if !self.note_outcome(set, Kind::DaemonSet, outcome) {
                break;
            }
        }
        for pod in pods.iter().filter(|pod| fields::is_active(pod)) {
            if fields::node_of(pod).is_none_or(|node| !nodes.contains(node)) {
                self.stop_pod(&Key::of(pod), None);
            }
        }
        let ready = pods
            .iter()
            .filter(|pod| fields::is_active(pod) && fields::is_ready(pod))
            .count() as u64;
        let wanted = nodes.len() as u64;
        self.report_set(
            Kind::DaemonSet,
            set,
            &[
                ("desiredNumberScheduled", wanted),
                ("currentNumberScheduled", wanted),
                ("updatedNumberScheduled", wanted),
                ("numberReady", ready),
                ("numberAvailable", ready),
                ("numberUnavailable", wanted.saturating_sub(ready)),
                ("numberMisscheduled", 0),
            ],
        );
    }

    pub(super) fn report_set(&mut self, kind: Kind, set: &Value, counts: &[(&str, u64)]) {
        self.store.edit(kind, &Key::of(set), |set| {
            let generation = set["metadata"]["generation"].clone();
            fields::put(set, &["status", "observedGeneration"], generation);
            put_counts(set, counts);
        });
    }
}

pub(super) fn put_counts(object: &mut Value, counts: &[(&str, u64)]) {
    for (field, count) in counts {
        fields::put(object, &["status", field], *count);
    }
}

/// RFC 3339 in UTC sorts as text.
fn age(pod: &Value) -> &str {
    pod["metadata"]["creationTimestamp"].as_str().unwrap_or_default()
}

fn ordinal(pod: &Value) -> usize {
    fields::name(pod)
        .rsplit_once('-')
        .and_then(|(_, ordinal)| ordinal.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::{at, node, pods, store, workload};
    use super::*;

    pub(crate) fn cluster(kind: &str, replicas: u32) -> ObjectStore {
        let mut store = store();
        for name in ["n1", "n2", "n3"] {
            store.add_node(&node(name, "user"), at(0));
        }
        store.add_workload(&workload(kind, "cart", replicas), at(0));
        store.advance_to(at(0));
        store
    }

    pub(crate) fn edit(store: &mut ObjectStore, kind: Kind, path: &[&str], value: impl Into<Value>) {
        store.store.edit(kind, &Key::new("shop", "cart"), |object| {
            fields::put(object, path, value);
        });
    }

    pub(crate) fn ready(store: &ObjectStore) -> usize {
        store
            .store
            .iter(Kind::Pod)
            .filter(|pod| fields::is_active(pod) && fields::is_ready(pod))
            .count()
    }

    #[test]
    fn a_deployment_owns_a_set_that_owns_the_pods() {
        let store = cluster("Deployment", 3);
        let sets = store.store.all(Kind::ReplicaSet);
        assert_eq!(sets.len(), 1);
        assert_eq!(ready(&store), 3);
        let pod = &store.store.all(Kind::Pod)[0];
        assert_eq!(fields::owner_uid(pod), Some(fields::uid(&sets[0])));
        assert_eq!(store.top_owner(pod).unwrap().0, Kind::Deployment);
        let deployment = &store.store.all(Kind::Deployment)[0];
        assert_eq!(deployment["status"]["availableReplicas"], 3);
        assert!(fields::has_condition(deployment, "Available"));
    }

    #[test]
    fn a_stateful_set_keeps_its_names_and_its_order() {
        let mut store = cluster("StatefulSet", 3);
        let names =
            |store: &ObjectStore| -> Vec<String> { pods(store, "cart").into_iter().map(|pod| pod.name).collect() };
        assert_eq!(names(&store), ["cart-0", "cart-1", "cart-2"]);
        store.stop_pod(&Key::new("shop", "cart-0"), Some(0));
        store.stop_pod(&Key::new("shop", "cart-1"), Some(0));
        store.advance_to(at(1));
        assert_eq!(names(&store), ["cart-0", "cart-2"]);
        store.advance_to(at(60));
        assert_eq!(ready(&store), 3);
        edit(&mut store, Kind::StatefulSet, &["spec", "replicas"], 1);
        store.advance_to(at(120));
        assert_eq!(names(&store), ["cart-0"]);
    }

    #[test]
    fn a_daemon_set_has_one_pod_on_every_node_even_a_cordoned_one() {
        let mut store = cluster("DaemonSet", 0);
        assert_eq!(ready(&store), 3);
        store.add_node(&node("n4", "user"), at(10));
        store.set_cordoned("n4", true, at(10));
        store.advance_to(at(60));
        assert_eq!(ready(&store), 4);
        store.remove_node("n1", at(61));
        store.advance_to(at(62));
        assert_eq!(ready(&store), 3);
    }

    #[test]
    fn what_loses_its_owner_goes() {
        let mut store = cluster("Deployment", 3);
        store.store.remove(Kind::Deployment, &Key::new("shop", "cart"));
        store.advance_to(at(60));
        assert_eq!(store.store.iter(Kind::ReplicaSet).count(), 0);
        assert_eq!(store.store.iter(Kind::Pod).count(), 0);
    }
}
