//! `clusters`: every cluster with version, support, pools, health and what runs.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::args::{OutputFormat, WatchArguments};
use super::finding;
use super::output;
use super::session::Session;
use crate::domain::provisioning::ProvisioningState;
use crate::engine::record::Origin;
use crate::engine::view::{ExecutionState, ExecutionView};
use crate::inventory::snapshot::{ClusterSnapshot, FleetSnapshot};
use crate::problem::Problem;
use crate::progress::picture::LivePicture;

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ClustersDocument {
    schema: &'static str,
    as_of: Option<Timestamp>,
    clusters: Vec<ClusterRow>,
    /// Subscriptions or pages that could not be read.
    findings: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ClusterRow {
    id: String,
    name: String,
    resource_group: Option<String>,
    subscription_id: Option<String>,
    location: Option<String>,
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_unknown: Option<String>,
    provisioning_state: Option<String>,
    power_state: Option<String>,
    health: &'static str,
    support: SupportRow,
    pools: Vec<PoolRow>,
    upgrades: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upgrades_unknown: Option<String>,
    running: Option<RunningRow>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SupportRow {
    pub(super) state: &'static str,
    pub(super) ends_on: Option<Date>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct PoolRow {
    name: String,
    mode: String,
    count: u32,
    version: Option<String>,
    node_image: Option<String>,
    provisioning_state: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct RunningRow {
    kind: String,
    target: Option<String>,
    started_at: Option<Timestamp>,
    started_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_by_unknown: Option<String>,
    progress: Option<ProgressRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress_unknown: Option<String>,
    blockers: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct ProgressRow {
    done: usize,
    total: usize,
}

/// Runs the command.
pub(super) async fn run(session: &Session, arguments: &WatchArguments, format: OutputFormat) -> Result<(), Problem> {
    finding::fleet(session).await?;
    let fleet = finding::wait_until(session, Duration::from_secs(10), is_complete).await;
    let executions = session.engine.subscribe();
    let document = |fleet: &FleetSnapshot| document(fleet, &executions.borrow(), session.clock.now());
    let mut shown = document(&fleet);
    output::print(format, &shown, table)?;
    if !arguments.watch {
        return Ok(());
    }
    let mut pictures = session.inventory.subscribe();
    while pictures.changed().await.is_ok() {
        let fleet = Arc::clone(&pictures.borrow_and_update());
        let next = document(&fleet);
        if next.clusters != shown.clusters {
            output::print(format, &next, table)?;
            shown = next;
        }
    }
    Ok(())
}

/// True when everything that will come has come: offers of every region, the picture of what runs and who began it.
fn is_complete(fleet: &FleetSnapshot) -> bool {
    fleet.clusters.iter().all(|cluster| {
        let is_running = cluster.cluster.value.as_ref().is_some_and(|value| value.is_upgrading());
        let is_running_known = || cluster.is_picture_complete() && cluster.change_author.state.is_settled();
        cluster.region.state.is_settled() && (!is_running || is_running_known())
    })
}

fn document(fleet: &FleetSnapshot, executions: &[Arc<ExecutionView>], now: Timestamp) -> ClustersDocument {
    ClustersDocument {
        schema: "aks-cockpit/clusters/v1",
        as_of: fleet.list_as_of,
        clusters: fleet
            .clusters
            .iter()
            .map(|cluster| row(cluster, executions, now))
            .collect(),
        findings: fleet.list_findings.clone(),
    }
}

fn row(snapshot: &ClusterSnapshot, executions: &[Arc<ExecutionView>], now: Timestamp) -> ClusterRow {
    let cluster = snapshot.cluster.value.as_deref();
    let version = cluster
        .and_then(|cluster| cluster.version)
        .map(|version| version.to_string());
    let upgrades = snapshot.offers();
    let support = snapshot.support(now);
    ClusterRow {
        id: snapshot.id.as_str().to_owned(),
        name: snapshot.id.name().to_owned(),
        resource_group: cluster.map(|cluster| cluster.resource_group.clone()),
        subscription_id: cluster.map(|cluster| cluster.subscription_id.to_string()),
        location: cluster.map(|cluster| cluster.location.clone()),
        version_unknown: match &version {
            Some(_) => None,
            None => Some(
                snapshot
                    .cluster
                    .state
                    .why()
                    .unwrap_or_else(|| "Azure gave no version".to_owned()),
            ),
        },
        version,
        provisioning_state: cluster.map(|cluster| cluster.provisioning_state.to_string()),
        power_state: cluster.map(|cluster| cluster.power_state.as_str().to_owned()),
        health: snapshot.health(now).as_str(),
        support: SupportRow {
            state: support.map_or("unknown", |support| support.state.as_str()),
            ends_on: support.and_then(|support| support.ends_on),
        },
        pools: cluster.map(pools).unwrap_or_default(),
        upgrades_unknown: match &upgrades {
            Some(_) => None,
            None => Some(
                snapshot
                    .region
                    .state
                    .why()
                    .unwrap_or_else(|| "the region gave no versions".to_owned()),
            ),
        },
        upgrades: upgrades.map(|offers| offers.iter().map(ToString::to_string).collect()),
        running: running(snapshot, own(executions, snapshot)),
    }
}

fn pools(cluster: &crate::domain::cluster::Cluster) -> Vec<PoolRow> {
    cluster
        .pools
        .iter()
        .map(|pool| PoolRow {
            name: pool.name.to_string(),
            mode: pool.mode.to_string(),
            count: pool.count,
            version: pool.version.map(|version| version.to_string()),
            node_image: pool.node_image.as_ref().map(ToString::to_string),
            provisioning_state: pool.provisioning_state.to_string(),
        })
        .collect()
}

/// The execution of this journal that changes the cluster now.
fn own<'a>(executions: &'a [Arc<ExecutionView>], snapshot: &ClusterSnapshot) -> Option<&'a ExecutionView> {
    let is_moving = |view: &&Arc<ExecutionView>| {
        view.plan.cluster == snapshot.id
            && matches!(
                view.state,
                ExecutionState::Running | ExecutionState::Pausing { .. } | ExecutionState::Aborting
            )
    };
    executions.iter().find(is_moving).map(Arc::as_ref)
}

/// Who began what runs, and when.
#[derive(Debug, Default)]
struct Beginning {
    by: Option<String>,
    by_unknown: Option<String>,
    at: Option<Timestamp>,
}

impl Beginning {
    /// Of our own execution, unless somebody else began what it goes on with; else what the activity log says.
    fn of(snapshot: &ClusterSnapshot, own: Option<&ExecutionView>) -> Self {
        let own = own.filter(|view| !matches!(view.origin, Some(Origin::Foreign { .. })));
        let author = &snapshot.change_author;
        match (own, &author.value) {
            (Some(view), _) => Self {
                by: Some(format!("{}@{}", view.started_by.name, view.started_by.host)),
                by_unknown: None,
                at: Some(view.started_at),
            },
            (None, Some(author)) => Self {
                by: Some(author.caller.clone()),
                by_unknown: None,
                at: Some(author.at),
            },
            (None, None) => Self {
                by_unknown: author.state.why(),
                ..Self::default()
            },
        }
    }
}

fn running(snapshot: &ClusterSnapshot, own: Option<&ExecutionView>) -> Option<RunningRow> {
    let cluster = snapshot.cluster.value.as_deref();
    let live = snapshot.live.as_deref();
    let state = cluster.and_then(|cluster| cluster.active_state());
    if state.is_none() && !live.is_some_and(|live| live.is_running) {
        return None;
    }
    let target = live.and_then(|live| {
        let target = live.target.as_ref()?;
        target
            .control_plane
            .or_else(|| target.pools.values().filter_map(|pool| pool.version).max())
            .map(|version| version.to_string())
    });
    let progress = live.map(LivePicture::progress);
    let beginning = Beginning::of(snapshot, own);
    Some(RunningRow {
        kind: match state {
            Some(ProvisioningState::UpgradingNodeImageVersion) => "nodeImageUpgrade".to_owned(),
            Some(state) if state.is_upgrading() => "upgrade".to_owned(),
            Some(state) => state.as_str().to_owned(),
            None => "upgrade".to_owned(),
        },
        target,
        started_at: beginning.at.or_else(|| live.and_then(|live| live.running_since)),
        started_by: beginning.by,
        started_by_unknown: beginning.by_unknown,
        progress_unknown: match progress {
            Some(_) => None,
            None => Some(
                snapshot
                    .kubernetes
                    .why()
                    .unwrap_or_else(|| "the nodes are not read yet".to_owned()),
            ),
        },
        progress: progress.map(|(done, total)| ProgressRow { done, total }),
        blockers: live
            .map(|live| live.blockers.iter().map(|blocker| blocker.what.clone()).collect())
            .unwrap_or_default(),
    })
}

fn table(document: &ClustersDocument) -> String {
    let unknown = || "?".to_owned();
    let rows: Vec<Vec<String>> = document
        .clusters
        .iter()
        .map(|cluster| {
            vec![
                cluster.name.clone(),
                cluster.resource_group.clone().unwrap_or_else(unknown),
                cluster.version.clone().unwrap_or_else(unknown),
                match &cluster.upgrades {
                    Some(offers) => offers.first().cloned().unwrap_or_else(|| "-".to_owned()),
                    None => unknown(),
                },
                cluster.support.state.to_owned(),
                format!("{}", cluster.pools.iter().map(|pool| pool.count).sum::<u32>()),
                cluster.provisioning_state.clone().unwrap_or_else(unknown),
                cluster.health.to_owned(),
                cluster.running.as_ref().map(describe).unwrap_or_default(),
            ]
        })
        .collect();
    let mut text = output::columns(
        &[
            "NAME",
            "GROUP",
            "VERSION",
            "OFFERED",
            "SUPPORT",
            "NODES",
            "AZURE SAYS",
            "HEALTH",
            "RUNNING",
        ],
        &rows,
    );
    for finding in &document.findings {
        text.push_str(&format!("! {finding}\n"));
    }
    text
}

fn describe(running: &RunningRow) -> String {
    let mut words = vec![running.kind.clone()];
    words.extend(running.target.iter().map(|target| format!("to {target}")));
    words.extend(
        running
            .progress
            .iter()
            .filter(|progress| progress.total > 0)
            .map(|progress| format!("{}/{} nodes", progress.done, progress.total)),
    );
    words.extend(running.blockers.first().map(|blocker| format!("held: {blocker}")));
    words.join(", ")
}
