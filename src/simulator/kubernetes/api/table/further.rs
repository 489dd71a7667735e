//! Columns and cells of the kinds an upgrade meets now and then: volumes, services, webhooks, jobs, API machinery.

use serde_json::{Value, json};

use super::rows::{containers, pairs, selector, text as text_or};
use super::{Column, number, text, wide};
use crate::simulator::kubernetes::objects::fields;
use crate::simulator::kubernetes::objects::kinds::Kind;

/// In the order of the cells; name and age alone for what shows nothing else.
pub(super) fn columns(kind: Kind) -> Vec<Column> {
    let (middle, after_age): (Vec<Column>, Vec<Column>) = match kind {
        Kind::Service => (
            ["Type", "Cluster-IP", "External-IP", "Port(s)"].map(text).into(),
            vec![wide("Selector")],
        ),
        Kind::Secret => (vec![text("Type"), number("Data")], Vec::new()),
        Kind::PersistentVolume => (
            [
                "Capacity",
                "Access Modes",
                "Reclaim Policy",
                "Status",
                "Claim",
                "StorageClass",
                "VolumeAttributesClass",
                "Reason",
            ]
            .map(text)
            .into(),
            vec![wide("VolumeMode")],
        ),
        Kind::PersistentVolumeClaim => (
            [
                "Status",
                "Volume",
                "Capacity",
                "Access Modes",
                "StorageClass",
                "VolumeAttributesClass",
            ]
            .map(text)
            .into(),
            vec![wide("VolumeMode")],
        ),
        Kind::VolumeAttachment => (["Attacher", "PV", "Node", "Attached"].map(text).into(), Vec::new()),
        Kind::StorageClass => (
            [
                "Provisioner",
                "ReclaimPolicy",
                "VolumeBindingMode",
                "AllowVolumeExpansion",
            ]
            .map(text)
            .into(),
            Vec::new(),
        ),
        Kind::HorizontalPodAutoscaler => (
            ["Reference", "Targets", "MinPods", "MaxPods", "Replicas"]
                .map(text)
                .into(),
            Vec::new(),
        ),
        Kind::EndpointSlice => (["AddressType", "Ports", "Endpoints"].map(text).into(), Vec::new()),
        Kind::Job => (
            ["Status", "Completions", "Duration"].map(text).into(),
            ["Containers", "Images", "Selector"].map(wide).into(),
        ),
        Kind::CronJob => (
            ["Schedule", "Timezone", "Suspend", "Active", "Last Schedule"]
                .map(text)
                .into(),
            ["Containers", "Images", "Selector"].map(wide).into(),
        ),
        Kind::Ingress => (["Class", "Hosts", "Address", "Ports"].map(text).into(), Vec::new()),
        Kind::FlowSchema => (
            ["PriorityLevel", "MatchingPrecedence", "DistinguisherMethod"]
                .map(text)
                .into(),
            vec![text("MissingPL")],
        ),
        Kind::PriorityLevelConfiguration => (
            [
                "Type",
                "NominalConcurrencyShares",
                "Queues",
                "HandSize",
                "QueueLengthLimit",
            ]
            .map(text)
            .into(),
            Vec::new(),
        ),
        Kind::ApiService => (["Service", "Available"].map(text).into(), Vec::new()),
        Kind::ValidatingWebhookConfiguration | Kind::MutatingWebhookConfiguration => {
            (vec![number("Webhooks")], Vec::new())
        }
        Kind::CertificateSigningRequest => (
            Vec::new(),
            ["SignerName", "Requestor", "RequestedDuration", "Condition"]
                .map(text)
                .into(),
        ),
        Kind::CustomResourceDefinition => return vec![text("Name"), text("Created At")],
        _ => (Vec::new(), Vec::new()),
    };
    let mut columns = vec![text("Name")];
    columns.extend(middle);
    columns.push(text("Age"));
    columns.extend(after_age);
    columns
}

