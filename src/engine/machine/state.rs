//! The state of an execution: what its records add up to, and how it looks to others. Changed by `apply` alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::command::{PauseDepth, Person};
use super::super::effect::Ticket;
use super::super::record::{LeaseState, Origin, Purpose};
use super::super::view::{ExecutionState, ExecutionView, GateView, SmokeView, StepState, StepView};
pub use super::work::{Gate, Guards, Stop, Work};
use crate::domain::change::Change;
use crate::domain::ids::{ExecutionId, NodeName, NodePoolName, SmokeTestName, StepId};
use crate::domain::smoke_test::{SmokeRun, SmokeTest};
use crate::domain::version::NodeImageVersion;
use crate::domain::workload::WorkloadPicture;
use crate::plan::step::{Plan, Step, StepKind};

/// One step of the plan with its state.
#[derive(Clone, Debug, PartialEq)]
pub struct StepProgress {
    pub state: StepState,
    /// Attempts begun.
    pub attempt: u32,
    pub since: Option<Timestamp>,
    /// A person said yes to it.
    pub is_approved: bool,
}

/// Everything that is known about an execution from its records.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub id: ExecutionId,
    pub plan: Arc<Plan>,
    pub started_at: Timestamp,
    pub started_by: Person,
    pub execution: ExecutionState,
    pub since: Timestamp,
    /// As long as the plan's steps.
    pub steps: Vec<StepProgress>,
    pub work: Work,
    pub work_since: Timestamp,
    pub stop: Stop,
    /// While pausing at a node boundary: until when one is waited for.
    pub boundary_until: Option<Timestamp>,
    pub driver: Option<Person>,
    pub message: Option<String>,
    pub trouble: Option<String>,
    pub leftovers: Vec<NodeName>,
    /// Records this program cannot read; while there is one, it only shows the execution.
    pub unreadable: u32,
    /// Records so far, and so the number of the next one.
    pub records: u32,
    /// Times this attempt's request met a resource that had changed since it was read.
    pub changed: u32,
    /// Times this attempt was held by another operation.
    pub held: u32,
    pub gate: Option<GateView>,
    /// In the plan's order; shared, so that a copy of the state costs little.
    pub smoke: Arc<Vec<SmokeView>>,
    pub guards: Guards,
    /// The workloads before anything was touched; `None` until taken, and where it could not be read.
    pub baseline: Option<Arc<WorkloadPicture>>,
    pub is_baseline_taken: bool,
    /// Why there is none.
    pub baseline_why: Option<String>,
    /// The etag the step's resource had before Azure took our last request: whoever still shows it is behind.
    pub old_etag: Option<String>,
    /// The image Azure claimed for each pool when a step on it was over.
    pub node_images: BTreeMap<NodePoolName, NodeImageVersion>,
    pub controls_asked_by: Option<Person>,
    pub handed_to: Option<Person>,
    pub lease: Option<LeaseState>,
    pub origin: Option<Origin>,
    work_turn: u32,
    stop_turn: u32,
    guard_turn: u32,
}

impl State {
    /// An execution that has just been created by its first record.
    pub fn created(id: ExecutionId, plan: Arc<Plan>, by: Person, origin: Option<Origin>, at: Timestamp) -> Self {
        let smoke = plan
            .smoke_tests
            .iter()
            .map(|test| SmokeView {
                name: test.name.clone(),
                runs: Vec::new(),
            })
            .collect();
        let done = match &origin {
            Some(Origin::OtherMachine { done, .. }) => done.as_slice(),
            _ => &[],
        };
        let steps = plan
            .steps
            .iter()
            .map(|step| {
                let is_done = done.contains(&step.id);
                StepProgress {
                    state: if is_done {
                        StepState::Succeeded
                    } else {
                        StepState::Pending
                    },
                    attempt: 0,
                    since: is_done.then_some(at),
                    is_approved: false,
                }
            })
            .collect();
        Self {
            id,
            plan,
            started_at: at,
            started_by: by,
            execution: ExecutionState::Planned,
            since: at,
            steps,
            work: Work::Idle,
            work_since: at,
            stop: Stop::None,
            boundary_until: None,
            driver: None,
            message: origin.as_ref().map(origin_message),
            trouble: None,
            leftovers: Vec::new(),
            unreadable: 0,
            records: 1,
            changed: 0,
            held: 0,
            gate: None,
            smoke: Arc::new(smoke),
            guards: Guards::default(),
            baseline: None,
            is_baseline_taken: false,
            baseline_why: None,
            old_etag: None,
            node_images: BTreeMap::new(),
            controls_asked_by: None,
            handed_to: None,
            lease: None,
            origin,
            guard_turn: 0,
            work_turn: 0,
            stop_turn: 0,
        }
    }

