//! What the screens look at: the newest picture of the fleet, the executions, and the time. Swapped whole, never changed.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::capacity::Capacity;
use super::inquiry::Inquiries;
use super::preferences::Preferences;
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::engine::command::Person;
use crate::engine::view::{ExecutionState, ExecutionView};
use crate::inventory::snapshot::{ClusterSnapshot, FleetSnapshot, SeenChange, SourceState, Sourced};
use crate::problem::Problem;

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
    pub(crate) preferences: Arc<Preferences>,
    /// Why the settings file cannot be used now; what was set before still holds.
    pub(crate) settings_problem: Option<Problem>,
    /// Every execution on a cluster, newest first.
    histories: HashMap<ClusterId, Vec<Arc<ExecutionView>>>,
    /// What the activity log told, where somebody looked.
    changes: HashMap<ClusterId, Sourced<Vec<SeenChange>>>,
    capacities: HashMap<ClusterId, Capacity>,
    /// Where the person is, for times of day beside UTC.
    pub(crate) zone: TimeZone,
}

/// An answer of the activity log is good for this long.
const CHANGES_PACE: SignedDuration = SignedDuration::from_mins(5);

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
            preferences: Arc::default(),
            settings_problem: None,
            histories: HashMap::new(),
            changes: HashMap::new(),
            capacities: HashMap::new(),
            zone: TimeZone::UTC,
        }
    }

    /// Takes a new picture of the fleet over.
    pub(crate) fn set_fleet(&mut self, fleet: Arc<FleetSnapshot>) {
        for snapshot in &fleet.clusters {
            if let Some(live) = &snapshot.live {
                let capacity = self.capacities.entry(snapshot.id.clone()).or_default();
                capacity.see(live);
            }
        }
        self.fleet = fleet;
    }

    /// How many nodes were ready over time, where an upgrade was watched.
    pub(crate) fn capacity(&self, id: &ClusterId) -> Option<&Capacity> {
        self.capacities.get(id)
    }

    /// Every execution on a cluster, newest first.
    pub(crate) fn history(&self, id: &ClusterId) -> &[Arc<ExecutionView>] {
        self.histories.get(id).map_or(&[], Vec::as_slice)
    }

    /// What the activity log told of a cluster; `None` where it was not asked.
    pub(crate) fn changes(&self, id: &ClusterId) -> Option<&Sourced<Vec<SeenChange>>> {
        self.changes.get(id)
    }

    /// True where the activity log was not asked yet, or a while ago.
    pub(crate) fn are_changes_due(&self, id: &ClusterId) -> bool {
        let Some(changes) = self.changes.get(id) else {
            return true;
        };
        let is_old = |at| self.now.duration_since(at) >= CHANGES_PACE;
        changes.state == SourceState::Fresh && changes.as_of.is_none_or(is_old)
    }

    /// Notes that the activity log is asked.
    pub(crate) fn begin_changes(&mut self, id: &ClusterId) {
        self.changes.entry(id.clone()).or_default().state = SourceState::Loading;
    }

    /// Forgets what the activity log said, so that it is asked again.
    pub(crate) fn forget_changes(&mut self, id: &ClusterId) {
        self.changes.remove(id);
    }

    /// Takes the activity log's answer; one that failed keeps what was known.
    pub(crate) fn set_changes(&mut self, id: ClusterId, mut answer: Sourced<Vec<SeenChange>>) {
        let known = self.changes.remove(&id).filter(|known| known.value.is_some());
        if let (None, Some(known)) = (&answer.value, known) {
            (answer.value, answer.as_of) = (known.value, known.as_of);
        }
        self.changes.insert(id, answer);
    }

    /// Who sits here.
    pub(crate) fn person(&self) -> &Person {
        &self.me
    }

    /// One cluster in the past, and nothing else; nothing can be ordered there.
    pub(crate) fn show_past(
        &mut self,
        at: Timestamp,
        cluster: ClusterSnapshot,
        execution: Option<&Arc<ExecutionView>>,
    ) {
        self.now = at;
        self.is_read_only = true;
        self.fleet = Arc::new(FleetSnapshot {
            clusters: vec![Arc::new(cluster)],
            ..FleetSnapshot::default()
        });
        let drove = execution
            .as_ref()
            .filter(|execution| execution.driver.as_ref() == Some(&self.me));
        // Who drove then is told as a person, wherever that process was.
        self.here = drove.map(|execution| execution.id.clone()).into_iter().collect();
        self.set_executions(execution.cloned().as_slice());
    }

    /// Takes the executions over, newest first.
    pub(crate) fn set_executions(&mut self, executions: &[Arc<ExecutionView>]) {
        self.executions.clear();
        self.histories.clear();
        for execution in executions {
            let history = self.histories.entry(execution.plan.cluster.clone());
            history.or_default().push(Arc::clone(execution));
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

    /// Every execution that matters on its cluster.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<ExecutionView>> {
        self.executions.values()
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
