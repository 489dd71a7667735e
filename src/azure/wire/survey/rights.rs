//! Locks, permissions and what policies turn away.

use serde::Deserialize;
use serde_json::Value;

use super::details::texts;
use crate::azure::wire::WrongShape;
use crate::azure::wire::lenient::{Lenient, Text, object};
use crate::azure::wire::list::{Page, listed};
use crate::domain::survey::{LockFact, LockLevel, PolicyFact};

/// What one role allows: its actions without those it takes back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    /// Patterns; `*` stands for any text.
    pub actions: Vec<String>,
    pub not_actions: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Lock {
    id: Lenient<Text>,
    name: Lenient<Text>,
    properties: Lenient<LockProperties>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LockProperties {
    level: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Allowed {
    actions: Lenient<Vec<Text>>,
    not_actions: Lenient<Vec<Text>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Restrictions {
    content_evaluation_result: Lenient<Evaluations>,
    field_restrictions: Lenient<Vec<FieldRestrictions>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Evaluations {
    policy_evaluations: Lenient<Vec<Judged>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Judged {
    policy_info: Lenient<PolicyInfo>,
    evaluation_result: Lenient<Text>,
    effect_details: Lenient<EffectDetails>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct EffectDetails {
    policy_effect: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PolicyInfo {
    #[serde(rename = "policyAssignmentName")]
    name: Lenient<Text>,
    #[serde(rename = "policyAssignmentDisplayName")]
    display_name: Lenient<Text>,
    #[serde(rename = "policyAssignmentId")]
    id: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FieldRestrictions {
    restrictions: Lenient<Vec<Restriction>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Restriction {
    result: Lenient<Text>,
    policy: Lenient<PolicyInfo>,
}

/// Reads a page of management locks. A level this program does not know is a finding.
pub fn lock_page(body: &Value) -> Result<Page<LockFact>, WrongShape> {
    listed(body, |value| {
        let lock: Lock = object(value)?;
        let id = lock.id.text().ok_or_else(|| WrongShape::new("a lock has no id"))?;
        let level = match lock.properties.or_default().level.text().as_deref() {
            Some(word) if word.eq_ignore_ascii_case("ReadOnly") => LockLevel::ReadOnly,
            Some(word) if word.eq_ignore_ascii_case("CanNotDelete") => LockLevel::CannotDelete,
            _ => return Err(WrongShape::new("a lock has no known level")),
        };
        let scope = id
            .to_ascii_lowercase()
            .find("/providers/microsoft.authorization/locks/")
            .and_then(|end| id.get(..end))
            .ok_or_else(|| WrongShape::new("a lock's id names nothing that is locked"))?;
        Ok(LockFact {
            name: lock.name.text().unwrap_or_default(),
            level,
            scope: scope.to_owned(),
            id,
        })
    })
}

/// Reads a page of permissions, one entry for each role.
pub fn permission_page(body: &Value) -> Result<Page<Permission>, WrongShape> {
    listed(body, |value| {
        let allowed: Allowed = object(value)?;
        Ok(Permission {
            actions: texts(allowed.actions),
            not_actions: texts(allowed.not_actions),
        })
    })
}

/// Reads an answer of `checkPolicyRestrictions`: the assignments that would deny a resource of this type, each once.
pub fn denied_by_policy(body: &Value, resource_type: &str) -> Result<Vec<PolicyFact>, WrongShape> {
    let answer: Restrictions = object(body)?;
    let evaluated = answer
        .content_evaluation_result
        .or_default()
        .policy_evaluations
        .or_default();
    let denied = evaluated.into_iter().filter_map(|evaluation| {
        let is_met = evaluation
            .evaluation_result
            .text()
            .is_some_and(|word| word.eq_ignore_ascii_case("NonCompliant"));
        // Without its effect an evaluation is taken at its word: it is asked for what it would refuse.
        let effect = evaluation.effect_details.or_default().policy_effect.text();
        let effect = effect.unwrap_or_else(|| "Deny".to_owned());
        (is_met && effect.eq_ignore_ascii_case("Deny")).then(|| (evaluation.policy_info.or_default(), effect))
    });
    let by_field = answer
        .field_restrictions
        .or_default()
        .into_iter()
        .flat_map(|field| field.restrictions.or_default())
        .filter_map(|restriction| {
            // Fields that are asked for by name only; others may be given values the policy allows.
            let result = restriction.result.text()?;
            let is_denied = result.eq_ignore_ascii_case("Deny");
            is_denied.then(|| (restriction.policy.or_default(), result))
        });
    let mut found: Vec<PolicyFact> = Vec::new();
    for (policy, effect) in denied.chain(by_field) {
        let id = policy.id.text();
        let last = id.as_deref().and_then(|id| id.rsplit('/').next()).map(str::to_owned);
        let assignment = policy
            .display_name
            .text()
            .or_else(|| policy.name.text())
            .or(last)
            .unwrap_or_else(|| "(not named)".to_owned());
        let fact = PolicyFact {
            assignment,
            effect,
            resource_type: resource_type.to_owned(),
        };
        if !found.contains(&fact) {
            found.push(fact);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lock_is_of_what_its_id_names() {
        let id = "/subscriptions/s/resourceGroups/g/Providers/microsoft.authorization/locks/keep";
        let page = lock_page(&json!({"value": [
            {"id": id, "name": "keep", "properties": {"level": "CanNotDelete", "notes": "x"}},
            {"id": "/subscriptions/s/providers/Microsoft.Authorization/locks/all", "name": "all", "properties": {"level": "readonly"}},
            {"id": id, "properties": {"level": "Sealed"}}, {"id": "/odd", "properties": {"level": "ReadOnly"}}]}))
        .unwrap();
        assert_eq!((page.items.len(), page.findings.len()), (2, 2));
        assert_eq!(
            (page.items[0].scope.as_str(), page.items[0].level),
            ("/subscriptions/s/resourceGroups/g", LockLevel::CannotDelete)
        );
        assert_eq!(
            (page.items[1].scope.as_str(), page.items[1].level),
            ("/subscriptions/s", LockLevel::ReadOnly)
        );
    }

    #[test]
    fn permissions_are_lists_of_patterns() {
        let page =
            permission_page(&json!({"value": [{"actions": ["*/read"], "notActions": null, "dataActions": []}, {}]}))
                .unwrap();
        assert_eq!(page.items[0].actions, ["*/read"]);
        assert_eq!(page.items[1], Permission::default());
    }

    #[test]
    fn only_what_is_denied_counts() {
        let evaluation = |name: &str, result: &str, effect: &str| {
            json!({"policyInfo": {"policyAssignmentId": format!("/a/policyAssignments/{name}")},
                "evaluationResult": result, "effectDetails": {"policyEffect": effect}})
        };
        let denied = denied_by_policy(
            &json!({"fieldRestrictions": [{"field": "tags.cost", "restrictions": [
                    {"result": "Required", "policy": {"policyAssignmentName": "tags"}},
                    {"result": "Deny", "policy": {"policyAssignmentName": "sizes"}}]}],
                "contentEvaluationResult": {"policyEvaluations": [
                    evaluation("a", "NonCompliant", "Deny"), evaluation("a", "NonCompliant", "Deny"),
                    evaluation("b", "NonCompliant", "Audit"), evaluation("c", "Compliant", "Deny")]}}),
            "Microsoft.Compute/disks",
        )
        .unwrap();
        let names: Vec<&str> = denied.iter().map(|policy| policy.assignment.as_str()).collect();
        assert_eq!(names, ["a", "sizes"]);
        assert_eq!(denied[0].resource_type, "Microsoft.Compute/disks");
        assert!(denied_by_policy(&json!({}), "x").unwrap().is_empty());
    }
}
