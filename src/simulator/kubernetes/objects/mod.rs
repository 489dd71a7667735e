//! The objects of one cluster and the controllers that move them. Pure: time is handed in, randomness is seeded.
//! Objects are kept as JSON, because that is what the API serves, patches and watches.

pub(crate) mod admission;
mod authoring;
mod budgets;
mod controllers;
mod deployments;
mod endpoints;
mod events;
pub(crate) mod eviction;
pub(crate) mod fields;
pub(crate) mod figures;
mod jobs;
pub(crate) mod kinds;
mod kubelet;
mod machine;
mod names;
mod nodes;
mod quantity;
mod refusals;
mod requests;
mod scheduler;
pub(crate) mod selectors;
pub(crate) mod store;
mod touched;
mod troubles;
mod usual;
mod volumes;
mod workloads;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub use admission::WebhookAnswer;
pub use authoring::NotKept;
pub use figures::DeprecatedApiUse;
use figures::Figures;
use kinds::Kind;
use kubelet::Timer;
use names::Names;
use store::{Key, Store};
use touched::Touched;
pub use troubles::{PodTrouble, TroubledPods};

/// What an API server says where nobody told it its version.
const USUAL_VERSION: &str = "v1.33.0";
/// The subscription of nodes where nobody told it.
const NO_SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";
/// How often what needs no exact time is looked at: kubelet reports and old events.
const UPKEEP: SignedDuration = SignedDuration::from_secs(10);
/// How long controllers wait before they try again what an admission webhook refused.
const RETRY: SignedDuration = SignedDuration::from_mins(1);
/// A settled cluster needs few rounds; more than this means two controllers fight.
const MOST_ROUNDS: usize = 200;

/// A node to add.
#[derive(Clone, Debug)]
pub struct NodeSpec {
    pub name: String,
    pub pool: String,
    pub mode: String,
    /// `1.33.5`; shown with a leading `v`.
    pub version: String,
    pub node_image: String,
    pub vm_size: String,
    pub zone: Option<String>,
    pub node_resource_group: String,
    pub is_ready: bool,
}

/// A Deployment, StatefulSet, DaemonSet or Job to add, with its pods.
#[derive(Clone, Debug)]
pub struct WorkloadSpec {
    pub namespace: String,
    pub name: String,
    /// `Deployment`, `StatefulSet`, `DaemonSet` or `Job`.
    pub kind: String,
    pub replicas: u32,
    /// Pools its pods may run on; empty means any.
    pub pools: Vec<String>,
    /// From scheduled to ready.
    pub start_time: Duration,
    /// From told to stop to gone.
    pub stop_time: Duration,
    /// Pods of this workload that never become ready.
    pub never_ready: u32,
    /// A finalizer that nobody removes.
    pub finalizer: Option<String>,
    pub budget: Option<BudgetSpec>,
}

/// A PodDisruptionBudget for a workload; exactly one of the two is set, as `2` or `50%`.
#[derive(Clone, Debug)]
pub struct BudgetSpec {
    pub name: String,
    pub min_available: Option<String>,
    pub max_unavailable: Option<String>,
}

/// An event to emit.
#[derive(Clone, Debug)]
pub struct EventSpec {
    pub is_warning: bool,
    pub reason: String,
    pub message: String,
    /// For instance `upgrader`.
    pub source: String,
    pub object_kind: String,
    pub object_name: String,
    /// Of the object; events about nodes live in `default`.
    pub namespace: String,
}

/// Names one pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodName {
    pub namespace: String,
    pub name: String,
}

/// How an eviction was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Eviction {
    /// The pod was told to stop.
    Accepted,
    /// 429: a budget forbids it, in the API server's words.
    Blocked {
        message: String,
    },
    /// 500: more than one budget covers it.
    SeveralBudgets {
        message: String,
    },
    /// 403 or 500: an admission webhook denies it or cannot be called, in the API server's words.
    Refused {
        message: String,
    },
    Gone,
}

