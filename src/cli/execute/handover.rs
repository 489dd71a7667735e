//! `ask`, `hand-over`, `take-over`: who drives an execution, on this machine or on another one.

use super::super::args::{AskArguments, GlobalArguments, HandOverArguments, TakeOverArguments};
use super::super::background::Background;
use super::super::output;
use super::super::session::Session;
use super::target::{Target, find};
use super::{confirm, done, follow, give, refuse_if_read_only, start};
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::engine::command::{Command, Person};
use crate::problem::{Exit, Problem};

/// `ask`: asks whoever drives to hand over.
pub(in super::super) async fn ask(
    session: &Session,
    arguments: &AskArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    refuse_if_read_only(global, "ask for the controls")?;
    match find(session, &arguments.target.target).await? {
        Target::Execution(id) => {
            let driver = driver_of(session, &id).ok_or_else(|| nobody_drives(&id))?;
            give(session, &id, Command::AskForControls).await?;
            let said = format!("Asked {} for the controls of {id}.", person(&driver));
            done(session, &id, global.output, "ask", &said)
        }
        Target::Cluster(cluster) => {
            let holder = holder(session, &cluster.id).await?;
            session.engine.ask_for_lease(&cluster.id).await.map_err(Problem::from)?;
            let said = format!("Asked {} for the controls of {}.", person(&holder.0), cluster.id.name());
            done(session, &holder.1, global.output, "ask", &said)
        }
    }
}

/// `hand-over`: gives the controls to somebody.
pub(in super::super) async fn hand_over(
    session: &Session,
    arguments: &HandOverArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    refuse_if_read_only(global, "hand over an execution")?;
    let id = session
        .engine
        .find(&arguments.execution.execution)
        .await
        .map_err(Problem::from)?;
    if driver_of(session, &id).is_none() {
        return Err(nobody_drives(&id));
    }
    let to = arguments.to.clone();
    confirm(
        global,
        &format!(
            "No further step starts until {} takes the controls. Hand over?",
            person(&to)
        ),
    )?;
    give(session, &id, Command::HandOver { to: to.clone() }).await?;
    let said = format!("{} may take the controls now: aks-cockpit drive {id}", person(&to));
    done(session, &id, global.output, "hand-over", &said)
}

/// `take-over`: drives what somebody else drives, here or on another machine.
pub(in super::super) async fn take_over(
    session: &Session,
    arguments: &TakeOverArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    refuse_if_read_only(global, "take over an execution")?;
    let background = if arguments.detach {
        Some(Background::of(global, session)?)
    } else {
        None
    };
    let reason = arguments.reason.clone();
    let (id, known) = match find(session, &arguments.target.target).await? {
        Target::Execution(id) => {
            let known = follow::view(session, &id);
            if let Some(driver) = driver_of(session, &id) {
                confirm(
                    global,
                    &format!("{} drives {id}. Take the controls away?", person(&driver)),
                )?;
            } else {
                confirm(global, &format!("Nobody drives {id}. Take the controls?"))?;
            }
            session.engine.take_over(&id, reason).await.map_err(Problem::from)?;
            (id, known)
        }
        Target::Cluster(cluster) => {
            let (driver, execution) = holder(session, &cluster.id).await?;
            confirm(
                global,
                &format!(
                    "{} drives {} as execution {execution}. Take the controls away?",
                    person(&driver),
                    cluster.id.name()
                ),
            )?;
            let by = session.person.clone();
            let taken = session.engine.take_over_lease(&cluster.id, by, reason).await;
            (taken.map_err(Problem::from)?, None)
        }
    };
    output::say(&format!("{id} is driven from here now."));
    match background {
        Some(background) => start::detach(session, &background, &id).await,
        None => follow::to_the_end(session, &id, known, global.output).await,
    }
}

/// Who drives the cluster from another machine, and which execution there.
async fn holder(session: &Session, cluster: &ClusterId) -> Result<(Person, ExecutionId), Problem> {
    let holder = session.engine.lease(cluster).await.map_err(Problem::from)?;
    let holder = holder.ok_or_else(|| {
        Problem::new(Exit::NotFound, format!("nobody drives {}", cluster.name()))
            .because("it has no execution here, and nobody holds its Lease")
            .try_this(format!(
                "start an upgrade: aks-cockpit start {} --to VERSION",
                cluster.name()
            ))
    })?;
    Ok((holder.person, holder.execution))
}

fn driver_of(session: &Session, id: &ExecutionId) -> Option<Person> {
    follow::view(session, id)?.driver.clone()
}

fn nobody_drives(id: &ExecutionId) -> Problem {
    Problem::new(Exit::Refused, format!("nobody drives {id}")).try_this(format!("drive it: aks-cockpit drive {id}"))
}

fn person(person: &Person) -> String {
    format!("{}@{}", person.name, person.host)
}
