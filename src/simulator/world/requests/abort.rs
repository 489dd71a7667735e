//! Aborting: the running operation stops at once, its resources are canceled a few seconds later.

use jiff::Timestamp;

use super::no_such_pool;
use crate::simulator::world::cluster::{PendingAbort, SimulatedCluster};
use crate::simulator::world::node_work::seconds;
use crate::simulator::world::operation::{Action, ResourceState, Target};
use crate::simulator::world::refusal::Refusal;

impl SimulatedCluster {
    /// Aborts the cluster's running operation; returns the abort's own operation.
    pub fn abort(&mut self, now: Timestamp) -> Result<String, Refusal> {
        let running = self.runs.iter().find(|run| run.target == Target::Cluster);
        let aborted = match running {
            Some(run) if !matches!(self.state, ResourceState::Canceling | ResourceState::Deleting) => {
                run.operation.clone()
            }
            _ => return Err(Refusal::nothing_to_abort(self.state.as_str())),
        };
        Ok(self.start_abort(aborted, Target::Cluster, now))
    }

    /// Aborts the pool's own running operation; returns the abort's own operation.
    pub fn abort_pool(&mut self, name: &str, now: Timestamp) -> Result<String, Refusal> {
        let pool = self.pool(name).ok_or_else(|| no_such_pool(name))?;
        let target = Target::Pool(pool.name.clone());
        match self.runs.iter().find(|run| run.target == target) {
            Some(run) if !matches!(pool.state, ResourceState::Canceling | ResourceState::Deleting) => {
                let aborted = run.operation.clone();
                Ok(self.start_abort(aborted, target, now))
            }
            _ if !self.state.is_terminal() => Err(Refusal::in_progress(self.state.as_str())),
            _ => Err(Refusal::nothing_to_abort(pool.state.as_str())),
        }
    }

