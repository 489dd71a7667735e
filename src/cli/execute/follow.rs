//! Follows an execution to its end or to where it needs a person, one event a line. Steers nothing.

mod events;

use std::sync::Arc;
use std::time::Duration;

use super::super::args::OutputFormat;
use super::super::session::Session;
use super::super::signals;
use crate::domain::ids::ExecutionId;
use crate::engine::record::Record;
use crate::engine::view::{ExecutionState, ExecutionView};
use crate::problem::{Exit, Problem};
use events::Teller;

/// How long a command may take to have its first effect; a driver elsewhere looks several times a second.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked for what changes no view, in wall time.
const LOOK: Duration = Duration::from_secs(1);

/// The newest view of an execution.
pub(in super::super) fn view(session: &Session, id: &ExecutionId) -> Option<Arc<ExecutionView>> {
    find(&session.engine.subscribe().borrow(), id)
}

/// Waits until a command has had its first effect on an execution that was `before`, with so many records, when it
/// was given.
pub(super) async fn wait_for_effect(session: &Session, before: &ExecutionView, records: usize) -> Result<(), Problem> {
    let mut executions = session.engine.subscribe();
    let is_changed =
        |views: &Arc<Vec<Arc<ExecutionView>>>| find(views, &before.id).is_some_and(|view| has_effect(before, &view));
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match tokio::time::timeout(LOOK, executions.wait_for(is_changed)).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(_)) => return Err(stopped()),
            // Perhaps it was heard and means nothing any more.
            Err(_) => match refusal(session, &before.id, records).await? {
                Some(why) => {
                    return Err(
                        Problem::new(Exit::Refused, format!("{} did not take the command", before.id))
                            .because(why)
                            .try_this("see how it stands: aks-cockpit status last"),
                    );
                }
                None if tokio::time::Instant::now() >= deadline => {
                    return Err(
                        Problem::new(Exit::Refused, format!("{} did not take the command", before.id))
                            .because("its driver has not answered in half a minute")
                            .try_this("see how it stands: aks-cockpit status last"),
                    );
                }
                None => {}
            },
        }
    }
}

fn has_effect(before: &ExecutionView, view: &ExecutionView) -> bool {
    // At rest a new driver only comes to take the command; in motion its coming is what was asked for.
    let is_at_rest = matches!(before.state, ExecutionState::Paused | ExecutionState::Failed);
    view.since != before.since
        || view.state != before.state
        || view.gate != before.gate
        || view.controls_asked_by != before.controls_asked_by
        || view.handed_to != before.handed_to
        || (!is_at_rest && view.driver != before.driver)
}

/// Why a command of this person was refused since there were so many records.
async fn refusal(session: &Session, id: &ExecutionId, records: usize) -> Result<Option<String>, Problem> {
    let all = session.engine.records(id).await.map_err(Problem::from)?;
    Ok(all
        .into_iter()
        .skip(records)
        .rev()
        .find_map(|(_, record)| match record {
            Record::CommandRefused { why, by, .. } if by == session.person => Some(why),
            _ => None,
        }))
}

/// Follows until the execution is final, failed or held; the exit code says which. Where it was `known` before the
/// command, only what is new since then is told.
pub(super) async fn to_the_end(
    session: &Session,
    id: &ExecutionId,
    known: Option<Arc<ExecutionView>>,
    format: OutputFormat,
) -> Result<Exit, Problem> {
    follow(session, id, Teller::new(id, known, format), Until::Rest).await
}

/// Follows for as long as this process drives the execution, through pauses and failures; tells what is new since it
/// was `known`.
pub(in super::super) async fn while_driven(
    session: &Session,
    id: &ExecutionId,
    known: Option<Arc<ExecutionView>>,
    format: OutputFormat,
) -> Result<Exit, Problem> {
    follow(session, id, Teller::new(id, known, format), Until::NotDriven).await
}

/// How long is followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// Nothing happens any more without a person.
    Rest,
    /// It is final, or somebody else drives.
    NotDriven,
}

