//! What the nodes say: whether now is a node boundary, whether a step is really done, and what a stop left over.
//! Never takes an empty picture for a good one: nodes that cannot be seen prove nothing.

use std::time::Duration;

use jiff::SignedDuration;

use super::super::effect::Ticket;
use super::super::record::Record;
use super::state::{Gate, Work};
use super::{Draft, finding, gates, guards};
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::provisioning::AzureErrorDetail;
use crate::domain::version::NodeImageVersion;
use crate::plan::step::{Step, StepKind};
use crate::progress::picture::{LivePicture, NodePhase, NodeProgress};

/// How long nodes may lag behind Azure's word before it is not believed.
const NODE_LAG: Duration = Duration::from_mins(5);

/// The same for a pool on which nothing of ours was at work: what is left to do is sent soon.
const FOUND_LAG: Duration = Duration::from_mins(1);

/// How long a picture without nodes is waited for.
const SIGHT_PATIENCE: Duration = Duration::from_mins(1);

/// Node names written out in a message; the rest is counted.
const NAMES_SHOWN: usize = 3;

pub(super) fn seen(draft: &mut Draft, ticket: Ticket, picture: &LivePicture) {
    if !draft.is_awaited(ticket) {
        return;
    }
    if let Work::AtGate(Gate::VerifyNodes { .. }) = draft.state.work {
        gates::nodes_seen(draft, picture);
        return;
    }
    let Some(step) = draft.current_step() else { return };
    let Some(pool) = step.kind.pool() else { return };
    let nodes = Nodes {
        of_pool: picture
            .nodes
            .values()
            .filter(|node| node.pool.as_ref() == Some(pool))
            .collect(),
        pool,
        is_newer_than_work: picture.as_of >= draft.state.work_since,
    };
    match draft.state.work.clone() {
        Work::Following { .. } => {
            if draft.state.is_waiting_for_boundary() {
                boundary(draft, &nodes);
            }
            guards::nodes_done(draft, nodes.done(&step.kind));
        }
        Work::CheckingNodes { node_image, is_found } => check(draft, &step, node_image.as_ref(), is_found, &nodes),
        Work::Settling => settle(draft, &nodes),
        _ => {}
    }
}

/// The nodes of the step's pool, as far as they can be seen.
struct Nodes<'a> {
    of_pool: Vec<&'a NodeProgress>,
    pool: &'a NodePoolName,
    is_newer_than_work: bool,
}

impl Nodes<'_> {
    fn are_visible(&self) -> bool {
        !self.of_pool.is_empty()
    }

    /// Nodes that run what the step is for.
    fn done(&self, kind: &StepKind) -> usize {
        self.of_pool
            .iter()
            .filter(|node| node.phase == NodePhase::Upgraded && !node.is_surge && !is_behind(node, kind, None))
            .count()
    }

    fn are_at_boundary(&self) -> bool {
        self.are_visible() && !self.of_pool.iter().any(|node| node.phase.is_in_flight())
    }
}

/// Time since the present work, or since the pause, began.
fn waited(draft: &Draft) -> Duration {
    let began = match draft.state.work {
        Work::Following { .. } => draft.state.since,
        _ => draft.state.work_since,
    };
    let waited: SignedDuration = draft.now.duration_since(began);
    waited.try_into().unwrap_or_default()
}

fn boundary(draft: &mut Draft, nodes: &Nodes<'_>) {
    if nodes.are_at_boundary() {
        draft.push(Record::StopBegan {
            why: "no node is between cordon and ready".to_owned(),
        });
    } else if !nodes.are_visible() && waited(draft) >= SIGHT_PATIENCE {
        if guards::is_stopping(draft) {
            let why = format!("the nodes of {} cannot be seen", nodes.pool);
            return guards::stop_now(draft, &why);
        }
        draft.push(Record::BoundaryMissed {
            message: format!(
                "the nodes of {} cannot be seen, so no node boundary can be found; it runs on: pause after this step, \
                 or now",
                nodes.pool
            ),
        });
    } else if draft.state.boundary_until.is_none_or(|until| draft.now >= until) {
        let minutes = waited(draft).as_secs() / 60;
        if guards::is_stopping(draft) {
            let why = format!("in {minutes} minutes no node boundary came");
            return guards::stop_now(draft, &why);
        }
        draft.push(Record::BoundaryMissed {
            message: format!(
                "in {minutes} minutes there was no moment without a node of {} between cordon and ready; it runs on: \
                 pause again, after this step, or now",
                nodes.pool
            ),
        });
    }
}

