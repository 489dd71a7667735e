//! The text panels of the cluster screen: facts, versions and hops, what runs with its steps and errors, events.

use super::super::components::drain_panel;
use super::super::components::prose::Passage;
use super::super::data::Data;
use super::super::narrative;
use super::super::theme::{ARROW, DOT, Mark, Role, state_mark};
use super::super::wording::{self, count};
use super::cluster_detail::Panel;
use crate::domain::cluster::{Cluster, ClusterUpgrades};
use crate::domain::event::{ClusterEvent, EventKind};
use crate::domain::node_pool::NodePool;
use crate::domain::provisioning::AzureErrorDetail;
use crate::domain::upgrade_path;
use crate::domain::version::KubernetesVersion;
use crate::engine::view::{ExecutionView, StepState, StepView};
use crate::inventory::snapshot::ClusterSnapshot;
use crate::progress::picture::LivePicture;
use jiff::Timestamp;

/// The content of a panel that is text.
pub(crate) fn panel(panel: Panel, snapshot: &ClusterSnapshot, data: &Data) -> Vec<Passage> {
    match panel {
        Panel::Versions => versions(snapshot),
        Panel::Upgrade => upgrade(snapshot, data),
        Panel::Events => events(snapshot.live.as_deref(), data.now),
        Panel::Pools => Vec::new(),
    }
}

/// What a person wants to know first about a cluster, on one line.
pub(crate) fn fact_line(snapshot: &ClusterSnapshot) -> Vec<Passage> {
    let Some(cluster) = snapshot.cluster.value.as_deref() else {
        return super::source_passages(&snapshot.cluster.state, "what Azure knows of this cluster").unwrap_or_default();
    };
    let nodes = usize::try_from(cluster.node_count()).unwrap_or(usize::MAX);
    let facts = [
        Some(cluster.location.clone()),
        Some(cluster.resource_group.clone()),
        cluster.tier.clone(),
        Some(format!(
            "{}, {}",
            count(cluster.pools.len(), "pool"),
            count(nodes, "node")
        )),
        Some(auto_upgrade(cluster)),
    ];
    let text = facts.into_iter().flatten().collect::<Vec<_>>().join(DOT);
    let mut line = Passage::new(Role::Text, text);
    if !cluster.provisioning_state.is_terminal() || state_mark(&cluster.provisioning_state) != Mark::Good {
        let mark = state_mark(&cluster.provisioning_state);
        line = line.and(Role::Muted, DOT).and(
            mark.role(),
            format!("{} Azure: {}", mark.symbol(), cluster.provisioning_state),
        );
    }
    std::iter::once(line)
        .chain(super::stale_passage(&snapshot.cluster.state, "this"))
        .collect()
}

pub(super) fn auto_upgrade(cluster: &Cluster) -> String {
    let channel = |name: &Option<String>| name.clone().unwrap_or_else(|| "off".to_owned());
    format!(
        "auto-upgrade {}, node OS {}",
        channel(&cluster.auto_upgrade.kubernetes_channel),
        channel(&cluster.auto_upgrade.node_os_channel)
    )
}

fn heading(text: impl Into<String>) -> Passage {
    Passage::new(Role::Strong, text)
}

/// Which versions Azure offers, what lies beyond, and where the pools can go.
fn versions(snapshot: &ClusterSnapshot) -> Vec<Passage> {
    let Some(cluster) = snapshot.cluster.value.as_deref() else {
        return super::source_passages(&snapshot.cluster.state, "the versions").unwrap_or_default();
    };
    let runs = cluster
        .version
        .map_or_else(|| "not known".to_owned(), |version| version.to_string());
    let mut out = vec![heading("Control plane ").and(Role::Text, format!("runs {runs}"))];
    match snapshot.upgrades.value.as_deref() {
        Some(upgrades) => out.extend(offers(upgrades)),
        None => out.extend(super::source_passages(&snapshot.upgrades.state, "what Azure offers").unwrap_or_default()),
    }
    out.extend(super::stale_passage(&snapshot.upgrades.state, "what Azure offers"));
    out.extend(farther(cluster, snapshot));
    if let Some(upgrades) = snapshot.upgrades.value.as_deref() {
        out.push(Passage::blank());
        out.extend(cluster.pools.iter().map(|pool| pool_versions(pool, upgrades)));
    }
    out
}

fn offers(upgrades: &ClusterUpgrades) -> Vec<Passage> {
    if upgrades.control_plane.is_empty() {
        return vec![Passage::new(Role::Text, "Azure offers nothing newer now.").indented(2)];
    }
    upgrades
        .control_plane
        .iter()
        .map(|offer| {
            let line = Passage::new(Role::Good, format!("{} {}", Mark::Behind.symbol(), offer.version))
                .and(Role::Muted, "  offered now")
                .indented(2);
            if offer.is_preview {
                line.and(Role::Attention, ", preview")
            } else {
                line
            }
        })
        .collect()
}

