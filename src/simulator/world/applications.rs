//! The applications behind the workloads, as their users see them: up while a pod is ready, slower while some are
//! missing, and broken where a new version does not agree with them until somebody repairs them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::World;
use super::cluster::SimulatedCluster;
use crate::domain::version::KubernetesVersion;
use crate::simulator::kubernetes::objects::fields;
use crate::simulator::kubernetes::objects::kinds::Kind;
use crate::simulator::kubernetes::objects::store::Key;

/// Milliseconds an answer takes while all pods are ready, and how many are added as they go missing.
const LATENCY_MS: u64 = 20;
const LATENCY_ADDED_MS: u64 = 400;
/// Orders kept for each application; older ones are forgotten.
const MOST_ORDERS: usize = 1000;

/// Names an application: cluster, namespace, workload.
type Place = (String, String, String);

/// How an application answers just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    pub ready: u64,
    pub wanted: u64,
    /// It answers, but wrongly.
    pub is_broken: bool,
}

impl Health {
    /// What an answer takes, in milliseconds of the application's own time.
    pub fn latency_ms(&self) -> u64 {
        let missing = self.wanted.saturating_sub(self.ready);
        LATENCY_MS + LATENCY_ADDED_MS * missing / self.wanted.max(1)
    }
}

/// What is known of the applications beside their pods.
#[derive(Clone, Debug, Default)]
pub struct Applications {
    /// Broken while a pod runs on a node of this version or a newer one.
    broken_from: BTreeMap<Place, KubernetesVersion>,
    /// Counts the answers of each application.
    answers: BTreeMap<Place, u64>,
    orders: BTreeMap<Place, BTreeMap<String, Value>>,
}

impl Applications {
    /// The application breaks where a pod of it runs on a node of this version or a newer one.
    pub fn break_from(&mut self, cluster: &str, namespace: &str, workload: &str, version: Option<KubernetesVersion>) {
        let version = version.unwrap_or(KubernetesVersion::new(0, 0, 0));
        self.broken_from.insert(place(cluster, namespace, workload), version);
    }

    /// Repairs an application for good; tells whether something was to be repaired.
    pub fn fix(&mut self, cluster: &str, namespace: &str, workload: &str) -> bool {
        self.broken_from.remove(&place(cluster, namespace, workload)).is_some()
    }

    /// The number of the next answer, from 1 on.
    pub fn count_answer(&mut self, cluster: &str, namespace: &str, workload: &str) -> u64 {
        let count = self.answers.entry(place(cluster, namespace, workload)).or_default();
        *count += 1;
        *count
    }

    /// Keeps what was sent; gives it an id by which it can be read again.
    pub fn keep_order(&mut self, cluster: &str, namespace: &str, workload: &str, sent: Value) -> String {
        let number = self.count_answer(cluster, namespace, workload);
        let orders = self.orders.entry(place(cluster, namespace, workload)).or_default();
        let id = format!("order-{number:06}");
        orders.insert(id.clone(), sent);
        if orders.len() > MOST_ORDERS {
            orders.pop_first();
        }
        id
    }

    /// What was sent under an id.
    pub fn order(&self, cluster: &str, namespace: &str, workload: &str, id: &str) -> Option<&Value> {
        self.orders.get(&place(cluster, namespace, workload))?.get(id)
    }
}

fn place(cluster: &str, namespace: &str, workload: &str) -> Place {
    (cluster.to_owned(), namespace.to_owned(), workload.to_owned())
}

impl World {
    /// How an application does; `None` where there is no such workload.
    pub fn health_of(&self, cluster: &str, namespace: &str, workload: &str) -> Option<Health> {
        let (ready, wanted) = self.clusters.get(cluster)?.readiness_of(namespace, workload)?;
        let place = place(cluster, namespace, workload);
        let is_broken = self.applications.broken_from.get(&place).is_some_and(|version| {
            self.clusters[cluster]
                .versions_serving(namespace, workload)
                .iter()
                .any(|serving| serving >= version)
        });
        Some(Health {
            ready,
            wanted,
            is_broken,
        })
    }

