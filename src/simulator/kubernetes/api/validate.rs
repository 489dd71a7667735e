//! What an object must look like to be accepted: shapes the controllers rely on, and rules users run into.

use serde_json::Value;

use super::failure::Failure;
use crate::simulator::kubernetes::objects::fields;
use crate::simulator::kubernetes::objects::kinds::Kind;

/// Fields of a pod's spec that may change after it was made (Kubernetes docs "Pods", 2026: pod update).
const CHANGEABLE_IN_PODS: [&str; 5] = [
    "containers",
    "initContainers",
    "activeDeadlineSeconds",
    "tolerations",
    "terminationGracePeriodSeconds",
];

/// Checks an object that is about to be written.
pub(super) fn check(kind: Kind, object: &Value) -> Result<(), Failure> {
    let name = fields::name(object);
    if !is_name(name) {
        return Err(Failure::invalid(
            kind,
            name,
            "metadata.name",
            &format!(
                "Invalid value: \"{name}\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
                 characters, '-' or '.', and must start and end with an alphanumeric character"
            ),
        ));
    }
    for field in ["labels", "annotations"] {
        let is_texts = |map: &serde_json::Map<String, Value>| map.values().all(Value::is_string);
        shape(
            &object["metadata"][field],
            |value| value.as_object().is_some_and(is_texts),
            field,
            "map[string]string",
        )?;
    }
    for field in ["finalizers", "ownerReferences"] {
        shape(&object["metadata"][field], Value::is_array, field, "list")?;
    }
    for field in ["spec", "status"] {
        shape(&object[field], Value::is_object, field, "object")?;
    }
    let spec = &object["spec"];
    shape(&spec["unschedulable"], Value::is_boolean, "spec.unschedulable", "bool")?;
    shape(&spec["taints"], Value::is_array, "spec.taints", "list")?;
    check_replicas(kind, name, spec)?;
    if kind == Kind::PodDisruptionBudget {
        check_budget(name, spec)?;
    }
    Ok(())
}

/// Checks that an update leaves alone what it may not touch.
pub(super) fn check_update(kind: Kind, old: &Value, new: &Value) -> Result<(), Failure> {
    check(kind, new)?;
    if kind != Kind::Pod {
        return Ok(());
    }
    let fixed = |pod: &Value| {
        let mut spec = pod["spec"].clone();
        for field in CHANGEABLE_IN_PODS {
            fields::take(&mut spec, &[field]);
        }
        spec
    };
    if fixed(old) == fixed(new) {
        Ok(())
    } else {
        Err(Failure::invalid(
            kind,
            fields::name(old),
            "spec",
            "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,\
             `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to \
             existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously \
             negative)",
        ))
    }
}

fn check_replicas(kind: Kind, name: &str, spec: &Value) -> Result<(), Failure> {
    let replicas = &spec["replicas"];
    shape(
        replicas,
        |value| value.is_i64() || value.is_u64(),
        "spec.replicas",
        "int32",
    )?;
    if replicas.as_i64().is_some_and(|replicas| replicas < 0) {
        let why = format!("Invalid value: {replicas}: must be greater than or equal to 0");
        return Err(Failure::invalid(kind, name, "spec.replicas", &why));
    }
    if replicas.as_u64().is_some_and(|replicas| replicas > 10_000) {
        let why = format!("Invalid value: {replicas}: the simulator runs at most 10000 pods of one workload");
        return Err(Failure::invalid(kind, name, "spec.replicas", &why));
    }
    Ok(())
}

fn check_budget(name: &str, spec: &Value) -> Result<(), Failure> {
    let kind = Kind::PodDisruptionBudget;
    if !spec["minAvailable"].is_null() && !spec["maxUnavailable"].is_null() {
        let why = "Invalid value: minAvailable and maxUnavailable cannot be both set";
        return Err(Failure::invalid(kind, name, "spec", why));
    }
    for field in ["minAvailable", "maxUnavailable"] {
        let amount = &spec[field];
        let is_share = |text: &str| {
            let percent = text.strip_suffix('%').and_then(|percent| percent.parse::<u64>().ok());
            percent.is_some_and(|percent| percent <= 100)
        };
        if !amount.is_null() && !amount.is_u64() && !amount.as_str().is_some_and(is_share) {
            let why = format!(
                "Invalid value: {amount}: a valid percent string must be a numeric string followed by an ending '%' \
                 (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
            );
            return Err(Failure::invalid(kind, name, &format!("spec.{field}"), &why));
        }
    }
    Ok(())
}

/// A field of another shape cannot even be decoded, which is another error than an invalid value.
fn shape(value: &Value, is_right: impl Fn(&Value) -> bool, field: &str, wanted: &str) -> Result<(), Failure> {
    if value.is_null() || is_right(value) {
        Ok(())
    } else {
        Err(Failure::bad_request(format!(
            "json: cannot unmarshal {value} into field {field} of type {wanted}"
        )))
    }
}

fn is_name(name: &str) -> bool {
    let is_edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    name.len() <= 253
        && is_edge(bytes.first())
        && is_edge(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(kind: Kind, object: &Value) -> Option<u16> {
        check(kind, object).err().map(|failure| failure.code)
    }

    #[test]
    fn objects_are_checked_before_they_are_written() {
        let named = |name: &str| json!({ "metadata": { "name": name } });
        assert_eq!(code(Kind::ConfigMap, &named("a-1.b")), None);
        for name in ["", "A", "-a", "a_b"] {
            assert_eq!(code(Kind::ConfigMap, &named(name)), Some(422), "{name}");
        }
        let with = |spec: Value| json!({ "metadata": { "name": "a" }, "spec": spec });
        assert_eq!(code(Kind::Deployment, &with(json!({ "replicas": -1 }))), Some(422));
        assert_eq!(code(Kind::Deployment, &with(json!({ "replicas": "3" }))), Some(400));
        assert_eq!(code(Kind::Node, &with(json!({ "unschedulable": "yes" }))), Some(400));
        assert_eq!(code(Kind::Node, &with(json!([]))), Some(400));
        assert_eq!(
            code(Kind::PodDisruptionBudget, &with(json!({ "minAvailable": "50%" }))),
            None
        );
        assert_eq!(
            code(Kind::PodDisruptionBudget, &with(json!({ "minAvailable": "half" }))),
            Some(422)
        );
        assert_eq!(
            code(
                Kind::PodDisruptionBudget,
                &with(json!({ "minAvailable": 1, "maxUnavailable": 1 }))
            ),
            Some(422)
        );
        assert_eq!(
            code(
                Kind::Node,
                &json!({ "metadata": { "name": "a", "labels": { "x": 1 } } })
            ),
            Some(400)
        );
    }

    #[test]
    fn a_pod_keeps_its_node() {
        let pod = |node: &str| json!({ "metadata": { "name": "p" }, "spec": { "nodeName": node } });
        assert!(check_update(Kind::Pod, &pod("n1"), &pod("n1")).is_ok());
        assert_eq!(check_update(Kind::Pod, &pod("n1"), &pod("n2")).unwrap_err().code, 422);
    }
}
