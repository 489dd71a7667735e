//! What a person can tell an execution to do.

use serde::{Deserialize, Serialize};

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
}

impl Command {
    /// The word on the command line and in messages.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Resume => "resume",
            Self::Retry => "retry",
            Self::Abort => "abort",
        }
    }
}
