//! Feeds recorded and published Azure traffic through the client's parsers, and compares with the raw JSON.
//! Reads the folder that `COCKPIT_FIXTURES` names; without it there is nothing to read, and the test says so.

mod compare;
mod surroundings;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use aks_cockpit::azure::operation::{Reading, read_location_answer, read_status_answer, read_status_body};
use aks_cockpit::azure::wire;
use aks_cockpit::domain::provisioning::OperationState;
use aks_cockpit::domain::version::NodeImageVersion;
use serde_json::Value;

use compare::{
    compare_cluster, compare_each, compare_error, compare_offers, compare_operation, compare_pool, compare_region, text,
};

/// How many bodies each parser saw.
#[derive(Default)]
struct Counts(BTreeMap<&'static str, usize>);

impl Counts {
    fn saw(&mut self, parser: &'static str) {
        *self.0.entry(parser).or_default() += 1;
    }

    fn expect(&self, parsers: &[&str]) {
        for parser in parsers {
            assert!(
                self.0.get(parser).is_some_and(|count| *count > 0),
                "no body for '{parser}'"
            );
        }
    }
}

/// Writes past the test harness, which would keep it to itself when all is well.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn fixtures() -> Option<PathBuf> {
    let folder = std::env::var_os("COCKPIT_FIXTURES").filter(|folder| !folder.is_empty());
    if folder.is_none() {
        say("COCKPIT_FIXTURES is not set: there is no recorded traffic to read");
    }
    folder.map(PathBuf::from)
}

fn read_json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder with an ending, in name order; at least one.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} holds no .{ending} file", folder.display());
    files
}

#[test]
fn recorded_exchanges_come_out_as_recorded() {
    let Some(folder) = fixtures() else { return };
    let mut counts = Counts::default();
    let mut exchanges = 0;
    for file in files(&folder.join("recordings"), "jsonl") {
        let text = fs::read_to_string(&file).unwrap();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let place = format!("{}:{}", file.file_name().unwrap().to_string_lossy(), index + 1);
            let exchange: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}"));
            check_exchange(&place, &exchange, &mut counts);
            exchanges += 1;
        }
    }
    say(&format!("{exchanges} recorded exchanges: {:?}", counts.0));
    assert!(exchanges > 0);
    counts.expect(&[
        "cluster",
        "node pool",
        "list of node pools",
        "cluster upgrades",
        "node pool upgrades",
        "region versions",
        "operation status",
        "operation result",
        "error",
        "gateway error in mid-poll",
        "json of another kind",
        "no body",
    ]);
}

/// One exchange, by what its URL names.
fn check_exchange(place: &str, exchange: &Value, counts: &mut Counts) {
    let status = u16::try_from(exchange["status"].as_u64().unwrap()).unwrap();
    let url = exchange["url"].as_str().unwrap();
    let body = &exchange["body"];
    let bytes = match body {
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    };
    let segments = segments_of(url);
    let kind = kind_of(&segments);
    match kind {
        "operation status" | "operation result" => check_operation(place, kind, status, body, &bytes, counts),
        _ if status >= 400 => check_error(place, status, body, &bytes, counts),
        _ if bytes.is_empty() => counts.saw("no body"),
        _ => {
            assert!(!body.is_string(), "{place}: a success has a body that is not JSON");
            check_body(place, kind, body, counts);
        }
    }
    if status >= 400 && kind.starts_with("operation") {
        check_error(place, status, body, &bytes, counts);
    }
}

fn segments_of(url: &str) -> Vec<String> {
    let path = url.split('?').next().unwrap();
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    path.split('/').skip(1).map(str::to_lowercase).collect()
}

/// What a URL names, by the resource types below the last provider.
fn kind_of(segments: &[String]) -> &'static str {
    let Some(provider) = segments.iter().rposition(|word| word == "providers") else {
        return "json of another kind";
    };
    let rest: Vec<&str> = segments[provider + 1..].iter().map(String::as_str).collect();
    match rest.as_slice() {
        [
            "microsoft.containerservice",
            "locations" | "managedclusters",
            _,
            "operations",
            _,
        ] => "operation status",
        ["microsoft.containerservice", "locations", _, "operationresults", _] => "operation result",
        ["microsoft.containerservice", "locations", _, "kubernetesversions"] => "region versions",
        ["microsoft.containerservice", "managedclusters"] => "list of clusters",
        ["microsoft.containerservice", "managedclusters", _]
        | ["microsoft.containerservice", "managedclusters", _, "abort"] => "cluster",
        ["microsoft.containerservice", "managedclusters", _, "upgradeprofiles", _] => "cluster upgrades",
        [
            "microsoft.containerservice",
            "managedclusters",
            _,
            "maintenanceconfigurations",
            ..,
        ] => "maintenance configurations",
        ["microsoft.containerservice", "managedclusters", _, "agentpools"] => "list of node pools",
        ["microsoft.containerservice", "managedclusters", _, "agentpools", _]
        | [
            "microsoft.containerservice",
            "managedclusters",
            _,
            "agentpools",
            _,
            "abort" | "upgradenodeimageversion",
        ] => "node pool",
        [
            "microsoft.containerservice",
            "managedclusters",
            _,
            "agentpools",
            _,
            "upgradeprofiles",
            _,
        ] => "node pool upgrades",
        [
            "microsoft.containerservice",
            "managedclusters",
            _,
            "listclusterusercredential",
        ] => "kubeconfig",
        _ => "json of another kind",
    }
}

