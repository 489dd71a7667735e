//! One record of every kind, for tests: of a plan with the steps `control-plane` and `pool-web`.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Ending, LeaseState, NotSentWhy, Origin, Purpose, Record};
use crate::domain::change::{Change, OperationLink, RequestPreview};
use crate::domain::ids::{ClusterId, StepId};
use crate::domain::provisioning::{AzureErrorDetail, ProvisioningState};
use crate::domain::smoke_test::SmokeRun;
use crate::domain::version::NodeImageVersion;
use crate::domain::workload::WorkloadPicture;
use crate::engine::command::{Command, PauseDepth, Person};
use crate::plan::step::Plan;

fn ada() -> Person {
    Person {
        name: "ada".to_owned(),
        host: "desk".to_owned(),
    }
}

fn step() -> StepId {
    "control-plane".into()
}

fn text() -> String {
    "in a few words".to_owned()
}

fn error() -> AzureErrorDetail {
    AzureErrorDetail {
        code: "QuotaExceeded".to_owned(),
        message: "no cores".to_owned(),
        ..AzureErrorDetail::default()
    }
}

fn change() -> Change {
    Change::UpgradeControlPlane {
        cluster: ClusterId::from_parts("s", "rg", "shop"),
        to: "1.34.2".parse().unwrap(),
    }
}

fn request() -> Box<RequestPreview> {
    Box::new(RequestPreview {
        change: change(),
        method: "PUT".to_owned(),
        path: "/shop".to_owned(),
        if_match: Some("etag-1".to_owned()),
        fields: Vec::new(),
        body: None,
    })
}

/// One of every kind, in the order of `Record::KINDS`.
pub(in crate::engine) fn one_of_each(plan: &Arc<Plan>) -> Vec<Record> {
    let mut records = about_people(plan);
    records.extend(about_requests());
    records.extend(about_steps());
    records.extend(about_gates());
    records.extend([
        Record::Aborting,
        Record::Aborted {
            message: text(),
            leftovers: vec!["n1".into()],
        },
        Record::Failed { message: text() },
        Record::Succeeded { message: Some(text()) },
    ]);
    records
}

fn about_people(plan: &Arc<Plan>) -> Vec<Record> {
    vec![
        Record::Created {
            plan: Arc::clone(plan),
            by: ada(),
            origin: Some(Origin::Foreign {
                operation: "Upgrading".to_owned(),
                started_by: None,
                started_at: None,
            }),
            despite: Some(text()),
        },
        Record::DriverTaken {
            by: ada(),
            pid: 7,
            reason: Some(text()),
        },
        Record::DriverLeft {
            by: ada(),
            why: text(),
            to: Some(ada()),
        },
        Record::ControlsAsked { by: ada() },
        Record::Lease {
            lease: LeaseState::Lost { holder: ada() },
        },
        Record::CommandReceived {
            command: Command::Pause {
                depth: PauseDepth::NodeBoundary,
            },
            by: ada(),
        },
        Record::CommandRefused {
            command: Command::HandOver { to: ada() },
            by: ada(),
            why: text(),
        },
    ]
}

fn about_requests() -> Vec<Record> {
    let request_id = Uuid::from_u128(1);
    let until = Some(Timestamp::UNIX_EPOCH);
    vec![
        Record::StepBegan {
            step: step(),
            attempt: 1,
        },
        Record::Waiting { reason: text(), until },
        Record::WaitingOver { until },
        Record::Found { found: text() },
        Record::Intent {
            purpose: Purpose::Step,
            step: step(),
            attempt: 1,
            request_id,
            request: request(),
        },
        Record::Accepted {
            request_id,
            operation: OperationLink::of_resource(&change()),
            state: Some(ProvisioningState::Upgrading),
            is_done: false,
        },
        Record::NotSent {
            request_id,
            why: NotSentWhy::Busy,
            error: error(),
            until,
        },
        Record::Refused {
            request_id,
            error: error(),
        },
        Record::AnswerLost {
            request_id,
            why: text(),
        },
        Record::Looked { found: text() },
        Record::NotTaken {
            request_id,
            why: text(),
        },
        Record::Adopted {
            operation: OperationLink::of_resource(&change()),
            why: text(),
        },
        Record::Observed {
            text: text(),
            hint: Some(error()),
        },
        Record::Troubled { what: text() },
        Record::TroubleOver,
        Record::OperationEnded {
            ending: Ending::Succeeded,
        },
        Record::ClaimVerified {
            node_image: Some(NodeImageVersion::new("AKSUbuntu-2204-202608.01.0")),
            note: Some(text()),
        },
    ]
}

fn about_steps() -> Vec<Record> {
    vec![
        Record::StepSucceeded {
            step: step(),
            note: Some(text()),
        },
        Record::StepFailed {
            step: step(),
            error: error(),
        },
        Record::StepStopped { step: step() },
        Record::Pausing {
            depth: PauseDepth::Now,
            until: Some(Timestamp::UNIX_EPOCH),
            message: Some(text()),
        },
        Record::BoundaryMissed { message: text() },
        Record::StopBegan { why: text() },
        Record::StopDelayed {
            until: Timestamp::UNIX_EPOCH,
            why: text(),
        },
        Record::StopDone,
        Record::StopGivenUp { why: text() },
        Record::Paused {
            message: text(),
            leftovers: Vec::new(),
        },
        Record::Resumed,
        Record::Retried,
    ]
}

fn about_gates() -> Vec<Record> {
    vec![
        Record::BaselineTaken {
            picture: Some(WorkloadPicture::default()),
            why: None,
        },
        Record::GateHolds {
            step: step(),
            reason: text(),
            until: Some(Timestamp::UNIX_EPOCH),
        },
        Record::GuardsDue { done: 1 },
        Record::Tested {
            run: SmokeRun {
                test: "checkout".into(),
                at: Timestamp::UNIX_EPOCH,
                passed: false,
                latency_milliseconds: 12,
                detail: text(),
            },
        },
        Record::Approved {
            step: step(),
            by: ada(),
            reason: text(),
        },
        Record::StepSkipped {
            step: step(),
            by: ada(),
            reason: text(),
        },
    ]
}
