//! The pool PUT and the node image upgrade: a new version, a rollback, new settings, or the same again.

use std::time::Duration;

use jiff::Timestamp;

use super::{PoolChange, no_such_pool, roll_of};
use crate::domain::version::KubernetesVersion;
use crate::simulator::world::cluster::{SimulatedCluster, Surroundings};
use crate::simulator::world::hindrance::Relief;
use crate::simulator::world::node_work::seconds;
use crate::simulator::world::operation::{Action, ResourceState, Target};
use crate::simulator::world::pool::{Goal, SimulatedPool};
use crate::simulator::world::refusal::Refusal;
use crate::simulator::world::run::Stage;
use crate::simulator::world::versions::Catalogue;

impl SimulatedCluster {
    /// Accepts or refuses a pool PUT; returns the operation's id.
    pub fn put_pool(
        &mut self,
        name: &str,
        change: &PoolChange,
        surroundings: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        self.look_for_relief();
        self.refuse_hindered(false)?;
        self.refuse_if_pool_is_busy(name)?;
        let pool = self.pool(name).ok_or_else(|| no_such_pool(name))?;
        if let Some(count) = change.count.filter(|count| *count != pool.count) {
            return self.resize(name, count, now);
        }
        if let Some(settings) = &change.settings {
            settings.check(pool.mode)?;
        }
        let wanted = change.version.clone().unwrap_or_else(|| pool.wanted.clone());
        let is_rollback = is_rollback(pool, change);
        let goal = if is_rollback {
            self.judge_rollback(pool, change, &wanted, surroundings.catalogue, now)?
        } else {
            let (plane, catalogue) = (self.control_plane.claimed, surroundings.catalogue);
            let sku = change.os_sku.as_deref().unwrap_or_else(|| self.landscape.os_sku(name));
            goal_of(pool, &wanted, plane, sku, catalogue)?
        };
        if goal.version != pool.claimed {
            self.refuse_upgrade_of(&[pool], goal.version)?;
            self.refuse_unsatisfiable_budgets(self.force_upgrade, now)?;
        }
        Ok(self.accept_pool_change(name, change, wanted, &goal, is_rollback, now))
    }

    /// Back to what the pool ran before its last upgrade, within seven days of it, where no automatic upgrade would
    /// undo it; with a node OS channel only the version goes back (AKS docs "Roll back a node pool version", 2026).
    fn judge_rollback(
        &self,
        pool: &SimulatedPool,
        change: &PoolChange,
        wanted: &str,
        catalogue: &Catalogue,
        now: Timestamp,
    ) -> Result<Goal, Refusal> {
        if self.profile.upgrade_channel.is_some() {
            return Err(Refusal::rollback_of_auto_upgraded());
        }
        let recent = pool
            .recently_used
            .first()
            .filter(|recent| change.node_image.as_deref() == Some(recent.image.as_str()))
            .filter(|recent| wanted.parse() == Ok(recent.version))
            .ok_or_else(Refusal::rollback)?;
        if now.duration_since(recent.at).as_secs() > ROLLBACK_DAYS * 86_400 {
            return Err(Refusal::rollback_too_late(ROLLBACK_DAYS));
        }
        if !catalogue.is_supported(recent.version) {
            return Err(Refusal::not_a_version(wanted, true));
        }
        let keeps_image = !matches!(self.profile.node_os_channel.as_str(), "None" | "Unmanaged");
        Ok(Goal {
            version: recent.version,
            image: if keeps_image {
                catalogue.image_for(recent.version, self.landscape.os_sku(&pool.name))
            } else {
                recent.image.clone()
            },
        })
    }

