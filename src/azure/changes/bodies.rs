//! The bodies of changes: the whole resource as it was read, and in it what must change. Pure.

use std::fmt::Display;

use serde_json::Value;

use crate::azure::wire::{self, WrongShape};
use crate::domain::change::FieldChange;
use crate::domain::node_pool::UpgradeSettings;
use crate::domain::surge::Share;
use crate::domain::text::printable;
use crate::domain::version::{KubernetesVersion, NodeImageVersion};

/// A body, and the fields in which it differs from what Azure has.
pub(super) type Written = Result<(Value, Vec<FieldChange>), NotWritten>;

/// Why there is no body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotWritten {
    /// The resource is not what this program knows.
    Unreadable(WrongShape),
    /// Azure would refuse it.
    Refused(String),
}

impl From<WrongShape> for NotWritten {
    fn from(why: WrongShape) -> Self {
        Self::Unreadable(why)
    }
}

/// What a resource says of itself and nobody may write (AKS API 2026-08-01); Azure's own CLI leaves it out, too.
const READ_ONLY: [&str; 5] = ["id", "name", "type", "eTag", "systemData"];
const READ_ONLY_CLUSTER: [&str; 8] = [
    "provisioningState",
    "powerState",
    "maxAgentPools",
    "currentKubernetesVersion",
    "fqdn",
    "privateFQDN",
    "azurePortalFQDN",
    "resourceUID",
];
const READ_ONLY_POOL: [&str; 3] = ["eTag", "currentOrchestratorVersion", "provisioningState"];

/// Moves the control plane alone.
///
/// Each pool's version must be there and unchanged, else AKS answers
/// `NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged` (AKS docs "Automatically upgrade a cluster", 2026).
pub(super) fn control_plane(mut body: Value, to: KubernetesVersion) -> Written {
    let mut fields = writable_cluster(&mut body)?;
    let properties = properties_of(&mut body)?;
    fields.splice(
        0..0,
        set(properties, "kubernetesVersion", "properties.kubernetesVersion", &to),
    );
    Ok((body, fields))
}

/// Takes out of a cluster that was read what nobody may write, and writes down versions of pools that are not there.
pub(super) fn writable_cluster(body: &mut Value) -> Result<Vec<FieldChange>, WrongShape> {
    let properties = properties_of(body)?;
    // As Azure's own CLI does: the read value is not the one to write.
    properties.remove("servicePrincipalProfile");
    leave_out(properties, &READ_ONLY_CLUSTER);
    let mut fields = Vec::new();
    if let Some(Value::Array(pools)) = properties.get_mut("agentPoolProfiles") {
        for (index, pool) in pools.iter_mut().enumerate() {
            let pool = pool
                .as_object_mut()
                .ok_or_else(|| WrongShape("a node pool in it is no object".to_owned()))?;
            // Written, it would mean a rollback; left out, it stays (AKS API 2026-08-01).
            pool.remove("nodeImageVersion");
            if text(pool.get("orchestratorVersion")).is_none() {
                let current = text(pool.get("currentOrchestratorVersion"))
                    .ok_or_else(|| WrongShape("a node pool in it has no version".to_owned()))?;
                let field = format!("properties.agentPoolProfiles[{index}].orchestratorVersion");
                fields.extend(set(pool, "orchestratorVersion", &field, &current));
            }
            leave_out(pool, &READ_ONLY_POOL);
        }
    }
    leave_out_own(body);
    Ok(fields)
}

/// Takes out of a pool that was read what nobody may write.
pub(super) fn writable_pool(body: &mut Value) -> Result<(), WrongShape> {
    let properties = properties_of(body)?;
    // Written, it would mean a rollback; left out, it stays (AKS API 2026-08-01).
    properties.remove("nodeImageVersion");
    leave_out(properties, &READ_ONLY_POOL);
    leave_out_own(body);
    Ok(())
}

