//! `apply`: the one fold of records into a state, for the live run, recovery and replay.
//! Total: a record out of place changes as much as it can, and never panics.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::record::{Ending, NotSentWhy, Purpose, Record};
use super::super::view::{ExecutionState, StepState};
use super::state::{State, Stop, Work};
use crate::domain::change::{OperationLink, RequestPreview};

/// Folds one record, written at `at`, into the state.
pub fn apply(state: &mut State, record: &Record, at: Timestamp) {
    state.records += 1;
    match record {
        Record::Created { .. }
        | Record::CommandReceived { .. }
        | Record::DriverTaken { .. }
        | Record::DriverLeft { .. }
        | Record::CommandRefused { .. } => apply_people(state, record),
        Record::Intent { .. }
        | Record::Accepted { .. }
        | Record::NotSent { .. }
        | Record::Refused { .. }
        | Record::AnswerLost { .. }
        | Record::NotTaken { .. } => apply_request(state, record, at),
        Record::StopBegan { .. }
        | Record::StopDelayed { .. }
        | Record::StopDone
        | Record::StopGivenUp { .. }
        | Record::Pausing { .. }
        | Record::BoundaryMissed { .. } => apply_stop(state, record, at),
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
        | Record::Looked { .. }
        | Record::Adopted { .. }
        | Record::Observed { .. }
        | Record::Troubled { .. }
        | Record::TroubleOver
        | Record::OperationEnded { .. }
        | Record::ClaimVerified { .. } => apply_observation(state, record, at),
        Record::Unknown(_) => state.unreadable += 1,
    }
}

fn apply_people(state: &mut State, record: &Record) {
    match record {
        Record::DriverTaken { by, .. } => state.driver = Some(by.clone()),
        Record::DriverLeft { .. } => state.driver = None,
        Record::CommandRefused { by, why, .. } => state.message = Some(format!("{}: {why}", by.name)),
        _ => {}
    }
}

fn apply_request(state: &mut State, record: &Record, at: Timestamp) {
    match record {
        Record::Intent {
            purpose,
            request,
            request_id,
            ..
        } => apply_intent(state, *purpose, request, *request_id, at),
        Record::Accepted {
            request_id,
            operation,
            state: text,
            is_done,
        } => {
            if is_sending_step(state, *request_id) {
                state.set_work(
                    match is_done {
                        true => Work::Verifying { looks: 0 },
                        false => Work::Following {
                            operation: operation.clone(),
                        },
                    },
                    at,
                );
                let text = text.as_ref().map_or("accepted", |state| state.as_str()).to_owned();
                state.set_current_step(StepState::Running { text, hint: None }, at);
            } else if is_sending_stop(state, *request_id) {
                state.set_stop(match is_done {
                    true => Stop::Done,
                    false => Stop::Following {
                        operation: operation.clone(),
                    },
                });
            }
        }
        Record::NotSent {
            request_id, why, until, ..
        } if tries_of_step(state, *request_id).is_some() => {
            if *why == NotSentWhy::Changed {
                state.changed += 1;
            }
            prepare_again(state, *request_id, *until, at);
        }
        Record::NotSent { request_id, .. }
        | Record::Refused { request_id, .. }
        | Record::NotTaken { request_id, .. } => {
            prepare_again(state, *request_id, None, at);
        }
        Record::AnswerLost { request_id, .. } => lose_answer(state, *request_id, at),
        _ => {}
    }
}

fn prepare_again(state: &mut State, request_id: Uuid, not_before: Option<Timestamp>, at: Timestamp) {
    if let Some(tries) = tries_of_step(state, request_id) {
        let tries = tries + 1;
        state.set_work(Work::Preparing { not_before, tries }, at);
    } else if let Some(tries) = tries_of_stop(state, request_id) {
        let tries = tries + 1;
        state.set_stop(Stop::Preparing { not_before, tries });
    }
}

