//! Pods made to go: deleted past their budget, forced out of Terminating, freed of a finalizer nobody serves.

use super::super::repair::{ListChange, ListEdit, NotPossible, RepairStep};
use super::sight::{Sight, change, listed, node_ref, pod_ref};
use super::{Draft, not_here};
use crate::domain::object_change::Edit;
use crate::domain::subject::ObjectRef;
use crate::domain::survey::{NodeFact, PodFact};

/// Finalizers that Kubernetes itself serves (Kubernetes docs "Finalizers" and "Jobs", v1.36).
const SERVED: [&str; 3] = ["foregroundDeletion", "orphan", "batch.kubernetes.io/job-tracking"];

/// `delete-pod`: does not ask the budget.
pub(super) fn delete(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let goes = |pod: &&PodFact| pod.pod.deletion_at.is_none() && !pod.pod.is_mirror;
    let pods: Vec<&PodFact> = sight.pods()?.into_iter().filter(goes).collect();
    let Some(pod) = pods.first() else {
        return not_here("the pods are on their way out already, or are static pods that nobody can delete");
    };
    // One at a time: the next one can follow when its place is taken again.
    let step = change(pod_ref(pod), Some(&pod.pod.uid), Edit::Delete { grace_seconds: None });
    let draft = Draft::new(format!("delete {} past its budget", pod_ref(pod)), vec![step])
        .with_cautions(outage(sight, pod))
        .with_cautions(
            (pods.len() > 1).then(|| format!("{} more pods are held; this is about the first", pods.len() - 1)),
        );
    Ok(match &pod.pod.owner {
        Some(owner) => draft.for_good(format!("{owner} has made another pod in its place")),
        None => draft.with_cautions(["nothing makes this pod again but the undo".to_owned()]),
    })
}

/// `force-delete-pod`: only where the pod is on its way out, and nobody is left to end it.
pub(super) fn force_delete(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let mut refused = None;
    for pod in sight.pods()? {
        match force(sight, pod) {
            Ok(draft) => return Ok(draft),
            Err(why) => refused = Some(why),
        }
    }
    refused.map_or_else(|| not_here("there is no pod"), Err)
}

fn force(sight: &Sight<'_>, pod: &PodFact) -> Result<Draft, NotPossible> {
    let name = pod_ref(pod);
    let is_alive = is_on_live_node(sight, pod)?;
    if pod.pod.deletion_at.is_none() && is_alive {
        return not_here(format!(
            "{name} was not told to stop, and its node is alive: delete it the usual way"
        ));
    }
    if !pod.pod.finalizers.is_empty() {
        let finalizers = pod.pod.finalizers.join(", ");
        return not_here(format!(
            "{name} waits for its finalizers ({finalizers}), which force does not remove"
        ));
    }
    let is_stateful = pod.pod.owner.as_ref().is_some_and(|owner| owner.kind == "StatefulSet");
    if is_stateful && is_alive {
        return not_here(format!(
            "{name} belongs to a StatefulSet and its node is alive: a second copy could write the same data"
        ));
    }
    let step = change(
        name.clone(),
        Some(&pod.pod.uid),
        Edit::Delete { grace_seconds: Some(0) },
    );
    let alive = is_alive.then(|| "its node is alive: its processes may go on for a while".to_owned());
    Ok(Draft::new(format!("force {name} out"), vec![step])
        .with_cautions(alive)
        .for_good("its processes were given up"))
}

/// `remove-finalizer`: those Kubernetes does not serve itself.
pub(super) fn remove_finalizer(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    if sight.objects("Pod").is_empty() && !sight.node_names().is_empty() {
        return of_node(sight);
    }
    let stuck = sight
        .pods()?
        .into_iter()
        .find(|pod| pod.pod.deletion_at.is_some() && pod.pod.finalizers.iter().any(|name| is_foreign(name)));
    let Some(pod) = stuck else {
        return not_here("no pod of it is on its way out and waits for a finalizer of others");
    };
    let name = pod_ref(pod);
    let finalizers: Vec<String> = pod
        .pod
        .finalizers
        .iter()
        .filter(|name| is_foreign(name))
        .cloned()
        .collect();
    let draft = without(&name, &pod.pod.uid, &finalizers);
    Ok(draft.for_good("the pod ends as soon as its last finalizer is gone"))
}

/// The same of a Node object that AKS deleted and that stays.
fn of_node(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let is_stuck = |fact: &&NodeFact| fact.is_deleting && fact.finalizers.iter().any(|name| is_foreign(name));
    let Some(fact) = sight.nodes()?.into_iter().find(is_stuck) else {
        return not_here("no node of it is on its way out and waits for a finalizer of others");
    };
    let finalizers: Vec<String> = fact
        .finalizers
        .iter()
        .filter(|name| is_foreign(name))
        .cloned()
        .collect();
    let draft = without(&node_ref(fact), &fact.node.uid, &finalizers);
    Ok(draft.for_good("the Node object ends as soon as its last finalizer is gone"))
}

fn is_foreign(finalizer: &str) -> bool {
    !SERVED.contains(&finalizer)
}

/// Takes each of the finalizers away.
fn without(object: &ObjectRef, uid: &str, finalizers: &[String]) -> Draft {
    let removal = |finalizer: &String| RepairStep::KubernetesList {
        change: ListChange {
            object: object.clone(),
            uid: Some(uid.to_owned()),
            path: vec!["metadata".to_owned(), "finalizers".to_owned()],
            edit: ListEdit::Remove {
                item: finalizer.as_str().into(),
            },
        },
    };
    let title = format!("remove the finalizer {} from {object}", listed(finalizers));
    let who = format!("whoever serves {} will not clean up for it", listed(finalizers));
    Draft::new(title, finalizers.iter().map(removal).collect()).with_cautions([who])
}

/// Says so where it is the last ready pod of its owner.
fn outage(sight: &Sight<'_>, pod: &PodFact) -> Option<String> {
    let all = sight.all_pods().ok()?;
    let is_like = |other: &&PodFact| {
        other.pod.namespace == pod.pod.namespace
            && other.pod.uid != pod.pod.uid
            && other.pod.owner.is_some()
            && other.pod.owner == pod.pod.owner
            && other.pod.is_ready
            && other.pod.deletion_at.is_none()
    };
    let others = all.iter().filter(is_like).count();
    (pod.pod.is_ready && others == 0).then(|| {
        "outage: it is the last ready pod of its owner, and its service is out until a new one is ready".to_owned()
    })
}

fn is_on_live_node(sight: &Sight<'_>, pod: &PodFact) -> Result<bool, NotPossible> {
    let Some(name) = &pod.pod.node else {
        return Ok(false);
    };
    let is_it = |fact: &&NodeFact| fact.node.name == *name;
    let node = sight.all_nodes()?.iter().find(is_it);
    Ok(node.is_some_and(|fact| fact.node.readiness.is_ready()))
}
