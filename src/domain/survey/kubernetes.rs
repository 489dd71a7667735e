//! The API server's side of a survey. Slim values: 20,000 pods must fit.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::pods::PodFact;
use super::workloads::{AutoscalerFact, BudgetFact, Management, WorkloadFact};
use super::{Reading, not_asked};
use crate::domain::event::ClusterEvent;
use crate::domain::ids::NodeName;
use crate::domain::node::Node;
use crate::domain::version::KubernetesVersion;

/// What the cluster itself says. Every part is read on its own.
#[derive(Clone, Debug)]
pub struct KubernetesSurvey {
    pub server_version: Reading<KubernetesVersion>,
    pub health: Reading<ApiServerHealth>,
    pub nodes: Reading<Vec<NodeFact>>,
    pub pods: Reading<Vec<PodFact>>,
    pub budgets: Reading<Vec<BudgetFact>>,
    /// Deployments, StatefulSets, DaemonSets, Jobs; ReplicaSets only where they failed to make pods.
    pub workloads: Reading<Vec<WorkloadFact>>,
    pub autoscalers: Reading<Vec<AutoscalerFact>>,
    pub volumes: Reading<Vec<VolumeFact>>,
    pub attachments: Reading<Vec<AttachmentFact>>,
    pub webhooks: Reading<Vec<WebhookFact>>,
    pub api_services: Reading<Vec<ApiServiceFact>>,
    pub conversions: Reading<Vec<ConversionFact>>,
    pub deprecated_uses: Reading<Vec<DeprecatedUse>>,
    pub manifests: Reading<Vec<StoredManifest>>,
    /// Group and version of every API the server serves, as `policy/v1`.
    pub served: Reading<Vec<String>>,
    /// All events of the last hour, newest first.
    pub events: Reading<Vec<EventFact>>,
    /// Nodes whose certificate requests were not approved.
    pub unapproved_requests: Reading<Vec<String>>,
    /// Names of FlowSchemas; AKS's guard is `aks-managed-apiserver-guard`.
    pub flow_schemas: Reading<Vec<String>>,
    /// Namespaces that do not end, each with its message.
    pub ending_namespaces: Reading<Vec<(String, String)>>,
}

impl Default for KubernetesSurvey {
    fn default() -> Self {
        Self {
            server_version: not_asked(),
            health: not_asked(),
            nodes: not_asked(),
            pods: not_asked(),
            budgets: not_asked(),
            workloads: not_asked(),
            autoscalers: not_asked(),
            volumes: not_asked(),
            attachments: not_asked(),
            webhooks: not_asked(),
            api_services: not_asked(),
            conversions: not_asked(),
            deprecated_uses: not_asked(),
            manifests: not_asked(),
            served: not_asked(),
            events: not_asked(),
            unapproved_requests: not_asked(),
            flow_schemas: not_asked(),
            ending_namespaces: not_asked(),
        }
    }
}

/// How the API server feels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiServerHealth {
    /// Failed parts of `/readyz?verbose`, as it names them; empty when ready.
    pub failed_checks: Vec<String>,
    /// Size of etcd in bytes, where its metric is served.
    pub etcd_bytes: Option<u64>,
    /// Objects by resource, most first.
    pub object_counts: Vec<(String, u64)>,
    /// Requests the server refused for load (429) since it started.
    pub rejected_requests: Option<u64>,
    /// When the server's own certificate ends.
    pub certificate_ends: Option<Timestamp>,
}

/// A condition of any object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    pub reason: String,
    pub message: String,
    pub since: Option<Timestamp>,
}

/// A taint of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taint {
    pub key: String,
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
}

/// Amounts of a node's or a pod's resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Thousandths of a CPU.
    pub cpu_millis: u64,
    pub memory_bytes: u64,
}

/// A node with what the live picture leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFact {
    pub node: Node,
    pub labels: BTreeMap<String, String>,
    pub taints: Vec<Taint>,
    pub conditions: Vec<Condition>,
    pub allocatable: Resources,
    pub allocatable_pods: u64,
    pub os_image: String,
    pub kernel: String,
    pub container_runtime: String,
    pub attached_volumes: usize,
    /// Told to go, and still there.
    pub is_deleting: bool,
    pub finalizers: Vec<String>,
}

/// A PersistentVolume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeFact {
    pub name: String,
    /// `namespace/name` of its claim.
    pub claim: Option<String>,
    /// For instance `disk.csi.azure.com`.
    pub driver: String,
    /// Zones its node affinity allows; empty means any.
    pub zones: Vec<String>,
    /// Nodes its node affinity names: data that lives on a machine.
    pub nodes: Vec<NodeName>,
    pub is_single_writer: bool,
}

/// A VolumeAttachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentFact {
    pub name: String,
    pub volume: String,
    pub node: NodeName,
    pub is_attached: bool,
    pub is_being_deleted: bool,
    pub error: Option<String>,
}

/// One webhook of a webhook configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookFact {
    /// `ValidatingWebhookConfiguration` or `MutatingWebhookConfiguration`.
    pub configuration_kind: String,
    pub configuration: String,
    pub name: String,
    /// `Fail` or `Ignore`.
    pub failure_policy: String,
    pub timeout_seconds: u32,
    /// `operation resource` for each it is called for, as `CREATE pods` or `CREATE pods/eviction`; `*` as written.
    /// Resources of another group than the core one bear it, as `CREATE deployments.apps` or `* *.apps`.
    pub rules: Vec<String>,
    /// Namespace and name of its Service; `None` for a URL.
    pub service: Option<(String, String)>,
    /// Of the Service; `None` where it is not known.
    pub ready_endpoints: Option<usize>,
    /// True where kube-system's objects are sent to it.
    pub covers_system: bool,
    pub managed_by: Option<Management>,
}

/// An APIService that is served by something other than the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiServiceFact {
    pub name: String,
    pub is_available: bool,
    pub message: String,
}

/// A CRD whose objects are converted by a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionFact {
    pub definition: String,
    pub service: Option<(String, String)>,
    pub ready_endpoints: Option<usize>,
}

/// Requests for an API that some later version removes (metric `apiserver_requested_deprecated_apis`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeprecatedUse {
    pub group: String,
    pub version: String,
    pub resource: String,
    pub subresource: String,
    /// For instance `1.32`.
    pub removed_release: String,
    /// Requests by verb since the server started, from `apiserver_request_total`.
    pub verbs: BTreeMap<String, u64>,
    /// Who asks, where an audit source says so.
    pub clients: Vec<String>,
    /// The last time a counter was seen to grow; `None` while only one look was taken.
    pub last_seen: Option<Timestamp>,
}

/// Something that was applied or installed in some API version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredManifest {
    pub api_version: String,
    pub kind: String,
    pub namespace: String,
    pub name: String,
    /// `last-applied-configuration`, or `Helm release NAME`.
    pub origin: String,
}

/// An event with its object's namespace; empty for objects of the whole cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFact {
    pub namespace: String,
    pub event: ClusterEvent,
}
