//! `drive`: drives an execution in this process until it ends, in a terminal or in the background.

use std::time::Duration;

use tokio::time::Instant;

use super::args::{DriveArguments, GlobalArguments};
use super::execute::{confirm, follow, refuse_if_read_only};
use super::session::Session;
use super::signals;
use crate::domain::ids::ExecutionId;
use crate::engine::handle::EngineError;
use crate::engine::view::ExecutionState;
use crate::problem::{Exit, Problem};

/// How long the driver before may take to leave; its last answer may take ten seconds.
const PLACE: Duration = Duration::from_secs(45);
/// How often it is looked whether the place is free, and whether it is still ours, in wall time.
const LOOK: Duration = Duration::from_millis(500);
/// How long a background process stays with an execution that is paused or has failed, in wall time. It is not
/// needed to go on: whoever resumes or retries drives from there.
const REST: Duration = Duration::from_hours(12);

/// Runs the command.
pub(super) async fn run(
    session: &Session,
    arguments: &DriveArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    refuse_if_read_only(global, "drive an execution")?;
    let id = session
        .engine
        .find(&arguments.execution.execution)
        .await
        .map_err(Problem::from)?;
    if arguments.background {
        return stay(session, &id).await;
    }
    confirm(
        global,
        &format!("From now on this process goes on with {id}. Drive it?"),
    )?;
    let known = follow::view(session, &id);
    session.engine.drive(&id).await.map_err(Problem::from)?;
    follow::while_driven(session, &id, known, global.output).await
}

/// Drives without a terminal until the execution is final, somebody else drives, or it has rested for long.
async fn stay(session: &Session, id: &ExecutionId) -> Result<Exit, Problem> {
    take_place(session, id).await?;
    tracing::info!(execution = %id, "drives in the background");
    let mut executions = session.engine.subscribe();
    let mut resting_since: Option<Instant> = None;
    // One for the whole time: a signal between two of them would be lost.
    let end = signals::end();
    tokio::pin!(end);
    loop {
        executions.mark_unchanged();
        // Before the view is read: a driver that has just ended has told how.
        let is_driven_here = session.engine.is_driven_here(id);
        let state = follow::view(session, id).map(|view| view.state.clone());
        if state.as_ref().is_some_and(ExecutionState::is_final) {
            tracing::info!(execution = %id, "has ended");
            return Ok(Exit::Done);
        }
        if !is_driven_here {
            tracing::info!(execution = %id, "is driven by somebody else now");
            return Ok(Exit::Done);
        }
        resting_since = match state {
            Some(ExecutionState::Paused | ExecutionState::Failed) => resting_since.or_else(|| Some(Instant::now())),
            _ => None,
        };
        if resting_since.is_some_and(|since| since.elapsed() >= REST) {
            tracing::info!(execution = %id, "has rested for so long that nobody needs to wait here");
            return Ok(Exit::Done);
        }
        tokio::select! {
            // A closed channel shows as a driver that is gone.
            _ = executions.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
            () = &mut end => {
                tracing::info!(execution = %id, "is told to end");
                return Ok(Exit::Interrupted);
            }
        }
    }
}

/// Waits until the driver before has left, and takes its place.
async fn take_place(session: &Session, id: &ExecutionId) -> Result<(), Problem> {
    let deadline = Instant::now() + PLACE;
    loop {
        match session.engine.drive(id).await {
            Err(EngineError::DrivenElsewhere { .. }) if Instant::now() < deadline => tokio::time::sleep(LOOK).await,
            // It ended before anybody else was needed.
            Err(EngineError::NotNow { .. }) if is_final(session, id) => return Ok(()),
            other => return other.map_err(Problem::from),
        }
    }
}

fn is_final(session: &Session, id: &ExecutionId) -> bool {
    follow::view(session, id).is_some_and(|view| view.state.is_final())
}
