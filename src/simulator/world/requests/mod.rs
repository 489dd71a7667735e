//! What a PUT or POST on a cluster or pool means: judged by AKS's rules, then accepted as an operation or refused.
//! Nothing is changed by a request that is refused.

mod abort;
mod cluster;
mod lifecycle;
mod pool;
mod power;
mod resize;

use jiff::Timestamp;

use super::budget_report;
use super::cluster::{SimulatedCluster, is_force_valid};
use super::pool::{Goal, SimulatedPool, UpgradeSettings};
use super::refusal::Refusal;
use super::run::Stage;
use crate::domain::version::KubernetesVersion;

pub use lifecycle::PoolCreation;

/// What a cluster PUT asks for; absent parts stay as they are.
#[derive(Clone, Debug, Default)]
pub struct ClusterChange {
    pub version: Option<String>,
    /// Each pool of the body with the version it names.
    pub pools: Vec<(String, Option<String>)>,
    pub force_upgrade: Option<(bool, Option<Timestamp>)>,
    /// Takes the override settings away, whatever they were.
    pub drops_force: bool,
    /// Turns the monitoring add-on off, so that its workspace is not asked for.
    pub drops_monitoring: bool,
}

/// What a pool PUT asks for; absent parts stay as they are.
#[derive(Clone, Debug, Default)]
pub struct PoolChange {
    pub version: Option<String>,
    pub node_image: Option<String>,
    pub settings: Option<UpgradeSettings>,
    pub count: Option<u32>,
    pub os_sku: Option<String>,
}

impl SimulatedCluster {
    /// AKS's own check before an upgrade, which a forced one skips.
    fn refuse_unsatisfiable_budgets(
        &self,
        force: Option<(bool, Option<Timestamp>)>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let budgets = budget_report::unsatisfiable(&self.objects);
        if budgets.is_empty() || is_force_valid(force, now) {
            return Ok(());
        }
        Err(Refusal::unsatisfiable_budgets(&budgets))
    }

    fn refuse_if_busy(&self) -> Result<(), Refusal> {
        if self.is_stopped {
            return Err(Refusal::stopped());
        }
        if !self.state.is_terminal() {
            return Err(Refusal::in_progress(self.state.as_str()));
        }
        match self.pools.iter().find(|pool| !pool.state.is_terminal()) {
            Some(pool) => Err(Refusal::in_progress(&format!(
                "{} - {}",
                pool.name,
                pool.state.as_str()
            ))),
            None => Ok(()),
        }
    }

    /// Pools may be changed side by side, but not while the cluster is.
    fn refuse_if_pool_is_busy(&self, name: &str) -> Result<(), Refusal> {
        if self.is_stopped {
            return Err(Refusal::stopped());
        }
        if !self.state.is_terminal() {
            return Err(Refusal::in_progress(self.state.as_str()));
        }
        match self.pool(name).filter(|pool| !pool.state.is_terminal()) {
            Some(pool) => Err(Refusal::in_progress(&format!(
                "{} - {}",
                pool.name,
                pool.state.as_str()
            ))),
            None => Ok(()),
        }
    }
}

fn no_such_pool(name: &str) -> Refusal {
    Refusal::new(404, "NotFound", format!("Could not find agent pool {name}."))
}

/// The rolling upgrade of a pool, from what its machines run.
fn roll_of(pool: &SimulatedPool, version: KubernetesVersion, image: String) -> Stage {
    Stage::Pool {
        name: pool.name.clone(),
        goal: Goal { version, image },
        before: Goal {
            version: pool.oldest_version(),
            image: pool.claimed_image.clone(),
        },
        is_rollback: false,
    }
}
