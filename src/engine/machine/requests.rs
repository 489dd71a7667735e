//! What it means that a request was prepared, answered, or its operation polled, and what it means if not.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::effect::{Acceptance, Ticket, Trouble, TroubleKind};
use super::super::record::{Ending, NotSentWhy, Purpose, Record};
use super::super::view::StepState;
use super::state::{Stop, Work};
use super::{Draft, backoff};
use crate::domain::change::{OperationLink, RequestPreview};
use crate::domain::ids::StepId;
use crate::domain::provisioning::{AzureErrorDetail, OperationState};

/// Times a request may meet a resource that has changed before the step gives up.
const MAX_CHANGED: u32 = 5;

/// Times Azure may speak of another operation that is over when the resource is read, before its words are believed
/// to mean something else.
const MAX_HELD: u32 = 8;

/// Requests sent to stop one operation before the stop gives up.
const MAX_STOPS: u32 = 5;

/// How long Azure is left alone when it throttles without saying for how long.
const THROTTLE_PAUSE_SECONDS: u64 = 60;

pub(super) fn prepared(draft: &mut Draft, ticket: Ticket, request: &RequestPreview, request_id: Uuid) {
    let state = &draft.state;
    let is_awaited = ticket == state.ticket(ticket.purpose)
        && state.is_acting()
        && match ticket.purpose {
            Purpose::Guard => false,
            Purpose::Step => matches!(state.work, Work::Preparing { .. }),
            Purpose::Stop => {
                matches!(state.stop, Stop::Preparing { .. }) && matches!(state.work, Work::Following { .. })
            }
        };
    let Some((step, attempt)) = attempt(draft).filter(|_| is_awaited) else {
        return;
    };
    draft.push(Record::Intent {
        purpose: ticket.purpose,
        step,
        attempt,
        request_id,
        request: Box::new(request.clone()),
    });
}

fn attempt(draft: &Draft) -> Option<(StepId, u32)> {
    let (_, step) = draft.state.current()?;
    Some((step.id.clone(), draft.attempt()?))
}

pub(super) fn not_prepared(draft: &mut Draft, ticket: Ticket, trouble: &Trouble) {
    if !draft.is_awaited(ticket) {
        return;
    }
    match (ticket.purpose, &draft.state.work, &draft.state.stop) {
        (Purpose::Step, Work::Preparing { .. }, _) if trouble.kind == TroubleKind::NotFound => {
            draft.resource_gone(&trouble.error);
        }
        (Purpose::Step, Work::Preparing { tries, .. }, _) => {
            let tries = *tries;
            match later(draft.now, trouble, tries) {
                Some((until, reason)) => draft.push(Record::Waiting {
                    reason,
                    until: Some(until),
                }),
                None => draft.step_failed(trouble.error.clone()),
            }
        }
        (Purpose::Stop, _, Stop::Preparing { .. }) => match later(draft.now, trouble, 0) {
            Some((until, why)) => draft.push(Record::StopDelayed { until, why }),
            None => give_up_stop(draft, &trouble.error),
        },
        _ => {}
    }
}

/// When and why to try again, for trouble that passes; reading has no effect, so a lost answer passes too.
pub(super) fn later(now: Timestamp, trouble: &Trouble, tries: u32) -> Option<(Timestamp, String)> {
    let error = &trouble.error;
    match trouble.kind {
        TroubleKind::Throttled { retry_after } => {
            let pause = retry_after.unwrap_or(std::time::Duration::from_secs(THROTTLE_PAUSE_SECONDS));
            Some((now + pause, format!("Azure is throttling: {}", error.message)))
        }
        TroubleKind::Unreachable | TroubleKind::Uncertain => Some((
            now + backoff(tries),
            format!("Azure cannot be asked: {}", error.message),
        )),
        TroubleKind::Conflict | TroubleKind::Changed => Some((now + backoff(tries), error.to_string())),
        TroubleKind::NotFound | TroubleKind::Denied | TroubleKind::Refused => None,
    }
}

