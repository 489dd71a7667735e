//! Pods on new nodes that get no network: no address left, or the network plugin is not up.

use super::{counted, named};
use crate::diagnosis::cause::{Evidence, Found, Impact};
use crate::diagnosis::scene::{Scene, event_evidence};
use crate::domain::subject::Subject;
use crate::domain::survey::PodFact;

const RECENT_MINUTES: i64 = 10;
/// The network plugin of a new node is up within a minute or two.
const PATIENCE_MINUTES: i64 = 2;
/// Dynamic allocation hands out addresses in blocks of this many for each node
/// (AKS docs "Configure Azure CNI networking for dynamic allocation of IPs", 2026).
const BLOCK: u64 = 16;

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    found(scene).into_iter().collect()
}

fn found(scene: &Scene<'_>) -> Option<Found> {
    if !scene.are_pods_read() {
        return None;
    }
    let pods: Vec<(&PodFact, Evidence)> = scene
        .recent_events(RECENT_MINUTES)
        .filter(|(_, event)| event.reason == "FailedCreatePodSandBox")
        .filter_map(|(namespace, event)| {
            let fact = scene
                .pods()
                .iter()
                .find(|fact| fact.pod.namespace == namespace && fact.pod.name == event.object_name)?;
            let is_stuck = !fact.pod.is_ready && fact.pod.deletion_at.is_none() && fact.pod.phase == "Pending";
            let is_waiting = is_stuck && scene.is_older(fact.created_at, PATIENCE_MINUTES);
            is_waiting.then(|| (fact, event_evidence(namespace, event)))
        })
        .collect();
    let (first, told) = pods.first()?;
    let says_address = scene
        .catalogue
        .matches(&told.words.replace("FailedCreatePodSandBox", ""))
        .iter()
        .any(|found| found.entry.id == "sandbox-no-ip");
    let subnets = full_subnets(scene);
    let names: Vec<&str> = pods.iter().map(|(fact, _)| fact.pod.name.as_str()).collect();
    let headline = format!("{} get no address ({})", counted(pods.len(), "pod"), named(&names));
    let found = if says_address || !subnets.is_empty() {
        Found::confirmed("sandbox-no-ip", Impact::WorkloadAtRisk, headline)
    } else {
        Found::likely("sandbox-no-ip", Impact::WorkloadAtRisk, headline)
    };
    let subject = |fact: &PodFact| Subject::object("v1", "Pod", &fact.pod.namespace, &fact.pod.name);
    Some(
        found
            .about([subject(first)])
            .about(subnets.iter().map(|evidence| evidence.subject.clone()))
            .about(pods.iter().map(|(fact, _)| subject(fact)))
            .on(pods.iter().filter_map(|(fact, _)| fact.pod.node.clone()))
            .since(pods.iter().filter_map(|(fact, _)| fact.created_at).min())
            .shown_by(pods.iter().map(|(_, told)| told.clone()))
            .shown_by(subnets)
            .cured_by(&["scale-down-for-ips"]),
    )
}

/// Pod subnets that cannot give one more block.
fn full_subnets(scene: &Scene<'_>) -> Vec<Evidence> {
    let subnets = &scene.symptoms.survey.azure.subnets;
    scene
        .pools()
        .iter()
        .filter_map(|pool| {
            subnets
                .get(&pool.pod_subnet.as_ref()?.to_ascii_lowercase())?
                .as_ref()
                .ok()
        })
        .filter(|subnet| subnet.limit.saturating_sub(subnet.used) < BLOCK)
        .map(|subnet| {
            let subject = Subject::Azure {
                kind: "subnet".to_owned(),
                name: subnet.id.rsplit('/').next().unwrap_or(&subnet.id).to_owned(),
                id: Some(subnet.id.clone()),
            };
            scene.claimed(subject, format!("{} of {} addresses used", subnet.used, subnet.limit))
        })
        .collect()
}
