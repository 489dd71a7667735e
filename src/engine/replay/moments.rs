//! The notable moments of an execution: where a person who looks back wants to stop. Pure.

use jiff::Timestamp;

use super::super::command::Person;
use super::super::record::Record;
use super::super::timeline;
use super::{MadeRepair, Tape};
use crate::domain::text::printable;

/// What makes a moment notable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MomentKind {
    StepBegan,
    StepEnded,
    /// Something holds nodes from here on.
    HoldBegan,
    HoldEnded,
    /// A gate holds the plan.
    Gate,
    GateOver,
    Paused,
    Resumed,
    Failed,
    Repair,
    Ended,
}

impl MomentKind {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::StepBegan => "stepBegan",
            Self::StepEnded => "stepEnded",
            Self::HoldBegan => "holdBegan",
            Self::HoldEnded => "holdEnded",
            Self::Gate => "gate",
            Self::GateOver => "gateOver",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Failed => "failed",
            Self::Repair => "repair",
            Self::Ended => "ended",
        }
    }

    /// True where something went wrong or stood still.
    pub fn is_problem(self) -> bool {
        matches!(self, Self::HoldBegan | Self::Paused | Self::Failed)
    }
}

/// One notable moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    pub at: Timestamp,
    pub kind: MomentKind,
    /// In a sentence; printable.
    pub what: String,
}

/// All of them, oldest first.
pub(super) fn of(records: &[(Timestamp, Record)], tape: &Tape, repairs: &[MadeRepair]) -> Vec<Moment> {
    let told = timeline::entries(records);
    let mut moments: Vec<Moment> = records
        .iter()
        .zip(told)
        .filter_map(|((at, record), entry)| {
            Some(Moment {
                at: *at,
                kind: kind_of(record)?,
                what: entry.what,
            })
        })
        .collect();
    moments.extend(tape.holds().into_iter().map(|(at, what, begins)| Moment {
        at,
        kind: if begins {
            MomentKind::HoldBegan
        } else {
            MomentKind::HoldEnded
        },
        what: printable(&if begins { what } else { format!("No longer: {what}") }),
    }));
    moments.extend(repairs.iter().map(|repair| Moment {
        at: repair.at,
        kind: MomentKind::Repair,
        what: printable(&format!("Repaired by {}: {}", person(&repair.by), repair.title)),
    }));
    moments.sort_by_key(|moment| moment.at);
    moments
}

fn person(person: &Person) -> String {
    format!("{}@{}", person.name, person.host)
}

/// True where a record tells of something that went wrong or stood still, so that a person looks for it.
pub fn is_problem(record_kind: &str) -> bool {
    matches!(
        record_kind,
        "refused"
            | "answerLost"
            | "notSent"
            | "stepFailed"
            | "stepStopped"
            | "boundaryMissed"
            | "stopGivenUp"
            | "paused"
            | "gateHolds"
            | "troubled"
            | "waiting"
            | "commandRefused"
            | "failed"
            | "aborted"
            | "unknown"
    )
}

fn kind_of(record: &Record) -> Option<MomentKind> {
    Some(match record {
        Record::StepBegan { .. } => MomentKind::StepBegan,
        Record::StepSucceeded { .. } | Record::StepStopped { .. } | Record::StepSkipped { .. } => MomentKind::StepEnded,
        Record::GateHolds { .. } => MomentKind::Gate,
        Record::Approved { .. } => MomentKind::GateOver,
        Record::Paused { .. } => MomentKind::Paused,
        Record::Resumed | Record::Retried => MomentKind::Resumed,
        Record::StepFailed { .. } | Record::Failed { .. } => MomentKind::Failed,
        Record::Succeeded { .. } | Record::Aborted { .. } => MomentKind::Ended,
        _ => return None,
    })
}
