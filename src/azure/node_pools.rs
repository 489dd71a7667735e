//! The calls on one node pool that only read: the pool and its upgrade profile.

use super::client::AzureClient;
use super::error::AzureError;
use super::paths;
use super::wire;
use crate::domain::cluster::PoolUpgrades;
use crate::domain::ids::{ClusterId, NodePoolName};
use crate::domain::node_pool::NodePool;

impl AzureClient {
    /// Reads a node pool.
    pub async fn get_node_pool(&self, id: &ClusterId, pool: &NodePoolName) -> Result<NodePool, AzureError> {
        let what = format!("read node pool {pool} of {}", id.name());
        let call = self.get(what, &paths::node_pool(id, pool)?)?;
        self.read(&call, wire::node_pool).await
    }

    /// What one pool can go to.
    pub async fn pool_upgrades(&self, id: &ClusterId, pool: &NodePoolName) -> Result<PoolUpgrades, AzureError> {
        let what = format!("read the upgrades of node pool {pool} of {}", id.name());
        let path = format!("{}/upgradeProfiles/default", paths::node_pool(id, pool)?);
        let call = self.get(what, &path)?;
        self.read(&call, wire::pool_upgrades).await
    }
}