/// Azure and the resource say the step is done: do its nodes?
fn check(draft: &mut Draft, step: &Step, image: Option<&NodeImageVersion>, is_found: bool, nodes: &Nodes<'_>) {
    let behind: Vec<&NodeProgress> = nodes
        .of_pool
        .iter()
        .copied()
        .filter(|node| !node.is_surge && is_behind(node, &step.kind, image))
        .collect();
    let lag = if is_found { FOUND_LAG } else { NODE_LAG };
    if !nodes.are_visible() {
        if waited(draft) >= SIGHT_PATIENCE {
            let note = format!("Azure says that {} is done; its nodes cannot be seen", nodes.pool);
            draft.step_succeeded(Some(note));
        }
    } else if behind.is_empty() {
        draft.step_succeeded(is_found.then(|| finding::found_done(step)));
    } else if waited(draft) >= lag {
        if draft.state.is_stop_asked() {
            draft.operation_stopped();
        } else if is_found && nodes.is_newer_than_work {
            draft.push(Record::Found {
                found: nodes_behind(nodes.pool, &behind).message,
            });
        } else if nodes.is_newer_than_work {
            draft.step_failed(nodes_behind(nodes.pool, &behind));
        } else {
            let note = format!("Azure says that {} is done; its nodes were not seen since", nodes.pool);
            draft.step_succeeded(Some(note));
        }
    }
}

fn is_behind(node: &NodeProgress, kind: &StepKind, image: Option<&NodeImageVersion>) -> bool {
    match kind {
        StepKind::NodePoolUpgrade { to, .. } | StepKind::ControlPlaneUpgrade { to, .. } => {
            node.version.is_some_and(|version| version < *to)
        }
        StepKind::NodeImageUpgrade { .. } => match (&node.node_image, image) {
            (Some(runs), Some(image)) => !runs.is_same_image(image),
            _ => false,
        },
        StepKind::PoolRollback { to, .. } => node.version.is_some_and(|version| version != *to),
        StepKind::PoolSettings { .. }
        | StepKind::Approval { .. }
        | StepKind::Wait { .. }
        | StepKind::SmokeTest { .. }
        | StepKind::ReadinessGate
        | StepKind::Verify => false,
    }
}

fn nodes_behind(pool: &NodePoolName, behind: &[&NodeProgress]) -> AzureErrorDetail {
    let names: Vec<&str> = behind.iter().take(NAMES_SHOWN).map(|node| node.name.as_str()).collect();
    let more = match behind.len().saturating_sub(NAMES_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let runs = behind.first().map_or("", |node| node.version_text.as_str());
    AzureErrorDetail {
        code: "NodesBehind".to_owned(),
        message: format!(
            "Azure says that {pool} is done, but {} of its nodes did not move (they run {runs}): {}{more}; retry looks again, and a node image upgrade of the pool moves them",
            behind.len(),
            names.join(", ")
        ),
        ..AzureErrorDetail::default()
    }
}

/// The operation was stopped: lists what it left half done.
fn settle(draft: &mut Draft, nodes: &Nodes<'_>) {
    let is_late = waited(draft) >= SIGHT_PATIENCE;
    if nodes.are_visible() && !nodes.is_newer_than_work && !is_late {
        return;
    }
    let leftovers: Vec<NodeName> = nodes
        .of_pool
        .iter()
        .filter(|node| {
            node.is_cordoned
                || node.phase.is_in_flight()
                || matches!(node.phase, NodePhase::Quarantined | NodePhase::Failed)
        })
        .map(|node| node.name.clone())
        .collect();
    let note = if nodes.are_visible() {
        ""
    } else {
        " (its nodes cannot be seen: look for cordoned ones)"
    };
    draft.step_stopped(leftovers, note);
}
