//! A workload that fails only on the new nodes: the application does not stand the new runtime.

use std::collections::BTreeMap;

use super::{counted, named};
use crate::diagnosis::cause::{Confidence, Found, Impact};
use crate::diagnosis::scene::{Scene, Trouble, trouble_of};
use crate::domain::pod::Owner;
use crate::domain::subject::Subject;
use crate::domain::survey::PodFact;
use crate::domain::version::KubernetesVersion;

/// Restarts before a crash is more than a bumpy start.
const RESTARTS: u32 = 3;
/// A crash that is older than this is one, however often it was tried.
const PATIENCE_MINUTES: i64 = 3;

#[derive(Default)]
struct Pods<'a> {
    broken: Vec<&'a PodFact>,
    fine: Vec<&'a PodFact>,
}

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    let mut by_owner: BTreeMap<(&str, &Owner), Pods<'_>> = BTreeMap::new();
    for fact in scene.pods() {
        let (Some(owner), Some(_)) = (&fact.pod.owner, &fact.pod.node) else {
            continue;
        };
        let pods = by_owner.entry((fact.pod.namespace.as_str(), owner)).or_default();
        if is_crashing(scene, fact) {
            pods.broken.push(fact);
        } else if fact.pod.is_ready {
            pods.fine.push(fact);
        }
    }
    by_owner
        .into_iter()
        .filter(|(_, pods)| !pods.broken.is_empty())
        .filter_map(|((namespace, owner), pods)| found(scene, namespace, owner, &pods))
        .collect()
}

/// What a pod's node runs, in the order of age: version, then image.
fn generation<'a>(scene: &Scene<'a>, fact: &PodFact) -> Option<(KubernetesVersion, &'a str)> {
    let node = &scene.node(fact.pod.node.as_ref()?)?.node;
    let image = node.node_image.as_ref().map_or("", |image| image.release());
    Some((node.version?, image))
}

/// How sure it is that the node makes the difference; `None` where it does not.
fn confidence(scene: &Scene<'_>, pods: &Pods<'_>) -> Option<Confidence> {
    let ages = |list: &[&PodFact]| {
        list.iter()
            .map(|fact| generation(scene, fact))
            .collect::<Option<Vec<_>>>()
    };
    let (broken, fine) = (ages(&pods.broken)?, ages(&pods.fine)?);
    let is_newer = match (broken.iter().min(), fine.iter().max()) {
        (Some(oldest_broken), Some(newest_fine)) => oldest_broken > newest_fine,
        _ => false,
    };
    let is_active = scene.situation.is_active();
    let are_on_new = pods
        .broken
        .iter()
        .all(|fact| fact.pod.node.as_ref().is_some_and(|node| scene.is_new(node)));
    match pods.fine.len() {
        // Without a healthy pod on an old node nothing shows that the node makes the difference.
        0 if is_active && are_on_new && pods.broken.len() > 1 => Some(Confidence::Possible),
        0 => None,
        // On a quiet cluster one pod may crash anywhere by chance.
        _ if is_newer && (is_active || pods.broken.len() > 1) => Some(Confidence::Confirmed),
        _ => None,
    }
}

fn is_crashing(scene: &Scene<'_>, fact: &PodFact) -> bool {
    let restarts = fact
        .containers
        .iter()
        .map(|container| container.restarts)
        .max()
        .unwrap_or(0);
    let is_lasting = restarts >= RESTARTS || scene.is_older(fact.created_at, PATIENCE_MINUTES);
    trouble_of(fact).is_some_and(|trouble| match trouble {
        Trouble::NotReady(_) => restarts >= RESTARTS,
        other => other.is_crash() && is_lasting,
    })
}

fn found(scene: &Scene<'_>, namespace: &str, owner: &Owner, pods: &Pods<'_>) -> Option<Found> {
    let first = pods.broken.first()?;
    let node = scene.node(first.pod.node.as_ref()?)?;
    let confidence = confidence(scene, pods)?;
    let ends: Vec<&str> = first
        .containers
        .iter()
        .filter_map(|container| container.last_end.as_deref())
        .collect();
    let headline = format!(
        "{} {namespace}/{}: {} crash on new nodes ({}), {} on old nodes run; {}",
        owner.kind,
        owner.name,
        counted(pods.broken.len(), "pod"),
        node.node.version_text,
        pods.fine.len(),
        if ends.is_empty() {
            "no last end is told".to_owned()
        } else {
            format!("last end {}", named(&ends))
        }
    );
    let subject = |fact: &PodFact| Subject::object("v1", "Pod", &fact.pod.namespace, &fact.pod.name);
    let evidence = pods.broken.iter().map(|fact| {
        let restarts: u32 = fact.containers.iter().map(|container| container.restarts).sum();
        let trouble = trouble_of(fact).map(|trouble| trouble.to_string()).unwrap_or_default();
        scene.shown(subject(fact), format!("{trouble}, {restarts} restarts"))
    });
    let runtime = scene.shown(
        Subject::node(&node.node.name),
        format!("{}, {}, kernel {}", node.os_image, node.container_runtime, node.kernel),
    );
    Some(
        Found::of("app-breaks-on-new", confidence, Impact::WorkloadAtRisk, headline)
            .about([subject(first)])
            .about(pods.broken.iter().map(|fact| subject(fact)))
            .on(pods.broken.iter().filter_map(|fact| fact.pod.node.clone()))
            .shown_by(evidence)
            .shown_by([runtime])
            .since(pods.broken.iter().filter_map(|fact| fact.created_at).min())
            .cured_by(if scene.situation.is_running {
                &["abort", "pool-rollback"]
            } else {
                &["pool-rollback"]
            }),
    )
}
