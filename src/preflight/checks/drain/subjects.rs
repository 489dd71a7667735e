//! Whom a finding about pods is about: the workload that makes them, so that one finding speaks for all its pods.

use std::collections::BTreeMap;

use crate::domain::subject::{ObjectRef, Subject};
use crate::domain::survey::{BudgetFact, Management, PodFact, WebhookFact, WorkloadFact};
use crate::preflight::cluster_index::owner_in_words;

/// A pod's workload; the pod itself where nothing makes it again, or a kind this program does not know.
pub(super) fn of_pod(pod: &PodFact) -> Subject {
    let namespace = &pod.pod.namespace;
    owner_in_words(pod)
        .and_then(|owner| {
            Some(Subject::object(
                api_of(&owner.kind)?,
                &owner.kind,
                namespace,
                &owner.name,
            ))
        })
        .unwrap_or_else(|| Subject::object("v1", "Pod", namespace, &pod.pod.name))
}

/// A workload.
pub(super) fn of_workload(workload: &WorkloadFact) -> Subject {
    let api = api_of(&workload.kind).unwrap_or("apps/v1");
    Subject::object(api, &workload.kind, &workload.namespace, &workload.name)
}

/// A budget.
pub(super) fn of_budget(fact: &BudgetFact) -> Subject {
    Subject::object(
        "policy/v1",
        "PodDisruptionBudget",
        &fact.budget.namespace,
        &fact.budget.name,
    )
}

/// The configuration a webhook is written in.
pub(super) fn of_webhook(webhook: &WebhookFact) -> Subject {
    Subject::Object {
        object: ObjectRef::of_cluster(
            "admissionregistration.k8s.io/v1",
            &webhook.configuration_kind,
            &webhook.configuration,
        ),
    }
}

/// Pods by the workload that makes them.
pub(super) fn grouped<'a>(pods: impl IntoIterator<Item = &'a PodFact>) -> BTreeMap<Subject, Vec<&'a PodFact>> {
    let mut groups: BTreeMap<Subject, Vec<&PodFact>> = BTreeMap::new();
    for pod in pods {
        groups.entry(of_pod(pod)).or_default().push(pod);
    }
    groups
}

/// Who may take a change by hand back; nothing where nobody does.
pub(super) fn reverted_by(management: Option<&Management>) -> Option<String> {
    let who = match management? {
        Management::ArgoCd { application } => format!("Argo CD application {application}"),
        Management::Flux { name } => format!("Flux {name}"),
        Management::Helm { release } => format!("Helm release {release}"),
        Management::Owner(owner) => owner.to_string(),
    };
    Some(format!("kept by {who}, which may revert a change made by hand"))
}

fn api_of(kind: &str) -> Option<&'static str> {
    match kind {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" => Some("apps/v1"),
        "Job" => Some("batch/v1"),
        "ReplicationController" => Some("v1"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::samples::pod;

    #[test]
    fn a_pod_stands_for_what_makes_it_again() {
        for (kind, expected) in [
            ("Deployment", "Deployment shop/web"),
            ("StatefulSet", "StatefulSet shop/web"),
            ("Job", "Job shop/web"),
            ("KafkaPodSet", "Pod shop/web-apps-0"),
            ("", "Pod shop/web-apps-0"),
        ] {
            assert_eq!(of_pod(&pod("shop", "web", kind, "apps", 0)).to_string(), expected);
        }
        let pods = [0, 1, 2].map(|at| pod("shop", "web", "Deployment", "apps", at));
        assert_eq!(grouped(&pods).len(), 1);
    }
}
