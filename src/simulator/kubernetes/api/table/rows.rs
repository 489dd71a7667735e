//! The cells of one object, in the order of its kind's columns.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age::since;
use super::further;
use crate::simulator::kubernetes::objects::fields;
use crate::simulator::kubernetes::objects::kinds::Kind;

/// The cells of one row.
pub(super) fn cells(kind: Kind, object: &Value, now: Timestamp) -> Vec<Value> {
    let name = json!(fields::name(object));
    let age = json!(since(&object["metadata"]["creationTimestamp"], now));
    match kind {
        Kind::Namespace => vec![name, object["status"]["phase"].clone(), age],
        Kind::Node => node(object, name, age),
        Kind::Pod => pod(object, name, age),
        Kind::Event => event(object, now),
        Kind::ConfigMap => {
            let keys = ["data", "binaryData"]
                .iter()
                .filter_map(|field| object[*field].as_object())
                .map(serde_json::Map::len)
                .sum::<usize>();
            vec![name, json!(keys), age]
        }
        Kind::Deployment => {
            let mut cells = vec![
                name,
                ready_of(object),
                count(object, "updatedReplicas"),
                count(object, "availableReplicas"),
                age,
            ];
            cells.extend(containers(object));
            cells.push(selector(object));
            cells
        }
        Kind::ReplicaSet => {
            let mut cells = vec![
                name,
                json!(fields::replicas(object)),
                count(object, "replicas"),
                count(object, "readyReplicas"),
                age,
            ];
            cells.extend(containers(object));
            cells.push(selector(object));
            cells
        }
        Kind::StatefulSet => {
            let mut cells = vec![name, ready_of(object), age];
            cells.extend(containers(object));
            cells
        }
        Kind::DaemonSet => daemon_set(object, name, age),
        Kind::PodDisruptionBudget => vec![
            name,
            amount(&object["spec"]["minAvailable"]),
            amount(&object["spec"]["maxUnavailable"]),
            count(object, "disruptionsAllowed"),
            age,
        ],
        Kind::Lease => vec![name, text(&object["spec"]["holderIdentity"], ""), age],
        _ => further::cells(kind, object, name, age),
    }
}

fn node(node: &Value, name: Value, age: Value) -> Vec<Value> {
    let mut status = match fields::condition(node, "Ready").and_then(|ready| ready["status"].as_str()) {
        Some("True") => "Ready".to_owned(),
        Some("False") => "NotReady".to_owned(),
        _ => "Unknown".to_owned(),
    };
    if node["spec"]["unschedulable"] == Value::Bool(true) {
        status.push_str(",SchedulingDisabled");
    }
    let roles: Vec<&str> = fields::labels(node)
        .into_iter()
        .flatten()
        .filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/"))
        .collect();
    let address = node["status"]["addresses"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|address| address["type"] == "InternalIP")
        .map_or(&Value::Null, |address| &address["address"]);
    let info = &node["status"]["nodeInfo"];
    vec![
        name,
        json!(status),
        json!(if roles.is_empty() {
            "<none>".to_owned()
        } else {
            roles.join(",")
        }),
        age,
        text(&info["kubeletVersion"], ""),
        text(address, "<none>"),
        json!("<none>"),
        text(&info["osImage"], "<unknown>"),
        text(&info["kernelVersion"], "<unknown>"),
        text(&info["containerRuntimeVersion"], "<unknown>"),
    ]
}

fn pod(pod: &Value, name: Value, age: Value) -> Vec<Value> {
    let statuses = pod["status"]["containerStatuses"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let wanted = pod["spec"]["containers"].as_array().map_or(0, Vec::len);
    let ready = statuses
        .iter()
        .filter(|status| status["ready"] == Value::Bool(true))
        .count();
    let restarts: u64 = statuses
        .iter()
        .filter_map(|status| status["restartCount"].as_u64())
        .sum();
    vec![
        name,
        json!(format!("{ready}/{wanted}")),
        json!(pod_status(pod, statuses)),
        json!(restarts.to_string()),
        age,
        text(&pod["status"]["podIP"], "<none>"),
        text(&pod["spec"]["nodeName"], "<none>"),
        json!("<none>"),
        json!("<none>"),
    ]
}

/// The phase, or what a container waits for, or that the pod was told to go.
fn pod_status<'pod>(pod: &'pod Value, statuses: &'pod [Value]) -> &'pod str {
    if fields::is_deleting(pod) {
        return "Terminating";
    }
    statuses
        .iter()
        .find_map(|status| status["state"]["waiting"]["reason"].as_str())
        .or_else(|| pod["status"]["reason"].as_str())
        .unwrap_or_else(|| fields::phase(pod))
}

fn event(event: &Value, now: Timestamp) -> Vec<Value> {
    let about = &event["involvedObject"];
    let kind = about["kind"].as_str().unwrap_or_default().to_lowercase();
    let source = ["component", "host"]
        .iter()
        .filter_map(|field| event["source"][*field].as_str())
        .collect::<Vec<_>>()
        .join(", ");
    vec![
        json!(since(&event["lastTimestamp"], now)),
        text(&event["type"], ""),
        text(&event["reason"], ""),
        json!(format!("{kind}/{}", about["name"].as_str().unwrap_or_default())),
        text(&about["fieldPath"], ""),
        json!(source),
        json!(event["message"].as_str().unwrap_or_default().trim()),
        json!(since(&event["firstTimestamp"], now)),
        json!(event["count"].as_u64().unwrap_or(1).to_string()),
        json!(fields::name(event)),
    ]
}

fn daemon_set(set: &Value, name: Value, age: Value) -> Vec<Value> {
    let mut cells = vec![name];
    let counts = [
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    ];
    cells.extend(counts.map(|field| count(set, field)));
    cells.push(pairs(&set["spec"]["template"]["spec"]["nodeSelector"]));
    cells.push(age);
    cells.extend(containers(set));
    cells.push(selector(set));
    cells
}

fn ready_of(object: &Value) -> Value {
    let ready = object["status"]["readyReplicas"].as_u64().unwrap_or(0);
    json!(format!("{ready}/{}", fields::replicas(object)))
}

fn count(object: &Value, field: &str) -> Value {
    json!(object["status"][field].as_u64().unwrap_or(0))
}

fn amount(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.to_string()),
        other => text(other, "N/A"),
    }
}

