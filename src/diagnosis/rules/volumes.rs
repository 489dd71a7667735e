//! Disks that are still attached to the old node.

use super::counted;
use super::pending::claimed_volumes;
use crate::diagnosis::cause::{Evidence, EvidenceSource, Found, Impact};
use crate::diagnosis::scene::{Scene, event_evidence};
use crate::domain::ids::NodeName;
use crate::domain::subject::{ObjectRef, Subject};
use crate::domain::survey::{AttachmentFact, PodFact};

/// Detach and attach of a disk take up to about two minutes.
const PATIENCE_MINUTES: i64 = 3;

struct Conflict<'a> {
    pod: &'a PodFact,
    attachment: &'a AttachmentFact,
}

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    let Ok(attachments) = &scene.symptoms.survey.kubernetes.attachments else {
        return Vec::new();
    };
    let conflicts: Vec<Conflict<'_>> = scene
        .pods()
        .iter()
        .filter(|fact| !fact.pod.is_ready && fact.pod.deletion_at.is_none())
        .filter(|fact| scene.is_older(fact.created_at, PATIENCE_MINUTES))
        .flat_map(|pod| {
            let names: Vec<String> = volumes_wanted(scene, pod);
            attachments
                .iter()
                .filter(move |attachment| {
                    names.contains(&attachment.volume)
                        && pod.pod.node.as_ref().is_some_and(|node| *node != attachment.node)
                })
                .map(move |attachment| Conflict { pod, attachment })
        })
        .collect();
    found(scene, &conflicts).into_iter().collect()
}

/// Volumes by the pod's claims; where volumes were not read, those its events name.
fn volumes_wanted(scene: &Scene<'_>, pod: &PodFact) -> Vec<String> {
    let claimed: Vec<String> = claimed_volumes(scene, pod)
        .into_iter()
        .filter(|volume| volume.is_single_writer)
        .map(|volume| volume.name.clone())
        .collect();
    if !claimed.is_empty() {
        return claimed;
    }
    events_of(scene, pod)
        .filter_map(|evidence| Some(evidence.words.split("volume \"").nth(1)?.split('"').next()?.to_owned()))
        .collect()
}

fn events_of<'a>(scene: &'a Scene<'_>, pod: &'a PodFact) -> impl Iterator<Item = Evidence> + 'a {
    scene
        .recent_events(PATIENCE_MINUTES * 4)
        .filter(|(namespace, event)| {
            event.reason == "FailedAttachVolume" && *namespace == pod.pod.namespace && event.object_name == pod.pod.name
        })
        .map(|(namespace, event)| event_evidence(namespace, event))
}

fn found(scene: &Scene<'_>, conflicts: &[Conflict<'_>]) -> Option<Found> {
    let first = conflicts.first()?;
    let pod =
        |conflict: &Conflict<'_>| Subject::object("v1", "Pod", &conflict.pod.pod.namespace, &conflict.pod.pod.name);
    let attachment = |conflict: &Conflict<'_>| Subject::Object {
        object: ObjectRef::of_cluster("storage.k8s.io/v1", "VolumeAttachment", &conflict.attachment.name),
    };
    let old = &first.attachment.node;
    let is_old_gone = scene.are_nodes_read() && scene.node(old).is_none();
    let headline = format!(
        "{} of evicted pods still attached elsewhere: {} waits for volume {} on {}node {old}",
        counted(conflicts.len(), "disk"),
        pod(first),
        first.attachment.volume,
        if is_old_gone { "the gone " } else { "" }
    );
    let shown = conflicts.iter().map(|conflict| {
        let facts = conflict.attachment;
        let error = facts.error.as_deref().unwrap_or("no error");
        let leaving = if facts.is_being_deleted { ", being detached" } else { "" };
        scene.shown(
            attachment(conflict),
            format!("volume {} on {}{leaving}, {error}", facts.volume, facts.node),
        )
    });
    let told: Vec<Evidence> = conflicts
        .iter()
        .flat_map(|conflict| events_of(scene, conflict.pod))
        .filter(|evidence| evidence.source == EvidenceSource::Event)
        .collect();
    let nodes: Vec<NodeName> = conflicts
        .iter()
        .filter_map(|conflict| conflict.pod.pod.node.clone())
        .collect();
    Some(
        Found::confirmed("volume-multiattach", Impact::WorkloadAtRisk, headline)
            .about([pod(first), attachment(first)])
            .about(conflicts.iter().map(pod))
            .on(nodes)
            .shown_by(shown)
            .shown_by(told)
            .since(conflicts.iter().filter_map(|conflict| conflict.pod.created_at).min())
            .cured_by(if is_old_gone {
                &["detach-volume", "wait"]
            } else {
                &["wait", "force-delete-pod"]
            }),
    )
}