fn apply_intent(state: &mut State, purpose: Purpose, request: &RequestPreview, request_id: Uuid, at: Timestamp) {
    let request = Box::new(request.clone());
    match purpose {
        Purpose::Step => {
            let tries = match state.work {
                Work::Preparing { tries, .. } => tries,
                _ => 0,
            };
            state.set_work(
                Work::Sending {
                    request,
                    request_id,
                    tries,
                },
                at,
            );
            if matches!(state.execution, ExecutionState::Waiting { .. }) {
                state.enter(ExecutionState::Running, at);
                state.message = None;
            }
        }
        Purpose::Stop => {
            let tries = match state.stop {
                Stop::Preparing { tries, .. } => tries,
                _ => 0,
            };
            state.set_stop(Stop::Sending {
                request,
                request_id,
                tries,
            });
            state.set_current_step(StepState::Stopping, at);
        }
    }
}

fn lose_answer(state: &mut State, lost: Uuid, at: Timestamp) {
    if let Work::Sending {
        request,
        request_id,
        tries,
    } = &state.work
        && *request_id == lost
    {
        let looking = Work::Looking {
            request: request.clone(),
            request_id: lost,
            looks: 0,
            tries: *tries,
        };
        state.set_work(looking, at);
    } else if let Stop::Sending { request_id, tries, .. } = &state.stop
        && *request_id == lost
    {
        let tries = *tries;
        state.set_stop(Stop::Looking {
            request_id: lost,
            looks: 0,
            tries,
        });
    }
}

fn is_sending_step(state: &State, id: Uuid) -> bool {
    matches!(&state.work, Work::Sending { request_id, .. } if *request_id == id)
}

fn is_sending_stop(state: &State, id: Uuid) -> bool {
    matches!(&state.stop, Stop::Sending { request_id, .. } if *request_id == id)
}

fn tries_of_step(state: &State, id: Uuid) -> Option<u32> {
    match &state.work {
        Work::Sending { request_id, tries, .. } | Work::Looking { request_id, tries, .. } if *request_id == id => {
            Some(*tries)
        }
        _ => None,
    }
}

fn tries_of_stop(state: &State, id: Uuid) -> Option<u32> {
    match &state.stop {
        Stop::Sending { request_id, tries, .. } | Stop::Looking { request_id, tries, .. } if *request_id == id => {
            Some(*tries)
        }
        _ => None,
    }
}

fn apply_stop(state: &mut State, record: &Record, at: Timestamp) {
    match record {
        Record::Pausing { depth, until, message } => {
            state.enter(ExecutionState::Pausing { depth: *depth }, at);
            state.boundary_until = *until;
            state.message.clone_from(message);
        }
        Record::BoundaryMissed { message } => {
            state.enter(ExecutionState::Running, at);
            state.boundary_until = None;
            state.message = Some(message.clone());
        }
        Record::StopBegan { .. } => state.set_stop(Stop::Preparing {
            not_before: None,
            tries: 0,
        }),
        Record::StopDelayed { until, why } => {
            let tries = match state.stop {
                Stop::Preparing { tries, .. } => tries,
                _ => 0,
            };
            state.set_stop(Stop::Preparing {
                not_before: Some(*until),
                tries,
            });
            state.message = Some(why.clone());
        }
        Record::StopDone => {
            state.set_stop(Stop::Done);
            if let (Work::Following { .. }, Some(change)) = (&state.work, state.change()) {
                let operation = OperationLink::of_resource(&change);
                state.set_work(Work::Following { operation }, at);
            }
        }
        Record::StopGivenUp { why } => {
            state.set_stop(Stop::GivenUp);
            state.message = Some(why.clone());
            if matches!(state.work, Work::Following { .. }) {
                let text = "runs to its end".to_owned();
                state.set_current_step(StepState::Running { text, hint: None }, at);
            }
        }
        _ => {}
    }
}

