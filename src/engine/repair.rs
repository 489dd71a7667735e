//! Repairs as people see them: what will be sent, what was changed, and how it is taken back. Values only.

pub(super) mod inverse;
pub(super) mod note;
pub(super) mod shown;
pub(super) mod story;
pub(super) mod verdict;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::command::Person;
use crate::domain::ids::ClusterId;
use crate::remedy::repair::Repair;

/// One request, as it will be sent or was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepairRequest {
    /// `Azure`, or the API server's address.
    pub server: String,
    pub method: String,
    pub path: String,
    /// Pretty JSON, printable and without secrets.
    pub body: Option<String>,
}

/// What a repair would send now; nothing was sent yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairPreview {
    pub repair: Repair,
    pub requests: Vec<RepairRequest>,
}

/// How a repair stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepairState {
    /// Written down; how far it came is not known while its process lives, or after it died.
    Begun,
    Done,
    Failed {
        why: String,
    },
    Undone,
    UndoFailed {
        why: String,
    },
}

/// One repair of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairEntry {
    /// Short, unique in one journal, safe to type: `r-7`.
    pub id: String,
    pub cluster: ClusterId,
    pub at: Timestamp,
    pub by: Person,
    pub repair: Repair,
    pub requests: Vec<RepairRequest>,
    /// What it changed, a sentence for each object.
    pub changed: Vec<String>,
    pub state: RepairState,
    /// What undoing would do, in words; `None` where nothing can be taken back.
    pub undo: Option<String>,
}
