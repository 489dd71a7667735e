//! What the cluster's side of the survey says about a cause that a text names.

use jiff::{SignedDuration, Timestamp};

use super::verdict::{Verdict, field};
use crate::diagnosis::catalogue::Captures;
use crate::diagnosis::rules::webhooks;
use crate::diagnosis::scene::{Scene, Text, Trouble, trouble_of};
use crate::domain::provisioning::ProvisioningState;
use crate::domain::subject::{ObjectRef, Subject};
use crate::domain::survey::PodFact;

/// AKS looks back this long for calls of removed APIs
/// (AKS docs "Stop cluster upgrades automatically on API breaking changes", 2026).
const GATE: SignedDuration = SignedDuration::from_hours(12);
/// AKS gives etcd 8 GB.
const ETCD_ROOM_BYTES: u64 = 6_000_000_000;

fn pod(fact: &PodFact) -> Subject {
    Subject::object("v1", "Pod", &fact.pod.namespace, &fact.pod.name)
}

/// A budget that AKS refuses: it asks for no disruption at all.
pub(super) fn unsatisfiable(scene: &Scene<'_>, captures: &Captures) -> Verdict {
    let (Ok(budgets), Some(name)) = (&scene.symptoms.survey.kubernetes.budgets, field(captures, &["pdb"])) else {
        return Verdict::Unknown;
    };
    let namespace = field(captures, &["ns"]).unwrap_or_default();
    let asked = budgets
        .iter()
        .map(|fact| &fact.budget)
        .filter(|budget| budget.namespace == namespace && budget.name == name && budget.why_at_zero().is_some());
    let shown = asked.map(|budget| {
        let subject = Subject::object("policy/v1", "PodDisruptionBudget", namespace, name);
        let words = match (&budget.max_unavailable, &budget.min_available) {
            (Some(most), _) => format!(
                "maxUnavailable {most}, disruptionsAllowed {}",
                budget.disruptions_allowed
            ),
            (None, Some(least)) => format!(
                "minAvailable {least}, disruptionsAllowed {}",
                budget.disruptions_allowed
            ),
            (None, None) => format!("disruptionsAllowed {}", budget.disruptions_allowed),
        };
        scene.shown(subject, words)
    });
    Verdict::shown_or_gone(shown.collect())
}

/// Any pod that two budgets select. Linear in pods times the budgets of their namespace.
pub(super) fn several_budgets(scene: &Scene<'_>) -> Verdict {
    let Ok(budgets) = &scene.symptoms.survey.kubernetes.budgets else {
        return Verdict::Unknown;
    };
    if !scene.are_pods_read() {
        return Verdict::Unknown;
    }
    let shown = scene
        .pods()
        .iter()
        .filter(|fact| fact.pod.holds_drain())
        .filter_map(|fact| {
            let names: Vec<&str> = budgets
                .iter()
                .filter(|budget| budget.budget.covers(&fact.pod))
                .map(|budget| budget.budget.name.as_str())
                .collect();
            (names.len() > 1).then(|| scene.shown(pod(fact), format!("selected by {}", names.join(" and "))))
        });
    Verdict::shown_or_gone(shown.take(5).collect())
}

pub(super) fn quarantined(scene: &Scene<'_>) -> Verdict {
    if !scene.are_nodes_read() {
        return Verdict::Unknown;
    }
    let nodes = scene.nodes().filter(|fact| fact.node.is_quarantined);
    let words = "label kubernetes.azure.com/upgrade-status=Quarantined";
    Verdict::shown_or_gone(
        nodes
            .map(|fact| scene.shown(Subject::node(&fact.node.name), words))
            .collect(),
    )
}

pub(super) fn denying_webhook(scene: &Scene<'_>, captures: &Captures) -> Verdict {
    let Some(known) = field(captures, &["webhook"]).and_then(|name| webhooks::by_name(scene, name)) else {
        return Verdict::Unknown;
    };
    let Ok((webhook, subject)) = known else {
        return Verdict::Gone;
    };
    let held = field(captures, &["pod"]).filter(|_| scene.are_pods_read());
    let is_pod_gone = held.is_some_and(|name| {
        let mut on_old = scene.pods().iter().filter(|fact| fact.pod.name == name);
        !on_old.any(|fact| fact.pod.node.as_ref().is_none_or(|node| !scene.is_new(node)))
    });
    if is_pod_gone {
        return Verdict::Gone;
    }
    Verdict::Shown(vec![
        scene.shown(subject, format!("called for {}", webhook.rules.join(", "))),
    ])
}

