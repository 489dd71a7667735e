//! What records of looks, polls and holds change.

use jiff::Timestamp;

use super::super::super::record::{Ending, Record};
use super::super::super::view::{ExecutionState, StepState};
use super::super::state::{Gate, State, Stop, Work};
use super::requests::note_old_etag;
use crate::domain::version::NodeImageVersion;

pub(super) fn apply_observation(state: &mut State, record: &Record, at: Timestamp) {
    match record {
        Record::Waiting { reason, until } => wait(state, reason, *until, at),
        Record::WaitingOver { until } => {
            prepare(state, *until, at);
            state.stop_waiting(at);
        }
        Record::Found { .. } => {
            prepare(state, None, at);
            state.stop_waiting(at);
        }
        Record::Looked { .. } => look_again(state, at),
        Record::Adopted { operation, .. } => {
            let operation = operation.clone();
            note_old_etag(state);
            state.set_work(Work::Following { operation }, at);
            state.stop_waiting(at);
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
            note_old_etag(state);
            state.set_work(
                match ending {
                    Ending::Succeeded => Work::Verifying { looks: 0 },
                    Ending::Stopped => Work::Settling,
                },
                at,
            );
            end_stop(state);
        }
        Record::ClaimVerified { node_image, note } => verify_claim(state, node_image.as_ref(), note.as_ref(), at),
        _ => {}
    }
}

/// Something outside holds the step. While the resource is still looked at, only the reason is new.
fn wait(state: &mut State, reason: &str, until: Option<Timestamp>, at: Timestamp) {
    match (&state.work, until) {
        (Work::Finding { .. }, Some(_)) | (Work::Held { .. }, None) => {}
        (Work::Preparing { tries, .. }, Some(until)) => {
            let tries = tries + 1;
            let not_before = Some(until);
            state.set_work(Work::Preparing { not_before, tries }, at);
        }
        (_, Some(until)) => {
            let not_before = Some(until);
            state.set_work(Work::Preparing { not_before, tries: 1 }, at);
        }
        (work, None) => {
            // Azure's own refusals count: one that comes again and again means something else.
            if matches!(work, Work::Preparing { .. }) {
                state.held += 1;
            }
            state.set_work(Work::Held { looks: 1 }, at);
        }
    }
    if matches!(
        state.execution,
        ExecutionState::Running | ExecutionState::Waiting { .. }
    ) {
        let reason = reason.to_owned();
        state.enter(ExecutionState::Waiting { reason }, at);
    }
    state.message = Some(reason.to_owned());
}

fn prepare(state: &mut State, not_before: Option<Timestamp>, at: Timestamp) {
    state.set_work(Work::Preparing { not_before, tries: 0 }, at);
}

/// The claims are good: of the step's resource, or of all where the step is the comparison itself.
fn verify_claim(state: &mut State, node_image: Option<&NodeImageVersion>, note: Option<&String>, at: Timestamp) {
    let work = match &state.work {
        Work::AtGate(_) => Work::AtGate(Gate::VerifyNodes { note: note.cloned() }),
        _ => Work::CheckingNodes {
            node_image: node_image.cloned(),
            is_found: state.has_nothing_in_azure(),
        },
    };
    let pool = state.current().and_then(|(_, step)| step.kind.pool()).cloned();
    if let (Some(pool), Some(image)) = (pool, node_image) {
        state.node_images.insert(pool, image.clone());
    }
    state.set_work(work, at);
    state.stop_waiting(at);
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
    if let Work::Looking { looks, .. }
    | Work::Verifying { looks }
    | Work::Held { looks }
    | Work::Finding { looks }
    | Work::AtGate(Gate::Verify { looks }) = &mut work
    {
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
