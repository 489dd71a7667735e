//! What goes wrong with pods by the author's will: no node takes them, a container waits, crashes or is never ready.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::events::PodEvent;
use super::kinds::Kind;
use super::store::Key;
use super::{ObjectStore, fields};
use crate::domain::version::KubernetesVersion;

/// What is wrong with a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodTrouble {
    /// The scheduler finds no node and says so in these words, in `PodScheduled=False` and an event
    /// `FailedScheduling`.
    NoNode { message: String },
    /// A container waits for this reason: `ImagePullBackOff`, `CreateContainerConfigError`, `ContainerCreating`, ...
    Waiting {
        reason: String,
        /// Of the container and of the event; a container that is being made carries none itself.
        message: String,
        /// Reason of the kubelet's warning: `Failed`, `FailedMount`, `FailedAttachVolume`, `FailedCreatePodSandBox`.
        event: &'static str,
    },
    /// It ends again and again (`CrashLoopBackOff`), each time with this reason and exit code.
    Crashing {
        last_reason: String,
        exit_code: i32,
        restarts: u32,
    },
    /// It runs, and its readiness probe fails in these words.
    NotReady { message: String },
}

/// The label with a node's image (AKS docs "Use labels in an AKS cluster", 2026).
const NODE_IMAGE: &str = "kubernetes.azure.com/node-image-version";

/// True for a pod of a workload that was restarted, as `kubectl rollout restart` does it.
fn was_restarted(pod: &Value) -> bool {
    pod["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"].is_string()
}

/// How often a kubelet says the same again, about.
const COMPLAINT: SignedDuration = SignedDuration::from_mins(2);

/// When a pod may meet a trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// The scheduler looks for a node.
    Placing,
    /// The kubelet starts it.
    Starting,
}

/// Which pods a trouble meets, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TroubledPods {
    pub namespace: String,
    /// The Deployment, StatefulSet, DaemonSet or Job at the top, or the pod itself where nothing owns it.
    pub workload: String,
    pub trouble: PodTrouble,
    /// No more pods than this at a time; `None` for all.
    pub most: Option<usize>,
    /// Also those that run already; else only pods that start from now on, as replacements do.
    pub includes_running: bool,
    /// Only on nodes of this Kubernetes version or a newer one, as `1.35.5`.
    pub from_version: Option<String>,
    /// Kind, namespace and name of an object; the trouble ends by itself when that is gone.
    pub while_exists: Option<(String, String, String)>,
    /// Only on nodes whose image has this in its name, as `2404`.
    pub on_image: Option<String>,
    /// Pods that a restart of their workload made are spared.
    pub until_restarted: bool,
}

impl ObjectStore {
    /// Lets a trouble meet pods from now on. Before the world begins it must be set before its workload is added.
    pub fn trouble_pods(&mut self, pods: TroubledPods, now: Timestamp) {
        self.pass_to(now);
        let includes_running = pods.includes_running;
        let place = (pods.namespace.clone(), pods.workload.clone());
        self.troubles.push(pods);
        if includes_running {
            for pod in self.store.all(Kind::Pod) {
                if fields::is_active(&pod)
                    && self.place_of(&pod) == place
                    && let Some(trouble) = self.meet_trouble(&pod, Moment::Starting)
                {
                    self.show_trouble(&pod, &Key::of(&pod), &trouble);
                }
            }
        }
    }

    /// Ends every trouble of a workload; its pods start anew.
    pub fn heal_pods(&mut self, namespace: &str, workload: &str, now: Timestamp) {
        self.pass_to(now);
        self.end_troubles(|pods| pods.namespace == namespace && pods.workload == workload);
    }

    /// Ends the troubles whose object is gone.
    pub(super) fn end_outlived_troubles(&mut self) {
        let is_over = |store: &Self, pods: &TroubledPods| {
            pods.while_exists.as_ref().is_some_and(|(kind, namespace, name)| {
                Kind::named(kind).is_none_or(|kind| !store.store.contains(kind, &Key::new(namespace, name)))
            })
        };
        if self.troubles.iter().any(|pods| is_over(self, pods)) {
            let over: Vec<TroubledPods> = self
                .troubles
                .iter()
                .filter(|pods| is_over(self, pods))
                .cloned()
                .collect();
            self.end_troubles(|pods| over.contains(pods));
        }
    }

