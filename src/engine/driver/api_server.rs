//! One cluster's API server: connected when it is first needed, kept while it answers, connected anew after an error.
//! Never asks twice by itself.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;

use super::super::handle::KubernetesSource;
use crate::domain::ids::ClusterId;
use crate::domain::lease::LeaseObject;
use crate::domain::object_change::ObjectChange;
use crate::domain::subject::ObjectRef;
use crate::domain::workload::WorkloadPicture;
use crate::kubernetes::client::KubernetesClient;
use crate::kubernetes::error::KubernetesError;
use crate::kubernetes::lease::LeaseWrite;
use crate::kubernetes::objects::ObjectRequest;

/// How long connecting may take: it may ask Azure for a kubeconfig and run a login program.
const CONNECT_WITHIN: Duration = Duration::from_secs(20);

/// Why a cluster's API server did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(in crate::engine) enum ApiServerError {
    #[error("there is no way to the cluster's API server here")]
    NoWay,
    #[error("the API server could not be connected to in {} s", CONNECT_WITHIN.as_secs())]
    TooSlow,
    #[error(transparent)]
    Kubernetes(#[from] KubernetesError),
}

impl ApiServerError {
    /// What happened and why, in one printable sentence.
    pub(in crate::engine) fn sentence(&self) -> String {
        match self {
            // Its text says why.
            Self::NoWay | Self::TooSlow | Self::Kubernetes(KubernetesError::Kubeconfig { .. }) => self.to_string(),
            Self::Kubernetes(error) => format!("{error}: {}", error.why()),
        }
    }

    /// True where trying again soon helps nobody.
    pub(in crate::engine) fn is_lasting(&self) -> bool {
        matches!(
            self,
            Self::NoWay | Self::Kubernetes(KubernetesError::Denied { .. } | KubernetesError::Kubeconfig { .. })
        )
    }
}

/// A way to one API server; clones share the connection.
#[derive(Clone)]
pub(in crate::engine) struct ApiServer {
    source: Option<KubernetesSource>,
    cluster: ClusterId,
    client: Arc<Mutex<Option<KubernetesClient>>>,
}

impl ApiServer {
    pub(in crate::engine) fn new(source: Option<KubernetesSource>, cluster: ClusterId) -> Self {
        Self {
            source,
            cluster,
            client: Arc::default(),
        }
    }

    /// False where there is nothing to connect to.
    pub(in crate::engine) fn is_there(&self) -> bool {
        self.source.is_some()
    }

    pub(in crate::engine) async fn read_lease(&self) -> Result<Option<LeaseObject>, ApiServerError> {
        let client = self.client().await?;
        self.keep(client.read_lease().await).await
    }

    pub(in crate::engine) async fn write_lease(&self, lease: &LeaseObject) -> Result<LeaseWrite, ApiServerError> {
        let client = self.client().await?;
        self.keep(client.write_lease(lease).await).await
    }

    pub(in crate::engine) async fn workloads(&self) -> Result<WorkloadPicture, ApiServerError> {
        let client = self.client().await?;
        self.keep(client.workloads().await).await
    }

    /// An object as the server has it; `None` where there is none.
    pub(in crate::engine) async fn get_object(&self, object: &ObjectRef) -> Result<Option<Value>, ApiServerError> {
        let client = self.client().await?;
        match client.get_object(object).await {
            Err(KubernetesError::Refused { status: 404, .. }) => Ok(None),
            answer => self.keep(answer).await.map(Some),
        }
    }

    /// Sends a change once; see [`KubernetesClient::change_object`].
    pub(in crate::engine) async fn change_object(
        &self,
        change: &ObjectChange,
    ) -> Result<Option<Value>, ApiServerError> {
        let client = self.client().await?;
        match client.change_object(change).await {
            // The server is well: it says no.
            Err(error @ KubernetesError::Refused { .. }) => Err(error.into()),
            answer => self.keep(answer).await,
        }
    }

    /// What a change will send, and the server's address.
    pub(in crate::engine) async fn request_of(
        &self,
        change: &ObjectChange,
    ) -> Result<(String, ObjectRequest), ApiServerError> {
        let client = self.client().await?;
        let request = self.keep(client.request_of(change).await).await?;
        Ok((client.server().to_owned(), request))
    }

    async fn client(&self) -> Result<KubernetesClient, ApiServerError> {
        let source = self.source.as_ref().ok_or(ApiServerError::NoWay)?;
        let mut kept = self.client.lock().await;
        if let Some(client) = kept.as_ref() {
            return Ok(client.clone());
        }
        let connecting = tokio::time::timeout(CONNECT_WITHIN, source(&self.cluster));
        let client = connecting.await.map_err(|_| ApiServerError::TooSlow)??;
        *kept = Some(client.clone());
        Ok(client)
    }

    /// After an error the next call connects anew: a kubeconfig may have changed, a login may have ended.
    async fn keep<T>(&self, answer: Result<T, KubernetesError>) -> Result<T, ApiServerError> {
        if answer.is_err() {
            *self.client.lock().await = None;
        }
        Ok(answer?)
    }
}