/// How the pods of a workload behave.
#[derive(Clone, Debug)]
struct Habits {
    start_time: Duration,
    stop_time: Duration,
    never_ready: usize,
}

/// Pods of workloads that came in through the API.
impl Default for Habits {
    fn default() -> Self {
        Self {
            start_time: Duration::from_secs(5),
            stop_time: Duration::from_secs(2),
            never_ready: 0,
        }
    }
}

/// The objects of one cluster.
#[derive(Debug)]
pub struct ObjectStore {
    store: Store,
    names: Names,
    now: Timestamp,
    /// The version at which the controllers had nothing left to do.
    settled: u64,
    /// True until the first `advance_to`: what is added before is up and running at once.
    is_building: bool,
    habits: BTreeMap<(Kind, Key), Habits>,
    timers: BTreeSet<(Timestamp, Timer)>,
    /// Uids of pods that have a start timer.
    starting: BTreeSet<String>,
    known_events: BTreeMap<events::Identity, Key>,
    next_upkeep: Timestamp,
    server_version: String,
    /// Named in the `providerID` of nodes.
    subscription: String,
    has_streaming_lists: bool,
    /// Verb and plural.
    denied: BTreeSet<(String, String)>,
    /// Plurals and paths that are answered with 404.
    not_served: BTreeSet<String>,
    /// By the name of the webhook.
    webhook_answers: BTreeMap<String, WebhookAnswer>,
    /// Workloads whose pods were refused, by uid: when that was last said, and in which words.
    refused: BTreeMap<String, (Timestamp, String)>,
    troubles: Vec<TroubledPods>,
    /// When kubelets say the next time what is wrong with their pods.
    next_complaint: Timestamp,
    /// Uids of pods that met a trouble, with namespace and name of their workload.
    troubled: BTreeMap<String, (String, String)>,
    figures: Figures,
}

