//! `apply`: the one fold of records into a state, for the live run, recovery and replay.
//! Total: a record out of place changes as much as it can, and never panics.

mod gates;
mod observations;
mod requests;

use jiff::Timestamp;

use super::super::command::Command;
use super::super::record::Record;
use super::super::view::{ExecutionState, StepState};
use super::state::{Guards, State, Work};
use crate::domain::ids::StepId;
use crate::plan::step::StepKind;

/// Folds one record, written at `at`, into the state.
pub fn apply(state: &mut State, record: &Record, at: Timestamp) {
    state.records += 1;
    match record {
        Record::Created { .. }
        | Record::CommandReceived { .. }
        | Record::DriverTaken { .. }
        | Record::DriverLeft { .. }
        | Record::ControlsAsked { .. }
        | Record::Lease { .. }
        | Record::CommandRefused { .. } => apply_people(state, record),
        Record::Intent { .. }
        | Record::Accepted { .. }
        | Record::NotSent { .. }
        | Record::Refused { .. }
        | Record::AnswerLost { .. }
        | Record::NotTaken { .. } => requests::apply_request(state, record, at),
        Record::StopBegan { .. }
        | Record::StopDelayed { .. }
        | Record::StopDone
        | Record::StopGivenUp { .. }
        | Record::Pausing { .. }
        | Record::BoundaryMissed { .. } => requests::apply_stop(state, record, at),
        Record::StepBegan { .. }
        | Record::StepSucceeded { .. }
        | Record::StepFailed { .. }
        | Record::StepStopped { .. }
        | Record::Paused { .. }
        | Record::Resumed
        | Record::Retried
        | Record::Aborting
        | Record::Aborted { .. }
        | Record::Failed { .. }
        | Record::Succeeded { .. } => apply_course(state, record, at),
        Record::Waiting { .. }
        | Record::WaitingOver { .. }
        | Record::Found { .. }
        | Record::Looked { .. }
        | Record::Adopted { .. }
        | Record::Observed { .. }
        | Record::Troubled { .. }
        | Record::TroubleOver
        | Record::OperationEnded { .. }
        | Record::ClaimVerified { .. } => observations::apply_observation(state, record, at),
        Record::BaselineTaken { .. }
        | Record::GateHolds { .. }
        | Record::GuardsDue { .. }
        | Record::Tested { .. }
        | Record::Approved { .. }
        | Record::StepSkipped { .. } => gates::apply_gate(state, record, at),
        Record::Unknown(_) => state.unreadable += 1,
    }
}

fn apply_people(state: &mut State, record: &Record) {
    match record {
        Record::DriverTaken { by, .. } => {
            state.driver = Some(by.clone());
            state.controls_asked_by = None;
            state.handed_to = None;
        }
        Record::DriverLeft { to, .. } => {
            state.driver = None;
            if to.is_some() {
                state.handed_to.clone_from(to);
            }
        }
        Record::ControlsAsked { by } => state.controls_asked_by = Some(by.clone()),
        Record::Lease { lease } => state.lease = Some(lease.clone()),
        Record::CommandReceived {
            command: Command::HandOver { to },
            ..
        } => state.handed_to = Some(to.clone()),
        Record::CommandRefused { by, why, .. } => state.message = Some(format!("{}: {why}", by.name)),
        _ => {}
    }
}

fn apply_course(state: &mut State, record: &Record, at: Timestamp) {
    match record {
        Record::StepBegan { step, attempt } => begin_step(state, step, *attempt, at),
        Record::StepSucceeded { step, note } => {
            state.set_step(step, StepState::Succeeded, at);
            state.rest(at);
            state.message.clone_from(note);
        }
        Record::StepFailed { step, error } => {
            state.set_step(step, StepState::Failed { error: error.clone() }, at);
            state.rest(at);
        }
        Record::StepStopped { step } => {
            state.set_step(step, StepState::Stopped, at);
            state.rest(at);
        }
        Record::Paused { message, leftovers } => {
            state.enter(ExecutionState::Paused, at);
            state.message = Some(message.clone());
            state.leftovers.clone_from(leftovers);
        }
        Record::Resumed | Record::Retried => {
            state.enter(ExecutionState::Running, at);
            state.boundary_until = None;
            state.message = None;
            // A person lets the nodes move on: the guards begin anew with the next node.
            state.guards.failed = None;
            state.guards.failures = 0;
        }
        Record::Aborting => {
            state.enter(ExecutionState::Aborting, at);
            state.boundary_until = None;
            state.message = None;
        }
        Record::Aborted { message, leftovers } => {
            state.rest(at);
            state.driver = None;
            state.enter(ExecutionState::Aborted, at);
            state.message = Some(message.clone());
            if !leftovers.is_empty() {
                state.leftovers.clone_from(leftovers);
            }
        }
        Record::Failed { message } => {
            state.enter(ExecutionState::Failed, at);
            state.message = Some(message.clone());
        }
        Record::Succeeded { message } => {
            state.rest(at);
            state.driver = None;
            state.enter(ExecutionState::Succeeded, at);
            if message.is_some() {
                state.message.clone_from(message);
            }
        }
        _ => {}
    }
}

fn begin_step(state: &mut State, step: &StepId, attempt: u32, at: Timestamp) {
    state.rest(at);
    let place = state.plan.steps.iter().position(|candidate| candidate.id == *step);
    if let Some(progress) = place.and_then(|place| state.steps.get_mut(place)) {
        progress.attempt = attempt;
    }
    let is_gate = state.plan.step(step).is_some_and(|step| step.kind.is_gate());
    state.set_step(
        step,
        if is_gate {
            StepState::Holding
        } else {
            StepState::Starting
        },
        at,
    );
    state.guards = Guards::default();
    state.leftovers.clear();
    state.changed = 0;
    state.held = 0;
    state.enter(ExecutionState::Running, at);
    let work = if needs_baseline(state) {
        Work::TakingBaseline
    } else {
        gates::first_work(state, at)
    };
    state.set_work(work, at);
}

/// True where a readiness gate will need to know how the workloads were before.
fn needs_baseline(state: &State) -> bool {
    !state.is_baseline_taken
        && state
            .plan
            .steps
            .iter()
            .zip(&state.steps)
            .any(|(step, progress)| step.kind == StepKind::ReadinessGate && !progress.state.is_over())
}
