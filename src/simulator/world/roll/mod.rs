//! The rolling upgrade of one pool: surge nodes come, machines are replaced batch by batch, surge nodes go.
//! Follows "Upgrade options for AKS clusters" and "Configure rolling upgrades" (AKS docs, 2026).

mod ending;

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use super::QUARANTINE_LABEL;
use super::hindrance::overloaded;
use super::narration;
use super::node_work::{NodeWork, Site, seconds};
use super::operation::{OperationError, Outcome, guid};
use super::pool::{Goal, SimulatedNode};

#[derive(Clone, Debug)]
enum Phase {
    /// Azure prepares; nothing is seen on the nodes.
    Opening {
        until: Timestamp,
    },
    /// Surge nodes come.
    Surging,
    /// Batches run; the next one starts not before this time.
    Rolling {
        next_batch: Timestamp,
    },
    /// What cannot be stopped is completed, then surge nodes go.
    Completing,
    RemovingSurge,
    /// Azure notices that it cannot go on.
    GivingUp {
        until: Timestamp,
    },
    Over,
}

/// A rolling upgrade under way.
#[derive(Clone, Debug)]
pub(super) struct PoolRoll {
    pub(super) pool: String,
    goal: Goal,
    before: Goal,
    is_rollback: bool,
    phase: Phase,
    todo: VecDeque<String>,
    /// Machines that are forgotten.
    forgotten: Vec<String>,
    works: Vec<NodeWork>,
    /// Machines worked on at the same time, before blocked ones are taken off.
    width: usize,
    blocked: usize,
    /// A pause before the next batch is over.
    has_rested: bool,
    /// Since when the API server turns the upgrader away.
    turned_away_since: Option<Timestamp>,
    trouble: Option<Outcome>,
}

impl PoolRoll {
    /// Starts with the machines that are not at the goal yet; works that an abort left behind are carried on.
    pub(super) fn starting(
        goal: Goal,
        before: Goal,
        is_rollback: bool,
        leftovers: Vec<NodeWork>,
        site: &mut Site<'_>,
    ) -> Self {
        Self {
            pool: site.pool.name.clone(),
            goal,
            before,
            is_rollback,
            phase: Phase::Opening {
                until: site.now + seconds(site.rng, (10, 25)),
            },
            todo: VecDeque::new(),
            forgotten: Vec::new(),
            works: leftovers,
            width: 1,
            blocked: 0,
            has_rested: false,
            turned_away_since: None,
            trouble: None,
        }
    }

