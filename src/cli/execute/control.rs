//! `pause`, `resume`, `retry`, `abort`, `approve`, `skip`: a command to an execution, wherever it is driven.

use std::sync::Arc;

use super::super::args::{ApproveArguments, Depth, GlobalArguments, PauseArguments, TargetArguments};
use super::super::session::Session;
use super::target::find_or_adopt;
use super::{confirm, confirm_protected, done, follow, give, refuse_if_read_only, told};
use crate::domain::ids::{ExecutionId, StepId};
use crate::engine::command::{Command, PauseDepth};
use crate::engine::view::{ExecutionState, ExecutionView};
use crate::plan::step::GateKind;
use crate::problem::{Exit, Problem};

/// A protected cluster has its name typed before something is sent to it.
async fn confirm_on(session: &Session, global: &GlobalArguments, id: &ExecutionId) -> Result<(), Problem> {
    match follow::view(session, id) {
        Some(view) => confirm_protected(session, global, &view.plan.cluster).await,
        None => Ok(()),
    }
}

/// `pause`: asks for it. Where nobody else drives the execution, this process does until the pause has taken hold.
pub(in super::super) async fn pause(
    session: &Session,
    arguments: &PauseArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    refuse_if_read_only(global, "pause an execution")?;
    let depth = match arguments.depth {
        Depth::AfterStep => PauseDepth::AfterStep,
        Depth::NodeBoundary => PauseDepth::NodeBoundary,
        Depth::Now => PauseDepth::Now,
    };
    if depth != PauseDepth::AfterStep {
        confirm(
            global,
            "This aborts Azure's operation; nodes that are done stay done. Pause?",
        )?;
    }
    let (id, known) = find_or_adopt(session, &arguments.target.target, global).await?;
    if depth != PauseDepth::AfterStep {
        confirm_on(session, global, &id).await?;
    }
    give(session, &id, Command::Pause { depth }).await?;
    if session.engine.is_driven_here(&id) {
        return match follow::to_the_end(session, &id, known, global.output).await? {
            // It was asked to hold, and does.
            Exit::Held => Ok(Exit::Done),
            other => Ok(other),
        };
    }
    done(
        session,
        &id,
        global.output,
        "pause",
        &format!("Pause of {id} asked for."),
    )
}

/// `resume`: goes on, and follows to the end.
pub(in super::super) async fn resume(
    session: &Session,
    arguments: &TargetArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    refuse_if_read_only(global, "resume an execution")?;
    confirm(global, "This sends the step's request again. Resume?")?;
    let (id, known) = find_or_adopt(session, &arguments.target, global).await?;
    confirm_on(session, global, &id).await?;
    give(session, &id, Command::Resume).await?;
    follow::to_the_end(session, &id, known, global.output).await
}

/// `retry`: tries the failed step again, and follows to the end.
pub(in super::super) async fn retry(
    session: &Session,
    arguments: &TargetArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    refuse_if_read_only(global, "retry a step")?;
    confirm(global, "This sends the failed step's request again. Retry?")?;
    let (id, known) = find_or_adopt(session, &arguments.target, global).await?;
    confirm_on(session, global, &id).await?;
    give(session, &id, Command::Retry).await?;
    follow::to_the_end(session, &id, known, global.output).await
}

/// `abort`: ends an execution for good, and waits until Azure has stopped.
pub(in super::super) async fn abort(
    session: &Session,
    arguments: &TargetArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    refuse_if_read_only(global, "abort an execution")?;
    confirm(
        global,
        "This aborts Azure's operation and ends the execution for good; nodes that are done stay done. Abort?",
    )?;
    let (id, known) = find_or_adopt(session, &arguments.target, global).await?;
    confirm_on(session, global, &id).await?;
    give(session, &id, Command::Abort).await?;
    match follow::to_the_end(session, &id, known, global.output).await? {
        // It was asked to end, and did.
        Exit::UpgradeFailed if follow::is_aborted(session, &id) => Ok(Exit::Done),
        other => Ok(other),
    }
}

/// `approve`: says yes to the approval that holds an execution.
pub(in super::super) async fn approve(
    session: &Session,
    arguments: &ApproveArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    refuse_if_read_only(global, "approve anything")?;
    let (id, view) = known(session, &arguments.execution.execution).await?;
    let held = view
        .gate
        .as_ref()
        .filter(|gate| gate.kind == GateKind::Approval)
        .map(|gate| gate.step.clone());
    let step = named(&view, arguments.step.as_deref())?.or(held).ok_or_else(|| {
        Problem::new(Exit::Refused, format!("{id} waits for no approval"))
            .because(standing(&view))
            .try_this(format!("see how it stands: aks-cockpit status {id}"))
    })?;
    confirm(global, &format!("Say yes to {}?", title(&view, &step)))?;
    let reason = arguments.reason.clone();
    give(
        session,
        &id,
        Command::Approve {
            step: Some(step),
            reason,
        },
    )
    .await?;
    told(session, view, global, "approve", &format!("Approved; {id} goes on.")).await
}

/// `skip`: leaves out the step that waits, has failed or is paused.
pub(in super::super) async fn skip(
    session: &Session,
    arguments: &ApproveArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    refuse_if_read_only(global, "skip a step")?;
    let (id, view) = known(session, &arguments.execution.execution).await?;
    let is_at_rest = matches!(
        view.state,
        ExecutionState::Waiting { .. } | ExecutionState::Paused | ExecutionState::Failed
    );
    let current = view
        .current_step()
        .filter(|_| is_at_rest)
        .map(|step| step.step.id.clone());
    let step = named(&view, arguments.step.as_deref())?.or(current).ok_or_else(|| {
        Problem::new(Exit::Refused, format!("{id} has no step that could be left out now"))
            .because(standing(&view))
            .try_this(format!("pause it first: aks-cockpit pause {id}"))
    })?;
    confirm(global, &format!("Leave out {}?", title(&view, &step)))?;
    let reason = arguments.reason.clone();
    give(
        session,
        &id,
        Command::Skip {
            step: Some(step),
            reason,
        },
    )
    .await?;
    told(
        session,
        view,
        global,
        "skip",
        &format!("Left out; {id} goes on behind it."),
    )
    .await
}

async fn known(session: &Session, text: &str) -> Result<(ExecutionId, Arc<ExecutionView>), Problem> {
    let id = session.engine.find(text).await.map_err(Problem::from)?;
    let view = follow::view(session, &id).ok_or_else(|| {
        Problem::new(Exit::Unexpected, format!("{id} cannot be read"))
            .try_this(format!("see how it stands: aks-cockpit status {id}"))
    })?;
    Ok((id, view))
}

/// The step a person named, which the plan must have.
fn named(view: &ExecutionView, step: Option<&str>) -> Result<Option<StepId>, Problem> {
    let Some(step) = step.map(StepId::new) else {
        return Ok(None);
    };
    if view.plan.step(&step).is_some() {
        return Ok(Some(step));
    }
    let ids: Vec<&str> = view.plan.steps.iter().map(|step| step.id.as_str()).collect();
    Err(Problem::new(Exit::NotFound, format!("{} has no step {step}", view.id))
        .because(format!("its steps are {}", ids.join(", ")))
        .try_this("give --step one of them, or leave it out"))
}

fn title(view: &ExecutionView, step: &StepId) -> String {
    view.plan
        .step(step)
        .map_or_else(|| step.to_string(), |step| step.kind.title())
}

fn standing(view: &ExecutionView) -> String {
    match &view.state {
        ExecutionState::Waiting { reason } => format!("it is Waiting: {reason}"),
        other => format!("it is {}", other.word()),
    }
}
