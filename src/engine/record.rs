//! What the journal stores about an execution, versioned. Few and precious: everything else can be seen again.
//! Never changes the meaning of a published kind; a kind this program does not know is kept as it is.

mod kinds;
#[cfg(test)]
pub(in crate::engine) mod samples;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::command::{Command, PauseDepth, Person};
use crate::domain::change::{OperationLink, RequestPreview};
use crate::domain::ids::{ExecutionId, NodeName, StepId};
use crate::domain::provisioning::{AzureErrorDetail, ProvisioningState};
use crate::domain::smoke_test::SmokeRun;
use crate::domain::version::NodeImageVersion;
use crate::domain::workload::WorkloadPicture;
use crate::plan::step::Plan;

/// The newest format of a record this program writes, kept in the field `v`.
pub const RECORD_VERSION: u32 = 2;

/// Which of the two requests an execution can have in Azure at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// The step's own change.
    Step,
    /// The abort that stops it.
    Stop,
    /// Smoke tests that run while the step moves nodes; never a request to Azure.
    Guard,
}

/// How the step's operation ended, where that is not yet the end of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ending {
    /// Azure says it is done; the resource and its nodes are still to be looked at.
    Succeeded,
    /// Stopped as asked; the nodes are still to be looked at.
    Stopped,
}

/// Why Azure did nothing although it may be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NotSentWhy {
    /// The resource is not as it was when the request was prepared.
    Changed,
    /// Another operation runs.
    Busy,
    /// Throttled, not logged in, or out of reach.
    Later,
}

/// Where an execution came from that did not begin here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Origin {
    /// An operation somebody else started was running already.
    Foreign {
        /// Azure's state word for it.
        operation: String,
        /// From the activity log; `None` where that does not say.
        started_by: Option<String>,
        started_at: Option<Timestamp>,
    },
    /// Taken over from a driver on another machine, by what its Lease told.
    OtherMachine {
        execution: ExecutionId,
        driver: Person,
        reason: String,
        /// Steps that driver had finished.
        done: Vec<StepId>,
    },
}

/// What is known of the cluster's Lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LeaseState {
    /// It is ours.
    Held,
    /// It cannot be had or asked for; Azure's own refusals are what is left.
    Unavailable { why: String },
    /// Somebody else has it: this driver does not act.
    Lost { holder: Person },
}