    /// When it goes on.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let phase = match self.phase {
            Phase::Opening { until } | Phase::GivingUp { until } => Some(until),
            Phase::Rolling { next_batch } if self.works.is_empty() => Some(next_batch),
            _ => None,
        };
        self.works.iter().filter_map(NodeWork::next_due).chain(phase).min()
    }

    /// Does what is due; an outcome says it is over.
    pub(super) fn step(&mut self, site: &mut Site<'_>) -> Option<Outcome> {
        for work in &mut self.works {
            work.step(site);
        }
        self.sort_out_finished(site);
        match self.phase {
            Phase::Opening { until } if until <= site.now => self.open(site),
            Phase::Surging if self.works.is_empty() => {
                self.phase = Phase::Rolling {
                    next_batch: site.now + seconds(site.rng, (2, 5)),
                };
            }
            Phase::Rolling { next_batch } if self.works.is_empty() && next_batch <= site.now => {
                self.start_batch(site);
            }
            Phase::Completing if self.works.is_empty() => self.remove_surge(site, true),
            Phase::RemovingSurge if self.works.is_empty() => self.phase = Phase::Over,
            Phase::GivingUp { until } if until <= site.now => self.phase = Phase::Over,
            _ => {}
        }
        matches!(self.phase, Phase::Over).then(|| self.close(site))
    }

    /// Stops at once, as an abort does; returns the works that cannot be stopped.
    pub(super) fn abandon(self) -> Vec<NodeWork> {
        self.works.into_iter().filter(|work| !work.can_be_dropped()).collect()
    }

    fn open(&mut self, site: &mut Site<'_>) {
        narration::upgrade_started(site.objects, site.now, &self.pool);
        for node in &mut site.pool.nodes {
            node.is_quarantined &= site.objects.has_label(&node.name, QUARANTINE_LABEL);
        }
        self.todo = self.machines_left(site);
        let is_kept = |node: &&SimulatedNode| node.is_quarantined && !self.todo.contains(&node.name);
        self.blocked = site.pool.nodes.iter().filter(is_kept).count();
        let remembered = self
            .todo
            .len()
            .saturating_sub(std::mem::take(&mut site.pool.left_behind));
        self.forgotten = self.todo.split_off(remembered).into();
        let (surge, unavailable) = site.pool.settings.batch(site.pool.count, self.goal.version);
        let left = u32::try_from(self.todo.len()).unwrap_or(u32::MAX);
        let already = u32::try_from(site.pool.nodes.iter().filter(|node| node.is_surge).count()).unwrap_or(u32::MAX);
        let mut missing = surge.min(left).saturating_sub(already);
        let is_new_version = self.goal.version != self.before.version;
        if let Err(shortage) = reserve(site, missing, is_new_version) {
            // From 1.35 a failed surge falls back to one surge node (AKS docs "Configure rolling upgrades", 2026).
            let may_fall_back = self.goal.version.minor >= 35 && missing > 1 && already == 0;
            if may_fall_back && reserve(site, 1, is_new_version).is_ok() {
                missing = 1;
            } else {
                self.trouble = Some(Outcome::Failed(shortage));
                self.phase = Phase::GivingUp {
                    until: site.now + seconds(site.rng, (40, 75)),
                };
                return;
            }
        }
        let dead: Vec<String> = site
            .pool
            .nodes
            .iter()
            .filter(|node| node.is_surge && !site.objects.has_node(&node.name))
            .filter(|node| self.works.iter().all(|work| work.node != node.name))
            .map(|node| node.name.clone())
            .collect();
        for name in dead {
            self.works.push(NodeWork::arrive(&name, &self.goal, site));
        }
        for _ in 0..missing {
            let name = site.pool.add_machine(&self.goal, true).name.clone();
            self.works.push(NodeWork::arrive(&name, &self.goal, site));
        }
        self.width = missing.saturating_add(already).saturating_add(unavailable).max(1) as usize;
        self.phase = if self.works.is_empty() {
            Phase::Rolling { next_batch: site.now }
        } else {
            Phase::Surging
        };
    }

    /// Machines not at the goal and not in work, half-drained ones first. Those that were set aside are passed over
    /// until their mark is gone; where others are left, a retry tries them again (agent pool
    /// `undrainableNodeBehavior`, API 2026-08-01).
    fn machines_left(&self, site: &Site<'_>) -> VecDeque<String> {
        let mut left: Vec<(bool, String)> = site
            .pool
            .nodes
            .iter()
            .filter(|node| !node.is_surge && !self.goal.is_met_by(node) && !self.forgotten.contains(&node.name))
            .filter(|node| self.works.iter().all(|work| work.node != node.name))
            .map(|node| (!site.objects.is_cordoned(&node.name), node.name.clone()))
            .collect();
        let is_set_aside = |(_, name): &(bool, String)| {
            let mut set_aside = site.pool.nodes.iter().filter(|node| node.is_quarantined);
            set_aside.any(|node| node.name == *name)
        };
        if left.iter().all(is_set_aside) {
            left.clear();
        }
        left.sort();
        left.into_iter().map(|(_, name)| name).collect()
    }

    fn start_batch(&mut self, site: &mut Site<'_>) {
        if self.todo.is_empty() {
            // Works taken over from an aborted upgrade may have had another goal.
            self.todo = self.machines_left(site);
            self.todo.retain(|name| {
                let mut quarantined = site.pool.nodes.iter().filter(|node| node.is_quarantined);
                quarantined.all(|node| node.name != *name)
            });
        }
        if self.todo.is_empty() {
            self.remove_surge(site, false);
            return;
        }
        if self.is_hindered(site) {
            return;
        }
        let width = self.width.saturating_sub(self.blocked);
        if width == 0 {
            self.exhaust(site);
            return;
        }
        for _ in 0..width {
            if let Some(name) = self.todo.pop_front() {
                self.works.push(NodeWork::replace(&name, &self.goal, site));
            }
        }
    }

    /// After the first machine the upgrader may rest, or fail without a word.
    fn is_hindered(&mut self, site: &mut Site<'_>) -> bool {
        if !site
            .pool
            .nodes
            .iter()
            .any(|node| !node.is_surge && self.goal.is_met_by(node))
        {
            return false;
        }
        if let Some(error) = site.hindrances.internal_error(&self.pool, &guid(site.rng)) {
            self.trouble = Some(Outcome::Failed(error));
            self.phase = Phase::GivingUp {
                until: site.now + seconds(site.rng, (40, 75)),
            };
            return true;
        }
        if let Some(minutes) = site.hindrances.overloaded() {
            let since = *self.turned_away_since.get_or_insert(site.now);
            self.phase = if since + Duration::from_mins(u64::from(minutes)) <= site.now {
                self.trouble = Some(Outcome::Failed(overloaded()));
                Phase::GivingUp {
                    until: site.now + seconds(site.rng, (40, 75)),
                }
            } else {
                Phase::Rolling {
                    next_batch: site.now + Duration::from_mins(1),
                }
            };
            return true;
        }
        if !std::mem::take(&mut self.has_rested)
            && let Some(minutes) = site.hindrances.pause_minutes(&self.pool)
        {
            self.has_rested = true;
            self.phase = Phase::Rolling {
                next_batch: site.now + Duration::from_mins(u64::from(minutes)),
            };
            return true;
        }
        false
    }

    fn remove_surge(&mut self, site: &mut Site<'_>, is_forced: bool) {
        let surge: Vec<String> = site
            .pool
            .nodes
            .iter()
            .filter(|node| node.is_surge)
            .map(|node| node.name.clone())
            .skip(self.blocked)
            .collect();
        for name in surge {
            self.works.push(NodeWork::leave(&name, &self.goal, is_forced, site));
        }
        self.phase = if self.works.is_empty() {
            Phase::Over
        } else {
            Phase::RemovingSurge
        };
    }
}

