//! What a text's fields say in one sentence, and which objects they name.

use super::verdict::field;
use crate::diagnosis::catalogue::{Captures, CatalogueEntry, exit_code};
use crate::diagnosis::rules::webhooks;
use crate::diagnosis::scene::{Scene, Text};
use crate::domain::ids::NodePoolName;
use crate::domain::subject::{ObjectRef, Subject};

/// Sentences by code; the first whose fields are all there is taken.
const SENTENCES: &[(&str, &str)] = &[
    (
        "drain-blocked-by-pdb",
        "PodDisruptionBudget {ns}/{pdb} did not let pod {pod2} go from node {node}",
    ),
    (
        "drain-blocked-by-unready-pods",
        "PodDisruptionBudget {ns}/{pdb} is used up by {n} unready pods: {pods}",
    ),
    (
        "quota-vcpu",
        "vCPU limit {family}: {used} of {limit} used, {need} more needed",
    ),
    (
        "quota-vcpu",
        "vCPU limit {family2}: {used} of {limit} used, {need} more needed",
    ),
    (
        "quota-vcpu",
        "vCPU limit of the region: {used} of {limit} used, {need} more needed",
    ),
    ("quota-vcpu", "vCPU limit {fam}: {req} needed, {left} left"),
    ("quota-vcpu", "vCPU limit: {req} needed, {left} left"),
    ("op-in-progress", "Another operation is in progress: {op}"),
    (
        "op-in-progress",
        "Another operation is in progress ({state}), started {started}",
    ),
    (
        "subnet-full",
        "Subnet {subnet} ({cidr}) has no room for {need} addresses",
    ),
    ("subnet-full", "Subnet {subnet} ({cidr}) has no room"),
    (
        "subnet-too-small",
        "{need} addresses are planned and {have} are there in {subnet} ({cidr})",
    ),
    ("subnet-too-small", "{need} addresses are planned and {have} are there"),
    (
        "deprecated-api-gate",
        "Somebody still calls {api} {version}, removed in {removed}; last seen {seen}",
    ),
    ("version-path", "{from} cannot go to {to}; offered: {avail}"),
    ("version-path", "{from} cannot go to {to}"),
    (
        "version-skew",
        "A node pool at {pool_ver} is too far from the control plane at {cp_ver}",
    ),
    (
        "pdb-unsatisfiable",
        "PodDisruptionBudget {ns}/{pdb} can never allow an eviction",
    ),
    (
        "webhook-fails-closed",
        "Webhook {webhook} does not answer at {ns}/{svc}, so nothing it guards can be made",
    ),
    (
        "eviction-denied-by-webhook",
        "Webhook {webhook} denied the eviction of pod {pod} from node {node}",
    ),
    (
        "surge-exhausted-by-blocked-nodes",
        "Blocked nodes used all surge nodes; first at PodDisruptionBudget {pdb} with pod {pod}",
    ),
    ("volume-multiattach", "Volume {pv} is still attached to another node"),
    ("volume-multiattach", "Volume {pv2} cannot be attached"),
    ("image-pull-new-node", "Image {image} cannot be pulled"),
    ("pending-no-room", "{ok} of {all} nodes have room: not enough {what}"),
    ("cse-outbound", "New nodes cannot reach {host} port {port}"),
    (
        "cse-apiserver-conn",
        "Node {node_ip} cannot reach the API server at {api}: {reason}",
    ),
    ("cse-windows", "Windows bootstrap failed with {werr}, exit code {exit}"),
    ("cse-download", "New nodes cannot download {url}"),
    ("cse-timeout", "Extension {ext} timed out on new nodes"),
    (
        "sku-capacity",
        "Azure has no capacity under these constraints: {constraints}",
    ),
    ("public-ip-limit", "The limit of {limit} public IP addresses is reached"),
    (
        "throttled-arm",
        "Azure throttles the subscription: limit {limit}, try again after {after} s",
    ),
    (
        "sp-expired",
        "The service principal {app} is expired or invalid (AADSTS{aad})",
    ),
    ("authz-linked", "Identity {client} lacks {missing} on {scope}"),
    ("authz-linked", "Identity {client} may not do {action}"),
    ("policy-deny", "Policy {assignment} disallows {res}"),
    ("policy-deny", "A policy disallows {res}"),
    ("scope-locked", "A lock on {scope} stops {verb}"),
    ("resource-missing", "{missing} does not exist and {by} needs it"),
    ("vnet-busy", "{vnet} is in the state {state}"),
    ("image-gone", "Node image {image} is not available any more"),
    ("image-gone", "Node image configuration {cfg} is not supported any more"),
    ("preempted", "Operation {op} took over"),
    ("addons-not-ready", "System pods do not run: {pods}"),
    ("reimage-failed", "Node {node} could not be rebuilt"),
    (
        "node-delete-failed",
        "Node {node} could not be removed from the cluster",
    ),
    ("drain-slow-grace", "The drain of node {node} did not end in time"),
    (
        "internal-generic",
        "AKS reports only an internal error in {op}; correlation id {corr}",
    ),
];

pub(super) fn headline(entry: &CatalogueEntry, captures: &Captures, text: &Text) -> String {
    let sentence = SENTENCES
        .iter()
        .filter(|(code, _)| *code == entry.id)
        .find_map(|(_, sentence)| filled(sentence, captures));
    let plain = || match text.layers.iter().find_map(|layer| exit_code(&layer.message)) {
        Some(exit) if entry.phase == "node bootstrap" => {
            format!(
                "{}: bootstrap exit {} ({}, {})",
                entry.title, exit.code, exit.name, exit.meaning
            )
        }
        _ => entry.title.clone(),
    };
    let sentence = sentence.unwrap_or_else(plain);
    match &text.subject {
        Subject::Cluster => sentence,
        subject => format!("{sentence} ({subject})"),
    }
}

