//! What the checks before an upgrade are asked about: a version, node images, a plan, or what an upgrade left. Pure.

use std::sync::Arc;

use jiff::Timestamp;

use super::drafting::PlanFacts;
use super::wording::count;
use crate::domain::cluster::Cluster;
use crate::domain::ids::ExecutionId;
use crate::domain::version::KubernetesVersion;
use crate::engine::view::{ExecutionState, ExecutionView};
use crate::inventory::snapshot::{ClusterSnapshot, SourceState};
use crate::plan::step::Plan;
use crate::preflight::question::Planned;

/// What is asked about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Goal {
    /// Control plane and every pool to this version.
    Version(KubernetesVersion),
    /// Every pool to its newest node image.
    NodeImages,
    Plan(Arc<Plan>),
    /// The checks that were made before this execution, again.
    After {
        execution: ExecutionId,
        plan: Arc<Plan>,
    },
    /// Nothing in particular: what Azure offers is not known here.
    Bare,
}

impl Goal {
    /// As `to 1.34.2`, for a heading.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::Version(version) => format!("to {version}"),
            Self::NodeImages => "to the newest node images".to_owned(),
            Self::Plan(plan) => format!("for the plan of {}", count(plan.steps.len(), "step")),
            Self::After { .. } => "after the upgrade".to_owned(),
            Self::Bare => "without a target".to_owned(),
        }
    }

    /// What is planned, for the checks. `cluster` is what Azure claims; without it only a plan says something.
    pub(crate) fn planned(&self, cluster: Option<&Cluster>, now: Timestamp) -> Planned {
        let planned = match (self, cluster) {
            (Self::Plan(plan) | Self::After { plan, .. }, _) => of_plan(plan),
            (Self::Version(version), Some(cluster)) => Planned::whole(cluster, *version),
            (Self::Version(version), None) => Planned {
                control_plane: Some(*version),
                ..Planned::default()
            },
            (Self::NodeImages, Some(cluster)) => Planned {
                pools: cluster.pools.iter().map(|pool| (pool.name.clone(), None)).collect(),
                ..Planned::default()
            },
            (Self::NodeImages, None) | (Self::Bare, _) => Planned::default(),
        };
        Planned {
            begins_at: Some(now),
            ..planned
        }
    }
}

/// The moves of a plan, each resource with where it ends.
pub(crate) fn of_plan(plan: &Plan) -> Planned {
    let aims = plan.aims();
    Planned {
        control_plane: aims.control_plane.last().copied(),
        pools: aims.pools,
        ..Planned::default()
    }
}

/// What can be asked about here, the likeliest first; empty while it is still being read.
pub(crate) fn goals(
    snapshot: &ClusterSnapshot,
    begun: Option<&Plan>,
    execution: Option<&Arc<ExecutionView>>,
) -> Vec<Goal> {
    let mut out = Vec::new();
    out.extend(begun.map(|plan| Goal::Plan(Arc::new(plan.clone()))));
    let ended = execution.filter(|execution| execution.state == ExecutionState::Succeeded);
    out.extend(ended.map(|execution| Goal::After {
        execution: execution.id.clone(),
        plan: Arc::clone(&execution.plan),
    }));
    match (PlanFacts::of(snapshot), &snapshot.upgrades.state) {
        (Some(facts), _) => {
            let mut versions: Vec<KubernetesVersion> = Vec::new();
            for target in facts.targets() {
                if !versions.contains(&target) {
                    versions.push(target);
                }
            }
            out.extend(versions.into_iter().map(Goal::Version));
            out.push(Goal::NodeImages);
        }
        (None, SourceState::NotAsked | SourceState::Loading) => (),
        (None, _) => out.push(Goal::Bare),
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn a_plan_says_where_each_pool_ends() {
        let planned = of_plan(&fixtures::long_plan("shop-prod"));
        assert_eq!(planned.control_plane, "1.35.0".parse().ok());
        let ends: Vec<String> = planned.pools.values().flatten().map(ToString::to_string).collect();
        assert_eq!(ends, ["1.35.0", "1.35.0"]);
    }

    #[test]
    fn the_newest_version_on_offer_is_asked_about_first() {
        let snapshot = fixtures::snapshot(fixtures::cluster("shop-prod", "1.33.5"));
        let first = |begun: Option<&Plan>, execution: Option<&Arc<ExecutionView>>| {
            goals(&snapshot, begun, execution).first().map(Goal::title)
        };
        assert_eq!(first(None, None).as_deref(), Some("to 1.34.2"));
        let plan = fixtures::plan("shop-prod");
        assert_eq!(first(Some(&plan), None).as_deref(), Some("for the plan of 3 steps"));
        let ended = Arc::new(fixtures::execution("shop-prod", ExecutionState::Succeeded));
        assert_eq!(first(None, Some(&ended)).as_deref(), Some("after the upgrade"));
        let aborted = Arc::new(fixtures::execution("shop-prod", ExecutionState::Aborted));
        assert_eq!(first(None, Some(&aborted)).as_deref(), Some("to 1.34.2"));
    }

    #[test]
    fn without_offers_it_waits_or_asks_without_a_target() {
        let mut snapshot = fixtures::snapshot(fixtures::cluster("shop-prod", "1.33.5"));
        snapshot.upgrades.value = None;
        snapshot.upgrades.state = SourceState::Loading;
        assert_eq!(goals(&snapshot, None, None), []);
        snapshot.upgrades.state = SourceState::Failed { why: "500".to_owned() };
        assert_eq!(goals(&snapshot, None, None), [Goal::Bare]);
    }
}
