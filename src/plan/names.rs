//! The ids of steps: unique in a plan, the same for the same step of any plan, fit to be typed.

use super::step::StepKind;
use crate::domain::ids::StepId;

/// The id a step has where nothing else wants it: `control-plane`, `pool-web`, `verify`.
pub(super) fn plain_id(kind: &StepKind) -> String {
    match kind {
        StepKind::ControlPlaneUpgrade { .. } => "control-plane".to_owned(),
        StepKind::NodePoolUpgrade { pool, .. } => format!("pool-{pool}"),
        StepKind::NodeImageUpgrade { pool, .. } => format!("image-{pool}"),
        StepKind::PoolSettings { pool, .. } => format!("settings-{pool}"),
        StepKind::PoolRollback { pool, .. } => format!("rollback-{pool}"),
        StepKind::Approval { .. } => "approval".to_owned(),
        StepKind::Wait { .. } => "wait".to_owned(),
        StepKind::SmokeTest { test } => format!("smoke-{test}"),
        StepKind::ReadinessGate => "readiness".to_owned(),
        StepKind::Verify => "verify".to_owned(),
    }
}

/// The id in a plan of several hops: with the version the step goes to.
pub(super) fn versioned_id(kind: &StepKind) -> String {
    match kind {
        StepKind::ControlPlaneUpgrade { to, .. } | StepKind::NodePoolUpgrade { to, .. } => {
            format!("{}-{to}", plain_id(kind))
        }
        _ => plain_id(kind),
    }
}

/// An id no step has yet. Gates that come more than once are numbered from 1: `approval-1`.
pub(super) fn free_id(kind: &StepKind, is_taken: impl Fn(&str) -> bool) -> StepId {
    let is_numbered = matches!(
        kind,
        StepKind::Approval { .. } | StepKind::Wait { .. } | StepKind::SmokeTest { .. } | StepKind::ReadinessGate
    );
    let plain = plain_id(kind);
    if !is_numbered && let Some(name) = [plain.clone(), versioned_id(kind)].iter().find(|name| !is_taken(name)) {
        return StepId::new(name);
    }
    let first = if is_numbered { 1 } else { 2 };
    (first..=u32::MAX)
        .map(|number| format!("{plain}-{number}"))
        .find(|name| !is_taken(name))
        .map(StepId::new)
        .expect("a plan has fewer steps than there are numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_unique() {
        let pool = StepKind::NodePoolUpgrade {
            pool: "web".into(),
            from: None,
            to: "1.34.2".parse().unwrap(),
        };
        let login = StepKind::SmokeTest { test: "login".into() };
        for (kind, taken, expected) in [
            (&pool, &[][..], "pool-web"),
            (&pool, &["pool-web"], "pool-web-1.34.2"),
            (&pool, &["pool-web", "pool-web-1.34.2"], "pool-web-2"),
            (&login, &[], "smoke-login-1"),
            (&login, &["smoke-login-1", "smoke-login-3"], "smoke-login-2"),
            (&StepKind::Verify, &["verify"], "verify-2"),
            (&StepKind::ReadinessGate, &[], "readiness-1"),
        ] {
            assert_eq!(free_id(kind, |name| taken.contains(&name)).as_str(), expected);
        }
    }
}
