//! Pods on draining nodes that were told to stop and are still there: by design, or stuck.

use jiff::{SignedDuration, Timestamp};

use super::{counted, named};
use crate::diagnosis::cause::{Evidence, Found, Impact};
use crate::diagnosis::scene::{Drain, Scene};
use crate::domain::subject::Subject;
use crate::domain::survey::PodFact;

/// A pod that may take longer than this to stop is slow by design; the default is 30 s.
const SLOW_GRACE_SECONDS: u64 = 180;
/// How long after its grace period a pod may still be listed before it is stuck.
const STUCK_AFTER_MINUTES: i64 = 5;
/// The same for a pod whose finalizers wait for somebody.
const FINALIZERS_AFTER_MINUTES: i64 = 2;

/// A pod that does not go.
struct Leaving<'a> {
    fact: &'a PodFact,
    drain: &'a Drain,
    /// When it must be gone.
    ends: Timestamp,
}

impl Leaving<'_> {
    fn subject(&self) -> Subject {
        Subject::object("v1", "Pod", &self.fact.pod.namespace, &self.fact.pod.name)
    }

    /// When it was told to stop: the API server writes the end of its grace period.
    fn told_at(&self) -> Option<Timestamp> {
        let grace = SignedDuration::from_secs(i64::try_from(self.fact.grace_seconds).ok()?);
        self.ends.checked_sub(grace).ok()
    }
}

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    if !scene.are_pods_read() {
        return by_picture(scene).into_iter().collect();
    }
    let leaving: Vec<Leaving<'_>> = scene
        .drains
        .iter()
        .flat_map(|drain| {
            let pods = scene.pods_on(&drain.node).iter();
            pods.filter(|fact| fact.pod.holds_drain()).filter_map(move |fact| {
                Some(Leaving {
                    fact,
                    drain,
                    ends: fact.pod.deletion_at?,
                })
            })
        })
        .collect();
    let (stuck, rest): (Vec<_>, Vec<_>) = leaving.into_iter().partition(|pod| is_stuck(scene, pod));
    let slow: Vec<_> = rest.into_iter().filter(|pod| is_slow(scene, pod)).collect();
    [stuck_found(scene, &stuck), slow_found(scene, &slow)]
        .into_iter()
        .flatten()
        .collect()
}

fn is_stuck(scene: &Scene<'_>, pod: &Leaving<'_>) -> bool {
    let patience = if pod.fact.pod.finalizers.is_empty() {
        STUCK_AFTER_MINUTES
    } else {
        FINALIZERS_AFTER_MINUTES
    };
    scene.is_older(Some(pod.ends), patience)
}

fn is_slow(scene: &Scene<'_>, pod: &Leaving<'_>) -> bool {
    pod.fact.grace_seconds >= SLOW_GRACE_SECONDS && scene.is_older(pod.told_at(), 2)
}

fn stuck_found(scene: &Scene<'_>, pods: &[Leaving<'_>]) -> Option<Found> {
    let first = pods.first()?;
    let finalizers: Vec<&String> = pods.iter().flat_map(|pod| &pod.fact.pod.finalizers).collect();
    let is_node_dead = scene
        .node(&first.drain.node)
        .is_some_and(|fact| !fact.node.readiness.is_ready());
    let why = match (finalizers.as_slice(), is_node_dead) {
        ([], true) => ", its node is not ready".to_owned(),
        ([], false) => String::new(),
        (names, _) => format!(", finalizers {}", named(names)),
    };
    let headline = format!(
        "{} stuck in Terminating ({}{why}), {} min past the grace period",
        counted(pods.len(), "pod"),
        first.subject(),
        scene.age(first.ends).as_mins()
    );
    let remedies: &[&str] = match (finalizers.is_empty(), is_node_dead) {
        (false, _) => &["remove-finalizer", "force-delete-pod"],
        (true, true) => &["reimage-node", "force-delete-pod"],
        (true, false) => &["force-delete-pod", "reimage-node"],
    };
    let found = Found::confirmed("terminating-stuck", Impact::Stalled, headline).cured_by(remedies);
    Some(told(scene, found, pods, |pod| {
        let list = pod.fact.pod.finalizers.join(", ");
        let list = if list.is_empty() { "none".to_owned() } else { list };
        format!("to be gone by {}, finalizers: {list}", pod.ends)
    }))
}

fn slow_found(scene: &Scene<'_>, pods: &[Leaving<'_>]) -> Option<Found> {
    let slowest = pods.iter().max_by_key(|pod| pod.ends)?;
    let is_too_long = slowest.drain.deadline.is_some_and(|deadline| slowest.ends > deadline);
    let headline = format!(
        "{} may take up to {} min to stop ({}), until {}{}",
        counted(pods.len(), "pod"),
        slowest.fact.grace_seconds.div_ceil(60),
        slowest.subject(),
        slowest.ends,
        if is_too_long {
            ", longer than the drain timeout"
        } else {
            ""
        }
    );
    let impact = if is_too_long { Impact::Stalled } else { Impact::Slower };
    let found = Found::confirmed("drain-slow-grace", impact, headline).cured_by(if is_too_long {
        &["raise-drain-timeout", "force-delete-pod"]
    } else {
        &["wait"]
    });
    Some(told(scene, found, pods, |pod| {
        format!(
            "terminationGracePeriodSeconds {}, to be gone by {}",
            pod.fact.grace_seconds, pod.ends
        )
    }))
}

fn told(scene: &Scene<'_>, found: Found, pods: &[Leaving<'_>], words: impl Fn(&Leaving<'_>) -> String) -> Found {
    let evidence: Vec<Evidence> = pods.iter().map(|pod| scene.shown(pod.subject(), words(pod))).collect();
    found
        .about(pods.iter().map(Leaving::subject))
        .on(pods.iter().map(|pod| pod.drain.node.clone()))
        .shown_by(evidence)
        .since(pods.iter().filter_map(Leaving::told_at).min())
        .until(pods.iter().filter_map(|pod| pod.drain.deadline).min())
}

/// Without pods only the watches know who ends, not since when: a long drain with finalizers is telling enough.
fn by_picture(scene: &Scene<'_>) -> Option<Found> {
    let held: Vec<(&Drain, Subject, String)> = scene
        .drains
        .iter()
        .filter(|drain| scene.is_older(drain.since, 2 * STUCK_AFTER_MINUTES))
        .flat_map(|drain| {
            drain
                .terminating()
                .filter(|(_, finalizers)| !finalizers.is_empty())
                .map(move |(hold, finalizers)| {
                    let pod = Subject::object("v1", "Pod", &hold.namespace, &hold.pod);
                    (drain, pod, finalizers.join(", "))
                })
        })
        .collect();
    let (_, pod, finalizers) = held.first()?;
    let headline = format!(
        "{} in Terminating ({pod}), finalizers {finalizers}",
        counted(held.len(), "pod")
    );
    Some(
        Found::likely("terminating-stuck", Impact::Stalled, headline)
            .about(held.iter().map(|(_, pod, _)| pod.clone()))
            .on(held.iter().map(|(drain, ..)| drain.node.clone()))
            .shown_by(
                held.iter()
                    .map(|(_, pod, list)| scene.watched(pod.clone(), format!("finalizers: {list}"))),
            )
            .since(held.iter().filter_map(|(drain, ..)| drain.since).min())
            .until(held.iter().filter_map(|(drain, ..)| drain.deadline).min())
            .cured_by(&["remove-finalizer", "force-delete-pod"]),
    )
}
