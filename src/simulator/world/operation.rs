//! A long-running operation as Azure keeps it, who asked for it, and the states its resources are in meanwhile.

use jiff::Timestamp;

/// `provisioningState` of a cluster or pool (AKS API 2026-08-01).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceState {
    Succeeded,
    Failed,
    Canceled,
    Canceling,
    Creating,
    Deleting,
    Scaling,
    Starting,
    Stopping,
    Updating,
    Upgrading,
    UpgradingNodeImageVersion,
}

impl ResourceState {
    /// Azure's own word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
            Self::Canceling => "Canceling",
            Self::Creating => "Creating",
            Self::Deleting => "Deleting",
            Self::Scaling => "Scaling",
            Self::Starting => "Starting",
            Self::Stopping => "Stopping",
            Self::Updating => "Updating",
            Self::Upgrading => "Upgrading",
            Self::UpgradingNodeImageVersion => "UpgradingNodeImageVersion",
        }
    }

    /// True when no operation holds the resource.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }
}

/// What an operation works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Cluster,
    Pool(String),
}

/// What was asked for, as roles and the activity log name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    WriteCluster,
    DeleteCluster,
    AbortCluster,
    WritePool,
    DeletePool,
    AbortPool,
    UpgradeNodeImage,
    DeleteMachines,
    StartCluster,
    StopCluster,
    RotateCertificates,
}

impl Action {
    /// Azure's own name of the action.
    pub fn name(self) -> &'static str {
        match self {
            Self::WriteCluster => "Microsoft.ContainerService/managedClusters/write",
            Self::DeleteCluster => "Microsoft.ContainerService/managedClusters/delete",
            Self::AbortCluster => "Microsoft.ContainerService/managedClusters/abort/action",
            Self::WritePool => "Microsoft.ContainerService/managedClusters/agentPools/write",
            Self::DeletePool => "Microsoft.ContainerService/managedClusters/agentPools/delete",
            Self::AbortPool => "Microsoft.ContainerService/managedClusters/agentPools/abort/action",
            Self::DeleteMachines => "Microsoft.ContainerService/managedClusters/agentPools/deleteMachines/action",
            Self::StartCluster => "Microsoft.ContainerService/managedClusters/start/action",
            Self::StopCluster => "Microsoft.ContainerService/managedClusters/stop/action",
            Self::RotateCertificates => "Microsoft.ContainerService/managedClusters/rotateClusterCertificates/action",
            Self::UpgradeNodeImage => {
                "Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action"
            }
        }
    }
}

/// Who asked for an operation, and under which ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// A login name, or the name of a service.
    pub caller: String,
    /// `x-ms-correlation-request-id` of the request; a new GUID for what did not come over the wire.
    pub correlation: String,
    /// `x-ms-client-request-id`, where the client sent one.
    pub client_request: Option<String>,
}

/// How an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationStatus {
    InProgress,
    Succeeded,
    Failed,
    Canceled,
}

impl OperationStatus {
    /// Azure's own word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
        }
    }
}

/// An error that ended an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationError {
    pub code: String,
    pub message: String,
}

impl OperationError {
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

/// One accepted operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// A lower-case GUID.
    pub id: String,
    pub target: Target,
    pub action: Action,
    pub author: Author,
    pub status: OperationStatus,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    pub error: Option<OperationError>,
}

/// How a piece of work ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Succeeded,
    Failed(OperationError),
    Canceled(Option<OperationError>),
}

impl Outcome {
    pub(super) fn operation_status(&self) -> OperationStatus {
        match self {
            Self::Succeeded => OperationStatus::Succeeded,
            Self::Failed(_) => OperationStatus::Failed,
            Self::Canceled(_) => OperationStatus::Canceled,
        }
    }

    pub(super) fn resource_state(&self) -> ResourceState {
        match self {
            Self::Succeeded => ResourceState::Succeeded,
            Self::Failed(_) => ResourceState::Failed,
            Self::Canceled(_) => ResourceState::Canceled,
        }
    }

    pub(super) fn error(&self) -> Option<OperationError> {
        match self {
            Self::Succeeded => None,
            Self::Failed(error) => Some(error.clone()),
            Self::Canceled(error) => error.clone(),
        }
    }
}

/// A random GUID of version 4, in lower case.
pub(in crate::simulator) fn guid(rng: &mut fastrand::Rng) -> String {
    uuid::Builder::from_random_bytes(rng.u128(..).to_be_bytes())
        .into_uuid()
        .to_string()
}