pub(super) fn text(value: &Value, otherwise: &str) -> Value {
    json!(value.as_str().unwrap_or(otherwise))
}

/// Names and images of the containers.
pub(super) fn containers(object: &Value) -> [Value; 2] {
    let containers = object["spec"]["template"]["spec"]["containers"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    ["name", "image"].map(|field| {
        let all: Vec<&str> = containers
            .iter()
            .filter_map(|container| container[field].as_str())
            .collect();
        json!(all.join(","))
    })
}

pub(super) fn selector(object: &Value) -> Value {
    pairs(&object["spec"]["selector"]["matchLabels"])
}

/// `a=b,c=d`.
pub(super) fn pairs(labels: &Value) -> Value {
    let pairs: Vec<String> = labels
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    json!(if pairs.is_empty() {
        "<none>".to_owned()
    } else {
        pairs.join(",")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: Kind, object: &Value, columns: usize) -> Vec<String> {
        cells(kind, object, "2026-01-01T00:10:00Z".parse().unwrap())
            .iter()
            .take(columns)
            .map(|cell| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned))
            .collect()
    }

    #[test]
    fn nodes_show_what_kubectl_shows() {
        let mut node = json!({
            "metadata": { "name": "n1", "creationTimestamp": "2026-01-01T00:00:00Z" },
            "spec": { "unschedulable": true },
            "status": {
                "conditions": [{ "type": "Ready", "status": "True" }],
                "nodeInfo": { "kubeletVersion": "v1.33.5" },
            },
        });
        assert_eq!(
            row(Kind::Node, &node, 5),
            ["n1", "Ready,SchedulingDisabled", "<none>", "10m", "v1.33.5"]
        );
        node["status"]["conditions"][0]["status"] = "False".into();
        node["spec"] = json!({});
        assert_eq!(row(Kind::Node, &node, 2), ["n1", "NotReady"]);
    }

    #[test]
    fn a_pod_shows_what_it_waits_for() {
        let mut pod = json!({
            "metadata": { "name": "p", "creationTimestamp": "2026-01-01T00:09:00Z" },
            "spec": { "containers": [{ "name": "c" }] },
            "status": { "phase": "Running", "containerStatuses": [
                { "ready": false, "restartCount": 6, "state": { "waiting": { "reason": "CrashLoopBackOff" } } },
            ] },
        });
        assert_eq!(row(Kind::Pod, &pod, 5), ["p", "0/1", "CrashLoopBackOff", "6", "60s"]);
        pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:10:00Z".into();
        assert_eq!(row(Kind::Pod, &pod, 3)[2], "Terminating");
    }

    #[test]
    fn a_budget_shows_the_amount_it_has() {
        let budget = json!({
            "metadata": { "name": "b" },
            "spec": { "minAvailable": 2 },
            "status": { "disruptionsAllowed": 1 },
        });
        assert_eq!(row(Kind::PodDisruptionBudget, &budget, 4), ["b", "2", "N/A", "1"]);
    }

    #[test]
    fn an_event_names_its_object_and_its_age() {
        let event = json!({
            "involvedObject": { "kind": "Node", "name": "n1" },
            "lastTimestamp": "2026-01-01T00:09:30Z",
            "type": "Warning", "reason": "Drain", "message": "held\n",
        });
        let cells = row(Kind::Event, &event, 7);
        assert_eq!([&cells[0], &cells[3], &cells[6]], ["30s", "node/n1", "held"]);
    }
}