/// One thing that happened to an execution.
///
/// | kind | says |
/// |---|---|
/// | `created` | the plan, who started it, and where it came from; always the first |
/// | `driverTaken` | a driver took the place |
/// | `driverLeft` | a driver left, perhaps for somebody |
/// | `controlsAsked` | somebody wants the controls |
/// | `lease` | what became of the cluster's Lease |
/// | `commandReceived` | a person's command was taken |
/// | `commandRefused` | a person's command means nothing now, and why |
/// | `stepBegan` | an attempt of a step began |
/// | `waiting` | something outside holds the step |
/// | `waitingOver` | that is over |
/// | `found` | the resource was looked at before anything was sent; the request is prepared next |
/// | `intent` | a request is about to leave |
/// | `accepted` | Azure took it |
/// | `notSent` | Azure did nothing, and may be asked again |
/// | `refused` | Azure said no |
/// | `answerLost` | whether Azure took it is not known |
/// | `looked` | a look did not decide yet |
/// | `notTaken` | looking showed that Azure did not take the request |
/// | `adopted` | an operation is followed from here on |
/// | `observed` | Azure's word on how far it is has changed |
/// | `troubled` | something cannot be asked at the moment |
/// | `troubleOver` | it can be asked again |
/// | `operationEnded` | the operation is over; what it did is looked at next |
/// | `claimVerified` | Azure's resources agree; the nodes are looked at next |
/// | `stepSucceeded` | the step is done |
/// | `stepFailed` | the step failed, in Azure's words |
/// | `stepStopped` | the attempt was stopped |
/// | `pausing` | a pause was asked for, by a person or by a failed guard |
/// | `boundaryMissed` | no node boundary came; it runs on |
/// | `stopBegan` | the operation is to be stopped now |
/// | `stopDelayed` | the abort has to wait |
/// | `stopDone` | Azure's abort is done |
/// | `stopGivenUp` | the operation cannot be stopped |
/// | `paused` | the execution rests |
/// | `resumed` | it goes on |
/// | `retried` | it goes on after a failure |
/// | `baselineTaken` | the readiness of all workloads before anything was touched |
/// | `gateHolds` | a gate holds the execution, and why |
/// | `guardsDue` | another node is done: the step's guards run |
/// | `tested` | one run of a smoke test |
/// | `approved` | a person said yes |
/// | `stepSkipped` | a person left a step out |
/// | `aborting` | an abort was asked for |
/// | `aborted` | the execution was aborted; final |
/// | `failed` | the execution failed, and can be retried |
/// | `succeeded` | all steps are over; final |
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Record {
    Created {
        plan: Arc<Plan>,
        by: Person,
        /// `None` where it began here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Origin>,
        /// Why it was started although the checks before it named blockers; a person's own words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        despite: Option<String>,
    },
    DriverTaken {
        by: Person,
        pid: u32,
        /// Why the place was taken from a driver that was alive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    DriverLeft {
        by: Person,
        why: String,
        /// Who was given the controls.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Person>,
    },
    /// Somebody wants the controls; whoever drives may hand them over.
    ControlsAsked {
        by: Person,
    },
    /// What is known of the cluster's Lease, which tells other machines who drives.
    Lease {
        lease: LeaseState,
    },
    CommandReceived {
        command: Command,
        by: Person,
    },
    /// The command came at a time at which it means nothing.
    CommandRefused {
        command: Command,
        by: Person,
        why: String,
    },
    StepBegan {
        step: StepId,
        attempt: u32,
    },
    /// Something outside holds the step; nothing of ours is in Azure.
    Waiting {
        reason: String,
        /// When it is tried again; `None` where another operation has to end first.
        until: Option<Timestamp>,
    },
    WaitingOver {
        /// Not to be tried before, where it was held again and again.
        until: Option<Timestamp>,
    },
    /// The resource as it is before anything is sent. The step's request is prepared next.
    Found {
        found: String,
    },
    /// A request is about to leave. Written before it does.
    Intent {
        purpose: Purpose,
        step: StepId,
        attempt: u32,
        request_id: Uuid,
        request: Box<RequestPreview>,
    },
    Accepted {
        request_id: Uuid,
        operation: OperationLink,
        /// The resource's state in the reply; not yet progress.
        state: Option<ProvisioningState>,
        /// True where Azure has nothing more to do.
        is_done: bool,
    },
    /// Azure did nothing, and the same may be asked again.
    NotSent {
        request_id: Uuid,
        why: NotSentWhy,
        error: AzureErrorDetail,
        /// Not to be tried before.
        until: Option<Timestamp>,
    },
    /// Azure said no.
    Refused {
        request_id: Uuid,
        error: AzureErrorDetail,
    },
    /// Whether Azure took the request is not known; the resource is looked at before anything else.
    AnswerLost {
        request_id: Uuid,
        why: String,
    },
    /// A look at the resource did not decide yet.
    Looked {
        found: String,
    },
    /// Looking showed that Azure did not take the request.
    NotTaken {
        request_id: Uuid,
        why: String,
    },
    /// From now on the step's operation is followed here.
    Adopted {
        operation: OperationLink,
        why: String,
    },
    /// Azure's word on how far the operation is; only changes are written.
    Observed {
        text: String,
        hint: Option<AzureErrorDetail>,
    },
    /// Azure cannot be asked at the moment. What runs in Azure is not touched by it.
    Troubled {
        what: String,
    },
    TroubleOver,
    OperationEnded {
        ending: Ending,
    },
    /// The resource says what the operation's end promised, or all resources what the plan promised; the nodes are
    /// looked at next.
    ClaimVerified {
        node_image: Option<NodeImageVersion>,
        /// What else was seen, for instance pools that the plan does not move.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    StepSucceeded {
        step: StepId,
        /// What could not be made sure of.
        note: Option<String>,
    },
    StepFailed {
        step: StepId,
        error: AzureErrorDetail,
    },
    StepStopped {
        step: StepId,
    },
    Pausing {
        depth: PauseDepth,
        /// For a node boundary: until when one is waited for.
        until: Option<Timestamp>,
        message: Option<String>,
    },
    /// No node boundary came; the execution runs on, and the question is asked again.
    BoundaryMissed {
        message: String,
    },
    /// The operation is to be stopped now.
    StopBegan {
        why: String,
    },
    /// The abort has to wait.
    StopDelayed {
        until: Timestamp,
        why: String,
    },
    /// Azure's abort is done; the resource's own state tells the rest.
    StopDone,
    /// The operation cannot be stopped; it is followed to its own end.
    StopGivenUp {
        why: String,
    },
    Paused {
        message: String,
        leftovers: Vec<NodeName>,
    },
    Resumed,
    Retried,
    /// The readiness of all workloads before anything was touched; `None` where it could not be read.
    BaselineTaken {
        picture: Option<WorkloadPicture>,
        why: Option<String>,
    },
    /// A gate holds the execution.
    GateHolds {
        step: StepId,
        reason: String,
        /// For a wait: when it is over.
        until: Option<Timestamp>,
    },
    /// Another node of the step is done: its guards run.
    GuardsDue {
        /// Nodes of the step that are done.
        done: u32,
    },
    /// One run of a smoke test, of the current step or of its guard.
    Tested {
        run: SmokeRun,
    },
    Approved {
        step: StepId,
        by: Person,
        reason: String,
    },
    StepSkipped {
        step: StepId,
        by: Person,
        reason: String,
    },
    Aborting,
    Aborted {
        message: String,
        leftovers: Vec<NodeName>,
    },
    Failed {
        message: String,
    },
    Succeeded {
        message: Option<String>,
    },
    /// Written by a newer version, or damaged: kept, not understood.
    #[serde(untagged)]
    Unknown(Value),
}

