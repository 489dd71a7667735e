//! The kubelets: start the pods they were given, stop those that were told to go, and keep their readiness honest.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::events::PodEvent;
use super::fields::{self, Condition};
use super::kinds::Kind;
use super::store::Key;
use super::touched::Touched;
use super::troubles::Moment;
use super::{Habits, ObjectStore};

/// The reason a container waits for ever.
const CRASHING: &str = "CrashLoopBackOff";

/// Something a kubelet does later. The uid keeps it from touching a new pod of the same name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    Start { pod: Key, uid: String },
    Stop { pod: Key, uid: String },
}

impl ObjectStore {
    /// Lets the kubelets look at touched pods, and at all pods of touched nodes.
    pub(super) fn run_kubelets(&mut self, touched: &Touched) {
        let mut due = touched.pods.clone();
        for node in &touched.nodes {
            due.extend(self.store.pods_on(node).map(|pod| Key::of(pod)));
        }
        for key in due {
            if let Some(pod) = self.store.get(Kind::Pod, &key).cloned() {
                self.look_after(&pod, key);
            }
        }
    }

    fn look_after(&mut self, pod: &Value, key: Key) {
        let node = fields::node_of(pod).map(|node| self.store.get(Kind::Node, &Key::new("", node)));
        let node_ready = match node {
            None => false,
            Some(Some(node)) => fields::is_ready(node),
            Some(None) => {
                self.store.remove(Kind::Pod, &key);
                return;
            }
        };
        if fields::is_deleting(pod) {
            self.remove_if_over(&key);
        } else if fields::phase(pod) == "Running" {
            self.follow_node(pod, &key, node_ready);
        } else if fields::phase(pod) == "Pending" && node_ready {
            self.begin(pod, key);
        }
    }

