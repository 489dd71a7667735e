//! `status`: what runs, who drives, what holds it, what is to be decided. Changes nothing.

mod rows;
mod table;

use std::sync::Arc;
use std::time::Duration;

use super::args::{OutputFormat, StatusArguments};
use super::finding;
use super::output;
use super::session::Session;
use crate::domain::cluster::Cluster;
use crate::domain::ids::ClusterId;
use crate::engine::view::ExecutionView;
use crate::inventory::snapshot::FleetSnapshot;
use crate::problem::{Exit, Problem};
use rows::{ClusterRow, StatusDocument};

/// Longest wait for the list of clusters.
const LIST_PATIENCE: Duration = Duration::from_secs(20);
/// Longest wait for nodes and windows of what is being upgraded.
const NODES_PATIENCE: Duration = Duration::from_secs(10);

/// Runs the command.
pub(super) async fn run(session: &Session, arguments: &StatusArguments, format: OutputFormat) -> Result<(), Problem> {
    let mut executions = session.engine.subscribe();
    let mut pictures = session.inventory.subscribe();
    let target = arguments.target.as_deref();
    let wanted = chosen(&executions.borrow(), target);
    if wanted.iter().any(|view| !view.state.is_final()) {
        finding::wait_until(session, LIST_PATIENCE, |fleet| fleet.list.is_settled()).await;
        finding::wait_until(session, NODES_PATIENCE, |fleet| are_seen(&wanted, fleet)).await;
    }
    let clusters = match target {
        Some(target) => named_cluster(session, target, &wanted).await?,
        None => Vec::new(),
    };
    let document = |executions: &[Arc<ExecutionView>], fleet: &FleetSnapshot| {
        let views = chosen(executions, target);
        rows::document(&views, fleet, clusters.clone(), session.clock.now()).name_contacts(&session.settings.clusters)
    };
    let mut shown = document(&executions.borrow_and_update(), &pictures.borrow_and_update());
    output::print(format, &shown, table::table)?;
    if !arguments.watch {
        return Ok(());
    }
    loop {
        tokio::select! {
            changed = executions.changed() => if changed.is_err() { break },
            changed = pictures.changed() => if changed.is_err() { break },
        }
        let next: StatusDocument = document(&executions.borrow_and_update(), &pictures.borrow_and_update());
        if next != shown {
            output::print(format, &next, table::table)?;
            shown = next;
        }
    }
    Ok(())
}

/// True where the nodes and windows of all that is being upgraded were read, or cannot be: the time left is told from
/// them.
fn are_seen(views: &[Arc<ExecutionView>], fleet: &FleetSnapshot) -> bool {
    let open = views.iter().filter(|view| !view.state.is_final());
    open.filter_map(|view| fleet.cluster(&view.plan.cluster))
        .all(|cluster| {
            let is_upgrading = cluster.cluster.value.as_deref().is_some_and(Cluster::is_upgrading);
            !is_upgrading || cluster.is_picture_complete() && cluster.windows.state.is_settled()
        })
}

/// The executions that are meant; all of them without a target.
fn chosen(executions: &[Arc<ExecutionView>], target: Option<&str>) -> Vec<Arc<ExecutionView>> {
    let is_meant = |view: &ExecutionView, target: &str| {
        view.id.as_str().starts_with(target)
            || view.plan.cluster_name.eq_ignore_ascii_case(target)
            || view.plan.cluster.as_str().eq_ignore_ascii_case(target)
            || (target == "last" && executions.first().is_some_and(|newest| newest.id == view.id))
    };
    executions
        .iter()
        .filter(|view| target.is_none_or(|target| is_meant(view, target)))
        .cloned()
        .collect()
}

/// What other machines and other tools do on the cluster that was named; nothing where an execution was.
async fn named_cluster(
    session: &Session,
    target: &str,
    views: &[Arc<ExecutionView>],
) -> Result<Vec<ClusterRow>, Problem> {
    let by_id = |view: &ExecutionView| target == "last" || view.id.as_str().starts_with(target);
    if let Some(view) = views.first() {
        if views.iter().any(|view| by_id(view)) {
            return Ok(Vec::new());
        }
        let is_open = views.iter().any(|view| !view.state.is_final());
        return Ok(vec![cluster_row(session, &view.plan.cluster, is_open).await]);
    }
    match finding::cluster(session, target).await {
        Ok(cluster) => Ok(vec![cluster_row(session, &cluster.id, false).await]),
        Err(problem) if problem.exit == Exit::Usage => Err(problem),
        Err(problem) => {
            let missing = Problem::new(Exit::NotFound, format!("there is no execution of or named '{target}'"))
                .because(&problem.what);
            Err(problem
                .why
                .iter()
                .fold(missing, Problem::because)
                .try_this("run `aks-cockpit status` to see them all, or check --state-dir"))
        }
    }
}

/// Asks the cluster itself: its Lease, and Azure where nothing of ours runs.
async fn cluster_row(session: &Session, cluster: &ClusterId, has_execution: bool) -> ClusterRow {
    let lease = session
        .engine
        .lease(cluster)
        .await
        .map_err(|error| Problem::from(error).what);
    let foreign = if has_execution {
        Ok(None)
    } else {
        session
            .engine
            .foreign(cluster)
            .await
            .map_err(|error| Problem::from(error).what)
    };
    let mut row = ClusterRow::new(cluster, lease, foreign);
    if let Some(foreign) = row.foreign.as_mut().filter(|foreign| foreign.started_by.is_none()) {
        foreign.started_by_unknown = Some(why_nobody_is_named(session, cluster).await);
    }
    row
}

/// Why it is not known who began what runs on the cluster. The inventory asks the activity log too, and keeps its words.
async fn why_nobody_is_named(session: &Session, cluster: &ClusterId) -> String {
    let author = |fleet: &FleetSnapshot| {
        fleet
            .cluster(cluster)
            .map(|cluster| cluster.change_author.state.clone())
    };
    let is_told = |fleet: &FleetSnapshot| author(fleet).is_none_or(|state| state.is_settled());
    let fleet = finding::wait_until(session, Duration::from_secs(10), is_told).await;
    let why = author(&fleet).and_then(|state| state.why());
    why.unwrap_or_else(|| "the activity log does not say".to_owned())
}
