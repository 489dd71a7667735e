//! Images that new nodes cannot pull, though the cluster ran them before.

use std::collections::BTreeMap;

use super::counted;
use crate::diagnosis::cause::{Found, Impact};
use crate::diagnosis::scene::{Scene, Trouble, trouble_of};
use crate::domain::subject::Subject;
use crate::domain::survey::{ContainerFact, ContainerState, PodFact};

/// A registry may stumble for a moment.
const PATIENCE_MINUTES: i64 = 1;

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    let mut by_image: BTreeMap<&str, Vec<(&PodFact, Trouble)>> = BTreeMap::new();
    for fact in scene.pods() {
        let Some(trouble) = trouble_of(fact).filter(Trouble::is_image_pull) else {
            continue;
        };
        let is_on_new = fact.pod.node.as_ref().is_some_and(|node| scene.is_new(node));
        if let Some(image) =
            waiting_image(fact).filter(|_| is_on_new && scene.is_older(fact.created_at, PATIENCE_MINUTES))
        {
            by_image.entry(image).or_default().push((fact, trouble));
        }
    }
    by_image
        .into_iter()
        .filter_map(|(image, pods)| found(scene, image, &pods))
        .reduce(|mut all, one| {
            all.join(one);
            all
        })
        .into_iter()
        .collect()
}

fn waiting_image(fact: &PodFact) -> Option<&str> {
    let is_pulled = |container: &&ContainerFact| matches!(&container.state, ContainerState::Waiting { reason, .. } if reason.contains("Image"));
    fact.containers
        .iter()
        .find(is_pulled)
        .map(|container| container.image.as_str())
}

fn found(scene: &Scene<'_>, image: &str, pods: &[(&PodFact, Trouble)]) -> Option<Found> {
    let (first, trouble) = pods.first()?;
    let elsewhere: Vec<&PodFact> = scene
        .pods()
        .iter()
        .filter(|fact| fact.pod.node.as_ref().is_some_and(|node| !scene.is_new(node)))
        .filter(|fact| fact.containers.iter().any(|container| container.image == image))
        .collect();
    let is_running_on_old = elsewhere.iter().any(|fact| fact.pod.is_ready);
    if !elsewhere.is_empty() && !is_running_on_old {
        return None;
    }
    let subject = |fact: &PodFact| Subject::object("v1", "Pod", &fact.pod.namespace, &fact.pod.name);
    let headline = format!(
        "{} on new nodes cannot pull {image}: {trouble}",
        counted(pods.len(), "pod")
    );
    let found = if is_running_on_old {
        Found::confirmed("image-pull-new-node", Impact::WorkloadAtRisk, headline)
    } else {
        Found::likely("image-pull-new-node", Impact::WorkloadAtRisk, headline)
    };
    Some(
        found
            .about([subject(first)])
            .about(pods.iter().map(|(fact, _)| subject(fact)))
            .on(pods.iter().filter_map(|(fact, _)| fact.pod.node.clone()))
            .shown_by(
                pods.iter()
                    .map(|(fact, trouble)| scene.shown(subject(fact), trouble.to_string())),
            )
            .since(pods.iter().filter_map(|(fact, _)| fact.created_at).min()),
    )
}
