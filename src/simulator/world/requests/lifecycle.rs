//! Coming and going: a new pool, a deleted pool, a deleted cluster, and a tag that somebody saves.

use std::time::Duration;

use jiff::Timestamp;

use super::no_such_pool;
use crate::simulator::world::cluster::{NewPool, SimulatedCluster, Surroundings};
use crate::simulator::world::node_work::seconds;
use crate::simulator::world::operation::{Action, OperationError, OperationStatus, Outcome, ResourceState, Target};
use crate::simulator::world::pool::{Goal, PoolMode, UpgradeSettings};
use crate::simulator::world::quota::Quotas;
use crate::simulator::world::refusal::Refusal;
use crate::simulator::world::run::Stage;
use crate::simulator::world::versions::Catalogue;

/// A pool that is asked for.
#[derive(Clone, Debug)]
pub struct PoolCreation {
    pub name: String,
    pub mode: PoolMode,
    pub count: u32,
    pub vm_size: String,
    /// The control plane's unless given.
    pub version: Option<String>,
    pub settings: UpgradeSettings,
}

/// Seconds until a new pool's nodes are ready.
const CREATION: (u64, u64) = (110, 180);
/// Seconds until a pool, or a cluster, is gone.
const POOL_DELETION: (u64, u64) = (90, 150);
const CLUSTER_DELETION: (u64, u64) = (180, 280);

impl SimulatedCluster {
    /// Accepts or refuses the PUT of a pool that is not there; returns the operation's id.
    pub fn create_pool(
        &mut self,
        new: &PoolCreation,
        surroundings: &mut Surroundings<'_>,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        self.refuse_if_pool_is_busy(&new.name)?;
        if !is_pool_name(&new.name) {
            return Err(Refusal::bad_pool_name(&new.name));
        }
        new.settings.check(new.mode)?;
        let control_plane = self.control_plane.claimed;
        let version = match &new.version {
            None => control_plane,
            Some(text) => {
                let version = surroundings.catalogue.resolve(text);
                version.ok_or_else(|| Refusal::not_a_version(text, true))?
            }
        };
        if !Catalogue::is_within_skew(version, control_plane) {
            return Err(Refusal::skew(
                &version.to_string(),
                &control_plane.to_string(),
                version > control_plane,
            ));
        }
        let pool = NewPool {
            name: new.name.clone(),
            mode: new.mode,
            vm_size: new.vm_size.clone(),
            zones: Vec::new(),
            settings: new.settings.clone(),
            version,
            image: surroundings
                .catalogue
                .image_for(version, self.landscape.os_sku(&new.name)),
            machines: Vec::new(),
        };
        self.add_pool(pool, surroundings.quotas);
        let target = Target::Pool(new.name.clone());
        let id = self.open_operation(&target, Action::WritePool, now);
        if let Some(pool) = self.pool_mut(&new.name) {
            pool.count = new.count;
            pool.state = ResourceState::Creating;
            if let Some(text) = &new.version {
                pool.wanted.clone_from(text);
            }
        }
        let lasts = seconds(&mut self.rng, CREATION);
        self.start_run(&id, target, vec![Stage::Settle(lasts)]);
        Ok(id)
    }

    /// Accepts or refuses the DELETE of a pool; returns the operation's id.
    pub fn delete_pool(&mut self, name: &str, now: Timestamp) -> Result<String, Refusal> {
        self.refuse_if_pool_is_busy(name)?;
        let pool = self.pool(name).ok_or_else(|| no_such_pool(name))?;
        let system_pools = self.pools.iter().filter(|pool| pool.mode == PoolMode::System).count();
        if pool.mode == PoolMode::System && system_pools == 1 {
            return Err(Refusal::last_system_pool(name));
        }
        let nodes: Vec<String> = pool.nodes.iter().map(|node| node.name.clone()).collect();
        let target = Target::Pool(pool.name.clone());
        let id = self.open_operation(&target, Action::DeletePool, now);
        for node in nodes {
            self.objects.set_cordoned(&node, true, now);
        }
        if let Some(pool) = self.pool_mut(name) {
            pool.state = ResourceState::Deleting;
            pool.error = None;
        }
        let lasts = seconds(&mut self.rng, POOL_DELETION);
        self.start_run(&id, target, vec![Stage::Settle(lasts)]);
        Ok(id)
    }

