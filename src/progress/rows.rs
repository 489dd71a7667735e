//! Which nodes the picture shows: objects, nodes whose object is away for its reimage, and nodes only events know.
//! Keeps the memory of each; says nothing about phases.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::event_marks::{EventMemory, NodeMarks};
use super::facts::KubernetesFacts;
use super::goal::Goals;
use super::memory::{NodeMemory, PodMemory};
use super::node_phase::REBUILD_STUCK_AFTER;
use super::picture::LivePicture;
use super::run::{Run, Turn};
use super::surge_nodes::{self, Candidate, Counts};
use super::upgrader_event::Stage;
use crate::domain::cluster::Cluster;
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::node::Node;
use crate::domain::provisioning::ProvisioningState;

/// A node whose pool is full without it is forgotten after this much absence: it was removed, not reimaged.
const REMOVED_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// After the end of an upgrade an absent node is waited for this long.
const AWAY_AFTER_END: SignedDuration = SignedDuration::from_hours(1);

/// What one look is made in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) run: Option<Run>,
    pub(super) turn: Turn,
    pub(super) events: &'a EventMemory,
    pub(super) goals: &'a Goals,
    pub(super) cluster: Option<&'a Cluster>,
    pub(super) now: Timestamp,
}

impl Frame<'_> {
    pub(super) fn is_on(&self) -> bool {
        self.run.is_some_and(|run| !run.is_over)
    }

    /// True where Azure says that the last operation on the pool, or on the whole cluster, went wrong.
    pub(super) fn is_failed(&self, pool: Option<&NodePoolName>) -> bool {
        let is_bad =
            |state: &ProvisioningState| matches!(state, ProvisioningState::Failed | ProvisioningState::Canceled);
        match (self.cluster, pool.and_then(|pool| self.cluster?.pool(pool))) {
            (None, _) => true,
            (Some(_), Some(pool)) => is_bad(&pool.provisioning_state),
            (Some(cluster), None) => is_bad(&cluster.provisioning_state),
        }
    }
}

/// One node of the picture.
#[derive(Clone, Debug)]
pub(super) struct Row<'a> {
    pub(super) name: NodeName,
    /// `None` while the object is away or was never seen.
    pub(super) node: Option<&'a Node>,
    pub(super) pool: Option<NodePoolName>,
    pub(super) memory: NodeMemory,
}

/// The rows, and the memory of nodes that are gone but may still be named in this run.
#[derive(Debug, Default)]
pub(super) struct Rows<'a> {
    pub(super) shown: Vec<Row<'a>>,
    pub(super) gone: BTreeMap<NodeName, NodeMemory>,
}

/// Collects the rows from the objects, the picture before and the events.
pub(super) fn collect<'a>(previous: &LivePicture, kubernetes: &'a KubernetesFacts, frame: &Frame<'_>) -> Rows<'a> {
    let is_first_look = previous.memory.nodes.is_empty();
    let mut rows = Rows::default();
    for (name, node) in kubernetes.nodes.iter() {
        let before = previous.memory.nodes.get(name);
        rows.shown.push(Row {
            name: name.clone(),
            node: Some(node),
            pool: node.pool.clone(),
            memory: present(before, node, is_first_look, frame),
        });
    }
    let counts = counts(frame);
    add_absent(&mut rows, previous, kubernetes, counts.as_ref(), frame);
    add_named_by_events(&mut rows, previous, kubernetes, frame);
    mark_surge(&mut rows.shown, counts.as_ref(), is_first_look, frame);
    rows
}

fn counts<'a>(frame: &Frame<'a>) -> Option<Counts<'a>> {
    frame.cluster.map(|cluster| {
        cluster
            .pools
            .iter()
            .map(|pool| (&pool.name, usize::try_from(pool.count).unwrap_or(usize::MAX)))
            .collect()
    })
}

