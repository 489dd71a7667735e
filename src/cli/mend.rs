//! `mend`, `repairs`, `undo`: a remedy made exact, shown, done, listed, and taken back.

use jiff::Timestamp;
use serde::Serialize;

use super::args::{GlobalArguments, MendArguments, OutputFormat, RepairsArguments, UndoArguments};
use super::diagnose::{self, Looked};
use super::execute::{confirm, confirm_protected, refuse_if_read_only};
use super::finding;
use super::output;
use super::session::Session;
use crate::diagnosis::catalogue::Catalogue;
use crate::diagnosis::cause::Cause;
use crate::engine::repair::{RepairEntry, RepairPreview, RepairRequest, RepairState};
use crate::problem::{Exit, Problem};
use crate::remedy::plan;
use crate::remedy::repair::NotPossible;

#[derive(Debug, Serialize)]
struct PreviewDocument {
    schema: &'static str,
    preview: PreviewRow,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PreviewRow {
    remedy: String,
    cause: Option<String>,
    title: String,
    risk: &'static str,
    cautions: Vec<String>,
    requests: Vec<RequestRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RepairsDocument {
    schema: &'static str,
    /// Newest first.
    repairs: Vec<RepairRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RepairRow {
    id: String,
    cluster: String,
    at: Timestamp,
    by: String,
    remedy: String,
    cause: Option<String>,
    title: String,
    state: &'static str,
    why: Option<String>,
    changed: Vec<String>,
    requests: Vec<RequestRow>,
    /// What undoing would do; `null` where nothing can be taken back.
    undo: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestRow {
    server: String,
    method: String,
    path: String,
    body: Option<serde_json::Value>,
}

/// `mend`: cures one cause of a cluster with one remedy.
pub(super) async fn mend(
    session: &Session,
    arguments: &MendArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    if !arguments.show {
        refuse_if_read_only(global, "repair anything")?;
    }
    let cluster = finding::cluster_or_only(session, arguments.cluster.as_deref()).await?;
    let looked = diagnose::look(session, &cluster.id, Catalogue::shipped()).await?;
    let cause = chosen(&looked, arguments)?;
    let repair = plan(&arguments.with, cause, &looked.survey).map_err(|error| not_possible(&error, cause))?;
    let preview = session.engine.preview_repair(&repair).await.map_err(Problem::from)?;
    if arguments.show {
        output::print(global.output, &preview_document(&preview), |_| describe(&preview))?;
        return Ok(Exit::Done);
    }
    output::say(&describe(&preview));
    confirm(global, &format!("{}?", repair.title))?;
    confirm_protected(session, global, &cluster.id).await?;
    let entry = session.engine.apply_repair(preview).await.map_err(Problem::from)?;
    ended(&entry, global.output)
}

/// `undo`: takes a repair back.
pub(super) async fn undo(
    session: &Session,
    arguments: &UndoArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    if !arguments.show {
        refuse_if_read_only(global, "undo a repair")?;
    }
    // The list tells which clusters there are; without it a repair's API server cannot be found.
    finding::fleet(session).await?;
    let preview = session
        .engine
        .preview_undo(&arguments.repair)
        .await
        .map_err(Problem::from)?;
    if arguments.show {
        output::print(global.output, &preview_document(&preview), |_| describe(&preview))?;
        return Ok(Exit::Done);
    }
    output::say(&describe(&preview));
    confirm(global, &format!("Undo {}: {}?", arguments.repair, preview.repair.title))?;
    confirm_protected(session, global, &preview.repair.cluster).await?;
    let entry = session
        .engine
        .undo_repair(&arguments.repair)
        .await
        .map_err(Problem::from)?;
    ended(&entry, global.output)
}

/// `repairs`: what was repaired, newest first.
pub(super) async fn list(session: &Session, arguments: &RepairsArguments, format: OutputFormat) -> Result<(), Problem> {
    let cluster = match &arguments.cluster {
        Some(wanted) => Some(finding::cluster(session, wanted).await?.id.clone()),
        None => None,
    };
    let entries = session.engine.repairs(cluster.as_ref()).map_err(Problem::from)?;
    output::print(format, &document(&entries), |_| table(&entries))
}

fn chosen<'a>(looked: &'a Looked, arguments: &MendArguments) -> Result<&'a Cause, Problem> {
    let causes = &looked.diagnosis.causes;
    let is_meant = |cause: &&Cause| match &arguments.cause {
        Some(code) => cause.code == *code,
        None => cause.remedies.contains(&arguments.with),
    };
    causes.iter().find(is_meant).ok_or_else(|| {
        let cluster = looked.survey.cluster.name();
        let what = match &arguments.cause {
            Some(code) => format!("{cluster} does not have the cause '{code}' now"),
            None => format!("nothing on {cluster} is cured by '{}' now", arguments.with),
        };
        let problem = match causes.as_slice() {
            [] => Problem::new(Exit::NotFound, what).because("no cause is found at all"),
            causes => causes
                .iter()
                .fold(Problem::new(Exit::NotFound, what), |problem, cause| {
                    problem.because(format!("{}: {}", cause.code, cause.remedies.join(", ")))
                }),
        };
        problem.try_this(format!("see causes and remedies with `aks-cockpit diagnose {cluster}`"))
    })
}

fn not_possible(error: &NotPossible, cause: &Cause) -> Problem {
    let problem = match error {
        NotPossible::Unknown { .. } => Problem::new(Exit::Usage, error.to_string()),
        NotPossible::ByHand { how } => {
            Problem::new(Exit::Refused, "this remedy is done by a person").because(how.clone())
        }
        NotPossible::NotHere { why } => {
            Problem::new(Exit::Refused, "this remedy does not fit here").because(why.clone())
        }
    };
    problem.try_this(format!(
        "the remedies of {} are: {}",
        cause.code,
        cause.remedies.join(", ")
    ))
}

fn ended(entry: &RepairEntry, format: OutputFormat) -> Result<Exit, Problem> {
    let entries = std::slice::from_ref(entry);
    output::print(format, &document(entries), |_| {
        let mut text = format!("{} {}: {}\n", entry.id, state(entry).0, entry.repair.title);
        for changed in &entry.changed {
            text.push_str(&format!("  {changed}\n"));
        }
        if let (Some(undo), RepairState::Done) = (&entry.undo, &entry.state) {
            text.push_str(&format!("  to take it back: aks-cockpit undo {} ({undo})\n", entry.id));
        }
        text
    })?;
    match state(entry) {
        (_, None) => Ok(Exit::Done),
        (_, Some(why)) => Err(
            Problem::new(Exit::Refused, format!("{} was not done", entry.repair.title))
                .because(why)
                .try_this(format!(
                    "see what was changed with `aks-cockpit repairs {}`",
                    entry.cluster.name()
                )),
        ),
    }
}

fn state(entry: &RepairEntry) -> (&'static str, Option<&str>) {
    match &entry.state {
        RepairState::Begun => ("begun", None),
        RepairState::Done => ("done", None),
        RepairState::Failed { why } => ("failed", Some(why)),
        RepairState::Undone => ("undone", None),
        RepairState::UndoFailed { why } => ("undoFailed", Some(why)),
    }
}

fn describe(preview: &RepairPreview) -> String {
    let repair = &preview.repair;
    let mut text = format!("{} (risk {})\n", repair.title, repair.risk.as_str());
    for caution in &repair.cautions {
        text.push_str(&format!("  ! {caution}\n"));
    }
    for request in &preview.requests {
        text.push_str(&format!("  {} {} {}\n", request.server, request.method, request.path));
        for line in request.body.iter().flat_map(|body| body.lines()) {
            text.push_str(&format!("    {line}\n"));
        }
    }
    text
}

fn preview_document(preview: &RepairPreview) -> PreviewDocument {
    let repair = &preview.repair;
    PreviewDocument {
        schema: "aks-cockpit/repair-preview/v1",
        preview: PreviewRow {
            remedy: repair.remedy.clone(),
            cause: repair.cause.clone(),
            title: repair.title.clone(),
            risk: repair.risk.as_str(),
            cautions: repair.cautions.clone(),
            requests: preview.requests.iter().map(request).collect(),
        },
    }
}

fn document(entries: &[RepairEntry]) -> RepairsDocument {
    RepairsDocument {
        schema: "aks-cockpit/repairs/v1",
        repairs: entries.iter().map(row).collect(),
    }
}

fn row(entry: &RepairEntry) -> RepairRow {
    let (state, why) = state(entry);
    RepairRow {
        id: entry.id.clone(),
        cluster: entry.cluster.as_str().to_owned(),
        at: entry.at,
        by: format!("{}@{}", entry.by.name, entry.by.host),
        remedy: entry.repair.remedy.clone(),
        cause: entry.repair.cause.clone(),
        title: entry.repair.title.clone(),
        state,
        why: why.map(str::to_owned),
        changed: entry.changed.clone(),
        requests: entry.requests.iter().map(request).collect(),
        undo: entry.undo.clone(),
    }
}

fn request(request: &RepairRequest) -> RequestRow {
    RequestRow {
        server: request.server.clone(),
        method: request.method.clone(),
        path: request.path.clone(),
        body: request
            .body
            .as_ref()
            .map(|text| serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::String(text.clone()))),
    }
}

fn table(entries: &[RepairEntry]) -> String {
    if entries.is_empty() {
        return "nothing was repaired from here yet\n".to_owned();
    }
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            vec![
                entry.id.clone(),
                entry.at.strftime("%Y-%m-%d %H:%M").to_string(),
                entry.cluster.name().to_owned(),
                state(entry).0.to_owned(),
                entry.by.name.clone(),
                entry.repair.title.clone(),
            ]
        })
        .collect();
    output::columns(&["REPAIR", "AT", "CLUSTER", "STATE", "BY", "WHAT"], &rows)
}
