//! The cluster PUT: control plane alone, control plane and pools, or settings.

use std::time::Duration;

use jiff::Timestamp;

use super::{ClusterChange, roll_of};
use crate::domain::version::KubernetesVersion;
use crate::simulator::world::cluster::{SimulatedCluster, Surroundings};
use crate::simulator::world::node_work::seconds;
use crate::simulator::world::operation::{Action, ResourceState, Target};
use crate::simulator::world::pool::SimulatedPool;
use crate::simulator::world::refusal::Refusal;
use crate::simulator::world::run::Stage;
use crate::simulator::world::versions::Catalogue;

/// What a cluster PUT does with the pools.
enum PoolsPart {
    Unchanged,
    Follow,
}

impl SimulatedCluster {
    /// Accepts or refuses a cluster PUT; returns the operation's id.
    pub fn put(
        &mut self,
        change: &ClusterChange,
        surroundings: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        self.look_for_relief();
        self.refuse_hindered(change.drops_monitoring)?;
        self.refuse_if_busy()?;
        let current = self.control_plane.claimed;
        let wanted = change
            .version
            .clone()
            .unwrap_or_else(|| self.control_plane.wanted.clone());
        let target = if wanted == self.control_plane.wanted {
            current
        } else {
            let version = surroundings.catalogue.resolve(&wanted);
            version.ok_or_else(|| Refusal::not_a_version(&wanted, false))?
        };
        let part = self.pools_part(&change.pools, &wanted, target)?;
        self.judge_target(&wanted, target, &part, surroundings.catalogue)?;
        if target != current {
            let force = change.force_upgrade.or(self.force_upgrade);
            self.refuse_deprecated_use(target, force, now)?;
            let upgraded: Vec<&SimulatedPool> = match part {
                PoolsPart::Follow => self.pools.iter().collect(),
                PoolsPart::Unchanged => Vec::new(),
            };
            self.refuse_upgrade_of(&upgraded, target)?;
            self.refuse_unsatisfiable_budgets(force, now)?;
        }
        Ok(self.accept_cluster_change(change, wanted, target, &part, surroundings.catalogue, now))
    }

    /// The pools' versions are all unchanged, or all the control plane's (AKS docs "Auto-upgrade a cluster", 2026).
    fn pools_part(
        &self,
        given: &[(String, Option<String>)],
        wanted: &str,
        target: KubernetesVersion,
    ) -> Result<PoolsPart, Refusal> {
        let is_upgrade = target != self.control_plane.claimed;
        let named = given.iter().filter(|(_, version)| version.is_some()).count();
        if named == 0 {
            return Ok(if is_upgrade {
                PoolsPart::Follow
            } else {
                PoolsPart::Unchanged
            });
        }
        let is_complete = named == given.len()
            && self
                .pools
                .iter()
                .all(|pool| given.iter().any(|(name, _)| name.eq_ignore_ascii_case(&pool.name)));
        let all = |fits: &dyn Fn(&SimulatedPool, &str) -> bool| {
            given.iter().all(|(name, version)| {
                self.pool(name)
                    .zip(version.as_deref())
                    .is_some_and(|(pool, version)| fits(pool, version))
            })
        };
        let is_followed = all(&|_, version| version == wanted || version == target.to_string());
        let is_unchanged = all(&|pool, version| version == pool.wanted || version == pool.claimed.to_string());
        if is_complete && is_followed {
            return Ok(PoolsPart::Follow);
        }
        let is_auto_upgraded = is_upgrade && self.profile.upgrade_channel.is_some();
        if is_complete && is_unchanged && !is_auto_upgraded {
            return Ok(PoolsPart::Unchanged);
        }
        Err(Refusal::mixed_pool_versions())
    }

    fn judge_target(
        &self,
        wanted: &str,
        target: KubernetesVersion,
        part: &PoolsPart,
        catalogue: &Catalogue,
    ) -> Result<(), Refusal> {
        let current = self.control_plane.claimed;
        if target != current {
            let offers = catalogue.offers_for_cluster(current, self.landscape.has_long_term_support());
            if !catalogue.has(target) {
                return Err(Refusal::not_a_version(wanted, false));
            }
            if offers.iter().all(|offer| offer.version != target) {
                let offered: Vec<String> = offers.iter().map(|offer| offer.version.to_string()).collect();
                return Err(Refusal::not_offered(
                    &current.to_string(),
                    &target.to_string(),
                    &offered,
                ));
            }
        }
        if matches!(part, PoolsPart::Unchanged) && target != current {
            if target.minors_ahead_of(current) > 1 {
                return Err(Refusal::full_upgrade_only(&current.to_string()));
            }
            if let Some(pool) = self
                .pools
                .iter()
                .find(|pool| !Catalogue::is_within_skew(pool.claimed, target))
            {
                return Err(Refusal::skew(&pool.claimed.to_string(), &target.to_string(), false));
            }
        }
        Ok(())
    }

