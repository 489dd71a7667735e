//! The plan behind an upgrade that somebody else started, as far as the cluster shows it.

use jiff::Timestamp;

use super::names::plain_id;
use super::step::{Plan, Step, StepKind};
use crate::domain::cluster::Cluster;
use crate::domain::ids::PlanId;
use crate::domain::node_pool::NodePool;
use crate::domain::provisioning::{PowerState, ProvisioningState};
use crate::domain::version::KubernetesVersion;

/// What runs on the cluster, as steps: the running one first. `None` where nothing runs that the cockpit could
/// steer (no upgrade, or a resource that is being deleted or created).
///
/// Azure claims the target as soon as it has accepted an upgrade, and marks every pool of a whole-cluster upgrade
/// `Upgrading`, also those whose turn has not come (AKS recordings, 2023). Where no pool is marked, the control plane
/// moves alone.
pub fn plan_of_running(id: PlanId, cluster: &Cluster, now: Timestamp) -> Option<Plan> {
    let kinds = match &cluster.provisioning_state {
        ProvisioningState::Creating | ProvisioningState::Deleting => return None,
        ProvisioningState::Upgrading => whole_cluster(cluster)?,
        _ => cluster.pools.iter().filter_map(single_pool).collect(),
    };
    let steps: Vec<Step> = kinds.into_iter().map(|kind| Step::new(plain_id(&kind), kind)).collect();
    (!steps.is_empty()).then(|| Plan {
        id,
        cluster: cluster.id.clone(),
        cluster_name: cluster.name.clone(),
        created_at: now,
        steps,
        smoke_tests: Vec::new(),
    })
}

/// The control plane, then every pool that is marked or behind; `None` where the target cannot be read.
fn whole_cluster(cluster: &Cluster) -> Option<Vec<StepKind>> {
    let target = cluster
        .version
        .or_else(|| cluster.requested_version.as_deref().and_then(|text| text.parse().ok()))?;
    let is_marked = |pool: &NodePool| pool.provisioning_state.is_upgrading();
    let has_pools = cluster.pools.iter().any(is_marked);
    let is_in = |pool: &NodePool| {
        let is_behind = pool.version.is_some_and(|version| version < target);
        is_marked(pool) || (is_behind && may_move(pool))
    };
    let control_plane = StepKind::ControlPlaneUpgrade { from: None, to: target };
    let pools = cluster
        .pools
        .iter()
        .filter(|pool| has_pools && is_in(pool))
        .map(|pool| pool_upgrade(pool, target));
    Some(std::iter::once(control_plane).chain(pools).collect())
}

fn may_move(pool: &NodePool) -> bool {
    pool.power_state != PowerState::Stopped
        && !matches!(
            pool.provisioning_state,
            ProvisioningState::Creating | ProvisioningState::Deleting
        )
}

fn pool_upgrade(pool: &NodePool, to: KubernetesVersion) -> StepKind {
    StepKind::NodePoolUpgrade {
        pool: pool.name.clone(),
        // The claim already shows the target; what the nodes ran before is not in it.
        from: pool.version.filter(|version| *version != to),
        to,
    }
}

/// What one pool is doing by itself.
fn single_pool(pool: &NodePool) -> Option<StepKind> {
    match pool.provisioning_state {
        ProvisioningState::Upgrading => {
            let requested = || pool.requested_version.as_deref().and_then(|text| text.parse().ok());
            pool.version.or_else(requested).map(|to| pool_upgrade(pool, to))
        }
        ProvisioningState::UpgradingNodeImageVersion => Some(StepKind::NodeImageUpgrade {
            pool: pool.name.clone(),
            from: pool.node_image.clone(),
            to: None,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::samples::{shop, titles};

    fn check(change: impl FnOnce(&mut Cluster), expected: &[&str]) {
        let mut cluster = shop();
        change(&mut cluster);
        let plan = plan_of_running(PlanId::new("p"), &cluster, Timestamp::UNIX_EPOCH);
        assert_eq!(plan.as_ref().map(titles).unwrap_or_default(), expected);
    }

    fn mark(cluster: &mut Cluster, state: &ProvisioningState) {
        for pool in &mut cluster.pools {
            pool.provisioning_state = state.clone();
        }
    }

    #[test]
    fn nothing_is_made_up() {
        check(|_| (), &[]);
        for state in ["Creating", "Deleting", "Updating", "Scaling", "Failed", "Canceling"] {
            check(|cluster| cluster.provisioning_state = state.into(), &[]);
        }
        check(
            |cluster| {
                cluster.provisioning_state = ProvisioningState::Deleting;
                mark(cluster, &ProvisioningState::Upgrading);
            },
            &[],
        );
        check(
            |cluster| {
                cluster.provisioning_state = ProvisioningState::Upgrading;
                cluster.version = None;
                cluster.requested_version = Some("1.34".to_owned());
            },
            &[],
        );
    }

    #[test]
    fn a_whole_cluster_upgrade_has_the_control_plane_and_every_pool_that_is_behind() {
        check(
            |cluster| {
                cluster.provisioning_state = ProvisioningState::Upgrading;
                cluster.version = "1.34.2".parse().ok();
                cluster.pools[0].version = "1.34.2".parse().ok();
                cluster.pools[0].provisioning_state = ProvisioningState::Upgrading;
                cluster.pools[2].power_state = PowerState::Stopped;
            },
            &[
                "control plane to 1.34.2",
                "node pool web to 1.34.2",
                "node pool system to 1.34.2",
            ],
        );
        check(
            |cluster| {
                cluster.provisioning_state = ProvisioningState::Upgrading;
                cluster.version = "1.34.2".parse().ok();
            },
            &["control plane to 1.34.2"],
        );
    }

    #[test]
    fn single_pools_and_images_are_seen_though_the_cluster_rests() {
        check(
            |cluster| {
                cluster.pools[2].provisioning_state = ProvisioningState::Upgrading;
                cluster.pools[2].version = None;
                cluster.pools[2].requested_version = Some("1.33.9".to_owned());
            },
            &["node pool batch to 1.33.9"],
        );
        check(
            |cluster| {
                cluster.provisioning_state = ProvisioningState::UpgradingNodeImageVersion;
                mark(cluster, &ProvisioningState::UpgradingNodeImageVersion);
                cluster.pools[1].provisioning_state = ProvisioningState::Succeeded;
            },
            &[
                "node pool web to the newest image",
                "node pool batch to the newest image",
            ],
        );
    }
}
