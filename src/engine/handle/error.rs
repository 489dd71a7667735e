//! Why the engine did not take an order.

use jiff::Timestamp;

use super::super::command::Person;
use super::super::driver::api_server::ApiServerError;
use super::super::lease::LeaseHolder;
use crate::azure::error::AzureError;
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::journal::JournalError;
use crate::kubernetes::error::KubernetesError;

/// Why the engine did not take an order.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("the journal does not work")]
    Journal(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("no execution {0}")]
    NoSuchExecution(String),
    #[error("several executions begin with {prefix}")]
    Ambiguous {
        prefix: String,
        candidates: Vec<ExecutionId>,
    },
    #[error("{id} cannot {command} while it is {state}")]
    NotNow {
        id: ExecutionId,
        command: &'static str,
        state: &'static str,
    },
    #[error(transparent)]
    Azure(#[from] AzureError),
    #[error("{cluster} already has the execution {id}")]
    ClusterBusy { cluster: String, id: ExecutionId },
    #[error("{id} is driven by {} on {}", by.name, by.host)]
    DrivenElsewhere { id: ExecutionId, by: Person },
    /// Its Lease says so; nothing was sent, and no execution was made.
    #[error("{cluster} is driven by {} on {}{}", by.name, by.host, since_when(*since))]
    LeaseHeld {
        cluster: String,
        by: Person,
        since: Option<Timestamp>,
    },
    /// What was asked needs the Lease.
    #[error("the Lease of {cluster} cannot be used: {why}")]
    NoLease { cluster: String, why: String },
    #[error(transparent)]
    Kubernetes(#[from] KubernetesError),
    /// It can be watched, not driven or told anything.
    #[error("a newer aks-cockpit wrote a part of {id}")]
    NewerRecords { id: ExecutionId },
    #[error("the journal has no repair {0}")]
    NoSuchRepair(String),
    #[error("{id} cannot be taken back: {why}")]
    NothingToUndo { id: String, why: String },
    /// Here or in another process.
    #[error("{id} is being made or taken back right now")]
    RepairAtWork { id: String },
    #[error("the repair cannot be made: {why}")]
    RepairNotPossible { why: String },
    #[error("this is a read-only session")]
    ReadOnly,
    #[error("there is no access to Azure here")]
    NoAzure,
}

fn since_when(since: Option<Timestamp>) -> String {
    since.map_or_else(String::new, |at| {
        format!(" since {}", at.strftime("%Y-%m-%d %H:%M UTC"))
    })
}

impl EngineError {
    /// Somebody else has the cluster's Lease.
    pub(super) fn lease_held(cluster: &ClusterId, holder: LeaseHolder, since: Option<Timestamp>) -> Self {
        Self::LeaseHeld {
            cluster: cluster.name().to_owned(),
            by: holder.person,
            since,
        }
    }

    /// The Lease cannot be asked.
    pub(super) fn no_lease(cluster: &ClusterId, why: impl Into<String>) -> Self {
        Self::NoLease {
            cluster: cluster.name().to_owned(),
            why: why.into(),
        }
    }

    /// The API server did not answer a question about the Lease.
    pub(super) fn of_api_server(cluster: &ClusterId, error: ApiServerError) -> Self {
        match error {
            ApiServerError::Kubernetes(error) => Self::Kubernetes(error),
            other => Self::no_lease(cluster, other.sentence()),
        }
    }
}

impl From<JournalError> for EngineError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::NoSuchExecution(id) => Self::NoSuchExecution(id),
            JournalError::SubjectBusy { subject, execution } => Self::ClusterBusy {
                cluster: ClusterId::new(subject).name().to_owned(),
                id: ExecutionId::new(execution),
            },
            JournalError::AlreadyDriven(driver) => Self::DrivenElsewhere {
                id: ExecutionId::new(&driver.execution),
                by: Person {
                    name: driver.person.clone(),
                    host: driver.host.clone(),
                },
            },
            other => Self::Journal(Box::new(other)),
        }
    }
}
