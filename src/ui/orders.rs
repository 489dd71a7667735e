//! Which changes of the world are possible now, and why not where they are not. Pure.

use super::actions::{Action, ActionId};
use crate::domain::cluster::Cluster;
use crate::domain::provisioning::ProvisioningState;
use crate::engine::record::LeaseState;
use crate::engine::view::{ExecutionState, ExecutionView};
use crate::inventory::snapshot::ClusterSnapshot;
use crate::plan::step::GateKind;

const NOT_OURS: &str = "No upgrade runs here that could be steered";

/// What decides whether an order is possible.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) is_read_only: bool,
    pub(crate) cluster: Option<&'a ClusterSnapshot>,
    /// The execution that is not over.
    pub(crate) active: Option<&'a ExecutionView>,
    /// True where this process drives it.
    pub(crate) is_driven_here: bool,
}

impl Situation<'_> {
    /// True where an upgrade runs that has no execution here.
    pub(crate) fn is_foreign(&self) -> bool {
        self.active.is_none() && self.azure().is_some_and(Cluster::is_upgrading)
    }

    /// True where an upgrade that has no execution here ended half-way.
    fn is_foreign_wreck(&self) -> bool {
        let ended =
            |state: &ProvisioningState| matches!(state, ProvisioningState::Failed | ProvisioningState::Canceled);
        self.active.is_none()
            && self.azure().is_some_and(|cluster| {
                ended(&cluster.provisioning_state) || cluster.pools.iter().any(|pool| ended(&pool.provisioning_state))
            })
    }

    fn azure(&self) -> Option<&Cluster> {
        self.cluster?.cluster.value.as_deref()
    }

    fn is_known_to_azure(&self) -> bool {
        self.cluster
            .is_some_and(|snapshot| !snapshot.id.is_kubeconfig_context())
    }

    fn state(&self) -> Option<&ExecutionState> {
        self.active.map(|execution| &execution.state)
    }
}