pub(super) fn failing_webhook(scene: &Scene<'_>, captures: &Captures) -> Verdict {
    let Some(known) = field(captures, &["webhook"]).and_then(|name| webhooks::by_name(scene, name)) else {
        return Verdict::Unknown;
    };
    match known {
        Err(()) => Verdict::Gone,
        Ok((webhook, _)) if webhook.failure_policy != "Fail" => Verdict::Gone,
        Ok((webhook, subject)) if webhook.ready_endpoints == Some(0) => {
            Verdict::Shown(vec![scene.shown(subject, "failurePolicy Fail, 0 ready endpoints")])
        }
        Ok(_) => Verdict::Unknown,
    }
}

pub(super) fn addons(scene: &Scene<'_>) -> Verdict {
    if !scene.are_pods_read() {
        return Verdict::Unknown;
    }
    let system = scene.pods().iter().filter(|fact| fact.pod.namespace == "kube-system");
    let sick = system.filter_map(|fact| Some((fact, trouble_of(fact)?)));
    Verdict::shown_or_gone(
        sick.map(|(fact, why)| scene.shown(pod(fact), why.to_string()))
            .collect(),
    )
}

/// Agents that are ready may still be cut off; an aggregated API that answers shows that they are not.
pub(super) fn tunnel(scene: &Scene<'_>) -> Verdict {
    let Some(agent) = scene.workload("kube-system", "konnectivity-agent") else {
        return Verdict::Unknown;
    };
    if agent.ready < agent.replicas {
        let subject = Subject::object("apps/v1", &agent.kind, &agent.namespace, &agent.name);
        let words = format!("{} of {} ready", agent.ready, agent.replicas);
        return Verdict::Shown(vec![scene.shown(subject, words)]);
    }
    let services = scene.symptoms.survey.kubernetes.api_services.as_deref().unwrap_or(&[]);
    let answers = !services.is_empty() && services.iter().all(|service| service.is_available);
    if answers { Verdict::Gone } else { Verdict::Unknown }
}

/// Pods without a node are told by their own rule, which looks closer.
pub(super) fn pending(scene: &Scene<'_>) -> Verdict {
    if scene.are_pods_read() {
        Verdict::Gone
    } else {
        Verdict::Unknown
    }
}

pub(super) fn attached(scene: &Scene<'_>, captures: &Captures) -> Verdict {
    let (Ok(attachments), Some(volume)) = (
        &scene.symptoms.survey.kubernetes.attachments,
        field(captures, &["pv", "pv2"]),
    ) else {
        return Verdict::Unknown;
    };
    let of_volume: Vec<_> = attachments
        .iter()
        .filter(|attachment| attachment.volume == volume)
        .collect();
    let is_moving = of_volume.len() > 1 || of_volume.iter().any(|one| one.is_being_deleted || one.error.is_some());
    let shown = of_volume.iter().filter(|_| is_moving).map(|attachment| {
        let subject = Subject::Object {
            object: ObjectRef::of_cluster("storage.k8s.io/v1", "VolumeAttachment", &attachment.name),
        };
        let error = attachment.error.as_deref().unwrap_or("no error");
        scene.shown(subject, format!("on {}, {error}", attachment.node))
    });
    Verdict::shown_or_gone(shown.collect())
}

pub(super) fn image_pull(scene: &Scene<'_>) -> Verdict {
    if !scene.are_pods_read() {
        return Verdict::Unknown;
    }
    let waiting = scene
        .pods()
        .iter()
        .filter_map(|fact| Some((fact, trouble_of(fact).filter(Trouble::is_image_pull)?)));
    Verdict::shown_or_gone(
        waiting
            .map(|(fact, trouble)| scene.shown(pod(fact), trouble.to_string()))
            .collect(),
    )
}

pub(super) fn etcd(scene: &Scene<'_>) -> Verdict {
    let health = scene.symptoms.survey.kubernetes.health.as_ref().ok();
    match health.and_then(|health| health.etcd_bytes) {
        None => Verdict::Unknown,
        Some(bytes) if bytes < ETCD_ROOM_BYTES => Verdict::Gone,
        Some(bytes) => Verdict::Shown(vec![scene.shown(Subject::Cluster, format!("etcd size {bytes} bytes"))]),
    }
}

/// That we reach the API server does not say that AKS does, so a good answer takes nothing back.
pub(super) fn api_server(scene: &Scene<'_>) -> Verdict {
    let health = scene.symptoms.survey.kubernetes.health.as_ref().ok();
    let failed = health.filter(|health| !health.failed_checks.is_empty());
    Verdict::shown_or_unknown(
        failed
            .map(|health| {
                let words = format!("/readyz fails: {}", health.failed_checks.join(", "));
                scene.shown(Subject::Cluster, words)
            })
            .into_iter()
            .collect(),
    )
}