    /// Accepts the DELETE of the cluster, whatever runs on it; returns the operation's id.
    pub fn delete(&mut self, now: Timestamp) -> Result<String, Refusal> {
        if self.state == ResourceState::Deleting {
            return Err(Refusal::in_progress(self.state.as_str()));
        }
        self.is_stopped = false;
        let running: Vec<(String, Target)> = self
            .runs
            .iter()
            .map(|run| (run.operation.clone(), run.target.clone()))
            .collect();
        for (operation, target) in running {
            self.stop_run(&operation);
            self.finish(&operation, &target, &Outcome::Canceled(None));
        }
        let id = self.open_operation(&Target::Cluster, Action::DeleteCluster, now);
        self.state = ResourceState::Deleting;
        self.error = None;
        for pool in &mut self.pools {
            pool.state = ResourceState::Deleting;
        }
        let lasts = seconds(&mut self.rng, CLUSTER_DELETION);
        // The API server is one of the first things to go.
        self.away_until = Some(now + lasts + Duration::from_mins(1));
        self.start_run(&id, Target::Cluster, vec![Stage::Settle(lasts)]);
        Ok(id)
    }

    /// Saves a tag, which takes no time and renews the eTags; returns the operation's id.
    pub fn save_tag(&mut self, key: &str, value: &str, now: Timestamp) -> String {
        let id = self.open_operation(&Target::Cluster, Action::WriteCluster, now);
        self.close_operation(&id, OperationStatus::Succeeded, None);
        self.profile.tags.retain(|(known, _)| known != key);
        self.profile.tags.push((key.to_owned(), value.to_owned()));
        id
    }

    /// Another operation takes over what runs on a pool (AKS troubleshooting "AKSOperationPreempted", 2025); returns
    /// the new one's id.
    pub fn preempt(&mut self, name: &str, now: Timestamp) -> Result<String, Refusal> {
        let pool = self.pool(name).ok_or_else(|| no_such_pool(name))?;
        let target = Target::Pool(pool.name.clone());
        let state = pool.state;
        let Some(run) = self.runs.iter().find(|run| run.target == target) else {
            return Err(Refusal::nothing_to_abort(state.as_str()));
        };
        let operation = run.operation.clone();
        let id = self.open_operation(&Target::Cluster, Action::WriteCluster, now);
        self.stop_run(&operation);
        let message = format!("This operation has been preempted by another operation with ID {id}");
        let error = OperationError::new("OperationPreempted", message);
        self.finish(&operation, &target, &Outcome::Failed(error));
        self.close_operation(&id, OperationStatus::Succeeded, None);
        Ok(id)
    }

    /// What an operation leaves behind when it has succeeded: new nodes, or nothing at all.
    pub(in crate::simulator::world) fn complete(
        &mut self,
        operation: &str,
        target: &Target,
        surroundings: &mut Surroundings<'_>,
    ) {
        let action = self.operation(operation).map(|operation| operation.action);
        match (action, target) {
            (Some(Action::DeleteCluster), _) => self.is_gone = true,
            (Some(Action::DeletePool), Target::Pool(name)) => self.remove_pool(name, surroundings.quotas),
            (Some(Action::WritePool), Target::Pool(name)) => {
                self.fill_pool(name, surroundings.quotas);
                self.end_resize(name, surroundings.quotas);
            }
            (Some(Action::DeleteMachines), Target::Pool(name)) => self.end_resize(name, surroundings.quotas),
            (Some(Action::StopCluster), _) => self.is_stopped = true,
            _ => {}
        }
    }

    fn remove_pool(&mut self, name: &str, quotas: &mut Quotas) {
        let Some(index) = self.pools.iter().position(|pool| pool.name == name) else {
            return;
        };
        let pool = self.pools.remove(index);
        for node in &pool.nodes {
            self.objects.remove_node(&node.name, self.now);
        }
        self.leftovers.retain(|work| work.pool != name);
        let profile = &self.profile;
        quotas.release(&profile.subscription, &profile.location, &pool.vm_size, pool.count);
    }

    /// Gives a new pool its machines; a pool that has some is left alone.
    fn fill_pool(&mut self, name: &str, quotas: &mut Quotas) {
        let Some(pool) = self.pools.iter_mut().find(|pool| pool.name == name) else {
            return;
        };
        if !pool.nodes.is_empty() {
            return;
        }
        let goal = Goal {
            version: pool.claimed,
            image: pool.claimed_image.clone(),
        };
        for _ in 0..pool.count {
            let node = pool.add_machine(&goal, false).clone();
            self.objects.add_node(&pool.node_spec(&node, true), self.now);
        }
        let profile = &self.profile;
        quotas.occupy(&profile.subscription, &profile.location, &pool.vm_size, pool.count);
    }
}

