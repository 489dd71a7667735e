//! What a look at the real resource means: after a lost answer, while another operation holds it, and when Azure
//! says that it is done. Never takes one read for the truth where a stale one would mislead.

use uuid::Uuid;

use super::super::effect::{Resource, Ticket, Trouble, TroubleKind};
use super::super::record::{Ending, Purpose, Record};
use super::claims::{describe, failure, fulfils, is_towards, shows_target};
use super::requests::{give_up_stop, is_stop_exhausted, troubled};
use super::state::{Gate, Stop, Work};
use super::{Draft, finding};
use crate::domain::change::{OperationLink, RequestPreview};
use crate::domain::provisioning::{AzureErrorDetail, ProvisioningState};

/// Reads that must agree that nothing has happened before a request is prepared anew.
const LOOKS_BEFORE_ANEW: u32 = 2;

/// Reads that must agree that the resource is not what the operation's end promised.
const LOOKS_BEFORE_DOUBT: u32 = 3;

pub(super) fn read(draft: &mut Draft, ticket: Ticket, resource: &Resource) {
    if !draft.is_awaited(ticket) {
        return;
    }
    if draft.state.trouble.is_some() {
        draft.push(Record::TroubleOver);
    }
    match ticket.purpose {
        // A guard reads no resource.
        Purpose::Guard => {}
        Purpose::Stop => looked_for_stop(draft, resource),
        Purpose::Step => match draft.state.work.clone() {
            Work::Finding { looks } => finding::find(draft, looks, resource),
            Work::Held { .. } => finding::held(draft, resource),
            Work::Looking {
                request,
                request_id,
                looks,
                ..
            } => looked_for_step(draft, &request, request_id, looks, resource),
            Work::Verifying { looks } => verify(draft, looks, resource),
            _ => {}
        },
    }
}

pub(super) fn not_read(draft: &mut Draft, ticket: Ticket, trouble: &Trouble) {
    if !draft.is_awaited(ticket) {
        return;
    }
    let is_reading = matches!(
        draft.state.work,
        Work::Held { .. } | Work::Looking { .. } | Work::Verifying { .. } | Work::AtGate(Gate::Verify { .. })
    );
    match (ticket.purpose, trouble.kind) {
        (Purpose::Step, _) if matches!(draft.state.work, Work::Finding { .. }) => {
            finding::not_found_out(draft, trouble);
        }
        (Purpose::Step, TroubleKind::NotFound) if is_reading => draft.resource_gone(&trouble.error),
        (Purpose::Step, _) if is_reading => troubled(draft, trouble),
        (Purpose::Stop, TroubleKind::NotFound) if matches!(draft.state.stop, Stop::Looking { .. }) => {
            give_up_stop(draft, &trouble.error);
        }
        _ => {}
    }
}

/// The answer to the step's request was lost: did Azure take it?
fn looked_for_step(draft: &mut Draft, request: &RequestPreview, request_id: Uuid, looks: u32, resource: &Resource) {
    let Some(step) = draft.current_step() else { return };
    let shows_target = shows_target(&step.kind, resource);
    let has_changed = match (&request.if_match, &resource.etag) {
        (Some(before), Some(now)) => Some(before != now),
        _ => None,
    };
    match &resource.state {
        state if !state.is_terminal() => {
            if shows_target || is_towards(&step.kind, resource) {
                let Some(change) = draft.state.change() else { return };
                let operation = OperationLink::of_resource(&change);
                draft.push(Record::Adopted {
                    operation,
                    why: format!("the answer was lost, and the resource is {state} towards the target"),
                });
            } else if looks + 1 < LOOKS_BEFORE_ANEW {
                draft.push(Record::Looked {
                    found: format!("{state}, not towards the target"),
                });
            } else {
                not_taken(
                    draft,
                    request_id,
                    &format!("the resource is {state} for something else"),
                );
                hold(draft, resource);
            }
        }
        ProvisioningState::Succeeded if shows_target => draft.push(Record::OperationEnded {
            ending: Ending::Succeeded,
        }),
        ProvisioningState::Failed if has_changed == Some(true) => draft.step_failed(failure(resource)),
        ProvisioningState::Canceled if has_changed == Some(true) => draft.operation_canceled(resource.error.clone()),
        state if looks + 1 < LOOKS_BEFORE_ANEW => draft.push(Record::Looked {
            found: format!("{state}, as before the request"),
        }),
        state => not_taken(
            draft,
            request_id,
            &format!("the resource is {state}, as before the request"),
        ),
    }
}