/// The cells of one row.
pub(super) fn cells(kind: Kind, object: &Value, name: Value, age: Value) -> Vec<Value> {
    let (middle, after_age) = match kind {
        Kind::Service => (service(object), vec![pairs(&object["spec"]["selector"])]),
        Kind::Secret => {
            let keys = object["data"].as_object().map_or(0, serde_json::Map::len);
            (vec![text_or(&object["type"], "Opaque"), json!(keys)], Vec::new())
        }
        Kind::PersistentVolume | Kind::PersistentVolumeClaim => (
            storage(kind, object),
            vec![text_or(&object["spec"]["volumeMode"], "Filesystem")],
        ),
        Kind::VolumeAttachment => {
            let spec = &object["spec"];
            let volume = &spec["source"]["persistentVolumeName"];
            (
                vec![
                    text_or(&spec["attacher"], ""),
                    text_or(volume, ""),
                    text_or(&spec["nodeName"], ""),
                    plain(&object["status"]["attached"]),
                ],
                Vec::new(),
            )
        }
        Kind::StorageClass => (
            vec![
                text_or(&object["provisioner"], ""),
                text_or(&object["reclaimPolicy"], "Delete"),
                text_or(&object["volumeBindingMode"], "Immediate"),
                plain(&object["allowVolumeExpansion"]),
            ],
            Vec::new(),
        ),
        Kind::HorizontalPodAutoscaler => (autoscaler(object), Vec::new()),
        Kind::EndpointSlice => (slice(object), Vec::new()),
        Kind::Job | Kind::CronJob => (batch(kind, object), batch_images(kind, object)),
        Kind::Ingress => (ingress(object), Vec::new()),
        Kind::FlowSchema => {
            let spec = &object["spec"];
            (
                vec![
                    text_or(&spec["priorityLevelConfiguration"]["name"], ""),
                    plain(&spec["matchingPrecedence"]),
                    text_or(&spec["distinguisherMethod"]["type"], "<none>"),
                ],
                vec![condition_word(object, "Dangling")],
            )
        }
        Kind::PriorityLevelConfiguration => (priority_level(object), Vec::new()),
        Kind::ApiService => (api_service(object), Vec::new()),
        Kind::ValidatingWebhookConfiguration | Kind::MutatingWebhookConfiguration => {
            let count = object["webhooks"].as_array().map_or(0, Vec::len);
            (vec![json!(count)], Vec::new())
        }
        Kind::CertificateSigningRequest => (Vec::new(), signing_request(object)),
        Kind::CustomResourceDefinition => {
            return vec![name, text_or(&object["metadata"]["creationTimestamp"], "<unknown>")];
        }
        _ => (Vec::new(), Vec::new()),
    };
    let mut cells = vec![name];
    cells.extend(middle);
    cells.push(age);
    cells.extend(after_age);
    cells
}

fn service(service: &Value) -> Vec<Value> {
    let spec = &service["spec"];
    let ports: Vec<String> = list(&spec["ports"])
        .map(|port| format!("{}/{}", port["port"], port["protocol"].as_str().unwrap_or("TCP")))
        .collect();
    let external: Vec<&str> = list(&service["status"]["loadBalancer"]["ingress"])
        .filter_map(|one| one["ip"].as_str())
        .collect();
    vec![
        text_or(&spec["type"], "ClusterIP"),
        text_or(&spec["clusterIP"], "<none>"),
        json!(joined_or(&external, "<none>")),
        json!(joined_or(&ports, "<none>")),
    ]
}

fn storage(kind: Kind, object: &Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let modes: Vec<&str> = list(&spec["accessModes"])
        .filter_map(Value::as_str)
        .map(|mode| match mode {
            "ReadWriteOnce" => "RWO",
            "ReadOnlyMany" => "ROX",
            "ReadWriteMany" => "RWX",
            "ReadWriteOncePod" => "RWOP",
            other => other,
        })
        .collect();
    let modes = json!(modes.join(","));
    let class = text_or(&spec["storageClassName"], "");
    if kind == Kind::PersistentVolumeClaim {
        return vec![
            text_or(&status["phase"], ""),
            text_or(&spec["volumeName"], ""),
            text_or(&status["capacity"]["storage"], ""),
            modes,
            class,
            json!("<unset>"),
        ];
    }
    let claim = &spec["claimRef"];
    let claim = match (claim["namespace"].as_str(), claim["name"].as_str()) {
        (Some(namespace), Some(name)) => format!("{namespace}/{name}"),
        _ => String::new(),
    };
    vec![
        text_or(&spec["capacity"]["storage"], ""),
        modes,
        text_or(&spec["persistentVolumeReclaimPolicy"], "Delete"),
        text_or(&status["phase"], ""),
        json!(claim),
        class,
        json!("<unset>"),
        text_or(&status["reason"], ""),
    ]
}

