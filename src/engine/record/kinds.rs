//! The word of every kind of record, as it is stored in the field `kind`. Never a second list of what they mean.

use serde_json::Value;

use super::Record;

impl Record {
    /// The words of all kinds this version writes, in the order of their declaration.
    pub const KINDS: &[&str] = &[
        "created",
        "driverTaken",
        "driverLeft",
        "controlsAsked",
        "lease",
        "commandReceived",
        "commandRefused",
        "stepBegan",
        "waiting",
        "waitingOver",
        "found",
        "intent",
        "accepted",
        "notSent",
        "refused",
        "answerLost",
        "looked",
        "notTaken",
        "adopted",
        "observed",
        "troubled",
        "troubleOver",
        "operationEnded",
        "claimVerified",
        "stepSucceeded",
        "stepFailed",
        "stepStopped",
        "pausing",
        "boundaryMissed",
        "stopBegan",
        "stopDelayed",
        "stopDone",
        "stopGivenUp",
        "paused",
        "resumed",
        "retried",
        "baselineTaken",
        "gateHolds",
        "guardsDue",
        "tested",
        "approved",
        "stepSkipped",
        "aborting",
        "aborted",
        "failed",
        "succeeded",
    ];

    /// The word of its kind; of a record this version does not understand, its own word or `unknown`.
    pub fn kind(&self) -> &str {
        match self {
            Self::Created { .. } => "created",
            Self::DriverTaken { .. } => "driverTaken",
            Self::DriverLeft { .. } => "driverLeft",
            Self::ControlsAsked { .. } => "controlsAsked",
            Self::Lease { .. } => "lease",
            Self::CommandReceived { .. } => "commandReceived",
            Self::CommandRefused { .. } => "commandRefused",
            Self::StepBegan { .. } => "stepBegan",
            Self::Waiting { .. } => "waiting",
            Self::WaitingOver { .. } => "waitingOver",
            Self::Found { .. } => "found",
            Self::Intent { .. } => "intent",
            Self::Accepted { .. } => "accepted",
            Self::NotSent { .. } => "notSent",
            Self::Refused { .. } => "refused",
            Self::AnswerLost { .. } => "answerLost",
            Self::Looked { .. } => "looked",
            Self::NotTaken { .. } => "notTaken",
            Self::Adopted { .. } => "adopted",
            Self::Observed { .. } => "observed",
            Self::Troubled { .. } => "troubled",
            Self::TroubleOver => "troubleOver",
            Self::OperationEnded { .. } => "operationEnded",
            Self::ClaimVerified { .. } => "claimVerified",
            Self::StepSucceeded { .. } => "stepSucceeded",
            Self::StepFailed { .. } => "stepFailed",
            Self::StepStopped { .. } => "stepStopped",
            Self::Pausing { .. } => "pausing",
            Self::BoundaryMissed { .. } => "boundaryMissed",
            Self::StopBegan { .. } => "stopBegan",
            Self::StopDelayed { .. } => "stopDelayed",
            Self::StopDone => "stopDone",
            Self::StopGivenUp { .. } => "stopGivenUp",
            Self::Paused { .. } => "paused",
            Self::Resumed => "resumed",
            Self::Retried => "retried",
            Self::BaselineTaken { .. } => "baselineTaken",
            Self::GateHolds { .. } => "gateHolds",
            Self::GuardsDue { .. } => "guardsDue",
            Self::Tested { .. } => "tested",
            Self::Approved { .. } => "approved",
            Self::StepSkipped { .. } => "stepSkipped",
            Self::Aborting => "aborting",
            Self::Aborted { .. } => "aborted",
            Self::Failed { .. } => "failed",
            Self::Succeeded { .. } => "succeeded",
            Self::Unknown(value) => value.get("kind").and_then(Value::as_str).unwrap_or("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::super::samples::one_of_each;
    use super::super::{RECORD_VERSION, Record};
    use crate::domain::ids::ClusterId;
    use crate::plan::step::Plan;

    fn all() -> Vec<Record> {
        let plan = Plan {
            id: "p".into(),
            cluster: ClusterId::from_parts("s", "rg", "shop"),
            cluster_name: "shop".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            steps: Vec::new(),
            smoke_tests: Vec::new(),
        };
        one_of_each(&Arc::new(plan))
    }

    #[test]
    fn the_list_of_kinds_names_every_kind_once_and_as_it_is_stored() {
        let kinds: Vec<String> = all().iter().map(|record| record.kind().to_owned()).collect();
        assert_eq!(kinds, Record::KINDS);
        for record in all() {
            let stored: serde_json::Value = serde_json::from_str(&record.to_json()).unwrap();
            assert_eq!(stored["kind"], record.kind());
            assert_eq!(Record::from_json(RECORD_VERSION, &record.to_json()), record);
        }
    }

    #[test]
    fn the_table_in_the_documentation_names_the_same_kinds() {
        let source = include_str!("../record.rs");
        let named: Vec<&str> = source
            .lines()
            .filter_map(|line| line.strip_prefix("/// | `")?.split_once('`'))
            .map(|(kind, _)| kind)
            .collect();
        assert_eq!(named, Record::KINDS);
    }

    #[test]
    fn what_is_not_understood_keeps_its_own_word() {
        let newer = Record::Unknown(serde_json::json!({"kind": "teleported"}));
        assert_eq!(newer.kind(), "teleported");
        assert_eq!(Record::Unknown(serde_json::json!([1])).kind(), "unknown");
    }
}
