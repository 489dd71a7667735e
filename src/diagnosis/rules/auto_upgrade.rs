//! The automatic upgrade did not begin, and something visible keeps it from beginning.

use super::counted;
use crate::diagnosis::cause::{Evidence, Found, Impact};
use crate::diagnosis::scene::Scene;
use crate::domain::cluster::Cluster;
use crate::domain::provisioning::{PowerState, ProvisioningState};
use crate::domain::subject::Subject;

/// AKS wants a window of at least four hours (AKS docs "Planned maintenance", 2026).
const LEAST_HOURS: u32 = 4;

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    found(scene).into_iter().collect()
}

fn found(scene: &Scene<'_>) -> Option<Found> {
    let cluster = scene.cluster()?;
    let channel = cluster
        .auto_upgrade
        .kubernetes_channel
        .as_deref()
        .filter(|channel| !channel.is_empty() && !channel.eq_ignore_ascii_case("none"))?;
    if scene.situation.is_busy || scene.situation.is_running || !is_newer_offered(scene, cluster, channel) {
        return None;
    }
    let reasons = reasons(scene, cluster);
    let first = reasons.first()?;
    let headline = format!(
        "The channel {channel} has a newer version to go to and does not begin ({}): {}",
        counted(reasons.len(), "reason"),
        first.words
    );
    Some(
        Found::likely("auto-upgrade-not-started", Impact::None, headline)
            .about([first.subject.clone()])
            .shown_by(reasons)
            .cured_by(&["extend-window"]),
    )
}

/// The `patch` channel stays in its minor version, all others go further
/// (AKS docs "Automatically upgrade an AKS cluster", 2026).
fn is_newer_offered(scene: &Scene<'_>, cluster: &Cluster, channel: &str) -> bool {
    let (Ok(upgrades), Some(version)) = (&scene.symptoms.survey.azure.upgrades, cluster.version) else {
        return false;
    };
    let is_for_channel = |offer: &crate::domain::cluster::UpgradeOffer| {
        let is_patch = offer.version.minor_line() == version.minor_line();
        !offer.is_preview && offer.version > version && (is_patch || !channel.eq_ignore_ascii_case("patch"))
    };
    !channel.eq_ignore_ascii_case("node-image") && upgrades.control_plane.iter().any(is_for_channel)
}

fn reasons(scene: &Scene<'_>, cluster: &Cluster) -> Vec<Evidence> {
    let mut reasons = Vec::new();
    let windows = scene.symptoms.survey.azure.windows.iter().flatten();
    for window in windows.filter(|window| window.name == "aksManagedAutoUpgradeSchedule") {
        let subject = Subject::Azure {
            kind: "maintenance window".to_owned(),
            name: window.name.clone(),
            id: None,
        };
        if let Some(hours) = window.duration_hours.filter(|hours| *hours < LEAST_HOURS) {
            let words = format!("the window lasts {hours} h, less than {LEAST_HOURS} h");
            reasons.push(scene.claimed(subject.clone(), words));
        }
        let is_barred = |(from, to): &(jiff::Timestamp, jiff::Timestamp)| {
            window
                .not_allowed
                .iter()
                .any(|(no_from, no_to)| no_from <= from && to <= no_to)
        };
        if !window.openings.is_empty() && window.openings.iter().all(is_barred) {
            reasons.push(scene.claimed(subject, "all next openings lie in dates that are not allowed"));
        }
    }
    if cluster.power_state == PowerState::Stopped {
        reasons.push(scene.claimed(Subject::Cluster, "the cluster is stopped"));
    }
    for pool in &cluster.pools {
        if pool.provisioning_state == ProvisioningState::Failed {
            let words = format!("pool {} is in the state Failed", pool.name);
            reasons.push(scene.claimed(Subject::pool(&pool.name), words));
        }
    }
    reasons
}
