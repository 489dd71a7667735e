//! Before anything of a step is sent: is it done already, is its resource busy with something, is there something to
//! adopt? Never sends into an operation of somebody else, and never takes the word of a read that is behind.

use super::super::effect::{Resource, Trouble, TroubleKind};
use super::super::record::{Origin, Record};
use super::super::view::ExecutionState;
use super::claims::{describe, failure, is_towards, shows_target};
use super::requests::later;
use super::state::State;
use super::{Draft, backoff};
use crate::domain::change::OperationLink;
use crate::domain::provisioning::{AzureErrorDetail, ProvisioningState};
use crate::plan::step::Step;

/// Looks at a resource that is still as it was before our last request, until that is taken for the truth.
pub(super) const LOOKS_AT_OLD: u32 = 6;

/// True where the read is older than the last request that Azure took from us.
pub(super) fn is_behind_us(state: &State, resource: &Resource) -> bool {
    resource.etag.is_some() && resource.etag == state.old_etag
}

/// The first look of an attempt.
pub(super) fn find(draft: &mut Draft, looks: u32, resource: &Resource) {
    if is_behind_us(&draft.state, resource) && looks + 1 < LOOKS_AT_OLD {
        draft.push(Record::Looked {
            found: format!("{}, as before our last request", describe(resource)),
        });
    } else if let Some(busy) = &resource.busy {
        if adopt(draft, resource) {
            return;
        }
        // The end of what was ours a moment ago is not seen everywhere at once.
        if looks == 0 && has_just_acted(&draft.state) {
            draft.push(Record::Looked { found: busy.clone() });
        } else {
            draft.push(Record::Waiting {
                reason: hold_reason(busy, resource.busy_by.as_deref()),
                until: None,
            });
        }
    } else if !is_settled_by(draft, resource) {
        draft.push(Record::Found {
            found: describe(resource),
        });
    }
}

fn has_just_acted(state: &State) -> bool {
    state
        .current()
        .is_some_and(|(place, _)| place > 0 || state.steps.get(place).is_some_and(|step| step.attempt > 1))
}

/// Another operation has to end first: has it?
pub(super) fn held(draft: &mut Draft, resource: &Resource) {
    if let Some(busy) = &resource.busy {
        if !adopt(draft, resource) {
            name_holder(draft, busy, resource.busy_by.as_deref());
        }
        return;
    }
    // A hold that comes back at once is not tried at full pace: AKS takes about one PUT a minute.
    let until = (draft.state.held > 1).then(|| draft.now + backoff(draft.state.held));
    draft.push(Record::WaitingOver { until });
    is_settled_by(draft, resource);
}

/// Who it is that holds the plan may be known only later.
fn name_holder(draft: &mut Draft, busy: &str, by: Option<&str>) {
    let Some(by) = by else { return };
    let is_named = match &draft.state.execution {
        ExecutionState::Waiting { reason } => reason.contains(by),
        _ => true,
    };
    if !is_named {
        draft.push(Record::Waiting {
            reason: hold_reason(busy, Some(by)),
            until: None,
        });
    }
}

pub(super) fn hold_reason(busy: &str, by: Option<&str>) -> String {
    let by = by.map_or_else(String::new, |by| format!(", started by {by}"));
    format!("another operation runs: {busy}{by}; the plan goes on by itself when it has ended")
}

/// An execution that did not begin here follows what runs towards its target.
fn adopt(draft: &mut Draft, resource: &Resource) -> bool {
    let Some(step) = draft.current_step() else { return false };
    let Some(change) = draft.state.change() else {
        return false;
    };
    if draft.state.origin.is_none() || !is_towards(&step.kind, resource) {
        return false;
    }
    draft.push(Record::Adopted {
        operation: OperationLink::of_resource(&change),
        why: format!("it runs already: {}", describe(resource)),
    });
    true
}

