//! A record of each kind with the sentence the timeline makes of it.

use super::*;

type Told = (Record, &'static str);

/// Each kind with its sentence; some kinds more than once, one that nobody knows last.
pub(super) fn told() -> Vec<Told> {
    [people(), requests(), steps(), gates_and_ends()].concat()
}

fn id() -> Uuid {
    Uuid::from_u128(7)
}

fn web() -> StepId {
    StepId::new("pool-web")
}

fn minute() -> Timestamp {
    Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_mins(1)
}

fn operation() -> OperationLink {
    OperationLink {
        async_operation: Some("https://example.com/?sig=secret".to_owned()),
        location: None,
        cluster: cluster(),
        pool: None,
    }
}

fn people() -> Vec<Told> {
    vec![
        (
            Record::Created {
                plan: plan(),
                by: ada(),
                origin: None,
                despite: None,
            },
            "Planned the upgrade of shop, 2 steps.",
        ),
        (
            Record::Created {
                plan: plan(),
                by: ada(),
                origin: None,
                despite: Some("the budget is relaxed by then".to_owned()),
            },
            "Planned the upgrade of shop, 2 steps. Started although the checks named blockers: the budget is relaxed by then",
        ),
        (
            Record::Created {
                plan: plan(),
                by: ada(),
                origin: Some(Origin::Foreign {
                    operation: "Upgrading".to_owned(),
                    started_by: Some("eve@example.com".to_owned()),
                    started_at: None,
                }),
                despite: None,
            },
            "Took charge of an operation of shop that eve@example.com had started: Upgrading.",
        ),
        (
            Record::Created {
                plan: plan(),
                by: ada(),
                origin: Some(Origin::OtherMachine {
                    execution: "x1".into(),
                    driver: bob(),
                    reason: "end of shift".to_owned(),
                    done: vec![web()],
                }),
                despite: None,
            },
            "Took over execution x1 of shop from bob@laptop, 1 of 2 steps done, because: end of shift",
        ),
        (
            Record::DriverTaken {
                by: ada(),
                pid: 7,
                reason: None,
            },
            "Took the controls, as process 7.",
        ),
        (
            Record::DriverTaken {
                by: ada(),
                pid: 7,
                reason: Some("it hangs".to_owned()),
            },
            "Took the controls from a driver that was alive, as process 7, because: it hangs",
        ),
        (
            Record::DriverLeft {
                by: ada(),
                why: "handed over".to_owned(),
                to: Some(bob()),
            },
            "Left the controls to bob@laptop: handed over",
        ),
        (Record::ControlsAsked { by: bob() }, "Asked for the controls."),
        (
            Record::Lease {
                lease: LeaseState::Lost { holder: bob() },
            },
            "bob@laptop has the cluster's Lease, so nothing is done here.",
        ),
        (
            Record::CommandReceived {
                command: Command::Pause {
                    depth: PauseDepth::NodeBoundary,
                },
                by: ada(),
            },
            "Said: pause at the next node boundary.",
        ),
        (
            Record::CommandRefused {
                command: Command::Retry,
                by: ada(),
                why: "it runs".to_owned(),
            },
            "Said: retry; it was not taken: it runs",
        ),
    ]
}

fn requests() -> Vec<Told> {
    vec![
        (
            Record::Intent {
                purpose: Purpose::Stop,
                step: web(),
                attempt: 1,
                request_id: id(),
                request: request(),
            },
            "Sends the request that stops node pool web to 1.34.2: POST /pools/web/abort",
        ),
        (
            Record::Accepted {
                request_id: id(),
                operation: operation(),
                state: Some(ProvisioningState::Canceling),
                is_done: false,
            },
            "Azure took the request; the resource says Canceling.",
        ),
        (
            Record::NotSent {
                request_id: id(),
                why: NotSentWhy::Busy,
                error: quota(),
                until: None,
            },
            "Azure did nothing, and will be asked again: another operation runs. QuotaExceeded: no cores",
        ),
        (
            Record::Refused {
                request_id: id(),
                error: quota(),
            },
            "Azure refused the request: QuotaExceeded: no cores",
        ),
        (
            Record::AnswerLost {
                request_id: id(),
                why: "the line broke".to_owned(),
            },
            "The answer is not known, so the resource is looked at: the line broke",
        ),
        (
            Record::Looked {
                found: "it is Updating".to_owned(),
            },
            "Looked at the resource: it is Updating",
        ),
        (
            Record::NotTaken {
                request_id: id(),
                why: "it is as before".to_owned(),
            },
            "Azure had not taken the request: it is as before",
        ),
        (
            Record::Adopted {
                operation: operation(),
                why: "it was there".to_owned(),
            },
            "Follows the operation that runs: it was there",
        ),
        (
            Record::Observed {
                text: "InProgress".to_owned(),
                hint: Some(quota()),
            },
            "Azure says InProgress, and tries again after: QuotaExceeded: no cores",
        ),
        (
            Record::Troubled {
                what: "throttled".to_owned(),
            },
            "Azure cannot be asked: throttled",
        ),
        (Record::TroubleOver, "Azure answers again."),
        (
            Record::OperationEnded {
                ending: Ending::Stopped,
            },
            "Azure has stopped as asked; the nodes are looked at.",
        ),
        (
            Record::ClaimVerified {
                node_image: None,
                note: Some("One pool was not moved.".to_owned()),
            },
            "The resource says what was promised; its nodes are looked at. One pool was not moved.",
        ),
        (
            Record::Found {
                found: "it is as planned".to_owned(),
            },
            "Looked at the resource before anything is sent: it is as planned",
        ),
    ]
}

fn steps() -> Vec<Told> {
    vec![
        (
            Record::StepBegan {
                step: web(),
                attempt: 2,
            },
            "Began node pool web to 1.34.2, attempt 2.",
        ),
        (
            Record::Waiting {
                reason: "another operation runs".to_owned(),
                until: Some(minute()),
            },
            "Waits: another operation runs (until 1970-01-01 00:01:00 UTC)",
        ),
        (Record::WaitingOver { until: None }, "Waits no longer."),
        (
            Record::StepSucceeded {
                step: web(),
                note: Some("One node was not seen.".to_owned()),
            },
            "Done: node pool web to 1.34.2. One node was not seen.",
        ),
        (
            Record::StepFailed {
                step: web(),
                error: quota(),
            },
            "Failed: node pool web to 1.34.2. QuotaExceeded: no cores",
        ),
        (Record::StepStopped { step: web() }, "Stopped: node pool web to 1.34.2."),
        (
            Record::Pausing {
                depth: PauseDepth::Now,
                until: None,
                message: None,
            },
            "Is to pause now.",
        ),
        (
            Record::BoundaryMissed {
                message: "nodes were always busy".to_owned(),
            },
            "No node boundary came: nodes were always busy",
        ),
        (
            Record::StopBegan {
                why: "paused now".to_owned(),
            },
            "Azure is asked to stop the operation: paused now",
        ),
        (
            Record::StopDelayed {
                until: minute(),
                why: "throttled".to_owned(),
            },
            "The stop has to wait: throttled (until 1970-01-01 00:01:00 UTC)",
        ),
        (Record::StopDone, "Azure has stopped the operation."),
        (
            Record::StopGivenUp {
                why: "it is nearly done".to_owned(),
            },
            "The operation cannot be stopped and runs to its end: it is nearly done",
        ),
    ]
}

fn gates_and_ends() -> Vec<Told> {
    vec![
        (
            Record::Paused {
                message: "As asked.".to_owned(),
                leftovers: vec!["web-0".into()],
            },
            "Paused: As asked. Nodes to be repaired: web-0.",
        ),
        (Record::Resumed, "Goes on."),
        (Record::Retried, "The failed step is tried again."),
        (
            Record::BaselineTaken {
                picture: Some(picture()),
                why: None,
            },
            "Counted the workloads beforehand: 0 of 1 are ready; 1 pod waits for a node.",
        ),
        (
            Record::BaselineTaken {
                picture: None,
                why: Some("denied".to_owned()),
            },
            "The workloads could not be counted beforehand, so readiness cannot be compared: denied",
        ),
        (
            Record::GateHolds {
                step: "gate".into(),
                reason: "a person decides".to_owned(),
                until: None,
            },
            "Held at approval: go on?: a person decides",
        ),
        (
            Record::GuardsDue { done: 2 },
            "2 nodes of the step are done, so its smoke tests run.",
        ),
        (
            Record::Tested { run: run(true, "") },
            "Smoke test cart passed in 84 ms.",
        ),
        (
            Record::Tested {
                run: run(false, "503 instead of 200"),
            },
            "Smoke test cart failed in 84 ms: 503 instead of 200",
        ),
        (
            Record::Approved {
                step: "gate".into(),
                by: bob(),
                reason: "looks good".to_owned(),
            },
            "Approved approval: go on?: looks good",
        ),
        (
            Record::StepSkipped {
                step: "gate".into(),
                by: bob(),
                reason: "agreed on the phone".to_owned(),
            },
            "Left out approval: go on?: agreed on the phone",
        ),
        (Record::Aborting, "Is being aborted."),
        (
            Record::Aborted {
                message: "As asked.".to_owned(),
                leftovers: Vec::new(),
            },
            "Aborted: As asked.",
        ),
        (
            Record::Failed {
                message: "no cores".to_owned(),
            },
            "The execution failed: no cores",
        ),
        (Record::Succeeded { message: None }, "The execution succeeded."),
        (
            Record::Unknown(json!({"kind": "teleported", "v": 9})),
            "Something this version does not know; a newer one wrote it, or it is damaged.",
        ),
    ]
}
