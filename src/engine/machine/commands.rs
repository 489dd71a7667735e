//! What a person's command means in each state, and why it means nothing.

use super::super::command::{Command, PauseDepth, Person};
use super::super::record::{LeaseState, Record};
use super::super::view::ExecutionState;
use super::state::{Gate, State, Stop, Work};
use super::{BOUNDARY_PATIENCE, Draft, guards};
use crate::domain::ids::StepId;
use crate::plan::step::{Step, StepKind};

/// Why the command means nothing in this state; `None` where it will be taken.
pub fn refusal(state: &ExecutionState, command: &Command) -> Option<String> {
    let is_taken = match command {
        Command::Pause { .. } => matches!(
            state,
            ExecutionState::Running | ExecutionState::Waiting { .. } | ExecutionState::Pausing { .. }
        ),
        Command::Resume => matches!(
            state,
            ExecutionState::Planned | ExecutionState::Paused | ExecutionState::Pausing { .. }
        ),
        Command::Retry => *state == ExecutionState::Failed,
        Command::Approve { .. } => matches!(state, ExecutionState::Waiting { .. }),
        Command::Skip { .. } => matches!(
            state,
            ExecutionState::Waiting { .. } | ExecutionState::Paused | ExecutionState::Failed
        ),
        Command::Abort | Command::AskForControls | Command::HandOver { .. } => !state.is_final(),
    };
    (!is_taken).then(|| format!("cannot {} while it is {}", command.word(), state.word()))
}

/// Why the command means nothing now, with all that is known.
fn refusal_now(state: &State, command: &Command) -> Option<String> {
    if let Some(why) = refusal(&state.execution, command) {
        return Some(why);
    }
    let is_about_controls = matches!(command, Command::AskForControls | Command::HandOver { .. });
    if let (Some(LeaseState::Lost { holder }), false) = (&state.lease, is_about_controls) {
        return Some(format!(
            "cannot {} while {} on {} drives this cluster; take the controls over first",
            command.word(),
            holder.name,
            holder.host
        ));
    }
    let (_, step) = state.current()?;
    match command {
        Command::Approve { step: named, .. } => {
            not_the_current(step, named.as_ref()).or_else(|| not_to_approve(state, step))
        }
        Command::Skip { step: named, .. } => not_the_current(step, named.as_ref()).or_else(|| not_to_skip(state, step)),
        _ => None,
    }
}

fn not_the_current(step: &Step, named: Option<&StepId>) -> Option<String> {
    let named = named.filter(|named| **named != step.id)?;
    Some(format!("{named} is not the current step; that is {}", step.id))
}

fn not_to_approve(state: &State, step: &Step) -> Option<String> {
    (state.work != Work::AtGate(Gate::Approval)).then(|| format!("{} waits for no approval", step.id))
}

fn not_to_skip(state: &State, step: &Step) -> Option<String> {
    if let StepKind::Approval { .. } = step.kind {
        return Some(format!(
            "{} is an approval, which is not skipped: approve it, or abort",
            step.id
        ));
    }
    (!state.has_nothing_in_azure()).then(|| {
        format!(
            "a request of {} is in Azure, or may be; pause first, then skip",
            step.id
        )
    })
}

pub(super) fn command(draft: &mut Draft, command: &Command, by: &Person) {
    if let Some(why) = refusal_now(&draft.state, command) {
        draft.push(Record::CommandRefused {
            command: command.clone(),
            by: by.clone(),
            why,
        });
        return;
    }
    draft.push(Record::CommandReceived {
        command: command.clone(),
        by: by.clone(),
    });
    match command {
        Command::Pause { depth } => pause(draft, *depth),
        Command::Resume => resume(draft),
        Command::Retry => {
            draft.push(Record::Retried);
            draft.begin_next_step();
        }
        Command::Abort => abort(draft),
        Command::Approve { reason, .. } => approve(draft, by, reason),
        Command::Skip { reason, .. } => skip(draft, by, reason),
        Command::AskForControls if draft.state.controls_asked_by.as_ref() == Some(by) => {}
        Command::AskForControls => draft.push(Record::ControlsAsked { by: by.clone() }),
        // The driver reads the state, and leaves.
        Command::HandOver { .. } => {}
    }
}

fn approve(draft: &mut Draft, by: &Person, reason: &str) {
    let Some(step) = draft.current_step() else { return };
    draft.push(Record::Approved {
        step: step.id,
        by: by.clone(),
        reason: reason.to_owned(),
    });
    draft.step_succeeded(None);
}

/// Leaves out the current step; from rest, the execution goes on with the next one.
fn skip(draft: &mut Draft, by: &Person, reason: &str) {
    let Some(step) = draft.current_step() else { return };
    draft.push(Record::StepSkipped {
        step: step.id,
        by: by.clone(),
        reason: reason.to_owned(),
    });
    draft.begin_next_step();
}

fn pause(draft: &mut Draft, depth: PauseDepth) {
    if is_stopping(&draft.state) {
        return;
    }
    if guards::is_stopping(draft) && depth != PauseDepth::Now {
        return;
    }
    let present = draft.state.execution.clone();
    if present == (ExecutionState::Pausing { depth }) {
        if depth == PauseDepth::Now {
            stop_again(draft);
        }
        return;
    }
    let has_nodes = draft.current_step().is_some_and(|step| step.kind.moves_nodes());
    let (depth, until, message) = match depth {
        PauseDepth::NodeBoundary if !has_nodes => (
            PauseDepth::AfterStep,
            None,
            Some("this step moves no nodes, so it has no node boundaries; it pauses after this step".to_owned()),
        ),
        PauseDepth::NodeBoundary => (depth, Some(draft.now + BOUNDARY_PATIENCE), None),
        PauseDepth::AfterStep | PauseDepth::Now => (depth, None, None),
    };
    draft.push(Record::Pausing { depth, until, message });
    if depth == PauseDepth::Now {
        stop_again(draft);
    }
}

/// A pause is taken back, or the paused step begins its next attempt; what was only planned begins.
fn resume(draft: &mut Draft) {
    match draft.state.execution {
        ExecutionState::Pausing { .. } if is_stopping(&draft.state) => {}
        ExecutionState::Pausing { .. } => draft.push(Record::Resumed),
        _ => {
            draft.push(Record::Resumed);
            draft.begin_next_step();
        }
    }
}

fn abort(draft: &mut Draft) {
    match draft.state.execution {
        ExecutionState::Planned | ExecutionState::Paused | ExecutionState::Failed => {
            let leftovers = draft.state.leftovers.clone();
            draft.push(Record::Aborted {
                message: "aborted; nothing of it runs in Azure".to_owned(),
                leftovers,
            });
        }
        ExecutionState::Aborting => stop_again(draft),
        _ => {
            draft.push(Record::Aborting);
            stop_again(draft);
        }
    }
}

/// True while an abort is on its way to Azure or taken by it.
fn is_stopping(state: &State) -> bool {
    !matches!(state.stop, Stop::None | Stop::GivenUp)
}

/// Asks Azure once more to stop what it would not stop before.
fn stop_again(draft: &mut Draft) {
    if draft.state.stop == Stop::GivenUp && matches!(draft.state.work, Work::Following { .. }) {
        draft.push(Record::StopBegan {
            why: "asked again".to_owned(),
        });
    }
}