    /// Tells a pod to stop, with its own grace or another one, in seconds; at once where nothing runs yet.
    pub(crate) fn stop_pod(&mut self, key: &Key, grace: Option<u64>) {
        let Some(pod) = self.store.get(Kind::Pod, key).cloned() else {
            return;
        };
        let is_placed = fields::node_of(&pod).is_some();
        let own = pod["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap_or(30);
        let grace = if is_placed { grace.unwrap_or(own) } else { 0 };
        if fields::is_deleting(&pod) && grace > 0 {
            return;
        }
        let now = self.now;
        let until = now + Duration::from_secs(grace.min(86_400 * 365));
        self.store.edit(Kind::Pod, key, |pod| {
            fields::put(pod, &["metadata", "deletionTimestamp"], fields::stamp(until));
            fields::put(pod, &["metadata", "deletionGracePeriodSeconds"], grace);
        });
        if grace == 0 {
            self.end_pod(key);
            return;
        }
        let lasts = self.habits_of(&pod).stop_time.min(Duration::from_secs(grace));
        let timer = Timer::Stop {
            pod: key.clone(),
            uid: fields::uid(&pod).to_owned(),
        };
        self.timers.insert((now + lasts, timer));
        for container in containers(&pod) {
            self.say(&pod, "Killing", &format!("Stopping container {container}"));
        }
    }

    pub(super) fn fire(&mut self, timer: &Timer) {
        let (Timer::Start { pod: key, uid } | Timer::Stop { pod: key, uid }) = timer;
        if matches!(timer, Timer::Start { .. }) {
            self.starting.remove(uid);
        }
        let Some(pod) = self
            .store
            .get(Kind::Pod, key)
            .filter(|pod| fields::uid(pod) == uid)
            .cloned()
        else {
            return;
        };
        match timer {
            Timer::Start { .. } => {
                let node = fields::node_of(&pod).and_then(|node| self.store.get(Kind::Node, &Key::new("", node)));
                if node.is_some_and(|node| fields::is_ready(node)) && fields::is_active(&pod) {
                    self.start_pod(&pod, key);
                }
            }
            Timer::Stop { .. } => self.end_pod(key),
        }
    }

    pub(super) fn habits_of(&self, pod: &Value) -> Habits {
        self.top_owner(pod)
            .and_then(|(kind, owner)| self.habits.get(&(kind, Key::of(&owner))).cloned())
            .unwrap_or_default()
    }

    pub(super) fn begin(&mut self, pod: &Value, key: Key) {
        if self.is_building {
            self.start_pod(pod, &key);
            return;
        }
        let uid = fields::uid(pod).to_owned();
        if !self.is_troubled(pod) && self.starting.insert(uid.clone()) {
            let at = self.now + self.habits_of(pod).start_time;
            self.store
                .edit(Kind::Pod, &key, |pod| set_containers(pod, &ContainerState::Creating));
            self.timers.insert((at, Timer::Start { pod: key, uid }));
        }
    }

    fn start_pod(&mut self, pod: &Value, key: &Key) {
        let now = self.now;
        let address = self.names.pod_address();
        let host = fields::node_of(pod)
            .and_then(|node| self.store.get(Kind::Node, &Key::new("", node)))
            .and_then(|node| node["status"]["addresses"][0]["address"].as_str().map(str::to_owned))
            .unwrap_or_default();
        let is_broken = self.is_one_too_few_broken(pod);
        self.store.edit(Kind::Pod, key, |pod| {
            let status = [
                ("phase", json!("Running")),
                ("hostIP", json!(host)),
                ("hostIPs", json!([{ "ip": host }])),
                ("podIP", json!(address)),
                ("podIPs", json!([{ "ip": address }])),
                ("startTime", json!(fields::stamp(now))),
            ];
            for (field, value) in status {
                fields::put(pod, &["status", field], value);
            }
            let state = if is_broken {
                ContainerState::Crashing
            } else {
                ContainerState::Running(now)
            };
            set_containers(pod, &state);
            for kind in ["PodReadyToStartContainers", "Initialized"] {
                fields::set_condition(pod, plain(kind, true), now);
            }
            set_pod_ready(pod, !is_broken, now);
        });
        if let Some(trouble) = self.meet_trouble(pod, Moment::Starting) {
            self.show_trouble(pod, key, &trouble);
            return;
        }
        if !self.is_building {
            for container in containers(pod) {
                self.say(pod, "Started", &format!("Started container {container}"));
            }
        }
    }

    /// True while fewer pods of the workload are broken than it is meant to have.
    fn is_one_too_few_broken(&self, pod: &Value) -> bool {
        let Some((kind, owner)) = self.top_owner(pod) else {
            return false;
        };
        let meant = self
            .habits
            .get(&(kind, Key::of(&owner)))
            .map_or(0, |habits| habits.never_ready);
        if meant == 0 {
            return false;
        }
        let broken = self.store.iter(Kind::Pod).filter(|other| {
            fields::is_active(other)
                && is_crashing(other)
                && self
                    .top_owner(other)
                    .is_some_and(|(_, top)| fields::uid(&top) == fields::uid(&owner))
        });
        broken.count() < meant
    }

    fn follow_node(&mut self, pod: &Value, key: &Key, node_ready: bool) {
        let should = node_ready && !is_crashing(pod) && !self.is_troubled(pod);
        if fields::is_ready(pod) != should {
            let now = self.now;
            self.store.edit(Kind::Pod, key, |pod| set_pod_ready(pod, should, now));
        }
    }

    /// The containers have ended; the object stays while a finalizer holds it.
    fn end_pod(&mut self, key: &Key) {
        let now = self.now;
        self.store.edit(Kind::Pod, key, |pod| {
            fields::put(pod, &["metadata", "deletionGracePeriodSeconds"], 0);
            set_pod_ready(pod, false, now);
        });
        self.remove_if_over(key);
    }

    fn remove_if_over(&mut self, key: &Key) {
        let is_over = self
            .store
            .get(Kind::Pod, key)
            .is_some_and(|pod| pod["metadata"]["deletionGracePeriodSeconds"] == 0 && !fields::has_finalizers(pod));
        if is_over {
            self.store.remove(Kind::Pod, key);
        }
    }

    fn say(&mut self, pod: &Value, reason: &'static str, message: &str) {
        self.emit_about_pod(
            pod,
            &PodEvent {
                is_warning: false,
                reason,
                message,
                source: "kubelet",
            },
        );
    }
}

/// What the containers of a pod are doing.
enum ContainerState {
    Creating,
    Running(Timestamp),
    Crashing,
}

fn containers(pod: &Value) -> Vec<String> {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    containers
        .filter_map(|container| container["name"].as_str().map(str::to_owned))
        .collect()
}

fn is_crashing(pod: &Value) -> bool {
    pod["status"]["containerStatuses"].as_array().is_some_and(|statuses| {
        statuses
            .iter()
            .any(|status| status["state"]["waiting"]["reason"] == CRASHING)
    })
}

fn set_containers(pod: &mut Value, state: &ContainerState) {
    let (state, restarts, is_up) = match state {
        ContainerState::Creating => (json!({ "waiting": { "reason": "ContainerCreating" } }), 0, false),
        ContainerState::Running(since) => (json!({ "running": { "startedAt": fields::stamp(*since) } }), 0, true),
        ContainerState::Crashing => (
            json!({ "waiting": {
                "reason": CRASHING,
                "message": "back-off 5m0s restarting failed container",
            } }),
            6,
            false,
        ),
    };
    put_statuses(pod, &state, &json!({}), restarts, is_up);
}

/// Writes one status for each container of the pod.
pub(super) fn put_statuses(pod: &mut Value, state: &Value, last: &Value, restarts: u32, is_up: bool) {
    let uid = fields::uid(pod).replace('-', "");
    let listed = pod["spec"]["containers"].as_array().into_iter().flatten();
    let statuses: Vec<Value> = listed
        .map(|container| {
            json!({
                "name": container["name"],
                "image": container["image"],
                "imageID": format!("{}@sha256:{uid}{uid}", container["image"].as_str().unwrap_or_default()),
                "containerID": format!("containerd://{uid}{uid}"),
                "ready": is_up,
                "started": is_up,
                "restartCount": restarts,
                "state": state,
                "lastState": last,
            })
        })
        .collect();
    fields::put(pod, &["status", "containerStatuses"], statuses);
}

pub(super) fn set_pod_ready(pod: &mut Value, is_ready: bool, now: Timestamp) {
    for kind in ["Ready", "ContainersReady"] {
        fields::set_condition(pod, plain(kind, is_ready), now);
    }
    if let Some(statuses) = pod["status"]["containerStatuses"].as_array_mut() {
        for status in statuses {
            fields::put(status, &["ready"], is_ready);
        }
    }
}

fn plain(kind: &str, status: bool) -> Condition<'_> {
    let needs_reason = matches!(kind, "Ready" | "ContainersReady") && !status;
    Condition {
        kind,
        status,
        reason: if needs_reason { "ContainersNotReady" } else { "" },
        message: "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, node, pods, store, workload};
    use super::*;

    fn cluster(change: impl FnOnce(&mut super::super::WorkloadSpec)) -> ObjectStore {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        store.add_node(&node("n2", "user"), at(0));
        let mut spec = workload("Deployment", "cart", 2);
        change(&mut spec);
        store.add_workload(&spec, at(0));
        store.advance_to(at(0));
        store
    }

    fn key(store: &ObjectStore) -> Key {
        let pod = pods(store, "cart")[0].clone();
        Key::new(&pod.namespace, &pod.name)
    }

    #[test]
    fn a_pod_starts_and_stops_in_its_own_time() {
        let mut store = cluster(|spec| {
            spec.start_time = Duration::from_secs(20);
            spec.stop_time = Duration::from_secs(10);
        });
        let old = key(&store);
        store.stop_pod(&old, None);
        store.advance_to(at(9));
        assert_eq!(
            store.store.get(Kind::Pod, &old).unwrap()["metadata"]["deletionGracePeriodSeconds"],
            30
        );
        assert_eq!(store.next_due(), Some(at(10)));
        store.advance_to(at(10));
        assert!(!store.store.contains(Kind::Pod, &old));
        let ready = |store: &ObjectStore| store.store.iter(Kind::Pod).filter(|pod| fields::is_ready(pod)).count();
        assert_eq!(ready(&store), 1);
        store.advance_to(at(20));
        assert_eq!(ready(&store), 2);
        assert_eq!(store.next_due(), None);
    }

    #[test]
    fn a_finalizer_holds_a_pod_until_it_is_taken_off() {
        let mut store = cluster(|spec| spec.finalizer = Some("example.com/wait".into()));
        let held = key(&store);
        store.stop_pod(&held, None);
        store.advance_to(at(3600));
        assert!(store.store.contains(Kind::Pod, &held));
        store.store.edit(Kind::Pod, &held, |pod| {
            fields::take(pod, &["metadata", "finalizers"]);
        });
        store.advance_to(at(3601));
        assert!(!store.store.contains(Kind::Pod, &held));
    }

    #[test]
    fn pods_of_a_removed_node_are_gone_and_replaced() {
        let mut store = cluster(|_| {});
        store.remove_node("n1", at(5));
        store.advance_to(at(60));
        assert_eq!(store.pods_to_drain("n2").len(), 2);
        assert_eq!(store.store.iter(Kind::Pod).count(), 2);
    }

    #[test]
    fn a_replacement_of_a_broken_pod_is_broken_too() {
        let mut store = cluster(|spec| spec.never_ready = 1);
        let broken = |store: &ObjectStore| {
            let pods = store.store.all(Kind::Pod);
            let one: Vec<Key> = pods
                .iter()
                .filter(|pod| is_crashing(pod))
                .map(|pod| Key::of(pod))
                .collect();
            one
        };
        let first = broken(&store);
        assert_eq!(first.len(), 1);
        store.stop_pod(&first[0], Some(0));
        store.advance_to(at(60));
        assert_eq!(broken(&store).len(), 1);
        assert_ne!(broken(&store), first);
    }

    #[test]
    fn pods_on_a_node_that_is_not_ready_are_not_ready() {
        let mut store = cluster(|_| {});
        store.set_node_ready("n1", false, at(1));
        store.advance_to(at(2));
        let ready = |store: &ObjectStore| store.store.iter(Kind::Pod).filter(|pod| fields::is_ready(pod)).count();
        assert_eq!(ready(&store), 1);
        store.set_node_ready("n1", true, at(3));
        store.advance_to(at(4));
        assert_eq!(ready(&store), 2);
    }
}