/// A body of a success, by the parser of its kind.
fn check_body(place: &str, kind: &'static str, body: &Value, counts: &mut Counts) {
    counts.saw(kind);
    match kind {
        "cluster" => {
            let cluster = wire::cluster(body).unwrap_or_else(|why| panic!("{place}: {why}"));
            compare_cluster(place, &cluster, body);
            surroundings::check_details(place, body);
        }
        "list of clusters" => {
            let page = wire::cluster_page(body).unwrap_or_else(|why| panic!("{place}: {why}"));
            assert!(page.findings.is_empty(), "{place}: {:?}", page.findings);
            compare_each(place, &page.items, body, "value", compare_cluster);
        }
        "node pool" => {
            let pool = wire::node_pool(body).unwrap_or_else(|why| panic!("{place}: {why}"));
            compare_pool(place, &pool, body);
        }
        "list of node pools" => {
            let page = wire::node_pool_page(body).unwrap_or_else(|why| panic!("{place}: {why}"));
            assert!(page.findings.is_empty(), "{place}: {:?}", page.findings);
            compare_each(place, &page.items, body, "value", compare_pool);
        }
        "cluster upgrades" => {
            let upgrades = wire::cluster_upgrades(body).unwrap_or_else(|why| panic!("{place}: {why}"));
            compare_offers(
                place,
                &upgrades.control_plane,
                body.pointer("/properties/controlPlaneProfile/upgrades"),
            );
            let pools = body.pointer("/properties/agentPoolProfiles").and_then(Value::as_array);
            assert_eq!(upgrades.pools.len(), pools.map_or(0, Vec::len), "{place}");
        }
        "node pool upgrades" => {
            let upgrades = wire::pool_upgrades(body).unwrap_or_else(|why| panic!("{place}: {why}"));
            compare_offers(place, &upgrades.offers, body.pointer("/properties/upgrades"));
            assert_eq!(
                upgrades.latest_node_image.as_ref().map(NodeImageVersion::as_str),
                body.pointer("/properties/latestNodeImageVersion")
                    .and_then(Value::as_str),
                "{place}"
            );
        }
        "region versions" => compare_region(place, body),
        "maintenance configurations" => surroundings::check_windows(place, body),
        "upgrade insights" => surroundings::check_insight(place, body),
        "kubeconfig" => {
            wire::kubeconfig(body).unwrap_or_else(|why| panic!("{place}: {why}"));
        }
        _ => {}
    }
}

/// An operation: terminal exactly where the recorded word is one of three.
fn check_operation(place: &str, kind: &'static str, status: u16, body: &Value, bytes: &[u8], counts: &mut Counts) {
    counts.saw(kind);
    let reading = match kind {
        "operation status" => read_status_answer(status, bytes),
        _ => read_location_answer(status, bytes),
    };
    let Reading::State(state) = reading else {
        panic!("{place}: {status} says nothing");
    };
    if status >= 500 {
        counts.saw("gateway error in mid-poll");
        assert!(
            matches!(state, OperationState::Running { hint: Some(_), .. }),
            "{place}: {state:?}"
        );
        return;
    }
    match (status, body["status"].as_str()) {
        (204, _) => assert_eq!(state, OperationState::Succeeded, "{place}"),
        (_, Some(word)) => compare_operation(place, &state, word, body),
        (_, None) => panic!("{place}: an operation without a status"),
    }
}

fn check_error(place: &str, status: u16, body: &Value, bytes: &[u8], counts: &mut Counts) {
    counts.saw("error");
    let error = wire::error_answer(status, bytes);
    compare_error(place, &error, body.get("error").unwrap_or(body));
}