/// Takes vCPUs and all else that surge nodes need.
fn reserve(site: &mut Site<'_>, nodes: u32, is_new_version: bool) -> Result<(), OperationError> {
    site.quotas
        .reserve(site.subscription, site.location, &site.pool.vm_size, nodes)
        .map_err(|shortage| OperationError::new("QuotaExceeded", shortage.message()))?;
    site.claim_machines(nodes, is_new_version).inspect_err(|_| {
        site.quotas
            .release(site.subscription, site.location, &site.pool.vm_size, nodes);
    })
}

#[cfg(test)]
mod tests {
    use crate::simulator::world::fixture::*;
    use crate::simulator::world::quota::Quota;
    use crate::simulator::world::{OperationStatus, ResourceState, UpgradeSettings};

    #[test]
    fn a_pool_is_upgraded_node_by_node_with_a_surge_node() {
        let mut world = world();
        raise_control_plane(&mut world);
        let before = nodes(cluster(&world), "apps");
        let operation = upgrade_pool(&mut world, "1.34.6").unwrap();
        assert_eq!(cluster(&world).pool("apps").unwrap().state, ResourceState::Upgrading);
        assert_eq!(cluster(&world).state, ResourceState::Succeeded);
        let begun = world.now;
        let mut most = 0;
        while status(&world, &operation) == OperationStatus::InProgress {
            world.advance_to(world.now + std::time::Duration::from_secs(5));
            most = most.max(nodes(cluster(&world), "apps").len());
        }
        assert_eq!(status(&world, &operation), OperationStatus::Succeeded);
        assert_eq!(most, 5);
        let cluster = cluster(&world);
        let pool = cluster.pool("apps").unwrap();
        assert_eq!(nodes(cluster, "apps"), before);
        assert!(pool.runs(version("1.34.6")));
        assert_eq!(pool.claimed_image, "AKSUbuntu-2204gen2containerd-202611.16.0");
        assert_eq!(pool.recently_used[0].version, version("1.34.4"));
        let minutes = world.now.duration_since(begun).as_secs() / 60;
        assert!((12..=30).contains(&minutes), "{minutes}");
        let mut names = cluster.objects.node_names();
        names.retain(|name| name.contains("-apps-"));
        assert_eq!(names, before);
        assert!(before.iter().all(|name| !cluster.objects.is_cordoned(name)));
    }

