//! Builds a plan from what a person wants and what Azure offers.
//! Never invents a version: a target is offered by Azure, reached through its graph, or runs already.

mod gates;
mod moves;
mod pools;
mod rollback;
mod route;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub(super) use moves::oldest_nodes;
pub(super) use rollback::{ROLLBACK_WINDOW, has_auto_upgrade, newest, obstacle};
pub(super) use route::is_half_done;

use super::step::{Plan, WaitUntil};
use crate::domain::cluster::{Cluster, ClusterUpgrades, RegionVersions};
use crate::domain::ids::{NodePoolName, PlanId};
use crate::domain::node_pool::UpgradeSettings;
use crate::domain::provisioning::PowerState;
use crate::domain::smoke_test::SmokeTest;
use crate::domain::version::VersionWish;

/// What a person wants of one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Control plane, then every pool (or those named), system pools first.
    Upgrade { to: VersionWish, pools: PoolChoice },
    /// The newest node image for every pool (or those named), versions unchanged.
    NodeImages { pools: PoolChoice },
    /// Each pool back to the version and image it ran before.
    Rollback { pools: Vec<NodePoolName> },
}

/// What is known of the cluster when a plan is made.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub cluster: &'a Cluster,
    pub upgrades: &'a ClusterUpgrades,
    /// The region's versions and the steps between them; without them only what is on offer now can be planned.
    pub region: Option<&'a RegionVersions>,
}

/// A place in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Start,
    /// Behind each control plane step.
    AfterControlPlane,
    /// Between one hop and the next: before the control plane goes to the next minor.
    BetweenHops,
    /// Behind each step that moves nodes, but the last.
    BetweenPools,
    End,
}

/// What else the plan is to have. The default has no gates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Pools in this order; those that are not named follow in the usual one.
    pub pool_order: Vec<NodePoolName>,
    /// Written before the pool is first moved, where they differ from what it has.
    pub settings: BTreeMap<NodePoolName, UpgradeSettings>,
    /// Where two of the places meet, one approval stands for both.
    pub approvals: Vec<Place>,
    pub waits: Vec<(Place, WaitUntil)>,
    /// At the start only where a gate stands there: a plan cannot pause before its first step.
    pub pauses: Vec<Place>,
    /// Readiness gates behind every step that moves nodes.
    pub readiness: bool,
    /// A last step that verifies everything.
    pub verify: bool,
    /// Run at the start as a baseline, behind every control plane step and every step that moves nodes.
    pub smoke_tests: Vec<SmokeTest>,
    /// Run them also while nodes move.
    pub guards: bool,
}

/// Which pools an intent is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolChoice {
    /// Every pool that is switched on; a stopped one takes the new version when it is started.
    All,
    /// The control plane alone.
    None,
    These(Vec<NodePoolName>),
}

/// Why no plan can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("{cluster} is not offered {wish}")]
    NotOffered {
        cluster: String,
        wish: String,
        /// What is offered, newest first.
        offered: Vec<String>,
    },
    /// The region's graph is known, and no way leads there.
    #[error("{cluster} cannot reach {wish}")]
    NotReachable {
        cluster: String,
        wish: String,
        /// What can be reached, nearest to the wish first; empty where nothing can.
        nearest: Vec<String>,
    },
    #[error("node pool {pool} of {cluster} runs {runs}, too old for a control plane at {hop}")]
    PoolTooFarBehind {
        cluster: String,
        pool: String,
        runs: String,
        hop: String,
        /// True where the plan was to leave the pool as it is.
        is_left_out: bool,
    },
    #[error("node pool {pool} of {cluster} cannot be rolled back")]
    NoRollback { cluster: String, pool: String, why: String },
    #[error("{cluster} has no node pool {pool}")]
    NoSuchPool {
        cluster: String,
        pool: String,
        pools: Vec<String>,
    },
    #[error("{cluster} has nothing left to do: it already runs what was asked for")]
    NothingToDo { cluster: String },
    #[error("{cluster} is stopped")]
    Stopped { cluster: String },
}

/// Builds the plan.
///
/// # Errors
/// See [`PlanError`]; each names the cluster and what could be asked for instead.
pub fn build(
    id: PlanId,
    facts: &Facts<'_>,
    intent: &Intent,
    options: &Options,
    now: Timestamp,
) -> Result<Plan, PlanError> {
    let cluster = facts.cluster;
    if cluster.power_state == PowerState::Stopped {
        return Err(PlanError::Stopped {
            cluster: cluster.name.clone(),
        });
    }
    pools::check_names(cluster, options.pool_order.iter().chain(options.settings.keys()))?;
    let chosen = |choice: &PoolChoice| pools::chosen(cluster, choice, &options.pool_order);
    let moves = match intent {
        Intent::Upgrade { to, pools } => moves::upgrades(facts, *to, &chosen(pools)?)?,
        Intent::NodeImages { pools } => moves::images(facts.upgrades, &chosen(pools)?),
        Intent::Rollback { pools } => rollback::moves(facts, &chosen(&PoolChoice::These(pools.clone()))?, now)?,
    };
    if moves.is_empty() {
        return Err(PlanError::NothingToDo {
            cluster: cluster.name.clone(),
        });
    }
    let moves = pools::with_settings(moves, cluster, &options.settings);
    Ok(Plan {
        id,
        cluster: cluster.id.clone(),
        cluster_name: cluster.name.clone(),
        created_at: now,
        steps: gates::place(moves, &cluster.name, options),
        smoke_tests: options.smoke_tests.clone(),
    })
}
