//! What a person's command means in each state.

use super::super::command::{Command, PauseDepth, Person};
use super::super::record::Record;
use super::super::view::ExecutionState;
use super::state::{State, Stop, Work};
use super::{BOUNDARY_PATIENCE, Draft};

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
        Command::Abort => !state.is_final(),
    };
    (!is_taken).then(|| format!("cannot {} while it is {}", command.word(), state.word()))
}

pub(super) fn command(draft: &mut Draft, command: &Command, by: &Person) {
    if let Some(why) = refusal(&draft.state.execution, command) {
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
    }
}

fn pause(draft: &mut Draft, depth: PauseDepth) {
    if is_stopping(&draft.state) {
        return;
    }
    let present = draft.state.execution.clone();
    if present == (ExecutionState::Pausing { depth }) {
        if depth == PauseDepth::Now {
            stop_again(draft);
        }
        return;
    }
    let has_nodes = draft.current_step().is_some_and(|step| step.kind.pool().is_some());
    let (depth, until, message) = match depth {
        PauseDepth::NodeBoundary if !has_nodes => (
            PauseDepth::AfterStep,
            None,
            Some("a control plane step has no node boundaries; it pauses after this step".to_owned()),
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
