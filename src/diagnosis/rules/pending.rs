//! Evicted pods that find no node: no room, a volume in another zone, a constraint.

use jiff::SignedDuration;

use super::{counted, named};
use crate::diagnosis::cause::{Evidence, Found, Impact};
use crate::diagnosis::scene::Scene;
use crate::domain::subject::{ObjectRef, Subject};
use crate::domain::survey::{PodFact, PodVolume, VolumeFact};

/// An evicted pod usually has a node within seconds.
const PATIENCE_MINUTES: i64 = 3;
/// Where the beginning of the upgrade is not known, a pod that waits longer than this waits for something else.
const LONGEST_UPGRADE_MINUTES: i64 = 12 * 60;
/// A node the autoscaler asked for needs 2 to 5 minutes.
const SCALE_UP_MINUTES: i64 = 10;

/// Why a pod has no node. Most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Zone,
    Room,
    Constraint,
}

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    let waiting: Vec<(&PodFact, &str)> = scene
        .pods()
        .iter()
        .filter_map(|fact| Some((fact, fact.unschedulable.as_deref()?)))
        .filter(|(fact, _)| is_lasting(scene, fact))
        .collect();
    [Why::Zone, Why::Room, Why::Constraint]
        .into_iter()
        .filter_map(|why| {
            let pods: Vec<_> = waiting
                .iter()
                .filter(|(_, words)| why_of(words) == why)
                .copied()
                .collect();
            found(scene, why, &pods)
        })
        .collect()
}

fn is_lasting(scene: &Scene<'_>, fact: &PodFact) -> bool {
    let is_daemon = fact.pod.owner.as_ref().is_some_and(|owner| owner.kind == "DaemonSet");
    let was_there_before = match (fact.created_at, scene.situation.since) {
        (Some(created), Some(since)) => since.duration_since(created) > SignedDuration::from_mins(10),
        (created, _) => scene.is_older(created, LONGEST_UPGRADE_MINUTES),
    };
    let is_node_coming = scene.recent_events(SCALE_UP_MINUTES).any(|(namespace, event)| {
        event.reason == "TriggeredScaleUp" && namespace == fact.pod.namespace && event.object_name == fact.pod.name
    });
    fact.pod.node.is_none()
        && fact.pod.deletion_at.is_none()
        && !is_daemon
        && !was_there_before
        && !is_node_coming
        && scene.is_older(fact.created_at, PATIENCE_MINUTES)
}

/// The scheduler counts nodes by reason; a taint or selector is always among them where a cluster has several pools.
fn why_of(words: &str) -> Why {
    let words = words.to_ascii_lowercase();
    if words.contains("volume node affinity conflict") || words.contains("volume zone") {
        Why::Zone
    } else if words.contains("insufficient") || words.contains("too many pods") || !has_constraint(&words) {
        Why::Room
    } else {
        Why::Constraint
    }
}

fn has_constraint(words: &str) -> bool {
    [
        "didn't match",
        "untolerated taint",
        "didn't satisfy",
        "didn't have free ports",
        "does not have",
    ]
    .iter()
    .any(|part| words.contains(part))
}

fn found(scene: &Scene<'_>, why: Why, pods: &[(&PodFact, &str)]) -> Option<Found> {
    let (first, words) = pods.first()?;
    let names: Vec<String> = pods
        .iter()
        .map(|(fact, _)| format!("{}/{}", fact.pod.namespace, fact.pod.name))
        .collect();
    let (code, what) = match why {
        Why::Zone => ("pending-zonal-volume", "wait for a node in the zone of their volume"),
        Why::Room => ("pending-no-room", "find no room"),
        Why::Constraint => ("pending-constraint", "match no node"),
    };
    let headline = format!(
        "{} {what} ({}): {}",
        counted(pods.len(), "pod"),
        named(&names),
        short(words)
    );
    let evidence = pods.iter().map(|(fact, words)| scene.shown(subject(fact), *words));
    let volumes: Vec<(Subject, Evidence)> = match why {
        Why::Zone => volumes_of(scene, first),
        _ => Vec::new(),
    };
    let remedies: &[&str] = match why {
        Why::Zone if has_cordoned_node_in_zone(scene, first) => &["uncordon", "scale-pool-zone"],
        Why::Zone => &["scale-pool-zone", "wait"],
        Why::Room => &["scale-pool-up", "fix-scheduling"],
        Why::Constraint => &["fix-scheduling"],
    };
    Some(
        Found::confirmed(code, Impact::WorkloadAtRisk, headline)
            .about(pods.iter().map(|(fact, _)| subject(fact)))
            .about(volumes.iter().map(|(subject, _)| subject.clone()))
            .shown_by(evidence)
            .shown_by(volumes.into_iter().map(|(_, evidence)| evidence))
            .since(pods.iter().filter_map(|(fact, _)| fact.created_at).min())
            .cured_by(remedies),
    )
}

fn subject(fact: &PodFact) -> Subject {
    Subject::object("v1", "Pod", &fact.pod.namespace, &fact.pod.name)
}

/// The scheduler's first sentence.
fn short(words: &str) -> &str {
    words
        .split(". preemption")
        .next()
        .unwrap_or(words)
        .trim_end_matches('.')
}

/// The volumes a pod claims.
pub(super) fn claimed_volumes<'a>(scene: &Scene<'a>, fact: &PodFact) -> Vec<&'a VolumeFact> {
    let volumes = scene.symptoms.survey.kubernetes.volumes.as_deref().unwrap_or(&[]);
    let claims: Vec<String> = fact
        .volumes
        .iter()
        .filter_map(|volume| match volume {
            PodVolume::Claim { name } => Some(format!("{}/{name}", fact.pod.namespace)),
            _ => None,
        })
        .collect();
    volumes
        .iter()
        .filter(|volume| volume.claim.as_ref().is_some_and(|claim| claims.contains(claim)))
        .collect()
}

fn volumes_of(scene: &Scene<'_>, fact: &PodFact) -> Vec<(Subject, Evidence)> {
    claimed_volumes(scene, fact)
        .into_iter()
        .filter(|volume| !volume.zones.is_empty())
        .map(|volume| {
            let subject = Subject::Object {
                object: ObjectRef::of_cluster("v1", "PersistentVolume", &volume.name),
            };
            let ready = scene
                .nodes()
                .filter(|node| is_in_zone(node.node.zone.as_deref(), volume) && !node.node.is_cordoned)
                .filter(|node| node.node.readiness.is_ready())
                .count();
            let words = format!(
                "zone {}: {} there that take pods",
                volume.zones.join(", "),
                counted(ready, "node")
            );
            (subject.clone(), scene.shown(subject, words))
        })
        .collect()
}

fn is_in_zone(zone: Option<&str>, volume: &VolumeFact) -> bool {
    zone.is_some_and(|zone| volume.zones.iter().any(|allowed| allowed == zone))
}

fn has_cordoned_node_in_zone(scene: &Scene<'_>, fact: &PodFact) -> bool {
    if scene.situation.is_running {
        return false;
    }
    let volumes = claimed_volumes(scene, fact);
    scene.nodes().any(|node| {
        node.node.is_cordoned
            && volumes
                .iter()
                .any(|volume| is_in_zone(node.node.zone.as_deref(), volume))
    })
}