/// Versions that need more than one hop, the newest patch of each release line.
fn farther(cluster: &Cluster, snapshot: &ClusterSnapshot) -> Vec<Passage> {
    let Some((from, region)) = cluster.version.zip(snapshot.region.value.as_deref()) else {
        return Vec::new();
    };
    let mut lines_told = Vec::new();
    let mut out = Vec::new();
    for path in upgrade_path::reachable(from, region) {
        let Some(target) = path.hops.last().copied().filter(|_| path.hops.len() > 1) else {
            continue;
        };
        if lines_told.contains(&target.minor_line()) {
            continue;
        }
        lines_told.push(target.minor_line());
        let hops = path
            .hops
            .iter()
            .map(KubernetesVersion::to_string)
            .collect::<Vec<_>>()
            .join(&format!(" {ARROW} "));
        out.push(
            Passage::new(Role::Text, format!("  {target}"))
                .and(Role::Muted, format!("  in {}: {hops}", count(path.hops.len(), "hop")))
                .indented(2),
        );
    }
    out
}

fn pool_versions(pool: &NodePool, upgrades: &ClusterUpgrades) -> Passage {
    let offered = upgrades.pools.get(&pool.name);
    let newest = offered.and_then(|pool| pool.offers.iter().map(|offer| offer.version).max());
    let version = match (pool.version, newest) {
        (Some(runs), Some(newest)) if newest > runs => format!("{runs}, can go to {newest}"),
        (Some(runs), _) => runs.to_string(),
        (None, _) => "version not known".to_owned(),
    };
    let image = match (
        pool.node_image.as_ref(),
        offered.and_then(|pool| pool.latest_node_image.as_ref()),
    ) {
        (Some(runs), Some(latest)) if runs.is_same_image(latest) => "newest image".to_owned(),
        (Some(runs), Some(latest)) => format!("image {} {ARROW} {}", runs.release(), latest.release()),
        (Some(runs), None) => format!("image {}", runs.release()),
        (None, _) => "image not known".to_owned(),
    };
    let back = offered
        .and_then(|pool| pool.recently_used.first())
        .map_or_else(String::new, |last| format!("{DOT}can go back to {}", last.version));
    Passage::new(Role::Strong, format!("{:<13}", pool.name.as_str()))
        .and(Role::Text, format!("{version}{DOT}{image}{back}"))
        .hanging(13)
}

/// What runs: our execution with its steps, or what Azure does by itself, and every error in Azure's words.
fn upgrade(snapshot: &ClusterSnapshot, data: &Data) -> Vec<Passage> {
    let mut out = Vec::new();
    let execution = data.execution(&snapshot.id);
    match execution {
        Some(execution) => out.extend(run(execution, data)),
        None => out.extend(foreign(snapshot)),
    }
    if let Some(text) = snapshot.operation_text.as_ref().filter(|_| execution.is_none()) {
        out.push(Passage::new(Role::Muted, "Azure says: ").and(Role::Text, text));
    }
    if let Some(live) = snapshot.live.as_deref() {
        if let Some(progress) = narrative::progress_text(live) {
            out.push(Passage::new(Role::Text, progress));
        }
        out.extend(
            live.gaps
                .iter()
                .map(|gap| Passage::new(Role::Attention, drain_panel::gap_text(gap))),
        );
    }
    if let Some(cluster) = snapshot.cluster.value.as_deref() {
        out.extend(cluster_errors(cluster));
    }
    out
}

fn run(execution: &ExecutionView, data: &Data) -> Vec<Passage> {
    let now = data.now;
    let (mark, text) = narrative::execution(execution, now);
    let mut out = vec![Passage::new(mark.role(), format!("{} {text}", mark.symbol()))];
    let driver = execution.driver.as_ref().map_or_else(
        || "nobody drives it".to_owned(),
        |driver| format!("driven by {}", data.called(driver)),
    );
    let started = wording::ago(execution.started_at, now);
    out.push(Passage::new(
        Role::Muted,
        format!(
            "{}{DOT}started {started} by {}{DOT}{driver}",
            execution.id,
            data.called(&execution.started_by)
        ),
    ));
    if let Some(message) = &execution.message {
        out.push(Passage::new(Role::Text, message));
    }
    out.push(Passage::blank());
    for (at, step) in execution.steps.iter().enumerate() {
        out.extend(step_passages(at + 1, step, now));
    }
    if !execution.leftovers.is_empty() {
        let names = wording::list(execution.leftovers.iter().map(crate::domain::ids::NodeName::as_str), 4);
        out.push(Passage::new(
            Role::Attention,
            format!("! left cordoned or half drained: {names}"),
        ));
        out.push(
            Passage::new(Role::Key, "do: ")
                .and(
                    Role::Text,
                    "resume (P), or make them usable again: kubectl uncordon NODE",
                )
                .indented(2),
        );
    }
    out
}

