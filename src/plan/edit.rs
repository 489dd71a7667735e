//! Changes a plan before it is started: order, settings, gates, pause points. A plan is never changed in place.

use super::names::free_id;
use super::step::{Plan, Step, StepKind};
use crate::domain::ids::{NodePoolName, SmokeTestName, StepId};
use crate::domain::node_pool::UpgradeSettings;

/// One change of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Moves a step so many places, at most to the edge: negative towards the beginning.
    Move {
        step: StepId,
        by: i32,
    },
    Remove {
        step: StepId,
    },
    /// Puts a new step behind another one; `None` puts it first.
    Insert {
        after: Option<StepId>,
        kind: StepKind,
    },
    /// Sets or takes away the pause point of a step.
    PauseAfter {
        step: StepId,
        on: bool,
    },
    /// Sets or takes away a smoke test that runs while the step moves nodes.
    Guard {
        step: StepId,
        test: SmokeTestName,
        on: bool,
    },
    /// The settings a pool gets before it is first moved; empty settings take the step away.
    PoolSettings {
        pool: NodePoolName,
        settings: UpgradeSettings,
    },
}

/// Why a plan cannot be changed so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("the plan has no step {0}")]
    NoSuchStep(StepId),
    #[error("a plan needs at least one step")]
    LastStep,
    #[error("{0} cannot be moved any further")]
    AtTheEdge(StepId),
    #[error("the plan has no smoke test {0}")]
    NoSuchTest(SmokeTestName),
    #[error("{0} moves no nodes, so nothing can be tested meanwhile")]
    MovesNoNodes(StepId),
    #[error("the plan does not move node pool {0}")]
    NoSuchPool(NodePoolName),
}

/// The plan with the change. Whether it still makes sense is said by [`super::validate::validate`].
///
/// # Errors
/// When the change names what is not there; see [`EditError`].
pub fn edit(plan: &Plan, edit: &Edit) -> Result<Plan, EditError> {
    let mut plan = plan.clone();
    match edit {
        Edit::Move { step, by } => move_by(&mut plan, step, *by)?,
        Edit::Remove { step } => {
            let at = place(&plan, step)?;
            remove(&mut plan, at)?;
        }
        Edit::Insert { after, kind } => {
            let at = match after {
                Some(step) => place(&plan, step)? + 1,
                None => 0,
            };
            if let StepKind::SmokeTest { test } = kind {
                check_test(&plan, test)?;
            }
            insert(&mut plan, at, kind.clone());
        }
        Edit::PauseAfter { step, on } => {
            let at = place(&plan, step)?;
            plan.steps[at].pause_after = *on;
        }
        Edit::Guard { step, test, on } => guard(&mut plan, step, test, *on)?,
        Edit::PoolSettings { pool, settings } => set_pool_settings(&mut plan, pool, settings)?,
    }
    Ok(plan)
}

fn place(plan: &Plan, step: &StepId) -> Result<usize, EditError> {
    plan.steps
        .iter()
        .position(|candidate| candidate.id == *step)
        .ok_or_else(|| EditError::NoSuchStep(step.clone()))
}

fn check_test(plan: &Plan, test: &SmokeTestName) -> Result<(), EditError> {
    match plan.smoke_test(test) {
        Some(_) => Ok(()),
        None => Err(EditError::NoSuchTest(test.clone())),
    }
}

fn move_by(plan: &mut Plan, step: &StepId, by: i32) -> Result<(), EditError> {
    let from = place(plan, step)?;
    let last = plan.steps.len() - 1;
    let distance = usize::try_from(by.unsigned_abs()).unwrap_or(usize::MAX);
    let to = if by < 0 {
        from.saturating_sub(distance)
    } else {
        from.saturating_add(distance).min(last)
    };
    if to == from && by != 0 {
        return Err(EditError::AtTheEdge(step.clone()));
    }
    let moved = plan.steps.remove(from);
    plan.steps.insert(to, moved);
    Ok(())
}

fn remove(plan: &mut Plan, at: usize) -> Result<(), EditError> {
    if plan.steps.len() == 1 {
        return Err(EditError::LastStep);
    }
    plan.steps.remove(at);
    Ok(())
}

fn insert(plan: &mut Plan, at: usize, kind: StepKind) {
    let id = free_id(&kind, |name| plan.steps.iter().any(|step| step.id.as_str() == name));
    plan.steps.insert(at, Step::new(id.as_str(), kind));
}

fn guard(plan: &mut Plan, step: &StepId, test: &SmokeTestName, on: bool) -> Result<(), EditError> {
    let at = place(plan, step)?;
    if on {
        check_test(plan, test)?;
        if !plan.steps[at].kind.moves_nodes() {
            return Err(EditError::MovesNoNodes(step.clone()));
        }
    }
    let guards = &mut plan.steps[at].guards;
    guards.retain(|name| name != test);
    if on {
        guards.push(test.clone());
    }
    Ok(())
}