/// Nothing runs. True where the step needs no request, or must not send one unasked.
fn is_settled_by(draft: &mut Draft, resource: &Resource) -> bool {
    let Some(step) = draft.current_step() else { return false };
    if resource.state == ProvisioningState::Succeeded && shows_target(&step.kind, resource) {
        if step.kind.moves_nodes() {
            draft.push(Record::ClaimVerified {
                node_image: resource.node_image.clone(),
                note: None,
            });
        } else {
            draft.step_succeeded(Some(found_done(&step)));
        }
        return true;
    }
    let is_foreign = matches!(draft.state.origin, Some(Origin::Foreign { .. }));
    if is_foreign && draft.attempt() == Some(1) {
        foreign_is_over(draft, &step, resource);
        return true;
    }
    false
}

/// What is said of a step that needed no request.
pub(super) fn found_done(step: &Step) -> String {
    format!("{}: it was so already, and nothing was sent", step.kind.title())
}

/// What somebody else began does not run any more: no request is sent that nobody here asked for.
fn foreign_is_over(draft: &mut Draft, step: &Step, resource: &Resource) {
    match &resource.state {
        ProvisioningState::Failed => draft.step_failed(failure(resource)),
        ProvisioningState::Canceled => draft.operation_canceled(resource.error.clone()),
        _ => {
            draft.push(Record::StepStopped { step: step.id.clone() });
            draft.rest(
                &format!(
                    "{} does not run: the resource is {}. Somebody else began this upgrade, so nothing was sent; resume \
                     sends the request from here, abort ends the watch",
                    step.kind.title(),
                    describe(resource)
                ),
                Vec::new(),
            );
        }
    }
}

/// The resource could not be looked at before anything was sent.
pub(super) fn not_found_out(draft: &mut Draft, trouble: &Trouble) {
    if trouble.kind == TroubleKind::NotFound {
        draft.resource_gone(&trouble.error);
        return;
    }
    match later(draft.now, trouble, 0) {
        Some((until, reason)) => {
            let is_said = matches!(&draft.state.execution, ExecutionState::Waiting { reason: said } if *said == reason);
            if !is_said {
                draft.push(Record::Waiting {
                    reason,
                    until: Some(until),
                });
            }
        }
        None => draft.step_failed(trouble.error.clone()),
    }
}

/// A 404 in the words of the plan: which resource is gone, and what can be done about it.
pub(super) fn gone(step: &Step, cluster: &str, error: &AzureErrorDetail) -> AzureErrorDetail {
    let message = match step.kind.pool() {
        Some(pool) if !is_about_cluster(error) => format!(
            "node pool {pool} of {cluster} does not exist any more ({}); skip this step to go on without the pool, or \
             retry when it is back",
            error.message
        ),
        _ => format!(
            "cluster {cluster} does not exist any more ({}); nothing can be done with this execution but to abort it",
            error.message
        ),
    };
    AzureErrorDetail {
        message,
        ..error.clone()
    }
}

/// Azure names the resource it misses by its type and path (Azure docs "Resolve errors for resource not found", 2026).
fn is_about_cluster(error: &AzureErrorDetail) -> bool {
    let code = error.code.to_ascii_lowercase();
    let message = error.message.to_ascii_lowercase();
    matches!(
        code.as_str(),
        "parentresourcenotfound" | "resourcegroupnotfound" | "subscriptionnotfound"
    ) || (message.contains("managedclusters/") && !message.contains("agentpool"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::step::StepKind;

    #[test]
    fn what_is_gone_is_named_by_azures_words() {
        let step = Step::new(
            "pool-web",
            StepKind::NodePoolUpgrade {
                pool: "web".into(),
                from: None,
                to: "1.34.2".parse().unwrap(),
            },
        );
        let check = |code: &str, message: &str, expected: &str| {
            let error = AzureErrorDetail {
                code: code.to_owned(),
                message: message.to_owned(),
                ..AzureErrorDetail::default()
            };
            let said = gone(&step, "shop", &error).message;
            assert!(said.starts_with(expected), "{said}");
        };
        check(
            "ResourceNotFound",
            "The agentPool 'web' was not found.",
            "node pool web",
        );
        check(
            "ResourceNotFound",
            "The Resource 'Microsoft.ContainerService/managedClusters/shop' was not found.",
            "cluster shop",
        );
        check("ParentResourceNotFound", "no parent", "cluster shop");
        check("NotFound", "", "node pool web");
    }
}
