//! One change of one Kubernetes object, as data: shown before it is made, written down, sent, and taken back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::subject::ObjectRef;

/// What is done to an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "edit")]
pub enum Edit {
    /// A JSON merge patch (RFC 7386): given keys are written, `null` takes one away, lists are replaced whole.
    MergePatch { patch: Value },
    /// `None` leaves the object its own grace period.
    #[serde(rename_all = "camelCase")]
    Delete { grace_seconds: Option<u32> },
    /// Makes it anew from a saved manifest.
    Create { manifest: Value },
}

/// One change of one object, safe against a change by somebody else meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectChange {
    pub object: ObjectRef,
    /// The object that was looked at: another one of the same name is not touched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The state that was looked at: one that was changed since is not touched. `None` where any will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
    #[serde(flatten)]
    pub edit: Edit,
}
