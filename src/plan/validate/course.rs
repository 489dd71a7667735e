//! Walks a plan with the versions of the control plane and of every pool, as they would be at each step.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::settings;
use super::{Findings, is_upgrade};
use crate::domain::cluster::SupportPlan;
use crate::domain::ids::NodePoolName;
use crate::domain::node_pool::{NodePool, UpgradeSettings};
use crate::domain::provisioning::PowerState;
use crate::domain::upgrade_path::{allowed_skew, breaks_skew};
use crate::domain::version::{KubernetesVersion, NodeImageVersion};
use crate::plan::builder::{Facts, is_half_done, newest, obstacle, oldest_nodes};
use crate::plan::step::{Plan, StepKind};

/// The rule of both directions of the skew.
const SKEW_RULE: &str = "pools may be a few minors behind the control plane, and never ahead of it";

/// A pool at some point of the plan.
struct Standing<'a> {
    pool: &'a NodePool,
    oldest: Option<KubernetesVersion>,
    claimed: Option<KubernetesVersion>,
    settings: UpgradeSettings,
    has_moved: bool,
}

/// Where everything stands before the next step.
pub(super) struct Course<'a> {
    facts: &'a Facts<'a>,
    now: Timestamp,
    control_plane: Option<KubernetesVersion>,
    pools: BTreeMap<&'a NodePoolName, Standing<'a>>,
}

