//! The whole story of an execution: who did what, when, with which request. Pure: records in, entries out.
//! Never leaves a record out, not even one that this version cannot read.

mod words;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::command::Person;
use super::record::{LeaseState, Record};
use crate::domain::ids::StepId;
use crate::domain::text::printable;
use crate::plan::step::Plan;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: Timestamp,
    /// `None` where nobody in particular did it: Azure, a gate, the driver by itself.
    pub who: Option<Person>,
    /// The record's kind, in the words of the format; `unknown` where it has none.
    pub kind: String,
    /// What happened, in a sentence; printable.
    pub what: String,
    pub step: Option<StepId>,
    pub request_id: Option<Uuid>,
}

/// Tells the story, oldest first; one entry for each record, unknown ones too.
pub fn entries(records: &[(Timestamp, Record)]) -> Vec<Entry> {
    let mut teller = Teller::default();
    records.iter().map(|(at, record)| teller.tell(*at, record)).collect()
}

/// What has been heard so far: which step runs, and which step a request was for.
#[derive(Default)]
struct Teller {
    plan: Option<Arc<Plan>>,
    step: Option<StepId>,
    requests: HashMap<Uuid, StepId>,
}

impl Teller {
    fn tell(&mut self, at: Timestamp, record: &Record) -> Entry {
        match record {
            Record::Created { plan, .. } => self.plan = Some(Arc::clone(plan)),
            Record::StepBegan { step, .. } => self.step = Some(step.clone()),
            Record::Intent { step, request_id, .. } => {
                self.requests.insert(*request_id, step.clone());
            }
            _ => {}
        }
        let request_id = request_of(record);
        let step = step_of(record)
            .or_else(|| request_id.and_then(|id| self.requests.get(&id)))
            .or_else(|| self.step.as_ref().filter(|_| is_about_the_step(record)))
            .cloned();
        let entry = Entry {
            at,
            who: who(record).cloned(),
            kind: printable(record.kind()),
            what: printable(&self.what(record)),
            step,
            request_id,
        };
        if ends_the_step(record) {
            self.step = None;
        }
        entry
    }

    /// What the step does, where the plan is known; its id otherwise.
    fn title(&self, step: &StepId) -> String {
        self.plan
            .as_ref()
            .and_then(|plan| plan.step(step))
            .map_or_else(|| format!("step {step}"), |step| step.kind.title())
    }

