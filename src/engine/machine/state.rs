//! The state of an execution: what its records add up to, and how it looks to others. Changed by `apply` alone.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::super::command::{PauseDepth, Person};
use super::super::effect::Ticket;
use super::super::record::Purpose;
use super::super::view::{ExecutionState, ExecutionView, StepState, StepView};
use crate::domain::change::{Change, OperationLink, RequestPreview};
use crate::domain::ids::{ExecutionId, NodeName, StepId};
use crate::domain::version::NodeImageVersion;
use crate::plan::step::{Plan, Step};

/// Where the current step stands between the plan and Azure.
///
/// ```text
/// Preparing -> Sending -> Following -> Verifying -> CheckingNodes -> next step
///    |  ^         |  ^       |  ^          (claimed is not real)
///    v  |         v  |       |  |
///   Held       Looking       +--Stop: Preparing -> Sending -> Following -> Done
///  (another    (the answer   |
///  operation)   is lost)     +-> Settling -> paused or aborted
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// No step is under way.
    Idle,
    /// Nothing of this attempt is in Azure; the request is to be prepared.
    Preparing { not_before: Option<Timestamp>, tries: u32 },
    /// Nothing of this attempt is in Azure; another operation has to end first.
    Held { looks: u32 },
    /// The intent is durable; the answer is not known yet.
    Sending {
        request: Box<RequestPreview>,
        request_id: Uuid,
        tries: u32,
    },
    /// The answer is lost; the resource tells whether Azure took the request.
    Looking {
        request: Box<RequestPreview>,
        request_id: Uuid,
        looks: u32,
        tries: u32,
    },
    /// Azure works on it.
    Following { operation: OperationLink },
    /// Azure says it is done; the resource is asked.
    Verifying { looks: u32 },
    /// The resource agrees; its nodes are looked at.
    CheckingNodes { node_image: Option<NodeImageVersion> },
    /// It was stopped; its nodes are looked at for what is left over.
    Settling,
}

/// Where the abort of the current step's operation stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    None,
    Preparing {
        not_before: Option<Timestamp>,
        tries: u32,
    },
    Sending {
        request: Box<RequestPreview>,
        request_id: Uuid,
        tries: u32,
    },
    Looking {
        request_id: Uuid,
        looks: u32,
        tries: u32,
    },
    Following {
        operation: OperationLink,
    },
    /// Azure's abort has ended; the step's operation is about to say so too.
    Done,
    /// Azure would not stop it, or had nothing to stop any more.
    GivenUp,
}

/// One step of the plan with its state.
#[derive(Clone, Debug, PartialEq)]
pub struct StepProgress {
    pub state: StepState,
    /// Attempts begun.
    pub attempt: u32,
    pub since: Option<Timestamp>,
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
    work_turn: u32,
    stop_turn: u32,
}

impl State {
    /// An execution that has just been created by its first record.
    pub fn created(id: ExecutionId, plan: Arc<Plan>, by: Person, at: Timestamp) -> Self {
        let steps = plan
            .steps
            .iter()
            .map(|_| StepProgress {
                state: StepState::Pending,
                attempt: 0,
                since: None,
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
            message: None,
            trouble: None,
            leftovers: Vec::new(),
            unreadable: 0,
            records: 1,
            changed: 0,
            held: 0,
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
            .find(|(_, (progress, _))| progress.state != StepState::Succeeded)
            .map(|(place, (_, step))| (place, step))
    }

    /// The change the current step asks for.
    pub fn change(&self) -> Option<Change> {
        self.current().map(|(_, step)| step.kind.change(&self.plan.cluster))
    }

    /// The ticket that answers for this purpose must carry now.
    pub fn ticket(&self, purpose: Purpose) -> Ticket {
        let turn = match purpose {
            Purpose::Step => self.work_turn,
            Purpose::Stop => self.stop_turn,
        };
        Ticket { purpose, turn }
    }

    /// True while nothing of the current attempt is in Azure, nor on its way there.
    pub fn has_nothing_in_azure(&self) -> bool {
        matches!(self.work, Work::Idle | Work::Preparing { .. } | Work::Held { .. })
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
            message: match self.unreadable {
                0 => self.trouble.clone().or_else(|| self.message.clone()),
                _ => Some("a newer aks-cockpit wrote a part of this execution; this one only shows it".to_owned()),
            },
            leftovers: self.leftovers.clone(),
        }
    }

    pub(super) fn enter(&mut self, execution: ExecutionState, at: Timestamp) {
        if self.execution != execution {
            self.execution = execution;
            self.since = at;
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
    }
}