    /// Repairs an application for good; tells whether something was to be repaired.
    pub fn fix(&mut self, cluster: &str, namespace: &str, workload: &str) -> bool {
        self.applications.fix(cluster, namespace, workload)
    }
}

impl SimulatedCluster {
    /// Ready pods and wanted ones of a workload, as its own status says.
    fn readiness_of(&self, namespace: &str, workload: &str) -> Option<(u64, u64)> {
        let key = Key::new(namespace, workload);
        let store = self.objects.store();
        let count = |object: &Value, half: &str, field: &str| object[half][field].as_u64().unwrap_or(0);
        for kind in [Kind::Deployment, Kind::StatefulSet] {
            if let Some(object) = store.get(kind, &key) {
                return Some((
                    count(object, "status", "readyReplicas"),
                    count(object, "spec", "replicas"),
                ));
            }
        }
        let set = store.get(Kind::DaemonSet, &key)?;
        let wanted = count(set, "status", "desiredNumberScheduled");
        Some((count(set, "status", "numberReady"), wanted))
    }

    /// Versions of the nodes on which pods of a workload are ready.
    fn versions_serving(&self, namespace: &str, workload: &str) -> BTreeSet<KubernetesVersion> {
        let nodes: BTreeSet<&str> = self
            .objects
            .store()
            .iter(Kind::Pod)
            .filter(|pod| fields::namespace(pod) == namespace && pod["metadata"]["labels"]["app"] == workload)
            .filter(|pod| fields::is_ready(pod))
            .filter_map(|pod| fields::node_of(pod))
            .collect();
        self.pools
            .iter()
            .flat_map(|pool| &pool.nodes)
            .filter(|node| nodes.contains(node.name.as_str()))
            .map(|node| node.version)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::world::fixture::*;

    #[test]
    fn an_application_is_as_healthy_as_its_pods() {
        let mut world = world();
        let health = |world: &World| world.health_of(NAME, "shop", "web").unwrap();
        let all = Health {
            ready: 3,
            wanted: 3,
            is_broken: false,
        };
        assert_eq!(health(&world), all);
        assert_eq!(world.health_of(NAME, "shop", "nothing"), None);
        assert_eq!(world.health_of("nowhere", "shop", "web"), None);
        let names = nodes(cluster(&world), "apps");
        let now = world.now;
        for name in &names[..3] {
            world
                .cluster_mut(NAME)
                .unwrap()
                .0
                .objects
                .set_node_ready(name, false, now);
        }
        pass(&mut world, 1);
        assert!(health(&world).ready < 3 && health(&world).latency_ms() > all.latency_ms());
    }

    #[test]
    fn a_new_version_breaks_an_application_until_it_is_repaired() {
        let mut world = world();
        raise_control_plane(&mut world);
        world
            .applications
            .break_from(NAME, "shop", "web", Some(version("1.34.6")));
        let is_broken = |world: &World| world.health_of(NAME, "shop", "web").unwrap().is_broken;
        assert!(!is_broken(&world));
        upgrade_pool(&mut world, "1.34.6").unwrap();
        pass(&mut world, 1);
        assert!(!is_broken(&world));
        pass(&mut world, 40);
        assert!(is_broken(&world));
        assert!(world.fix(NAME, "shop", "web") && !world.fix(NAME, "shop", "web"));
        assert!(!is_broken(&world));
    }

    #[test]
    fn orders_can_be_read_again() {
        let mut applications = Applications::default();
        let mut keep = |sent: &str| applications.keep_order(NAME, "shop", "web", sent.into());
        let (first, second) = (keep("a"), keep("b"));
        assert_ne!(first, second);
        assert_eq!(applications.order(NAME, "shop", "web", &first), Some(&"a".into()));
        assert_eq!(applications.order(NAME, "shop", "web", "order-9"), None);
        assert_eq!(applications.order(NAME, "shop", "cart", &first), None);
    }
}
