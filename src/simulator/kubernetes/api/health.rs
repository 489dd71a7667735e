//! `/healthz`, `/livez` and `/readyz`: one word, or each part by itself (Kubernetes docs "API health endpoints", 2026).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::failure::Failure;
use super::route::{Probe, Query};
use super::{Cluster, Trouble};

/// Parts of an API server, in the order it lists them.
const PARTS: [&str; 14] = [
    "ping",
    "log",
    "etcd",
    "informer-sync",
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-discovery-controller",
    "shutdown",
];

pub(super) fn answer(cluster: &Cluster, probe: Probe, query: &Query) -> Result<Response, Trouble> {
    let path = format!("/{}", probe.word());
    let (is_denied, is_served, failed) = cluster.look(|objects| {
        (
            objects.is_denied("get", &path),
            objects.is_served(&path),
            objects.figures().failed_checks.clone(),
        )
    })?;
    if is_denied {
        return Err(Failure::forbidden_path(&path).into());
    }
    if !is_served {
        return Err(Failure::unknown_path().into());
    }
    let is_whole = failed.is_empty() || probe == Probe::Livez;
    if is_whole && !query.is_verbose {
        return Ok("ok".into_response());
    }
    let further = failed.iter().map(String::as_str).filter(|part| !PARTS.contains(part));
    let mut text = String::new();
    for part in PARTS.into_iter().chain(further) {
        if failed.contains(part) && !is_whole {
            text.push_str(&format!("[-]{part} failed: reason withheld\n"));
        } else {
            text.push_str(&format!("[+]{part} ok\n"));
        }
    }
    let end = if is_whole { "passed" } else { "failed" };
    text.push_str(&format!("{} check {end}\n", probe.word()));
    let code = if is_whole {
        StatusCode::OK
    } else {
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let mut response = (code, text).into_response();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    Ok(response)
}
