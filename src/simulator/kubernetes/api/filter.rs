//! Label and field selectors of a request, and which objects they let through.

use serde_json::Value;

use super::failure::Failure;
use super::route::Target;
use crate::simulator::kubernetes::objects::fields;
use crate::simulator::kubernetes::objects::kinds::Kind;
use crate::simulator::kubernetes::objects::selectors::{self, Requirement};

/// Which objects a request is about.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    pub(super) kind: Kind,
    namespace: Option<String>,
    labels: Vec<Requirement>,
    fields: Vec<FieldTerm>,
}

/// One `field=value` of a field selector.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FieldTerm {
    field: String,
    value: String,
    is_equal: bool,
}

impl Filter {
    pub(super) fn parse(target: &Target, labels: &str, fields: &str) -> Result<Self, Failure> {
        Ok(Self {
            kind: target.kind,
            namespace: target.namespace.clone(),
            labels: parse_labels(labels)?,
            fields: parse_fields(target.kind, labels, fields)?,
        })
    }

    pub(super) fn matches(&self, object: &Value) -> bool {
        self.namespace
            .as_deref()
            .is_none_or(|namespace| fields::namespace(object) == namespace)
            && selectors::all_match(&self.labels, fields::labels(object))
            && self
                .fields
                .iter()
                .all(|term| (field_text(self.kind, object, &term.field) == term.value) == term.is_equal)
    }

    /// True where it lets only some objects of its place through; such lists do not count what remains.
    pub(super) fn is_selective(&self) -> bool {
        !self.labels.is_empty() || !self.fields.is_empty()
    }
}

/// Fields that can be selected, beside `metadata.name` and `metadata.namespace` (Kubernetes docs "Field Selectors", 2026).
fn is_supported(kind: Kind, field: &str) -> bool {
    let special: &[&str] = match kind {
        Kind::Pod => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        Kind::Event => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        Kind::Node => &["spec.unschedulable"],
        Kind::Namespace => &["status.phase"],
        Kind::ReplicaSet => &["status.replicas"],
        _ => &[],
    };
    matches!(field, "metadata.name" | "metadata.namespace") || special.contains(&field)
}

fn field_text(kind: Kind, object: &Value, field: &str) -> String {
    let path = if (kind, field) == (Kind::Event, "source") {
        "source.component"
    } else {
        field
    };
    let value = path.split('.').fold(object, |value, step| &value[step]);
    match value {
        Value::String(text) => text.clone(),
        Value::Null if field == "spec.unschedulable" => "false".to_owned(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn parse_fields(kind: Kind, labels: &str, text: &str) -> Result<Vec<FieldTerm>, Failure> {
    text.split(',')
        .filter(|term| !term.trim().is_empty())
        .map(|term| {
            let (field, value, is_equal) = split_term(term)
                .ok_or_else(|| Failure::bad_request(format!("invalid selector: '{term}'; can't understand '{term}'")))?;
            if !is_supported(kind, field) {
                return Err(Failure::bad_request(format!(
                    "Unable to find \"{}, Resource={}\" that match label selector \"{labels}\", field selector \"{text}\": field label not supported: {field}",
                    kind.api_version(),
                    kind.describe().plural,
                )));
            }
            Ok(FieldTerm {
                field: field.to_owned(),
                value: value.to_owned(),
                is_equal,
            })
        })
        .collect()
}

/// `a=b`, `a==b` or `a!=b`.
fn split_term(term: &str) -> Option<(&str, &str, bool)> {
    if let Some((field, value)) = term.split_once("!=") {
        return Some((field.trim(), value.trim(), false));
    }
    let (field, value) = term.split_once('=')?;
    Some((field.trim(), value.strip_prefix('=').unwrap_or(value).trim(), true))
}

/// Equality and set terms, joined by commas outside brackets.
fn parse_labels(text: &str) -> Result<Vec<Requirement>, Failure> {
    let mut terms = Vec::new();
    let mut depth = 0_i32;
    let mut term = String::new();
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if character == ',' && depth == 0 {
            terms.push(std::mem::take(&mut term));
        } else {
            term.push(character);
        }
    }
    terms.push(term);
    terms
        .iter()
        .map(|term| term.trim())
        .filter(|term| !term.is_empty())
        .map(|term| {
            parse_label_term(term)
                .ok_or_else(|| Failure::bad_request(format!("unable to parse requirement: found '{term}'")))
        })
        .collect()
}

fn parse_label_term(term: &str) -> Option<Requirement> {
    if let Some(key) = term.strip_prefix('!') {
        return Some(Requirement::DoesNotExist {
            key: label_key(key.trim())?,
        });
    }
    if let Some((head, values)) = term.split_once('(') {
        let values = values
            .strip_suffix(')')?
            .split(',')
            .map(|value| value.trim().to_owned())
            .collect();
        let (key, operator) = head.trim().rsplit_once(char::is_whitespace)?;
        let key = label_key(key.trim())?;
        return match operator {
            "in" => Some(Requirement::In { key, values }),
            "notin" => Some(Requirement::NotIn { key, values }),
            _ => None,
        };
    }
    let Some((key, value, is_equal)) = split_term(term) else {
        return Some(Requirement::Exists { key: label_key(term)? });
    };
    let (key, values) = (label_key(key)?, vec![value.to_owned()]);
    Some(if is_equal {
        Requirement::In { key, values }
    } else {
        Requirement::NotIn { key, values }
    })
}

fn label_key(text: &str) -> Option<String> {
    let is_valid = !text.is_empty()
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "-_./".contains(character));
    is_valid.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(kind: Kind, labels: &str, fields: &str, expected: Option<bool>) {
        let target = Target {
            kind,
            namespace: Some("shop".into()),
            name: None,
            subresource: None,
        };
        let object = json!({
            "metadata": { "name": "p", "namespace": "shop", "labels": { "app": "cart", "tier": "web" } },
            "spec": { "nodeName": "n1" },
            "status": { "phase": "Running" },
            "involvedObject": { "kind": "Node" },
            "source": { "component": "upgrader" },
        });
        let found = Filter::parse(&target, labels, fields).map(|filter| filter.matches(&object));
        assert_eq!(found.ok(), expected, "{labels} {fields}");
    }

    #[test]
    fn label_selectors_are_those_of_kubectl() {
        for (labels, expected) in [
            ("", Some(true)),
            ("app=cart", Some(true)),
            ("app==cart,tier!=web", Some(false)),
            ("app in (cart, shop),tier", Some(true)),
            ("app notin (cart)", Some(false)),
            ("!zone", Some(true)),
            ("!app", Some(false)),
            ("zone!=x", Some(true)),
            ("app in cart)", None),
            ("a b", None),
            ("(", None),
        ] {
            check(Kind::Pod, labels, "", expected);
        }
    }

    #[test]
    fn field_selectors_know_the_fields_of_each_kind() {
        for (kind, fields, expected) in [
            (
                Kind::Pod,
                "spec.nodeName=n1,status.phase!=Succeeded,status.phase!=Failed",
                Some(true),
            ),
            (Kind::Pod, "spec.nodeName==n2", Some(false)),
            (Kind::Pod, "metadata.name=p,metadata.namespace=shop", Some(true)),
            (Kind::Pod, "spec.hostname=x", None),
            (Kind::Pod, "spec.nodeName", None),
            (Kind::Event, "involvedObject.kind!=Pod,source=upgrader", Some(true)),
            (Kind::Event, "reason=Drain", Some(false)),
            (Kind::Node, "spec.unschedulable=false", Some(true)),
        ] {
            check(kind, "", fields, expected);
        }
    }
}
