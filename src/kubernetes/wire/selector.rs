//! Label selectors, as budgets, workloads and webhooks carry them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::or_default;
use crate::domain::disruption::{LabelSelector, Operator, Requirement};
use crate::domain::text::printable;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Selector {
    #[serde(deserialize_with = "or_default")]
    match_labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    match_expressions: Vec<Expression>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Expression {
    #[serde(deserialize_with = "or_default")]
    key: String,
    #[serde(deserialize_with = "or_default")]
    operator: String,
    #[serde(deserialize_with = "or_default")]
    values: Vec<String>,
}

impl From<Selector> for LabelSelector {
    fn from(selector: Selector) -> Self {
        Self {
            match_labels: selector
                .match_labels
                .iter()
                .map(|(key, value)| (printable(key), printable(value)))
                .collect(),
            match_expressions: selector.match_expressions.into_iter().map(Requirement::from).collect(),
        }
    }
}

impl From<Expression> for Requirement {
    fn from(expression: Expression) -> Self {
        Self {
            key: printable(&expression.key),
            operator: match expression.operator.as_str() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => Operator::Other(printable(other)),
            },
            values: expression.values.iter().map(|value| printable(value)).collect(),
        }
    }
}
