//! What Azure itself does to machines meanwhile: auto-repair, maintenance, spot evictions.

use super::counted;
use crate::diagnosis::cause::{Evidence, Found, Impact};
use crate::diagnosis::scene::{Scene, event_evidence};
use crate::domain::ids::NodeName;
use crate::domain::subject::Subject;
use crate::domain::survey::Unread;

/// Auto-repair and spot evictions count while they are fresh.
const RECENT_MINUTES: i64 = 30;
/// Reasons the node problem detector uses for the platform's announcements
/// (AKS docs "Node Problem Detector", 2026).
const ANNOUNCEMENTS: [&str; 4] = [
    "FreezeScheduled",
    "RebootScheduled",
    "RedeployScheduled",
    "TerminateScheduled",
];

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    [auto_repair(scene), maintenance(scene), spot(scene), throttled(scene)]
        .into_iter()
        .flatten()
        .collect()
}

/// Azure throttles our own reads, so it throttles AKS's calls in the same subscription too.
fn throttled(scene: &Scene<'_>) -> Option<Found> {
    let azure = &scene.symptoms.survey.azure;
    let reads = [
        azure.cluster.as_ref().err(),
        azure.compute_usage.as_ref().err(),
        azure.machines.as_ref().err(),
        azure.failed_activities.as_ref().err(),
    ];
    let words = reads.into_iter().flatten().find_map(|unread| {
        let Unread::Failed { why } = unread else { return None };
        let is_throttled = scene
            .catalogue
            .matches(why)
            .iter()
            .any(|found| found.entry.id == "throttled-arm");
        is_throttled.then(|| why.clone())
    })?;
    let headline = format!("Azure throttles requests of this subscription: {words}");
    Some(
        Found::likely("throttled-arm", Impact::Slower, headline)
            .about([Subject::Cluster])
            .shown_by([scene.watched(Subject::Cluster, words)]),
    )
}

fn told(
    found: fn(&str, Impact, String) -> Found,
    code: &str,
    impact: Impact,
    what: &str,
    told: Vec<Evidence>,
) -> Option<Found> {
    let mut nodes: Vec<NodeName> = Vec::new();
    for evidence in &told {
        if let Subject::Node { name } = &evidence.subject
            && !nodes.contains(name)
        {
            nodes.push(name.clone());
        }
    }
    let first = told.first()?;
    let headline = format!("{what} on {}: {}", counted(nodes.len().max(1), "node"), first.words);
    Some(
        found(code, impact, headline)
            .about(nodes.iter().map(Subject::node))
            .on(nodes)
            .since(told.iter().filter_map(|evidence| evidence.at).min())
            .shown_by(told),
    )
}

fn auto_repair(scene: &Scene<'_>) -> Option<Found> {
    let events = scene
        .recent_events(RECENT_MINUTES)
        .filter(|(_, event)| event.source.contains("aks-auto-repair"))
        .map(|(namespace, event)| event_evidence(namespace, event))
        .collect();
    told(
        Found::confirmed,
        "autorepair-fights",
        Impact::Slower,
        "AKS auto-repair works",
        events,
    )
}

fn maintenance(scene: &Scene<'_>) -> Option<Found> {
    let mut shown: Vec<Evidence> = scene
        .nodes()
        .flat_map(|fact| fact.conditions.iter().map(move |condition| (fact, condition)))
        .filter(|(_, condition)| {
            condition.kind == "VMEventScheduled" && condition.status == "True" && !is_spot_word(&condition.reason)
        })
        .map(|(fact, condition)| {
            let words = format!("{}: {}", condition.reason, condition.message);
            scene.shown(Subject::node(&fact.node.name), words)
        })
        .collect();
    if !scene.are_nodes_read() {
        shown.extend(
            scene
                .recent_events(RECENT_MINUTES)
                .filter(|(_, event)| ANNOUNCEMENTS.contains(&event.reason.as_str()))
                .map(|(namespace, event)| event_evidence(namespace, event)),
        );
    }
    told(
        Found::confirmed,
        "vm-maintenance",
        Impact::Slower,
        "Azure has scheduled maintenance",
        shown,
    )
}

fn is_spot_word(reason: &str) -> bool {
    reason.starts_with("Preempt")
}

fn spot(scene: &Scene<'_>) -> Option<Found> {
    let is_spot = |node: &str| {
        scene
            .node(&NodeName::new(node))
            .and_then(|fact| fact.node.pool.as_ref())
            .or_else(|| {
                scene
                    .progress(&NodeName::new(node))
                    .and_then(|progress| progress.pool.as_ref())
            })
            .and_then(|pool| scene.pool(pool))
            .is_none_or(|pool| pool.is_spot)
    };
    let mut shown: Vec<Evidence> = scene
        .recent_events(RECENT_MINUTES)
        .filter(|(_, event)| is_spot_word(&event.reason) && is_spot(&event.object_name))
        .map(|(namespace, event)| event_evidence(namespace, event))
        .collect();
    for fact in scene.nodes() {
        for condition in &fact.conditions {
            if condition.status == "True" && is_spot_word(&condition.reason) {
                let words = format!("{}: {}", condition.reason, condition.message);
                shown.push(scene.shown(Subject::node(&fact.node.name), words));
            }
        }
    }
    told(
        Found::confirmed,
        "spot-eviction",
        Impact::WorkloadAtRisk,
        "Spot capacity is taken away",
        shown,
    )
}