pub(super) fn answered(draft: &mut Draft, request_id: Uuid, answer: &Result<Acceptance, Trouble>) {
    let is_for_step = matches!(&draft.state.work, Work::Sending { request_id: id, .. } if *id == request_id);
    let is_abort = matches!(&draft.state.stop, Stop::Sending { request_id: id, .. } if *id == request_id);
    if !is_for_step && !is_abort {
        return;
    }
    match answer {
        Ok(acceptance) => draft.push(Record::Accepted {
            request_id,
            operation: acceptance.operation.clone(),
            state: acceptance.state.clone(),
            is_done: acceptance.is_done,
        }),
        Err(trouble) if trouble.kind == TroubleKind::Uncertain => draft.push(Record::AnswerLost {
            request_id,
            why: trouble.error.message.clone(),
        }),
        Err(trouble) if is_for_step => step_not_taken(draft, request_id, trouble),
        Err(trouble) => stop_not_taken(draft, request_id, trouble),
    }
}

fn step_not_taken(draft: &mut Draft, request_id: Uuid, trouble: &Trouble) {
    let error = trouble.error.clone();
    let why = match trouble.kind {
        TroubleKind::Changed => NotSentWhy::Changed,
        TroubleKind::Conflict => NotSentWhy::Busy,
        TroubleKind::Throttled { .. } | TroubleKind::Unreachable => NotSentWhy::Later,
        TroubleKind::NotFound | TroubleKind::Denied | TroubleKind::Refused | TroubleKind::Uncertain => {
            draft.push(Record::Refused {
                request_id,
                error: error.clone(),
            });
            match trouble.kind {
                TroubleKind::NotFound => draft.resource_gone(&error),
                _ => draft.step_failed(error),
            }
            return;
        }
    };
    let tries = match draft.state.work {
        Work::Sending { tries, .. } => tries,
        _ => 0,
    };
    // The first time at once: somebody saved a tag in between. After that, not in a hurry.
    let is_changed_again = why == NotSentWhy::Changed && draft.state.changed > 0;
    draft.push(Record::NotSent {
        request_id,
        why,
        error: error.clone(),
        until: is_changed_again.then(|| draft.now + backoff(draft.state.changed)),
    });
    match why {
        NotSentWhy::Changed if draft.state.changed > MAX_CHANGED => draft.step_failed(AzureErrorDetail {
            message: format!(
                "the resource keeps changing between reading and sending; {}",
                error.message
            ),
            ..error
        }),
        NotSentWhy::Changed => {}
        NotSentWhy::Busy if draft.state.held >= MAX_HELD => draft.step_failed(error),
        NotSentWhy::Busy => draft.push(Record::Waiting {
            reason: format!("another operation runs: {}", error.message),
            until: None,
        }),
        NotSentWhy::Later => {
            if let Some((until, reason)) = later(draft.now, trouble, tries) {
                draft.push(Record::Waiting {
                    reason,
                    until: Some(until),
                });
            }
        }
    }
}

fn stop_not_taken(draft: &mut Draft, request_id: Uuid, trouble: &Trouble) {
    let tries = match draft.state.stop {
        Stop::Sending { tries, .. } => tries,
        _ => 0,
    };
    let error = trouble.error.clone();
    match trouble.kind {
        TroubleKind::Throttled { .. } | TroubleKind::Unreachable => {
            draft.push(Record::NotSent {
                request_id,
                why: NotSentWhy::Later,
                error,
                until: None,
            });
            if let Some((until, why)) = later(draft.now, trouble, tries) {
                draft.push(Record::StopDelayed { until, why });
            }
        }
        TroubleKind::Changed if tries < MAX_STOPS => draft.push(Record::NotSent {
            request_id,
            why: NotSentWhy::Changed,
            error,
            until: None,
        }),
        // A conflict means that the operation ended first (AKS REST reference, "Abort Latest Operation", 2026-08-01).
        _ => {
            draft.push(Record::Refused {
                request_id,
                error: error.clone(),
            });
            give_up_stop(draft, &error);
        }
    }
}

