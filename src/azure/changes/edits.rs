//! The bodies of smaller changes: fields of a pool, the length of a window, and fields put back as they were. Pure.

use serde_json::Value;

use super::bodies::{NotWritten, Object, Written, leave_out_own, properties_of, writable_cluster, writable_pool};
use crate::azure::wire::{self, WrongShape};
use crate::domain::azure_edit::{AzureResource, PastField, PoolEdit};
use crate::domain::change::FieldChange;
use crate::domain::node_pool::PoolMode;
use crate::domain::text::printable;

/// The count, the autoscaler's maximum, the OS SKU.
pub(super) fn node_pool(mut body: Value, edit: &PoolEdit) -> Written {
    refuse_pool_edit(&body, edit)?;
    writable_pool(&mut body)?;
    let mut fields = Vec::new();
    let given = [
        ("count", edit.count.map(Value::from)),
        ("maxCount", edit.max_count.map(Value::from)),
        ("osSKU", edit.os_sku.as_deref().map(Value::from)),
    ];
    for (key, value) in given {
        if value.is_some() {
            put(&mut body, &format!("properties.{key}"), value.as_ref(), &mut fields)?;
        }
    }
    Ok((body, fields))
}

/// What AKS would refuse, said before it is asked (AKS API 2026-08-01, `AgentPool`).
fn refuse_pool_edit(body: &Value, edit: &PoolEdit) -> Result<(), NotWritten> {
    let refuse = |why: &str| Err(NotWritten::Refused(why.to_owned()));
    let pool = wire::node_pool(body)?;
    if pool.is_autoscaled && edit.count.is_some() {
        return refuse("the autoscaler decides the number of its nodes");
    }
    if !pool.is_autoscaled && edit.max_count.is_some() {
        return refuse("it has no autoscaler, and so no maximum");
    }
    if pool.mode == PoolMode::System && edit.count == Some(0) {
        return refuse("a system pool keeps at least one node");
    }
    let min = body
        .pointer("/properties/minCount")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    if edit.max_count.is_some_and(|max| u64::from(max) < min) {
        return refuse("the autoscaler's maximum cannot lie below its minimum");
    }
    Ok(())
}

/// Hours a maintenance window is open (AKS API 2026-08-01, `MaintenanceWindow`).
pub(super) fn window(mut body: Value, hours: u32) -> Written {
    if !(4..=24).contains(&hours) {
        return Err(NotWritten::Refused(format!("{hours} hours are outside 4 to 24 hours")));
    }
    if body.pointer("/properties/maintenanceWindow").is_none_or(Value::is_null) {
        let why = "it has no 'maintenanceWindow': the window 'default' of older clusters has a length of one hour";
        return Err(NotWritten::Refused(why.to_owned()));
    }
    leave_out_own(&mut body);
    let mut fields = Vec::new();
    let field = "properties.maintenanceWindow.durationHours";
    put(&mut body, field, Some(&Value::from(hours)), &mut fields)?;
    Ok((body, fields))
}

/// Writes fields back as they were, where what was written is still there; the rest is somebody else's by now.
pub(super) fn put_back(mut body: Value, of: &AzureResource, fields: &[PastField]) -> Written {
    match of {
        AzureResource::Cluster => drop(writable_cluster(&mut body)?),
        AzureResource::NodePool { .. } => writable_pool(&mut body)?,
        AzureResource::Window { .. } => leave_out_own(&mut body),
    }
    let mut written = Vec::new();
    for past in fields {
        if is_still(at(&body, &past.field), past.is.as_ref()) {
            put(&mut body, &past.field, past.was.as_ref(), &mut written)?;
        }
    }
    take_away_empty_overrides(&mut body, &written);
    if written.is_empty() {
        let why = "nothing is left to put back: it was changed since, or is as it was";
        return Err(NotWritten::Refused(why.to_owned()));
    }
    Ok((body, written))
}

/// The override settings as they were before they were first written: not there. Only `null` says so, because a part
/// that is not sent may stay as it is (AKS docs "Upgrade options", 2026).
fn take_away_empty_overrides(body: &mut Value, written: &[FieldChange]) {
    const SETTINGS: &str = "properties.upgradeSettings.overrideSettings";
    let is_about_it = written.iter().any(|field| field.field.starts_with(SETTINGS));
    let settings = body.pointer_mut("/properties/upgradeSettings/overrideSettings");
    if let Some(settings) =
        settings.filter(|settings| is_about_it && settings.as_object().is_some_and(Object::is_empty))
    {
        *settings = Value::Null;
    }
}

/// True where what was written is there still. Azure leaves out what is off, and writes words in a case of its own.
fn is_still(now: Option<&Value>, written: Option<&Value>) -> bool {
    let is_off = |value: &Value| {
        *value == Value::Bool(false) || value.as_str().is_some_and(|word| word.eq_ignore_ascii_case("none"))
    };
    match (now, written) {
        (None, Some(written)) => is_off(written),
        (Some(Value::String(now)), Some(Value::String(written))) => now.eq_ignore_ascii_case(written),
        (now, written) => now == written,
    }
}

/// The value at a path such as `properties.upgradeSettings.maxSurge`; `null` counts as absent.
pub(super) fn at<'a>(body: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.')
        .try_fold(body, |value, key| value.get(key))
        .filter(|value| !value.is_null())
}