    fn accept_pool_change(
        &mut self,
        name: &str,
        change: &PoolChange,
        wanted: String,
        goal: &Goal,
        is_rollback: bool,
        now: Timestamp,
    ) -> String {
        let target = Target::Pool(self.pool(name).map_or_else(String::new, |pool| pool.name.clone()));
        let id = self.open_operation(&target, Action::WritePool, now);
        let settling = seconds(&mut self.rng, SETTLING);
        let present = self.landscape.os_sku(name).to_owned();
        let has_new_sku = change
            .os_sku
            .as_ref()
            .is_some_and(|sku| !sku.eq_ignore_ascii_case(&present));
        if has_new_sku {
            self.hindrances.relieve(Some(name), &Relief::NewImage);
        }
        let Some(pool) = self.pool_mut(name) else { return id };
        // What Azure believes to be done is not looked at again, even where a machine was left behind.
        let is_done = {
            let is_believed = pool.state == ResourceState::Succeeded && !pool.is_unfinished;
            goal.version == pool.claimed && (is_believed || pool.is_whole(goal.version))
        };
        let stage = if is_done && !is_rollback && !has_new_sku {
            pool.state = ResourceState::Updating;
            let is_changed = change
                .settings
                .as_ref()
                .is_some_and(|settings| *settings != pool.settings);
            Stage::Settle(if is_changed { settling } else { Duration::from_secs(6) })
        } else {
            pool.state = ResourceState::Upgrading;
            pool.is_unfinished = false;
            let before = Goal {
                version: pool.oldest_version(),
                image: pool.claimed_image.clone(),
            };
            Stage::Pool {
                name: pool.name.clone(),
                goal: goal.clone(),
                before,
                is_rollback,
            }
        };
        pool.wanted = wanted;
        pool.claimed = goal.version;
        pool.error = None;
        if let Some(settings) = &change.settings {
            pool.settings = settings.clone();
        }
        self.start_run(&id, target, vec![stage]);
        id
    }

    /// Accepts or refuses `upgradeNodeImageVersion`; returns the operation's id.
    pub fn upgrade_node_image(
        &mut self,
        name: &str,
        surroundings: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        self.refuse_hindered(false)?;
        self.refuse_if_pool_is_busy(name)?;
        let pool = self.pool(name).ok_or_else(|| no_such_pool(name))?;
        let (version, target) = (pool.claimed, Target::Pool(pool.name.clone()));
        let image = surroundings.catalogue.image_for(version, self.landscape.os_sku(name));
        self.hindrances.relieve(Some(name), &Relief::NewImage);
        let id = self.open_operation(&target, Action::UpgradeNodeImage, now);
        if let Some(pool) = self.pool_mut(name) {
            let is_there = pool
                .nodes
                .iter()
                .filter(|node| !node.is_surge)
                .all(|node| node.image == image);
            let stage = if is_there {
                Stage::Settle(Duration::from_secs(6))
            } else {
                roll_of(pool, version, image)
            };
            pool.state = ResourceState::UpgradingNodeImageVersion;
            pool.error = None;
            self.start_run(&id, target, vec![stage]);
        }
        Ok(id)
    }
}

/// Days in which a pool may go back (AKS docs "Roll back a node pool version", 2026).
const ROLLBACK_DAYS: i64 = 7;
/// Seconds a change of settings takes, as recorded in 2024 and 2025.
const SETTLING: (u64, u64) = (76, 110);

/// Another node image in a PUT means: go back.
fn is_rollback(pool: &SimulatedPool, change: &PoolChange) -> bool {
    change
        .node_image
        .as_ref()
        .is_some_and(|image| *image != pool.claimed_image)
}

