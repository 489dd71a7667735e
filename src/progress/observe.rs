//! Folds what is known now into the picture before: the one way a live picture comes to be.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::drain::{self, Budgets, PodsNow};
use super::event_marks::{self, EventMemory, NodeMarks};
use super::facts::{Facts, KubernetesFacts};
use super::goal::{self, Goals};
use super::memory::{Memory, NodeMemory};
use super::node_phase::Look;
use super::picture::{LivePicture, NodePhase, NodeProgress};
use super::rows::{self, Frame, Row};
use super::run::{self, Run};
use super::{blockers, claim, eta, held, pool_progress, window};
use crate::domain::event::ClusterEvent;
use crate::domain::ids::NodeName;

/// Makes the next picture.
///
/// Any part of `facts` may be missing: without Kubernetes the nodes stay as they were last seen, without Azure
/// the upgrader's events and the nodes tell what runs. Cost: linear in nodes, pods and new events.
pub fn observe(previous: &LivePicture, facts: &Facts, now: Timestamp) -> LivePicture {
    let kubernetes = facts.kubernetes.as_ref();
    let before = &previous.memory.events;
    let unread = kubernetes
        .map(|kubernetes| &kubernetes.events)
        .filter(|events| !before.has_read(events));
    let readings = unread.map(|events| event_marks::read_all(events)).unwrap_or_default();
    let (run, turn) = run::detect(previous, facts, &readings, now);
    let events = fold_events(before, kubernetes, &readings, run);
    let target = goal::target_of(facts, run, &events);
    let goals = Goals::collect(facts, target.as_ref());
    let frame = Frame {
        run,
        turn,
        events: &events,
        goals: &goals,
        cluster: facts.cluster.as_deref(),
        now,
    };
    let (nodes, node_memory) = match kubernetes {
        Some(kubernetes) => look_at_nodes(previous, kubernetes, &frame),
        None => (previous.nodes.clone(), previous.memory.nodes.clone()),
    };
    let (blockers, held) = blockers::collect(&nodes, &events, &previous.memory.held, now);
    let (is_running, running_since) = running(&frame, &nodes);
    let is_idle = facts.cluster.is_some() && !frame.is_on();
    let mut picture = LivePicture {
        as_of: now,
        is_running,
        running_since,
        pools: pool_progress::count(facts, target.as_ref(), &goals, &nodes),
        target,
        blockers,
        gaps: facts
            .cluster
            .as_ref()
            .map(|cluster| claim::gaps(cluster, &nodes))
            .unwrap_or_default(),
        events: match unread {
            Some(events) => newest_events(events),
            None => previous.events.clone(),
        },
        eta: None,
        held: None,
        window: None,
        node_times: node_times(&node_memory),
        nodes,
        memory: Memory {
            run,
            own_target: facts.target.clone(),
            idle_as_of: if is_idle { Some(now) } else { previous.memory.idle_as_of },
            nodes: node_memory,
            events,
            held,
        },
    };
    look_ahead(&mut picture, facts, now);
    picture
}

/// How long the rest takes, what a held drain adds to it, and whether it fits the window.
fn look_ahead(picture: &mut LivePicture, facts: &Facts, now: Timestamp) {
    let cluster = facts.cluster.as_deref();
    let Some(estimate) = eta::estimate(picture, cluster, facts.usual, now) else {
        return;
    };
    picture.eta = Some(estimate.whole);
    picture.held = held::find(picture, cluster, estimate.freed);
    picture.window = facts.windows.as_deref().and_then(|windows| {
        let running = window::Running {
            began: picture.running_since.unwrap_or(now),
            eta: estimate.whole,
            moves_version: window::moves_version(&picture.pools),
        };
        window::judge(windows, running, now)
    });
}

fn fold_events(
    before: &EventMemory,
    kubernetes: Option<&KubernetesFacts>,
    readings: &[event_marks::Reading],
    run: Option<Run>,
) -> EventMemory {
    let Some(kubernetes) = kubernetes else {
        return before.clone();
    };
    let opens = run.map(Run::opens);
    if !before.has_read(&kubernetes.events) {
        before.fold(&kubernetes.events, readings, opens)
    } else if before.is_of(opens) {
        before.clone()
    } else {
        before.fold(&kubernetes.events, &event_marks::read_all(&kubernetes.events), opens)
    }
}

/// Azure says what runs; without it, an upgrade the events tell of, or somebody's drain.
fn running(frame: &Frame<'_>, nodes: &BTreeMap<NodeName, NodeProgress>) -> (bool, Option<Timestamp>) {
    if frame.is_on() {
        return (true, frame.run.map(|run| run.began));
    }
    if frame.cluster.is_some() {
        return (false, None);
    }
    let drained_since = nodes
        .values()
        .filter_map(|node| node.drain.as_ref().filter(|_| node.phase.is_in_flight()))
        .map(|drain| drain.since)
        .min();
    (drained_since.is_some(), drained_since)
}

type Nodes = (BTreeMap<NodeName, NodeProgress>, BTreeMap<NodeName, NodeMemory>);

fn look_at_nodes(previous: &LivePicture, kubernetes: &KubernetesFacts, frame: &Frame<'_>) -> Nodes {
    let budgets = Budgets::of(kubernetes);
    let collected = rows::collect(previous, kubernetes, frame);
    let mut memory = collected.gone;
    let mut nodes = BTreeMap::new();
    for row in collected.shown {
        let pods = kubernetes
            .pods
            .get(&row.name)
            .filter(|_| row.node.is_some())
            .map(|pods| PodsNow::look(pods, &budgets));
        let (progress, remembered) = look_at(&row, pods.as_ref(), previous, frame);
        memory.insert(progress.name.clone(), remembered);
        nodes.insert(progress.name.clone(), progress);
    }
    (nodes, memory)
}

