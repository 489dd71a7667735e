//! Takes a survey: Azure's side and the API server's at the same time. Decides nothing.

use futures::future;

use super::access;
use crate::azure::client::AzureClient;
use crate::clock::Clock;
use crate::domain::ids::ClusterId;
use crate::domain::survey::{AzureSurvey, KubernetesSurvey, Survey, SurveyDepth};
use crate::kubernetes::client::{Access, KubernetesClient};
use crate::requests::log::RequestLog;

/// Where a survey is taken from.
#[derive(Clone, Debug)]
pub struct SurveySource {
    /// `None` leaves Azure's side unasked.
    pub azure: Option<AzureClient>,
    /// For a cluster that is known by its kubeconfig alone.
    pub kubeconfig: Option<Access>,
    pub clock: Clock,
    /// Where requests to a kubeconfig's cluster are written down; Azure's client has its own.
    pub requests: RequestLog,
}

/// Looks at everything once. What cannot be read is in its place, with the reason.
pub async fn take(source: &SurveySource, cluster: &ClusterId, depth: SurveyDepth) -> Survey {
    let azure = async {
        match &source.azure {
            Some(azure) => azure.survey(cluster, depth).await,
            None => AzureSurvey::default(),
        }
    };
    let (azure, kubernetes) = future::join(azure, of_kubernetes(source, cluster, depth)).await;
    Survey {
        azure,
        kubernetes,
        ..Survey::empty(cluster.clone(), source.clock.now())
    }
}

async fn of_kubernetes(source: &SurveySource, cluster: &ClusterId, depth: SurveyDepth) -> KubernetesSurvey {
    let client = match (&source.kubeconfig, &source.azure) {
        (Some(access), _) => KubernetesClient::connect_logged(access, &source.requests).await,
        (None, Some(azure)) => access::connect(azure, cluster).await,
        (None, None) => return KubernetesSurvey::default(),
    };
    match client {
        Ok(client) => client.survey(depth).await,
        Err(error) => crate::kubernetes::survey::unreadable(&error),
    }
}