/// Writes a value at a path, or takes it away, and notes what that changes.
pub(super) fn put(
    body: &mut Value,
    path: &str,
    to: Option<&Value>,
    fields: &mut Vec<FieldChange>,
) -> Result<(), WrongShape> {
    let from = at(body, path).cloned();
    if from.as_ref() == to {
        return Ok(());
    }
    let (parents, key) = path.rsplit_once('.').unwrap_or(("", path));
    let mut parent = body;
    for name in parents.split('.').filter(|name| !name.is_empty()) {
        let entry = object(parent)?.entry(name).or_insert(Value::Null);
        if entry.is_null() {
            *entry = Value::Object(Object::new());
        }
        parent = entry;
    }
    match to {
        Some(value) => object(parent)?.insert(key.to_owned(), value.clone()),
        None => object(parent)?.remove(key),
    };
    fields.push(FieldChange {
        field: path.to_owned(),
        from: from.as_ref().map(shown),
        to: to.map(shown),
    });
    Ok(())
}

fn object(value: &mut Value) -> Result<&mut Object, WrongShape> {
    value
        .as_object_mut()
        .ok_or_else(|| WrongShape("a part of it is no object".to_owned()))
}

/// A value on one line; a text without its quotes.
fn shown(value: &Value) -> String {
    printable(&match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

/// `properties` of a body, to look into.
pub(super) fn properties(body: &mut Value) -> Result<&mut Object, WrongShape> {
    properties_of(body)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pool(more: &Value) -> Value {
        let mut properties = json!({"mode": "User", "count": 3, "orchestratorVersion": "1.33", "nodeImageVersion": "i",
            "currentOrchestratorVersion": "1.33.5", "osSKU": "Ubuntu", "eTag": "p", "provisioningState": "Failed"});
        for (key, value) in more.as_object().cloned().unwrap_or_default() {
            properties[key] = value;
        }
        json!({"id": "/x", "name": "a", "properties": properties})
    }

    #[test]
    fn a_pools_fields_are_written_alone() {
        let edit = PoolEdit {
            count: Some(4),
            os_sku: Some("Ubuntu2404".to_owned()),
            ..PoolEdit::default()
        };
        let (body, fields) = node_pool(pool(&json!({})), &edit).unwrap();
        assert_eq!(
            body,
            json!({"properties": {"mode": "User", "count": 4, "orchestratorVersion": "1.33", "osSKU": "Ubuntu2404"}})
        );
        let told: Vec<_> = fields
            .iter()
            .map(|field| (field.field.as_str(), field.from.as_deref()))
            .collect();
        assert_eq!(
            told,
            [("properties.count", Some("3")), ("properties.osSKU", Some("Ubuntu"))]
        );
    }

    #[test]
    fn what_aks_would_refuse_is_refused_here() {
        let count = |count| PoolEdit {
            count: Some(count),
            ..PoolEdit::default()
        };
        let max = |max| PoolEdit {
            max_count: Some(max),
            ..PoolEdit::default()
        };
        let scaled = || pool(&json!({"enableAutoScaling": true, "minCount": 2, "maxCount": 5}));
        for (body, edit) in [
            (scaled(), count(4)),
            (scaled(), max(1)),
            (pool(&json!({})), max(4)),
            (pool(&json!({"mode": "System"})), count(0)),
        ] {
            assert!(
                matches!(node_pool(body, &edit), Err(NotWritten::Refused(_))),
                "{edit:?}"
            );
        }
        assert!(node_pool(scaled(), &max(4)).is_ok());
    }

    #[test]
    fn a_window_gets_longer_and_keeps_its_schedule() {
        let before = json!({"id": "/w", "name": "default", "properties": {"maintenanceWindow": {
            "durationHours": 4, "startTime": "08:30", "schedule": {"daily": {"intervalDays": 1}}}}});
        let (body, fields) = window(before.clone(), 8).unwrap();
        assert_eq!(body["properties"]["maintenanceWindow"]["durationHours"], 8);
        assert_eq!((body.get("id"), fields[0].from.as_deref()), (None, Some("4")));
        assert!(window(before, 25).is_err());
        assert!(window(json!({"properties": {"timeInWeek": []}}), 8).is_err());
    }

    #[test]
    fn only_what_is_still_ours_is_put_back() {
        let past = |key: &str, was: Value, is: Value| PastField {
            field: format!("properties.upgradeSettings.{key}"),
            was: Some(was).filter(|value| !value.is_null()),
            is: Some(is),
        };
        let fields = [
            past("maxSurge", json!(null), json!("1")),
            past("drainTimeoutInMinutes", json!(30), json!(60)),
        ];
        let of = AzureResource::NodePool { name: "a".into() };
        let now = pool(&json!({"upgradeSettings": {"maxSurge": "1", "drainTimeoutInMinutes": 90, "other": true}}));
        let (body, written) = put_back(now, &of, &fields).unwrap();
        let settings = json!({"drainTimeoutInMinutes": 90, "other": true});
        assert_eq!((&body["properties"]["upgradeSettings"], written.len()), (&settings, 1));
        for (now, written, expected) in [
            (None, Some(json!("none")), true),
            (None, Some(json!(false)), true),
            (None, Some(json!("patch")), false),
            (Some(json!("None")), Some(json!("none")), true),
            (Some(json!(1)), None, false),
        ] {
            assert_eq!(
                is_still(now.as_ref(), written.as_ref()),
                expected,
                "{now:?} {written:?}"
            );
        }
        let gone = put_back(pool(&json!({"upgradeSettings": settings})), &of, &fields);
        assert!(matches!(gone, Err(NotWritten::Refused(_))), "{gone:?}");
    }
}