    /// What is wrong with a pod that is to be placed, or to be started; it counts as met from then on.
    pub(super) fn meet_trouble(&mut self, pod: &Value, moment: Moment) -> Option<PodTrouble> {
        let trouble = self.trouble_for(pod, moment)?;
        self.troubled.insert(fields::uid(pod).to_owned(), self.place_of(pod));
        Some(trouble)
    }

    /// True for a pod that a trouble keeps from running well.
    pub(super) fn is_troubled(&self, pod: &Value) -> bool {
        self.troubled.contains_key(fields::uid(pod))
    }

    fn trouble_for(&self, pod: &Value, moment: Moment) -> Option<PodTrouble> {
        if self.troubles.is_empty() {
            return None;
        }
        let place = self.place_of(pod);
        let met = self
            .troubled
            .iter()
            .filter(|(uid, known)| **known == place && uid.as_str() != fields::uid(pod) && self.has_pod(uid))
            .count();
        self.troubles
            .iter()
            .find(|pods| {
                let is_placing = matches!(pods.trouble, PodTrouble::NoNode { .. });
                is_placing == (moment == Moment::Placing)
                    && (&pods.namespace, &pods.workload) == (&place.0, &place.1)
                    && pods.most.is_none_or(|most| met < most)
                    && pods
                        .from_version
                        .as_deref()
                        .is_none_or(|version| self.is_on_version(pod, version))
                    && pods
                        .on_image
                        .as_deref()
                        .is_none_or(|image| self.is_on_image(pod, image))
                    && !(pods.until_restarted && was_restarted(pod))
            })
            .map(|pods| pods.trouble.clone())
    }

    /// Kubelets say again and again what is wrong.
    pub(super) fn repeat_troubles(&mut self) {
        if self.now < self.next_complaint {
            return;
        }
        self.next_complaint = self.now + COMPLAINT;
        for uid in self.troubled.keys().cloned().collect::<Vec<_>>() {
            let pod = self.store.iter(Kind::Pod).find(|pod| fields::uid(pod) == uid).cloned();
            let pod = pod.filter(|pod| fields::is_active(pod) && fields::node_of(pod).is_some());
            if let Some((pod, trouble)) =
                pod.and_then(|pod| Some((pod.clone(), self.trouble_for(&pod, Moment::Starting)?)))
            {
                self.say_trouble(&pod, &trouble);
            }
        }
    }

    /// True for a pod on a node of this version or a newer one.
    fn is_on_version(&self, pod: &Value, version: &str) -> bool {
        let node = fields::node_of(pod).and_then(|node| self.store.get(Kind::Node, &Key::new("", node)));
        let of = |text: &str| text.trim_start_matches('v').parse::<KubernetesVersion>().ok();
        let running = node.and_then(|node| of(node["status"]["nodeInfo"]["kubeletVersion"].as_str()?));
        running
            .zip(of(version))
            .is_some_and(|(running, least)| running >= least)
    }

    fn is_on_image(&self, pod: &Value, image: &str) -> bool {
        let node = fields::node_of(pod).and_then(|node| self.store.get(Kind::Node, &Key::new("", node)));
        let label = node.and_then(|node| node["metadata"]["labels"][NODE_IMAGE].as_str());
        label.is_some_and(|name| name.contains(image))
    }

    fn has_pod(&self, uid: &str) -> bool {
        self.store.iter(Kind::Pod).any(|pod| fields::uid(pod) == uid)
    }

    fn place_of(&self, pod: &Value) -> (String, String) {
        let name = self.top_owner(pod).map_or_else(
            || fields::name(pod).to_owned(),
            |(_, owner)| fields::name(&owner).to_owned(),
        );
        (fields::namespace(pod).to_owned(), name)
    }

