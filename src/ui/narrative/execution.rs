//! How an execution stands, with its step: what is asked for and what is effective are told apart.

use jiff::Timestamp;

use super::super::theme::Mark;
use super::super::wording::{count, since};
use crate::engine::command::PauseDepth;
use crate::engine::view::{ExecutionState, ExecutionView};

/// How an execution stands, in one sentence with its current step.
pub(crate) fn execution(view: &ExecutionView, now: Timestamp) -> (Mark, String) {
    let position = view
        .steps
        .iter()
        .position(|step| !step.state.is_over())
        .map_or(view.steps.len(), |at| at + 1);
    let title = view
        .current_step()
        .map_or_else(String::new, |step| step.step.kind.title());
    let attempt = match view.current_step() {
        Some(step) if step.attempt > 1 => format!(", attempt {}", step.attempt),
        _ => String::new(),
    };
    let step = format!("step {position} of {}, {title}{attempt}", view.steps.len());
    let long = since(view.since, now);
    match &view.state {
        ExecutionState::Planned => (Mark::Pending, format!("Planned: {step}")),
        ExecutionState::Running => (Mark::Running, format!("Running: {step}, {}", step_age(view, now))),
        ExecutionState::Pausing { depth } => (Mark::Busy, format!("Pausing: {}", pausing(*depth, &title))),
        ExecutionState::Paused => (Mark::Held, format!("Paused for {long}, at {step}")),
        // What the gate waits for is told beside it.
        ExecutionState::Waiting { .. } if view.gate.is_some() => (Mark::Held, format!("Waiting for {long}, at {step}")),
        ExecutionState::Waiting { reason } => (Mark::Held, format!("Waiting for {long}: {reason}")),
        ExecutionState::Failed => (Mark::Failed, format!("Failed {long} ago at {step}")),
        ExecutionState::Aborting => (Mark::Busy, format!("Aborting: Azure is stopping {title}")),
        ExecutionState::Aborted => (Mark::Off, format!("Aborted {long} ago at {step}")),
        ExecutionState::Succeeded => (
            Mark::Good,
            format!("Succeeded {long} ago: all {} done", count(view.steps.len(), "step")),
        ),
    }
}

fn step_age(view: &ExecutionView, now: Timestamp) -> String {
    view.current_step()
        .and_then(|step| step.since)
        .map_or_else(|| "just begun".to_owned(), |at| format!("for {}", since(at, now)))
}

fn pausing(depth: PauseDepth, step: &str) -> String {
    match depth {
        PauseDepth::AfterStep => format!("Azure finishes {step}, the next step does not start"),
        PauseDepth::NodeBoundary => "waits until no node is between cordon and ready, then stops Azure".to_owned(),
        PauseDepth::Now => format!("Azure is stopping {step}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn executions_are_told_with_their_step() {
        let tell = |state: ExecutionState| execution(&fixtures::execution("shop-prod", state), fixtures::now()).1;
        assert_eq!(
            tell(ExecutionState::Running),
            "Running: step 2 of 3, node pool system to 1.34.2, for 6 min"
        );
        assert_eq!(
            tell(ExecutionState::Paused),
            "Paused for 5 min, at step 2 of 3, node pool system to 1.34.2"
        );
        assert_eq!(
            tell(ExecutionState::Pausing {
                depth: PauseDepth::NodeBoundary
            }),
            "Pausing: waits until no node is between cordon and ready, then stops Azure"
        );
    }
}