pub(super) fn certificate(scene: &Scene<'_>) -> Verdict {
    let health = scene.symptoms.survey.kubernetes.health.as_ref().ok();
    match health.and_then(|health| health.certificate_ends) {
        Some(ends) if ends <= scene.now() => {
            Verdict::Shown(vec![scene.shown(Subject::Cluster, format!("notAfter {ends}"))])
        }
        _ => Verdict::Unknown,
    }
}

pub(super) fn nodes_not_ready(scene: &Scene<'_>) -> Verdict {
    if !scene.are_nodes_read() {
        return Verdict::Unknown;
    }
    let down = scene.nodes().filter(|fact| !fact.node.readiness.is_ready());
    Verdict::shown_or_gone(
        down.map(|fact| scene.shown(Subject::node(&fact.node.name), "not ready"))
            .collect(),
    )
}

/// A node the text names: up, schedulable and where it should be, the text is of the past.
pub(super) fn touched_node(scene: &Scene<'_>, captures: &Captures) -> Verdict {
    let node = field(captures, &["node"]).and_then(Text::node_of);
    let Some(node) = node.filter(|_| scene.are_nodes_read()) else {
        return Verdict::Unknown;
    };
    let Some(fact) = scene.node(&node) else {
        return Verdict::Unknown;
    };
    let goal = fact.node.pool.as_ref().and_then(|pool| scene.goal(scene.pool(pool)?));
    let is_done = matches!((fact.node.version, goal), (Some(real), Some(goal)) if real >= goal);
    let is_up = fact.node.readiness.is_ready() && !fact.node.is_cordoned;
    if is_up && is_done && scene.is_new(&node) {
        Verdict::Gone
    } else {
        Verdict::Unknown
    }
}

/// The machines' own words about their bootstrap.
pub(super) fn bootstrap(scene: &Scene<'_>, text: &Text, captures: &Captures, code: &str) -> Verdict {
    let words = text.words();
    let named = field(captures, &["node"]).and_then(Text::node_of);
    let is_up = |name: &str| {
        scene
            .node(&crate::domain::ids::NodeName::new(name))
            .is_some_and(|fact| fact.node.readiness.is_ready())
    };
    if named.is_some_and(|node| is_up(node.as_str())) {
        return Verdict::Gone;
    }
    let failed = scene.machines().iter().filter(|machine| {
        let own = machine.bootstrap.iter().chain(&machine.statuses);
        let says_so = own
            .flat_map(|words| scene.catalogue.matches(words))
            .any(|found| found.entry.id == code);
        machine.provisioning_state == ProvisioningState::Failed && !is_up(&machine.computer_name) && says_so
    });
    let shown: Vec<_> = failed
        .map(|machine| {
            let subject = Subject::node(&crate::domain::ids::NodeName::new(&machine.computer_name));
            scene.claimed(subject, "the machine is in the state Failed, its node is not up")
        })
        .collect();
    let is_all_up = scene.are_nodes_read()
        && scene
            .machines()
            .iter()
            .filter(|machine| words.contains(&machine.computer_name))
            .any(|machine| is_up(&machine.computer_name));
    if is_all_up {
        Verdict::Gone
    } else {
        Verdict::shown_or_unknown(shown)
    }
}

/// A call that AKS still remembers; its time is in the text.
pub(super) fn deprecated_use(scene: &Scene<'_>, text: &Text, captures: &Captures) -> Verdict {
    // A gate that was shut when the text was written opens twelve hours after the call.
    let opens = field(captures, &["seen"])
        .and_then(seen_at)
        .and_then(|seen| seen.checked_add(GATE).ok());
    if matches!((opens, text.at), (Some(opens), Some(at)) if at <= opens && opens < scene.now()) {
        return Verdict::Gone;
    }
    let (Some(api), Some(version)) = (field(captures, &["api"]), field(captures, &["version"])) else {
        return Verdict::Unknown;
    };
    let uses = scene.symptoms.survey.kubernetes.deprecated_uses.iter().flatten();
    let named = uses.filter(|deprecated| {
        let full = format!("{}.{}", deprecated.group, deprecated.resource);
        deprecated.version == version && (api == full || api == deprecated.resource)
    });
    Verdict::shown_or_unknown(
        named
            .map(|deprecated| {
                let words = format!(
                    "apiserver_requested_deprecated_apis: {}/{} {}, removed in {}",
                    deprecated.group, deprecated.version, deprecated.resource, deprecated.removed_release
                );
                scene.shown(Subject::Cluster, words)
            })
            .collect(),
    )
}

/// Reads `2023-03-23 20:57:18 +0000 UTC`.
fn seen_at(text: &str) -> Option<Timestamp> {
    let (day, rest) = text.split_once(' ')?;
    let time = rest.split(' ').next()?;
    format!("{day}T{time}Z").parse().ok()
}
