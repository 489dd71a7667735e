//! What happened to a cluster before: executions of the journal, and the changes that Azure's activity log tells of.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::components::prose::Passage;
use super::super::data::Data;
use super::super::theme::{DOT, Mark, Role};
use super::super::wording;
use crate::engine::view::{ExecutionState, ExecutionView};
use crate::inventory::snapshot::{ClusterSnapshot, SeenChange};

/// Changes that are shown; the log of a month may be long.
const MOST_CHANGES: usize = 50;

/// The panel's text, newest first in both parts.
pub(super) fn passages(snapshot: &ClusterSnapshot, data: &Data) -> Vec<Passage> {
    let mut out = vec![Passage::new(Role::Strong, "Executions of this cockpit")];
    let history = data.history(&snapshot.id);
    if history.is_empty() {
        out.push(Passage::new(Role::Muted, "none in the journal of this machine").indented(2));
    }
    out.extend(history.iter().map(|one| execution(one, data)));
    out.push(Passage::blank());
    out.push(Passage::new(Role::Strong, "Changes in Azure's activity log").and(Role::Muted, "  30 days"));
    let Some(changes) = data.changes(&snapshot.id) else {
        out.push(Passage::new(Role::Muted, format!("{} reading", Mark::Loading.symbol())).indented(2));
        return out;
    };
    let unread = super::source_passages(&changes.state, "the activity log").unwrap_or_default();
    out.extend(unread.into_iter().map(|passage| passage.indented(2)));
    out.extend(super::stale_passage(&changes.state, "what follows").map(|passage| passage.indented(2)));
    let Some(all) = changes.value.as_deref() else {
        return out;
    };
    if all.is_empty() {
        out.push(Passage::new(Role::Muted, "none; the log is minutes behind").indented(2));
    }
    out.extend(all.iter().take(MOST_CHANGES).map(|one| change(one, data.now)));
    if all.len() > MOST_CHANGES {
        let more = wording::count(all.len() - MOST_CHANGES, "older change");
        out.push(Passage::new(Role::Muted, format!("and {more}")).indented(2));
    }
    out
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%m-%d %H:%M").to_string()
}

fn execution(one: &ExecutionView, data: &Data) -> Passage {
    let mark = match one.state {
        ExecutionState::Succeeded => Mark::Good,
        ExecutionState::Failed => Mark::Failed,
        ExecutionState::Aborted => Mark::Off,
        ExecutionState::Paused | ExecutionState::Waiting { .. } => Mark::Held,
        _ => Mark::Running,
    };
    let done = one.steps.iter().filter(|step| step.state.is_over()).count();
    let last = one
        .steps
        .iter()
        .rev()
        .find_map(|step| step.step.kind.change(&one.plan.cluster).map(|_| step.step.kind.title()));
    let lasted = if one.state.is_final() {
        format!(" after {}", wording::since(one.started_at, one.since))
    } else {
        String::new()
    };
    Passage::new(Role::Muted, format!("{}  ", day(one.started_at)))
        .and(
            mark.role(),
            format!("{} {}", mark.symbol(), one.state.word().to_lowercase()),
        )
        .and(Role::Muted, lasted)
        .and(Role::Text, format!("{DOT}{}", last.unwrap_or_default()))
        .and(
            Role::Muted,
            format!(
                "{DOT}{done} of {} steps{DOT}by {}{DOT}{}",
                one.steps.len(),
                data.called(&one.started_by),
                one.id
            ),
        )
        .indented(2)
        .hanging(13)
}

fn change(one: &SeenChange, now: Timestamp) -> Passage {
    let subject = one
        .pool
        .as_ref()
        .map_or_else(|| "the cluster".to_owned(), |pool| format!("pool {pool}"));
    Passage::new(Role::Muted, format!("{}  ", day(one.author.at)))
        .and(Role::Text, format!("{} {subject}", what(&one.author.operation)))
        .and(
            Role::Muted,
            format!("{DOT}by {}{DOT}{}", one.author.caller, wording::ago(one.author.at, now)),
        )
        .indented(2)
        .hanging(13)
}

/// An ARM operation in a word; its own last part where there is no word for it.
fn what(operation: &str) -> String {
    let lower = operation.to_ascii_lowercase();
    let last = lower.trim_end_matches("/action").rsplit('/').next().unwrap_or_default();
    match last {
        "write" => "changed".to_owned(),
        "delete" => "deleted".to_owned(),
        "upgradenodeimageversion" => "new node image for".to_owned(),
        "abort" => "aborted what ran on".to_owned(),
        "start" => "started".to_owned(),
        "stop" => "stopped".to_owned(),
        other => format!("{other} on"),
    }
}
