//! Where a plan takes a cluster: the last version of the control plane and of each pool.

use std::collections::BTreeMap;

use super::step::{Plan, StepKind};
use crate::domain::ids::NodePoolName;
use crate::domain::version::KubernetesVersion;

/// What a plan leaves behind when all of it is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aims {
    /// Versions the control plane passes through, the last one where it stays; empty where it does not move.
    pub control_plane: Vec<KubernetesVersion>,
    /// Pools whose nodes move; `None` where they only get a new node image.
    pub pools: BTreeMap<NodePoolName, Option<KubernetesVersion>>,
}

impl Plan {
    /// Where it goes, through which versions.
    pub fn aims(&self) -> Aims {
        let mut aims = Aims::default();
        for step in &self.steps {
            match &step.kind {
                StepKind::ControlPlaneUpgrade { to, .. } => aims.control_plane.push(*to),
                StepKind::NodePoolUpgrade { pool, to, .. } | StepKind::PoolRollback { pool, to, .. } => {
                    aims.pools.insert(pool.clone(), Some(*to));
                }
                StepKind::NodeImageUpgrade { pool, .. } => {
                    aims.pools.entry(pool.clone()).or_default();
                }
                _ => {}
            }
        }
        aims
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{ClusterId, PlanId};
    use crate::plan::step::Step;

    #[test]
    fn the_last_version_counts_and_hops_are_kept() {
        let version = |text: &str| text.parse::<KubernetesVersion>().unwrap();
        let plane = |to| StepKind::ControlPlaneUpgrade {
            from: None,
            to: version(to),
        };
        let pool = |to| StepKind::NodePoolUpgrade {
            pool: "apps".into(),
            from: None,
            to: version(to),
        };
        let image = StepKind::NodeImageUpgrade {
            pool: "batch".into(),
            from: None,
            to: None,
        };
        let kinds = [plane("1.34.4"), pool("1.34.4"), plane("1.35.2"), pool("1.35.2"), image];
        let steps = kinds.into_iter().map(|kind| Step::new("s", kind)).collect();
        let plan = Plan {
            id: PlanId::new("p"),
            cluster: ClusterId::from_parts("s", "g", "c"),
            cluster_name: "c".to_owned(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            steps,
            smoke_tests: Vec::new(),
        };
        let aims = plan.aims();
        assert_eq!(aims.control_plane, [version("1.34.4"), version("1.35.2")]);
        assert_eq!(aims.pools[&"apps".into()], Some(version("1.35.2")));
        assert_eq!(aims.pools[&"batch".into()], None);
    }
}
