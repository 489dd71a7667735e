//! PodDisruptionBudgets: what they select and the numbers their controller keeps.

use serde::Deserialize;

use super::management::{Marks, managed_by};
use super::selector::Selector;
use super::{Metadata, SlimObject, or_default};
use crate::domain::disruption::{DisruptionBudget, LabelSelector};
use crate::domain::survey::BudgetFact;
use crate::domain::text::printable;

/// The used part of a policy/v1 PodDisruptionBudget.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimBudget {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata<Marks, Marks>,
    #[serde(deserialize_with = "or_default")]
    spec: Spec,
    #[serde(deserialize_with = "or_default")]
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    selector: Option<Selector>,
    min_available: Option<IntOrText>,
    max_unavailable: Option<IntOrText>,
    #[serde(deserialize_with = "or_default")]
    unhealthy_pod_eviction_policy: String,
}

/// `2` or `"50%"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum IntOrText {
    Int(i64),
    Text(String),
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    #[serde(deserialize_with = "or_default")]
    current_healthy: i32,
    #[serde(deserialize_with = "or_default")]
    desired_healthy: i32,
    #[serde(deserialize_with = "or_default")]
    expected_pods: i32,
    #[serde(deserialize_with = "or_default")]
    disruptions_allowed: i32,
}

impl SlimObject for SlimBudget {
    type Value = DisruptionBudget;

    fn resource_version(&self) -> &str {
        &self.metadata.resource_version
    }
}

impl From<SlimBudget> for DisruptionBudget {
    fn from(budget: SlimBudget) -> Self {
        let SlimBudget { metadata, spec, status } = budget;
        Self {
            namespace: printable(&metadata.namespace),
            name: printable(&metadata.name),
            selector: spec.selector.map(LabelSelector::from),
            min_available: spec.min_available.as_ref().map(IntOrText::as_written),
            max_unavailable: spec.max_unavailable.as_ref().map(IntOrText::as_written),
            current_healthy: status.current_healthy,
            desired_healthy: status.desired_healthy,
            expected_pods: status.expected_pods,
            disruptions_allowed: status.disruptions_allowed,
            evicts_unhealthy_always: spec.unhealthy_pod_eviction_policy == "AlwaysAllow",
        }
    }
}

impl From<SlimBudget> for BudgetFact {
    fn from(budget: SlimBudget) -> Self {
        let metadata = &budget.metadata;
        Self {
            uid: printable(&metadata.uid),
            created_at: metadata.creation_timestamp,
            managed_by: managed_by(metadata),
            budget: budget.into(),
        }
    }
}

impl IntOrText {
    fn as_written(&self) -> String {
        match self {
            Self::Int(number) => number.to_string(),
            Self::Text(text) => printable(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::disruption::Operator;

    fn read(object: Value) -> DisruptionBudget {
        serde_json::from_value::<SlimBudget>(object).unwrap().into()
    }

    #[test]
    fn a_budget_is_read_with_its_numbers() {
        let budget = read(json!({
            "metadata": {"name": "cart", "namespace": "shop"},
            "spec": {
                "minAvailable": 2, "unhealthyPodEvictionPolicy": "AlwaysAllow",
                "selector": {
                    "matchLabels": {"app": "cart"},
                    "matchExpressions": [
                        {"key": "tier", "operator": "In", "values": ["web"]},
                        {"key": "old", "operator": "DoesNotExist"},
                        {"key": "x", "operator": "Near"}
                    ]
                }
            },
            "status": {"currentHealthy": 2, "desiredHealthy": 2, "expectedPods": 3, "disruptionsAllowed": 0}
        }));
        assert_eq!((budget.namespace.as_str(), budget.name.as_str()), ("shop", "cart"));
        assert_eq!(
            (budget.min_available.as_deref(), budget.max_unavailable),
            (Some("2"), None)
        );
        assert!(budget.evicts_unhealthy_always);
        assert_eq!(
            (
                budget.current_healthy,
                budget.desired_healthy,
                budget.expected_pods,
                budget.disruptions_allowed
            ),
            (2, 2, 3, 0)
        );
        let selector = budget.selector.unwrap();
        let operators: Vec<Operator> = selector.match_expressions.into_iter().map(|one| one.operator).collect();
        assert_eq!(
            operators,
            [Operator::In, Operator::DoesNotExist, Operator::Other("Near".into())]
        );
    }

    #[test]
    fn percentages_and_missing_parts_are_read() {
        let budget = read(json!({"metadata": {"name": "b"}, "spec": {"maxUnavailable": "25%", "selector": {}}}));
        assert_eq!(budget.max_unavailable.as_deref(), Some("25%"));
        assert_eq!(
            budget.selector,
            Some(LabelSelector::default()),
            "an empty selector matches every pod"
        );
        let bare =
            read(json!({"metadata": {"name": "b"}, "spec": {"selector": null, "minAvailable": null}, "status": null}));
        assert_eq!((bare.selector, bare.min_available), (None, None));
        assert!(!bare.evicts_unhealthy_always);
    }
}
