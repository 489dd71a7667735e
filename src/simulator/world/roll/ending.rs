//! How works and whole upgrades end: drains that fail, nodes put in quarantine, and what Azure says of it all.

use super::{Phase, PoolRoll};
use crate::simulator::world::QUARANTINE_LABEL;
use crate::simulator::world::node_work::{Progress, Site, seconds};
use crate::simulator::world::operation::{OperationError, Outcome};
use crate::simulator::world::pool::Undrainable;

impl PoolRoll {
    /// Blocked nodes keep all surge nodes and others are left: AKS ends `Canceled`
    /// (agent pool `undrainableNodeBehavior`, API 2026-08-01).
    pub(super) fn exhaust(&mut self, site: &mut Site<'_>) {
        let first = match self.trouble.take() {
            Some(Outcome::Failed(error)) => error.message,
            _ => String::new(),
        };
        self.trouble = Some(Outcome::Canceled(Some(OperationError::new(
            "UpgradeFailed",
            format!(
                "Cordoned nodes have used all surge nodes but there are more nodes to be upgraded. Please fix your PDBs \
                 blocking node drain and kindly retry upgrade operation.{first}"
            ),
        ))));
        self.remove_surge(site, false);
    }

    /// Takes away what is done, and reacts to drains that failed.
    pub(super) fn sort_out_finished(&mut self, site: &mut Site<'_>) {
        let had_works = !self.works.is_empty();
        let mut failures = Vec::new();
        let mut broken = None;
        self.works.retain(|work| match work.progress() {
            Progress::Working => true,
            Progress::Done => false,
            Progress::Failed(error) => {
                broken.get_or_insert_with(|| error.clone());
                false
            }
            Progress::DrainFailed(why) => {
                failures.push((work.node.clone(), why.to_owned(), work.is_replacement()));
                false
            }
        });
        for (node, why, is_replacement) in failures {
            let error = OperationError::new("UpgradeFailed", why);
            if is_replacement && site.pool.settings.undrainable == Some(Undrainable::Cordon) {
                self.quarantine(site, &node, error);
            } else {
                self.fail(site, &node, error, is_replacement);
            }
        }
        if let Some(error) = broken {
            self.stop(site, error);
        }
        if had_works
            && self.works.is_empty()
            && let Phase::Rolling { next_batch } = &mut self.phase
        {
            *next_batch = site.now + seconds(site.rng, (6, 15));
        }
    }

    fn quarantine(&mut self, site: &mut Site<'_>, name: &str, error: OperationError) {
        site.objects
            .label_node(name, QUARANTINE_LABEL, Some("Quarantined"), site.now);
        if let Some(node) = site.pool.node_mut(name) {
            node.is_quarantined = true;
        }
        self.blocked += 1;
        self.trouble.get_or_insert(Outcome::Failed(error));
    }

    /// `Schedule`: nodes that are still whole become schedulable again, surge nodes go, the operation fails.
    fn fail(&mut self, site: &mut Site<'_>, node: &str, error: OperationError, is_replacement: bool) {
        self.trouble = Some(Outcome::Failed(error));
        self.todo.clear();
        let mut whole = vec![node.to_owned()];
        self.works.retain(|work| {
            let is_whole = work.is_replacement() && work.can_be_dropped();
            if is_whole {
                whole.push(work.node.clone());
            }
            !is_whole
        });
        for name in whole {
            site.objects.set_cordoned(&name, false, site.now);
        }
        // A surge node that cannot be drained stays (AKS troubleshooting "Cluster in failed state", 2025).
        self.phase = if is_replacement {
            Phase::Completing
        } else {
            Phase::RemovingSurge
        };
    }

    /// A machine cannot be helped: what is whole is left as it was, and everything else stays where it is.
    fn stop(&mut self, site: &mut Site<'_>, error: OperationError) {
        self.trouble.get_or_insert(Outcome::Failed(error));
        self.todo.clear();
        let mut whole = Vec::new();
        self.works.retain(|work| {
            let is_whole = work.is_replacement() && work.can_be_dropped();
            if is_whole {
                whole.push(work.node.clone());
            }
            !is_whole
        });
        for name in whole {
            site.objects.set_cordoned(&name, false, site.now);
        }
        self.phase = Phase::RemovingSurge;
    }

    /// An extra node in the place of one that was set aside counts as the pool's own, until none is set aside any more.
    fn count_nodes(&self, site: &mut Site<'_>) {
        let is_set_aside = site.pool.nodes.iter().any(|node| node.is_quarantined);
        if is_set_aside || site.pool.has_set_aside && self.trouble.is_none() {
            site.pool.count = u32::try_from(site.pool.nodes.len()).unwrap_or(u32::MAX);
        }
        site.pool.has_set_aside = is_set_aside;
    }

