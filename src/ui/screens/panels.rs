//! The text panels of the cluster screen: facts, Azure's errors, events. What runs has its own file.

use super::super::components::prose::Passage;
use super::super::data::Data;
use super::super::narrative;
use super::super::theme::{DOT, Mark, Role, state_mark};
use super::super::wording::{self, count};
use super::cluster_detail::Panel;
use super::{history_panel, run_panel, settings_panel, versions_panel, windows_panel};
use crate::config::cluster::Named;
use crate::domain::cluster::Cluster;
use crate::domain::event::{ClusterEvent, EventKind};
use crate::domain::provisioning::AzureErrorDetail;
use crate::inventory::snapshot::ClusterSnapshot;
use crate::progress::picture::LivePicture;
use jiff::Timestamp;

/// The content of a panel that is text.
pub(crate) fn panel(panel: Panel, snapshot: &ClusterSnapshot, data: &Data) -> Vec<Passage> {
    match panel {
        Panel::Versions => versions_panel::passages(snapshot, data.now),
        Panel::Settings => settings_panel::passages(snapshot),
        Panel::Windows => windows_panel::passages(snapshot, data),
        Panel::History => history_panel::passages(snapshot, data),
        Panel::Upgrade => run_panel::upgrade(snapshot, data),
        Panel::Events => events(snapshot.live.as_deref(), data.now),
        Panel::Pools | Panel::Claims => Vec::new(),
    }
}

/// What a person wants to know first about a cluster, on one line.
pub(crate) fn fact_line(snapshot: &ClusterSnapshot, data: &Data) -> Vec<Passage> {
    let Some(cluster) = snapshot.cluster.value.as_deref() else {
        return super::source_passages(&snapshot.cluster.state, "what Azure knows of this cluster").unwrap_or_default();
    };
    let nodes = usize::try_from(cluster.node_count()).unwrap_or(usize::MAX);
    let contact = data.preferences.clusters.contact(&Named::of(&snapshot.id));
    let facts = [
        Some(cluster.location.clone()),
        Some(cluster.resource_group.clone()),
        cluster.tier.clone(),
        Some(format!(
            "{}, {}",
            count(cluster.pools.len(), "pool"),
            count(nodes, "node")
        )),
        contact.map(|contact| format!("contact: {contact}")),
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

/// The newest so many events.
pub(super) fn newest_events(live: &LivePicture, at_most: usize, now: Timestamp) -> Vec<Passage> {
    if live.events.is_empty() {
        return events(None, now);
    }
    live.events
        .iter()
        .take(at_most)
        .map(|event| event_passage(event, now))
        .collect()
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