/// Says why an action is not possible now; `Ok` where it is. What only looks is always possible.
pub(crate) fn check(action: ActionId, situation: &Situation<'_>) -> Result<(), &'static str> {
    if situation.is_read_only && Action::of(action).changes_the_world() {
        return Err("Read-only: this cockpit changes nothing");
    }
    match action {
        ActionId::Upgrade => check_upgrade(situation),
        ActionId::PauseOrResume => match situation.state() {
            Some(ExecutionState::Running | ExecutionState::Pausing { .. } | ExecutionState::Paused) => Ok(()),
            Some(ExecutionState::Failed) => Err("It has failed: R tries again, A ends it"),
            Some(ExecutionState::Waiting { .. }) => Err("It already waits"),
            Some(ExecutionState::Aborting) => Err("It is being aborted"),
            None if situation.is_foreign() => Ok(()),
            _ => Err(NOT_OURS),
        },
        ActionId::Retry => match situation.state() {
            Some(ExecutionState::Failed) => Ok(()),
            Some(ExecutionState::Paused) => Err("It is paused: P resumes it"),
            None if situation.is_foreign_wreck() && !situation.is_foreign() => Ok(()),
            _ => Err("Nothing has failed that could be tried again"),
        },
        ActionId::Abort => match situation.state() {
            Some(ExecutionState::Aborting) => Err("It is being aborted already"),
            Some(_) => Ok(()),
            None if situation.is_foreign() => Ok(()),
            None => Err(NOT_OURS),
        },
        ActionId::Approve => match gate(situation) {
            Some(GateKind::Approval) => Ok(()),
            _ => Err("No approval is waited for"),
        },
        ActionId::Skip => check_skip(situation),
        ActionId::Controls => check_controls(situation),
        ActionId::Brief if situation.active.is_none() => Err("No execution of this cockpit runs here"),
        _ => Ok(()),
    }
}

fn gate(situation: &Situation<'_>) -> Option<GateKind> {
    Some(situation.active?.gate.as_ref()?.kind)
}

fn check_skip(situation: &Situation<'_>) -> Result<(), &'static str> {
    match (gate(situation), situation.state()) {
        (Some(GateKind::Approval), _) => Err("An approval cannot be skipped: Y approves, A ends the plan"),
        (Some(_), _) | (None, Some(ExecutionState::Failed | ExecutionState::Paused)) => Ok(()),
        _ => Err("Nothing waits or has failed that could be skipped"),
    }
}

fn check_controls(situation: &Situation<'_>) -> Result<(), &'static str> {
    let Some(active) = situation.active else {
        return if situation.is_known_to_azure() {
            Ok(())
        } else {
            Err("Nobody drives anything here")
        };
    };
    let is_lost = matches!(active.lease, Some(LeaseState::Lost { .. }));
    match (situation.is_driven_here && !is_lost, &active.controls_asked_by) {
        (true, None) => Err("You drive it, and nobody has asked for the controls"),
        _ => Ok(()),
    }
}

fn check_upgrade(situation: &Situation<'_>) -> Result<(), &'static str> {
    if situation.cluster.is_none() {
        return Err("No cluster is selected");
    }
    if !situation.is_known_to_azure() {
        return Err("This cluster is known by its kubeconfig only; upgrades need Azure");
    }
    if situation.active.is_some() {
        return Err("An upgrade of this cluster is not over yet: resume, retry or abort it first");
    }
    match situation.azure().map(|cluster| cluster.active_state().is_some()) {
        Some(false) => Ok(()),
        Some(true) => Err("Azure is busy with this cluster and would refuse"),
        None => Err("This cluster has not been read yet"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    const CHANGES: [ActionId; 7] = [
        ActionId::Upgrade,
        ActionId::PauseOrResume,
        ActionId::Retry,
        ActionId::Abort,
        ActionId::Approve,
        ActionId::Skip,
        ActionId::Controls,
    ];

    fn possible_in(situation: &Situation<'_>) -> Vec<ActionId> {
        CHANGES
            .into_iter()
            .filter(|action| check(*action, situation).is_ok())
            .collect()
    }

    fn possible(execution: Option<&ExecutionView>, is_read_only: bool) -> Vec<ActionId> {
        let snapshot = fixtures::snapshot(fixtures::cluster("shop-prod", "1.33.5"));
        possible_in(&Situation {
            is_read_only,
            cluster: Some(&snapshot),
            active: execution,
            is_driven_here: execution.is_some(),
        })
    }

    #[test]
    fn each_state_allows_its_own_changes() {
        use ActionId::{Abort, Approve, Controls, PauseOrResume, Retry, Skip, Upgrade};
        let check = |state: ExecutionState, expected: &[ActionId]| {
            let execution = fixtures::execution("shop-prod", state);
            assert_eq!(possible(Some(&execution), false), expected, "{:?}", execution.state);
            assert_eq!(possible(Some(&execution), true), []);
        };
        assert_eq!(possible(None, false), [Upgrade, Controls]);
        check(ExecutionState::Running, &[PauseOrResume, Abort]);
        check(ExecutionState::Paused, &[PauseOrResume, Abort, Skip]);
        check(ExecutionState::Failed, &[Retry, Abort, Skip]);
        check(ExecutionState::Aborting, &[]);
        let held = |kind: GateKind| possible(Some(&fixtures::held_at(kind)), false);
        assert_eq!(held(GateKind::Approval), [Abort, Approve]);
        assert_eq!(held(GateKind::SmokeTest), [Abort, Skip]);
        let asked = ExecutionView {
            controls_asked_by: Some(fixtures::colleague()),
            ..fixtures::execution("shop-prod", ExecutionState::Running)
        };
        assert_eq!(possible(Some(&asked), false), [PauseOrResume, Abort, Controls]);
    }

    #[test]
    fn what_others_started_can_be_steered() {
        use ActionId::{Abort, Controls, PauseOrResume, Retry, Upgrade};
        let possible = |change: fn(&mut Cluster)| {
            let mut cluster = fixtures::cluster("shop-prod", "1.33.5");
            change(&mut cluster);
            let snapshot = fixtures::snapshot(cluster);
            possible_in(&Situation {
                is_read_only: false,
                cluster: Some(&snapshot),
                active: None,
                is_driven_here: false,
            })
        };
        assert_eq!(
            possible(|cluster| cluster.pools[1].provisioning_state = ProvisioningState::Upgrading),
            [PauseOrResume, Abort, Controls]
        );
        assert_eq!(
            possible(|cluster| cluster.pools[1].provisioning_state = ProvisioningState::Failed),
            [Upgrade, Retry, Controls]
        );
        assert_eq!(
            possible(|cluster| cluster.pools[1].provisioning_state = ProvisioningState::Scaling),
            [Controls],
            "a busy cluster takes no upgrade"
        );
    }

    #[test]
    fn looking_is_always_possible() {
        let nothing = Situation {
            is_read_only: true,
            cluster: None,
            active: None,
            is_driven_here: false,
        };
        assert!(check(ActionId::Upgrade, &nothing).is_err());
        assert!(check(ActionId::Refresh, &nothing).is_ok());
        assert!(check(ActionId::Timeline, &nothing).is_ok());
    }
}
