//! A pod with all that a check or a cause may ask of it: containers, requests, what ties it to a node.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::quantity::Quantity;
use super::super::{printable_map, some_text};
use super::annotations::FactAnnotations;
use super::{Annotations, Condition, Metadata, SlimPod, Spec, Status, or_default};
use crate::domain::survey::{ContainerFact, ContainerState, PodFact, PodVolume, Resources};
use crate::domain::text::printable;

/// Grace where nothing is said, in seconds (Kubernetes API reference, PodSpec, v1.36).
pub(in crate::kubernetes::wire) const USUAL_GRACE: u64 = 30;

/// More of a core/v1 Pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimPodFact {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata<BTreeMap<String, String>, FactAnnotations>,
    #[serde(deserialize_with = "or_default")]
    spec: FactSpec,
    #[serde(deserialize_with = "or_default")]
    status: FactStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FactSpec {
    #[serde(deserialize_with = "or_default")]
    node_name: String,
    #[serde(deserialize_with = "or_default")]
    containers: Vec<SlimContainer>,
    termination_grace_period_seconds: Option<u64>,
    #[serde(deserialize_with = "or_default")]
    node_selector: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    affinity: Affinity,
    #[serde(deserialize_with = "or_default")]
    tolerations: Vec<Toleration>,
    #[serde(deserialize_with = "or_default")]
    volumes: Vec<SlimVolume>,
    #[serde(deserialize_with = "or_default")]
    host_network: bool,
    #[serde(deserialize_with = "or_default")]
    priority_class_name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SlimContainer {
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    image: String,
    #[serde(deserialize_with = "or_default")]
    resources: ContainerResources,
    readiness_probe: Option<IgnoredAny>,
    #[serde(deserialize_with = "or_default")]
    lifecycle: Lifecycle,
    #[serde(deserialize_with = "or_default")]
    ports: Vec<Port>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ContainerResources {
    #[serde(deserialize_with = "or_default")]
    requests: Requests,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Requests {
    cpu: Option<Quantity>,
    memory: Option<Quantity>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Lifecycle {
    pre_stop: Option<IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Port {
    #[serde(deserialize_with = "or_default")]
    host_port: u32,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::kubernetes::wire) struct Affinity {
    #[serde(deserialize_with = "or_default")]
    node_affinity: NodeAffinity,
    #[serde(deserialize_with = "or_default")]
    pub(in crate::kubernetes::wire) pod_anti_affinity: AntiAffinity,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct NodeAffinity {
    #[serde(
        rename = "requiredDuringSchedulingIgnoredDuringExecution",
        deserialize_with = "or_default"
    )]
    required: NodeSelector,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::kubernetes::wire) struct NodeSelector {
    #[serde(deserialize_with = "or_default")]
    pub(in crate::kubernetes::wire) node_selector_terms: Vec<Term>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::kubernetes::wire) struct Term {
    #[serde(deserialize_with = "or_default")]
    pub(in crate::kubernetes::wire) match_expressions: Vec<Expression>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::kubernetes::wire) struct Expression {
    #[serde(deserialize_with = "or_default")]
    pub(in crate::kubernetes::wire) key: String,
    #[serde(deserialize_with = "or_default")]
    pub(in crate::kubernetes::wire) operator: String,
    #[serde(deserialize_with = "or_default")]
    pub(in crate::kubernetes::wire) values: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::kubernetes::wire) struct AntiAffinity {
    #[serde(
        rename = "requiredDuringSchedulingIgnoredDuringExecution",
        deserialize_with = "or_default"
    )]
    pub(in crate::kubernetes::wire) required: Vec<IgnoredAny>,
    #[serde(
        rename = "preferredDuringSchedulingIgnoredDuringExecution",
        deserialize_with = "or_default"
    )]
    pub(in crate::kubernetes::wire) preferred: Vec<IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::kubernetes::wire) struct Toleration {
    #[serde(deserialize_with = "or_default")]
    key: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SlimVolume {
    #[serde(deserialize_with = "or_default")]
    name: String,
    persistent_volume_claim: Option<ClaimSource>,
    ephemeral: Option<IgnoredAny>,
    host_path: Option<HostPath>,
    empty_dir: Option<EmptyDir>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ClaimSource {
    #[serde(deserialize_with = "or_default")]
    claim_name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct HostPath {
    #[serde(deserialize_with = "or_default")]
    path: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct EmptyDir {
    #[serde(deserialize_with = "or_default")]
    medium: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FactStatus {
    #[serde(deserialize_with = "or_default")]
    phase: String,
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<Condition>,
    #[serde(deserialize_with = "or_default")]
    container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "or_default")]
    init_container_statuses: Vec<ContainerStatus>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStatus {
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    image: String,
    #[serde(deserialize_with = "or_default")]
    ready: bool,
    #[serde(deserialize_with = "or_default")]
    restart_count: u32,
    #[serde(deserialize_with = "or_default")]
    state: State,
    #[serde(deserialize_with = "or_default")]
    last_state: State,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct State {
    running: Option<IgnoredAny>,
    waiting: Option<Reason>,
    terminated: Option<Ended>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Reason {
    #[serde(deserialize_with = "or_default")]
    reason: String,
    #[serde(deserialize_with = "or_default")]
    message: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Ended {
    #[serde(deserialize_with = "or_default")]
    reason: String,
    #[serde(deserialize_with = "or_default")]
    exit_code: i32,
}

impl From<SlimPodFact> for PodFact {
    fn from(fact: SlimPodFact) -> Self {
        let SlimPodFact { metadata, spec, status } = fact;
        let marks = metadata.annotations;
        let name = printable(&metadata.name);
        Self {
            created_at: metadata.creation_timestamp,
            requests: requests(&spec.containers),
            containers: containers(&spec.containers, &status),
            grace_seconds: spec.termination_grace_period_seconds.unwrap_or(USUAL_GRACE),
            node_selector: printable_map(&spec.node_selector),
            required_affinity: in_words(&spec.affinity.node_affinity.required),
            has_required_anti_affinity: !spec.affinity.pod_anti_affinity.required.is_empty(),
            tolerations: keys(&spec.tolerations),
            volumes: spec.volumes.iter().filter_map(|volume| volume.tie(&name)).collect(),
            host_network: spec.host_network,
            host_ports: spec
                .containers
                .iter()
                .flat_map(|container| &container.ports)
                .map(|port| port.host_port)
                .filter(|port| *port > 0)
                .collect(),
            priority_class: some_text(&spec.priority_class_name),
            says_never_evict: marks.says_never_evict,
            unschedulable: status
                .conditions
                .iter()
                .find(|condition| condition.kind == "PodScheduled" && condition.status == "False")
                .map(|condition| printable(&condition.message)),
            has_apparmor_annotation: marks.has_apparmor,
            pod: SlimPod {
                metadata: Metadata {
                    name: metadata.name,
                    namespace: metadata.namespace,
                    uid: metadata.uid,
                    resource_version: String::new(),
                    creation_timestamp: metadata.creation_timestamp,
                    deletion_timestamp: metadata.deletion_timestamp,
                    labels: metadata.labels,
                    annotations: Annotations {
                        mirror: marks.is_mirror.then_some(IgnoredAny),
                    },
                    finalizers: metadata.finalizers,
                    owner_references: metadata.owner_references,
                },
                spec: Spec {
                    node_name: spec.node_name,
                },
                status: Status {
                    phase: status.phase,
                    conditions: status.conditions,
                },
            }
            .into(),
        }
    }
}

/// Keys of tolerations; one without a key tolerates all.
pub(in crate::kubernetes::wire) fn keys(tolerations: &[Toleration]) -> Vec<String> {
    let key = |toleration: &Toleration| some_text(&toleration.key).unwrap_or_else(|| "*".to_owned());
    tolerations.iter().map(key).collect()
}

fn requests(containers: &[SlimContainer]) -> Resources {
    containers.iter().fold(Resources::default(), |sum, container| {
        let asked = &container.resources.requests;
        let cpu = asked.cpu.as_ref().map_or(0, Quantity::thousandths);
        let memory = asked.memory.as_ref().map_or(0, Quantity::whole);
        Resources {
            cpu_millis: sum.cpu_millis.saturating_add(cpu),
            memory_bytes: sum.memory_bytes.saturating_add(memory),
        }
    })
}

/// The containers in the order of the spec; before them the init containers that keep the pod from starting.
fn containers(listed: &[SlimContainer], status: &FactStatus) -> Vec<ContainerFact> {
    let initial = status
        .init_container_statuses
        .iter()
        .filter(|status| status.state.holds_up())
        .map(|status| fact(&status.name, &status.image, None, Some(status)));
    let main = listed.iter().map(|container| {
        let mut statuses = status.container_statuses.iter();
        let status = statuses.find(|status| status.name == container.name);
        fact(&container.name, &container.image, Some(container), status)
    });
    initial.chain(main).collect()
}

fn fact(name: &str, image: &str, spec: Option<&SlimContainer>, status: Option<&ContainerStatus>) -> ContainerFact {
    ContainerFact {
        name: printable(name),
        image: printable(image),
        state: status.map_or(ContainerState::Unknown, |status| status.state.to_state()),
        last_end: status
            .and_then(|status| status.last_state.terminated.as_ref())
            .map(|end| format!("{} ({})", printable(&end.reason), end.exit_code)),
        restarts: status.map_or(0, |status| status.restart_count),
        is_ready: status.is_some_and(|status| status.ready),
        has_readiness_probe: spec.is_some_and(|spec| spec.readiness_probe.is_some()),
        has_pre_stop: spec.is_some_and(|spec| spec.lifecycle.pre_stop.is_some()),
    }
}

impl State {
    fn to_state(&self) -> ContainerState {
        if let Some(ended) = &self.terminated {
            ContainerState::Ended {
                reason: printable(&ended.reason),
                exit_code: ended.exit_code,
            }
        } else if let Some(waiting) = &self.waiting {
            ContainerState::Waiting {
                reason: printable(&waiting.reason),
                message: printable(&waiting.message),
            }
        } else if self.running.is_some() {
            ContainerState::Running
        } else {
            ContainerState::Unknown
        }
    }

    /// True for an init container that waits or has failed; those behind it wait for it in `PodInitializing`.
    fn holds_up(&self) -> bool {
        let is_behind = |waiting: &Reason| waiting.reason == "PodInitializing";
        self.waiting.as_ref().is_some_and(|waiting| !is_behind(waiting))
            || self.terminated.as_ref().is_some_and(|ended| ended.exit_code != 0)
    }
}

impl SlimVolume {
    fn tie(&self, pod: &str) -> Option<PodVolume> {
        if let Some(claim) = &self.persistent_volume_claim {
            let name = printable(&claim.claim_name);
            return Some(PodVolume::Claim { name });
        }
        if self.ephemeral.is_some() {
            // The claim of an ephemeral volume bears both names (Kubernetes docs "Ephemeral Volumes", 2026).
            let name = format!("{pod}-{}", printable(&self.name));
            return Some(PodVolume::Claim { name });
        }
        if let Some(host) = &self.host_path {
            let path = printable(&host.path);
            return Some(PodVolume::HostPath { path });
        }
        let in_memory = self.empty_dir.as_ref()?.medium == "Memory";
        Some(PodVolume::EmptyDir { in_memory })
    }
}

/// What must all hold, one by one; several terms, of which one must hold, make one text.
fn in_words(required: &NodeSelector) -> Vec<String> {
    let words = |term: &Term| -> Vec<String> { term.match_expressions.iter().map(Expression::in_words).collect() };
    match required.node_selector_terms.as_slice() {
        [] => Vec::new(),
        [only] => words(only),
        several => {
            let each: Vec<String> = several.iter().map(|term| words(term).join(" and ")).collect();
            vec![each.join(" or ")]
        }
    }
}

impl Expression {
    fn in_words(&self) -> String {
        let key = printable(&self.key);
        let values: Vec<String> = self.values.iter().map(|value| printable(value)).collect();
        let values = values.join(", ");
        match self.operator.as_str() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} not in ({values})"),
            "Exists" => format!("{key} exists"),
            "DoesNotExist" => format!("{key} does not exist"),
            "Gt" => format!("{key} above {values}"),
            "Lt" => format!("{key} below {values}"),
            other => format!("{key} {} ({values})", printable(other)),
        }
    }
}

#[cfg(test)]
mod tests;
