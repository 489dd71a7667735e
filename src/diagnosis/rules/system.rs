//! System pods that an upgrade cannot do without: cluster DNS, the control plane's tunnel, and the rest of kube-system.

use super::{counted, named};
use crate::diagnosis::cause::{Evidence, Found, Impact};
use crate::diagnosis::scene::Scene;
use crate::domain::subject::Subject;
use crate::domain::survey::{PodFact, WorkloadFact};

const SYSTEM: &str = "kube-system";
/// System pods move with their node like all others.
const PATIENCE_MINUTES: i64 = 5;

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    [dns(scene), tunnel(scene), addons(scene)]
        .into_iter()
        .flatten()
        .collect()
}

fn subject(workload: &WorkloadFact) -> Subject {
    Subject::object("apps/v1", &workload.kind, &workload.namespace, &workload.name)
}

fn numbers(workload: &WorkloadFact) -> String {
    format!("{} of {} ready", workload.ready, workload.replicas)
}

/// Its pods that are unready for longer than a start takes.
fn sick<'a>(scene: &Scene<'a>, workload: &WorkloadFact) -> Vec<(&'a PodFact, String)> {
    scene
        .pods()
        .iter()
        .filter(|fact| fact.pod.namespace == workload.namespace && workload.selector.matches(&fact.pod.labels))
        .filter_map(|fact| Some((fact, scene.lasting_trouble(fact)?.to_string())))
        .collect()
}

fn shown(scene: &Scene<'_>, sick: &[(&PodFact, String)]) -> Vec<Evidence> {
    sick.iter()
        .map(|(fact, why)| scene.shown(Subject::object("v1", "Pod", SYSTEM, &fact.pod.name), why))
        .collect()
}

/// True where pods are missing for longer than a move takes.
fn is_short(scene: &Scene<'_>, workload: &WorkloadFact, sick: &[(&PodFact, String)]) -> bool {
    let unavailable = workload.conditions.iter().any(|condition| {
        condition.kind == "Available" && condition.status == "False" && scene.is_older(condition.since, 1)
    });
    let is_gone = workload.ready == 0
        && scene.are_pods_read()
        && !scene
            .pods()
            .iter()
            .any(|fact| fact.pod.namespace == workload.namespace && workload.selector.matches(&fact.pod.labels));
    workload.ready < workload.replicas && (!sick.is_empty() || unavailable || is_gone)
}

fn dns(scene: &Scene<'_>) -> Option<Found> {
    let coredns = scene.workload(SYSTEM, "coredns")?;
    let sick = sick(scene, coredns);
    let is_down = coredns.ready == 0 && coredns.replicas > 0 && !scene.are_pods_read();
    if !is_down && !is_short(scene, coredns, &sick) {
        return None;
    }
    let headline = format!("Cluster DNS is degraded: coredns has {}", numbers(coredns));
    Some(told(scene, "coredns-degraded", headline, coredns, &sick))
}

fn told(
    scene: &Scene<'_>,
    code: &str,
    headline: String,
    workload: &WorkloadFact,
    sick: &[(&PodFact, String)],
) -> Found {
    Found::confirmed(code, Impact::WorkloadAtRisk, headline)
        .about([subject(workload)])
        .about(
            sick.iter()
                .map(|(fact, _)| Subject::object("v1", "Pod", SYSTEM, &fact.pod.name)),
        )
        .on(sick.iter().filter_map(|(fact, _)| fact.pod.node.clone()))
        .shown_by([scene.shown(subject(workload), numbers(workload))])
        .shown_by(shown(scene, sick))
        .since(sick.iter().filter_map(|(fact, _)| fact.created_at).min())
}

fn tunnel(scene: &Scene<'_>) -> Option<Found> {
    let agent = scene.workload(SYSTEM, "konnectivity-agent")?;
    let sick = sick(scene, agent);
    let metrics = scene.symptoms.survey.kubernetes.api_services.iter().flatten();
    let unavailable = metrics
        .filter(|service| !service.is_available && service.name.ends_with("metrics.k8s.io"))
        .map(|service| {
            let subject = Subject::Object {
                object: crate::domain::subject::ObjectRef::of_cluster(
                    "apiregistration.k8s.io/v1",
                    "APIService",
                    &service.name,
                ),
            };
            scene.shown(subject, service.message.clone())
        })
        .collect::<Vec<Evidence>>();
    let is_down = agent.ready == 0 && agent.replicas > 0 && (!scene.are_pods_read() || !unavailable.is_empty());
    // One agent carries the tunnel: a part of them missing is not down.
    let is_failing = agent.ready == 0 && is_short(scene, agent, &sick)
        || agent.ready < agent.replicas && !sick.is_empty() && !unavailable.is_empty();
    if !is_down && !is_failing {
        return None;
    }
    let headline = format!(
        "The control plane's tunnel is down: konnectivity-agent has {}",
        numbers(agent)
    );
    Some(
        told(scene, "konnectivity-down", headline, agent, &sick)
            .shown_by(unavailable)
            .cured_by(&["restart-konnectivity"]),
    )
}

/// AKS waits for system pods behind the control plane step, before it touches a node.
fn addons(scene: &Scene<'_>) -> Option<Found> {
    let is_any_node_touched = scene.picture().is_some_and(|picture| {
        picture
            .nodes
            .values()
            .any(|node| node.is_surge || node.phase.is_in_flight())
    });
    let is_pool_moving = scene.pools().iter().any(|pool| pool.provisioning_state.is_upgrading());
    let is_waiting = scene.situation.is_whole_cluster_upgrading() && !is_pool_moving && !is_any_node_touched;
    if !is_waiting || !scene.is_older(scene.situation.since, 2 * PATIENCE_MINUTES) {
        return None;
    }
    let sick = sick_addons(scene);
    let names: Vec<&str> = sick.iter().map(|(fact, _)| fact.pod.name.as_str()).collect();
    let (first, why) = sick.first()?;
    let headline = format!(
        "{} of kube-system do not run ({}): {why}",
        counted(sick.len(), "pod"),
        named(&names)
    );
    Some(
        Found::likely("addons-not-ready", Impact::Stalled, headline)
            .about(
                sick.iter()
                    .map(|(fact, _)| Subject::object("v1", "Pod", SYSTEM, &fact.pod.name)),
            )
            .on(first.pod.node.clone())
            .shown_by(shown(scene, &sick))
            .since(first.created_at),
    )
}

/// Pods of kube-system that do not run for longer than a start takes.
fn sick_addons<'a>(scene: &Scene<'a>) -> Vec<(&'a PodFact, String)> {
    scene
        .pods()
        .iter()
        .filter(|fact| fact.pod.namespace == SYSTEM && scene.is_older(fact.created_at, PATIENCE_MINUTES))
        .filter_map(|fact| Some((fact, scene.lasting_trouble(fact)?.to_string())))
        .collect()
}
