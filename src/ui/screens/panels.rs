//! The text panels of the cluster screen: facts, versions and hops, Azure's errors, events. What runs has its own file.

use super::super::components::prose::Passage;
use super::super::data::Data;
use super::super::narrative;
use super::super::theme::{ARROW, DOT, Mark, Role, state_mark};
use super::super::wording::{self, count};
use super::cluster_detail::Panel;
use super::run_panel;
use crate::domain::cluster::{Cluster, ClusterUpgrades};
use crate::domain::event::{ClusterEvent, EventKind};
use crate::domain::node_pool::NodePool;
use crate::domain::provisioning::AzureErrorDetail;
use crate::domain::upgrade_path;
use crate::domain::version::KubernetesVersion;
use crate::inventory::snapshot::ClusterSnapshot;
use crate::progress::picture::LivePicture;
use jiff::Timestamp;

/// The content of a panel that is text.
pub(crate) fn panel(panel: Panel, snapshot: &ClusterSnapshot, data: &Data) -> Vec<Passage> {
    match panel {
        Panel::Versions => versions(snapshot),
        Panel::Upgrade => run_panel::upgrade(snapshot, data),
        Panel::Events => events(snapshot.live.as_deref(), data.now),
        Panel::Pools | Panel::Claims => Vec::new(),
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
