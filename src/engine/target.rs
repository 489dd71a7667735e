//! What a plan is heading for, in the words of the live picture.

use crate::plan::step::{Plan, StepKind};
use crate::progress::facts::{PoolTarget, Target};

/// The versions and images the plan's steps lead to; where two steps are about one pool, the later one counts.
pub fn target_of(plan: &Plan) -> Target {
    let mut target = Target::default();
    for step in &plan.steps {
        match &step.kind {
            StepKind::ControlPlaneUpgrade { to, .. } => target.control_plane = Some(*to),
            StepKind::NodePoolUpgrade { pool, to, .. } => {
                target.pools.entry(pool.clone()).or_default().version = Some(*to);
            }
            StepKind::NodeImageUpgrade { pool, to, .. } => {
                let pool: &mut PoolTarget = target.pools.entry(pool.clone()).or_default();
                pool.node_image.clone_from(to);
            }
            StepKind::PoolRollback {
                pool, to, node_image, ..
            } => {
                let pool: &mut PoolTarget = target.pools.entry(pool.clone()).or_default();
                pool.version = Some(*to);
                pool.node_image = Some(node_image.clone());
            }
            StepKind::PoolSettings { .. }
            | StepKind::Approval { .. }
            | StepKind::Wait { .. }
            | StepKind::SmokeTest { .. }
            | StepKind::ReadinessGate
            | StepKind::Verify => {}
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::ids::ClusterId;
    use crate::domain::version::NodeImageVersion;
    use crate::plan::step::Step;

    #[test]
    fn a_target_names_the_end_of_every_resource() {
        let step = Step::new;
        let to = "1.34.2".parse().unwrap();
        let image = NodeImageVersion::new("AKSUbuntu-2204-202608.01.0");
        let plan = Plan {
            id: "p".into(),
            cluster: ClusterId::from_parts("s", "rg", "shop"),
            cluster_name: "shop".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            steps: vec![
                step("a", StepKind::ControlPlaneUpgrade { from: None, to }),
                step(
                    "b",
                    StepKind::NodePoolUpgrade {
                        pool: "web".into(),
                        from: None,
                        to,
                    },
                ),
                step(
                    "c",
                    StepKind::NodeImageUpgrade {
                        pool: "gpu".into(),
                        from: None,
                        to: Some(image.clone()),
                    },
                ),
            ],
            smoke_tests: Vec::new(),
        };
        let target = target_of(&plan);
        assert_eq!(target.control_plane, Some(to));
        assert_eq!(target.pools[&"web".into()].version, Some(to));
        assert_eq!(target.pools[&"gpu".into()].node_image, Some(image));
    }
}
