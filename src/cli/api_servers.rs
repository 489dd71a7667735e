//! The engine's way to the clusters' API servers: connects once and keeps the connection for a while.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::azure::client::AzureClient;
use crate::domain::ids::ClusterId;
use crate::engine::handle::KubernetesSource;
use crate::inventory::access;
use crate::kubernetes::client::{Access, KubernetesClient};
use crate::requests::log::RequestLog;

/// How long a connection is used before the kubeconfig is read again: certificates are rotated. Wall time.
const KEPT: Duration = Duration::from_mins(10);

type Connections = Arc<Mutex<HashMap<ClusterId, (Instant, KubernetesClient)>>>;

/// Every cluster by the kubeconfig that Azure gives. Failures are not kept.
pub(super) fn from_azure(azure: AzureClient) -> KubernetesSource {
    let connections: Connections = Arc::default();
    Arc::new(move |cluster| {
        let (azure, connections, cluster) = (azure.clone(), Arc::clone(&connections), cluster.clone());
        async move {
            let known = connections.lock().await.get(&cluster).cloned();
            if let Some((_, client)) = known.filter(|(since, _)| since.elapsed() < KEPT) {
                return Ok(client);
            }
            let client = access::connect(&azure, &cluster).await?;
            connections
                .lock()
                .await
                .insert(cluster, (Instant::now(), client.clone()));
            Ok(client)
        }
        .boxed()
    })
}

/// The one cluster of a kubeconfig.
pub(super) fn from_kubeconfig(access: Access, requests: RequestLog) -> KubernetesSource {
    Arc::new(move |_| {
        let (access, requests) = (access.clone(), requests.clone());
        async move { KubernetesClient::connect_logged(&access, &requests).await }.boxed()
    })
}