impl<'a> Course<'a> {
    pub(super) fn new(facts: &'a Facts<'a>, now: Timestamp) -> Self {
        let standing = |pool: &'a NodePool| Standing {
            pool,
            oldest: oldest_nodes(pool, facts.upgrades),
            claimed: pool.version,
            settings: pool.upgrade_settings.clone(),
            has_moved: false,
        };
        Self {
            facts,
            now,
            control_plane: facts.cluster.version,
            pools: facts
                .cluster
                .pools
                .iter()
                .map(|pool| (&pool.name, standing(pool)))
                .collect(),
        }
    }

    /// Looks at a step and goes past it.
    pub(super) fn step(&mut self, kind: &StepKind, findings: &mut Findings) {
        if let Some(pool) = kind.pool()
            && !self.pools.contains_key(pool)
        {
            let pools: Vec<&str> = self.pools.keys().map(|name| name.as_str()).collect();
            findings.error(
                format!("the cluster has no node pool {pool}"),
                format!("its pools are {}", pools.join(", ")),
                "take the step out, or name another pool",
            );
            return;
        }
        match kind {
            StepKind::ControlPlaneUpgrade { to, .. } => self.control_plane(*to, findings),
            StepKind::NodePoolUpgrade { pool, to, .. } => self.pool(pool, *to, findings),
            StepKind::NodeImageUpgrade { pool, .. } => self.is_running(pool, findings),
            StepKind::PoolRollback {
                pool, to, node_image, ..
            } => self.rollback(pool, *to, node_image, findings),
            StepKind::PoolSettings {
                pool,
                settings: written,
            } => {
                if let Some(standing) = self.pools.get_mut(pool) {
                    standing.settings = standing.settings.overwritten_by(written);
                    settings::check(standing.pool, written, &standing.settings, findings);
                }
            }
            StepKind::Approval { .. }
            | StepKind::Wait { .. }
            | StepKind::SmokeTest { .. }
            | StepKind::ReadinessGate
            | StepKind::Verify => {}
        }
        if let Some(standing) = kind.pool().and_then(|pool| self.pools.get_mut(pool)) {
            standing.has_moved |= kind.moves_nodes();
        }
    }

    fn control_plane(&mut self, to: KubernetesVersion, findings: &mut Findings) {
        if let Some(runs) = self.control_plane {
            if to < runs {
                findings.error(
                    format!("the control plane would go back from {runs} to {to}"),
                    "a control plane cannot go back",
                    format!("take the step out, or choose a version above {runs}"),
                );
            } else if to > runs && !self.is_a_way(runs, to) {
                findings.error(
                    format!("no way leads from {runs} to {to} in one step"),
                    "Azure takes a control plane only to the versions it offers from where it is",
                    "make the plan again: it then goes through the minors between",
                );
            }
        }
        for standing in self.pools.values().filter(|standing| is_on(standing.pool)) {
            if let Some(oldest) = standing
                .oldest
                .filter(|oldest| *oldest <= to && breaks_skew(to, *oldest))
            {
                findings.error(
                    format!(
                        "node pool {} at {oldest} is too old for a control plane at {to}",
                        standing.pool.name
                    ),
                    format!("{SKEW_RULE}; {} at {to}", allowed_skew(to)),
                    format!("upgrade the pool before this step: {}", self.advice()),
                );
            }
        }
        self.control_plane = Some(self.control_plane.map_or(to, |runs| runs.max(to)));
    }

    fn advice(&self) -> String {
        match self.control_plane {
            Some(runs) => format!("it can go to {runs} then"),
            None => "as far as the control plane is".to_owned(),
        }
    }

    /// True where Azure offers the step. Behind the first one the region's graph tells; without a graph, one minor at
    /// a time is believed.
    fn is_a_way(&self, from: KubernetesVersion, to: KubernetesVersion) -> bool {
        let Facts {
            cluster,
            upgrades,
            region,
        } = *self.facts;
        let is_first = cluster.version == Some(from);
        if is_first && !upgrades.control_plane.is_empty() {
            return upgrades.control_plane.iter().any(|offer| offer.version == to);
        }
        let is_small = to.minors_ahead_of(from) <= 1 || cluster.support_plan == SupportPlan::LongTermSupport;
        let in_graph = match region {
            Some(region) => region
                .minors
                .iter()
                .filter_map(|minor| minor.patches.get(&from))
                .any(|next| next.contains(&to)),
            None => !is_first,
        };
        is_small && in_graph
    }

    fn pool(&mut self, name: &NodePoolName, to: KubernetesVersion, findings: &mut Findings) {
        self.is_running(name, findings);
        let control_plane = self.control_plane;
        let Some(standing) = self.pools.get_mut(name) else {
            return;
        };
        if let Some(control_plane) = control_plane.filter(|control_plane| breaks_skew(*control_plane, to)) {
            let (what, todo) = if to > control_plane {
                (
                    format!("node pool {name} would go to {to}, ahead of the control plane at {control_plane}"),
                    "put the control plane's step before it".to_owned(),
                )
            } else {
                (
                    format!("{to} is too old for the control plane at {control_plane}"),
                    format!("take node pool {name} to {control_plane}"),
                )
            };
            findings.error(what, SKEW_RULE, todo);
        }
        if let Some(runs) = standing.claimed.filter(|runs| to < *runs) {
            findings.error(
                format!("node pool {name} would go back from {runs} to {to}"),
                "a pool goes back only by a rollback to what it ran before",
                "take the step out, or roll the pool back",
            );
        }
        standing.claimed = Some(to);
        standing.oldest = Some(to);
    }

    fn is_running(&self, name: &NodePoolName, findings: &mut Findings) {
        if self.pools.get(name).is_some_and(|standing| !is_on(standing.pool)) {
            findings.warning(
                format!("node pool {name} is stopped"),
                "a stopped pool has no nodes to move, and takes the new version when it is started",
                "take the step out, or start the pool first",
            );
        }
    }

    fn rollback(
        &mut self,
        name: &NodePoolName,
        to: KubernetesVersion,
        image: &NodeImageVersion,
        findings: &mut Findings,
    ) {
        let Some(standing) = self.pools.get_mut(name) else {
            return;
        };
        let todo = "take the step out; upgrading the pool again is the way on";
        let used = self.facts.upgrades.pools.get(name);
        match used.and_then(|upgrades| newest(&upgrades.recently_used)) {
            // What the plan itself has moved goes back to what it ran before that.
            _ if standing.has_moved => {}
            Some(used) if used.version == to && used.node_image == *image => {
                if let Some(why) = obstacle(self.facts, standing.pool, used, self.control_plane, self.now) {
                    findings.error(format!("node pool {name} cannot go back to {to}"), why, todo);
                }
            }
            _ => findings.error(
                format!("node pool {name} cannot go back to {to} with {image}"),
                "a pool goes back one step: to the version and image it ran before, as Azure names them",
                todo,
            ),
        }
        standing.claimed = Some(to);
        standing.oldest = Some(to);
    }

    /// Pools that an upgrade leaves behind while it moves others.
    pub(super) fn end(&self, plan: &Plan, findings: &mut Findings) {
        let moved: BTreeSet<&NodePoolName> = plan
            .steps
            .iter()
            .filter(|step| is_upgrade(&step.kind))
            .filter_map(|step| step.kind.pool())
            .collect();
        if moved.is_empty() {
            return;
        }
        for (name, standing) in &self.pools {
            let is_behind = match (self.control_plane, standing.claimed) {
                (Some(control_plane), Some(version)) => control_plane.minors_ahead_of(version) > 0,
                _ => false,
            };
            if is_on(standing.pool)
                && !moved.contains(*name)
                && (is_behind || is_half_done(&standing.pool.provisioning_state))
            {
                findings.warning(
                    format!("node pool {name} is left behind"),
                    "the plan moves other pools, and this one stays on an older minor or half done",
                    format!("add a step for {name}, or go on if that is meant"),
                );
            }
        }
    }
}

fn is_on(pool: &NodePool) -> bool {
    pool.power_state != PowerState::Stopped
}