/// The operation is followed to its own end.
pub(super) fn give_up_stop(draft: &mut Draft, error: &AzureErrorDetail) {
    draft.push(Record::StopGivenUp {
        why: format!("Azure did not stop it ({error}); what runs is followed to its end"),
    });
}

/// True once so many aborts were sent that one more would not help.
pub(super) fn is_stop_exhausted(tries: u32) -> bool {
    tries >= MAX_STOPS
}

pub(super) fn polled(draft: &mut Draft, ticket: Ticket, operation: &OperationState) {
    if !draft.is_awaited(ticket) {
        return;
    }
    match (ticket.purpose, &draft.state.work, &draft.state.stop) {
        (Purpose::Step, Work::Following { .. }, _) => step_polled(draft, operation),
        (Purpose::Stop, _, Stop::Following { .. }) => match operation {
            OperationState::Running { .. } => {}
            OperationState::Succeeded => draft.push(Record::StopDone),
            OperationState::Failed { error } => give_up_stop(draft, error),
            OperationState::Canceled { error } => give_up_stop(draft, &error.clone().unwrap_or_default()),
        },
        _ => {}
    }
}

fn step_polled(draft: &mut Draft, operation: &OperationState) {
    match operation {
        OperationState::Running { text, hint } => {
            let shown = StepState::Running {
                text: text.clone(),
                hint: hint.clone(),
            };
            let place = draft.state.current().map(|(place, _)| place);
            let present = place
                .and_then(|place| draft.state.steps.get(place))
                .map(|step| &step.state);
            if present.is_some_and(|present| *present != shown && *present != StepState::Stopping) {
                draft.push(Record::Observed {
                    text: text.clone(),
                    hint: hint.clone(),
                });
            } else if draft.state.trouble.is_some() {
                draft.push(Record::TroubleOver);
            }
        }
        OperationState::Succeeded => draft.push(Record::OperationEnded {
            ending: Ending::Succeeded,
        }),
        OperationState::Failed { error } => draft.step_failed(error.clone()),
        OperationState::Canceled { error } => draft.operation_canceled(error.clone()),
    }
}

pub(super) fn not_polled(draft: &mut Draft, ticket: Ticket, trouble: &Trouble) {
    if !draft.is_awaited(ticket) {
        return;
    }
    // Status URLs belong to the subscription and end some time, so a caller may be refused them, or find them gone
    // (ARM "Track asynchronous operations", 2026); the resource itself can still be asked.
    let is_lost = matches!(trouble.kind, TroubleKind::NotFound | TroubleKind::Denied);
    match (ticket.purpose, &draft.state.work, &draft.state.stop) {
        (Purpose::Step, Work::Following { operation }, _) if is_lost && has_url(operation) => {
            if let Some(change) = draft.state.change() {
                draft.push(Record::Adopted {
                    operation: OperationLink::of_resource(&change),
                    why: format!("the operation cannot be asked any more ({})", trouble.error),
                });
            }
        }
        (Purpose::Step, Work::Following { .. }, _) if trouble.kind == TroubleKind::NotFound => {
            draft.resource_gone(&trouble.error);
        }
        (Purpose::Step, Work::Following { .. }, _) => troubled(draft, trouble),
        (Purpose::Stop, _, Stop::Following { .. }) if is_lost => draft.push(Record::StopDone),
        _ => {}
    }
}

fn has_url(operation: &OperationLink) -> bool {
    operation.async_operation.is_some() || operation.location.is_some()
}

/// Says once that Azure cannot be asked.
pub(super) fn troubled(draft: &mut Draft, trouble: &Trouble) {
    let what = format!(
        "Azure cannot be asked at the moment ({}); what runs there goes on",
        trouble.error
    );
    if draft.state.trouble.as_ref() != Some(&what) {
        draft.push(Record::Troubled { what });
    }
}
