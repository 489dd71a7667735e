//! The timeline's JSON, version 1: fields are added, never taken away.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::text::printable;
use crate::engine::command::Person;
use crate::engine::replay::Recording;
use crate::engine::replay::compare::{StepComparison, compare};
use crate::engine::timeline::{Entry, entries};

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Records,
    /// Every phase of every node, and every event, too.
    WithNodes,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TimelineDocument {
    schema: &'static str,
    pub(super) execution: String,
    pub(super) cluster: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_unknown: Option<&'static str>,
    pub(super) cluster_name: Option<String>,
    pub(super) state: Option<&'static str>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) started_by: Option<String>,
    /// Of the last record.
    pub(super) last_at: Option<Timestamp>,
    pub(super) message: Option<String>,
    pub(super) entries: Vec<EntryRow>,
    /// One for each step of the plan.
    pub(super) steps: Vec<StepRow>,
    pub(super) moments: Vec<MomentRow>,
    /// `null` where they were not asked for or not kept.
    pub(super) nodes: Option<Vec<NodeRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nodes_unknown: Option<&'static str>,
    pub(super) events: Option<Vec<EventRow>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EntryRow {
    pub(super) at: Timestamp,
    /// `null` where nobody in particular did it.
    pub(super) who: Option<String>,
    kind: String,
    pub(super) what: String,
    pub(super) step: Option<String>,
    pub(super) request_id: Option<String>,
}

/// A step as it was planned, and as it came.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StepRow {
    pub(super) number: usize,
    id: String,
    pub(super) title: String,
    pub(super) state: &'static str,
    pub(super) attempts: u32,
    /// In which place it really began, from 1.
    order: Option<usize>,
    pub(super) planned_low_seconds: Option<u64>,
    pub(super) planned_high_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned_unknown: Option<&'static str>,
    planned_nodes: Option<u32>,
    pub(super) began_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
    /// Without the time in which the execution was paused or failed.
    pub(super) worked_seconds: Option<u64>,
    rested_seconds: u64,
    /// Beyond the planned range; negative where it was quicker, 0 inside.
    pub(super) outside_seconds: Option<i64>,
    pub(super) nodes_done: Option<usize>,
    pub(super) node_median_seconds: Option<u64>,
    node_longest_seconds: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct MomentRow {
    at: Timestamp,
    kind: &'static str,
    what: String,
}

/// A node entered a phase.
#[derive(Debug, Serialize)]
pub(super) struct NodeRow {
    /// When it was seen.
    pub(super) at: Timestamp,
    pub(super) node: String,
    pub(super) pool: Option<String>,
    pub(super) phase: &'static str,
    pub(super) since: Timestamp,
    /// What holds it, where something does.
    pub(super) held: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct EventRow {
    pub(super) at: Timestamp,
    pub(super) reason: String,
    pub(super) object: String,
    pub(super) message: String,
    count: u32,
}

/// Where a newer version wrote the first record there is no view; the entries are told all the same.
pub(super) fn of(recording: &Recording, extent: Extent) -> TimelineDocument {
    let view = recording
        .records
        .last()
        .and_then(|(last, _)| recording.execution(*last));
    let view = view.as_ref();
    let entries = entries(&recording.records);
    let wants_nodes = extent == Extent::WithNodes;
    let has_nodes = wants_nodes && !recording.tape.is_empty();
    TimelineDocument {
        schema: "aks-cockpit/timeline/v1",
        execution: printable(recording.id.as_str()),
        cluster: view.map(|view| printable(view.plan.cluster.as_str())),
        cluster_unknown: view.is_none().then_some("a newer aks-cockpit wrote the beginning"),
        cluster_name: view.map(|view| printable(&view.plan.cluster_name)),
        state: view.map(|view| view.state.word()),
        started_at: view.map(|view| view.started_at),
        started_by: view.map(|view| person(&view.started_by)),
        last_at: entries.last().map(|entry| entry.at),
        message: view.and_then(|view| view.message.as_deref().map(printable)),
        entries: entries.into_iter().map(entry).collect(),
        steps: compare(recording).iter().map(step).collect(),
        moments: recording
            .moments
            .iter()
            .map(|moment| MomentRow {
                at: moment.at,
                kind: moment.kind.word(),
                what: moment.what.clone(),
            })
            .collect(),
        nodes: has_nodes.then(|| nodes(recording)),
        nodes_unknown: recording.why_no_picture().filter(|_| wants_nodes),
        events: wants_nodes.then(|| events(recording)),
    }
}

fn entry(entry: Entry) -> EntryRow {
    EntryRow {
        at: entry.at,
        who: entry.who.as_ref().map(person),
        kind: entry.kind,
        what: entry.what,
        step: entry.step.map(|step| printable(step.as_str())),
        request_id: entry.request_id.map(|id| id.to_string()),
    }
}

fn step(step: &StepComparison) -> StepRow {
    let seconds = |time: Duration| time.as_secs();
    StepRow {
        number: step.number,
        id: printable(step.step.as_str()),
        title: printable(&step.title),
        state: step.state,
        attempts: step.attempts,
        order: step.order,
        planned_low_seconds: step.planned.map(|planned| seconds(planned.low)),
        planned_high_seconds: step.planned.map(|planned| seconds(planned.high)),
        planned_unknown: step
            .planned
            .is_none()
            .then_some("the estimate was not kept when it was started"),
        planned_nodes: step.planned_nodes,
        began_at: step.began,
        ended_at: step.ended,
        worked_seconds: step.worked().map(seconds),
        rested_seconds: seconds(step.rested),
        outside_seconds: step.outside_seconds(),
        nodes_done: step.nodes.map(|nodes| nodes.count),
        node_median_seconds: step.nodes.map(|nodes| seconds(nodes.median)),
        node_longest_seconds: step.nodes.map(|nodes| seconds(nodes.longest)),
    }
}

fn nodes(recording: &Recording) -> Vec<NodeRow> {
    let phases = recording.tape.phases().into_iter();
    phases
        .map(|(at, node)| NodeRow {
            at,
            node: printable(node.name.as_str()),
            pool: node.pool.as_ref().map(|pool| printable(pool.as_str())),
            phase: node.phase.as_str(),
            since: node.since,
            held: node
                .drain
                .iter()
                .flat_map(|drain| &drain.holds)
                .map(|hold| printable(&format!("{}/{}", hold.namespace, hold.pod)))
                .collect(),
        })
        .collect()
}

fn events(recording: &Recording) -> Vec<EventRow> {
    let events = recording.tape.events().iter();
    events
        .map(|(at, event)| EventRow {
            at: event.last_seen.unwrap_or(*at),
            reason: printable(&event.reason),
            object: printable(&format!("{}/{}", event.object_kind, event.object_name)),
            message: printable(&event.message),
            count: event.count,
        })
        .collect()
}

pub(super) fn person(person: &Person) -> String {
    printable(&format!("{}@{}", person.name, person.host))
}

#[cfg(test)]
impl TimelineDocument {
    /// A document of these entries alone.
    pub(super) fn of_entries(told: Vec<Entry>) -> Self {
        let reel = crate::engine::replay::Reel {
            id: "x1".into(),
            records: Vec::new(),
            seen: Vec::new(),
            repairs: Vec::new(),
        };
        Self {
            entries: told.into_iter().map(entry).collect(),
            ..of(&Recording::of(&reel), Extent::WithNodes)
        }
    }
}