fn step_passages(number: usize, step: &StepView, now: Timestamp) -> Vec<Passage> {
    let mark = match &step.state {
        StepState::Pending => Mark::Pending,
        StepState::Starting | StepState::Stopping => Mark::Busy,
        StepState::Running { .. } => Mark::Running,
        StepState::Stopped => Mark::Held,
        StepState::Failed { .. } => Mark::Failed,
        StepState::Succeeded => Mark::Good,
    };
    let attempt = if step.attempt > 1 {
        format!(", attempt {}", step.attempt)
    } else {
        String::new()
    };
    let since = step
        .since
        .filter(|_| step.state != StepState::Pending)
        .map_or_else(String::new, |at| format!(", {}", wording::ago(at, now)));
    let mut out = vec![
        Passage::new(mark.role(), format!("{} ", mark.symbol()))
            .and(Role::Text, format!("{number}  {}", step.step.kind.title()))
            .and(Role::Muted, format!("  {}{attempt}{since}", step.state.word())),
    ];
    match &step.state {
        StepState::Failed { error } => out.extend(error_passages(error, 4)),
        StepState::Running { text, hint } => {
            if !text.is_empty() {
                out.push(
                    Passage::new(Role::Muted, "Azure says: ")
                        .and(Role::Text, text)
                        .indented(4),
                );
            }
            if let Some(hint) = hint {
                out.push(Passage::new(Role::Attention, "Azure met, and retries:").indented(4));
                out.extend(error_passages(hint, 4));
            }
        }
        _ => (),
    }
    out
}

fn foreign(snapshot: &ClusterSnapshot) -> Vec<Passage> {
    let upgrading = snapshot
        .cluster
        .value
        .as_deref()
        .filter(|cluster| cluster.is_upgrading());
    let busy = snapshot.cluster.value.as_deref().and_then(Cluster::active_state);
    match (upgrading, busy) {
        (Some(_), _) => vec![
            Passage::new(
                Role::Running,
                format!(
                    "{} An upgrade runs that this cockpit did not start.",
                    Mark::Running.symbol()
                ),
            ),
            Passage::new(
                Role::Muted,
                "It is watched here; pause and abort are with whoever started it.",
            ),
        ],
        (None, Some(state)) => vec![
            Passage::new(
                Role::Running,
                format!("{} Azure is busy with this cluster: {state}", Mark::Busy.symbol()),
            ),
            Passage::new(Role::Muted, "Azure takes no other change until that is over."),
        ],
        (None, None) => {
            vec![Passage::new(Role::Text, "Nothing runs.").and(Role::Muted, " U plans and starts an upgrade")]
        }
    }
}

/// Every error Azure keeps on the cluster and its pools.
pub(super) fn cluster_errors(cluster: &Cluster) -> Vec<Passage> {
    let of_cluster = cluster.error.iter().map(|error| ("the cluster".to_owned(), error));
    let of_pools = cluster
        .pools
        .iter()
        .filter_map(|pool| Some((format!("node pool {}", pool.name), pool.error.as_ref()?)));
    let mut out = Vec::new();
    for (subject, error) in of_cluster.chain(of_pools) {
        out.push(Passage::blank());
        out.push(Passage::new(
            Role::Danger,
            format!("{} Azure on {subject}:", Mark::Failed.symbol()),
        ));
        out.extend(error_passages(error, 2));
    }
    if !out.is_empty() {
        let what = "once the cause is gone, U goes on with the nodes that are left";
        out.push(Passage::new(Role::Key, "do: ").and(Role::Text, what).indented(2));
    }
    out
}

/// An error in Azure's own words, with what it nests.
pub(crate) fn error_passages(error: &AzureErrorDetail, indent: u16) -> Vec<Passage> {
    let code = match &error.subcode {
        Some(subcode) => format!("{}/{subcode}: ", error.code),
        None => format!("{}: ", error.code),
    };
    let mut out = vec![
        Passage::new(Role::Danger, code)
            .and(Role::Text, &error.message)
            .indented(indent),
    ];
    for inner in error.details.iter().take(5) {
        out.extend(error_passages(inner, indent.saturating_add(2)));
    }
    out
}

/// Events, newest first.
pub(crate) fn events(live: Option<&LivePicture>, now: Timestamp) -> Vec<Passage> {
    let events = live.map(|live| live.events.as_slice()).unwrap_or_default();
    if events.is_empty() {
        return vec![Passage::new(
            Role::Muted,
            "No event yet. Kubernetes keeps events for an hour.",
        )];
    }
    events.iter().map(|event| event_passage(event, now)).collect()
}

fn event_passage(event: &ClusterEvent, now: Timestamp) -> Passage {
    let role = match event.kind {
        EventKind::Normal => Role::Muted,
        EventKind::Warning => Role::Attention,
    };
    let at = event.last_seen.or(event.first_seen);
    let age = at.map_or_else(|| "-".to_owned(), |at| wording::ago(at, now));
    let times = if event.count > 1 {
        format!(" (seen {} times)", event.count)
    } else {
        String::new()
    };
    Passage::new(Role::Muted, format!("{age:>11}  "))
        .and(role, format!("{:<9} ", event.reason))
        .and(Role::Strong, format!("{} ", narrative::short_node(&event.object_name)))
        .and(Role::Text, &event.message)
        .and(Role::Muted, times)
        .hanging(13)
}