/// What a pool PUT that does not go back wants the machines to run.
fn goal_of(
    pool: &SimulatedPool,
    wanted: &str,
    control_plane: KubernetesVersion,
    os_sku: &str,
    catalogue: &Catalogue,
) -> Result<Goal, Refusal> {
    let version = if wanted == pool.wanted {
        pool.claimed
    } else {
        let version = catalogue.resolve(wanted);
        version.ok_or_else(|| Refusal::not_a_version(wanted, true))?
    };
    let goal = Goal {
        version,
        image: catalogue.image_for(version, os_sku),
    };
    if version == pool.claimed {
        return Ok(goal);
    }
    if version > control_plane {
        return Err(Refusal::skew(&version.to_string(), &control_plane.to_string(), true));
    }
    let offers = catalogue.offers_for_pool(pool.claimed, control_plane);
    if !offers.contains(&version) {
        let offered: Vec<String> = offers.iter().map(ToString::to_string).collect();
        return Err(Refusal::not_offered(
            &pool.claimed.to_string(),
            &version.to_string(),
            &offered,
        ));
    }
    Ok(goal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::world::fixture::*;
    use crate::simulator::world::operation::OperationStatus;
    use crate::simulator::world::pool::UpgradeSettings;
    use crate::simulator::world::{ClusterChange, World};

    fn image_upgrade(world: &mut World) -> Result<String, Refusal> {
        let now = world.now;
        let (cluster, surroundings) = world.cluster_mut(NAME).unwrap();
        cluster.upgrade_node_image("apps", &surroundings, now)
    }

    fn code<T>(answer: Result<T, Refusal>) -> (u16, String) {
        match answer {
            Ok(_) => (200, String::new()),
            Err(refusal) => (refusal.status, refusal.code),
        }
    }

    #[test]
    fn etags_change_with_each_operation_of_their_resource() {
        let mut world = world();
        let tags = |world: &World| {
            let cluster = cluster(world);
            let pools = cluster.pools.iter().map(|pool| pool.etag.clone());
            [cluster.etag.clone()].into_iter().chain(pools).collect::<Vec<_>>()
        };
        let before = tags(&world);
        image_upgrade(&mut world).unwrap();
        let during = tags(&world);
        assert_eq!(
            [0, 1, 2].map(|index| before[index] == during[index]),
            [true, true, false]
        );
        pass(&mut world, 60);
        upgrade_cluster(&mut world, "1.34.6", Some("1.34.4")).unwrap();
        let after = tags(&world);
        assert!([0, 1, 2].iter().all(|index| during[*index] != after[*index]));
    }

    #[test]
    fn the_same_version_again_only_updates_for_a_moment() {
        let mut world = world();
        let operation = upgrade_pool(&mut world, "1.34.4").unwrap();
        assert_eq!(cluster(&world).pool("apps").unwrap().state, ResourceState::Updating);
        world.advance_to(world.now + Duration::from_secs(7));
        assert_eq!(status(&world, &operation), OperationStatus::Succeeded);
    }

    #[test]
    fn a_node_image_upgrade_leaves_the_versions_and_the_cluster_alone() {
        let mut world = world();
        let operation = image_upgrade(&mut world).unwrap();
        let pool = |world: &World| cluster(world).pool("apps").unwrap().clone();
        assert_eq!(pool(&world).state, ResourceState::UpgradingNodeImageVersion);
        assert_eq!(cluster(&world).state, ResourceState::Succeeded);
        pass(&mut world, 45);
        assert_eq!(status(&world, &operation), OperationStatus::Succeeded);
        assert!(pool(&world).runs(version("1.34.4")));
        assert!(
            pool(&world)
                .nodes
                .iter()
                .all(|node| node.image.ends_with("202611.16.0"))
        );
    }

    #[test]
    fn a_pool_goes_back_to_what_it_ran_before() {
        let mut world = world();
        raise_control_plane(&mut world);
        upgrade_pool(&mut world, "1.34.6").unwrap();
        pass(&mut world, 40);
        let recent = cluster(&world).pool("apps").unwrap().recently_used[0].clone();
        let now = world.now;
        let (cluster_now, surroundings) = world.cluster_mut(NAME).unwrap();
        let rollback = |image: &str| PoolChange {
            version: Some(recent.version.to_string()),
            node_image: Some(image.to_owned()),
            ..PoolChange::default()
        };
        assert_eq!(
            code(cluster_now.put_pool("apps", &rollback("AKSUbuntu-other"), &surroundings, now)).0,
            400
        );
        cluster_now
            .put_pool("apps", &rollback(&recent.image), &surroundings, now)
            .unwrap();
        pass(&mut world, 40);
        let pool = cluster(&world).pool("apps").unwrap();
        assert!(pool.runs(version("1.34.4")) && pool.state == ResourceState::Succeeded);
    }

    #[test]
    fn a_forced_upgrade_drains_past_budgets() {
        let mut world = world_with(UpgradeSettings::default(), "3");
        raise_control_plane(&mut world);
        let until = world.now + Duration::from_hours(2);
        let now = world.now;
        let (cluster_now, surroundings) = world.cluster_mut(NAME).unwrap();
        let force = ClusterChange {
            force_upgrade: Some((true, Some(until))),
            ..ClusterChange::default()
        };
        cluster_now.put(&force, &surroundings, now).unwrap();
        pass(&mut world, 3);
        let operation = upgrade_pool(&mut world, "1.34.6").unwrap();
        pass(&mut world, 45);
        assert_eq!(status(&world, &operation), OperationStatus::Succeeded);
    }
}