impl Record {
    /// The record as it is stored: JSON with its version in `v`.
    pub fn to_json(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let (Value::Object(fields), false) = (&mut value, matches!(self, Self::Unknown(_))) {
            fields.insert("v".to_owned(), RECORD_VERSION.into());
        }
        value.to_string()
    }

    /// Reads a stored record. A newer version, an unknown kind or a damaged text is `Unknown`, never an error.
    pub fn from_json(version: u32, json: &str) -> Self {
        let Ok(value) = serde_json::from_str::<Value>(json) else {
            return Self::Unknown(Value::String(json.to_owned()));
        };
        if version > RECORD_VERSION {
            return Self::Unknown(value);
        }
        Self::deserialize(&value).unwrap_or(Self::Unknown(value))
    }

    /// True where nothing can come after it.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Aborted { .. } | Self::Succeeded { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> Person {
        Person {
            name: "ada".to_owned(),
            host: "desk".to_owned(),
        }
    }

    #[test]
    fn records_come_back_as_they_were() {
        let records = [
            Record::DriverTaken {
                by: ada(),
                pid: 7,
                reason: None,
            },
            Record::CommandReceived {
                command: Command::Pause {
                    depth: PauseDepth::NodeBoundary,
                },
                by: ada(),
            },
            Record::WaitingOver { until: None },
            Record::Waiting {
                reason: "Azure is throttling".to_owned(),
                until: Some(Timestamp::UNIX_EPOCH),
            },
            Record::StepFailed {
                step: "pool-web".into(),
                error: AzureErrorDetail {
                    code: "QuotaExceeded".to_owned(),
                    message: "no cores".to_owned(),
                    ..AzureErrorDetail::default()
                },
            },
            Record::Succeeded { message: None },
        ];
        for record in records {
            assert_eq!(Record::from_json(RECORD_VERSION, &record.to_json()), record);
        }
    }

    #[test]
    fn the_stored_form_carries_kind_and_version() {
        assert_eq!(
            Record::StepBegan {
                step: "pool-web".into(),
                attempt: 2
            }
            .to_json(),
            r#"{"attempt":2,"kind":"stepBegan","step":"pool-web","v":2}"#
        );
    }

    #[test]
    fn what_a_newer_version_wrote_survives() {
        for (version, json) in [
            (3, r#"{"kind":"resumed","v":3}"#),
            (1, r#"{"kind":"teleported","to":"mars","v":1}"#),
            (1, r#"{"kind":"stepBegan","v":1}"#),
            (1, "[1]"),
        ] {
            let record = Record::from_json(version, json);
            assert!(matches!(record, Record::Unknown(_)), "{json}");
            assert_eq!(record.to_json(), json);
        }
        assert!(matches!(Record::from_json(1, "{\"kind"), Record::Unknown(_)));
    }
}