#[test]
fn published_examples_are_read() {
    let Some(folder) = fixtures() else { return };
    let mut counts = Counts::default();
    for examples in ["aks/examples", "aks/examples-preview"] {
        for file in files(&folder.join(examples), "json") {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let example = read_json(&file);
            for (status, response) in example["responses"].as_object().unwrap() {
                let place = format!("{name} {status}");
                match response.get("body") {
                    Some(body) => check_body(&place, kind_of_example(&name, body), body, &mut counts),
                    None => counts.saw("no body"),
                }
            }
        }
    }
    say(&format!("published examples: {:?}", counts.0));
    counts.expect(&[
        "cluster",
        "list of clusters",
        "node pool",
        "list of node pools",
        "cluster upgrades",
        "node pool upgrades",
        "region versions",
        "kubeconfig",
        "maintenance configurations",
        "upgrade insights",
        "operation in a list",
    ]);
}

fn kind_of_example(name: &str, body: &Value) -> &'static str {
    let operation = |body: &Value| {
        let word = body["status"].as_str().unwrap();
        compare_operation(name, &read_status_body(body), word, body);
    };
    match name {
        "ManagedClusters_List" | "ManagedClusters_ListByResourceGroup" => "list of clusters",
        "ManagedClusters_Get" | "ManagedClusters_CreateOrUpdate" => "cluster",
        "ManagedClusters_GetUpgradeProfile" => "cluster upgrades",
        "ManagedClusters_ListKubernetesVersions" => "region versions",
        "ManagedClusters_ListClusterUserCredentials" => "kubeconfig",
        "AgentPools_List" => "list of node pools",
        "MaintenanceConfigurations_List"
        | "MaintenanceConfigurations_Get"
        | "MaintenanceConfigurations_CreateOrUpdate" => "maintenance configurations",
        name if name.starts_with("UpgradeInsights_") => "upgrade insights",
        "AgentPools_GetUpgradeProfile" => "node pool upgrades",
        "OperationStatusResult_Get" => {
            operation(body);
            "operation in a list"
        }
        "OperationStatusResult_List" => {
            body["value"].as_array().unwrap().iter().for_each(operation);
            "operation in a list"
        }
        "AgentPools_Get" | "AgentPools_UpgradeNodeImageVersion" => "node pool",
        name if name.starts_with("AgentPools_CreateOrUpdate") => "node pool",
        _ => "json of another kind",
    }
}

#[test]
fn detectors_and_related_bodies_are_read() {
    let Some(folder) = fixtures() else { return };
    let detectors = files(&folder.join("aks/detectors"), "json");
    for file in &detectors {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        surroundings::check_detector(&name, &read_json(file));
    }
    surroundings::check_detector_list(&detectors.iter().map(|file| read_json(file)).collect::<Vec<_>>());
    let related = files(&folder.join("aks/related"), "json");
    for file in &related {
        surroundings::check_restore_points(&read_json(file));
    }
    say(&format!("detectors: {}, related: {}", detectors.len(), related.len()));
}

#[test]
fn single_recorded_bodies_and_resource_graph_answers_are_read() {
    let Some(folder) = fixtures() else { return };
    let mut counts = Counts::default();
    for file in files(&folder.join("aks/recorded"), "json") {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let body = read_json(&file);
        let bytes = body.to_string().into_bytes();
        match name.split('-').collect::<Vec<_>>().as_slice() {
            ["error", status, ..] => check_error(&name, status.parse().unwrap(), &body, &bytes, &mut counts),
            ["operation", "status", ..] => {
                check_operation(&name, "operation status", 200, &body, &bytes, &mut counts);
            }
            ["agent", "pool", ..] => check_body(&name, "node pool", &body, &mut counts),
            ["managed", "cluster", ..] => check_body(&name, "cluster", &body, &mut counts),
            _ => panic!("{name}: a recording of a new kind"),
        }
    }
    let graph = read_json(&folder.join("aks/resource-graph.json"));
    for (name, answer) in graph.as_object().unwrap() {
        if answer.get("data").is_some() {
            counts.saw("Resource Graph answer");
            let page = wire::graph_page(answer).unwrap_or_else(|why| panic!("{name}: {why}"));
            assert!(page.findings.is_empty(), "{name}: {:?}", page.findings);
            assert_eq!(page.next.as_deref(), text(answer, "/$skipToken"), "{name}");
            compare_each(name, &page.items, answer, "data", compare_cluster);
        } else if answer.get("error").is_some() {
            check_error(name, 400, answer, answer.to_string().as_bytes(), &mut counts);
        }
    }
    say(&format!("single bodies: {:?}", counts.0));
    counts.expect(&[
        "cluster",
        "node pool",
        "operation status",
        "error",
        "Resource Graph answer",
    ]);
}
