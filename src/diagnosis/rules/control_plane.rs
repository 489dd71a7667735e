//! The control plane and its API server: slow to move, overloaded, full, or with certificates that ended.

use std::time::Duration;

use jiff::SignedDuration;

use super::counted;
use crate::diagnosis::cause::{Evidence, EvidenceSource, Found, Impact};
use crate::diagnosis::scene::Scene;
use crate::domain::provisioning::PowerState;
use crate::domain::subject::{ObjectRef, Subject};
use crate::domain::survey::{ApiServerHealth, Unread};

/// A control plane takes 5 to 15 minutes; twice the careful figure is slow.
const SLOW_AFTER: SignedDuration = SignedDuration::from_mins(30);
/// AKS gives etcd 8 GB; writes stop there (AKS docs "Best practices for large clusters", 2026).
const ETCD_FULL_BYTES: u64 = 7_500_000_000;
const GIGA: u64 = 1_000_000_000;
/// What AKS puts in front of a server it must save (AKS docs "Managed API server guard", 2026).
const GUARD: &str = "aks-managed-apiserver-guard";

pub(super) fn look_at_the_upgrade(scene: &Scene<'_>) -> Vec<Found> {
    slow(scene).into_iter().collect()
}

pub(super) fn look_at_the_server(scene: &Scene<'_>) -> Vec<Found> {
    let health = scene.symptoms.survey.kubernetes.health.as_ref().ok();
    [
        stopped(scene),
        health.and_then(|health| etcd(scene, health)),
        health.and_then(|health| certificate(scene, health)),
        overload(scene),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn slow(scene: &Scene<'_>) -> Option<Found> {
    let since = scene.situation.since?;
    let is_pool_moving = scene.pools().iter().any(|pool| pool.provisioning_state.is_upgrading());
    let is_touched = scene.picture().is_some_and(|picture| {
        let is_moved = |node: &crate::progress::picture::NodeProgress| node.is_surge || node.phase.is_in_flight();
        picture.nodes.values().any(is_moved) || !picture.node_times.is_empty()
    });
    let target = scene.cluster().and_then(|cluster| cluster.version);
    let server = scene.symptoms.survey.kubernetes.server_version.as_ref().ok().copied();
    // A change of the cluster lets its pools say Upgrading as well; the API server's own version tells which it is.
    let is_behind = matches!((target, server), (Some(target), Some(server)) if server < target);
    let is_alone = scene.situation.is_whole_cluster_upgrading() && (is_behind || !is_pool_moving) && !is_touched;
    let usual = scene
        .symptoms
        .usual
        .control_plane
        .map_or(Duration::ZERO, |usual| usual * 2);
    let limit = SignedDuration::try_from(usual).unwrap_or(SLOW_AFTER).max(SLOW_AFTER);
    if !is_alone || scene.age(since) <= limit {
        return None;
    }
    if matches!((target, server), (Some(target), Some(server)) if server >= target) && has_lagging_pool(scene) {
        return None;
    }
    let words = match server {
        Some(server) => format!("the API server runs {server}"),
        None => "the API server's version was not read".to_owned(),
    };
    let headline = format!(
        "The control plane step runs for {} min; {words}",
        scene.age(since).as_mins()
    );
    Some(
        Found::confirmed("control-plane-slow", Impact::Stalled, headline)
            .about([Subject::Cluster])
            .since(Some(since))
            .shown_by([
                scene.claimed(Subject::Cluster, "provisioningState Upgrading, no node was touched"),
                scene.shown(Subject::Cluster, words),
            ]),
    )
}

/// The control plane is done and pools are still to come: what waits is not the control plane.
fn has_lagging_pool(scene: &Scene<'_>) -> bool {
    scene.pools().iter().any(|pool| {
        scene.nodes().any(|fact| {
            let is_old = matches!((fact.node.version, pool.version), (Some(real), Some(goal)) if real < goal);
            fact.node.pool.as_ref() == Some(&pool.name) && is_old
        })
    })
}

/// A stopped cluster has no API server, and AKS takes no upgrade of it (AKS docs "Stop and start an AKS cluster", 2026).
fn stopped(scene: &Scene<'_>) -> Option<Found> {
    let cluster = scene.cluster()?;
    let is_tried = scene.symptoms.errors.iter().any(|symptom| symptom.is_refusal);
    if cluster.power_state != PowerState::Stopped || !is_tried {
        return None;
    }
    let headline = format!("Cluster {} is stopped: it has no API server now", cluster.name);
    Some(
        Found::confirmed("apiserver-call-failed", Impact::None, headline)
            .about([Subject::Cluster])
            .shown_by([scene.claimed(Subject::Cluster, "powerState Stopped")])
            .cured_by(&["start-cluster"]),
    )
}

fn etcd(scene: &Scene<'_>, health: &ApiServerHealth) -> Option<Found> {
    let bytes = health.etcd_bytes.filter(|bytes| *bytes >= ETCD_FULL_BYTES)?;
    let largest: Vec<String> = health
        .object_counts
        .iter()
        .take(3)
        .map(|(resource, count)| format!("{resource} {count}"))
        .collect();
    let size = format!("{}.{} GB", bytes / GIGA, bytes % GIGA / (GIGA / 10));
    let headline = format!("etcd holds {size} of 8 GB; most objects: {}", largest.join(", "));
    Some(
        Found::confirmed("etcd-full", Impact::ApiServerAtRisk, headline)
            .about([Subject::Cluster])
            .shown_by([scene.shown(
                Subject::Cluster,
                format!("etcd size {bytes} bytes; {}", largest.join(", ")),
            )]),
    )
}

fn certificate(scene: &Scene<'_>, health: &ApiServerHealth) -> Option<Found> {
    let ends = health.certificate_ends.filter(|ends| *ends <= scene.now())?;
    let down = scene.nodes().filter(|fact| !fact.node.readiness.is_ready()).count();
    let headline = format!(
        "The API server's certificate ended {ends}; {} not ready",
        counted(down, "node")
    );
    Some(
        Found::confirmed("cert-expired", Impact::ApiServerAtRisk, headline)
            .about([Subject::Cluster])
            .since(Some(ends))
            .shown_by([scene.shown(Subject::Cluster, format!("notAfter {ends}"))]),
    )
}

fn overload(scene: &Scene<'_>) -> Option<Found> {
    let kubernetes = &scene.symptoms.survey.kubernetes;
    let schemas = kubernetes.flow_schemas.as_deref().unwrap_or(&[]);
    let guard = schemas.iter().any(|name| name == GUARD).then(|| {
        let subject = Subject::Object {
            object: ObjectRef::of_cluster("flowcontrol.apiserver.k8s.io/v1", "FlowSchema", GUARD),
        };
        scene.shown(subject, "AKS limits requests to save the API server")
    });
    let refused: Vec<Evidence> = refusals(scene).collect();
    let rejected = kubernetes
        .health
        .as_ref()
        .ok()
        .and_then(|health| health.rejected_requests);
    if guard.is_none() && refused.is_empty() {
        return None;
    }
    let is_free = scene.cluster().and_then(|cluster| cluster.tier.as_deref()) == Some("Free");
    let count = rejected
        .map(|count| format!(", {count} requests refused since it started"))
        .unwrap_or_default();
    let headline = format!(
        "The API server is overloaded{count}{}",
        if is_free {
            "; the cluster is in the Free tier"
        } else {
            ""
        }
    );
    let found = if guard.is_some() {
        Found::confirmed("apiserver-overload", Impact::ApiServerAtRisk, headline)
    } else {
        Found::likely("apiserver-overload", Impact::ApiServerAtRisk, headline)
    };
    let remedies: &[&str] = match (guard.is_some(), is_free) {
        (true, _) => &["wait", "drop-guard"],
        (false, true) => &["scale-tier"],
        (false, false) => &["wait"],
    };
    Some(
        found
            .about(guard.iter().map(|evidence| evidence.subject.clone()))
            .about([Subject::Cluster])
            .shown_by(guard)
            .shown_by(refused)
            .cured_by(remedies),
    )
}

/// What the API server answered to our own reads.
fn refusals<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = Evidence> + 'a {
    let kubernetes = &scene.symptoms.survey.kubernetes;
    let reads = [
        kubernetes.health.as_ref().err(),
        kubernetes.nodes.as_ref().err(),
        kubernetes.pods.as_ref().err(),
        kubernetes.events.as_ref().err(),
        kubernetes.budgets.as_ref().err(),
    ];
    reads.into_iter().flatten().filter_map(|unread| {
        let Unread::Failed { why } = unread else { return None };
        let is_overload = scene
            .catalogue
            .matches(why)
            .iter()
            .any(|found| found.entry.id == "apiserver-overload");
        is_overload.then(|| Evidence {
            source: EvidenceSource::Watched,
            ..scene.shown(Subject::Cluster, why.clone())
        })
    })
}
