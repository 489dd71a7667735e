//! `nodes`: every node with its phase, since when, what it runs, and what holds its drain.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::args::{NodesArguments, OutputFormat};
use super::finding::{self, Focus};
use super::output;
use super::session::Session;
use crate::domain::disruption::{BudgetReason, Hold, HoldCause};
use crate::inventory::snapshot::{ClusterSnapshot, SourceState};
use crate::problem::{Exit, Problem};
use crate::progress::picture::{DrainProgress, NodeProgress};

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct NodesDocument {
    schema: &'static str,
    cluster: String,
    as_of: Option<Timestamp>,
    nodes: Vec<NodeRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes_unknown: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeRow {
    name: String,
    pool: Option<String>,
    phase: &'static str,
    since: Timestamp,
    version: Option<String>,
    node_image: Option<String>,
    /// `null` while the Node object is away for its reimage.
    ready: Option<bool>,
    drain: Option<DrainRow>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct DrainRow {
    pods_left: Option<usize>,
    pods_at_start: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pods_unknown: Option<&'static str>,
    holds: Vec<HoldRow>,
    deadline: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline_unknown: Option<&'static str>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct HoldRow {
    namespace: String,
    pod: String,
    owner: Option<String>,
    budget: Option<String>,
    why: String,
}

/// Runs the command.
pub(super) async fn run(session: &Session, arguments: &NodesArguments, format: OutputFormat) -> Result<(), Problem> {
    if arguments.cluster.is_none() && !session.has_kubeconfig {
        return Err(Problem::new(Exit::Usage, "it is not said whose nodes are meant")
            .try_this("name a cluster: aks-cockpit nodes CLUSTER")
            .try_this("or one Kubernetes cluster by its file: aks-cockpit --kubeconfig FILE nodes"));
    }
    let found = finding::cluster_or_only(session, arguments.cluster.as_deref()).await?;
    let focus = Focus::on(session, &found.id);
    focus
        .wait(|cluster| cluster.is_kubernetes_read() && cluster.live.is_some())
        .await?;
    let snapshot = focus.wait_briefly(ClusterSnapshot::is_picture_complete).await?;
    let readable = matches!(snapshot.kubernetes, SourceState::Fresh | SourceState::Stale { .. });
    if !readable && !arguments.watch {
        return Err(unreadable(&snapshot));
    }
    let mut shown = document(&snapshot);
    output::print(format, &shown, table)?;
    if !arguments.watch {
        return Ok(());
    }
    let mut pictures = session.inventory.subscribe();
    while pictures.changed().await.is_ok() {
        let fleet = Arc::clone(&pictures.borrow_and_update());
        let Some(snapshot) = fleet.cluster(&found.id) else {
            break;
        };
        let next = document(snapshot);
        if next.nodes != shown.nodes {
            output::print(format, &next, table)?;
            shown = next;
        }
    }
    Ok(())
}

fn unreadable(snapshot: &ClusterSnapshot) -> Problem {
    let exit = match snapshot.kubernetes {
        SourceState::Denied { .. } => Exit::NotAllowed,
        _ => Exit::Unexpected,
    };
    Problem::new(exit, format!("the nodes of {} cannot be read", snapshot.id.name()))
        .because(snapshot.kubernetes.why().unwrap_or_default())
        .try_this("check that this machine reaches the cluster's API server, and that you may list nodes")
}

fn document(snapshot: &ClusterSnapshot) -> NodesDocument {
    let live = snapshot.live.as_deref();
    NodesDocument {
        schema: "aks-cockpit/nodes/v1",
        cluster: snapshot.id.as_str().to_owned(),
        as_of: live.map(|live| live.as_of),
        nodes: live
            .map(|live| live.nodes.values().map(row).collect())
            .unwrap_or_default(),
        nodes_unknown: snapshot.kubernetes.why(),
    }
}

fn row(node: &NodeProgress) -> NodeRow {
    NodeRow {
        name: node.name.to_string(),
        pool: node.pool.as_ref().map(ToString::to_string),
        phase: node.phase.as_str(),
        since: node.since,
        version: match node.version {
            Some(version) => Some(version.to_string()),
            None => Some(node.version_text.clone()).filter(|text| !text.is_empty()),
        },
        node_image: node.node_image.as_ref().map(ToString::to_string),
        ready: node.is_ready,
        drain: node.drain.as_ref().map(drain),
    }
}

fn drain(drain: &DrainProgress) -> DrainRow {
    DrainRow {
        pods_left: drain.pods_left,
        pods_at_start: drain.pods_at_start,
        pods_unknown: drain.pods_left.is_none().then_some("the node's pods are not read"),
        holds: drain.holds.iter().map(hold).collect(),
        deadline: drain.deadline,
        deadline_unknown: drain
            .deadline
            .is_none()
            .then_some("the pool's drain timeout is not known"),
    }
}

fn hold(hold: &Hold) -> HoldRow {
    let (budget, why) = explain(&hold.cause);
    HoldRow {
        namespace: hold.namespace.clone(),
        pod: hold.pod.clone(),
        owner: hold.owner.as_ref().map(ToString::to_string),
        budget,
        why,
    }
}

fn explain(cause: &HoldCause) -> (Option<String>, String) {
    match cause {
        HoldCause::Budget { budget, reason } => {
            let numbers = format!(
                "{} of {} pods healthy, {} must stay",
                budget.current_healthy, budget.expected_pods, budget.desired_healthy
            );
            let why = match reason {
                BudgetReason::NeverAllows => format!("the budget can never allow an eviction: {numbers}"),
                BudgetReason::TooFewHealthy => format!("pods that are not ready use up the budget: {numbers}"),
                BudgetReason::UsedUp => format!("the budget is used up for now: {numbers}"),
            };
            (Some(budget.name.clone()), why)
        }
        HoldCause::SeveralBudgets { names } => (
            None,
            format!("more than one budget covers the pod: {}", names.join(", ")),
        ),
        HoldCause::Terminating { finalizers } if finalizers.is_empty() => {
            (None, "told to stop, not ended yet".to_owned())
        }
        HoldCause::Terminating { finalizers } => (
            None,
            format!("told to stop, kept by finalizers: {}", finalizers.join(", ")),
        ),
    }
}

fn table(document: &NodesDocument) -> String {
    let rows: Vec<Vec<String>> = document
        .nodes
        .iter()
        .map(|node| {
            vec![
                node.name.clone(),
                node.pool.clone().unwrap_or_else(|| "-".to_owned()),
                node.phase.to_owned(),
                match node.ready {
                    Some(true) => "ready".to_owned(),
                    Some(false) => "not ready".to_owned(),
                    None => "away".to_owned(),
                },
                node.version.clone().unwrap_or_else(|| "?".to_owned()),
                node.drain.as_ref().map(describe).unwrap_or_default(),
            ]
        })
        .collect();
    let mut text = output::columns(&["NODE", "POOL", "PHASE", "READY", "VERSION", "DRAIN"], &rows);
    if let Some(why) = &document.nodes_unknown {
        text.push_str(&format!("! {why}\n"));
    }
    text
}

fn describe(drain: &DrainRow) -> String {
    let count = |pods: Option<usize>| pods.map_or_else(|| "?".to_owned(), |pods| pods.to_string());
    let mut text = format!("{} of {} pods left", count(drain.pods_left), count(drain.pods_at_start));
    for hold in &drain.holds {
        text.push_str(&format!("; {}/{}: ", hold.namespace, hold.pod));
        if let Some(budget) = &hold.budget {
            text.push_str(&format!("{budget}: "));
        }
        text.push_str(&hold.why);
    }
    text
}
