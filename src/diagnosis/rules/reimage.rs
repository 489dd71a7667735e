//! Nodes that AKS could not rebuild, or could not take out of the cluster.

use super::counted;
use crate::diagnosis::cause::{Evidence, Found, Impact};
use crate::diagnosis::scene::{Scene, event_evidence};
use crate::domain::event::EventKind;
use crate::domain::ids::NodeName;
use crate::domain::subject::Subject;

/// Events are kept for an hour.
const RECENT_MINUTES: i64 = 60;

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    [
        failed(
            scene,
            "reimage-failed",
            "Failed to reimage node",
            "could not be rebuilt",
        ),
        failed(
            scene,
            "node-delete-failed",
            "Unable to delete node",
            "could not be removed from the cluster",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn failed(scene: &Scene<'_>, code: &str, words: &str, what: &str) -> Option<Found> {
    let told: Vec<(NodeName, Evidence)> = scene
        .recent_events(RECENT_MINUTES)
        .filter(|(_, event)| {
            event.kind == EventKind::Warning && event.reason == "Upgrade" && event.message.contains(words)
        })
        .map(|(namespace, event)| {
            (
                node_of(&event.message, words, &event.object_name),
                event_evidence(namespace, event),
            )
        })
        .filter(|(node, evidence)| !has_recovered(scene, node, evidence.at))
        .collect();
    let (first, _) = told.first()?;
    let mut nodes: Vec<NodeName> = told.iter().map(|(node, _)| node.clone()).collect();
    nodes.dedup();
    let headline = format!("{} {what}: {first}", counted(nodes.len(), "node"));
    let found = if scene.are_nodes_read() {
        Found::confirmed(code, Impact::Stalled, headline)
    } else {
        Found::likely(code, Impact::Stalled, headline)
    };
    let machines = scene
        .machines()
        .iter()
        .filter(|machine| nodes.iter().any(|node| node.as_str() == machine.computer_name));
    let machine_words: Vec<Evidence> = machines
        .flat_map(|machine| {
            machine
                .statuses
                .iter()
                .chain(&machine.bootstrap)
                .take(2)
                .map(move |words| (machine, words))
        })
        .map(|(machine, words)| Evidence {
            source: crate::diagnosis::cause::EvidenceSource::Machine,
            ..scene.shown(Subject::node(&NodeName::new(&machine.computer_name)), words.clone())
        })
        .collect();
    Some(
        found
            .about(nodes.iter().map(Subject::node))
            .on(nodes.clone())
            .since(told.iter().filter_map(|(_, evidence)| evidence.at).min())
            .shown_by(told.into_iter().map(|(_, evidence)| evidence))
            .shown_by(machine_words),
    )
}

fn node_of(message: &str, words: &str, object: &str) -> NodeName {
    let named = message
        .split(words)
        .nth(1)
        .map(|rest| rest.trim_start_matches([' ', ':', '[']))
        .and_then(|rest| rest.split([' ', ']', ':', ',']).next())
        .filter(|name| !name.is_empty());
    NodeName::new(named.unwrap_or(object))
}

/// The node is up and takes pods, or was made anew since.
fn has_recovered(scene: &Scene<'_>, node: &NodeName, at: Option<jiff::Timestamp>) -> bool {
    scene.node(node).is_some_and(|fact| {
        let is_up = fact.node.readiness.is_ready() && !fact.node.is_cordoned;
        let is_reborn = matches!((fact.node.created_at, at), (Some(created), Some(at)) if created > at);
        is_up || is_reborn && fact.node.readiness.is_ready()
    })
}