    fn end_troubles(&mut self, is_over: impl Fn(&TroubledPods) -> bool) {
        let over: Vec<(String, String)> = self
            .troubles
            .iter()
            .filter(|pods| is_over(pods))
            .map(|pods| (pods.namespace.clone(), pods.workload.clone()))
            .collect();
        self.troubles.retain(|pods| !is_over(pods));
        let freed: Vec<String> = self
            .troubled
            .iter()
            .filter(|(_, place)| over.contains(place))
            .map(|(uid, _)| uid.clone())
            .collect();
        for uid in freed {
            self.troubled.remove(&uid);
            let pod = self.store.iter(Kind::Pod).find(|pod| fields::uid(pod) == uid).cloned();
            if let Some(pod) = pod.filter(|pod| fields::is_active(pod)) {
                let key = Key::of(&pod);
                self.starting.remove(&uid);
                let fresh = self.store.edit(Kind::Pod, &key, |pod| {
                    fields::put(pod, &["status", "phase"], "Pending");
                    // Without the refusal, the scheduler looks at the pod again.
                    if let Some(conditions) = pod["status"]["conditions"].as_array_mut() {
                        conditions
                            .retain(|condition| condition["type"] != "PodScheduled" || condition["status"] == "True");
                    }
                });
                if let Some(fresh) = fresh.filter(|pod| fields::node_of(pod).is_some()) {
                    self.begin(&fresh, key);
                }
            }
        }
    }

    /// Writes the trouble into the pod's status and says it in an event.
    pub(super) fn show_trouble(&mut self, pod: &Value, key: &Key, trouble: &PodTrouble) {
        let now = self.now;
        self.store.edit(Kind::Pod, key, |pod| write(pod, trouble, now));
        self.say_trouble(pod, trouble);
    }

    /// What the kubelet says of it.
    fn say_trouble(&mut self, pod: &Value, trouble: &PodTrouble) {
        let image = pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default();
        let container = pod["spec"]["containers"][0]["name"].as_str().unwrap_or_default();
        let (reason, message) = match trouble {
            PodTrouble::NoNode { .. } => return,
            PodTrouble::Waiting { event, message, .. } if message.is_empty() => {
                (*event, format!("Error: {}", fields::name(pod)))
            }
            PodTrouble::Waiting { event, message, .. } => (*event, message.replace("{image}", image)),
            PodTrouble::Crashing { .. } => (
                "BackOff",
                format!(
                    "Back-off restarting failed container {container} in pod {}_{}({})",
                    fields::name(pod),
                    fields::namespace(pod),
                    fields::uid(pod)
                ),
            ),
            PodTrouble::NotReady { message } => ("Unhealthy", format!("Readiness probe failed: {message}")),
        };
        self.emit_about_pod(
            pod,
            &PodEvent {
                is_warning: true,
                reason,
                message: &message,
                source: "kubelet",
            },
        );
    }
}

