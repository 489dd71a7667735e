//! A repair: a remedy made exact for one cause on one cluster, with what it changes and how that is taken back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::library::Risk;
use crate::domain::change::Change;
use crate::domain::ids::ClusterId;
use crate::domain::object_change::ObjectChange;
use crate::domain::subject::ObjectRef;

/// One request of a repair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "api")]
pub enum RepairStep {
    Kubernetes {
        change: ObjectChange,
    },
    /// Becomes a merge patch when the object is read right before it, so that entries of others stay.
    KubernetesList {
        change: ListChange,
    },
    Azure {
        change: Change,
    },
}

/// A change inside a list of an object: a merge patch replaces lists whole, and would take away what others put there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListChange {
    pub object: ObjectRef,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Keys from the root; in a list, the `name` of the entry.
    pub path: Vec<String>,
    #[serde(flatten)]
    pub edit: ListEdit,
}

/// What is done at the end of the path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "listEdit")]
pub enum ListEdit {
    Set {
        value: Value,
    },
    /// Appends to the list there, where it does not hold it yet.
    Add {
        item: Value,
    },
    Remove {
        item: Value,
    },
}

/// How a repair is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "undo")]
pub enum Undo {
    /// What was there before is read and kept right before each step, and put back in the opposite order.
    PutBack,
    /// Other changes than the opposite.
    Steps { steps: Vec<RepairStep> },
    /// It cannot be taken back, and why.
    Impossible { why: String },
    /// Nothing is left to take back.
    NotNeeded,
}

/// A remedy, exact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Repair {
    pub cluster: ClusterId,
    /// Id of the remedy library.
    pub remedy: String,
    /// Code of the cause it is for; `None` where a person chose it without one.
    pub cause: Option<String>,
    /// What will be done, with its object, as `allow one disruption in PodDisruptionBudget shop/web-pdb`.
    pub title: String,
    pub risk: Risk,
    /// What may go wrong, and who may revert it (GitOps, an autoscaler, an operator).
    pub cautions: Vec<String>,
    /// In this order; one that fails stops the rest.
    pub steps: Vec<RepairStep>,
    pub undo: Undo,
}

/// Why a remedy cannot be made exact here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPossible {
    #[error("the remedy '{id}' is not known")]
    Unknown { id: String },
    /// Only a person can do it.
    #[error("{how}")]
    ByHand { how: String },
    #[error("it cannot be done here: {why}")]
    NotHere { why: String },
}
