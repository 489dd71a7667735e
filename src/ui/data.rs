//! What the screens look at: the newest picture of the fleet, the executions, and the time. Swapped whole, never changed.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::ids::ClusterId;
use crate::engine::command::Person;
use crate::engine::view::{ExecutionState, ExecutionView};
use crate::inventory::snapshot::{ClusterSnapshot, FleetSnapshot};

/// All a screen may read.
#[derive(Clone, Debug)]
pub(crate) struct Data {
    pub(crate) fleet: Arc<FleetSnapshot>,
    pub(crate) now: Timestamp,
    /// Who sits here.
    me: Person,
    /// The execution that matters on each cluster: the one that is not final, else the newest.
    executions: HashMap<ClusterId, Arc<ExecutionView>>,
}

impl Data {
    /// Nothing has been read yet.
    pub(crate) fn empty(now: Timestamp, me: Person) -> Self {
        Self {
            fleet: Arc::default(),
            now,
            me,
            executions: HashMap::new(),
        }
    }

    /// Takes the executions over, newest first.
    pub(crate) fn set_executions(&mut self, executions: &[Arc<ExecutionView>]) {
        self.executions.clear();
        for execution in executions {
            let slot = self.executions.entry(execution.plan.cluster.clone());
            slot.and_modify(|kept| {
                if kept.state.is_final() && !execution.state.is_final() {
                    *kept = Arc::clone(execution);
                }
            })
            .or_insert_with(|| Arc::clone(execution));
        }
    }

    /// A person as this one would say it: `you`, or `anna@laptop`.
    pub(crate) fn called(&self, person: &Person) -> String {
        if *person == self.me {
            "you".to_owned()
        } else {
            format!("{}@{}", person.name, person.host)
        }
    }

    pub(crate) fn cluster(&self, id: &ClusterId) -> Option<&Arc<ClusterSnapshot>> {
        self.fleet.cluster(id)
    }

    /// The execution that matters on a cluster, ended or not.
    pub(crate) fn execution(&self, id: &ClusterId) -> Option<&Arc<ExecutionView>> {
        self.executions.get(id)
    }

    /// The execution that is not over yet.
    pub(crate) fn active(&self, id: &ClusterId) -> Option<&Arc<ExecutionView>> {
        self.execution(id).filter(|execution| !execution.state.is_final())
    }

    /// Every execution that is not over.
    pub(crate) fn all_active(&self) -> impl Iterator<Item = &Arc<ExecutionView>> {
        self.executions.values().filter(|execution| !execution.state.is_final())
    }
}

/// True while a driver acts or waits for Azure: leaving then leaves the execution without its driver.
pub(crate) fn is_in_motion(state: &ExecutionState) -> bool {
    matches!(
        state,
        ExecutionState::Planned
            | ExecutionState::Running
            | ExecutionState::Pausing { .. }
            | ExecutionState::Waiting { .. }
            | ExecutionState::Aborting
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn the_execution_that_is_not_over_matters_most() {
        let ended = Arc::new(fixtures::execution("shop-prod", ExecutionState::Aborted));
        let paused = Arc::new(fixtures::execution("shop-prod", ExecutionState::Paused));
        let mut data = Data::empty(fixtures::now(), fixtures::person());
        data.set_executions(&[Arc::clone(&ended), Arc::clone(&paused)]);
        assert_eq!(data.active(&paused.plan.cluster), Some(&paused));
        data.set_executions(&[Arc::clone(&ended)]);
        assert_eq!(data.active(&ended.plan.cluster), None);
        assert_eq!(data.execution(&ended.plan.cluster), Some(&ended));
    }
}