fn write(pod: &mut Value, trouble: &PodTrouble, now: Timestamp) {
    let image = pod["spec"]["containers"][0]["image"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let (state, last, restarts, phase) = match trouble {
        PodTrouble::NoNode { .. } => return,
        PodTrouble::Waiting { reason, .. } if reason == "ContainerCreating" => {
            (json!({ "waiting": { "reason": reason } }), json!({}), 0, "Pending")
        }
        PodTrouble::Waiting { reason, message, .. } => (
            json!({ "waiting": { "reason": reason, "message": message.replace("{image}", &image) } }),
            json!({}),
            0,
            "Pending",
        ),
        PodTrouble::Crashing {
            last_reason,
            exit_code,
            restarts,
        } => (
            json!({ "waiting": {
                "reason": "CrashLoopBackOff",
                "message": "back-off 5m0s restarting failed container",
            } }),
            json!({ "terminated": {
                "reason": last_reason,
                "exitCode": exit_code,
                "startedAt": fields::stamp(now),
                "finishedAt": fields::stamp(now),
            } }),
            *restarts,
            "Running",
        ),
        PodTrouble::NotReady { .. } => (
            json!({ "running": { "startedAt": fields::stamp(now) } }),
            json!({}),
            0,
            "Running",
        ),
    };
    fields::put(pod, &["status", "phase"], phase);
    super::kubelet::put_statuses(pod, &state, &last, restarts, false);
    super::kubelet::set_pod_ready(pod, false, now);
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, node, pods, store, workload};
    use super::*;

    fn trouble(trouble: PodTrouble) -> TroubledPods {
        TroubledPods {
            namespace: "shop".into(),
            workload: "cart".into(),
            trouble,
            most: None,
            includes_running: false,
            from_version: None,
            while_exists: None,
            on_image: None,
            until_restarted: false,
        }
    }

    fn cluster() -> ObjectStore {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        store.add_node(&node("n2", "user"), at(0));
        store.add_workload(&workload("Deployment", "cart", 2), at(0));
        store.advance_to(at(0));
        store
    }

    fn bad(store: &ObjectStore) -> Vec<Value> {
        let all = store.store.iter(Kind::Pod);
        all.filter(|pod| fields::is_active(pod) && !fields::is_ready(pod))
            .map(|pod| Value::clone(pod))
            .collect()
    }

    fn reasons(store: &ObjectStore) -> Vec<String> {
        let events = store.store.iter(Kind::Event);
        let warnings = events.filter(|event| event["type"] == "Warning");
        warnings
            .map(|event| event["reason"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn a_replacement_finds_no_node_until_it_is_healed() {
        let mut store = cluster();
        let message = "0/2 nodes are available: 2 node(s) had volume node affinity conflict.";
        store.trouble_pods(
            trouble(PodTrouble::NoNode {
                message: message.into(),
            }),
            at(1),
        );
        let first = pods(&store, "cart")[0].clone();
        store.evict(&first, at(1));
        store.advance_to(at(60));
        let waiting = bad(&store);
        assert_eq!(waiting.len(), 1);
        assert_eq!(fields::node_of(&waiting[0]), None);
        assert_eq!(
            fields::condition(&waiting[0], "PodScheduled").unwrap()["message"],
            message
        );
        assert_eq!(reasons(&store), ["FailedScheduling"]);
        store.heal_pods("shop", "cart", at(61));
        store.advance_to(at(120));
        assert!(bad(&store).is_empty());
    }

    #[test]
    fn containers_wait_crash_or_are_never_ready() {
        let check = |what: PodTrouble, phase: &str, state: &Value, event: &str| {
            let mut store = cluster();
            let mut met = trouble(what);
            met.includes_running = true;
            met.most = Some(1);
            store.trouble_pods(met, at(1));
            store.advance_to(at(30));
            let bad = bad(&store);
            assert_eq!(bad.len(), 1, "{event}");
            assert_eq!(
                (
                    fields::phase(&bad[0]),
                    &bad[0]["status"]["containerStatuses"][0]["state"]
                ),
                (phase, state)
            );
            assert_eq!(reasons(&store), [event]);
            store.heal_pods("shop", "cart", at(31));
            store.advance_to(at(60));
            assert!(self::bad(&store).is_empty(), "{event}");
        };
        check(
            PodTrouble::Waiting {
                reason: "ImagePullBackOff".into(),
                message: "Back-off pulling image".into(),
                event: "Failed",
            },
            "Pending",
            &json!({ "waiting": { "reason": "ImagePullBackOff", "message": "Back-off pulling image" } }),
            "Failed",
        );
        check(
            PodTrouble::Crashing {
                last_reason: "OOMKilled".into(),
                exit_code: 137,
                restarts: 9,
            },
            "Running",
            &json!({ "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container" } }),
            "BackOff",
        );
        check(
            PodTrouble::NotReady {
                message: "HTTP probe failed with statuscode: 503".into(),
            },
            "Running",
            &json!({ "running": { "startedAt": fields::stamp(at(1)) } }),
            "Unhealthy",
        );
    }

    #[test]
    fn a_trouble_ends_with_the_object_it_hangs_on() {
        let mut store = cluster();
        let attachment = json!({ "apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment",
            "metadata": { "name": "csi-1" }, "spec": { "nodeName": "n9" } });
        store.add_object(&attachment, at(0)).unwrap();
        let mut met = trouble(PodTrouble::Waiting {
            reason: "ContainerCreating".into(),
            message: "Multi-Attach error for volume \"pvc-1\" Volume is already exclusively attached to one node"
                .into(),
            event: "FailedAttachVolume",
        });
        met.while_exists = Some(("VolumeAttachment".into(), String::new(), "csi-1".into()));
        store.trouble_pods(met, at(1));
        let first = pods(&store, "cart")[0].clone();
        store.evict(&first, at(1));
        store.advance_to(at(60));
        assert_eq!(bad(&store).len(), 1);
        store.delete(Kind::VolumeAttachment, &Key::new("", "csi-1"), None, at(61));
        store.advance_to(at(90));
        assert!(bad(&store).is_empty());
    }
}
