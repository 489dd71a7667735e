//! From a cluster's Azure resource to its API server: kubeconfig and token by the same login as everything else.
//! Keeps nothing.

use std::sync::Arc;

use futures::FutureExt;

use super::source::ReadProblem;
use crate::azure::client::AzureClient;
use crate::domain::ids::ClusterId;
use crate::kubernetes::client::{Access, KubernetesClient, TokenProvider};
use crate::kubernetes::error::KubernetesError;

/// Reads the kubeconfig of a cluster from Azure and connects to its API server.
///
/// # Errors
/// When Azure does not give the kubeconfig, or it cannot be used; whether the server answers is not known yet.
pub async fn connect(azure: &AzureClient, cluster: &ClusterId) -> Result<KubernetesClient, KubernetesError> {
    let access = of_cluster(azure, cluster).await.map_err(|problem| match problem {
        ReadProblem::NotLoggedIn { why } => KubernetesError::Denied {
            what: "the login".to_owned(),
            why,
        },
        ReadProblem::Denied { why } => KubernetesError::Denied {
            what: "the kubeconfig".to_owned(),
            why,
        },
        ReadProblem::NotFound { why } | ReadProblem::Failed { why } => KubernetesError::Kubeconfig {
            origin: "of Azure".to_owned(),
            why,
            contexts: Vec::new(),
        },
    })?;
    KubernetesClient::connect_logged(&access, azure.requests()).await
}

/// The kubeconfig of a cluster, with tokens of the same login where it asks for Entra ID.
pub(super) async fn of_cluster(azure: &AzureClient, cluster: &ClusterId) -> Result<Access, ReadProblem> {
    Ok(Access {
        origin: "Azure".to_owned(),
        kubeconfig: azure.user_kubeconfig(cluster).await?,
        context: None,
        token: Some(token_provider(azure.clone())),
    })
}

fn token_provider(azure: AzureClient) -> TokenProvider {
    Arc::new(move || {
        let azure = azure.clone();
        async move {
            azure
                .kubernetes_token()
                .await
                .map_err(|error| ReadProblem::from(error).why().to_owned())
        }
        .boxed()
    })
}
