//! `/metrics`: the figures of one replica of the API server, among the many lines nobody asked for
//! (Kubernetes reference "Metrics", v1.33).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use super::failure::Failure;
use super::{Cluster, Trouble};
use crate::simulator::kubernetes::objects::ObjectStore;
use crate::simulator::kubernetes::objects::kinds::Kind;

const PATH: &str = "/metrics";
/// Upper edges of the histogram of request times.
const EDGES: [&str; 23] = [
    "0.005", "0.025", "0.05", "0.1", "0.2", "0.4", "0.6", "0.8", "1", "1.25", "1.5", "2", "3", "4", "5", "6", "8",
    "10", "15", "20", "30", "45", "60",
];
const VERBS: [&str; 7] = ["GET", "LIST", "WATCH", "POST", "PUT", "PATCH", "DELETE"];

pub(super) fn answer(cluster: &Cluster) -> Result<Response, Trouble> {
    let (is_denied, is_served) = cluster.look(|objects| (objects.is_denied("get", PATH), objects.is_served(PATH)))?;
    if is_denied {
        return Err(Failure::forbidden_path(PATH).into());
    }
    if !is_served {
        return Err(Failure::unknown_path().into());
    }
    let page = cluster.change(|objects, _| {
        let replica = objects.next_replica();
        page(objects, replica)
    })?;
    let mut response = page.into_response();
    let plain = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    Ok(response)
}

/// Writing into a text cannot fail, so that the results of `writeln!` are dropped.
fn page(objects: &ObjectStore, replica: u64) -> String {
    let mut text = String::with_capacity(512 * 1024);
    let started = 1_790_000_000 + replica * 61;
    head(
        &mut text,
        "process_start_time_seconds",
        "gauge",
        "Start time of the process since unix epoch in seconds.",
    );
    let _ = writeln!(text, "process_start_time_seconds {started}.25");
    requests(&mut text, objects, replica);
    durations(&mut text);
    storage(&mut text, objects);
    deprecated(&mut text, objects, replica);
    text
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} [STABLE] {help}\n# TYPE {name} {kind}");
}

/// Labels of one resource in `apiserver_request_total`.
fn resource_labels(group: &str, resource: &str, subresource: &str, version: &str) -> String {
    format!(
        "group=\"{group}\",resource=\"{resource}\",scope=\"cluster\",subresource=\"{subresource}\",version=\"{version}\""
    )
}

fn requests(text: &mut String, objects: &ObjectStore, replica: u64) {
    let name = "apiserver_request_total";
    head(
        text,
        name,
        "counter",
        "Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.",
    );
    for (index, kind) in Kind::ALL.into_iter().enumerate() {
        let described = kind.describe();
        let labels = resource_labels(described.group, described.plural, "", described.version);
        for (verb_index, verb) in VERBS.iter().enumerate() {
            let count = 1_000 + index * 37 + verb_index * 11;
            let _ = writeln!(
                text,
                "{name}{{code=\"200\",component=\"apiserver\",dry_run=\"\",{labels},verb=\"{verb}\"}} {count}"
            );
        }
    }
    let rejected = objects.figures().rejected_requests;
    if replica == 0 && rejected > 0 {
        let labels = resource_labels("", "pods", "", "v1");
        let _ = writeln!(
            text,
            "{name}{{code=\"429\",component=\"apiserver\",dry_run=\"\",{labels},verb=\"LIST\"}} {rejected}"
        );
    }
    for one in objects.figures().deprecated.iter().filter(|one| one.replica == replica) {
        let labels = resource_labels(&one.group, &one.resource, &one.subresource, &one.version);
        for (verb, count) in &one.requests {
            let _ = writeln!(
                text,
                "{name}{{code=\"200\",component=\"apiserver\",dry_run=\"\",{labels},verb=\"{verb}\"}} {count}"
            );
        }
    }
}

fn durations(text: &mut String) {
    let name = "apiserver_request_duration_seconds";
    head(
        text,
        name,
        "histogram",
        "Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.",
    );
    for kind in Kind::ALL {
        let described = kind.describe();
        let labels = resource_labels(described.group, described.plural, "", described.version);
        for verb in VERBS {
            for (index, edge) in EDGES.iter().enumerate() {
                let count = 900 + index;
                let _ = writeln!(
                    text,
                    "{name}_bucket{{component=\"apiserver\",dry_run=\"\",{labels},verb=\"{verb}\",le=\"{edge}\"}} {count}"
                );
            }
            let _ = writeln!(
                text,
                "{name}_bucket{{component=\"apiserver\",dry_run=\"\",{labels},verb=\"{verb}\",le=\"+Inf\"}} 999"
            );
        }
    }
}

fn storage(text: &mut String, objects: &ObjectStore) {
    let figures = objects.figures();
    let name = "apiserver_storage_size_bytes";
    head(
        text,
        name,
        "gauge",
        "Size of the storage database file physically allocated in bytes.",
    );
    #[expect(
        clippy::cast_precision_loss,
        reason = "metrics are written as floating point numbers"
    )]
    let bytes = figures.etcd_bytes as f64;
    let _ = writeln!(text, "{name}{{storage_cluster_id=\"etcd-0\"}} {bytes:e}");
    let name = "apiserver_storage_objects";
    head(
        text,
        name,
        "gauge",
        "Number of stored objects at the time of last check split by kind.",
    );
    let mut counts: BTreeMap<String, u64> = Kind::ALL
        .into_iter()
        .map(|kind| (kind.qualified(), objects.store().iter(kind).count() as u64))
        .collect();
    for (resource, further) in &figures.further_objects {
        *counts.entry(resource.clone()).or_default() += further;
    }
    for (resource, count) in counts {
        let _ = writeln!(text, "{name}{{resource=\"{resource}\"}} {count}");
    }
}

fn deprecated(text: &mut String, objects: &ObjectStore, replica: u64) {
    let name = "apiserver_requested_deprecated_apis";
    head(
        text,
        name,
        "gauge",
        "Gauge of deprecated APIs that have been requested, broken out by API group, version, resource, subresource, and removed_release.",
    );
    for one in objects.figures().deprecated.iter().filter(|one| one.replica == replica) {
        let _ = writeln!(
            text,
            "{name}{{group=\"{}\",removed_release=\"{}\",resource=\"{}\",subresource=\"{}\",version=\"{}\"}} 1",
            one.group, one.removed_release, one.resource, one.subresource, one.version
        );
    }
}
