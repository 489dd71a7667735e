//! An execution as everyone but the driver sees it: a value, derived from the machine's state.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::command::{PauseDepth, Person};
use super::record::{LeaseState, Origin};
use crate::domain::ids::{ExecutionId, NodeName, NodePoolName, SmokeTestName, StepId};
use crate::domain::provisioning::AzureErrorDetail;
use crate::domain::smoke_test::SmokeRun;
pub use crate::plan::step::GateKind;
use crate::plan::step::{Plan, Step};

/// How an execution stands. Only `Aborted` and `Succeeded` are final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum ExecutionState {
    Planned,
    Running,
    /// A pause was asked for and has not taken hold.
    Pausing {
        depth: PauseDepth,
    },
    Paused,
    /// Something outside holds it; says what.
    Waiting {
        reason: String,
    },
    Failed,
    Aborting,
    Aborted,
    Succeeded,
}

impl ExecutionState {
    /// The word of the contract, in camel case of one word: `Running`, `Pausing`, ...
    pub fn word(&self) -> &'static str {
        match self {
            Self::Planned => "Planned",
            Self::Running => "Running",
            Self::Pausing { .. } => "Pausing",
            Self::Paused => "Paused",
            Self::Waiting { .. } => "Waiting",
            Self::Failed => "Failed",
            Self::Aborting => "Aborting",
            Self::Aborted => "Aborted",
            Self::Succeeded => "Succeeded",
        }
    }

    /// True where nothing can change it any more.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Aborted | Self::Succeeded)
    }
}

/// How one step stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum StepState {
    Pending,
    /// The request is being prepared or sent.
    Starting,
    /// Azure runs it; `text` is Azure's own word for how far it is.
    Running {
        text: String,
        hint: Option<AzureErrorDetail>,
    },
    /// An abort of ours is on its way.
    Stopping,
    /// Stopped by us before it was done.
    Stopped,
    Failed {
        error: AzureErrorDetail,
    },
    Succeeded,
    /// A gate that holds the execution.
    Holding,
    /// Left out by a person.
    Skipped {
        reason: String,
    },
}

impl StepState {
    /// One word for tables and JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Starting => "starting",
            Self::Running { .. } => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed { .. } => "failed",
            Self::Succeeded => "succeeded",
            Self::Holding => "holding",
            Self::Skipped { .. } => "skipped",
        }
    }

    /// True where the plan goes on behind this step.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Skipped { .. })
    }
}

/// What holds an execution that is `Waiting` at a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateView {
    pub step: StepId,
    pub kind: GateKind,
    /// What it waits for, in a sentence.
    pub reason: String,
    pub since: Timestamp,
    /// For a wait: when it is over.
    pub until: Option<Timestamp>,
}

/// The runs of one smoke test in this execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmokeView {
    pub name: SmokeTestName,
    /// Oldest first; the newest [`SMOKE_RUNS_KEPT`].
    pub runs: Vec<SmokeRun>,
}

/// Runs of one smoke test that a view carries.
pub const SMOKE_RUNS_KEPT: usize = 120;

/// One step with its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepView {
    pub step: Step,
    pub state: StepState,
    /// Attempts begun; 0 while pending.
    pub attempt: u32,
    pub since: Option<Timestamp>,
}

/// An execution with everything a screen or a document needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionView {
    pub id: ExecutionId,
    pub plan: Arc<Plan>,
    pub state: ExecutionState,
    /// When the state was entered.
    pub since: Timestamp,
    pub started_at: Timestamp,
    pub started_by: Person,
    pub steps: Vec<StepView>,
    /// Who drives now; `None` where no driver is alive.
    pub driver: Option<Person>,
    /// Why it is held or failed, and what to do, in one or two sentences.
    pub message: Option<String>,
    /// Nodes a pause or abort left cordoned or half drained, to be repaired.
    pub leftovers: Vec<NodeName>,
    /// The gate that holds it.
    pub gate: Option<GateView>,
    /// In the plan's order; tests that have not run yet have no runs.
    pub smoke: Vec<SmokeView>,
    /// Who asks for the controls.
    pub controls_asked_by: Option<Person>,
    /// Who was given the controls and has not taken them yet.
    pub handed_to: Option<Person>,
    pub lease: Option<LeaseState>,
    pub origin: Option<Origin>,
}

impl ExecutionView {
    /// Errors its steps ran into, the running one's included: the pool it was about, the error, and since when.
    pub fn errors(&self) -> impl Iterator<Item = (Option<&NodePoolName>, &AzureErrorDetail, Option<Timestamp>)> {
        self.steps.iter().filter_map(|step| match &step.state {
            StepState::Failed { error } | StepState::Running { hint: Some(error), .. } => {
                Some((step.step.kind.pool(), error, step.since))
            }
            _ => None,
        })
    }

    /// True where no step that moves anything comes after the one that runs: a pause after it would pause nothing.
    pub fn is_at_last_move(&self) -> bool {
        let mut ahead = self.steps.iter().filter(|step| !step.state.is_over()).skip(1);
        ahead.all(|step| step.step.kind.is_gate())
    }

    /// The step that runs or comes next; `None` when all have succeeded.
    pub fn current_step(&self) -> Option<&StepView> {
        self.steps.iter().find(|step| !step.state.is_over())
    }
}