    /// The step that runs or comes next, with its place in the plan; `None` when all have succeeded.
    pub fn current(&self) -> Option<(usize, &Step)> {
        self.steps
            .iter()
            .zip(&self.plan.steps)
            .enumerate()
            .find(|(_, (progress, _))| !progress.state.is_over())
            .map(|(place, (_, step))| (place, step))
    }

    /// The change the current step asks for.
    pub fn change(&self) -> Option<Change> {
        self.current()
            .and_then(|(_, step)| step.kind.change(&self.plan.cluster))
    }

    /// The ticket that answers for this purpose must carry now.
    pub fn ticket(&self, purpose: Purpose) -> Ticket {
        let turn = match purpose {
            Purpose::Step => self.work_turn,
            Purpose::Stop => self.stop_turn,
            Purpose::Guard => self.guard_turn,
        };
        Ticket { purpose, turn }
    }

    /// True while nothing of the current attempt is in Azure, nor on its way there.
    pub fn has_nothing_in_azure(&self) -> bool {
        matches!(
            self.work,
            Work::Idle
                | Work::Preparing { .. }
                | Work::Held { .. }
                | Work::TakingBaseline
                | Work::Finding { .. }
                | Work::AtGate(_)
                | Work::CheckingNodes { is_found: true, .. }
        )
    }

    /// True before the first look at what began elsewhere: an operation may run that is to become ours.
    pub fn may_be_in_azure_already(&self) -> bool {
        self.origin.is_some() && matches!(self.work, Work::Finding { .. })
    }

    /// True while another driver has the cluster's Lease: nothing is done here then.
    pub fn has_lost_lease(&self) -> bool {
        matches!(self.lease, Some(LeaseState::Lost { .. }))
    }

    /// The smoke test that the current step is, where the plan has it.
    pub fn gate_test(&self) -> Option<&SmokeTest> {
        match &self.current()?.1.kind {
            StepKind::SmokeTest { test } => self.plan.smoke_test(test),
            _ => None,
        }
    }

    /// The guards of the current step that the plan has; empty where it moves no nodes.
    pub fn guard_tests(&self) -> Vec<&SmokeTest> {
        let Some((_, step)) = self.current().filter(|(_, step)| step.kind.moves_nodes()) else {
            return Vec::new();
        };
        step.guards
            .iter()
            .filter_map(|name| self.plan.smoke_test(name))
            .collect()
    }

    /// True while nodes move under the eyes of guards: not any more once one of them has failed, or a stop is asked for.
    pub fn is_guarding(&self) -> bool {
        matches!(self.work, Work::Following { .. })
            && self.stop == Stop::None
            && self.guards.failed.is_none()
            && matches!(self.execution, ExecutionState::Running | ExecutionState::Pausing { .. })
            && !self.guard_tests().is_empty()
    }

    /// The guard that is to run now.
    pub fn running_guard(&self) -> Option<&SmokeTest> {
        let place = self.guards.running.filter(|_| self.is_guarding())?;
        self.guard_tests().get(place).copied()
    }

    /// The newest run of a smoke test.
    pub fn last_run(&self, name: &SmokeTestName) -> Option<&SmokeRun> {
        self.smoke.iter().find(|test| test.name == *name)?.runs.last()
    }

    /// True while a stop was asked for, whatever became of it.
    pub fn is_stop_asked(&self) -> bool {
        self.stop != Stop::None
    }

    /// True while a node boundary is waited for.
    pub fn is_waiting_for_boundary(&self) -> bool {
        self.stop == Stop::None
            && self.execution
                == (ExecutionState::Pausing {
                    depth: PauseDepth::NodeBoundary,
                })
    }