    pub(super) fn close(&mut self, site: &mut Site<'_>) -> Outcome {
        self.count_nodes(site);
        if let Some(trouble) = self.trouble.take() {
            return trouble;
        }
        site.pool.claimed_image.clone_from(&self.goal.image);
        if self.is_rollback {
            // One step back only.
            site.pool.recently_used.clear();
        } else if self.before != self.goal {
            site.pool
                .remember_version(self.before.version, self.before.image.clone(), site.now);
        }
        match site.pool.hidden_failure.take() {
            Some(error) => Outcome::Failed(error),
            None => Outcome::Succeeded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::world::fixture::*;
    use crate::simulator::world::{OperationStatus, ResourceState, UpgradeSettings};

    #[test]
    fn a_drain_that_times_out_fails_and_tidies_up() {
        let settings = UpgradeSettings {
            drain_timeout_minutes: Some(10),
            ..UpgradeSettings::default()
        };
        let mut world = world_with(settings, "3");
        raise_control_plane(&mut world);
        let operation = upgrade_pool(&mut world, "1.34.6").unwrap();
        let count = nodes(cluster(&world), "apps").len();
        pass_until(&mut world, |cluster| {
            cluster.operation(&operation).unwrap().status != OperationStatus::InProgress
        });
        let cluster = cluster(&world);
        let pool = cluster.pool("apps").unwrap();
        let error = pool.error.clone().unwrap();
        assert_eq!(
            (pool.state, error.code.as_str()),
            (ResourceState::Failed, "UpgradeFailed")
        );
        assert!(error.message.starts_with("Drain node aks-apps-"), "{}", error.message);
        assert!(
            error.message.contains(
                "Original error: Cannot evict pod as it would violate the pod's disruption budget.. PDB debug info: shop/web-"
            ) && error.message.ends_with(
                "blocked by pdb web-pdb (MinAvailable: 3) (CurrentHealthy: 3) (DesiredHealthy: 3) (ExpectedPods: 3) \
                 with 0 unready pods."
            ),
            "{}",
            error.message
        );
        assert_eq!(cluster.state, ResourceState::Succeeded);
        assert_eq!(nodes(cluster, "apps").len(), count);
        assert!(
            nodes(cluster, "apps")
                .iter()
                .all(|name| !cluster.objects.is_cordoned(name))
        );
    }

    #[test]
    fn a_blocked_node_is_quarantined_where_the_pool_says_cordon() {
        let settings = UpgradeSettings {
            drain_timeout_minutes: Some(5),
            max_surge: Some("4".to_owned()),
            undrainable: Some(Undrainable::Cordon),
            ..UpgradeSettings::default()
        };
        let mut world = world_with(settings, "3");
        raise_control_plane(&mut world);
        let operation = upgrade_pool(&mut world, "1.34.6").unwrap();
        pass_until(&mut world, |cluster| {
            cluster.operation(&operation).unwrap().status != OperationStatus::InProgress
        });
        let cluster = cluster(&world);
        let pool = cluster.pool("apps").unwrap();
        let blocked: Vec<_> = pool.nodes.iter().filter(|node| node.is_quarantined).collect();
        assert!(!blocked.is_empty());
        assert!(blocked.iter().all(|node| cluster.objects.is_cordoned(&node.name)));
        // A surge node stays for each, and the others are upgraded.
        assert_eq!(pool.nodes.iter().filter(|node| node.is_surge).count(), blocked.len());
        assert!(
            pool.nodes
                .iter()
                .all(|node| node.is_quarantined || node.version == version("1.34.6"))
        );
        assert_eq!(pool.state, ResourceState::Failed);
    }

    #[test]
    fn blocked_nodes_that_use_up_all_surge_nodes_cancel_the_upgrade() {
        let settings = UpgradeSettings {
            drain_timeout_minutes: Some(5),
            undrainable: Some(Undrainable::Cordon),
            ..UpgradeSettings::default()
        };
        let mut world = world_with(settings, "3");
        raise_control_plane(&mut world);
        let operation = upgrade_pool(&mut world, "1.34.6").unwrap();
        pass_until(&mut world, |cluster| {
            cluster.operation(&operation).unwrap().status != OperationStatus::InProgress
        });
        assert_eq!(status(&world, &operation), OperationStatus::Canceled);
        let error = cluster(&world).pool("apps").unwrap().error.clone().unwrap();
        assert!(
            error
                .message
                .starts_with("Cordoned nodes have used all surge nodes but")
                && error.message.contains("Drain node aks-apps-"),
            "{}",
            error.message
        );
    }

    #[test]
    fn a_forgotten_machine_does_not_stop_azure_from_saying_succeeded() {
        let mut world = world();
        raise_control_plane(&mut world);
        world.cluster_mut(NAME).unwrap().0.pool_mut("apps").unwrap().left_behind = 1;
        let operation = upgrade_pool(&mut world, "1.34.6").unwrap();
        pass(&mut world, 45);
        assert_eq!(status(&world, &operation), OperationStatus::Succeeded);
        let pool = cluster(&world).pool("apps").unwrap();
        let old = pool
            .nodes
            .iter()
            .filter(|node| node.version == version("1.34.4"))
            .count();
        assert_eq!((pool.nodes.len(), old, pool.state), (4, 1, ResourceState::Succeeded));
        // The same request again does nothing, as Azure believes all is done.
        upgrade_pool(&mut world, "1.34.6").unwrap();
        pass(&mut world, 1);
        assert!(!cluster(&world).pool("apps").unwrap().runs(version("1.34.6")));
    }

    #[test]
    fn an_upgrade_may_fail_although_all_its_nodes_are_done() {
        let mut world = world();
        raise_control_plane(&mut world);
        let error = OperationError::new("InternalOperationError", "Internal server error");
        world
            .cluster_mut(NAME)
            .unwrap()
            .0
            .pool_mut("apps")
            .unwrap()
            .hidden_failure = Some(error);
        let operation = upgrade_pool(&mut world, "1.34.6").unwrap();
        pass(&mut world, 45);
        assert_eq!(status(&world, &operation), OperationStatus::Failed);
        let pool = cluster(&world).pool("apps").unwrap();
        assert_eq!(pool.state, ResourceState::Failed);
        assert!(pool.runs(version("1.34.6")));
        let again = upgrade_pool(&mut world, "1.34.6").unwrap();
        pass(&mut world, 1);
        assert_eq!(status(&world, &again), OperationStatus::Succeeded);
    }
}
