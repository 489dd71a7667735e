//! The commands that change the world: start, steer, hand over; and following what comes of them.

mod control;
pub(super) mod follow;
mod handover;
mod start;
mod target;

use std::io::{BufRead, IsTerminal};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

pub(super) use self::control::{abort, approve, pause, resume, retry, skip};
pub(super) use self::handover::{ask, hand_over, take_over};
pub(super) use self::start::start;
use super::args::{GlobalArguments, OutputFormat};
use super::finding;
use super::output;
use super::session::Session;
use crate::config::cluster::Named;
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::engine::command::Command;
use crate::engine::view::ExecutionView;
use crate::problem::{Exit, Problem};

/// What a command came to, for scripts; where its execution is followed, the events are the answer.
#[derive(Debug, Serialize)]
struct CommandDocument {
    schema: &'static str,
    at: Timestamp,
    execution: String,
    command: &'static str,
    by: String,
    /// The state right after it.
    state: Option<&'static str>,
}

/// Gives a command and waits for its first effect.
async fn give(session: &Session, id: &ExecutionId, command: Command) -> Result<(), Problem> {
    let before = follow::view(session, id);
    let records = session.engine.records(id).await.map_err(Problem::from)?.len();
    session
        .engine
        .send(id, command, session.person.clone())
        .await
        .map_err(Problem::from)?;
    match before {
        Some(before) => follow::wait_for_effect(session, &before, records).await,
        None => Ok(()),
    }
}

/// Follows where this process drives now; otherwise says that the command was taken. `known` is how the execution
/// stood before.
async fn told(
    session: &Session,
    known: Arc<ExecutionView>,
    global: &GlobalArguments,
    command: &'static str,
    said: &str,
) -> Result<Exit, Problem> {
    let id = known.id.clone();
    if session.engine.is_driven_here(&id) {
        return follow::to_the_end(session, &id, Some(known), global.output).await;
    }
    done(session, &id, global.output, command, said)
}

/// Says that the command was taken.
fn done(
    session: &Session,
    id: &ExecutionId,
    format: OutputFormat,
    command: &'static str,
    said: &str,
) -> Result<Exit, Problem> {
    match format {
        OutputFormat::Json | OutputFormat::Jsonl => output::print_line(&CommandDocument {
            schema: "aks-cockpit/command/v1",
            at: session.clock.now(),
            execution: id.to_string(),
            command,
            by: format!("{}@{}", session.person.name, session.person.host),
            state: follow::view(session, id).map(|view| view.state.word()),
        })?,
        OutputFormat::Table | OutputFormat::Markdown => output::say(said),
    }
    Ok(Exit::Done)
}

pub(super) fn refuse_if_read_only(global: &GlobalArguments, what: &str) -> Result<(), Problem> {
    if !global.read_only {
        return Ok(());
    }
    Err(Problem::new(Exit::Refused, format!("read-only mode does not {what}"))
        .because("--read-only (or AKS_COCKPIT_READ_ONLY) is set")
        .try_this("leave it out to change something"))
}

/// Has the name of a protected cluster typed, after the question was answered; `--yes` has answered this too.
pub(super) async fn confirm_protected(
    session: &Session,
    global: &GlobalArguments,
    cluster: &ClusterId,
) -> Result<(), Problem> {
    if global.yes {
        return Ok(());
    }
    // Where the list cannot be read there are no tags to know; the settings still count.
    let fleet = finding::fleet(session).await.ok();
    let snapshot = fleet.as_ref().and_then(|fleet| fleet.cluster(cluster));
    let azure = snapshot.and_then(|snapshot| snapshot.cluster.value.as_deref());
    let rules = &session.settings.clusters;
    let Some(protection) = rules.protection(&Named::of(cluster), azure.map(|cluster| &cluster.tags)) else {
        return Ok(());
    };
    let name = cluster.name();
    if asked(&format!("{} Type {name} to go on:", protection.why())).as_deref() == Some(name) {
        Ok(())
    } else {
        Err(Problem::new(Exit::Refused, "nothing was changed")
            .because(format!("the name that was typed is not {name}"))
            .try_this("type the cluster's name, or give --yes"))
    }
}

/// Asks on the terminal; Enter alone means no.
pub(super) fn confirm(global: &GlobalArguments, question: &str) -> Result<(), Problem> {
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
    let answer = asked(&format!("{question} [y/N]")).unwrap_or_default();
    if matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(refused("the answer was not yes", "answer y, or give --yes"))
    }
}

/// A line from the terminal; `None` where none can be read.
fn asked(question: &str) -> Option<String> {
    output::say(question);
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}