    /// What everyone but the driver sees.
    pub fn view(&self) -> ExecutionView {
        ExecutionView {
            id: self.id.clone(),
            plan: Arc::clone(&self.plan),
            state: self.execution.clone(),
            since: self.since,
            started_at: self.started_at,
            started_by: self.started_by.clone(),
            steps: self
                .plan
                .steps
                .iter()
                .zip(&self.steps)
                .map(|(step, progress)| StepView {
                    step: step.clone(),
                    state: progress.state.clone(),
                    attempt: progress.attempt,
                    since: progress.since,
                })
                .collect(),
            driver: self.driver.clone(),
            message: self.shown_message(),
            leftovers: self.leftovers.clone(),
            gate: self.gate.clone(),
            smoke: self.smoke.to_vec(),
            controls_asked_by: self.controls_asked_by.clone(),
            handed_to: self.handed_to.clone(),
            lease: self.lease.clone(),
            origin: self.origin.clone(),
        }
    }

    /// What is most important to say now.
    fn shown_message(&self) -> Option<String> {
        if self.unreadable > 0 {
            return Some("a newer aks-cockpit wrote a part of this execution; this one only shows it".to_owned());
        }
        match &self.lease {
            Some(LeaseState::Lost { holder }) if !self.execution.is_final() => Some(format!(
                "{} on {} drives this cluster now: nothing is done here. Ask for the controls, or take them over",
                holder.name, holder.host
            )),
            _ => self.trouble.clone().or_else(|| self.message.clone()),
        }
    }

    /// Another reason to wait is the same wait: its beginning stays.
    pub(super) fn enter(&mut self, execution: ExecutionState, at: Timestamp) {
        let is_same_wait = matches!(
            (&self.execution, &execution),
            (ExecutionState::Waiting { .. }, ExecutionState::Waiting { .. })
        );
        if self.execution != execution {
            self.execution = execution;
            if !is_same_wait {
                self.since = at;
            }
        }
    }

    /// What held the execution does not any more.
    pub(super) fn stop_waiting(&mut self, at: Timestamp) {
        self.gate = None;
        if matches!(self.execution, ExecutionState::Waiting { .. }) {
            self.enter(ExecutionState::Running, at);
            self.message = None;
        }
    }

    pub(super) fn set_work(&mut self, work: Work, at: Timestamp) {
        self.work = work;
        self.work_since = at;
        self.work_turn += 1;
    }

    pub(super) fn set_stop(&mut self, stop: Stop) {
        self.stop = stop;
        self.stop_turn += 1;
    }

    /// A new turn of the guards: what ran before is late.
    pub(super) fn turn_guards(&mut self) {
        self.guard_turn += 1;
    }

    pub(super) fn set_step(&mut self, step: &StepId, state: StepState, at: Timestamp) {
        let place = self.plan.steps.iter().position(|candidate| candidate.id == *step);
        if let Some(progress) = place.and_then(|place| self.steps.get_mut(place)) {
            progress.state = state;
            progress.since = Some(at);
        }
    }

    pub(super) fn set_current_step(&mut self, state: StepState, at: Timestamp) {
        if let Some((_, step)) = self.current() {
            let id = step.id.clone();
            self.set_step(&id, state, at);
        }
    }

    /// Ends whatever the current step was doing.
    pub(super) fn rest(&mut self, at: Timestamp) {
        self.set_work(Work::Idle, at);
        self.set_stop(Stop::None);
        self.boundary_until = None;
        self.trouble = None;
        self.gate = None;
        self.guards.running = None;
        self.guard_turn += 1;
    }
}

/// How an execution that did not begin here came to be here.
fn origin_message(origin: &Origin) -> String {
    match origin {
        Origin::Foreign {
            operation, started_by, ..
        } => {
            let by = started_by.as_ref().map_or_else(
                || "somebody else; the activity log does not say who".to_owned(),
                Clone::clone,
            );
            format!("found in Azure as {operation}, started by {by}; it is followed here")
        }
        Origin::OtherMachine {
            driver, reason, done, ..
        } => format!(
            "taken over from {} on {} ({reason}); steps done there: {}",
            driver.name,
            driver.host,
            done.len()
        ),
    }
}
