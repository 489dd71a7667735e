//! What the nodes say: whether now is a node boundary, whether a step is really done, and what a stop left over.
//! Never takes an empty picture for a good one: nodes that cannot be seen prove nothing.

use std::time::Duration;

use jiff::SignedDuration;

use super::super::effect::Ticket;
use super::super::record::Record;
use super::Draft;
use super::state::Work;
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::provisioning::AzureErrorDetail;
use crate::domain::version::NodeImageVersion;
use crate::plan::step::StepKind;
use crate::progress::picture::{LivePicture, NodePhase, NodeProgress};

/// How long nodes may lag behind Azure's word before it is not believed.
const NODE_LAG: Duration = Duration::from_mins(5);

/// How long a picture without nodes is waited for.
const SIGHT_PATIENCE: Duration = Duration::from_mins(1);

/// Node names written out in a message; the rest is counted.
const NAMES_SHOWN: usize = 3;

pub(super) fn seen(draft: &mut Draft, ticket: Ticket, picture: &LivePicture) {
    if ticket != draft.state.ticket(ticket.purpose) || !draft.state.is_acting() {
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
        Work::Following { .. } if draft.state.is_waiting_for_boundary() => boundary(draft, &nodes),
        Work::CheckingNodes { node_image } => check(draft, &step.kind, node_image.as_ref(), &nodes),
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
        draft.push(Record::BoundaryMissed {
            message: format!(
                "the nodes of {} cannot be seen, so no node boundary can be found; it runs on: pause after this step, \
                 or now",
                nodes.pool
            ),
        });
    } else if draft.state.boundary_until.is_none_or(|until| draft.now >= until) {
        let minutes = waited(draft).as_secs() / 60;
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
fn check(draft: &mut Draft, kind: &StepKind, image: Option<&NodeImageVersion>, nodes: &Nodes<'_>) {
    let behind: Vec<&NodeProgress> = nodes
        .of_pool
        .iter()
        .copied()
        .filter(|node| !node.is_surge && is_behind(node, kind, image))
        .collect();
    if !nodes.are_visible() {
        if waited(draft) >= SIGHT_PATIENCE {
            let note = format!("Azure says that {} is done; its nodes cannot be seen", nodes.pool);
            draft.step_succeeded(Some(note));
        }
    } else if behind.is_empty() {
        draft.step_succeeded(None);
    } else if waited(draft) >= NODE_LAG {
        if draft.state.is_stop_asked() {
            draft.operation_stopped();
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
            "Azure says that {pool} is done, but {} of its nodes did not move (they run {runs}): {}{more}",
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
