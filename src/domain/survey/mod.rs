//! A survey: everything a check or a cause may look at, read from Azure and from the API server at one moment.
//! Values only: who reads them is in `inventory/survey.rs`. What was not read says why, so that it is never a pass.

mod azure;
mod azure_network;
mod kubernetes;
mod pods;
mod workloads;

use std::fmt;

use jiff::Timestamp;

pub use azure::{
    AzureSurvey, BackupFact, ClusterDetails, ExtensionFact, KeyManagement, LinkedResource, LoadBalancer, LockFact,
    LockLevel, MeshFact, PolicyFact, PoolDetails, RunningOperation, ScaleSetMachine, UsageFact, VmSizeFact, WindowFact,
};
pub use azure_network::{SubnetFact, VirtualNetworkFact};
pub use kubernetes::{
    ApiServerHealth, ApiServiceFact, AttachmentFact, Condition, ConversionFact, DeprecatedUse, EventFact,
    KubernetesSurvey, NodeFact, Resources, StoredManifest, Taint, VolumeFact, WebhookFact,
};
pub use pods::{ContainerFact, ContainerState, PodFact, PodVolume};
pub use workloads::{AutoscalerFact, BudgetFact, Management, WorkloadFact};

use super::ids::ClusterId;

/// Why something was not read. Printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// The login lacks a right; `right` names it in Azure's or Kubernetes' words.
    Denied { right: String, why: String },
    /// This server, API version or cloud has no such thing to ask.
    NotServed { why: String },
    /// It was asked, and the answer was no answer.
    Failed { why: String },
    /// Nobody asked: this survey was not meant to know, or it cannot be had from here.
    NotAsked { why: String },
}

impl fmt::Display for Unread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { right, why } => write!(formatter, "the right '{right}' is missing: {why}"),
            Self::NotServed { why } => write!(formatter, "not served: {why}"),
            Self::Failed { why } => write!(formatter, "could not be read: {why}"),
            Self::NotAsked { why } => write!(formatter, "not asked: {why}"),
        }
    }
}

/// Something that was read, or why it was not.
pub type Reading<T> = Result<T, Unread>;

/// A reading nobody has made yet.
pub fn not_asked<T>() -> Reading<T> {
    Err(Unread::NotAsked {
        why: "this survey does not include it".to_owned(),
    })
}

/// How deep a survey looks. Cheap to the API servers: a stuck drain needs no manifests, a preflight does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SurveyDepth {
    /// What the causes of a running or failed upgrade are judged by.
    Diagnosis,
    /// All of it: what the checks before an upgrade are judged by.
    Preflight,
}

/// One cluster, at one moment.
#[derive(Clone, Debug)]
pub struct Survey {
    pub cluster: ClusterId,
    pub taken_at: Timestamp,
    pub azure: AzureSurvey,
    pub kubernetes: KubernetesSurvey,
}

impl Survey {
    /// A survey of nothing: every reading is `NotAsked`.
    pub fn empty(cluster: ClusterId, taken_at: Timestamp) -> Self {
        Self {
            cluster,
            taken_at,
            azure: AzureSurvey::default(),
            kubernetes: KubernetesSurvey::default(),
        }
    }
}
