//! `start`: makes or reads plans, shows them, asks, and runs them one after another, here or in the background.

use std::sync::Arc;

use serde_json::json;

use super::super::args::{GlobalArguments, StartArguments};
use super::super::background::{self, Background};
use super::super::output;
use super::super::plan::{self, Looked, Wish};
use super::super::preflight;
use super::super::session::Session;
use super::{confirm, confirm_protected, follow, refuse_if_read_only};
use crate::domain::ids::ExecutionId;
use crate::domain::text::printable;
use crate::engine::handle::Preparation;
use crate::plan::estimate::estimate;
use crate::plan::step::Plan;
use crate::problem::{Exit, Problem};

/// Runs the command. The exit code says how it ended.
pub(in super::super) async fn start(
    session: &Session,
    arguments: &StartArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    refuse_if_read_only(global, "start an upgrade")?;
    let background = if arguments.detach {
        Some(Background::of(global, session)?)
    } else {
        None
    };
    let plans = wanted(session, arguments, global).await?;
    if arguments.detach && plans.len() > 1 {
        return Err(Problem::new(Exit::Usage, "several plans cannot be detached together")
            .because("a background process drives one execution, and here one plan begins when the one before is done")
            .try_this("leave out --detach, or save each plan in a file of its own and start them one by one"));
    }
    let mut looked = Vec::new();
    for plan in plans {
        looked.push(plan::look(session, plan).await?);
    }
    let described: Vec<String> = looked.iter().map(Looked::describe).collect();
    output::say(&described.join("\n"));
    if let Some(problem) = looked.iter().find_map(Looked::obstacle) {
        return Err(problem);
    }
    let first = match looked.first() {
        Some(first) if arguments.preflight => checked(session, first, arguments.despite.as_deref()).await?,
        _ => Preparation::default(),
    };
    confirm(global, &question(&looked))?;
    for one in &looked {
        confirm_protected(session, global, &one.plan.cluster).await?;
    }
    for (number, one) in looked.into_iter().enumerate() {
        // The first was looked at before the question; hours may have passed for the others.
        let (plan, preparation) = if number == 0 {
            (one.plan, first.clone())
        } else {
            let again = look_again(session, one.plan).await?;
            let preparation = if arguments.preflight {
                checked(session, &again, arguments.despite.as_deref()).await?
            } else {
                Preparation::default()
            };
            (again.plan, preparation)
        };
        let id = begin(session, plan, preparation).await?;
        if let Some(background) = &background {
            return detach(session, background, &id).await;
        }
        match follow::to_the_end(session, &id, None, global.output).await? {
            Exit::Done => {}
            other => return Ok(other),
        }
    }
    Ok(Exit::Done)
}

async fn wanted(session: &Session, arguments: &StartArguments, global: &GlobalArguments) -> Result<Vec<Plan>, Problem> {
    match (&arguments.plan, &arguments.cluster) {
        (Some(path), _) => plan::file::read(path),
        (None, Some(cluster)) => {
            let tests = global.smoke_tests_for(std::slice::from_ref(cluster))?;
            let wish = Wish::of(&arguments.choices, tests.as_deref())?;
            plan::make(session, std::slice::from_ref(cluster), &wish).await
        }
        (None, None) => Err(Problem::new(Exit::Usage, "it is not said what to start")
            .try_this("name a cluster and where it goes: aks-cockpit start CLUSTER --to VERSION")
            .try_this("or a saved plan: aks-cockpit start --plan FILE")),
    }
}

fn question(looked: &[Looked]) -> String {
    let names: Vec<&str> = looked.iter().map(|one| one.plan.cluster_name.as_str()).collect();
    match names.as_slice() {
        [one] => format!("Start the upgrade of {one}?"),
        several => format!("Start the upgrades of {}, one after another?", several.join(", ")),
    }
}

async fn look_again(session: &Session, plan: Plan) -> Result<Looked, Problem> {
    let looked = plan::look(session, plan).await?;
    match looked.obstacle() {
        Some(problem) => Err(problem),
        None => Ok(looked),
    }
}

/// Makes the checks; a blocker stops the start unless there is a reason to go on.
async fn checked(session: &Session, looked: &Looked, despite: Option<&str>) -> Result<Preparation, Problem> {
    let checked = preflight::of_plan(session, looked).await;
    output::say(&checked.describe());
    let despite = match (
        checked.obstacle(),
        despite.map(str::trim).filter(|reason| !reason.is_empty()),
    ) {
        (Some(problem), None) => return Err(problem),
        (Some(_), Some(reason)) => Some(printable(reason)),
        (None, _) => None,
    };
    Ok(Preparation {
        despite,
        baseline: Some(checked.kept()),
        estimate: None,
    })
}

async fn begin(session: &Session, plan: Plan, mut preparation: Preparation) -> Result<ExecutionId, Problem> {
    let fleet = Arc::clone(&session.inventory.subscribe().borrow());
    let cluster = fleet
        .cluster(&plan.cluster)
        .and_then(|known| known.cluster.value.clone());
    preparation.estimate = cluster.map(|cluster| estimate(&plan, &cluster));
    session
        .engine
        .start_prepared(plan, session.person.clone(), preparation)
        .await
        .map_err(Problem::from)
}

/// Leaves the execution to a background process and says where to look next.
pub(super) async fn detach(session: &Session, background: &Background, id: &ExecutionId) -> Result<Exit, Problem> {
    let pid = background::hand_over(session, background, id).await?;
    output::print_line(&json!({
        "schema": "aks-cockpit/start/v1",
        "at": session.clock.now(),
        "execution": id.as_str(),
        "event": "detached",
        "pid": pid,
    }))?;
    output::say(&format!(
        "Process {pid} drives {id} from now on. See aks-cockpit status {id} --watch, steer it with aks-cockpit pause {id}, \
         and read its story with aks-cockpit timeline {id}."
    ));
    Ok(Exit::Done)
}
