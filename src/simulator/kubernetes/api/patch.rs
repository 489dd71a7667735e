//! The three kinds of patch: JSON merge (RFC 7386), JSON patch (RFC 6902), and Kubernetes' strategic merge, for the
//! lists that are patched in practice (Kubernetes docs "Update API Objects in Place Using kubectl patch", 2026).

use serde_json::{Map, Value};

use super::failure::Failure;
use crate::simulator::kubernetes::objects::fields::as_map;

/// How a patch is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PatchKind {
    Merge,
    Strategic,
    Json,
}

impl PatchKind {
    pub(super) fn parse(content_type: &str) -> Result<Self, Failure> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/merge-patch+json" => Ok(Self::Merge),
            "application/strategic-merge-patch+json" => Ok(Self::Strategic),
            "application/json-patch+json" => Ok(Self::Json),
            other => Err(Failure::unsupported_media_type(other)),
        }
    }

    /// The object with the patch applied.
    pub(super) fn apply(self, object: &Value, patch: &Value) -> Result<Value, Failure> {
        let mut object = object.clone();
        match self {
            Self::Merge => merge(&mut object, patch),
            Self::Strategic => merge_by_strategy(&mut object, patch),
            Self::Json => apply_operations(&mut object, patch)?,
        }
        if object.is_object() {
            Ok(object)
        } else {
            Err(Failure::bad_request("the patch does not leave an object"))
        }
    }
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    let target = as_map(target);
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// What ties the entries of an old and a new list together.
enum ListStrategy {
    /// Entries are the same one where this field is.
    ByField(&'static str),
    /// Texts, each at most once.
    Set,
    Replace,
}

fn strategy(field: &str) -> ListStrategy {
    match field {
        "taints" => ListStrategy::ByField("key"),
        "conditions" | "addresses" => ListStrategy::ByField("type"),
        "ownerReferences" => ListStrategy::ByField("uid"),
        "containers" | "initContainers" | "env" | "volumes" | "webhooks" => ListStrategy::ByField("name"),
        "ports" => ListStrategy::ByField("containerPort"),
        "volumeMounts" => ListStrategy::ByField("mountPath"),
        "finalizers" => ListStrategy::Set,
        _ => ListStrategy::Replace,
    }
}

fn merge_by_strategy(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if patch.get("$patch").is_some_and(|word| word == "replace") {
        *target = Value::Object(without_directives(patch));
        return;
    }
    let target = as_map(target);
    for (key, value) in patch {
        if let Some(list) = key.strip_prefix("$deleteFromPrimitiveList/") {
            remove_from_list(target.get_mut(list), value);
        } else if let Some(kept) = (key == "$retainKeys").then(|| value.as_array()).flatten() {
            target.retain(|field, _| kept.iter().any(|kept| kept == field));
        } else if key.starts_with('$') {
            // Orders of lists do not matter to what the simulator does.
        } else if value.is_null() {
            target.remove(key);
        } else {
            merge_field(target.entry(key.clone()).or_insert(Value::Null), key, value);
        }
    }
}

fn merge_field(target: &mut Value, field: &str, patch: &Value) {
    match (patch, strategy(field)) {
        (Value::Object(_), _) => merge_by_strategy(target, patch),
        (Value::Array(entries), ListStrategy::ByField(tie)) => {
            // Ports of a container and of a Service are tied by different fields.
            let is_service = field == "ports" && entries.iter().all(|entry| entry[tie].is_null());
            merge_list(target, entries, if is_service { "port" } else { tie });
        }
        (Value::Array(entries), ListStrategy::Set) => {
            let mut all = take_list(target);
            for entry in entries {
                if !all.contains(entry) {
                    all.push(entry.clone());
                }
            }
            *target = Value::Array(all);
        }
        _ => *target = patch.clone(),
    }
}

fn merge_list(target: &mut Value, entries: &[Value], tie: &str) {
    let replaces = |entry: &Value| entry["$patch"] == "replace" && entry[tie].is_null();
    let mut all = if entries.iter().any(replaces) {
        Vec::new()
    } else {
        take_list(target)
    };
    for entry in entries.iter().filter(|entry| !replaces(entry)) {
        let at = all
            .iter()
            .position(|old| !entry[tie].is_null() && old[tie] == entry[tie]);
        match (at, entry["$patch"] == "delete") {
            (Some(at), true) => {
                all.remove(at);
            }
            (Some(at), false) => {
                if let Some(old) = all.get_mut(at) {
                    merge_by_strategy(old, entry);
                }
            }
            (None, true) => {}
            (None, false) => all.push(entry.clone()),
        }
    }
    *target = Value::Array(all);
}

fn take_list(value: &mut Value) -> Vec<Value> {
    match value.take() {
        Value::Array(entries) => entries,
        _ => Vec::new(),
    }
}

fn remove_from_list(list: Option<&mut Value>, entries: &Value) {
    if let (Some(Value::Array(list)), Some(gone)) = (list, entries.as_array()) {
        list.retain(|entry| !gone.contains(entry));
    }
}

fn without_directives(patch: &Map<String, Value>) -> Map<String, Value> {
    let fields = patch.iter().filter(|(key, _)| !key.starts_with('$'));
    fields.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn apply_operations(object: &mut Value, patch: &Value) -> Result<(), Failure> {
    let operations = patch
        .as_array()
        .ok_or_else(|| Failure::bad_request("a JSON patch is a list of operations"))?;
    for operation in operations {
        apply_operation(object, operation).ok_or_else(|| {
            Failure::bad_request(format!(
                "the server rejected our request: operation {operation} cannot be applied"
            ))
        })?;
    }
    Ok(())
}

fn apply_operation(object: &mut Value, operation: &Value) -> Option<()> {
    let path = operation["path"].as_str()?;
    match operation["op"].as_str()? {
        "add" => insert(object, path, operation.get("value")?.clone()),
        "remove" => remove(object, path).map(drop),
        "replace" => {
            *object.pointer_mut(path)? = operation.get("value")?.clone();
            Some(())
        }
        "test" => (object.pointer(path)? == operation.get("value")?).then_some(()),
        "move" => {
            let value = remove(object, operation["from"].as_str()?)?;
            insert(object, path, value)
        }
        "copy" => {
            let value = object.pointer(operation["from"].as_str()?)?.clone();
            insert(object, path, value)
        }
        _ => None,
    }
}

fn insert(object: &mut Value, path: &str, value: Value) -> Option<()> {
    let (above, last) = split_pointer(path)?;
    match object.pointer_mut(above)? {
        Value::Object(fields) => {
            fields.insert(last, value);
        }
        Value::Array(entries) if last == "-" => entries.push(value),
        Value::Array(entries) => {
            let at = last.parse().ok().filter(|at| *at <= entries.len())?;
            entries.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

fn remove(object: &mut Value, path: &str) -> Option<Value> {
    let (above, last) = split_pointer(path)?;
    match object.pointer_mut(above)? {
        Value::Object(fields) => fields.remove(&last),
        Value::Array(entries) => {
            let at = last.parse().ok().filter(|at| *at < entries.len())?;
            Some(entries.remove(at))
        }
        _ => None,
    }
}

fn split_pointer(path: &str) -> Option<(&str, String)> {
    let (above, last) = path.rsplit_once('/')?;
    Some((above, last.replace("~1", "/").replace("~0", "~")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(kind: PatchKind, object: &Value, patch: &Value, expected: Option<&Value>) {
        assert_eq!(kind.apply(object, patch).ok().as_ref(), expected, "{patch}");
    }

    #[test]
    fn a_merge_patch_sets_and_removes_fields_and_replaces_lists() {
        check(
            PatchKind::Merge,
            &json!({ "a": { "b": 1, "c": 2 }, "l": [1, 2] }),
            &json!({ "a": { "b": null, "d": 3 }, "l": [9] }),
            Some(&json!({ "a": { "c": 2, "d": 3 }, "l": [9] })),
        );
        check(PatchKind::Merge, &json!({}), &json!(["no"]), None);
    }

    #[test]
    fn a_strategic_patch_knows_its_lists() {
        let node = json!({ "spec": { "taints": [{ "key": "a", "effect": "NoSchedule" }, { "key": "b" }] } });
        check(
            PatchKind::Strategic,
            &node,
            &json!({ "spec": { "taints": [{ "key": "c" }, { "key": "a", "$patch": "delete" }, { "key": "b", "value": "1" }] } }),
            Some(&json!({ "spec": { "taints": [{ "key": "b", "value": "1" }, { "key": "c" }] } })),
        );
        check(
            PatchKind::Strategic,
            &node,
            &json!({ "spec": { "taints": [{ "$patch": "replace" }, { "key": "c" }] } }),
            Some(&json!({ "spec": { "taints": [{ "key": "c" }] } })),
        );
        check(
            PatchKind::Strategic,
            &node,
            &json!({ "spec": { "$setElementOrder/taints": [{ "key": "b" }], "unschedulable": true, "taints": null } }),
            Some(&json!({ "spec": { "unschedulable": true } })),
        );
    }

    #[test]
    fn finalizers_are_a_set() {
        check(
            PatchKind::Strategic,
            &json!({ "metadata": { "finalizers": ["a", "b"] } }),
            &json!({ "metadata": { "$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["b", "c"] } }),
            Some(&json!({ "metadata": { "finalizers": ["b", "c"] } })),
        );
    }

    #[test]
    fn a_json_patch_runs_its_operations_in_order() {
        check(
            PatchKind::Json,
            &json!({ "a": { "x/y": 1 }, "l": [1, 3] }),
            &json!([
                { "op": "test", "path": "/a/x~1y", "value": 1 },
                { "op": "add", "path": "/l/1", "value": 2 },
                { "op": "add", "path": "/l/-", "value": 4 },
                { "op": "remove", "path": "/a/x~1y" },
                { "op": "replace", "path": "/l/0", "value": 0 },
                { "op": "copy", "from": "/l/0", "path": "/first" },
                { "op": "move", "from": "/first", "path": "/one" },
            ]),
            Some(&json!({ "a": {}, "l": [0, 2, 3, 4], "one": 0 })),
        );
        check(
            PatchKind::Json,
            &json!({}),
            &json!([{ "op": "remove", "path": "/a" }]),
            None,
        );
        check(
            PatchKind::Json,
            &json!({ "a": 1 }),
            &json!([{ "op": "test", "path": "/a", "value": 2 }]),
            None,
        );
        check(PatchKind::Json, &json!({}), &json!({ "op": "add" }), None);
    }

    #[test]
    fn other_kinds_of_patch_are_refused() {
        assert_eq!(
            PatchKind::parse("application/merge-patch+json; charset=utf-8"),
            Ok(PatchKind::Merge)
        );
        assert_eq!(PatchKind::parse("application/apply-patch+yaml").unwrap_err().code, 415);
    }
}
