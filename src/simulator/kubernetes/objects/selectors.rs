//! Label selectors as objects carry them (LabelSelector, Kubernetes API reference v1.36). Matching only.

use serde_json::{Map, Value};

/// One demand on the labels of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Requirement {
    In { key: String, values: Vec<String> },
    NotIn { key: String, values: Vec<String> },
    Exists { key: String },
    DoesNotExist { key: String },
}

impl Requirement {
    pub(crate) fn matches(&self, labels: Option<&Map<String, Value>>) -> bool {
        let value = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
        match self {
            Self::In { key, values } => value(key).is_some_and(|found| values.iter().any(|one| one == found)),
            Self::NotIn { key, values } => value(key).is_none_or(|found| !values.iter().any(|one| one == found)),
            Self::Exists { key } => value(key).is_some(),
            Self::DoesNotExist { key } => value(key).is_none(),
        }
    }
}

/// True where every requirement holds.
pub(crate) fn all_match(requirements: &[Requirement], labels: Option<&Map<String, Value>>) -> bool {
    requirements.iter().all(|requirement| requirement.matches(labels))
}

/// Reads `matchLabels` and `matchExpressions`; `None` for a missing selector, which selects nothing.
pub(crate) fn read(selector: &Value) -> Option<Vec<Requirement>> {
    let selector = selector.as_object()?;
    let mut requirements = Vec::new();
    if let Some(labels) = selector.get("matchLabels").and_then(Value::as_object) {
        requirements.extend(labels.iter().map(|(key, value)| Requirement::In {
            key: key.clone(),
            values: vec![value.as_str().unwrap_or_default().to_owned()],
        }));
    }
    for expression in selector
        .get("matchExpressions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        requirements.push(read_expression(expression)?);
    }
    Some(requirements)
}

/// Reads one `matchExpressions` entry; `None` for an operator the API does not have.
pub(crate) fn read_expression(expression: &Value) -> Option<Requirement> {
    let key = expression["key"].as_str()?.to_owned();
    let values = || {
        let values = expression["values"].as_array().into_iter().flatten();
        values.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    Some(match expression["operator"].as_str()? {
        "In" => Requirement::In { key, values: values() },
        "NotIn" => Requirement::NotIn { key, values: values() },
        "Exists" => Requirement::Exists { key },
        "DoesNotExist" => Requirement::DoesNotExist { key },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(selector: &Value, expected: bool) {
        let labels = json!({ "app": "cart", "tier": "web" });
        let matched = read(selector).is_some_and(|requirements| all_match(&requirements, labels.as_object()));
        assert_eq!(matched, expected, "{selector}");
    }

    #[test]
    fn selectors_follow_the_api() {
        check(&json!({}), true);
        check(&json!(null), false);
        check(&json!({ "matchLabels": { "app": "cart" } }), true);
        check(&json!({ "matchLabels": { "app": "cart", "tier": "db" } }), false);
        let expression = |operator: &str, key: &str| json!({ "matchExpressions": [{ "key": key, "operator": operator, "values": ["web"] }] });
        check(&expression("In", "tier"), true);
        check(&expression("NotIn", "tier"), false);
        check(&expression("NotIn", "zone"), true);
        check(&expression("Exists", "tier"), true);
        check(&expression("DoesNotExist", "tier"), false);
        check(&expression("Near", "tier"), false);
    }
}