    fn start_abort(&mut self, aborted: String, target: Target, now: Timestamp) -> String {
        let is_all = target == Target::Cluster;
        let action = if is_all {
            Action::AbortCluster
        } else {
            Action::AbortPool
        };
        let id = self.open_operation(&target, action, now);
        self.stop_run(&aborted);
        if is_all {
            self.state = ResourceState::Canceling;
        }
        for pool in &mut self.pools {
            if is_all || target == Target::Pool(pool.name.clone()) {
                pool.state = ResourceState::Canceling;
            }
        }
        let due = now + seconds(&mut self.rng, (5, 9));
        self.aborts.push(PendingAbort {
            operation: id.clone(),
            aborted,
            target,
            due,
        });
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::world::World;
    use crate::simulator::world::fixture::*;
    use crate::simulator::world::operation::OperationStatus;
    use crate::simulator::world::pool::UpgradeSettings;

    fn abort(world: &mut World, pool: Option<&str>) -> Result<String, Refusal> {
        let now = world.now;
        let (cluster, _) = world.cluster_mut(NAME).unwrap();
        match pool {
            Some(pool) => cluster.abort_pool(pool, now),
            None => cluster.abort(now),
        }
    }

    #[test]
    fn an_abort_leaves_a_half_drained_node_and_the_same_request_resumes_with_it() {
        let mut world = world_with(UpgradeSettings::default(), "3");
        raise_control_plane(&mut world);
        let aborted = upgrade_pool(&mut world, "1.34.6").unwrap();
        pass_until(&mut world, |cluster| {
            let names = nodes(cluster, "apps");
            names.iter().any(|name| {
                events(cluster, name)
                    .iter()
                    .any(|text| text.contains("Eviction blocked"))
            })
        });
        let done: Vec<String> = {
            let pool = cluster(&world).pool("apps").unwrap();
            let done = pool.nodes.iter().filter(|node| node.version == version("1.34.6"));
            done.map(|node| node.name.clone()).collect()
        };
        let operation = abort(&mut world, Some("apps")).unwrap();
        assert_eq!(cluster(&world).pool("apps").unwrap().state, ResourceState::Canceling);
        world.advance_to(world.now + std::time::Duration::from_secs(10));
        assert_eq!(status(&world, &operation), OperationStatus::Succeeded);
        assert_eq!(status(&world, &aborted), OperationStatus::Canceled);
        let left = cluster(&world);
        assert_eq!(left.pool("apps").unwrap().state, ResourceState::Canceled);
        let cordoned: Vec<String> = nodes(left, "apps")
            .into_iter()
            .filter(|name| left.objects.is_cordoned(name))
            .collect();
        assert_eq!(cordoned.len(), 1);
        assert_eq!(nodes(left, "apps").len(), 5, "the surge node stays");

        // Nothing goes on by itself.
        pass(&mut world, 30);
        assert!(cluster(&world).objects.is_cordoned(&cordoned[0]));

        let resumed = upgrade_pool(&mut world, "1.34.6").unwrap();
        pass_until(&mut world, |cluster| {
            events(cluster, &cordoned[0])
                .iter()
                .any(|text| text.starts_with("Cordon: "))
        });
        for name in &done {
            assert!(
                events(cluster(&world), name)
                    .iter()
                    .all(|text| !text.starts_with("Cordon: "))
            );
        }
        assert_eq!(status(&world, &resumed), OperationStatus::InProgress);
    }

    #[test]
    fn a_node_that_is_being_reimaged_is_completed_after_an_abort() {
        let mut world = world();
        raise_control_plane(&mut world);
        upgrade_pool(&mut world, "1.34.6").unwrap();
        pass_until(&mut world, |cluster| {
            let names = nodes(cluster, "apps");
            names.iter().take(4).any(|name| !cluster.objects.has_node(name))
        });
        let gone = nodes(cluster(&world), "apps")
            .into_iter()
            .find(|name| !cluster(&world).objects.has_node(name))
            .unwrap();
        abort(&mut world, Some("apps")).unwrap();
        pass(&mut world, 1);
        assert_eq!(cluster(&world).pool("apps").unwrap().state, ResourceState::Canceled);
        pass(&mut world, 6);
        let pool = cluster(&world).pool("apps").unwrap();
        assert!(cluster(&world).objects.has_node(&gone));
        let upgraded = pool
            .nodes
            .iter()
            .filter(|node| node.version == version("1.34.6") && !node.is_surge);
        assert_eq!(upgraded.map(|node| &node.name).collect::<Vec<_>>(), [&gone]);
        let resumed = upgrade_pool(&mut world, "1.34.6").unwrap();
        pass(&mut world, 45);
        assert_eq!(status(&world, &resumed), OperationStatus::Succeeded);
        assert_eq!(nodes(cluster(&world), "apps").len(), 4);
    }

    #[test]
    fn an_aborted_cluster_upgrade_cancels_all_and_takes_back_what_was_not_done() {
        let mut world = world();
        let aborted = upgrade_cluster(&mut world, "1.35.5", Some("1.35.5")).unwrap();
        pass(&mut world, 2);
        assert_eq!(abort(&mut world, Some("apps")).unwrap_err().status, 409);
        abort(&mut world, None).unwrap();
        pass(&mut world, 1);
        assert_eq!(status(&world, &aborted), OperationStatus::Canceled);
        assert_eq!(cluster(&world).state, ResourceState::Canceled);
        assert!(
            cluster(&world)
                .pools
                .iter()
                .all(|pool| pool.state == ResourceState::Canceled)
        );
        assert_eq!(cluster(&world).control_plane.claimed, version("1.34.4"));
        let again = upgrade_cluster(&mut world, "1.35.5", Some("1.35.5")).unwrap();
        pass(&mut world, 90);
        assert_eq!(status(&world, &again), OperationStatus::Succeeded);
    }

    #[test]
    fn nothing_can_be_aborted_where_nothing_runs() {
        let mut world = world();
        let refusal = abort(&mut world, Some("apps")).unwrap_err();
        assert_eq!(
            (refusal.status, refusal.message.as_str()),
            (
                409,
                "Cancel operation is not allowed when the ProvisioningState is Succeeded"
            )
        );
        assert_eq!(abort(&mut world, None).unwrap_err().status, 409);
    }
}
