//! Waits that are meant: soak, and work outside of a maintenance window.

use super::counted;
use crate::diagnosis::cause::{Evidence, Found, Impact};
use crate::diagnosis::scene::{Scene, event_evidence};
use crate::domain::ids::NodeName;
use crate::domain::subject::Subject;
use crate::progress::picture::NodePhase;

/// The longest soak AKS takes is 30 minutes.
const SOAK_EVENT_MINUTES: i64 = 30;

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    [soak(scene), outside_window(scene)].into_iter().flatten().collect()
}

fn soak(scene: &Scene<'_>) -> Option<Found> {
    if !scene.situation.is_running {
        return None;
    }
    let soaking: Vec<(NodeName, jiff::Timestamp)> = match scene.picture() {
        Some(picture) => picture
            .nodes
            .values()
            .filter(|node| node.phase == NodePhase::Soaking)
            .map(|node| (node.name.clone(), node.since))
            .collect(),
        None => Vec::new(),
    };
    let told: Vec<Evidence> = scene
        .recent_events(SOAK_EVENT_MINUTES)
        .filter(|(_, event)| event.message.starts_with("Soak duration"))
        .filter(|(_, event)| soaking.iter().any(|(node, _)| event.message.contains(node.as_str())))
        .map(|(namespace, event)| event_evidence(namespace, event))
        .collect();
    let (first, since) = soaking.first()?;
    let minutes = scene
        .progress(first)
        .and_then(|node| scene.pool(node.pool.as_ref()?)?.upgrade_settings.node_soak_minutes);
    let ends = minutes.and_then(|minutes| {
        since
            .checked_add(jiff::SignedDuration::from_mins(i64::from(minutes)))
            .ok()
    });
    let headline = format!(
        "{} drained and soaking on purpose{}",
        counted(soaking.len(), "node"),
        ends.map(|ends| format!(", until {ends}")).unwrap_or_default()
    );
    let seen = scene.watched(Subject::node(first), format!("soaking since {since}"));
    Some(
        Found::confirmed("soak-wait", Impact::None, headline)
            .about(soaking.iter().map(|(node, _)| Subject::node(node)))
            .on(soaking.iter().map(|(node, _)| node.clone()))
            .since(soaking.iter().map(|(_, since)| *since).min())
            .shown_by(told)
            .shown_by([seen]),
    )
}

/// An automatic upgrade that runs while its window is shut.
fn outside_window(scene: &Scene<'_>) -> Option<Found> {
    let cluster = scene.cluster().filter(|_| scene.situation.is_running)?;
    let is_automatic = |channel: &Option<String>| {
        channel
            .as_deref()
            .is_some_and(|channel| !matches!(channel.to_ascii_lowercase().as_str(), "" | "none" | "unmanaged"))
    };
    let is_kubernetes = is_automatic(&cluster.auto_upgrade.kubernetes_channel);
    let is_node_os = is_automatic(&cluster.auto_upgrade.node_os_channel);
    let windows = scene.symptoms.survey.azure.windows.as_ref().ok()?;
    let now = scene.now();
    let window = windows.iter().find(|window| match window.name.as_str() {
        "aksManagedAutoUpgradeSchedule" => is_kubernetes,
        "aksManagedNodeOSUpgradeSchedule" => is_node_os,
        _ => false,
    })?;
    let is_open = window.openings.iter().any(|(from, to)| *from <= now && now < *to);
    if is_open || window.openings.is_empty() {
        return None;
    }
    let next = window.openings.first().map(|(from, _)| *from)?;
    let subject = Subject::Azure {
        kind: "maintenance window".to_owned(),
        name: window.name.clone(),
        id: None,
    };
    let headline = format!(
        "The upgrade runs outside of the window {} ({}); it opens next {next}",
        window.name, window.schedule
    );
    Some(
        Found::possible("outside-window", Impact::None, headline)
            .about([subject.clone()])
            .since(scene.situation.since)
            .shown_by([scene.claimed(subject, format!("{}, next opening {next}", window.schedule))]),
    )
}
