//! The Deployment controller: a ReplicaSet for each pod template, and the rolling move from the old to the new one.

use std::sync::Arc;

use serde_json::{Value, json};

use super::controllers::put_counts;
use super::fields::{self, Condition};
use super::kinds::Kind;
use super::names::template_hash;
use super::refusals::FAILURE;
use super::store::Key;
use super::{ObjectStore, workloads};

/// The label that ties pods to the ReplicaSet of one template.
const HASH: &str = "pod-template-hash";

impl ObjectStore {
    /// Keeps one ReplicaSet for each template, and moves the replicas to the newest.
    pub(super) fn keep_deployment(&mut self, deployment: &Value, sets: &[Arc<Value>]) {
        let hash = template_hash(&deployment["spec"]["template"]);
        let wanted = fields::replicas(deployment);
        let is_current = |set: &Value| set["metadata"]["labels"][HASH] == hash.as_str();
        let old: Vec<&Arc<Value>> = sets.iter().filter(|set| !is_current(set)).collect();
        match sets.iter().find(|set| is_current(set)) {
            None => {
                let start = if old.is_empty() { wanted } else { 0 };
                self.create_replica_set(deployment, &hash, start, sets.len() + 1);
            }
            Some(current) => self.roll(current, &old, wanted),
        }
        self.report_deployment(deployment, &hash);
    }

    /// Moves replicas from the old sets to the current one: at most a quarter more, at most a quarter fewer.
    fn roll(&mut self, current: &Arc<Value>, old: &[&Arc<Value>], wanted: usize) {
        let old_total: usize = old.iter().map(|set| fields::replicas(set)).sum();
        if old_total == 0 {
            self.scale_set(current, wanted);
            return;
        }
        let (surge, unavailable) = (wanted.div_ceil(4), wanted / 4);
        let now_there = fields::replicas(current);
        let room = (wanted + surge).saturating_sub(old_total + now_there);
        let current_target = wanted.min(now_there + room);
        self.scale_set(current, current_target);
        let not_up = now_there.saturating_sub(available(current));
        let mut removable = (old_total + now_there).saturating_sub(wanted.saturating_sub(unavailable) + not_up);
        for set in old {
            let there = fields::replicas(set);
            let gone = there.min(removable);
            removable -= gone;
            self.scale_set(set, there - gone);
        }
    }

    fn scale_set(&mut self, set: &Arc<Value>, replicas: usize) {
        self.store.edit(Kind::ReplicaSet, &Key::of(set), |set| {
            fields::put(set, &["spec", "replicas"], replicas);
        });
    }

    fn create_replica_set(&mut self, deployment: &Value, hash: &str, replicas: usize, revision: usize) {
        let mut template = deployment["spec"]["template"].clone();
        fields::put(&mut template, &["metadata", "labels", HASH], hash);
        let mut selector = deployment["spec"]["selector"].clone();
        fields::put(&mut selector, &["matchLabels", HASH], hash);
        let set = json!({
            "metadata": {
                "name": format!("{}-{hash}", fields::name(deployment)),
                "namespace": fields::namespace(deployment),
                "labels": template["metadata"]["labels"],
                "annotations": { "deployment.kubernetes.io/revision": revision.to_string() },
                "ownerReferences": [workloads::reference(deployment, Kind::Deployment)],
            },
            "spec": { "replicas": replicas, "selector": selector, "template": template },
            "status": {},
        });
        let revision = revision.to_string();
        self.create(Kind::ReplicaSet, set);
        self.store.edit(Kind::Deployment, &Key::of(deployment), |deployment| {
            fields::put(
                deployment,
                &["metadata", "annotations", "deployment.kubernetes.io/revision"],
                revision,
            );
        });
    }

    fn report_deployment(&mut self, deployment: &Value, hash: &str) {
        let uid = fields::uid(deployment);
        let sets: Vec<Arc<Value>> = self.store.owned_by(Kind::ReplicaSet, uid).cloned().collect();
        let sum = |field: &str| -> u64 { sets.iter().filter_map(|set| set["status"][field].as_u64()).sum() };
        let updated: u64 = sets
            .iter()
            .filter(|set| set["metadata"]["labels"][HASH] == hash)
            .filter_map(|set| set["status"]["replicas"].as_u64())
            .sum();
        let (all, ready) = (sum("replicas"), sum("readyReplicas"));
        let wanted = fields::replicas(deployment);
        let is_available = usize::try_from(ready).unwrap_or(usize::MAX) >= wanted - wanted / 4;
        let failure = sets
            .iter()
            .filter(|set| set["metadata"]["labels"][HASH] == hash)
            .find_map(|set| fields::condition(set, FAILURE).cloned());
        let now = self.now;
        self.store.edit(Kind::Deployment, &Key::of(deployment), |deployment| {
            let generation = deployment["metadata"]["generation"].clone();
            let counts = [
                ("replicas", all),
                ("updatedReplicas", updated),
                ("readyReplicas", ready),
                ("availableReplicas", ready),
                ("unavailableReplicas", all.saturating_sub(ready)),
            ];
            fields::put(deployment, &["status", "observedGeneration"], generation);
            put_counts(deployment, &counts);
            let available = Condition {
                kind: "Available",
                status: is_available,
                reason: if is_available {
                    "MinimumReplicasAvailable"
                } else {
                    "MinimumReplicasUnavailable"
                },
                message: if is_available {
                    "Deployment has minimum availability."
                } else {
                    "Deployment does not have minimum availability."
                },
            };
            fields::set_condition(deployment, available, now);
            fields::carry_condition(deployment, FAILURE, failure);
        });
    }
}

fn available(set: &Value) -> usize {
    set["status"]["availableReplicas"]
        .as_u64()
        .and_then(|count| usize::try_from(count).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::controllers::tests::{cluster, edit, ready};
    use super::super::tests::{at, pods};
    use super::*;

    #[test]
    fn scaling_adds_and_takes_pods() {
        let mut store = cluster("Deployment", 3);
        edit(&mut store, Kind::Deployment, &["spec", "replicas"], 5);
        store.advance_to(at(60));
        assert_eq!(ready(&store), 5);
        edit(&mut store, Kind::Deployment, &["spec", "replicas"], 1);
        store.advance_to(at(120));
        assert_eq!(pods(&store, "cart").len(), 1);
    }

    #[test]
    fn a_new_template_rolls_without_falling_below_three_quarters() {
        let mut store = cluster("Deployment", 4);
        let before = pods(&store, "cart");
        edit(
            &mut store,
            Kind::Deployment,
            &[
                "spec",
                "template",
                "metadata",
                "annotations",
                "kubectl.kubernetes.io/restartedAt",
            ],
            "now",
        );
        for second in 1..120 {
            store.advance_to(at(second));
            assert!(ready(&store) >= 3, "{} ready at {second}", ready(&store));
        }
        let after = pods(&store, "cart");
        assert_eq!(after.len(), 4);
        assert!(after.iter().all(|pod| !before.contains(pod)));
        assert_eq!(store.store.iter(Kind::ReplicaSet).count(), 2);
    }
}
