//! Follows an execution to its end or to where it needs a person, one event a line.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::args::OutputFormat;
use super::super::output;
use super::super::session::Session;
use crate::domain::ids::ExecutionId;
use crate::engine::view::{ExecutionState, ExecutionView, StepState};
use crate::problem::{Exit, Problem};
use crate::progress::picture::LivePicture;

/// One line of the stream.
#[derive(Debug, Serialize)]
struct Line {
    schema: &'static str,
    at: Timestamp,
    execution: String,
    event: &'static str,
    #[serde(flatten)]
    details: Value,
}

/// How long a command may take to have its first effect; a driver elsewhere looks several times a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// The newest view of an execution.
pub(super) fn view(session: &Session, id: &ExecutionId) -> Option<Arc<ExecutionView>> {
    find(&session.engine.subscribe().borrow(), id)
}

/// Waits until a command has had its first effect on an execution that was `before` when it was given.
pub(super) async fn wait_for_effect(session: &Session, before: &ExecutionView) -> Result<(), Problem> {
    let mut executions = session.engine.subscribe();
    // At rest a new driver only comes to take the command; in motion its coming is what was asked for.
    let is_at_rest = matches!(before.state, ExecutionState::Paused | ExecutionState::Failed);
    let is_changed = |views: &Arc<Vec<Arc<ExecutionView>>>| {
        find(views, &before.id).is_some_and(|view| {
            let is_moved = view.since != before.since || view.state != before.state;
            is_moved || (!is_at_rest && view.driver != before.driver)
        })
    };
    match tokio::time::timeout(PATIENCE, executions.wait_for(is_changed)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) => Err(stopped()),
        Err(_) => Err(
            Problem::new(Exit::Refused, format!("{} did not take the command", before.id))
                .because("its driver has not answered in half a minute")
                .try_this("see how it stands: aks-cockpit status last"),
        ),
    }
}

