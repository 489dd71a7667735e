//! `status`: every execution of this journal: where it is, who drives, what holds it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::args::{OutputFormat, StatusArguments};
use super::output;
use super::session::Session;
use crate::engine::view::ExecutionView;
use crate::inventory::snapshot::FleetSnapshot;
use crate::problem::{Exit, Problem};

#[derive(Debug, PartialEq, Eq, Serialize)]
struct StatusDocument {
    schema: &'static str,
    executions: Vec<ExecutionRow>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecutionRow {
    id: String,
    cluster: String,
    state: &'static str,
    since: Timestamp,
    /// The step that runs or comes next.
    step: Option<String>,
    steps: Vec<StepRow>,
    eta: Option<EtaRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eta_unknown: Option<&'static str>,
    driver: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    driver_unknown: Option<&'static str>,
    blockers: Vec<String>,
    message: Option<String>,
    leftovers: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct StepRow {
    id: String,
    kind: String,
    title: String,
    state: &'static str,
    attempt: u32,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EtaRow {
    pub(super) low_seconds: u64,
    pub(super) high_seconds: u64,
}

/// Runs the command.
pub(super) async fn run(session: &Session, arguments: &StatusArguments, format: OutputFormat) -> Result<(), Problem> {
    let mut executions = session.engine.subscribe();
    let mut pictures = session.inventory.subscribe();
    let is_anything_running = executions.borrow().iter().any(|view| !view.state.is_final());
    if is_anything_running {
        super::finding::wait_until(session, Duration::from_secs(20), |fleet| fleet.list.is_settled()).await;
    }
    let mut shown = document(
        &executions.borrow_and_update(),
        &pictures.borrow_and_update(),
        arguments.target.as_deref(),
    )?;
    output::print(format, &shown, table)?;
    if !arguments.watch {
        return Ok(());
    }
    loop {
        tokio::select! {
            changed = executions.changed() => if changed.is_err() { break },
            changed = pictures.changed() => if changed.is_err() { break },
        }
        let next = document(
            &executions.borrow_and_update(),
            &pictures.borrow_and_update(),
            arguments.target.as_deref(),
        )?;
        if next != shown {
            output::print(format, &next, table)?;
            shown = next;
        }
    }
    Ok(())
}

fn document(
    executions: &[Arc<ExecutionView>],
    fleet: &FleetSnapshot,
    target: Option<&str>,
) -> Result<StatusDocument, Problem> {
    let is_meant = |view: &ExecutionView, target: &str| {
        view.id.as_str().starts_with(target)
            || view.plan.cluster_name.eq_ignore_ascii_case(target)
            || view.plan.cluster.as_str().eq_ignore_ascii_case(target)
            || (target == "last" && executions.first().is_some_and(|newest| newest.id == view.id))
    };
    let rows: Vec<ExecutionRow> = executions
        .iter()
        .filter(|view| target.is_none_or(|target| is_meant(view, target)))
        .map(|view| row(view, fleet))
        .collect();
    match target {
        Some(target) if rows.is_empty() => Err(Problem::new(
            Exit::NotFound,
            format!("there is no execution of or named '{target}'"),
        )
        .because(match executions.len() {
            0 => "the journal holds no execution yet".to_owned(),
            count => format!("the journal holds {count} others"),
        })
        .try_this("run `aks-cockpit status` to see them all, or check --state-dir")),
        _ => Ok(StatusDocument {
            schema: "aks-cockpit/status/v1",
            executions: rows,
        }),
    }
}

fn row(view: &ExecutionView, fleet: &FleetSnapshot) -> ExecutionRow {
    let live = fleet
        .cluster(&view.plan.cluster)
        .filter(|_| !view.state.is_final())
        .and_then(|cluster| cluster.live.as_deref());
    let eta = live.and_then(|live| live.eta);
    ExecutionRow {
        id: view.id.to_string(),
        cluster: view.plan.cluster.as_str().to_owned(),
        state: view.state.word(),
        since: view.since,
        step: view.current_step().map(|step| step.step.kind.title()),
        steps: view
            .steps
            .iter()
            .map(|step| StepRow {
                id: step.step.id.to_string(),
                kind: step.step.kind.word().to_owned(),
                title: step.step.kind.title(),
                state: step.state.word(),
                attempt: step.attempt,
            })
            .collect(),
        eta: eta.map(|eta| EtaRow {
            low_seconds: eta.low.as_secs(),
            high_seconds: eta.high.as_secs(),
        }),
        eta_unknown: eta.is_none().then_some("nothing runs, or its nodes are not seen"),
        driver: view
            .driver
            .as_ref()
            .map(|driver| format!("{}@{}", driver.name, driver.host)),
        driver_unknown: view.driver.is_none().then_some("nobody drives it"),
        blockers: live
            .map(|live| live.blockers.iter().map(|blocker| blocker.what.clone()).collect())
            .unwrap_or_default(),
        message: view.message.clone(),
        leftovers: view.leftovers.iter().map(ToString::to_string).collect(),
    }
}

fn table(document: &StatusDocument) -> String {
    if document.executions.is_empty() {
        return "No execution in this journal yet. `aks-cockpit start CLUSTER --to VERSION` begins one.\n".to_owned();
    }
    let mut text = String::new();
    for execution in &document.executions {
        let cluster = execution.cluster.rsplit('/').next().unwrap_or_default();
        text.push_str(&format!(
            "{}  {}  {}  driver: {}\n",
            execution.id,
            cluster,
            execution.state,
            execution.driver.as_deref().unwrap_or("none")
        ));
        for blocker in &execution.blockers {
            text.push_str(&format!("  held: {blocker}\n"));
        }
        if let Some(message) = &execution.message {
            text.push_str(&format!("  {message}\n"));
        }
        let rows: Vec<Vec<String>> = execution
            .steps
            .iter()
            .map(|step| {
                vec![
                    format!("  {}", step.title),
                    step.state.to_owned(),
                    format!("attempt {}", step.attempt),
                ]
            })
            .collect();
        text.push_str(&output::columns(&["  STEP", "STATE", "ATTEMPTS"], &rows));
    }
    text
}
