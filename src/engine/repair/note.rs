//! What the journal keeps of a repair: the repair as it was shown, and one note for each thing that happened to it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::RepairRequest;
use crate::domain::azure_edit::PastField;
use crate::domain::change::{Change, FieldChange};
use crate::domain::object_change::ObjectChange;
use crate::engine::command::Person;
use crate::remedy::repair::Repair;

/// Version of both; a change that old readers would misread makes it grow.
pub(in crate::engine) const VERSION: u32 = 1;

/// The repair and what was shown of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::engine) struct Head {
    pub(in crate::engine) repair: Repair,
    pub(in crate::engine) requests: Vec<RepairRequest>,
}

/// Doing, or taking back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::engine) enum Turn {
    Do,
    Undo,
}

/// The exact change that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "api")]
pub(in crate::engine) enum Sent {
    Kubernetes {
        change: ObjectChange,
    },
    Azure {
        change: Change,
        /// What can be put back of it.
        past: Vec<PastField>,
    },
}

/// How a request was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "answer")]
pub(in crate::engine) enum Answer {
    #[serde(rename_all = "camelCase")]
    Made {
        /// Azure's operation that goes on, where one does.
        operation: Option<String>,
    },
    Refused {
        why: String,
    },
    /// No answer came; the object was looked at, and says that it was made.
    FoundMade,
    /// The object says that it was not made.
    FoundNotMade,
    /// No answer came, and the object does not tell.
    Unknown {
        why: String,
    },
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "note")]
pub(in crate::engine) enum Note {
    /// Written before the request leaves.
    Sending {
        turn: Turn,
        step: usize,
        sent: Box<Sent>,
        /// The object as it was read right before; `None` where there was none.
        before: Option<Value>,
        request: RepairRequest,
        fields: Vec<FieldChange>,
    },
    Answered {
        turn: Turn,
        step: usize,
        #[serde(flatten)]
        answer: Answer,
    },
    /// Nothing had to be sent.
    Skipped {
        turn: Turn,
        step: usize,
        why: String,
    },
    /// The turn is over; `why` says what stopped it.
    Ended {
        turn: Turn,
        why: Option<String>,
    },
    UndoBegun {
        by: Person,
        process: String,
    },
    /// Written by a newer version.
    #[serde(other)]
    Unknown,
}

impl Note {
    /// Reads a note; one that cannot be read is kept as unknown.
    pub(in crate::engine) fn from_json(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or(Self::Unknown)
    }
}

#[cfg(test)]
pub(in crate::engine) mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn notes_survive_their_journal_and_newer_ones_are_kept() {
        let request = RepairRequest {
            server: "Azure".to_owned(),
            method: "PUT".to_owned(),
            path: "/x".to_owned(),
            body: None,
        };
        let change = Change::AbortCluster {
            cluster: crate::domain::ids::ClusterId::new("/c"),
        };
        for note in [
            Note::Sending {
                turn: Turn::Do,
                step: 1,
                sent: Box::new(Sent::Azure {
                    change,
                    past: Vec::new(),
                }),
                before: Some(json!({"a": 1})),
                request,
                fields: Vec::new(),
            },
            Note::Answered {
                turn: Turn::Undo,
                step: 0,
                answer: Answer::Made { operation: None },
            },
            Note::Ended {
                turn: Turn::Do,
                why: None,
            },
        ] {
            let text = serde_json::to_string(&note).unwrap();
            assert_eq!(Note::from_json(&text), note, "{text}");
        }
        assert_eq!(Note::from_json(r#"{"note":"tomorrow","x":1}"#), Note::Unknown);
        assert_eq!(Note::from_json("{"), Note::Unknown);
    }
}