    #[test]
    fn events_come_in_the_documented_order_with_the_second_draining_last() {
        let mut world = world();
        raise_control_plane(&mut world);
        let operation = upgrade_pool(&mut world, "1.34.6").unwrap();
        let last = nodes(cluster(&world), "apps").pop().unwrap();
        pass_until(&mut world, |cluster| {
            cluster.operation(&operation).unwrap().status != OperationStatus::InProgress
        });
        let told = events(cluster(&world), &last);
        let of_upgrader: Vec<&str> = told
            .iter()
            .filter(|text| {
                ["Cordon", "Drain", "Upgrade"]
                    .iter()
                    .any(|reason| text.split(':').next() == Some(*reason))
            })
            .map(String::as_str)
            .collect();
        assert_eq!(
            of_upgrader,
            [
                "Cordon: Cordoning node N",
                // One event: the second time raises its count.
                "Drain: Draining node: N",
                "Upgrade: Deleting node N from API server",
                "Upgrade: Reimaging node N",
                "Upgrade: Successfully reimaged node: N",
                "Upgrade: Successfully upgraded node: N",
            ]
        );
    }

    #[test]
    fn surge_nodes_without_quota_fail_the_operation_after_it_was_accepted() {
        let mut world = world();
        raise_control_plane(&mut world);
        world.quotas.add(Quota {
            subscription: "sub".to_owned(),
            location: "westeurope".to_owned(),
            family: "standardDSv5Family".to_owned(),
            limit: 24,
            used: 24,
        });
        let operation = upgrade_pool(&mut world, "1.34.6").unwrap();
        pass(&mut world, 5);
        assert_eq!(status(&world, &operation), OperationStatus::Failed);
        let pool = cluster(&world).pool("apps").unwrap();
        let error = pool.error.as_ref().unwrap();
        assert_eq!((error.code.as_str(), pool.nodes.len()), ("QuotaExceeded", 4));
        // More quota, the same request again.
        world.quotas.set_limit("sub", "westeurope", "standardDSv5Family", 100);
        let operation = upgrade_pool(&mut world, "1.34.6").unwrap();
        pass(&mut world, 40);
        assert_eq!(status(&world, &operation), OperationStatus::Succeeded);
    }

    #[test]
    fn without_surge_nodes_some_may_be_unavailable() {
        let settings = UpgradeSettings {
            max_surge: Some("0".to_owned()),
            max_unavailable: Some("2".to_owned()),
            ..UpgradeSettings::default()
        };
        let mut world = world_with(settings, "1");
        raise_control_plane(&mut world);
        let operation = upgrade_pool(&mut world, "1.34.6").unwrap();
        pass_until(&mut world, |cluster| {
            assert_eq!(nodes(cluster, "apps").len(), 4);
            cluster.operation(&operation).unwrap().status != OperationStatus::InProgress
        });
        assert_eq!(status(&world, &operation), OperationStatus::Succeeded);
        assert!(cluster(&world).pool("apps").unwrap().runs(version("1.34.6")));
    }
}