/// The memory turned over where a run began, ended or goes on.
fn turned(before: &NodeMemory, frame: &Frame<'_>) -> NodeMemory {
    let memory = before.clone();
    match frame.turn {
        Turn::Same => memory,
        Turn::Began => memory.into_new_run(),
        Turn::Ended => memory.into_settled(),
        Turn::Reopened => NodeMemory {
            is_leftover: false,
            ..memory
        },
    }
}

fn present(before: Option<&NodeMemory>, node: &Node, is_first_look: bool, frame: &Frame<'_>) -> NodeMemory {
    let now = frame.now;
    let mut memory = before.map_or_else(
        || NodeMemory::first_seen(now, is_first_look || !frame.is_on()),
        |before| turned(before, frame),
    );
    if memory.uid != node.uid {
        if !memory.uid.is_empty() && frame.run.is_some() {
            memory.reborn_at = Some(node.created_at.map_or(now, |created| created.min(now)));
        }
        memory.uid.clone_from(&node.uid);
        memory.cordoned_since = None;
        memory.is_leftover = false;
        memory.pods = PodMemory::default();
    }
    memory.gone_since = None;
    match (node.is_cordoned, memory.cordoned_since) {
        (true, None) => {
            memory.cordoned_since = Some(now);
            memory.is_leftover =
                before.is_none() && !frame.is_on() && frame.cluster.is_some() && frame.is_failed(node.pool.as_ref());
        }
        (false, Some(_)) => {
            memory.cordoned_since = None;
            memory.uncordoned_at = Some(now);
            memory.is_leftover = false;
            memory.pods = PodMemory::default();
        }
        (true, Some(_)) | (false, None) => {}
    }
    memory
}

/// Adds the nodes that were there before and are not now.
fn add_absent(
    rows: &mut Rows<'_>,
    previous: &LivePicture,
    kubernetes: &KubernetesFacts,
    counts: Option<&Counts<'_>>,
    frame: &Frame<'_>,
) {
    let absent = previous
        .memory
        .nodes
        .iter()
        .filter(|(name, _)| !kubernetes.nodes.contains_key(*name));
    let mut staying: Option<BTreeMap<Option<&NodePoolName>, usize>> = None;
    for (name, before) in absent {
        let staying = staying.get_or_insert_with(|| staying_nodes(kubernetes, previous, frame));
        let shown = previous.nodes.get(name);
        let pool = shown.and_then(|shown| shown.pool.clone());
        let mut memory = turned(before, frame);
        let gone_since = *memory.gone_since.get_or_insert(frame.now);
        let present = staying.get(&pool.as_ref()).copied().unwrap_or(0);
        let is_full = counts
            .and_then(|counts| counts.get(pool.as_ref()?))
            .is_some_and(|count| present >= *count);
        let away_for = frame.now.duration_since(gone_since);
        let is_moving = frame.goals.of(pool.as_ref()).is_moving || frame.events.marks.contains_key(name);
        let is_expected = if memory.is_surge || memory.finished.is_some() {
            // A surge node that was seen and went has done its work; a finished one was scaled in.
            let has_left = said(frame, name, Stage::SurgeLeaving) && !kubernetes.nodes.is_empty();
            memory.uid.is_empty() && frame.is_on() && !has_left
        } else if frame.is_on() {
            is_moving && (!is_full || memory.phase.is_in_flight() && away_for <= REMOVED_AFTER)
        } else {
            frame.run.is_some() && memory.phase.is_in_flight() && !is_full && away_for <= AWAY_AFTER_END
        };
        if shown.is_some() && is_expected {
            rows.shown.push(Row {
                name: name.clone(),
                node: None,
                pool,
                memory,
            });
        } else if frame.is_on() {
            rows.gone.insert(name.clone(), memory);
        }
    }
}

fn said(frame: &Frame<'_>, name: &NodeName, stage: Stage) -> bool {
    frame.events.marks.get(name).is_some_and(|marks| marks.has(stage))
}

