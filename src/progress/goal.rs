//! Where each pool is heading: what a node must run to count as done.
//! Taken from our own execution's target, else from what Azure claims, else from the newest nodes.

use std::collections::BTreeMap;

use super::event_marks::EventMemory;
use super::facts::{Facts, KubernetesFacts, PoolTarget, Target};
use super::run::{Run, upgrading_pools};
use crate::domain::cluster::Cluster;
use crate::domain::ids::NodePoolName;
use crate::domain::node::Node;
use crate::domain::node_pool::NodePool;
use crate::domain::provisioning::ProvisioningState;
use crate::domain::version::{KubernetesVersion, NodeImageVersion};

/// What a node of one pool must run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Goal {
    pub(super) version: Option<KubernetesVersion>,
    pub(super) image: Option<NodeImageVersion>,
    /// Nobody said which image: only a rebuilt node is known to have it.
    pub(super) needs_rebirth: bool,
    /// The pool's nodes are to be changed.
    pub(super) is_moving: bool,
}

impl Goal {
    /// True where the node already runs what it should; `is_reborn` says that it was rebuilt in this run.
    pub(super) fn is_reached_by(&self, node: &Node, is_reborn: bool) -> bool {
        let has_version = match (self.version, node.version) {
            (Some(goal), Some(real)) => real >= goal,
            (Some(_), None) => false,
            (None, _) => !self.is_moving || is_reborn,
        };
        let has_image = match (&self.image, &node.node_image) {
            (Some(goal), Some(real)) => real.is_same_image(goal) || real.release() > goal.release(),
            _ => true,
        };
        has_version && has_image && (is_reborn || !self.needs_rebirth)
    }

    /// True where the node certainly runs something older.
    pub(super) fn is_missed_by(&self, node: &Node) -> bool {
        matches!((self.version, node.version), (Some(goal), Some(real)) if real < goal)
    }
}

/// The goals of a cluster's pools.
#[derive(Clone, Debug, Default)]
pub(super) struct Goals {
    by_pool: BTreeMap<NodePoolName, Goal>,
    /// For nodes without a pool.
    without_pool: Goal,
}

impl Goals {
    pub(super) fn of(&self, pool: Option<&NodePoolName>) -> &Goal {
        pool.and_then(|pool| self.by_pool.get(pool))
            .unwrap_or(&self.without_pool)
    }

    /// Collects the goals.
    ///
    /// A pool that is not moving has Azure's claim as its goal, or without Azure the newest version its own
    /// nodes run: with nothing going on, nodes at that version count as upgraded, older ones as waiting.
    pub(super) fn collect(facts: &Facts, target: Option<&Target>) -> Self {
        let mut goals = Self::default();
        if let Some(kubernetes) = &facts.kubernetes {
            goals.take_newest(kubernetes);
        }
        for pool in facts.cluster.iter().flat_map(|cluster| &cluster.pools) {
            goals.by_pool.insert(
                pool.name.clone(),
                Goal {
                    version: claimed_version(pool),
                    ..Goal::default()
                },
            );
        }
        for (name, to) in target.iter().flat_map(|target| &target.pools) {
            let azure = facts.cluster.as_ref().and_then(|cluster| cluster.pool(name));
            goals.by_pool.insert(name.clone(), moving_goal(to, azure));
        }
        goals
    }

    fn take_newest(&mut self, kubernetes: &KubernetesFacts) {
        for node in kubernetes.nodes.values() {
            let Some(pool) = &node.pool else {
                self.without_pool.version = self.without_pool.version.max(node.version);
                continue;
            };
            if let Some(goal) = self.by_pool.get_mut(pool) {
                goal.version = goal.version.max(node.version);
            } else {
                self.by_pool.insert(
                    pool.clone(),
                    Goal {
                        version: node.version,
                        ..Goal::default()
                    },
                );
            }
        }
    }
}

fn moving_goal(to: &PoolTarget, azure: Option<&NodePool>) -> Goal {
    let is_image_upgrade = match azure {
        Some(pool) if pool.provisioning_state == ProvisioningState::UpgradingNodeImageVersion => true,
        _ => to.version.is_none(),
    };
    Goal {
        version: to.version,
        image: to.node_image.clone(),
        needs_rebirth: is_image_upgrade && to.node_image.is_none(),
        is_moving: true,
    }
}

/// The version Azure claims, or will claim once it has caught up with what was asked for.
pub(super) fn claimed_version(pool: &NodePool) -> Option<KubernetesVersion> {
    let requested = pool
        .requested_version
        .as_deref()
        .and_then(|text| text.parse::<KubernetesVersion>().ok());
    pool.version.max(requested)
}

