//! Warning events as texts, for what live objects could not show: only events that last or repeat count.

use std::collections::BTreeSet;

use super::wording;
use crate::diagnosis::cause::{Evidence, Found, Impact};
use crate::diagnosis::scene::{Origin, Scene, Text, event_evidence, last_seen};
use crate::domain::event::{ClusterEvent, EventKind};
use crate::domain::provisioning::AzureErrorDetail;
use crate::progress::picture::NodePhase;

const RECENT_MINUTES: i64 = 10;
const LASTING_SECONDS: i64 = 120;
/// Unexplained events are for reading: more than this are noise.
const MOST_UNEXPLAINED: usize = 20;
/// Warnings of every moving cluster.
const EVERYDAY: [&str; 15] = [
    "Unhealthy",
    "BackOff",
    "NodeNotReady",
    "FailedScheduling",
    "FailedMount",
    "FailedCreatePodSandBox",
    "Evicted",
    "FailedKillPod",
    "Rebooted",
    "InvalidDiskCapacity",
    "NodeNotSchedulable",
    "FailedToUpdateEndpoint",
    "FailedToUpdateEndpointSlices",
    "NoPods",
    "CalculateExpectedPodCountFailed",
];

/// Probes and restarts of workloads speak in the words of anything.
const OF_WORKLOADS: [&str; 3] = ["Unhealthy", "BackOff", "Evicted"];
/// Newest warnings that are looked at.
const MOST_READ: usize = 500;

/// Causes that only events name here. Where the objects behind an event were read, their own rules decide.
pub(in crate::diagnosis) fn look_at_events(scene: &Scene<'_>) -> Vec<Found> {
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut all: Vec<Found> = Vec::new();
    let warnings = scene
        .recent_events(RECENT_MINUTES)
        .filter(|(_, event)| event.kind == EventKind::Warning && has_lasted(event))
        .filter(|(_, event)| !OF_WORKLOADS.contains(&event.reason.as_str()));
    for (namespace, event) in warnings.take(MOST_READ) {
        if !seen.insert((&event.reason, &event.message)) {
            continue;
        }
        let words = format!("{}: {}", event.reason, event.message);
        let best = scene
            .catalogue
            .matches(&words)
            .into_iter()
            .find(|found| !found.entry.is_generic() && !is_decided_by_objects(scene, &found.entry.id));
        let Some(best) = best else { continue };
        let evidence = event_evidence(namespace, event);
        let text = Text {
            origin: Origin::Error,
            subject: evidence.subject.clone(),
            error: AzureErrorDetail::default(),
            layers: Vec::new(),
            at: evidence.at,
        };
        let impact = if best.entry.is_info() {
            Impact::None
        } else {
            Impact::Slower
        };
        let nodes = match &evidence.subject {
            crate::domain::subject::Subject::Node { name } => vec![name.clone()],
            _ => Vec::new(),
        };
        let found = Found::possible(
            &best.entry.id,
            impact,
            wording::headline(best.entry, &best.captures, &text),
        )
        .about([evidence.subject.clone()])
        .about(wording::subjects(scene, &best.captures, &text))
        .on(nodes)
        .since(event.first_seen.or(evidence.at))
        .shown_by([evidence]);
        match all.iter_mut().find(|known| known.code == found.code) {
            Some(known) => known.join(found),
            None => all.push(found),
        }
    }
    all
}

fn has_lasted(event: &ClusterEvent) -> bool {
    match (event.first_seen, last_seen(event)) {
        (Some(first), Some(last)) => last.duration_since(first).as_secs() >= LASTING_SECONDS,
        _ => event.count >= 5,
    }
}

/// True where a rule looked at the objects themselves and would have told it.
fn is_decided_by_objects(scene: &Scene<'_>, code: &str) -> bool {
    let kubernetes = &scene.symptoms.survey.kubernetes;
    match code {
        "pending-no-room" | "pending-zonal-volume" | "pending-constraint" | "image-pull-new-node" | "sandbox-no-ip" => {
            scene.are_pods_read()
        }
        "volume-multiattach" => kubernetes.attachments.is_ok() && scene.are_pods_read(),
        "webhook-fails-closed" | "eviction-denied-by-webhook" => kubernetes.webhooks.is_ok(),
        "konnectivity-down" => kubernetes.workloads.is_ok(),
        "etcd-full" => kubernetes
            .health
            .as_ref()
            .is_ok_and(|health| health.etcd_bytes.is_some()),
        "vm-maintenance" | "node-quarantined" | "surge-node-notready" => scene.are_nodes_read(),
        "drain-blocked-by-pdb" | "drain-blocked-by-unready-pods" | "pdb-more-than-one" => {
            kubernetes.budgets.is_ok() && scene.are_pods_read()
        }
        "reimage-failed" | "node-delete-failed" | "autorepair-fights" | "soak-wait" => true,
        _ => false,
    }
}

/// Lasting warnings that nobody knows, while something is wrong.
pub(super) fn unexplained(scene: &Scene<'_>) -> Vec<Evidence> {
    let is_in_trouble = scene.situation.is_failed
        || scene.picture().is_some_and(|picture| {
            picture
                .nodes
                .values()
                .any(|node| matches!(node.phase, NodePhase::Stuck | NodePhase::Failed))
        });
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    scene
        .recent_events(RECENT_MINUTES)
        .filter(|(_, event)| event.kind == EventKind::Warning && (is_in_trouble || event.source == "upgrader"))
        .filter(|(_, event)| !EVERYDAY.contains(&event.reason.as_str()))
        .filter(|(_, event)| !event.message.contains("usually a pdb") && !event.message.contains("denied the request"))
        .filter(|(_, event)| {
            scene
                .catalogue
                .matches(&format!("{}: {}", event.reason, event.message))
                .is_empty()
        })
        .filter(|(_, event)| seen.insert((&event.reason, &event.message)))
        .map(|(namespace, event)| event_evidence(namespace, event))
        .take(MOST_UNEXPLAINED)
        .collect()
}