async fn follow(session: &Session, id: &ExecutionId, mut teller: Teller<'_>, until: Until) -> Result<Exit, Problem> {
    let mut executions = session.engine.subscribe();
    let mut pictures = session.inventory.subscribe();
    // One for the whole time: a signal between two of them would be lost.
    let end = signals::end();
    tokio::pin!(end);
    loop {
        // Before the view is read: a driver that has just ended has told how.
        let is_driven_here = session.engine.is_driven_here(id);
        let view = find(&executions.borrow_and_update(), id);
        let exit = view.as_deref().and_then(|view| match until {
            Until::Rest => exit_of(view),
            Until::NotDriven => exit_of(view).filter(|_| view.state.is_final()),
        });
        if let Some(view) = view {
            let live = pictures
                .borrow_and_update()
                .cluster(&view.plan.cluster)
                .and_then(|cluster| cluster.live.clone());
            teller.tell(session.clock.now(), &view, live.as_deref())?;
            if let Some(exit) = exit {
                teller.end(session.clock.now(), &view)?;
                return Ok(exit);
            }
        }
        if until == Until::NotDriven && !is_driven_here {
            return Err(given_away(session, id));
        }
        tokio::select! {
            changed = executions.changed() => if changed.is_err() { return Err(stopped()) },
            changed = pictures.changed() => if changed.is_err() { return Err(stopped()) },
            () = tokio::time::sleep(LOOK), if until == Until::NotDriven => {}
            () = &mut end => {
                let is_driven_here = session.engine.is_driven_here(id);
                session.engine.leave().await;
                return Err(interrupted(id, is_driven_here));
            }
        }
    }
}

fn given_away(session: &Session, id: &ExecutionId) -> Problem {
    let driver = view(session, id).and_then(|view| view.driver.clone());
    let why = driver.map_or_else(
        || "the controls were given away".to_owned(),
        |driver| format!("{}@{} drives it now", driver.name, driver.host),
    );
    Problem::new(Exit::Refused, format!("{id} is not driven from here any more"))
        .because(why)
        .try_this(format!("watch it: aks-cockpit status {id} --watch"))
}

fn interrupted(id: &ExecutionId, was_driven_here: bool) -> Problem {
    if !was_driven_here {
        return Problem::new(Exit::Interrupted, format!("{id} is not followed any more"))
            .because("it was interrupted here; whoever drives it goes on")
            .try_this(format!("watch it: aks-cockpit status {id} --watch"));
    }
    Problem::new(Exit::Interrupted, format!("nobody drives {id} any more"))
        .because("it was interrupted here; the step that runs goes on in Azure, the next one does not start")
        .try_this(format!(
            "run `aks-cockpit drive {id}` to go on, or `aks-cockpit abort {id}`"
        ))
}

/// True where the execution has been aborted.
pub(super) fn is_aborted(session: &Session, id: &ExecutionId) -> bool {
    view(session, id).is_some_and(|view| view.state == ExecutionState::Aborted)
}

fn find(executions: &[Arc<ExecutionView>], id: &ExecutionId) -> Option<Arc<ExecutionView>> {
    executions.iter().find(|view| view.id == *id).map(Arc::clone)
}

fn stopped() -> Problem {
    Problem::new(Exit::Unexpected, "the engine stopped while the execution was followed")
        .try_this("look at `aks-cockpit status last`")
}

/// How following ends; `None` while there is something to wait for.
fn exit_of(view: &ExecutionView) -> Option<Exit> {
    match view.state {
        ExecutionState::Succeeded => Some(Exit::Done),
        ExecutionState::Failed | ExecutionState::Aborted => Some(Exit::UpgradeFailed),
        ExecutionState::Paused => Some(Exit::Held),
        // What holds it ends by itself, or by a word from another terminal.
        ExecutionState::Waiting { .. }
        | ExecutionState::Planned
        | ExecutionState::Running
        | ExecutionState::Pausing { .. }
        | ExecutionState::Aborting => None,
    }
}