/// What the upgrade is heading for: our own target first, what Azure is busy with added to it.
///
/// `None` where nobody is changing anything.
pub(super) fn target_of(facts: &Facts, run: Option<Run>, events: &EventMemory) -> Option<Target> {
    let is_on = run.is_some_and(|run| !run.is_over);
    let mut target = facts.target.clone();
    if is_on {
        let target = target.get_or_insert_default();
        match &facts.cluster {
            Some(cluster) => add_claims(target, cluster),
            None => add_told(target, facts.kubernetes.as_ref(), run, events),
        }
    }
    target
}

fn add_claims(target: &mut Target, cluster: &Cluster) {
    if target.control_plane.is_none() && cluster.provisioning_state.is_upgrading() {
        target.control_plane = cluster.version;
    }
    for name in upgrading_pools(cluster) {
        if let Some(pool) = cluster.pool(name) {
            target.pools.entry(name.clone()).or_insert_with(|| PoolTarget {
                version: claimed_version(pool),
                node_image: None,
            });
        }
    }
}

/// Without Azure: pools whose nodes the upgrader works on, and the version of the nodes that joined since.
fn add_told(target: &mut Target, kubernetes: Option<&KubernetesFacts>, run: Option<Run>, events: &EventMemory) {
    for pool in events.started.keys().chain(events.surge_pools.values()) {
        target.pools.entry(pool.clone()).or_default();
    }
    let (Some(kubernetes), Some(run)) = (kubernetes, run) else {
        return;
    };
    for name in events.marks.keys() {
        if let Some(pool) = kubernetes.nodes.get(name).and_then(|node| node.pool.clone()) {
            target.pools.entry(pool).or_default();
        }
    }
    for node in kubernetes.nodes.values() {
        let is_new = node.created_at.is_some_and(|created| created >= run.opens());
        if let Some(goal) = node
            .pool
            .as_ref()
            .and_then(|pool| target.pools.get_mut(pool))
            .filter(|_| is_new)
        {
            goal.version = goal.version.max(node.version);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::progress::samples::{at, cluster, node};

    #[test]
    fn a_node_reaches_its_goal_by_version_image_or_rebirth() {
        let to = |version: Option<&str>, image: Option<&str>, needs_rebirth| Goal {
            version: version.map(|text| text.parse().unwrap()),
            image: image.map(NodeImageVersion::new),
            needs_rebirth,
            is_moving: true,
        };
        let node = node("n1", "1.33.5");
        let check =
            |goal: Goal, is_reborn, expected| assert_eq!(goal.is_reached_by(&node, is_reborn), expected, "{goal:?}");
        check(to(Some("1.33.5"), None, false), false, true);
        check(to(Some("1.33.4"), None, false), false, true);
        check(to(Some("1.34.0"), None, false), true, false);
        check(to(Some("1.33.5"), None, true), false, false);
        check(to(Some("1.33.5"), None, true), true, true);
        check(to(None, None, false), false, false);
        check(to(None, None, false), true, true);
        check(
            to(None, Some("AKSUbuntu-2204gen2containerd-202607.01.0"), false),
            true,
            true,
        );
        check(
            to(Some("1.33.5"), Some("AKSUbuntu-2204gen2containerd-202608.01.0"), false),
            true,
            false,
        );
        check(
            to(Some("1.33.5"), Some("AKSUbuntu-2204gen2containerd-202606.01.0"), false),
            false,
            true,
        );
    }

    #[test]
    fn a_foreign_upgrade_heads_for_what_azure_claims() {
        let run = Some(Run::told(at(0)));
        let mut azure = cluster("Upgrading", "1.33.5", 3);
        if let Some(pool) = azure.pools.first_mut() {
            pool.requested_version = Some("1.34.2".into());
        }
        let facts = Facts {
            cluster: Some(Arc::new(azure)),
            ..Facts::default()
        };
        let target = target_of(&facts, run, &EventMemory::default()).unwrap();
        let goals = Goals::collect(&facts, Some(&target));
        let goal = goals.of(Some(&"web".into()));
        assert_eq!((goal.version, goal.is_moving), ("1.34.2".parse().ok(), true));
        assert_eq!(target_of(&facts, None, &EventMemory::default()), None);
    }

    #[test]
    fn a_foreign_node_image_upgrade_needs_rebuilt_nodes() {
        let mut azure = cluster("Succeeded", "1.33.5", 3);
        if let Some(pool) = azure.pools.first_mut() {
            pool.provisioning_state = ProvisioningState::UpgradingNodeImageVersion;
        }
        let facts = Facts {
            cluster: Some(Arc::new(azure)),
            ..Facts::default()
        };
        let run = Some(Run::told(at(0)));
        let target = target_of(&facts, run, &EventMemory::default()).unwrap();
        assert!(
            Goals::collect(&facts, Some(&target))
                .of(Some(&"web".into()))
                .needs_rebirth
        );
    }
}