/// Follows until the execution is final, failed or held; the exit code says which.
pub(super) async fn to_the_end(session: &Session, id: &ExecutionId, format: OutputFormat) -> Result<Exit, Problem> {
    let mut executions = session.engine.subscribe();
    let mut pictures = session.inventory.subscribe();
    let mut last: Option<Arc<ExecutionView>> = None;
    let mut last_progress = None;
    loop {
        let view = find(&executions.borrow_and_update(), id);
        if let Some(view) = view {
            let now = session.clock.now();
            for (event, details) in changes(last.as_deref(), &view) {
                emit(format, now, id, event, details)?;
            }
            let live = pictures
                .borrow_and_update()
                .cluster(&view.plan.cluster)
                .and_then(|cluster| cluster.live.clone());
            // Before its nodes are seen, an upgrade has no progress to tell.
            let progress = live.as_deref().filter(|live| live.progress().1 > 0).map(progress);
            if progress != last_progress && !is_over(&view) {
                if let Some(details) = &progress {
                    emit(format, now, id, "progress", details.clone())?;
                }
                last_progress = progress;
            }
            if let Some(exit) = exit_of(&view) {
                emit(
                    format,
                    now,
                    id,
                    "ended",
                    json!({ "state": view.state.word(), "message": view.message, "leftovers": names(&view) }),
                )?;
                return Ok(exit);
            }
            last = Some(view);
        }
        tokio::select! {
            changed = executions.changed() => if changed.is_err() { return Err(stopped()) },
            changed = pictures.changed() => if changed.is_err() { return Err(stopped()) },
            _ = tokio::signal::ctrl_c() => {
                session.engine.leave().await;
                return Err(Problem::new(Exit::Interrupted, format!("nobody drives {id} any more"))
                    .because("it was interrupted here; the step that runs goes on in Azure, the next one does not start")
                    .try_this(format!("run `aks-cockpit resume {id}` to go on, or `aks-cockpit abort {id}`")));
            }
        }
    }
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

fn is_over(view: &ExecutionView) -> bool {
    exit_of(view).is_some()
}

/// How following ends; `None` while there is something to wait for.
fn exit_of(view: &ExecutionView) -> Option<Exit> {
    match view.state {
        ExecutionState::Succeeded => Some(Exit::Done),
        ExecutionState::Failed | ExecutionState::Aborted => Some(Exit::UpgradeFailed),
        ExecutionState::Paused => Some(Exit::Held),
        // What holds it ends by itself: another operation, or Azure's throttling.
        ExecutionState::Waiting { .. }
        | ExecutionState::Planned
        | ExecutionState::Running
        | ExecutionState::Pausing { .. }
        | ExecutionState::Aborting => None,
    }
}

fn names(view: &ExecutionView) -> Vec<String> {
    view.leftovers.iter().map(ToString::to_string).collect()
}

/// What is new in `view` since `last`.
fn changes(last: Option<&ExecutionView>, view: &ExecutionView) -> Vec<(&'static str, Value)> {
    let mut events = Vec::new();
    if last.is_none() {
        let steps: Vec<Value> = view
            .steps
            .iter()
            .map(|step| json!({ "id": step.step.id.as_str(), "kind": step.step.kind.word(), "title": step.step.kind.title() }))
            .collect();
        events.push((
            "started",
            json!({ "cluster": view.plan.cluster.as_str(), "steps": steps }),
        ));
    }
    let was = |index: usize| last.and_then(|last| last.steps.get(index));
    for (index, step) in view.steps.iter().enumerate() {
        let is_news = was(index).map_or(step.state != StepState::Pending, |was| {
            was.state != step.state || was.attempt != step.attempt
        });
        if is_news {
            events.push((
                "step",
                json!({
                    "step": step.step.id.as_str(),
                    "title": step.step.kind.title(),
                    "state": step.state.word(),
                    "attempt": step.attempt,
                    "text": match &step.state {
                        StepState::Running { text, .. } => Some(text.clone()),
                        StepState::Failed { error } => Some(error.to_string()),
                        _ => None,
                    },
                }),
            ));
        }
    }
    if last.is_none_or(|last| last.state != view.state || last.message != view.message) {
        events.push(("state", json!({ "state": view.state.word(), "message": view.message })));
    }
    events
}

fn progress(live: &LivePicture) -> Value {
    let (done, total) = live.progress();
    let blockers: Vec<&str> = live.blockers.iter().map(|blocker| blocker.what.as_str()).collect();
    json!({ "done": done, "total": total, "blockers": blockers })
}

fn emit(
    format: OutputFormat,
    at: Timestamp,
    id: &ExecutionId,
    event: &'static str,
    details: Value,
) -> Result<(), Problem> {
    match format {
        OutputFormat::Json | OutputFormat::Jsonl => output::print_line(&Line {
            schema: "aks-cockpit/start/v1",
            at,
            execution: id.to_string(),
            event,
            details,
        }),
        OutputFormat::Table => output::write_out(&line(at, id, event, &details)),
    }
}

fn line(at: Timestamp, id: &ExecutionId, event: &str, details: &Value) -> String {
    let text = |key: &str| details.get(key).and_then(Value::as_str).unwrap_or_default();
    let time = at.strftime("%H:%M:%S");
    let said = match event {
        "started" => format!("{id} started"),
        "step" => format!("{}: {} {}", text("title"), text("state"), text("text")),
        "state" | "ended" => format!("{id} {event}: {} {}", text("state"), text("message")),
        _ => {
            let number = |key: &str| details.get(key).and_then(Value::as_u64).unwrap_or(0);
            let blockers = details
                .get("blockers")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            let mut said = format!("{} of {} nodes done", number("done"), number("total"));
            for blocker in blockers {
                said.push_str(&format!("; held: {blocker}"));
            }
            said
        }
    };
    format!("{time}  {}\n", said.trim_end())
}
