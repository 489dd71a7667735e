//! What a look at the real resource means: after a lost answer, while another operation holds it, and when Azure
//! says that it is done. Never takes one read for the truth where a stale one would mislead.

use uuid::Uuid;

use super::super::effect::{Resource, Ticket, Trouble, TroubleKind};
use super::super::record::{Ending, Purpose, Record};
use super::requests::{give_up_stop, is_stop_exhausted, troubled};
use super::state::{Stop, Work};
use super::{Draft, backoff};
use crate::domain::change::{OperationLink, RequestPreview};
use crate::domain::provisioning::{AzureErrorDetail, ProvisioningState};
use crate::plan::step::StepKind;

/// Reads that must agree that nothing has happened before a request is prepared anew.
const LOOKS_BEFORE_ANEW: u32 = 2;

/// Reads that must agree that the resource is not what the operation's end promised.
const LOOKS_BEFORE_DOUBT: u32 = 3;

pub(super) fn read(draft: &mut Draft, ticket: Ticket, resource: &Resource) {
    if ticket != draft.state.ticket(ticket.purpose) || !draft.state.is_acting() {
        return;
    }
    if draft.state.trouble.is_some() {
        draft.push(Record::TroubleOver);
    }
    match ticket.purpose {
        Purpose::Stop => looked_for_stop(draft, resource),
        Purpose::Step => match draft.state.work.clone() {
            Work::Held { .. } => held(draft, resource),
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
    if ticket != draft.state.ticket(ticket.purpose) || !draft.state.is_acting() {
        return;
    }
    let is_looking = matches!(
        draft.state.work,
        Work::Held { .. } | Work::Looking { .. } | Work::Verifying { .. }
    );
    match (ticket.purpose, trouble.kind) {
        (Purpose::Step, TroubleKind::NotFound) if is_looking => draft.step_failed(trouble.error.clone()),
        (Purpose::Step, _) if is_looking => troubled(draft, trouble),
        (Purpose::Stop, TroubleKind::NotFound) if matches!(draft.state.stop, Stop::Looking { .. }) => {
            give_up_stop(draft, &trouble.error);
        }
        _ => {}
    }
}

fn held(draft: &mut Draft, resource: &Resource) {
    if resource.busy.is_some() {
        return;
    }
    // A hold that comes back at once is not tried at full pace: AKS takes about one PUT a minute.
    let until = (draft.state.held > 1).then(|| draft.now + backoff(draft.state.held));
    draft.push(Record::WaitingOver { until });
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
            if shows_target || is_image_upgrade(&step.kind, state) {
                let operation = OperationLink::of_resource(&step.kind.change(&draft.state.plan.cluster));
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
                draft.push(Record::Waiting {
                    reason: format!("another operation runs: the resource is {state}"),
                    until: None,
                });
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
    if agrees {
        match step.kind.pool() {
            Some(_) => draft.push(Record::ClaimVerified {
                node_image: resource.node_image.clone(),
            }),
            None => draft.step_succeeded(None),
        }
    } else if looks + 1 < LOOKS_BEFORE_DOUBT {
        draft.push(Record::Looked {
            found: describe(resource),
        });
    } else if resource.state == ProvisioningState::Canceled {
        draft.operation_canceled(resource.error.clone());
    } else if draft.state.is_stop_asked() {
        draft.operation_stopped();
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

fn describe(resource: &Resource) -> String {
    match (&resource.version, &resource.node_image) {
        (_, Some(image)) => format!("{} with node image {image}", resource.state),
        (Some(version), None) => format!("{} at {version}", resource.state),
        (None, None) => resource.state.to_string(),
    }
}

fn failure(resource: &Resource) -> AzureErrorDetail {
    resource.error.clone().unwrap_or_else(|| AzureErrorDetail {
        code: "Failed".to_owned(),
        message: "the resource is Failed, and Azure says nothing more".to_owned(),
        ..AzureErrorDetail::default()
    })
}

/// True where the resource claims what the step is for.
fn shows_target(kind: &StepKind, resource: &Resource) -> bool {
    match kind {
        StepKind::ControlPlaneUpgrade { to, .. } | StepKind::NodePoolUpgrade { to, .. } => {
            resource.version.is_some_and(|version| version >= *to)
        }
        StepKind::NodeImageUpgrade { to: Some(to), .. } => resource
            .node_image
            .as_ref()
            .is_some_and(|image| image.is_same_image(to)),
        StepKind::NodeImageUpgrade { to: None, .. } => false,
    }
}

/// Like `shows_target`, for an operation that is known to have ended well: what is not known counts as good, and
/// an image newer than planned, too, as Azure takes the newest there is.
fn fulfils(kind: &StepKind, resource: &Resource) -> bool {
    match kind {
        StepKind::ControlPlaneUpgrade { to, .. } | StepKind::NodePoolUpgrade { to, .. } => {
            resource.version.is_none_or(|version| version >= *to)
        }
        StepKind::NodeImageUpgrade { from, to, .. } => match (&resource.node_image, from, to) {
            (Some(image), _, Some(to)) if image.is_same_image(to) => true,
            (Some(image), Some(from), Some(_)) => !image.is_same_image(from),
            _ => true,
        },
    }
}

fn is_image_upgrade(kind: &StepKind, state: &ProvisioningState) -> bool {
    matches!(kind, StepKind::NodeImageUpgrade { .. }) && *state == ProvisioningState::UpgradingNodeImageVersion
}
