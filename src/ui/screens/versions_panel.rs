//! Where a cluster can go: what Azure offers, what lies beyond by which hops, until when each is supported, what breaks.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::super::components::prose::Passage;
use super::super::theme::{ARROW, DOT, Mark, Role};
use super::super::wording::count;
use crate::domain::cluster::{Cluster, ClusterUpgrades, RegionVersions, SupportPlan};
use crate::domain::node_pool::NodePool;
use crate::domain::support::{BreakingChange, SupportState, breaking_changes, support_of};
use crate::domain::upgrade_path;
use crate::domain::version::KubernetesVersion;
use crate::inventory::snapshot::ClusterSnapshot;

/// The panel's text.
pub(super) fn passages(snapshot: &ClusterSnapshot, now: Timestamp) -> Vec<Passage> {
    let Some(cluster) = snapshot.cluster.value.as_deref() else {
        return super::source_passages(&snapshot.cluster.state, "the versions").unwrap_or_default();
    };
    let today = now.to_zoned(TimeZone::UTC).date();
    let runs = cluster
        .version
        .map_or_else(|| "not known".to_owned(), |version| version.to_string());
    let mut control_plane = heading("Control plane ").and(Role::Text, format!("runs {runs}"));
    if let Some(version) = cluster.version {
        let (role, words) = support_words(version, &cluster.support_plan, today);
        control_plane = control_plane.and(Role::Muted, DOT).and(role, words);
    }
    let mut out = vec![control_plane];
    match snapshot.upgrades.value.as_deref() {
        Some(upgrades) => out.extend(offers(upgrades, &cluster.support_plan, today)),
        None => out.extend(super::source_passages(&snapshot.upgrades.state, "what Azure offers").unwrap_or_default()),
    }
    out.extend(super::stale_passage(&snapshot.upgrades.state, "what Azure offers"));
    out.extend(farther(cluster, snapshot, today));
    if let Some(upgrades) = snapshot.upgrades.value.as_deref() {
        out.push(Passage::blank());
        out.extend(cluster.pools.iter().map(|pool| pool_versions(pool, upgrades)));
        out.extend(breaking(cluster, upgrades));
    }
    out
}

fn heading(text: impl Into<String>) -> Passage {
    Passage::new(Role::Strong, text)
}

/// Until when a version is supported, as `supported until 2026-11-30, 7 d`.
fn support_words(version: KubernetesVersion, plan: &SupportPlan, today: Date) -> (Role, String) {
    let support = support_of(version, plan, today);
    let day = support.ends_on.map_or_else(String::new, |day| format!(" {day}"));
    let left = support
        .ends_on
        .map_or_else(String::new, |day| format!(", {} d", (day - today).get_days()));
    match support.state {
        SupportState::Supported => (Role::Muted, format!("supported until{day}{left}")),
        SupportState::EndingSoon => (Role::Attention, format!("! support ends{day}{left}")),
        SupportState::PlatformOnly => (Role::Attention, format!("! support ended{day}, platform support only")),
        SupportState::OutOfSupport => (
            Role::Danger,
            format!("! out of support since{day}").trim_end().to_owned(),
        ),
        SupportState::Unknown => (Role::Muted, "support not known".to_owned()),
    }
}

fn offers(upgrades: &ClusterUpgrades, plan: &SupportPlan, today: Date) -> Vec<Passage> {
    if upgrades.control_plane.is_empty() {
        return vec![Passage::new(Role::Text, "Azure offers nothing newer now.").indented(2)];
    }
    upgrades
        .control_plane
        .iter()
        .map(|offer| {
            let mut line = Passage::new(Role::Good, format!("{} {}", Mark::Behind.symbol(), offer.version))
                .and(Role::Muted, "  offered now");
            if offer.is_preview {
                line = line.and(Role::Attention, ", preview");
            }
            let (role, words) = support_words(offer.version, plan, today);
            line.and(Role::Muted, DOT).and(role, words).indented(2)
        })
        .collect()
}

/// Versions that need more than one hop, the newest patch of each release line, with the end of support on each hop.
fn farther(cluster: &Cluster, snapshot: &ClusterSnapshot, today: Date) -> Vec<Passage> {
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
        let mut passage = Passage::new(Role::Text, format!("  {target}"))
            .and(Role::Muted, format!("  in {}: ", count(path.hops.len(), "hop")));
        for (at, hop) in path.hops.iter().enumerate() {
            let end = support_of(*hop, &cluster.support_plan, today).ends_on;
            let end = end.map_or_else(String::new, |day| format!(" (until {day})"));
            let arrow = if at > 0 { format!(" {ARROW} ") } else { String::new() };
            passage = passage.and(Role::Muted, format!("{arrow}{hop}{end}"));
            if is_preview(*hop, region) {
                passage = passage.and(Role::Attention, " preview");
            }
        }
        out.push(passage.indented(2).hanging(4));
    }
    out
}

fn is_preview(version: KubernetesVersion, region: &RegionVersions) -> bool {
    let line = region.minors.iter().find(|minor| minor.line == version.minor_line());
    line.is_some_and(|minor| minor.is_preview)
}

/// What changes for users on the way to the newest version that is offered.
fn breaking(cluster: &Cluster, upgrades: &ClusterUpgrades) -> Vec<Passage> {
    let newest = upgrades.control_plane.iter().map(|offer| offer.version).max();
    let Some((from, to)) = cluster.version.zip(newest) else {
        return Vec::new();
    };
    let changes = breaking_changes(from, to);
    if changes.is_empty() {
        return Vec::new();
    }
    let title = heading(format!("Breaking changes up to {to}")).and(Role::Muted, format!("{DOT}{}", changes.len()));
    let mut out = vec![Passage::blank(), title];
    out.extend(changes.into_iter().map(breaking_line));
    out
}

fn breaking_line(change: &BreakingChange) -> Passage {
    let mut line = Passage::new(
        Role::Attention,
        format!("{}.{} ", change.minor.major, change.minor.minor),
    )
    .and(Role::Strong, format!("{} ", change.area))
    .and(Role::Text, &change.what);
    if !change.affects.is_empty() {
        line = line.and(Role::Muted, format!(" Affects: {}", change.affects));
    }
    if !change.is_confirmed {
        line = line.and(Role::Muted, " (not confirmed by an official page)");
    }
    line.indented(2).hanging(2)
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