/// The sentence with its fields; `None` where one is missing.
fn filled(sentence: &str, captures: &Captures) -> Option<String> {
    let mut parts = sentence.split('{');
    let mut filled = parts.next()?.to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}')?;
        filled.push_str(captures.get(name)?.trim());
        filled.push_str(rest);
    }
    Some(filled)
}

/// What the text names, the one to look at first; the text's own subject comes last.
pub(super) fn subjects(scene: &Scene<'_>, captures: &Captures, text: &Text) -> Vec<Subject> {
    let namespace = field(captures, &["ns"]);
    let mut subjects: Vec<Subject> = Vec::new();
    if let Some(name) = field(captures, &["pdb"]) {
        let namespace = namespace.or_else(|| budget_namespace(scene, name));
        subjects
            .extend(namespace.map(|namespace| Subject::object("policy/v1", "PodDisruptionBudget", namespace, name)));
    }
    if let Some(name) = field(captures, &["webhook"]) {
        if let Some(Ok((_, subject))) = webhooks::by_name(scene, name) {
            subjects.push(subject);
        }
        if let (Some(namespace), Some(service)) = (namespace, field(captures, &["svc"])) {
            subjects.push(Subject::object("v1", "Service", namespace, service));
        }
    }
    if let Some(name) = field(captures, &["pv", "pv2"]) {
        subjects.push(Subject::Object {
            object: ObjectRef::of_cluster("v1", "PersistentVolume", name),
        });
    }
    if let Some(name) =
        field(captures, &["pod2", "pod"]).filter(|_| !captures.contains_key("webhook") || namespace.is_none())
    {
        subjects.extend(pod(scene, namespace, name));
    }
    subjects.extend(
        field(captures, &["node"])
            .and_then(Text::node_of)
            .map(|node| Subject::node(&node)),
    );
    let named = azure_subjects(captures);
    if named.is_empty() {
        subjects.extend(resources(&text.words()));
    }
    subjects.extend(named);
    if let Some(name) = field(captures, &["pool"]) {
        subjects.push(Subject::pool(&NodePoolName::new(name)));
    }
    subjects.push(text.subject.clone());
    subjects
}

/// Resources whose ids a text holds, but for the cluster and its pools themselves.
fn resources(words: &str) -> Vec<Subject> {
    let ends = |sign: char| sign.is_whitespace() || "'\",;)]}".contains(sign);
    let starts = words.match_indices("/subscriptions/").map(|(at, _)| &words[at..]);
    let ids = starts
        .filter_map(|rest| rest.split(ends).next())
        .map(|id| id.trim_end_matches('.'));
    let mut found: Vec<Subject> = Vec::new();
    for id in ids.filter(|id| id.contains("/providers/") && !id.to_ascii_lowercase().contains("/managedclusters/")) {
        let mut parts = id.rsplit('/');
        if let (Some(name), Some(kind)) = (parts.next(), parts.next()) {
            let subject = Subject::Azure {
                kind: plain_kind(kind),
                name: name.to_owned(),
                id: Some(id.to_owned()),
            };
            if !found.contains(&subject) {
                found.push(subject);
            }
        }
    }
    found
}

/// `policyAssignments` as `policy assignment`.
fn plain_kind(kind: &str) -> String {
    let mut plain = String::new();
    for sign in kind.trim_end_matches('s').chars() {
        if sign.is_ascii_uppercase() && !plain.is_empty() {
            plain.push(' ');
        }
        plain.push(sign.to_ascii_lowercase());
    }
    plain
}

/// The namespace of the only budget of that name.
fn budget_namespace<'a>(scene: &Scene<'a>, name: &str) -> Option<&'a str> {
    let budgets = scene.symptoms.survey.kubernetes.budgets.as_ref().ok()?;
    let mut named = budgets
        .iter()
        .map(|fact| &fact.budget)
        .filter(|budget| budget.name == name);
    let first = named.next()?;
    named.next().is_none().then_some(first.namespace.as_str())
}

/// A pod, in the namespace the text gives or the one where a pod of that name is.
fn pod(scene: &Scene<'_>, namespace: Option<&str>, name: &str) -> Option<Subject> {
    let found = || scene.pods().iter().find(|fact| fact.pod.name == name);
    let namespace = namespace.or_else(|| found().map(|fact| fact.pod.namespace.as_str()))?;
    Some(Subject::object("v1", "Pod", namespace, name))
}

fn azure_subjects(captures: &Captures) -> Vec<Subject> {
    let kinds: [(&str, &[&str]); 9] = [
        ("API", &["api"]),
        ("vCPU limit", &["family", "family2", "fam"]),
        ("subnet", &["subnet"]),
        ("lock", &["scope"]),
        ("resource", &["missing"]),
        ("virtual network", &["vnet"]),
        ("policy assignment", &["assignment"]),
        ("service principal", &["app"]),
        ("identity", &["client"]),
    ];
    kinds
        .iter()
        .filter(|(kind, _)| *kind != "resource" || captures.contains_key("by"))
        .filter(|(kind, _)| *kind != "lock" || captures.contains_key("verb"))
        .filter_map(|(kind, names)| Some((kind, field(captures, names)?)))
        .map(|(kind, value)| {
            let is_id = value.starts_with('/');
            Subject::Azure {
                kind: (*kind).to_owned(),
                name: value.rsplit('/').next().unwrap_or(value).to_owned(),
                id: is_id.then(|| value.to_owned()),
            }
        })
        .collect()
}