impl ObjectStore {
    /// An empty cluster with its default namespaces.
    pub fn new(seed: u64, now: Timestamp) -> Self {
        let mut store = Self {
            store: Store::new(),
            names: Names::new(seed),
            now,
            settled: 0,
            is_building: true,
            habits: BTreeMap::new(),
            timers: BTreeSet::new(),
            starting: BTreeSet::new(),
            known_events: BTreeMap::new(),
            next_upkeep: now,
            server_version: USUAL_VERSION.to_owned(),
            subscription: NO_SUBSCRIPTION.to_owned(),
            has_streaming_lists: true,
            denied: BTreeSet::new(),
            not_served: BTreeSet::new(),
            webhook_answers: BTreeMap::new(),
            refused: BTreeMap::new(),
            troubles: Vec::new(),
            next_complaint: now,
            troubled: BTreeMap::new(),
            figures: Figures::default(),
        };
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            store.add_namespace(name);
        }
        store.add_usual_objects(seed);
        store
    }

    /// Grows with every change; the resourceVersion of the newest one.
    pub fn version(&self) -> u64 {
        self.store.version()
    }

    /// Runs the controllers up to `now`: schedule, start, stop, daemon sets, budget numbers, kubelet reports.
    pub fn advance_to(&mut self, now: Timestamp) {
        self.settle();
        while self.timers.first().is_some_and(|(at, _)| *at <= now) {
            if let Some((at, timer)) = self.timers.pop_first() {
                self.pass_to(at);
                self.fire(&timer);
                // What happens at one moment is answered together.
                if self.timers.first().is_none_or(|(next, _)| *next != at) {
                    self.settle();
                }
            }
        }
        self.pass_to(now);
        if self.now >= self.next_upkeep {
            self.next_upkeep = self.now + UPKEEP;
            self.send_heartbeats();
            self.expire_events(now);
            self.retry_refused();
            self.repeat_troubles();
        }
        self.settle();
        self.is_building = false;
    }

    /// When the controllers have something to do next.
    pub fn next_due(&self) -> Option<Timestamp> {
        if self.settled == self.store.version() {
            self.timers.first().map(|(at, _)| *at)
        } else {
            Some(self.now)
        }
    }

    /// Sets what `/version` answers, such as `1.33.5`; a leading `v` is added where it is missing.
    pub fn set_server_version(&mut self, version: &str) {
        self.server_version = format!("v{}", version.trim_start_matches('v'));
    }

    /// Sets the subscription that the `providerID` of nodes added from now on names.
    pub fn set_subscription(&mut self, id: &str) {
        id.clone_into(&mut self.subscription);
    }

    pub(crate) fn server_version(&self) -> &str {
        &self.server_version
    }

    /// Whether watches may begin with a streamed list, as servers can switch off (feature `WatchList`).
    pub fn set_streaming_lists(&mut self, has_streaming_lists: bool) {
        self.has_streaming_lists = has_streaming_lists;
    }

    pub(crate) fn has_streaming_lists(&self) -> bool {
        self.has_streaming_lists
    }

    /// Answers this verb (`get`, `list`, `watch`, ...) on this resource (`pods`) with 403 from now on.
    pub fn deny(&mut self, verb: &str, plural: &str) {
        self.denied.insert((verb.to_owned(), plural.to_owned()));
    }

    /// Answers it again as it did before.
    pub fn allow(&mut self, verb: &str, plural: &str) {
        self.denied.remove(&(verb.to_owned(), plural.to_owned()));
    }

    pub(crate) fn is_denied(&self, verb: &str, plural: &str) -> bool {
        self.denied.contains(&(verb.to_owned(), plural.to_owned()))
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Time never goes back.
    fn pass_to(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    /// Adds an object with what the API server gives every new one.
    fn create(&mut self, kind: Kind, mut object: Value) -> Arc<Value> {
        let uid = self.names.uid();
        fields::put(&mut object, &["metadata", "uid"], uid);
        let at = fields::stamp(self.now);
        fields::put(&mut object, &["metadata", "creationTimestamp"], at);
        if kind.describe().has_generation {
            fields::put(&mut object, &["metadata", "generation"], 1);
        }
        self.store.write(kind, object)
    }

    /// Lets the controllers look until none of them changes anything any more.
    fn settle(&mut self) {
        let mut rounds = 0;
        while self.settled != self.store.version() {
            let touched = Touched::since(&self.store, self.settled);
            self.settled = self.store.version();
            self.end_outlived_troubles();
            self.follow_cordons(&touched);
            self.run_controllers(&touched);
            self.schedule(&touched);
            self.run_kubelets(&touched);
            self.keep_budgets(&touched);
            self.keep_endpoints(&touched);
            rounds += 1;
            if rounds == MOST_ROUNDS {
                // Time must go on, even where two controllers fight over an object a user wrote.
                self.settled = self.store.version();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds after the beginning of the test's time.
    pub(super) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    pub(super) fn store() -> ObjectStore {
        ObjectStore::new(1, at(0))
    }

    pub(super) fn node(name: &str, pool: &str) -> NodeSpec {
        NodeSpec {
            name: name.into(),
            pool: pool.into(),
            mode: "User".into(),
            version: "1.33.5".into(),
            node_image: "AKSUbuntu-2204gen2containerd-202606.01.0".into(),
            vm_size: "Standard_D4s_v5".into(),
            zone: None,
            node_resource_group: "MC_shop".into(),
            is_ready: true,
        }
    }

    pub(super) fn workload(kind: &str, name: &str, replicas: u32) -> WorkloadSpec {
        WorkloadSpec {
            namespace: "shop".into(),
            name: name.into(),
            kind: kind.into(),
            replicas,
            pools: Vec::new(),
            start_time: Duration::from_secs(5),
            stop_time: Duration::from_secs(2),
            never_ready: 0,
            finalizer: None,
            budget: None,
        }
    }

    pub(super) fn budget(name: &str, min_available: &str) -> BudgetSpec {
        BudgetSpec {
            name: name.into(),
            min_available: Some(min_available.into()),
            max_unavailable: None,
        }
    }

    /// Pods of one workload that were not told to go.
    pub(super) fn pods(store: &ObjectStore, app: &str) -> Vec<PodName> {
        store
            .store
            .iter(Kind::Pod)
            .filter(|pod| pod["metadata"]["labels"]["app"] == app && fields::is_active(pod))
            .map(|pod| PodName {
                namespace: fields::namespace(pod).into(),
                name: fields::name(pod).into(),
            })
            .collect()
    }

    #[test]
    fn a_settled_cluster_stays_as_it_is() {
        let mut store = store();
        for name in ["n1", "n2"] {
            store.add_node(&node(name, "user"), at(0));
        }
        for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
            store.add_workload(&workload(kind, &kind.to_lowercase(), 3), at(0));
        }
        store.advance_to(at(1));
        let version = store.version();
        store.advance_to(at(200));
        assert_eq!(store.version(), version);
        assert_eq!(store.next_due(), None);
    }

    /// One of the things that happen to a cluster, drawn by lot.
    fn disturb(store: &mut ObjectStore, lot: &mut fastrand::Rng, now: Timestamp) {
        let node_name = format!("n{}", lot.u8(0..5));
        let all = store.store.all(Kind::Pod);
        let pod = all.get(lot.usize(0..all.len().max(1))).map(|pod| Key::of(pod));
        let kind = lot.choice([Kind::Deployment, Kind::StatefulSet]).unwrap();
        let app = Key::new("shop", &kind.describe().word.to_lowercase());
        let edit = |store: &mut ObjectStore, kind, key: &Key, path: &[&str], value: Value| {
            store.store.edit(kind, key, |object| fields::put(object, path, value));
        };
        match (lot.u8(0..9), pod) {
            (0, _) => store.set_cordoned(&node_name, lot.bool(), now),
            (1, _) => store.set_node_ready(&node_name, lot.bool(), now),
            (2, _) => store.remove_node(&node_name, now),
            (3, _) => store.add_node(&node(&node_name, "user"), now),
            (4, _) => edit(store, kind, &app, &["spec", "replicas"], lot.u8(0..6).into()),
            (5, _) => edit(
                store,
                Kind::PodDisruptionBudget,
                &Key::new("shop", "b"),
                &["spec", "minAvailable"],
                lot.u8(0..5).into(),
            ),
            (6, Some(pod)) => store.stop_pod(&pod, lot.bool().then_some(0)),
            (7, Some(pod)) => {
                let name = PodName {
                    namespace: pod.namespace,
                    name: pod.name,
                };
                store.evict(&name, now);
            }
            (_, Some(pod)) => edit(
                store,
                Kind::Pod,
                &pod,
                &["metadata", "finalizers"],
                Value::Array(Vec::new()),
            ),
            (_, None) => {}
        }
    }

    #[test]
    fn whatever_happens_a_look_at_everything_finds_nothing_left_to_do() {
        for seed in 0..40 {
            let mut lot = fastrand::Rng::with_seed(seed);
            let mut store = ObjectStore::new(seed, at(0));
            for name in ["n0", "n1", "n2"] {
                store.add_node(&node(name, "user"), at(0));
            }
            for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
                let mut spec = workload(kind, &kind.to_lowercase(), 3);
                spec.finalizer = (kind == "StatefulSet").then(|| "example.com/wait".into());
                spec.budget = (kind == "Deployment").then(|| budget("b", "2"));
                store.add_workload(&spec, at(0));
            }
            for step in 1..60 {
                disturb(&mut store, &mut lot, at(step));
                store.advance_to(at(step));
                let version = store.version();
                store.settled = 0;
                store.settle();
                assert_eq!(store.version(), version, "seed {seed}, step {step}");
            }
        }
    }

    #[test]
    fn one_seed_makes_one_cluster() {
        let build = |seed| {
            let mut store = ObjectStore::new(seed, at(0));
            store.add_node(&node("n1", "user"), at(0));
            store.add_workload(&workload("Deployment", "cart", 3), at(0));
            store.advance_to(at(0));
            pods(&store, "cart")
        };
        assert_eq!(build(4), build(4));
        assert_ne!(build(4), build(5));
    }
}
