//! What a person can tell an execution to do.

use serde::{Deserialize, Serialize};

use crate::domain::ids::StepId;

/// Who gave a command, from the operating system and the settings; never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub host: String,
}

/// How soon a pause takes hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PauseDepth {
    /// The step in Azure finishes, the next does not start.
    AfterStep,
    /// Waits until no node is between cordon and ready, then aborts the Azure operation.
    NodeBoundary,
    /// Aborts at once; may leave a node cordoned or half drained.
    Now,
}

/// A command to an execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "command")]
pub enum Command {
    Pause {
        depth: PauseDepth,
    },
    Resume,
    /// Resume after a failure, as a new attempt.
    Retry,
    Abort,
    /// A person says yes to the approval that holds the execution; `step` guards against a late yes to another one.
    Approve {
        step: Option<StepId>,
        reason: String,
    },
    /// Leaves out the step that waits, has failed or is paused; the reason is recorded.
    Skip {
        step: Option<StepId>,
        reason: String,
    },
    /// Asks whoever drives to hand over the controls to the one who asks.
    AskForControls,
    /// The one who drives gives the controls away.
    HandOver {
        to: Person,
    },
}

impl Command {
    /// The word on the command line and in messages.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Resume => "resume",
            Self::Retry => "retry",
            Self::Abort => "abort",
            Self::Approve { .. } => "approve",
            Self::Skip { .. } => "skip",
            Self::AskForControls => "ask for the controls",
            Self::HandOver { .. } => "hand over",
        }
    }
}
