//! Nodes in a drain, or left by a failed one, with what keeps each pod: from the survey where it was read, else from
//! the picture.

use jiff::{SignedDuration, Timestamp};

use super::Scene;
use crate::domain::disruption::{DisruptionBudget, Hold, HoldCause, hold_of};
use crate::domain::event::EventKind;
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::survey::NodeFact;
use crate::progress::picture::NodeProgress;

/// AKS tries a refused eviction again every few seconds: an older refusal says little about now.
const FRESH_MINUTES: i64 = 5;

/// One node that loses its pods, or should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::diagnosis) struct Drain {
    pub(in crate::diagnosis) node: NodeName,
    pub(in crate::diagnosis) since: Option<Timestamp>,
    /// When the pool's drain timeout ends it; `None` where nobody waits any more or it is not known.
    pub(in crate::diagnosis) deadline: Option<Timestamp>,
    pub(in crate::diagnosis) holds: Vec<Hold>,
    /// True where pods and budgets were read just now.
    pub(in crate::diagnosis) is_fresh: bool,
    /// Pods whose eviction was refused according to events.
    pub(in crate::diagnosis) refused: Vec<String>,
}

pub(super) fn collect(scene: &Scene<'_>) -> Vec<Drain> {
    let mut drains: Vec<Drain> = Vec::new();
    let budgets = read_budgets(scene);
    let budgets = budgets.as_deref();
    for progress in scene.picture().iter().flat_map(|picture| picture.nodes.values()) {
        let is_gone = scene.are_nodes_read() && scene.node(&progress.name).is_none_or(|fact| !fact.node.is_cordoned);
        if progress.drain.is_some() && !is_gone {
            drains.push(drain(
                scene,
                &progress.name,
                progress.pool.as_ref(),
                Some(progress),
                budgets,
            ));
        }
    }
    for fact in scene.nodes().filter(|fact| fact.node.is_cordoned) {
        if drains.iter().all(|drain| drain.node != fact.node.name) && is_drained(scene, fact) {
            drains.push(drain(scene, &fact.node.name, fact.node.pool.as_ref(), None, budgets));
        }
    }
    drains
}

/// A cordoned node that the picture does not know: does anything say that the upgrade wants it empty?
fn is_drained(scene: &Scene<'_>, fact: &NodeFact) -> bool {
    let is_wanted = match &fact.node.pool {
        Some(pool) => scene.is_upgrading(pool) || scene.is_failed(pool),
        None => scene.situation.is_running,
    };
    let is_known_other = scene.progress(&fact.node.name).is_some();
    fact.node.is_quarantined || is_wanted && (!is_known_other || drain_began(scene, &fact.node.name).is_some())
}

fn drain_began(scene: &Scene<'_>, node: &NodeName) -> Option<Timestamp> {
    scene
        .events()
        .filter(|(_, event)| event.reason == "Drain" && event.object_name == node.as_str())
        .filter_map(|(_, event)| event.first_seen.or(event.last_seen))
        .min()
}

fn drain(
    scene: &Scene<'_>,
    node: &NodeName,
    pool: Option<&NodePoolName>,
    progress: Option<&NodeProgress>,
    budgets: Option<&[DisruptionBudget]>,
) -> Drain {
    let seen = progress.and_then(|progress| progress.drain.as_ref());
    let since = seen.map(|seen| seen.since).or_else(|| drain_began(scene, node));
    let is_waited_for = pool.map_or(scene.situation.is_running, |pool| scene.is_upgrading(pool));
    let timeout = pool
        .and_then(|pool| scene.pool(pool))
        .and_then(|pool| SignedDuration::try_from(pool.upgrade_settings.drain_timeout()).ok());
    let deadline = seen
        .and_then(|seen| seen.deadline)
        .or_else(|| since?.checked_add(timeout?).ok());
    let is_fresh = scene.are_pods_read() && budgets.is_some();
    let holds = if scene.are_pods_read() {
        live_holds(scene, node, budgets.unwrap_or(&[]))
    } else {
        seen.map(|seen| seen.holds.clone()).unwrap_or_default()
    };
    Drain {
        node: node.clone(),
        since,
        deadline: deadline.filter(|_| is_waited_for),
        holds,
        is_fresh,
        refused: if is_fresh {
            Vec::new()
        } else {
            refused(scene, node, progress)
        },
    }
}

fn read_budgets(scene: &Scene<'_>) -> Option<Vec<DisruptionBudget>> {
    let facts = scene.symptoms.survey.kubernetes.budgets.as_ref().ok()?;
    Some(facts.iter().map(|fact| fact.budget.clone()).collect())
}

fn live_holds(scene: &Scene<'_>, node: &NodeName, budgets: &[DisruptionBudget]) -> Vec<Hold> {
    scene
        .pods_on(node)
        .iter()
        .filter(|fact| fact.pod.holds_drain())
        .filter_map(|fact| hold_of(&fact.pod, budgets))
        .collect()
}

/// Pods that the upgrader's warnings name, where no object can tell.
fn refused(scene: &Scene<'_>, node: &NodeName, progress: Option<&NodeProgress>) -> Vec<String> {
    let mut pods = progress
        .and_then(|progress| progress.drain.as_ref())
        .map(|drain| drain.blocked_by_event.clone())
        .unwrap_or_default();
    let told = scene.recent_events(FRESH_MINUTES).filter(|(_, event)| {
        event.kind == EventKind::Warning && event.reason == "Drain" && event.object_name == node.as_str()
    });
    for (_, event) in told {
        if let Some((_, pod)) = event.message.split_once("(usually a pdb):") {
            let pod = pod.trim().trim_matches(['[', ']']).to_owned();
            if !pod.is_empty() && !pods.contains(&pod) {
                pods.push(pod);
            }
        }
    }
    let leaving = |pod: &String| {
        scene
            .pods_on(node)
            .iter()
            .any(|fact| fact.pod.name == *pod && fact.pod.deletion_at.is_some())
    };
    pods.retain(|pod| !leaving(pod));
    pods
}

impl Drain {
    /// The holds of one kind, with what they say.
    pub(in crate::diagnosis) fn terminating(&self) -> impl Iterator<Item = (&Hold, &[String])> {
        self.holds.iter().filter_map(|hold| match &hold.cause {
            HoldCause::Terminating { finalizers } => Some((hold, finalizers.as_slice())),
            _ => None,
        })
    }
}