pub(super) fn node_pool(mut body: Value, to: KubernetesVersion) -> Written {
    let properties = properties_of(&mut body)?;
    // Written, it would mean a rollback; left out, AKS takes the newest image of the version (AKS API 2026-08-01).
    properties.remove("nodeImageVersion");
    leave_out(properties, &READ_ONLY_POOL);
    let fields = set(properties, "orchestratorVersion", "properties.orchestratorVersion", &to);
    leave_out_own(&mut body);
    Ok((body, fields))
}

/// Writes the settings that are given, and nothing else (AKS API 2026-08-01, `AgentPoolUpgradeSettings`).
pub(super) fn pool_settings(mut body: Value, settings: &UpgradeSettings) -> Written {
    let pool = wire::node_pool(&body)?;
    let refusals = settings.over(&pool.upgrade_settings).refusals(&pool.mode);
    if !refusals.is_empty() {
        return Err(NotWritten::Refused(refusals.join("; ")));
    }
    let properties = properties_of(&mut body)?;
    // Written, it would mean a rollback; left out, it stays (AKS API 2026-08-01).
    properties.remove("nodeImageVersion");
    leave_out(properties, &READ_ONLY_POOL);
    let mut fields = Vec::new();
    for (key, to) in given(settings) {
        let present = object_in(properties, "upgradeSettings")?;
        let from = present.get(key).and_then(plain);
        if from != plain(&to) {
            fields.push(FieldChange {
                field: format!("properties.upgradeSettings.{key}"),
                from,
                to: plain(&to),
            });
            present.insert(key.to_owned(), to);
        }
    }
    leave_out_own(&mut body);
    Ok((body, fields))
}

/// The settings that are given, as AKS writes them.
fn given(settings: &UpgradeSettings) -> impl Iterator<Item = (&'static str, Value)> {
    let share = |share: Option<Share>| share.map(|share| Value::from(share.to_string()));
    let behavior = settings.undrainable_node_behavior.as_ref();
    [
        ("maxSurge", share(settings.max_surge)),
        ("maxUnavailable", share(settings.max_unavailable)),
        ("drainTimeoutInMinutes", settings.drain_timeout_minutes.map(Value::from)),
        ("nodeSoakDurationInMinutes", settings.node_soak_minutes.map(Value::from)),
        (
            "undrainableNodeBehavior",
            behavior.map(|behavior| Value::from(behavior.to_string())),
        ),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key, value?)))
}

/// An object inside another; made where there is none.
fn object_in<'a>(parent: &'a mut Object, key: &str) -> Result<&'a mut Object, WrongShape> {
    let value = parent.entry(key).or_insert(Value::Null);
    if value.is_null() {
        *value = Value::Object(Object::new());
    }
    value
        .as_object_mut()
        .ok_or_else(|| WrongShape(format!("its '{key}' is no object")))
}

/// Both version and image, as AKS accepts them only together (AKS docs "Roll back a node pool version", 2026).
pub(super) fn rollback(mut body: Value, to: KubernetesVersion, node_image: &NodeImageVersion) -> Written {
    let properties = properties_of(&mut body)?;
    leave_out(properties, &READ_ONLY_POOL);
    let mut fields = set(properties, "orchestratorVersion", "properties.orchestratorVersion", &to);
    fields.extend(set(
        properties,
        "nodeImageVersion",
        "properties.nodeImageVersion",
        node_image,
    ));
    leave_out_own(&mut body);
    Ok((body, fields))
}

/// A number or a text, to be shown.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(printable(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(super) fn leave_out_own(body: &mut Value) {
    if let Some(resource) = body.as_object_mut() {
        leave_out(resource, &READ_ONLY);
    }
}

fn leave_out(object: &mut Object, names: &[&str]) {
    for name in names {
        object.remove(*name);
    }
}

pub(super) type Object = serde_json::Map<String, Value>;

pub(super) fn properties_of(body: &mut Value) -> Result<&mut Object, WrongShape> {
    body.get_mut("properties")
        .and_then(Value::as_object_mut)
        .ok_or_else(|| WrongShape("it has no 'properties'".to_owned()))
}