fn autoscaler(autoscaler: &Value) -> Vec<Value> {
    let (spec, status) = (&autoscaler["spec"], &autoscaler["status"]);
    let target = &spec["scaleTargetRef"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    vec![
        json!(format!("{}/{}", text(&target["kind"]), text(&target["name"]))),
        json!("<unknown>"),
        json!(spec["minReplicas"].as_u64().unwrap_or(1).to_string()),
        plain(&spec["maxReplicas"]),
        plain(&status["currentReplicas"]),
    ]
}

fn slice(slice: &Value) -> Vec<Value> {
    let ports: Vec<String> = list(&slice["ports"]).map(|port| port["port"].to_string()).collect();
    let endpoints: Vec<&str> = list(&slice["endpoints"])
        .filter_map(|endpoint| endpoint["addresses"][0].as_str())
        .collect();
    vec![
        text_or(&slice["addressType"], ""),
        json!(joined_or(&ports, "<unset>")),
        json!(joined_or(&endpoints, "<unset>")),
    ]
}

fn batch(kind: Kind, object: &Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    if kind == Kind::CronJob {
        return vec![
            text_or(&spec["schedule"], ""),
            text_or(&spec["timeZone"], "<none>"),
            json!(if spec["suspend"] == Value::Bool(true) {
                "True"
            } else {
                "False"
            }),
            json!(list(&status["active"]).count().to_string()),
            json!("<none>"),
        ];
    }
    let done = status["succeeded"].as_u64().unwrap_or(0);
    let wanted = spec["completions"]
        .as_u64()
        .or_else(|| spec["parallelism"].as_u64())
        .unwrap_or(1);
    let word = if fields::has_condition(object, "Complete") {
        "Complete"
    } else if fields::has_condition(object, "Failed") {
        "Failed"
    } else {
        "Running"
    };
    vec![json!(word), json!(format!("{done}/{wanted}")), json!("")]
}

fn batch_images(kind: Kind, object: &Value) -> Vec<Value> {
    let job = if kind == Kind::CronJob {
        json!({ "spec": object["spec"]["jobTemplate"]["spec"] })
    } else {
        json!({ "spec": object["spec"] })
    };
    let mut cells: Vec<Value> = containers(&job).into();
    cells.push(selector(&job));
    cells
}

fn ingress(ingress: &Value) -> Vec<Value> {
    let hosts: Vec<&str> = list(&ingress["spec"]["rules"])
        .filter_map(|rule| rule["host"].as_str())
        .collect();
    let addresses: Vec<&str> = list(&ingress["status"]["loadBalancer"]["ingress"])
        .filter_map(|one| one["ip"].as_str())
        .collect();
    let has_tls = list(&ingress["spec"]["tls"]).next().is_some();
    vec![
        text_or(&ingress["spec"]["ingressClassName"], "<none>"),
        json!(joined_or(&hosts, "*")),
        json!(addresses.join(",")),
        json!(if has_tls { "80, 443" } else { "80" }),
    ]
}

fn priority_level(level: &Value) -> Vec<Value> {
    let spec = &level["spec"];
    let limited = &spec["limited"];
    let queuing = &limited["limitResponse"]["queuing"];
    vec![
        text_or(&spec["type"], ""),
        plain(&limited["nominalConcurrencyShares"]),
        plain(&queuing["queues"]),
        plain(&queuing["handSize"]),
        plain(&queuing["queueLengthLimit"]),
    ]
}

fn api_service(service: &Value) -> Vec<Value> {
    let target = &service["spec"]["service"];
    let place = match (target["namespace"].as_str(), target["name"].as_str()) {
        (Some(namespace), Some(name)) => format!("{namespace}/{name}"),
        _ => "Local".to_owned(),
    };
    let available = fields::condition(service, "Available");
    let word = match available {
        Some(condition) if condition["status"] == "True" => "True".to_owned(),
        Some(condition) => format!(
            "{} ({})",
            condition["status"].as_str().unwrap_or("Unknown"),
            condition["reason"].as_str().unwrap_or_default()
        ),
        None => "Unknown".to_owned(),
    };
    vec![json!(place), json!(word)]
}

fn signing_request(request: &Value) -> Vec<Value> {
    let spec = &request["spec"];
    let mut words: Vec<&str> = list(&request["status"]["conditions"])
        .filter_map(|condition| condition["type"].as_str())
        .collect();
    if request["status"]["certificate"].is_string() {
        words.push("Issued");
    }
    vec![
        text_or(&spec["signerName"], "<none>"),
        text_or(&spec["username"], ""),
        json!("<none>"),
        json!(joined_or(&words, "Pending")),
    ]
}

fn condition_word(object: &Value, kind: &str) -> Value {
    fields::condition(object, kind).map_or_else(|| json!("?"), |condition| condition["status"].clone())
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn joined_or(words: &[impl AsRef<str>], otherwise: &str) -> String {
    if words.is_empty() {
        return otherwise.to_owned();
    }
    words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",")
}

/// A number or a truth as text; nothing where it is not there.
fn plain(value: &Value) -> Value {
    match value {
        Value::Null => json!("<none>"),
        Value::String(text) => json!(text),
        other => json!(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: Kind, object: &Value) -> Vec<String> {
        cells(kind, object, json!("a"), json!("5m"))
            .iter()
            .map(|cell| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned))
            .collect()
    }

    #[test]
    fn rows_are_those_of_kubectl() {
        let volume = json!({
            "spec": { "capacity": { "storage": "8Gi" }, "accessModes": ["ReadWriteOnce"], "storageClassName": "default",
                "claimRef": { "namespace": "shop", "name": "data" } },
            "status": { "phase": "Bound" },
        });
        assert_eq!(
            row(Kind::PersistentVolume, &volume)[..7],
            ["a", "8Gi", "RWO", "Delete", "Bound", "shop/data", "default"]
        );
        let service = json!({ "spec": { "service": { "namespace": "kube-system", "name": "m" } },
            "status": { "conditions": [{ "type": "Available", "status": "False", "reason": "MissingEndpoints" }] } });
        assert_eq!(
            row(Kind::ApiService, &service),
            ["a", "kube-system/m", "False (MissingEndpoints)", "5m"]
        );
        assert_eq!(row(Kind::CertificateSigningRequest, &json!({}))[5], "Pending");
        assert_eq!(
            row(Kind::Service, &json!({ "spec": { "ports": [{ "port": 80 }] } }))[4],
            "80/TCP"
        );
    }
}
