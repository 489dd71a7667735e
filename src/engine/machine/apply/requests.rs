//! What records of requests, aborts and their answers change.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::super::record::{NotSentWhy, Purpose, Record};
use super::super::super::view::{ExecutionState, StepState};
use super::super::state::{State, Stop, Work};
use crate::domain::change::{OperationLink, RequestPreview};

pub(super) fn apply_request(state: &mut State, record: &Record, at: Timestamp) {
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
                note_old_etag(state);
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

/// Azure took the request, so the resource has another etag from now on.
pub(super) fn note_old_etag(state: &mut State) {
    if let Work::Sending { request, .. } | Work::Looking { request, .. } = &state.work
        && let Some(etag) = &request.if_match
    {
        state.old_etag = Some(etag.clone());
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
            state.stop_waiting(at);
        }
        // A guard sends nothing to Azure.
        Purpose::Guard => {}
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

pub(super) fn apply_stop(state: &mut State, record: &Record, at: Timestamp) {
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
