//! Locks, permissions and policies.

use serde_json::{Value, json};

use super::{arm_id, group_id};
use crate::simulator::azure_api::bodies::stable_guid;
use crate::simulator::azure_api::reads::page;
use crate::simulator::azure_api::reply::{Call, Reply};
use crate::simulator::world::landscape::LockScope;
use crate::simulator::world::{SimulatedCluster, World};

/// Answers `GET {scope}/providers/Microsoft.Authorization/locks`: those at the scope, and those below it unless
/// `$filter=atScope()` is given (ARM REST reference "Management Locks", 2020-05-01).
pub(super) fn locks(world: &World, clusters: &[&SimulatedCluster], scope: &[String], call: &Call) -> Reply {
    let scope = format!("/{}", scope.join("/")).to_ascii_lowercase();
    let is_exact = call
        .parameter("$filter")
        .is_some_and(|filter| filter.trim().eq_ignore_ascii_case("atScope()"));
    let mut items: Vec<Value> = Vec::new();
    for cluster in clusters {
        for lock in &cluster.landscape.locks {
            let place = place_of(cluster, &lock.on);
            let lower = place.to_ascii_lowercase();
            let below = lower.strip_prefix(&scope);
            let is_shown = below.is_some_and(|rest| rest.is_empty() || (!is_exact && rest.starts_with('/')));
            let id = format!("{place}/providers/Microsoft.Authorization/locks/{}", lock.name);
            if is_shown && !items.iter().any(|known| known["id"] == id.as_str()) {
                items.push(json!({
                    "id": id,
                    "name": lock.name,
                    "type": "Microsoft.Authorization/locks",
                    "properties": {"level": lock.level},
                }));
            }
        }
    }
    page(world, call, items)
}

pub(in crate::simulator::azure_api) fn place_of(cluster: &SimulatedCluster, scope: &LockScope) -> String {
    let profile = &cluster.profile;
    match scope {
        LockScope::Subscription => format!("/subscriptions/{}", profile.subscription),
        LockScope::ClusterGroup => group_id(cluster, &profile.resource_group),
        LockScope::Cluster => arm_id(cluster),
        LockScope::NodeGroup => group_id(cluster, &profile.node_resource_group()),
        LockScope::Group(name) => group_id(cluster, name),
        LockScope::Resource(id) => id.trim_end_matches('/').to_owned(),
    }
}

/// Answers `GET {cluster}/providers/Microsoft.Authorization/permissions`.
pub(super) fn permissions(clusters: &[&SimulatedCluster]) -> Reply {
    let value: Vec<Value> = clusters
        .iter()
        .map(|cluster| {
            let permissions = &cluster.landscape.permissions;
            json!({"actions": permissions.actions, "notActions": permissions.not_actions, "dataActions": [],
                "notDataActions": []})
        })
        .collect();
    Reply::of_arm(200, &json!({"value": value}))
}

/// Answers `POST {group}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions`.
pub(super) fn policy_check(clusters: &[&SimulatedCluster], call: &Call) -> Reply {
    let body = match call.json() {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let kind = body
        .pointer("/resourceDetails/resourceContent/type")
        .and_then(Value::as_str);
    let Some(kind) = kind else {
        return Reply::arm_error(400, "InvalidRequestBody", "The resource content must have a type.");
    };
    let mut evaluations = Vec::new();
    for cluster in clusters {
        for policy in &cluster.landscape.policies {
            if !policy.resource_type.eq_ignore_ascii_case(kind) {
                continue;
            }
            let scope = format!(
                "/subscriptions/{}/providers/Microsoft.Authorization",
                cluster.profile.subscription
            );
            let definition = stable_guid(&policy.assignment, 9);
            let field = policy.field.as_deref().unwrap_or("type");
            evaluations.push(json!({
                "policyInfo": {
                    "policyDefinitionId": format!("{scope}/policyDefinitions/{definition}"),
                    "policyAssignmentId": format!("{scope}/policyAssignments/{}", policy.assignment),
                },
                "evaluationResult": "NonCompliant",
                "evaluationDetails": {"evaluatedExpressions": [{"result": "True", "expressionKind": "Field",
                    "expression": field, "path": field, "operator": "Exists", "targetValue": "false"}]},
                "effectDetails": {"policyEffect": policy.effect.as_deref().unwrap_or("Deny")},
            }));
        }
    }
    Reply::of_arm(
        200,
        &json!({"fieldRestrictions": [], "contentEvaluationResult": {"policyEvaluations": evaluations}}),
    )
}