/// AKS's rule for Linux pools (REST reference "Agent Pools", API 2026-08-01).
fn is_pool_name(name: &str) -> bool {
    name.len() <= 12
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::world::World;
    use crate::simulator::world::fixture::*;

    fn creation(name: &str, version: Option<&str>) -> PoolCreation {
        PoolCreation {
            name: name.to_owned(),
            mode: PoolMode::User,
            count: 2,
            vm_size: "Standard_D4s_v5".to_owned(),
            version: version.map(str::to_owned),
            settings: UpgradeSettings::default(),
        }
    }

    fn create(world: &mut World, new: &PoolCreation) -> Result<String, Refusal> {
        let now = world.now;
        let (cluster, mut surroundings) = world.cluster_mut(NAME).unwrap();
        cluster.create_pool(new, &mut surroundings, now)
    }

    #[test]
    fn a_new_pool_is_created_with_its_nodes() {
        let mut world = world();
        let operation = create(&mut world, &creation("extra", None)).unwrap();
        let pool = |world: &World| cluster(world).pool("extra").unwrap().clone();
        assert_eq!(
            (pool(&world).state, pool(&world).nodes.len()),
            (ResourceState::Creating, 0)
        );
        pass(&mut world, 4);
        assert_eq!(status(&world, &operation), OperationStatus::Succeeded);
        assert!(pool(&world).runs(version("1.34.4")) && pool(&world).nodes.len() == 2);
        assert!(cluster(&world).objects.has_node(&pool(&world).nodes[0].name));
    }

    #[test]
    fn new_pools_against_the_rules_are_refused() {
        let mut world = world();
        for (new, code) in [
            (creation("Extra", None), "InvalidParameter"),
            (creation("averyverylongname", None), "InvalidParameter"),
            (creation("extra", Some("1.35.5")), "NodePoolMcVersionIncompatible"),
            (creation("extra", Some("1.30.1")), "NodePoolMcVersionIncompatible"),
            (creation("extra", Some("new")), "AgentPoolK8sVersionNotSupported"),
        ] {
            assert_eq!(create(&mut world, &new).unwrap_err().code, code, "{new:?}");
        }
        assert_eq!(cluster(&world).pools.len(), 2);
    }

    #[test]
    fn a_deleted_pool_goes_with_its_nodes_and_the_last_system_pool_stays() {
        let mut world = world();
        let gone = nodes(cluster(&world), "apps");
        let now = world.now;
        let (shop, _) = world.cluster_mut(NAME).unwrap();
        assert_eq!(shop.delete_pool("system", now).unwrap_err().code, "OperationNotAllowed");
        let operation = shop.delete_pool("apps", now).unwrap();
        assert_eq!(shop.pool("apps").unwrap().state, ResourceState::Deleting);
        assert_eq!(shop.delete_pool("apps", now).unwrap_err().status, 409);
        pass(&mut world, 3);
        assert_eq!(status(&world, &operation), OperationStatus::Succeeded);
        assert!(cluster(&world).pool("apps").is_none());
        assert!(gone.iter().all(|name| !cluster(&world).objects.has_node(name)));
    }

    #[test]
    fn a_cluster_is_deleted_even_while_it_is_upgraded_and_its_operations_stay_known() {
        let mut world = world();
        let upgrade = upgrade_cluster(&mut world, "1.35.5", Some("1.35.5")).unwrap();
        pass(&mut world, 1);
        let now = world.now;
        let (shop, _) = world.cluster_mut(NAME).unwrap();
        let operation = shop.delete(now).unwrap();
        assert_eq!(status(&world, &upgrade), OperationStatus::Canceled);
        assert_eq!(cluster(&world).state, ResourceState::Deleting);
        pass(&mut world, 5);
        assert!(world.clusters.is_empty());
        let (_, deletion) = world.find_operation(&operation).unwrap();
        assert_eq!(deletion.status, OperationStatus::Succeeded);
    }

    #[test]
    fn a_saved_tag_takes_no_time_and_renews_the_etags() {
        let mut world = world();
        let before = (cluster(&world).etag.clone(), cluster(&world).pools[1].etag.clone());
        let now = world.now;
        let (shop, _) = world.cluster_mut(NAME).unwrap();
        shop.save_tag("owner", "a", now);
        shop.save_tag("owner", "b", now);
        assert_eq!(shop.profile.tags, [("owner".to_owned(), "b".to_owned())]);
        assert_eq!(shop.state, ResourceState::Succeeded);
        assert!(shop.etag != before.0 && shop.pools[1].etag != before.1);
    }
}
