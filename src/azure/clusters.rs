//! The calls on one cluster that only read: the cluster, its upgrade profiles, its region, its credentials.

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use reqwest::Method;

use super::client::AzureClient;
use super::credentials::Audience;
use super::error::{AzureError, AzureErrorKind};
use super::http::Call;
use super::paths;
use super::retry::Repeat;
use super::wire;
use crate::domain::cluster::{Cluster, ClusterUpgrades, PoolUpgrades, RegionVersions};
use crate::domain::ids::{ClusterId, NodePoolName, SubscriptionId};
use crate::domain::survey::ClusterDetails;

/// Upgrade profiles asked at the same time: they share a bucket of 60 per subscription
/// (AKS docs "Quotas, SKUs, and region availability", 2026).
const PROFILES_AT_ONCE: usize = 4;

impl AzureClient {
    /// Reads a cluster with its pools.
    pub async fn get_cluster(&self, id: &ClusterId) -> Result<Cluster, AzureError> {
        let call = self.get(format!("read cluster {}", id.name()), &paths::cluster(id)?)?;
        self.read(&call, wire::cluster).await
    }

    /// Reads a cluster with its pools and its other settings: one request, as [`Self::get_cluster`].
    pub async fn get_cluster_with_details(&self, id: &ClusterId) -> Result<(Cluster, ClusterDetails), AzureError> {
        let call = self.get(format!("read cluster {}", id.name()), &paths::cluster(id)?)?;
        self.read(&call, |body| {
            Ok((wire::cluster(body)?, wire::survey::cluster_details(body)?))
        })
        .await
    }

    /// Upgrade profiles of the control plane and of each pool. A pool that is gone is left out.
    pub async fn cluster_upgrades(
        &self,
        id: &ClusterId,
        pools: &[NodePoolName],
    ) -> Result<ClusterUpgrades, AzureError> {
        let path = format!("{}/upgradeProfiles/default", paths::cluster(id)?);
        let call = self.get(format!("read the upgrades of {}", id.name()), &path)?;
        let mut upgrades = self.read(&call, wire::cluster_upgrades).await?;
        let profiles: Vec<_> = stream::iter(pools.to_vec())
            .map(|pool| async move { Ok::<_, AzureError>((self.present_pool_upgrades(id, &pool).await?, pool)) })
            .buffer_unordered(PROFILES_AT_ONCE)
            .try_collect()
            .await?;
        for (profile, pool) in profiles {
            match profile {
                Some(profile) => upgrades.pools.insert(pool, profile),
                None => upgrades.pools.remove(&pool),
            };
        }
        Ok(upgrades)
    }

    async fn present_pool_upgrades(
        &self,
        id: &ClusterId,
        pool: &NodePoolName,
    ) -> Result<Option<PoolUpgrades>, AzureError> {
        match self.pool_upgrades(id, pool).await {
            Ok(profile) => Ok(Some(profile)),
            Err(error) if error.kind() == AzureErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The Kubernetes versions of a region and the steps between them.
    pub async fn region_versions(
        &self,
        subscription: &SubscriptionId,
        location: &str,
    ) -> Result<RegionVersions, AzureError> {
        let rest = format!(
            "providers/Microsoft.ContainerService/locations/{}/kubernetesVersions",
            paths::segment(location)?
        );
        let path = paths::in_subscription(subscription, &rest)?;
        let call = self.get(format!("read the Kubernetes versions of {location}"), &path)?;
        self.read(&call, wire::region_versions).await
    }

    /// The kubeconfig of `listClusterUserCredential`: a secret, never logged.
    ///
    /// Asked for in the form with a login command, because the other one names a plugin that kubectl has removed.
    pub async fn user_kubeconfig(&self, id: &ClusterId) -> Result<String, AzureError> {
        let path = self.with_api_version(&format!("{}/listClusterUserCredential", paths::cluster(id)?));
        let what = format!("get the kubeconfig of {}", id.name());
        let call = Call {
            is_secret: true,
            // A POST that changes nothing.
            ..self.call(what, Method::POST, &format!("{path}&format=exec"), Repeat::Read)?
        };
        self.read(&call, wire::kubeconfig).await
    }

    /// A token for the Kubernetes API of clusters with Entra ID, and its end.
    pub async fn kubernetes_token(&self) -> Result<(String, Timestamp), AzureError> {
        let token = self
            .credential()
            .token(Audience::Kubernetes, self.clock().now())
            .await?;
        Ok((token.secret.to_string(), token.expires))
    }
}
