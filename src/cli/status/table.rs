//! `status` as a person reads it: the headline, blockers, the next decision, then the steps.

use super::rows::{ClusterRow, ExecutionRow, SmokeRow, StatusDocument};
use crate::cli::output;

pub(super) fn table(document: &StatusDocument) -> String {
    if document.executions.is_empty() && document.clusters.is_empty() {
        return "No execution in this journal yet. `aks-cockpit start CLUSTER --to VERSION` begins one.\n".to_owned();
    }
    let clusters = document.clusters.iter().map(cluster);
    clusters.chain(document.executions.iter().map(execution)).collect()
}

fn execution(row: &ExecutionRow) -> String {
    let name = row.cluster.rsplit('/').next().unwrap_or_default();
    let mut text = format!(
        "{}  {name}  {}  driver: {}\n  {}\n",
        row.id,
        row.state,
        row.driver.as_deref().unwrap_or("none"),
        row.brief.headline
    );
    let mut line = |line: String| text.push_str(&format!("  {line}\n"));
    row.blockers.iter().for_each(|blocker| line(format!("held: {blocker}")));
    if let Some(held) = &row.held {
        line(format!("held: {}", held.says));
    }
    if let Some(left) = &row.time_left {
        line(format!("time: {left}"));
    }
    let window = row.window.as_ref();
    if let Some((says, todo)) = window.and_then(|window| Some((window.says.as_ref()?, window.todo.as_ref()?))) {
        line(format!("window: {says}; {todo}"));
    }
    line(format!("next: {}", row.brief.next_decision));
    for deadline in &row.brief.deadlines {
        line(format!(
            "by itself: {} at {}",
            deadline.what,
            deadline.at.strftime("%Y-%m-%d %H:%M:%S UTC")
        ));
    }
    row.brief.notes.iter().for_each(|note| line(format!("note: {note}")));
    row.smoke_tests.iter().map(smoke).for_each(line);
    let rows: Vec<Vec<String>> = row
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
    text
}

fn smoke(row: &SmokeRow) -> String {
    let Some(last) = &row.last else {
        return format!("smoke test {}: not run yet", row.name);
    };
    let verdict = if last.passed { "passed" } else { "failed" };
    let said = format!(
        "smoke test {}: {verdict} in {} ms, {} of {} runs failed {}",
        row.name, last.latency_milliseconds, row.failed, row.runs, last.detail
    );
    said.trim_end().to_owned()
}

fn cluster(row: &ClusterRow) -> String {
    let mut text = format!("{}\n", row.cluster.rsplit('/').next().unwrap_or_default());
    match (&row.lease, &row.lease_unknown) {
        (Some(holder), _) => {
            let expired = if holder.expired { ", expired" } else { "" };
            text.push_str(&format!(
                "  driven by {} as {} (Lease renewed {}{expired})\n",
                holder.driver,
                holder.execution,
                holder.renewed_at.strftime("%Y-%m-%d %H:%M:%S UTC")
            ));
            if let Some(headline) = &holder.headline {
                text.push_str(&format!("  {headline}\n"));
            }
        }
        (None, Some(why)) => text.push_str(&format!("  who drives it elsewhere is not known: {why}\n")),
        (None, None) => text.push_str("  nobody holds its Lease\n"),
    }
    match (&row.foreign, &row.foreign_unknown) {
        (Some(foreign), _) => {
            let by = foreign.started_by.clone().unwrap_or_else(|| {
                let why = foreign.started_by_unknown.as_deref().unwrap_or_default();
                format!("somebody ({why})")
            });
            text.push_str(&format!("  {} was started by {by}, not from here\n", foreign.operation));
            text.push_str(&format!(
                "  next: it can be paused or aborted from here: {}\n",
                foreign.steps.join(", ")
            ));
        }
        (None, Some(why)) => text.push_str(&format!("  what runs on it is not known: {why}\n")),
        (None, None) => {}
    }
    text
}
