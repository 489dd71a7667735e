//! The steps that change something: control plane hops, and pools that move as few times as the skew allows.

use std::collections::BTreeMap;

use super::route::{is_half_done, route};
use super::{Facts, PlanError};
use crate::domain::cluster::ClusterUpgrades;
use crate::domain::ids::NodePoolName;
use crate::domain::node_pool::NodePool;
use crate::domain::provisioning::PowerState;
use crate::domain::upgrade_path::breaks_skew;
use crate::domain::version::{KubernetesVersion, NodeImageVersion, VersionWish};
use crate::plan::names::{plain_id, versioned_id};
use crate::plan::step::{Step, StepKind};

/// The oldest version nodes of the pool may run; `None` where it is not known.
///
/// Azure claims the target of an operation that ended early, so what the pool ran before counts there, too.
pub(in crate::plan) fn oldest_nodes(pool: &NodePool, upgrades: &ClusterUpgrades) -> Option<KubernetesVersion> {
    let before = upgrades
        .pools
        .get(&pool.name)
        .and_then(|upgrades| super::rollback::newest(&upgrades.recently_used))
        .filter(|_| !pool.provisioning_state.is_terminal() || is_half_done(&pool.provisioning_state))
        .map(|used| used.version);
    pool.version
        .map(|version| before.map_or(version, |before| before.min(version)))
}

/// A pool on its way through the plan.
struct Standing<'a> {
    pool: &'a NodePool,
    is_chosen: bool,
    /// The oldest version its nodes run at this point.
    oldest: Option<KubernetesVersion>,
    /// What Azure will claim at this point.
    claimed: Option<KubernetesVersion>,
    is_half_done: bool,
}

impl Standing<'_> {
    fn move_to(&mut self, to: KubernetesVersion) -> StepKind {
        let from = self.claimed.replace(to);
        self.oldest = Some(to);
        self.is_half_done = false;
        StepKind::NodePoolUpgrade {
            pool: self.pool.name.clone(),
            from,
            to,
        }
    }
}

/// The steps of an upgrade: every control plane hop, pools in between only where the next hop would leave them too far
/// behind, and then as far as they can, in the end each pool that is behind to the target.
pub(super) fn upgrades(facts: &Facts<'_>, wish: VersionWish, chosen: &[&NodePool]) -> Result<Vec<Step>, PlanError> {
    let route = route(facts, wish)?;
    let mut standings = standings(facts, chosen);
    let mut control_plane = facts.cluster.version;
    let mut kinds = Vec::new();
    for hop in &route.hops {
        for standing in &mut standings {
            let Some(oldest) = standing.oldest.filter(|oldest| breaks_skew(*hop, *oldest)) else {
                continue;
            };
            match control_plane.filter(|now| standing.is_chosen && *now <= *hop && !breaks_skew(*hop, *now)) {
                Some(now) => kinds.push(standing.move_to(now)),
                None => {
                    return Err(PlanError::PoolTooFarBehind {
                        cluster: facts.cluster.name.clone(),
                        pool: standing.pool.name.to_string(),
                        runs: oldest.to_string(),
                        hop: hop.to_string(),
                        is_left_out: !standing.is_chosen,
                    });
                }
            }
        }
        kinds.push(StepKind::ControlPlaneUpgrade {
            from: control_plane,
            to: *hop,
        });
        control_plane = Some(*hop);
    }
    for standing in standings.iter_mut().filter(|standing| standing.is_chosen) {
        if standing.is_half_done || standing.claimed.is_none_or(|version| version < route.target) {
            kinds.push(standing.move_to(route.target));
        }
    }
    Ok(named(kinds, route.hops.len() > 1))
}

/// The chosen pools in their order, then the others that run and so must not be left too far behind.
fn standings<'a>(facts: &Facts<'a>, chosen: &[&'a NodePool]) -> Vec<Standing<'a>> {
    let others = facts.cluster.pools.iter().filter(|pool| {
        pool.power_state != PowerState::Stopped && !chosen.iter().any(|chosen| chosen.name == pool.name)
    });
    let standing = |pool: &'a NodePool, is_chosen| Standing {
        pool,
        is_chosen,
        oldest: oldest_nodes(pool, facts.upgrades),
        claimed: pool.version,
        is_half_done: is_half_done(&pool.provisioning_state),
    };
    chosen
        .iter()
        .map(|pool| standing(pool, true))
        .chain(others.map(|pool| standing(pool, false)))
        .collect()
}

/// Steps with their ids: the plain ones, with versions where there are several hops or a pool moves twice.
fn named(kinds: Vec<StepKind>, has_hops: bool) -> Vec<Step> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for kind in &kinds {
        *times.entry(plain_id(kind)).or_default() += 1;
    }
    kinds
        .into_iter()
        .map(|kind| {
            let plain = plain_id(&kind);
            let id = if has_hops || times[&plain] > 1 {
                versioned_id(&kind)
            } else {
                plain
            };
            Step::new(id, kind)
        })
        .collect()
}

/// A node image step for each pool whose image differs from the newest or is not known.
pub(super) fn images(upgrades: &ClusterUpgrades, pools: &[&NodePool]) -> Vec<Step> {
    let latest = |name: &NodePoolName| -> Option<NodeImageVersion> {
        upgrades
            .pools
            .get(name)
            .and_then(|offers| offers.latest_node_image.clone())
    };
    pools
        .iter()
        .filter(|pool| match (&pool.node_image, latest(&pool.name)) {
            (Some(runs), Some(latest)) => !runs.is_same_image(&latest) || is_half_done(&pool.provisioning_state),
            _ => true,
        })
        .map(|pool| {
            let kind = StepKind::NodeImageUpgrade {
                pool: pool.name.clone(),
                from: pool.node_image.clone(),
                to: latest(&pool.name),
            };
            Step::new(plain_id(&kind), kind)
        })
        .collect()
}
