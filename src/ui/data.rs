//! What the screens look at: the newest picture of the fleet, the executions, and the time. Swapped whole, never changed.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::inquiry::Inquiries;
use crate::domain::ids::{ClusterId, ExecutionId};
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
    /// Executions that this process drives.
    here: BTreeSet<ExecutionId>,
    /// The execution that matters on each cluster: the one that is not final, else the newest.
    executions: HashMap<ClusterId, Arc<ExecutionView>>,
    pub(crate) inquiries: Inquiries,
    /// Orders are absent.
    pub(crate) is_read_only: bool,
}

impl Data {
    /// Nothing has been read yet.
    pub(crate) fn empty(now: Timestamp, me: Person) -> Self {
        Self {
            fleet: Arc::default(),
            now,
            me,
            here: BTreeSet::new(),
            executions: HashMap::new(),
            inquiries: Inquiries::default(),
            is_read_only: false,
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

    /// Who sits here, for a record: `anna@laptop`.
    pub(crate) fn my_name(&self) -> String {
        format!("{}@{}", self.me.name, self.me.host)
    }

    /// True for the person who sits here, on this machine.
    pub(crate) fn is_me(&self, person: &Person) -> bool {
        self.me == *person
    }

    pub(crate) fn set_driven_here(&mut self, here: BTreeSet<ExecutionId>) {
        self.here = here;
    }

    /// True where this process drives the execution.
    pub(crate) fn is_driven_here(&self, id: &ExecutionId) -> bool {
        self.here.contains(id)
    }

    /// Who drives, as this person would say it; `None` where nobody does.
    pub(crate) fn driver(&self, execution: &ExecutionView) -> Option<String> {
        let driver = execution.driver.as_ref()?;
        Some(if self.is_me(driver) && !self.is_driven_here(&execution.id) {
            "you, in another process".to_owned()
        } else {
            self.called(driver)
        })
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
