//! Which changes of the world are possible now, and why not where they are not. Pure.

use super::actions::ActionId;
use crate::engine::view::{ExecutionState, ExecutionView};
use crate::inventory::snapshot::ClusterSnapshot;

/// Says why a change cannot be ordered now; `Ok` where it can. Other actions are always possible.
pub(crate) fn check(
    action: ActionId,
    is_read_only: bool,
    cluster: Option<&ClusterSnapshot>,
    active: Option<&ExecutionView>,
) -> Result<(), &'static str> {
    match action {
        ActionId::Upgrade | ActionId::PauseOrResume | ActionId::Retry | ActionId::Abort if is_read_only => {
            Err("Read-only: this cockpit changes nothing")
        }
        ActionId::Upgrade => check_upgrade(cluster, active),
        ActionId::PauseOrResume => match active.map(|execution| &execution.state) {
            Some(ExecutionState::Running | ExecutionState::Pausing { .. } | ExecutionState::Paused) => Ok(()),
            Some(ExecutionState::Failed) => Err("It has failed: R tries again, A ends it"),
            Some(ExecutionState::Waiting { .. }) => Err("It already waits"),
            Some(ExecutionState::Aborting) => Err("It is being aborted"),
            _ => Err("No upgrade that was started with the cockpit runs here"),
        },
        ActionId::Retry => match active.map(|execution| &execution.state) {
            Some(ExecutionState::Failed) => Ok(()),
            Some(ExecutionState::Paused) => Err("It is paused: P resumes it"),
            _ => Err("Nothing has failed that could be tried again"),
        },
        ActionId::Abort => match active.map(|execution| &execution.state) {
            Some(ExecutionState::Aborting) => Err("It is being aborted already"),
            Some(_) => Ok(()),
            None => Err("No upgrade that was started with the cockpit runs here"),
        },
        _ => Ok(()),
    }
}

fn check_upgrade(cluster: Option<&ClusterSnapshot>, active: Option<&ExecutionView>) -> Result<(), &'static str> {
    let Some(snapshot) = cluster else {
        return Err("No cluster is selected");
    };
    if snapshot.id.is_kubeconfig_context() {
        return Err("This cluster is known by its kubeconfig only; upgrades need Azure");
    }
    if active.is_some() {
        return Err("An upgrade of this cluster is not over yet: resume, retry or abort it first");
    }
    match snapshot
        .cluster
        .value
        .as_deref()
        .map(|cluster| cluster.active_state().is_some())
    {
        Some(false) => Ok(()),
        Some(true) => Err("Azure is busy with this cluster and would refuse"),
        None => Err("This cluster has not been read yet"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::provisioning::ProvisioningState;
    use crate::ui::fixtures;

    const CHANGES: [ActionId; 4] = [
        ActionId::Upgrade,
        ActionId::PauseOrResume,
        ActionId::Retry,
        ActionId::Abort,
    ];

    fn possible(state: Option<ExecutionState>, is_read_only: bool) -> Vec<ActionId> {
        let snapshot = fixtures::snapshot(fixtures::cluster("shop-prod", "1.33.5"));
        let execution = state.map(|state| fixtures::execution("shop-prod", state));
        CHANGES
            .into_iter()
            .filter(|action| check(*action, is_read_only, Some(&snapshot), execution.as_ref()).is_ok())
            .collect()
    }

    #[test]
    fn each_state_allows_its_own_changes() {
        use ActionId::{Abort, PauseOrResume, Retry, Upgrade};
        assert_eq!(possible(None, false), [Upgrade]);
        assert_eq!(possible(Some(ExecutionState::Running), false), [PauseOrResume, Abort]);
        assert_eq!(possible(Some(ExecutionState::Paused), false), [PauseOrResume, Abort]);
        assert_eq!(possible(Some(ExecutionState::Failed), false), [Retry, Abort]);
        assert_eq!(possible(Some(ExecutionState::Aborting), false), []);
        assert_eq!(possible(None, true), []);
        assert_eq!(possible(Some(ExecutionState::Failed), true), []);
    }

    #[test]
    fn a_busy_cluster_takes_no_upgrade() {
        let mut cluster = fixtures::cluster("shop-prod", "1.33.5");
        cluster.pools[1].provisioning_state = ProvisioningState::Scaling;
        let snapshot = fixtures::snapshot(cluster);
        assert!(check(ActionId::Upgrade, false, Some(&snapshot), None).is_err());
        assert!(check(ActionId::Upgrade, false, None, None).is_err());
        assert!(check(ActionId::Refresh, true, None, None).is_ok());
    }
}