    fn accept_cluster_change(
        &mut self,
        change: &ClusterChange,
        wanted: String,
        target: KubernetesVersion,
        part: &PoolsPart,
        catalogue: &Catalogue,
        now: Timestamp,
    ) -> String {
        let id = self.open_operation(&Target::Cluster, Action::WriteCluster, now);
        let mut stages = Vec::new();
        if self.control_plane.running != target {
            stages.push(Stage::ControlPlane(target));
        }
        let skus: Vec<String> = self
            .pools
            .iter()
            .map(|pool| self.landscape.os_sku(&pool.name).to_owned())
            .collect();
        for (pool, sku) in self.pools.iter_mut().zip(&skus) {
            let (goal, is_due) = match part {
                PoolsPart::Follow => (target, true),
                // What Azure believes to be done is not looked at again.
                PoolsPart::Unchanged => (
                    pool.claimed,
                    pool.state != ResourceState::Succeeded || pool.is_unfinished,
                ),
            };
            if is_due && !pool.is_whole(goal) {
                stages.push(roll_of(pool, goal, catalogue.image_for(target, sku)));
                pool.is_unfinished = false;
            }
            if matches!(part, PoolsPart::Follow) {
                pool.wanted.clone_from(&wanted);
                pool.claimed = goal;
            }
        }
        let state = if stages.is_empty() {
            let is_retry = self.state != ResourceState::Succeeded || change.force_upgrade == self.force_upgrade;
            stages.push(Stage::Settle(if is_retry {
                Duration::from_secs(6)
            } else {
                seconds(&mut self.rng, (76, 110))
            }));
            ResourceState::Updating
        } else {
            ResourceState::Upgrading
        };
        if change.force_upgrade.is_some() || change.drops_force {
            self.force_upgrade = change.force_upgrade;
        }
        self.control_plane.wanted = wanted;
        self.control_plane.claimed = target;
        self.state = state;
        self.error = None;
        for pool in &mut self.pools {
            pool.state = state;
            pool.error = None;
        }
        self.start_run(&id, Target::Cluster, stages);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::world::fixture::*;
    use crate::simulator::world::operation::OperationStatus;
    use crate::simulator::world::{PoolChange, World};

    fn code<T>(answer: Result<T, Refusal>) -> (u16, String) {
        match answer {
            Ok(_) => (200, String::new()),
            Err(refusal) => (refusal.status, refusal.code),
        }
    }

    #[test]
    fn a_full_upgrade_claims_all_at_once_and_goes_control_plane_first() {
        let mut world = world();
        let operation = upgrade_cluster(&mut world, "1.35", Some("1.35")).unwrap();
        let states = |world: &World| {
            let cluster = cluster(world);
            let pools = cluster.pools.iter().map(|pool| pool.state.as_str());
            [cluster.state.as_str()].into_iter().chain(pools).collect::<Vec<_>>()
        };
        assert_eq!(states(&world), ["Upgrading"; 3]);
        assert_eq!(cluster(&world).control_plane.claimed, version("1.35.5"));
        assert_eq!(cluster(&world).control_plane.wanted, "1.35");
        assert_eq!(cluster(&world).control_plane.running, version("1.34.4"));
        pass(&mut world, 4);
        assert!(cluster(&world).pool("system").unwrap().runs(version("1.34.4")));
        pass_until(&mut world, |cluster| cluster.control_plane.running == version("1.35.5"));
        pass_until(&mut world, |cluster| {
            cluster.pool("system").unwrap().runs(version("1.35.5"))
        });
        assert!(cluster(&world).pool("apps").unwrap().runs(version("1.34.4")));
        assert_eq!(states(&world), ["Upgrading"; 3]);
        pass(&mut world, 60);
        assert_eq!(status(&world, &operation), OperationStatus::Succeeded);
        assert_eq!(states(&world), ["Succeeded"; 3]);
        assert!(cluster(&world).pools.iter().all(|pool| pool.runs(version("1.35.5"))));
    }

    #[test]
    fn a_control_plane_goes_alone_where_pools_stay_as_they_are() {
        let mut world = world();
        raise_control_plane(&mut world);
        let cluster = cluster(&world);
        assert_eq!(cluster.control_plane.running, version("1.34.6"));
        assert!(cluster.pools.iter().all(|pool| pool.runs(version("1.34.4"))));
    }

    #[test]
    fn requests_against_the_rules_are_refused_and_change_nothing() {
        let mut world = world();
        let unchanged = format!("{:?}", cluster(&world).pools);
        let mut cluster_code = |to: &str, pools| code(upgrade_cluster(&mut world, to, pools));
        let check = |answer: (u16, String), expected: &str| assert_eq!(answer, (400, expected.to_owned()));
        check(cluster_code("1.36.3", Some("1.36.3")), "OperationNotAllowed");
        check(cluster_code("1.33.8", Some("1.33.8")), "OperationNotAllowed");
        check(cluster_code("1.35.4", Some("1.35.4")), "K8sVersionNotSupported");
        check(cluster_code("newest", Some("newest")), "K8sVersionNotSupported");
        check(
            cluster_code("1.35.5", Some("1.34.6")),
            "NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged",
        );
        check(
            code(upgrade_pool(&mut world, "1.35.5")),
            "NodePoolMcVersionIncompatible",
        );
        check(code(upgrade_pool(&mut world, "1.33.8")), "OperationNotAllowed");
        check(code(upgrade_pool(&mut world, "x")), "AgentPoolK8sVersionNotSupported");
        assert_eq!(format!("{:?}", cluster(&world).pools), unchanged);
    }

    #[test]
    fn one_operation_at_a_time() {
        let mut world = world();
        raise_control_plane(&mut world);
        upgrade_pool(&mut world, "1.34.6").unwrap();
        let refusal = upgrade_pool(&mut world, "1.34.6").unwrap_err();
        assert_eq!(
            refusal.message,
            "Operation is not allowed: Another operation (apps - Upgrading) is in progress, please wait for it to \
             finish before starting a new operation. See https://aka.ms/aks-pending-operation for more details"
        );
        assert_eq!(
            code(upgrade_cluster(&mut world, "1.35.5", Some("1.35.5"))),
            (409, "OperationNotAllowed".to_owned())
        );
        // Another pool may be changed meanwhile.
        let now = world.now;
        let (cluster, surroundings) = world.cluster_mut(NAME).unwrap();
        assert!(
            cluster
                .put_pool("system", &PoolChange::default(), &surroundings, now)
                .is_ok()
        );
    }
}