fn apply_course(state: &mut State, record: &Record, at: Timestamp) {
    match record {
        Record::StepBegan { step, attempt } => {
            state.rest(at);
            state.set_step(step, StepState::Starting, at);
            let place = state.plan.steps.iter().position(|candidate| candidate.id == *step);
            if let Some(progress) = place.and_then(|place| state.steps.get_mut(place)) {
                progress.attempt = *attempt;
            }
            state.set_work(
                Work::Preparing {
                    not_before: None,
                    tries: 0,
                },
                at,
            );
            state.leftovers.clear();
            state.changed = 0;
            state.held = 0;
            state.enter(ExecutionState::Running, at);
        }
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

fn apply_observation(state: &mut State, record: &Record, at: Timestamp) {
    match record {
        Record::Waiting { reason, until } => {
            let tries = match state.work {
                Work::Preparing { tries, .. } => tries,
                _ => 0,
            };
            let work = match until {
                Some(until) => Work::Preparing {
                    not_before: Some(*until),
                    tries: tries + 1,
                },
                None => Work::Held { looks: 1 },
            };
            if until.is_none() {
                state.held += 1;
            }
            state.set_work(work, at);
            if matches!(
                state.execution,
                ExecutionState::Running | ExecutionState::Waiting { .. }
            ) {
                state.enter(ExecutionState::Waiting { reason: reason.clone() }, at);
            }
            state.message = Some(reason.clone());
        }
        Record::WaitingOver { until } => {
            state.set_work(
                Work::Preparing {
                    not_before: *until,
                    tries: 0,
                },
                at,
            );
            if matches!(state.execution, ExecutionState::Waiting { .. }) {
                state.enter(ExecutionState::Running, at);
                state.message = None;
            }
        }
        Record::Looked { .. } => look_again(state, at),
        Record::Adopted { operation, .. } => {
            let operation = operation.clone();
            state.set_work(Work::Following { operation }, at);
            if !matches!(
                current_state(state),
                Some(StepState::Running { .. } | StepState::Stopping)
            ) {
                let text = "found running".to_owned();
                state.set_current_step(StepState::Running { text, hint: None }, at);
            }
        }
        Record::Observed { text, hint } => {
            state.trouble = None;
            if let Some((place, _)) = state.current()
                && let Some(progress) = state.steps.get_mut(place)
                && matches!(progress.state, StepState::Running { .. } | StepState::Starting)
            {
                progress.state = StepState::Running {
                    text: text.clone(),
                    hint: hint.clone(),
                };
            }
        }
        Record::Troubled { what } => state.trouble = Some(what.clone()),
        Record::TroubleOver => state.trouble = None,
        Record::OperationEnded { ending } => {
            state.boundary_until = None;
            state.set_work(
                match ending {
                    Ending::Succeeded => Work::Verifying { looks: 0 },
                    Ending::Stopped => Work::Settling,
                },
                at,
            );
            end_stop(state);
        }
        Record::ClaimVerified { node_image } => state.set_work(
            Work::CheckingNodes {
                node_image: node_image.clone(),
            },
            at,
        ),
        _ => {}
    }
}

/// After the operation's end an abort has nothing to do; that one was asked for is remembered.
fn end_stop(state: &mut State) {
    if state.stop != Stop::None {
        state.set_stop(Stop::GivenUp);
    }
}

fn look_again(state: &mut State, at: Timestamp) {
    // The stop looks only while the step's operation is followed, so the two never look at the same time.
    if let Stop::Looking {
        request_id,
        looks,
        tries,
    } = state.stop
        && matches!(state.work, Work::Following { .. })
    {
        state.set_stop(Stop::Looking {
            request_id,
            looks: looks + 1,
            tries,
        });
        return;
    }
    let mut work = state.work.clone();
    if let Work::Looking { looks, .. } | Work::Verifying { looks } | Work::Held { looks } = &mut work {
        *looks += 1;
        let since = state.work_since;
        state.set_work(work, at);
        state.work_since = since;
    }
}

fn current_state(state: &State) -> Option<&StepState> {
    let (place, _) = state.current()?;
    state.steps.get(place).map(|progress| &progress.state)
}
