//! `start`, `pause`, `resume`, `retry`, `abort`: change the world from the command line, and follow what comes of it.

mod follow;
mod plan_text;

use std::io::{BufRead, IsTerminal};

use super::args::{Depth, ExecutionArguments, GlobalArguments, OutputFormat, PauseArguments, StartArguments};
use super::finding::{self, Focus};
use super::output;
use super::session::Session;
use crate::domain::ids::{ExecutionId, NodePoolName, PlanId};
use crate::domain::version::VersionWish;
use crate::engine::command::{Command, PauseDepth};
use crate::inventory::snapshot::ClusterSnapshot;
use crate::plan::builder::{self, Intent, PoolChoice};
use crate::plan::step::Plan;
use crate::problem::{Exit, Problem};

/// `start`: plans, asks, starts and follows. The exit code says how it ended.
pub(super) async fn start(
    session: &Session,
    arguments: &StartArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    refuse_if_read_only(global, "start an upgrade")?;
    let intent = intent(arguments)?;
    let found = finding::cluster(session, &arguments.cluster).await?;
    let focus = Focus::on(session, &found.id);
    let snapshot = focus.wait(|cluster| cluster.upgrades.state.is_settled()).await?;
    let plan = plan(session, &snapshot, &intent)?;
    let mut previews = Vec::new();
    for step in &plan.steps {
        let change = step.kind.change(&plan.cluster);
        previews.push(session.engine.preview(&change).await.map_err(Problem::from)?);
    }
    output::say(&plan_text::describe(&plan, &snapshot, &previews));
    confirm(global, &format!("Start the upgrade of {}?", plan.cluster_name))?;
    let id = session
        .engine
        .start(plan, session.person.clone())
        .await
        .map_err(Problem::from)?;
    follow::to_the_end(session, &id, global.output).await
}

fn intent(arguments: &StartArguments) -> Result<Intent, Problem> {
    let pools = if arguments.control_plane_only {
        PoolChoice::None
    } else if arguments.pools.is_empty() {
        PoolChoice::All
    } else {
        PoolChoice::These(arguments.pools.iter().map(NodePoolName::new).collect())
    };
    match &arguments.to {
        None => Ok(Intent::NodeImages { pools }),
        Some(text) => {
            let to: VersionWish = text.parse().map_err(|error: crate::domain::version::NotAVersion| {
                Problem::new(Exit::Usage, error.to_string())
                    .try_this("give --to a version like 1.35.2, or a minor like 1.35")
            })?;
            Ok(Intent::Upgrade { to, pools })
        }
    }
}

fn plan(session: &Session, snapshot: &ClusterSnapshot, intent: &Intent) -> Result<Plan, Problem> {
    let unread = |what: &str, why: Option<String>| {
        Problem::new(
            Exit::Unexpected,
            format!("{what} of {} cannot be read", snapshot.id.name()),
        )
        .because(why.unwrap_or_default())
        .try_this("run the command again, or look at `aks-cockpit clusters`")
    };
    let cluster = snapshot
        .cluster
        .value
        .as_deref()
        .ok_or_else(|| unread("the state", snapshot.cluster.state.why()))?;
    let upgrades = snapshot
        .upgrades
        .value
        .as_deref()
        .ok_or_else(|| unread("the offers", snapshot.upgrades.state.why()))?;
    let id = PlanId::new(uuid::Uuid::new_v4().simple().to_string());
    builder::build(id, cluster, upgrades, intent, session.clock.now()).map_err(Problem::from)
}

/// `pause`: asks for it. Where nobody else drives the execution, this process does until the pause has taken hold.
pub(super) async fn pause(
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
    let id = command(session, &arguments.execution, Command::Pause { depth }).await?;
    if session.engine.is_driven_here(&id) {
        return match follow::to_the_end(session, &id, global.output).await? {
            // It was asked to hold, and does.
            Exit::Held => Ok(Exit::Done),
            other => Ok(other),
        };
    }
    output::say(&format!("Pause of {id} asked for."));
    Ok(Exit::Done)
}

/// `resume`: goes on, and follows to the end where this process drives.
pub(super) async fn resume(
    session: &Session,
    arguments: &ExecutionArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    refuse_if_read_only(global, "resume an execution")?;
    confirm(global, "This sends the step's request again. Resume?")?;
    let id = command(session, &arguments.execution, Command::Resume).await?;
    follow::to_the_end(session, &id, global.output).await
}

/// `retry`: tries the failed step again, and follows to the end.
pub(super) async fn retry(
    session: &Session,
    arguments: &ExecutionArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    refuse_if_read_only(global, "retry a step")?;
    confirm(global, "This sends the failed step's request again. Retry?")?;
    let id = command(session, &arguments.execution, Command::Retry).await?;
    follow::to_the_end(session, &id, global.output).await
}

/// `abort`: ends an execution for good, and waits until Azure has stopped.
pub(super) async fn abort(
    session: &Session,
    arguments: &ExecutionArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    refuse_if_read_only(global, "abort an execution")?;
    confirm(
        global,
        "This aborts Azure's operation and ends the execution for good; nodes that are done stay done. Abort?",
    )?;
    let id = command(session, &arguments.execution, Command::Abort).await?;
    match follow::to_the_end(session, &id, global.output).await? {
        // It was asked to end, and did.
        Exit::UpgradeFailed if follow::is_aborted(session, &id) => Ok(Exit::Done),
        other => Ok(other),
    }
}

/// Gives a command and waits for its first effect.
async fn command(session: &Session, execution: &str, command: Command) -> Result<ExecutionId, Problem> {
    let id = session.engine.find(execution).await.map_err(Problem::from)?;
    let before = follow::view(session, &id);
    session
        .engine
        .send(&id, command, session.person.clone())
        .await
        .map_err(Problem::from)?;
    if let Some(before) = before {
        follow::wait_for_effect(session, &before).await?;
    }
    Ok(id)
}

fn refuse_if_read_only(global: &GlobalArguments, what: &str) -> Result<(), Problem> {
    if !global.read_only {
        return Ok(());
    }
    Err(Problem::new(Exit::Refused, format!("read-only mode does not {what}"))
        .because("--read-only (or AKS_COCKPIT_READ_ONLY) is set")
        .try_this("leave it out to change something"))
}

/// Asks on the terminal; Enter alone means no.
fn confirm(global: &GlobalArguments, question: &str) -> Result<(), Problem> {
    if global.yes {
        return Ok(());
    }
    let refused = |why: &str, todo: &str| {
        Problem::new(Exit::Refused, "nothing was changed")
            .because(why)
            .try_this(todo)
    };
    if !std::io::stdin().is_terminal() || global.output != OutputFormat::Table {
        return Err(refused(
            "there is no terminal to ask on",
            "give --yes to answer beforehand",
        ));
    }
    output::say(&format!("{question} [y/N]"));
    let mut answer = String::new();
    let is_read = std::io::stdin().lock().read_line(&mut answer).is_ok();
    if is_read && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(refused("the answer was not yes", "answer y, or give --yes"))
    }
}
