//! Admission webhooks that keep pods from being made or evicted.

use super::counted;
use crate::diagnosis::cause::{Evidence, Found, Impact};
use crate::diagnosis::scene::{Scene, event_evidence, last_seen, trouble_of};
use crate::domain::event::ClusterEvent;
use crate::domain::subject::{ObjectRef, Subject};
use crate::domain::survey::{PodFact, WebhookFact};

/// An event that came once may be a start; what lasts this long is not.
const LASTING_SECONDS: i64 = 60;
const RECENT_MINUTES: i64 = 10;

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    let webhooks = scene.symptoms.survey.kubernetes.webhooks.as_deref().unwrap_or(&[]);
    let mut found: Vec<Found> = webhooks
        .iter()
        .filter(|webhook| is_shut(webhook) && is_about_pods(webhook))
        .filter_map(|webhook| fails_closed(scene, webhook))
        .collect();
    found.extend(denies_evictions(scene, webhooks));
    found
}

/// It must be asked, and nobody is there to answer.
fn is_shut(webhook: &WebhookFact) -> bool {
    webhook.failure_policy == "Fail" && webhook.service.is_some() && webhook.ready_endpoints == Some(0)
}

/// True where making or evicting a pod, or changing a node, asks it.
fn is_about_pods(webhook: &WebhookFact) -> bool {
    webhook.rules.iter().any(|rule| {
        let (operation, resource) = rule.split_once(' ').unwrap_or(("*", rule));
        let is_made = matches!(operation, "CREATE" | "*") && matches!(resource, "pods" | "pods/*" | "*" | "*/*");
        let is_evicted = matches!(operation, "CREATE" | "*") && resource == "pods/eviction";
        let is_node = resource == "nodes" && matches!(operation, "UPDATE" | "DELETE" | "*");
        is_made || is_evicted || is_node
    })
}

fn subject(webhook: &WebhookFact) -> Subject {
    Subject::Object {
        object: ObjectRef::of_cluster(
            "admissionregistration.k8s.io/v1",
            &webhook.configuration_kind,
            &webhook.configuration,
        ),
    }
}

/// The webhook configuration a text names by the webhook's own name.
pub(super) fn by_name<'a>(scene: &Scene<'a>, name: &str) -> Option<Result<(&'a WebhookFact, Subject), ()>> {
    let webhooks = scene.symptoms.survey.kubernetes.webhooks.as_ref().ok()?;
    let known = webhooks.iter().find(|webhook| webhook.name == name);
    Some(known.map(|webhook| (webhook, subject(webhook))).ok_or(()))
}

fn fails_closed(scene: &Scene<'_>, webhook: &WebhookFact) -> Option<Found> {
    let (namespace, service) = webhook.service.as_ref()?;
    let needle = format!("failed calling webhook \"{}\"", webhook.name);
    let told: Vec<Evidence> = scene
        .recent_events(RECENT_MINUTES)
        .filter(|(_, event)| event.message.contains(&needle) && has_lasted(event))
        .map(|(namespace, event)| event_evidence(namespace, event))
        .take(5)
        .collect();
    if told.is_empty() && !is_backend_down(scene, namespace) {
        return None;
    }
    let subject = subject(webhook);
    let headline = format!(
        "Webhook {} refuses new pods: failurePolicy Fail and {namespace}/{service} has no ready endpoint{}",
        webhook.name,
        if webhook.covers_system {
            ", kube-system included"
        } else {
            ""
        }
    );
    let backend = Subject::object("v1", "Service", namespace, service);
    let rules = webhook.rules.join(", ");
    let remedies: &[&str] = if webhook.covers_system {
        &["webhook-backend-up", "webhook-exclude-system", "webhook-ignore"]
    } else {
        &["webhook-backend-up", "webhook-ignore"]
    };
    Some(
        Found::confirmed("webhook-fails-closed", Impact::WorkloadAtRisk, headline)
            .about([subject.clone(), backend.clone()])
            .shown_by([
                scene.shown(subject, format!("failurePolicy Fail, called for {rules}")),
                scene.shown(backend, "0 ready endpoints"),
            ])
            .since(told.iter().filter_map(|evidence| evidence.at).min())
            .shown_by(told)
            .cured_by(remedies),
    )
}

fn has_lasted(event: &ClusterEvent) -> bool {
    match (event.first_seen, last_seen(event)) {
        (Some(first), Some(last)) => last.duration_since(first).as_secs() >= LASTING_SECONDS || event.count >= 3,
        _ => event.count >= 3,
    }
}

/// True where no pod of the backend's namespace is on its way: nothing will answer in a moment.
fn is_backend_down(scene: &Scene<'_>, namespace: &str) -> bool {
    let is_coming = |fact: &PodFact| {
        trouble_of(fact).is_some() && fact.pod.deletion_at.is_none() && scene.lasting_trouble(fact).is_none()
    };
    let mut pods = scene.pods().iter().filter(|fact| fact.pod.namespace == namespace);
    scene.are_pods_read() && !pods.any(is_coming)
}

/// Evictions that a webhook answers with no.
fn denies_evictions(scene: &Scene<'_>, webhooks: &[WebhookFact]) -> Option<Found> {
    let told: Vec<(&str, &ClusterEvent, &str)> = scene
        .recent_events(RECENT_MINUTES)
        .filter(|(_, event)| event.reason == "Drain" && event.message.contains("denied the request"))
        .filter_map(|(namespace, event)| Some((namespace, event, webhook_name(&event.message)?)))
        .collect();
    let (_, _, name) = told.first()?;
    let known = webhooks.iter().find(|webhook| webhook.name == *name);
    if known.is_none() && scene.symptoms.survey.kubernetes.webhooks.is_ok() {
        return None;
    }
    let nodes: Vec<_> = told
        .iter()
        .map(|(_, event, _)| crate::domain::ids::NodeName::new(&event.object_name))
        .filter(|node| !scene.are_nodes_read() || scene.node(node).is_some_and(|fact| fact.node.is_cordoned))
        .collect();
    if nodes.is_empty() {
        return None;
    }
    let headline = format!("Webhook {name} denies evictions; {} wait", counted(nodes.len(), "node"));
    let found = match known {
        Some(_) => Found::confirmed("eviction-denied-by-webhook", Impact::Stalled, headline),
        None => Found::likely("eviction-denied-by-webhook", Impact::Stalled, headline),
    };
    Some(
        found
            .about(known.map(subject))
            .on(nodes)
            .shown_by(
                told.iter()
                    .map(|(namespace, event, _)| event_evidence(namespace, event)),
            )
            .since(told.iter().filter_map(|(_, event, _)| event.first_seen).min())
            .cured_by(&["retry-upgrade", "exempt-webhook-evictions"]),
    )
}

fn webhook_name(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("admission webhook \"")?;
    rest.split('"').next().filter(|name| !name.is_empty())
}
