//! Guards: smoke tests that run while a step moves nodes, each time another node is done. One that fails stops the
//! operation: at the next node boundary, or at once where none comes or the test asks for it. After that the execution
//! is paused; only a person lets nodes move again, and with the next node that is done the guards run again.

use super::super::command::PauseDepth;
use super::super::record::Record;
use super::super::view::ExecutionState;
use super::gates::failure_text;
use super::{BOUNDARY_PATIENCE, Draft};
use crate::domain::smoke_test::{OnFailure, SmokeRun};

/// So many nodes of the step are done now.
pub(super) fn nodes_done(draft: &mut Draft, done: usize) {
    let done = u32::try_from(done).unwrap_or(u32::MAX);
    if draft.state.is_guarding() && done > draft.state.guards.done {
        draft.push(Record::GuardsDue { done });
    }
}

/// One run of the guard that runs now.
pub(super) fn tested(draft: &mut Draft, run: &SmokeRun) {
    let Some(test) = draft.state.running_guard().filter(|test| test.name == run.test) else {
        return;
    };
    let on_failure = test.on_failure;
    draft.push(Record::Tested { run: run.clone() });
    if draft.state.guards.failed.is_none() {
        return;
    }
    let what = failure_text(run);
    let (depth, until, how) = match on_failure {
        OnFailure::Hold => (
            PauseDepth::NodeBoundary,
            Some(draft.now + BOUNDARY_PATIENCE),
            "the operation is stopped at the next node boundary",
        ),
        OnFailure::Pause => (PauseDepth::Now, None, "the operation is stopped now"),
    };
    draft.push(Record::Pausing {
        depth,
        until,
        message: Some(format!("{what}; {how}")),
    });
}

/// With a broken application no more nodes are touched: without a boundary it is stopped now.
pub(super) fn stop_now(draft: &mut Draft, why: &str) {
    let what = failed_text(draft).unwrap_or_default();
    draft.push(Record::Pausing {
        depth: PauseDepth::Now,
        until: None,
        message: Some(format!("{what}; {why}, so the operation is stopped now")),
    });
}

/// What failed, where a guard is why the step was stopped.
pub(super) fn failed_text(draft: &Draft) -> Option<String> {
    let name = draft.state.guards.failed.as_ref()?;
    draft.state.last_run(name).map(failure_text)
}

/// True where a guard has the step stopped: a later pause must not soften that.
pub(super) fn is_stopping(draft: &Draft) -> bool {
    draft.state.guards.failed.is_some() && matches!(draft.state.execution, ExecutionState::Pausing { .. })
}
