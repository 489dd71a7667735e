//! Reads and writes the fields of objects kept as JSON. Never panics on a field that is missing or of another shape.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// `metadata.name`, or nothing.
pub(crate) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// `metadata.namespace`; empty for what has none.
pub(crate) fn namespace(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().unwrap_or_default()
}

pub(crate) fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or_default()
}

/// The uid of the controller that owns the object.
pub(crate) fn owner_uid(object: &Value) -> Option<&str> {
    controller(object)?["uid"].as_str()
}

/// The owner reference of the object's controller.
pub(crate) fn controller(object: &Value) -> Option<&Value> {
    object["metadata"]["ownerReferences"]
        .as_array()?
        .iter()
        .find(|owner| owner["controller"] == Value::Bool(true))
}

pub(crate) fn labels(object: &Value) -> Option<&Map<String, Value>> {
    object["metadata"]["labels"].as_object()
}

/// True once the object was told to go.
pub(crate) fn is_deleting(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

pub(crate) fn has_finalizers(object: &Value) -> bool {
    object["metadata"]["finalizers"]
        .as_array()
        .is_some_and(|finalizers| !finalizers.is_empty())
}

/// The node a pod was given to.
pub(crate) fn node_of(pod: &Value) -> Option<&str> {
    pod["spec"]["nodeName"].as_str().filter(|node| !node.is_empty())
}

pub(crate) fn phase(pod: &Value) -> &str {
    pod["status"]["phase"].as_str().unwrap_or("Pending")
}

/// True for a pod that has ended by itself.
pub(crate) fn is_finished(pod: &Value) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// True for pods a controller counts: neither ended nor told to go.
pub(crate) fn is_active(pod: &Value) -> bool {
    !is_finished(pod) && !is_deleting(pod)
}

/// True where the condition of this type is `True`.
pub(crate) fn has_condition(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|condition| condition["status"] == "True")
}

pub(crate) fn is_ready(object: &Value) -> bool {
    has_condition(object, "Ready")
}

pub(crate) fn condition<'object>(object: &'object Value, kind: &str) -> Option<&'object Value> {
    object["status"]["conditions"]
        .as_array()?
        .iter()
        .find(|condition| condition["type"] == kind)
}

/// `spec.replicas`; one where it is not given, as the API defaults it.
pub(crate) fn replicas(object: &Value) -> usize {
    object["spec"]["replicas"]
        .as_u64()
        .and_then(|replicas| usize::try_from(replicas).ok())
        .unwrap_or(1)
}

/// A time as the API writes it: whole seconds, UTC.
pub(crate) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time as leases write it: microseconds, UTC.
pub(crate) fn micro_stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

pub(crate) fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// Puts `value` at `path`, making the objects on the way.
pub(crate) fn put(object: &mut Value, path: &[&str], value: impl Into<Value>) {
    let Some((field, above)) = path.split_last() else {
        return;
    };
    let mut place = object;
    for step in above {
        place = as_map(place)
            .entry((*step).to_owned())
            .or_insert_with(|| Value::Object(Map::new()));
    }
    as_map(place).insert((*field).to_owned(), value.into());
}

/// Takes the field at `path` out, if it is there.
pub(crate) fn take(object: &mut Value, path: &[&str]) -> Option<Value> {
    let (field, above) = path.split_last()?;
    let mut place = object;
    for step in above {
        place = place.get_mut(*step)?;
    }
    place.as_object_mut()?.remove(*field)
}

/// The fields of `value`, which becomes an empty object where it was none.
pub(crate) fn as_map(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("it was just made an object"),
    }
}

/// A condition to set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Condition<'text> {
    pub(crate) kind: &'text str,
    pub(crate) status: bool,
    pub(crate) reason: &'text str,
    pub(crate) message: &'text str,
}

/// Sets a condition; its transition time moves only when its status does.
pub(crate) fn set_condition(object: &mut Value, wanted: Condition<'_>, now: Timestamp) {
    let status = if wanted.status { "True" } else { "False" };
    let (since, heartbeat) = match condition(object, wanted.kind) {
        Some(old) => (
            (old["status"] == status).then(|| old["lastTransitionTime"].clone()),
            old.get("lastHeartbeatTime").is_some(),
        ),
        None => (None, false),
    };
    let mut fresh = json!({
        "type": wanted.kind,
        "status": status,
        "lastTransitionTime": since.unwrap_or_else(|| stamp(now).into()),
    });
    if heartbeat {
        put(&mut fresh, &["lastHeartbeatTime"], stamp(now));
    }
    for (field, text) in [("reason", wanted.reason), ("message", wanted.message)] {
        if !text.is_empty() {
            put(&mut fresh, &[field], text);
        }
    }
    let mut conditions = match take(object, &["status", "conditions"]) {
        Some(Value::Array(conditions)) => conditions,
        _ => Vec::new(),
    };
    match conditions.iter_mut().find(|condition| condition["type"] == wanted.kind) {
        Some(old) => *old = fresh,
        None => conditions.push(fresh),
    }
    put(object, &["status", "conditions"], conditions);
}

/// Puts another object's condition of this type in place of the own one; without one there is none any more.
pub(crate) fn carry_condition(object: &mut Value, kind: &str, condition: Option<Value>) {
    let Some(Value::Array(mut conditions)) = take(object, &["status", "conditions"]) else {
        if let Some(condition) = condition {
            put(object, &["status", "conditions"], vec![condition]);
        }
        return;
    };
    conditions.retain(|known| known["type"] != kind);
    conditions.extend(condition);
    put(object, &["status", "conditions"], conditions);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_keeps_its_transition_time_until_its_status_changes() {
        let mut object = json!({});
        let set = |object: &mut Value, status, second| {
            let wanted = Condition {
                kind: "Ready",
                status,
                reason: "R",
                message: "",
            };
            set_condition(object, wanted, Timestamp::from_second(second).unwrap());
            condition(object, "Ready").unwrap()["lastTransitionTime"].clone()
        };
        assert_eq!(set(&mut object, true, 0), "1970-01-01T00:00:00Z");
        assert_eq!(set(&mut object, true, 60), "1970-01-01T00:00:00Z");
        assert_eq!(set(&mut object, false, 61), "1970-01-01T00:01:01Z");
        assert_eq!(object["status"]["conditions"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn writing_survives_any_shape() {
        let mut object = json!({ "metadata": "text" });
        put(&mut object, &["metadata", "labels", "a"], "b");
        assert_eq!(object, json!({ "metadata": { "labels": { "a": "b" } } }));
        assert_eq!(take(&mut object, &["metadata", "labels", "a"]), Some("b".into()));
        assert_eq!(take(&mut object, &["metadata", "labels", "a", "deeper"]), None);
        assert_eq!(name(&json!([1])), "");
        assert_eq!(replicas(&json!({ "spec": { "replicas": -4 } })), 1);
    }
}