/// Something else runs on the resource: it has to end first.
fn hold(draft: &mut Draft, resource: &Resource) {
    let state = &resource.state;
    let busy = resource
        .busy
        .clone()
        .unwrap_or_else(|| format!("the resource is {state}"));
    draft.push(Record::Waiting {
        reason: finding::hold_reason(&busy, resource.busy_by.as_deref()),
        until: None,
    });
}

fn not_taken(draft: &mut Draft, request_id: Uuid, why: &str) {
    draft.push(Record::NotTaken {
        request_id,
        why: why.to_owned(),
    });
}

/// The answer to an abort was lost. Repeating it can only stop what was to be stopped anyway.
fn looked_for_stop(draft: &mut Draft, resource: &Resource) {
    let Stop::Looking {
        request_id,
        looks,
        tries,
    } = draft.state.stop
    else {
        return;
    };
    match &resource.state {
        ProvisioningState::Canceling => draft.push(Record::StopDone),
        state if state.is_terminal() => draft.push(Record::StopDone),
        state if looks + 1 < LOOKS_BEFORE_ANEW => draft.push(Record::Looked {
            found: format!("{state}, not being cancelled"),
        }),
        state if is_stop_exhausted(tries) => give_up_stop(
            draft,
            &AzureErrorDetail {
                code: "AbortLost".to_owned(),
                message: format!("several aborts were sent without an answer, and the resource is {state}"),
                ..AzureErrorDetail::default()
            },
        ),
        state => {
            let why = format!("the resource is {state}, not being cancelled");
            not_taken(draft, request_id, &why);
        }
    }
}

/// Azure says that the operation succeeded: does the resource agree?
fn verify(draft: &mut Draft, looks: u32, resource: &Resource) {
    let Some(step) = draft.current_step() else { return };
    let agrees = resource.state == ProvisioningState::Succeeded && fulfils(&step.kind, resource);
    let patience = if finding::is_behind_us(&draft.state, resource) {
        finding::LOOKS_AT_OLD
    } else {
        LOOKS_BEFORE_DOUBT
    };
    if agrees {
        if step.kind.moves_nodes() {
            draft.push(Record::ClaimVerified {
                node_image: resource.node_image.clone(),
                note: None,
            });
        } else {
            draft.step_succeeded(None);
        }
    } else if looks + 1 < patience {
        draft.push(Record::Looked {
            found: describe(resource),
        });
    } else if resource.state == ProvisioningState::Canceled {
        draft.operation_canceled(resource.error.clone());
    } else if draft.state.is_stop_asked() {
        draft.operation_stopped();
    } else if is_towards(&step.kind, resource) && step.kind.moves_nodes() {
        // What ended was the word about it, not the work.
        let Some(change) = draft.state.change() else { return };
        draft.push(Record::Adopted {
            operation: OperationLink::of_resource(&change),
            why: format!(
                "Azure said that it had ended, and the resource is {}",
                describe(resource)
            ),
        });
    } else if !resource.state.is_terminal() {
        hold(draft, resource);
    } else {
        let words = resource
            .error
            .as_ref()
            .map_or_else(String::new, |error| format!(": {error}"));
        draft.step_failed(AzureErrorDetail {
            code: "ClaimedNotReal".to_owned(),
            message: format!(
                "Azure says that the operation succeeded, but the resource is {}{words}",
                describe(resource)
            ),
            ..AzureErrorDetail::default()
        });
    }
}