    fn what(&self, record: &Record) -> String {
        match record {
            Record::Created {
                plan, origin, despite, ..
            } => words::created(plan, origin.as_ref(), despite.as_deref()),
            Record::DriverTaken { pid, reason: None, .. } => format!("Took the controls, as process {pid}."),
            Record::DriverTaken {
                pid,
                reason: Some(reason),
                ..
            } => format!("Took the controls from a driver that was alive, as process {pid}, because: {reason}"),
            Record::DriverLeft { why, to: None, .. } => format!("Left the controls: {why}"),
            Record::DriverLeft { why, to: Some(to), .. } => {
                format!("Left the controls to {}: {why}", words::person(to))
            }
            Record::ControlsAsked { .. } => "Asked for the controls.".to_owned(),
            Record::Lease { lease } => words::lease(lease),
            Record::CommandReceived { command, .. } => format!("Said: {}.", words::command(command)),
            Record::CommandRefused { command, why, .. } => {
                format!("Said: {}; it was not taken: {why}", words::command(command))
            }
            Record::StepBegan { step, attempt } => format!("Began {}, attempt {attempt}.", self.title(step)),
            Record::Waiting { reason, until } => format!("Waits: {reason}{}", words::until(*until)),
            Record::WaitingOver { until } => format!("Waits no longer{}", words::not_before(*until)),
            Record::Intent {
                purpose, step, request, ..
            } => words::intent(*purpose, &self.title(step), request),
            Record::Accepted { state, is_done, .. } => words::accepted(state.as_ref(), *is_done),
            Record::NotSent { why, error, until, .. } => words::not_sent(*why, error, *until),
            Record::Refused { error, .. } => format!("Azure refused the request: {error}"),
            Record::AnswerLost { why, .. } => {
                format!("The answer is not known, so the resource is looked at: {why}")
            }
            Record::Found { found } => format!("Looked at the resource before anything is sent: {found}"),
            Record::Looked { found } => format!("Looked at the resource: {found}"),
            Record::NotTaken { why, .. } => format!("Azure had not taken the request: {why}"),
            Record::Adopted { why, .. } => format!("Follows the operation that runs: {why}"),
            Record::Observed { text, hint } => words::observed(text, hint.as_ref()),
            Record::Troubled { what } => format!("Azure cannot be asked: {what}"),
            Record::TroubleOver => "Azure answers again.".to_owned(),
            Record::OperationEnded { ending } => words::ended(*ending).to_owned(),
            Record::ClaimVerified { node_image, note } => words::verified(node_image.as_ref(), note.as_ref()),
            Record::StepSucceeded { step, note } => {
                words::with_note(&format!("Done: {}", self.title(step)), note.as_ref())
            }
            Record::StepFailed { step, error } => format!("Failed: {}. {error}", self.title(step)),
            Record::StepStopped { step } => format!("Stopped: {}.", self.title(step)),
            Record::Pausing { depth, until, message } => words::pausing(*depth, *until, message.as_ref()),
            Record::BoundaryMissed { message } => format!("No node boundary came: {message}"),
            Record::StopBegan { why } => format!("Azure is asked to stop the operation: {why}"),
            Record::StopDelayed { until, why } => format!("The stop has to wait: {why}{}", words::until(Some(*until))),
            Record::StopDone => "Azure has stopped the operation.".to_owned(),
            Record::StopGivenUp { why } => format!("The operation cannot be stopped and runs to its end: {why}"),
            Record::Paused { message, leftovers } => words::left("Paused", message, leftovers),
            Record::Resumed => "Goes on.".to_owned(),
            Record::Retried => "The failed step is tried again.".to_owned(),
            Record::BaselineTaken { picture, why } => words::baseline(picture.as_ref(), why.as_ref()),
            Record::GateHolds { step, reason, until } => {
                format!("Held at {}: {reason}{}", self.title(step), words::until(*until))
            }
            Record::GuardsDue { done: 1 } => "1 node of the step is done, so its smoke tests run.".to_owned(),
            Record::GuardsDue { done } => format!("{done} nodes of the step are done, so its smoke tests run."),
            Record::Tested { run } => words::tested(run),
            Record::Approved { step, reason, .. } => format!("Approved {}: {reason}", self.title(step)),
            Record::StepSkipped { step, reason, .. } => format!("Left out {}: {reason}", self.title(step)),
            Record::Aborting => "Is being aborted.".to_owned(),
            Record::Aborted { message, leftovers } => words::left("Aborted", message, leftovers),
            Record::Failed { message } => format!("The execution failed: {message}"),
            Record::Succeeded { message } => words::with_note("The execution succeeded", message.as_ref()),
            Record::Unknown(_) => {
                "Something this version does not know; a newer one wrote it, or it is damaged.".to_owned()
            }
        }
    }
}

fn who(record: &Record) -> Option<&Person> {
    match record {
        Record::Created { by, .. }
        | Record::DriverTaken { by, .. }
        | Record::DriverLeft { by, .. }
        | Record::ControlsAsked { by }
        | Record::CommandReceived { by, .. }
        | Record::CommandRefused { by, .. }
        | Record::Approved { by, .. }
        | Record::StepSkipped { by, .. } => Some(by),
        Record::Lease {
            lease: LeaseState::Lost { holder },
        } => Some(holder),
        _ => None,
    }
}

fn step_of(record: &Record) -> Option<&StepId> {
    match record {
        Record::StepBegan { step, .. }
        | Record::Intent { step, .. }
        | Record::StepSucceeded { step, .. }
        | Record::StepFailed { step, .. }
        | Record::StepStopped { step }
        | Record::GateHolds { step, .. }
        | Record::Approved { step, .. }
        | Record::StepSkipped { step, .. } => Some(step),
        _ => None,
    }
}

fn request_of(record: &Record) -> Option<Uuid> {
    match record {
        Record::Intent { request_id, .. }
        | Record::Accepted { request_id, .. }
        | Record::NotSent { request_id, .. }
        | Record::Refused { request_id, .. }
        | Record::AnswerLost { request_id, .. }
        | Record::NotTaken { request_id, .. } => Some(*request_id),
        _ => None,
    }
}

/// True where the record tells of the step that runs without naming it.
fn is_about_the_step(record: &Record) -> bool {
    matches!(
        record,
        Record::Waiting { .. }
            | Record::WaitingOver { .. }
            | Record::Found { .. }
            | Record::Looked { .. }
            | Record::Adopted { .. }
            | Record::Observed { .. }
            | Record::OperationEnded { .. }
            | Record::ClaimVerified { .. }
            | Record::StopBegan { .. }
            | Record::StopDelayed { .. }
            | Record::StopDone
            | Record::StopGivenUp { .. }
            | Record::BoundaryMissed { .. }
            | Record::GuardsDue { .. }
            | Record::Tested { .. }
    )
}

fn ends_the_step(record: &Record) -> bool {
    matches!(
        record,
        Record::StepSucceeded { .. }
            | Record::StepFailed { .. }
            | Record::StepStopped { .. }
            | Record::StepSkipped { .. }
    )
}

#[cfg(test)]
mod tests;