fn set_pool_settings(plan: &mut Plan, pool: &NodePoolName, wanted: &UpgradeSettings) -> Result<(), EditError> {
    let first_move = plan
        .steps
        .iter()
        .position(|step| step.kind.moves_nodes() && step.kind.pool() == Some(pool))
        .ok_or_else(|| EditError::NoSuchPool(pool.clone()))?;
    let written = plan.steps[..first_move]
        .iter()
        .rposition(|step| matches!(&step.kind, StepKind::PoolSettings { pool: name, .. } if name == pool));
    let is_empty = *wanted == UpgradeSettings::default();
    match written {
        Some(at) if is_empty => remove(plan, at)?,
        Some(at) => {
            plan.steps[at].kind = StepKind::PoolSettings {
                pool: pool.clone(),
                settings: wanted.clone(),
            };
        }
        None if is_empty => {}
        None => insert(
            plan,
            first_move,
            StepKind::PoolSettings {
                pool: pool.clone(),
                settings: wanted.clone(),
            },
        ),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::builder::{Facts, Options, PoolChoice};
    use crate::plan::samples::{ids, plan_of, rich_plan, shop, shop_offers, smoke_test, upgrade};

    /// Control plane, system, web, batch; one smoke test that no step names.
    fn plan() -> Plan {
        let facts = Facts {
            cluster: &shop(),
            upgrades: &shop_offers(),
            region: None,
        };
        let mut plan = plan_of(&facts, &upgrade("1.34", PoolChoice::All), &Options::default()).unwrap();
        plan.smoke_tests = vec![smoke_test("login")];
        plan
    }

    #[expect(clippy::needless_pass_by_value, reason = "the cases below read as a table")]
    fn check(change: Edit, expected: Result<&[&str], EditError>) {
        let edited = edit(&plan(), &change);
        assert_eq!(
            edited.as_ref().map(ids),
            expected.as_ref().map(|ids| ids.to_vec()),
            "{change:?}"
        );
    }

    #[test]
    fn steps_move_up_to_the_edge() {
        let by = |step: &str, by| Edit::Move { step: step.into(), by };
        check(
            by("pool-web", -1),
            Ok(&["control-plane", "pool-web", "pool-system", "pool-batch"]),
        );
        check(
            by("pool-web", 9),
            Ok(&["control-plane", "pool-system", "pool-batch", "pool-web"]),
        );
        check(
            by("pool-web", i32::MIN),
            Ok(&["pool-web", "control-plane", "pool-system", "pool-batch"]),
        );
        check(
            by("control-plane", -1),
            Err(EditError::AtTheEdge("control-plane".into())),
        );
        check(
            by("pool-batch", i32::MAX),
            Err(EditError::AtTheEdge("pool-batch".into())),
        );
        check(by("pool-gpu", 1), Err(EditError::NoSuchStep("pool-gpu".into())));
    }

    #[test]
    fn gates_come_and_go() {
        let insert = |after: Option<&str>, kind| Edit::Insert {
            after: after.map(Into::into),
            kind,
        };
        check(
            insert(Some("pool-system"), StepKind::ReadinessGate),
            Ok(&["control-plane", "pool-system", "readiness-1", "pool-web", "pool-batch"]),
        );
        check(
            insert(None, StepKind::SmokeTest { test: "login".into() }),
            Ok(&[
                "smoke-login-1",
                "control-plane",
                "pool-system",
                "pool-web",
                "pool-batch",
            ]),
        );
        check(
            insert(None, StepKind::SmokeTest { test: "pay".into() }),
            Err(EditError::NoSuchTest("pay".into())),
        );
        check(
            Edit::Remove {
                step: "pool-web".into(),
            },
            Ok(&["control-plane", "pool-system", "pool-batch"]),
        );
        let mut one = plan();
        one.steps.truncate(1);
        let last = Edit::Remove {
            step: "control-plane".into(),
        };
        assert_eq!(edit(&one, &last).unwrap_err(), EditError::LastStep);
    }

    #[test]
    fn pause_points_and_guards_are_set_and_taken_away() {
        let guard = |step: &str, test: &str, on| Edit::Guard {
            step: step.into(),
            test: test.into(),
            on,
        };
        let pause = |on| Edit::PauseAfter {
            step: "pool-web".into(),
            on,
        };
        let guarded = edit(&plan(), &guard("pool-web", "login", true)).unwrap();
        let twice = edit(&guarded, &guard("pool-web", "login", true)).unwrap();
        assert_eq!(twice.steps[2].guards, ["login".into()]);
        let paused = edit(&twice, &pause(true)).unwrap();
        assert!(paused.steps[2].pause_after);
        let back = edit(
            &edit(&paused, &pause(false)).unwrap(),
            &guard("pool-web", "login", false),
        );
        assert_eq!(back.unwrap(), plan());
        check(
            guard("control-plane", "login", true),
            Err(EditError::MovesNoNodes("control-plane".into())),
        );
        check(guard("pool-web", "pay", true), Err(EditError::NoSuchTest("pay".into())));
    }

    #[test]
    fn settings_stand_before_the_first_move() {
        let set = |pool: &str, soak| Edit::PoolSettings {
            pool: pool.into(),
            settings: UpgradeSettings {
                node_soak_minutes: soak,
                ..UpgradeSettings::default()
            },
        };
        check(
            set("web", Some(5)),
            Ok(&["control-plane", "pool-system", "settings-web", "pool-web", "pool-batch"]),
        );
        check(
            set("web", None),
            Ok(&["control-plane", "pool-system", "pool-web", "pool-batch"]),
        );
        check(set("gpu", Some(5)), Err(EditError::NoSuchPool("gpu".into())));
        let rich = rich_plan();
        let changed = edit(&rich, &set("web", Some(9))).unwrap();
        assert_eq!(ids(&changed), ids(&rich));
        let step = changed.step(&"settings-web".into()).unwrap();
        assert_eq!(step.kind.title(), "node pool web: node soak 9 min");
        let without = edit(&changed, &set("web", None)).unwrap();
        assert!(without.step(&"settings-web".into()).is_none());
    }
}
