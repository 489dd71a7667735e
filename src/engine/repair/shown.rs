//! Requests as a person reads them, and whether one is still what was shown. Pure.

use serde_json::Value;

use super::RepairRequest;
use crate::domain::change::{FieldChange, RequestPreview};
use crate::domain::object_change::{Edit, ObjectChange};
use crate::domain::text::printable;

/// A request to Azure.
pub(in crate::engine) fn of_azure(request: &RequestPreview) -> RepairRequest {
    RepairRequest {
        server: "Azure".to_owned(),
        method: request.method.clone(),
        path: printable(&request.path),
        body: request.body.as_ref().map(pretty),
    }
}

/// Pretty JSON without anything that steers a terminal.
pub(in crate::engine) fn pretty(body: &Value) -> String {
    let text = serde_json::to_string_pretty(body).unwrap_or_default();
    let lines: Vec<String> = text.lines().map(printable).collect();
    lines.join("\n")
}

/// True where the request asks for the same; the version of a Kubernetes object may have moved on.
pub(in crate::engine) fn is_same(shown: &RepairRequest, now: &RepairRequest) -> bool {
    let body = |request: &RepairRequest| {
        let mut body: Option<Value> = request.body.as_ref().and_then(|text| serde_json::from_str(text).ok());
        if let Some(metadata) = body.as_mut().and_then(|body| body.get_mut("metadata")?.as_object_mut()) {
            metadata.remove("resourceVersion");
        }
        body
    };
    shown.method == now.method && shown.path == now.path && body(shown) == body(now)
}

/// What a change does to an object, field by field.
pub(in crate::engine) fn fields_of(change: &ObjectChange, before: Option<&Value>) -> Vec<FieldChange> {
    match &change.edit {
        Edit::MergePatch { patch } => {
            let mut fields = Vec::new();
            walk("", patch, before, &mut fields);
            fields
        }
        Edit::Delete { .. } | Edit::Create { .. } => Vec::new(),
    }
}

fn walk(path: &str, written: &Value, before: Option<&Value>, fields: &mut Vec<FieldChange>) {
    if let Value::Object(keys) = written {
        for (key, value) in keys {
            let inner = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            walk(&inner, value, before.and_then(|before| before.get(key)), fields);
        }
        return;
    }
    let to = Some(written).filter(|value| !value.is_null());
    if to != before {
        fields.push(FieldChange {
            field: printable(path),
            from: before.map(plain),
            to: to.map(plain),
        });
    }
}

/// A value on one line; a text without its quotes, a list by its length where it holds objects.
pub(in crate::engine) fn plain(value: &Value) -> String {
    printable(&match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().any(Value::is_object) => match items.len() {
            1 => "1 entry".to_owned(),
            count => format!("{count} entries"),
        },
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::subject::ObjectRef;

    #[test]
    fn fields_are_told_with_what_was_there() {
        let change = ObjectChange {
            object: ObjectRef::of_cluster("v1", "Node", "n"),
            uid: None,
            resource_version: None,
            edit: Edit::MergePatch {
                patch: json!({"spec": {"unschedulable": null, "x": 1}, "metadata": {"labels": {"a": "b"}}}),
            },
        };
        let before = json!({"spec": {"unschedulable": true, "x": 1}});
        let told: Vec<_> = fields_of(&change, Some(&before))
            .into_iter()
            .map(|field| (field.field, field.from, field.to))
            .collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            told,
            [
                ("metadata.labels.a".to_owned(), None, some("b")),
                ("spec.unschedulable".to_owned(), some("true"), None)
            ]
        );
    }

    #[test]
    fn only_the_version_of_an_object_may_differ() {
        let request = |body: Value| RepairRequest {
            server: "s".to_owned(),
            method: "PATCH".to_owned(),
            path: "/p".to_owned(),
            body: Some(pretty(&body)),
        };
        let shown = request(json!({"spec": {"a": 1}, "metadata": {"uid": "u", "resourceVersion": "1"}}));
        assert!(is_same(
            &shown,
            &request(json!({"spec": {"a": 1}, "metadata": {"uid": "u", "resourceVersion": "2"}}))
        ));
        assert!(!is_same(
            &shown,
            &request(json!({"spec": {"a": 2}, "metadata": {"uid": "u", "resourceVersion": "1"}}))
        ));
    }
}