/// Nodes of each pool that were there before and are no surge nodes.
fn staying_nodes<'a>(
    kubernetes: &'a KubernetesFacts,
    previous: &LivePicture,
    frame: &Frame<'_>,
) -> BTreeMap<Option<&'a NodePoolName>, usize> {
    let mut staying = BTreeMap::new();
    for (name, node) in kubernetes.nodes.iter() {
        let before = previous.memory.nodes.get(name);
        let is_known = before.is_some_and(|before| !before.is_surge);
        if is_known && !said(frame, name, Stage::SurgeCreated) {
            *staying.entry(node.pool.as_ref()).or_insert(0) += 1;
        }
    }
    staying
}

/// Adds nodes that have no object and were never seen, as far as the events make it likely that they exist.
fn add_named_by_events(rows: &mut Rows<'_>, previous: &LivePicture, kubernetes: &KubernetesFacts, frame: &Frame<'_>) {
    if !frame.is_on() {
        return;
    }
    for (name, marks) in frame.events.marks.iter() {
        if kubernetes.nodes.contains_key(name) || previous.memory.nodes.contains_key(name) {
            continue;
        }
        if kubernetes.nodes.is_empty() || is_expected(marks, frame.now) {
            rows.shown.push(Row {
                name: name.clone(),
                node: None,
                pool: pool_of(name, frame),
                memory: NodeMemory::first_seen(frame.now, true),
            });
        }
    }
}

/// True where a node without object is about to join, for the first time or again.
fn is_expected(marks: &NodeMarks, now: Timestamp) -> bool {
    if marks.has(Stage::SurgeLeaving) || marks.has(Stage::Upgraded) {
        return false;
    }
    match marks.get(Stage::SurgeCreated) {
        Some(created) => now.duration_since(created.last) <= REBUILD_STUCK_AFTER,
        None => matches!(marks.latest(None, None), Some((Stage::Deleting | Stage::Reimaging, _))),
    }
}

/// The pool by the surge event, else by the name (`aks-POOL-NUMBER-vmss...`) where Azure has such a pool.
fn pool_of(name: &NodeName, frame: &Frame<'_>) -> Option<NodePoolName> {
    frame.events.surge_pools.get(name).cloned().or_else(|| {
        let named = NodePoolName::new(name.as_str().split('-').nth(1)?);
        frame.cluster?.pool(&named).map(|pool| pool.name.clone())
    })
}

fn mark_surge(rows: &mut [Row<'_>], counts: Option<&Counts<'_>>, is_first_look: bool, frame: &Frame<'_>) {
    let Some(run) = frame.run else {
        return;
    };
    if run.is_over {
        return;
    }
    let found = {
        let candidates: Vec<Candidate<'_>> = rows.iter().map(|row| candidate(row, run, frame)).collect();
        surge_nodes::find(&candidates, counts, is_first_look)
    };
    for (row, is_surge) in rows.iter_mut().zip(found) {
        row.memory.is_surge = is_surge;
    }
}

fn candidate<'a>(row: &'a Row<'_>, run: Run, frame: &Frame<'_>) -> Candidate<'a> {
    const OLD_NODES_ONLY: [Stage; 4] = [Stage::Deleting, Stage::Reimaging, Stage::Reimaged, Stage::Upgraded];
    let marks = frame.events.marks.get(&row.name);
    let is_old = row.memory.reborn_at.is_some()
        || row.memory.finished.is_some()
        || marks.is_some_and(|marks| OLD_NODES_ONLY.iter().any(|stage| marks.has(*stage)));
    let is_new = row.node.is_some_and(|node| match node.created_at {
        Some(created) => created >= run.opens(),
        None => !row.memory.was_here,
    });
    Candidate {
        name: &row.name,
        pool: row.pool.as_ref(),
        is_told: marks.is_some_and(|marks| marks.has(Stage::SurgeCreated)),
        was_surge: row.memory.is_surge,
        may_be: is_new && !is_old && frame.goals.of(row.pool.as_ref()).is_moving,
    }
}