fn look_at(
    row: &Row<'_>,
    pods: Option<&PodsNow>,
    previous: &LivePicture,
    frame: &Frame<'_>,
) -> (NodeProgress, NodeMemory) {
    let no_marks = NodeMarks::default();
    let marks = frame.events.marks.get(&row.name).unwrap_or(&no_marks);
    let mut memory = row.memory.clone();
    if let Some(pods) = pods.filter(|_| memory.cordoned_since.is_some()) {
        let first_move = drain::blocked_since(marks, Some(pods)).unwrap_or(frame.now);
        memory.pods = pods.remember(memory.pods, first_move, frame.now);
    }
    memory.finished = look(row, &memory, marks, pods, frame).done_at();
    let look = look(row, &memory, marks, pods, frame);
    let (phase, told) = look.phase();
    let kept = (memory.phase == phase).then_some(memory.since);
    let since = told.or(kept).unwrap_or(frame.now).min(frame.now);
    let stuck = look.stuck_since(phase, since);
    let drain = drain_of(&look, phase, since, row, previous, frame);
    let progress = shown(
        row,
        previous,
        frame,
        stuck.map_or((phase, since), |at| (NodePhase::Stuck, at)),
        drain,
    );
    if memory.began.is_none() && frame.is_on() && !memory.is_surge && phase.is_in_flight() {
        memory.began = Some(since);
    }
    memory.phase = phase;
    memory.since = since;
    (progress, memory)
}

fn look<'a>(
    row: &Row<'a>,
    memory: &'a NodeMemory,
    marks: &'a NodeMarks,
    pods: Option<&'a PodsNow>,
    frame: &Frame<'a>,
) -> Look<'a> {
    Look {
        node: row.node,
        memory,
        marks,
        goal: frame.goals.of(row.pool.as_ref()),
        run: frame.run,
        pods,
        is_pool_failed: frame.is_failed(row.pool.as_ref()),
        now: frame.now,
    }
}

/// The drain in progress; after a failed drain, as it was last seen.
fn drain_of(
    look: &Look<'_>,
    phase: NodePhase,
    since: Timestamp,
    row: &Row<'_>,
    previous: &LivePicture,
    frame: &Frame<'_>,
) -> Option<super::picture::DrainProgress> {
    match phase {
        NodePhase::Draining => {
            let timeout = row
                .pool
                .as_ref()
                .and_then(|pool| frame.cluster?.pool(pool))
                .filter(|_| frame.is_on())
                .and_then(|pool| SignedDuration::try_from(pool.upgrade_settings.drain_timeout()).ok());
            let blocked = drain::blocked_by_event(look.marks, look.pods, frame.now);
            Some(drain::progress(since, timeout, look.pods, look.memory.pods, blocked))
        }
        NodePhase::Failed | NodePhase::Quarantined => previous.nodes.get(&row.name).and_then(|node| node.drain.clone()),
        _ => None,
    }
}

fn shown(
    row: &Row<'_>,
    previous: &LivePicture,
    frame: &Frame<'_>,
    (phase, since): (NodePhase, Timestamp),
    drain: Option<super::picture::DrainProgress>,
) -> NodeProgress {
    let before = previous.nodes.get(&row.name);
    NodeProgress {
        name: row.name.clone(),
        pool: row.pool.clone(),
        phase,
        since,
        is_surge: row.memory.is_surge,
        version: match row.node {
            Some(node) => node.version,
            None => before.and_then(|before| before.version),
        },
        version_text: match (row.node, before) {
            (Some(node), _) => node.version_text.clone(),
            (None, Some(before)) => before.version_text.clone(),
            (None, None) => String::new(),
        },
        node_image: match row.node {
            Some(node) => node.node_image.clone(),
            None => before.and_then(|before| before.node_image.clone()),
        },
        is_ready: row.node.map(|node| node.readiness.is_ready()),
        is_cordoned: row.node.is_some_and(|node| node.is_cordoned),
        drain,
        last_event: frame.events.texts.get(&row.name).map(|(_, text)| text.clone()),
        zone: match row.node {
            Some(node) => node.zone.clone(),
            None => before.and_then(|before| before.zone.clone()),
        },
    }
}

/// Newest first; of an event that was counted on, only its last state.
fn newest_events(events: &[Arc<ClusterEvent>]) -> Vec<ClusterEvent> {
    let mut by_uid: BTreeMap<&str, &Arc<ClusterEvent>> = BTreeMap::new();
    for event in events {
        let known = by_uid.entry(event.uid.as_str()).or_insert(event);
        if known.count <= event.count {
            *known = event;
        }
    }
    let mut newest: Vec<&Arc<ClusterEvent>> = by_uid.into_values().collect();
    newest.sort_by(|a, b| {
        let at = |event: &ClusterEvent| event.last_seen.or(event.first_seen);
        at(b).cmp(&at(a)).then_with(|| b.uid.cmp(&a.uid))
    });
    newest.truncate(LivePicture::MAX_EVENTS);
    newest.into_iter().map(|event| ClusterEvent::clone(event)).collect()
}

/// Node times of this run, in node order.
fn node_times(memory: &BTreeMap<NodeName, NodeMemory>) -> Vec<Duration> {
    memory
        .values()
        .filter_map(|memory| {
            let (began, finished) = (memory.began?, memory.finished?);
            Duration::try_from(finished.duration_since(began)).ok()
        })
        .collect()
}