/// Sets a text and says what that changes: one entry, or none where it was so already.
fn set(object: &mut Object, key: &str, field: &str, to: &dyn Display) -> Vec<FieldChange> {
    let to = to.to_string();
    let from = text(object.get(key));
    object.insert(key.to_owned(), Value::String(to.clone()));
    if from.as_ref() == Some(&to) {
        return Vec::new();
    }
    vec![FieldChange {
        field: field.to_owned(),
        from,
        to: Some(to),
    }]
}

pub(super) fn text(value: Option<&Value>) -> Option<String> {
    value
        .and_then(Value::as_str)
        .map(printable)
        .filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TO: KubernetesVersion = KubernetesVersion::new(1, 34, 2);

    #[test]
    fn the_control_plane_moves_and_every_pool_keeps_its_version() {
        let before = json!({"id": "/x", "eTag": "e", "location": "here", "properties": {
            "kubernetesVersion": "1.33", "currentKubernetesVersion": "1.33.5", "provisioningState": "Failed", "servicePrincipalProfile": {"clientId": "msi"}, "newThing": [1.5, null],
            "agentPoolProfiles": [
                {"name": "a", "orchestratorVersion": "1.33", "nodeImageVersion": "i", "eTag": "p"},
                {"name": "b", "orchestratorVersion": null, "currentOrchestratorVersion": "1.32.9"}]}});
        let (body, fields) = control_plane(before, TO).unwrap();
        assert_eq!(
            body,
            json!({"location": "here", "properties": {
                "kubernetesVersion": "1.34.2", "newThing": [1.5, null],
                "agentPoolProfiles": [
                    {"name": "a", "orchestratorVersion": "1.33"},
                    {"name": "b", "orchestratorVersion": "1.32.9"}]}})
        );
        let changes: Vec<_> = fields
            .iter()
            .map(|field| (field.field.as_str(), field.from.as_deref()))
            .collect();
        assert_eq!(
            changes,
            [
                ("properties.kubernetesVersion", Some("1.33")),
                ("properties.agentPoolProfiles[1].orchestratorVersion", None)
            ]
        );
    }

    #[test]
    fn a_pool_moves_without_its_image_and_a_repeat_changes_nothing() {
        let before = json!({"name": "a", "properties": {
            "orchestratorVersion": "1.33.5", "nodeImageVersion": "i", "eTag": "p", "count": 3}});
        let (body, fields) = node_pool(before, TO).unwrap();
        assert_eq!(body["properties"], json!({"orchestratorVersion": "1.34.2", "count": 3}));
        assert_eq!(fields.len(), 1);
        assert!(node_pool(body, TO).unwrap().1.is_empty());
    }

    #[test]
    fn what_is_no_resource_is_not_written_back() {
        for body in [json!([]), json!({"properties": null}), json!("x")] {
            assert!(node_pool(body.clone(), TO).is_err(), "{body}");
        }
        for pools in [json!([7]), json!([{"name": "a"}])] {
            let body = json!({"properties": {"agentPoolProfiles": pools}});
            assert!(control_plane(body.clone(), TO).is_err(), "{body}");
        }
        assert!(control_plane(json!({"properties": {"agentPoolProfiles": null}}), TO).is_ok());
    }

    fn settings(text: &str) -> UpgradeSettings {
        serde_json::from_str(text).unwrap()
    }

    fn pool_with(mode: &str, upgrade_settings: &Value) -> Value {
        json!({"id": "/x", "name": "a", "properties": {"mode": mode, "orchestratorVersion": "1.33",
            "currentOrchestratorVersion": "1.33.5", "nodeImageVersion": "i", "eTag": "p", "count": 3,
            "upgradeSettings": upgrade_settings, "newThing": null}})
    }

    #[test]
    fn settings_are_written_where_they_differ_and_nothing_else_is() {
        let before = pool_with(
            "User",
            &json!({"maxSurge": "10%", "drainTimeoutInMinutes": 45, "maxBlockedNodes": "2"}),
        );
        let wanted = settings(
            r#"{"maxSurge": "33%", "drainTimeoutMinutes": 45, "nodeSoakMinutes": 5,
            "undrainableNodeBehavior": "Cordon", "maxUnavailable": "0"}"#,
        );
        let (body, fields) = pool_settings(before, &wanted).unwrap();
        assert_eq!(
            body,
            json!({"properties": {"mode": "User", "orchestratorVersion": "1.33", "count": 3, "newThing": null,
                "upgradeSettings": {"maxSurge": "33%", "maxUnavailable": "0", "drainTimeoutInMinutes": 45,
                    "nodeSoakDurationInMinutes": 5, "undrainableNodeBehavior": "Cordon", "maxBlockedNodes": "2"}}})
        );
        let told: Vec<(&str, Option<&str>, Option<&str>)> = fields
            .iter()
            .map(|field| (field.field.as_str(), field.from.as_deref(), field.to.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("properties.upgradeSettings.maxSurge", Some("10%"), Some("33%")),
                ("properties.upgradeSettings.maxUnavailable", None, Some("0")),
                ("properties.upgradeSettings.nodeSoakDurationInMinutes", None, Some("5")),
                (
                    "properties.upgradeSettings.undrainableNodeBehavior",
                    None,
                    Some("Cordon")
                ),
            ]
        );
        let repeated = json!({"name": "a", "properties": body["properties"]});
        assert!(pool_settings(repeated, &wanted).unwrap().1.is_empty());
    }

    #[test]
    fn no_setting_changes_nothing_and_an_absent_object_is_made() {
        for present in [json!(null), json!({})] {
            let before = pool_with("User", &present);
            let (body, fields) = pool_settings(before.clone(), &UpgradeSettings::default()).unwrap();
            assert_eq!((&body["properties"]["upgradeSettings"], fields.len()), (&present, 0));
            let (body, fields) = pool_settings(before, &settings(r#"{"maxSurge": "2"}"#)).unwrap();
            assert_eq!(body["properties"]["upgradeSettings"], json!({"maxSurge": "2"}));
            assert_eq!(fields.len(), 1);
        }
        let odd = pool_settings(pool_with("User", &json!("x")), &settings(r#"{"maxSurge": "2"}"#));
        assert!(matches!(odd, Err(NotWritten::Unreadable(_))), "{odd:?}");
    }

    #[test]
    fn settings_that_azure_refuses_are_not_sent() {
        for (mode, present, wanted) in [
            ("User", json!({}), r#"{"drainTimeoutMinutes": 4}"#),
            ("User", json!({"maxUnavailable": "0"}), r#"{"maxSurge": "0"}"#),
            ("User", json!({"maxSurge": "0"}), r#"{"maxUnavailable": "0%"}"#),
            ("System", json!({}), r#"{"maxUnavailable": "1"}"#),
        ] {
            let outcome = pool_settings(pool_with(mode, &present), &settings(wanted));
            assert!(matches!(outcome, Err(NotWritten::Refused(_))), "{wanted}: {outcome:?}");
        }
        let in_place = pool_with("User", &json!({"maxUnavailable": "1"}));
        assert!(pool_settings(in_place, &settings(r#"{"maxSurge": "0"}"#)).is_ok());
    }

    #[test]
    fn a_rollback_writes_version_and_image_together() {
        let before = pool_with("User", &json!({"maxSurge": "1"}));
        let (body, fields) = rollback(before, KubernetesVersion::new(1, 32, 9), &NodeImageVersion::new("h")).unwrap();
        assert_eq!(
            body,
            json!({"properties": {"mode": "User", "orchestratorVersion": "1.32.9", "nodeImageVersion": "h", "count": 3,
                "upgradeSettings": {"maxSurge": "1"}, "newThing": null}})
        );
        let told: Vec<(&str, Option<&str>, Option<&str>)> = fields
            .iter()
            .map(|field| (field.field.as_str(), field.from.as_deref(), field.to.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("properties.orchestratorVersion", Some("1.33"), Some("1.32.9")),
                ("properties.nodeImageVersion", Some("i"), Some("h")),
            ]
        );
    }
}
