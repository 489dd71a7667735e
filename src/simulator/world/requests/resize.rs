//! More nodes, fewer nodes, and nodes that are named and deleted.

use jiff::Timestamp;

use super::no_such_pool;
use crate::simulator::world::cluster::SimulatedCluster;
use crate::simulator::world::hindrance::count_addresses;
use crate::simulator::world::node_work::seconds;
use crate::simulator::world::operation::{Action, ResourceState, Target};
use crate::simulator::world::pool::{Goal, PoolMode, SimulatedNode};
use crate::simulator::world::quota::Quotas;
use crate::simulator::world::refusal::Refusal;
use crate::simulator::world::run::Stage;

/// Seconds until nodes have come or gone, as recorded in 2024 and 2025.
const SCALING: (u64, u64) = (100, 170);

impl SimulatedCluster {
    /// Accepts or refuses another number of nodes; returns the operation's id. Nodes that could not be drained go first
    /// (AKS docs "Customize node pool rolling upgrades", 2026).
    pub(super) fn resize(&mut self, name: &str, count: u32, now: Timestamp) -> Result<String, Refusal> {
        let pool = self.pool(name).ok_or_else(|| no_such_pool(name))?;
        if pool.mode == PoolMode::System && count == 0 {
            return Err(Refusal::last_system_pool(name));
        }
        let mut nodes: Vec<&SimulatedNode> = pool.nodes.iter().collect();
        nodes.sort_by_key(|node| (!node.is_quarantined, node.version));
        let surplus = nodes.len().saturating_sub(count as usize);
        let leaving: Vec<String> = nodes.into_iter().take(surplus).map(|node| node.name.clone()).collect();
        Ok(self.begin_resize(name, count, leaving, Action::WritePool, ResourceState::Scaling, now))
    }

    /// Accepts or refuses `deleteMachines`; returns the operation's id.
    pub fn delete_machines(&mut self, name: &str, machines: &[String], now: Timestamp) -> Result<String, Refusal> {
        self.refuse_if_pool_is_busy(name)?;
        let pool = self.pool(name).ok_or_else(|| no_such_pool(name))?;
        if let Some(unknown) = machines
            .iter()
            .find(|name| pool.nodes.iter().all(|node| node.name != **name))
        {
            let message = format!("The machine {unknown} is not found in agent pool {}.", pool.name);
            return Err(Refusal::new(400, "InvalidParameter", message));
        }
        let fewer = u32::try_from(machines.len()).unwrap_or(u32::MAX);
        let count = pool.count.saturating_sub(fewer);
        if pool.mode == PoolMode::System && count == 0 {
            return Err(Refusal::last_system_pool(name));
        }
        let leaving = machines.to_vec();
        Ok(self.begin_resize(
            name,
            count,
            leaving,
            Action::DeleteMachines,
            ResourceState::Updating,
            now,
        ))
    }

    fn begin_resize(
        &mut self,
        name: &str,
        count: u32,
        leaving: Vec<String>,
        action: Action,
        state: ResourceState,
        now: Timestamp,
    ) -> String {
        let target = Target::Pool(self.pool(name).map_or_else(String::new, |pool| pool.name.clone()));
        let id = self.open_operation(&target, action, now);
        for node in &leaving {
            self.objects.set_cordoned(node, true, now);
        }
        if let Some(pool) = self.pool_mut(name) {
            pool.count = count;
            pool.state = state;
            pool.error = None;
            pool.resize = Some(leaving);
        }
        let lasts = seconds(&mut self.rng, SCALING);
        self.start_run(&id, target, vec![Stage::Settle(lasts)]);
        id
    }

    /// The machines that leave are gone, and those that were asked for are there.
    pub(super) fn end_resize(&mut self, name: &str, quotas: &mut Quotas) {
        let Some(pool) = self.pools.iter_mut().find(|pool| pool.name == name) else {
            return;
        };
        let Some(leaving) = pool.resize.take() else {
            return;
        };
        let before = pool.nodes.len();
        for node in &leaving {
            pool.remove_machine(node);
            self.objects.remove_node(node, self.now);
        }
        let goal = Goal {
            version: pool.claimed,
            image: pool.claimed_image.clone(),
        };
        while pool.nodes.len() < pool.count as usize {
            let node = pool.add_machine(&goal, false).clone();
            self.objects.add_node(&pool.node_spec(&node, true), self.now);
        }
        // Who is left is no extra node any more.
        for node in &mut pool.nodes {
            node.is_surge = false;
        }
        let after = pool.nodes.len();
        count_addresses(&mut self.landscape, name, before, after);
        let (size, profile) = (pool.vm_size.clone(), &self.profile);
        let nodes = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        if after < before {
            quotas.release(&profile.subscription, &profile.location, &size, nodes(before - after));
        } else {
            quotas.occupy(&profile.subscription, &profile.location, &size, nodes(after - before));
        }
        self.leftovers.retain(|work| !leaving.contains(&work.node));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::world::PoolChange;
    use crate::simulator::world::fixture::*;

    #[test]
    fn a_pool_grows_shrinks_and_loses_a_named_machine() {
        let mut world = world();
        let nodes = |world: &crate::simulator::world::World| -> Vec<String> {
            let pool = cluster(world).pool("apps").unwrap();
            pool.nodes.iter().map(|node| node.name.clone()).collect()
        };
        let before = nodes(&world);
        let count = u32::try_from(before.len()).unwrap();
        let put = |world: &mut crate::simulator::world::World, count: u32| {
            let now = world.now;
            let (cluster, surroundings) = world.cluster_mut(NAME).unwrap();
            let change = PoolChange {
                count: Some(count),
                ..PoolChange::default()
            };
            cluster.put_pool("apps", &change, &surroundings, now).unwrap();
        };
        put(&mut world, count + 1);
        assert_eq!(cluster(&world).pool("apps").unwrap().state, ResourceState::Scaling);
        pass(&mut world, 4);
        assert_eq!(nodes(&world).len(), before.len() + 1);
        put(&mut world, count);
        pass(&mut world, 4);
        assert_eq!(nodes(&world).len(), before.len());
        let gone = nodes(&world)[0].clone();
        let now = world.now;
        let (cluster_now, _) = world.cluster_mut(NAME).unwrap();
        let unknown = cluster_now.delete_machines("apps", &["x".to_owned()], now).unwrap_err();
        assert_eq!(unknown.status, 400);
        cluster_now
            .delete_machines("apps", std::slice::from_ref(&gone), now)
            .unwrap();
        pass(&mut world, 4);
        assert!(!nodes(&world).contains(&gone));
        assert_eq!(cluster(&world).pool("apps").unwrap().count, count - 1);
        assert!(!cluster(&world).objects.node_names().contains(&gone));
    }
}
