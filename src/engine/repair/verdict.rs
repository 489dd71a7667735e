//! Whether a change whose answer was lost was made, as far as its object tells. Pure.

use serde_json::Value;

use super::note::Answer;
use super::shown::plain;
use crate::domain::change::{Change, FieldChange};
use crate::domain::object_change::{Edit, ObjectChange};
use crate::domain::provisioning::ProvisioningState;
use crate::remedy::merge::merged;

/// Judges by the object as it is now; `None` where it is gone.
pub(in crate::engine) fn of_object(change: &ObjectChange, now: Option<&Value>) -> Answer {
    let text = |pointer: &str| now.and_then(|now| now.pointer(pointer)).and_then(Value::as_str);
    let is_other = change.uid.is_some() && change.uid.as_deref() != text("/metadata/uid");
    let is_made = match &change.edit {
        Edit::MergePatch { patch } => match now {
            // Gone, or another one of the same name: nothing of the change is left.
            None => false,
            Some(now) => !is_other && merged(now, patch) == *now,
        },
        Edit::Delete { .. } => now.is_none() || is_other || text("/metadata/deletionTimestamp").is_some(),
        Edit::Create { .. } => now.is_some(),
    };
    if is_made {
        Answer::FoundMade
    } else {
        Answer::FoundNotMade
    }
}

/// Judges by the resource as it is now; `None` where it is gone.
pub(in crate::engine) fn of_resource(change: &Change, fields: &[FieldChange], now: Option<&Value>) -> Answer {
    let found = |is_made: bool| {
        if is_made {
            Answer::FoundMade
        } else {
            Answer::FoundNotMade
        }
    };
    match change {
        Change::RemoveLock { .. } | Change::UnlinkDnsZone { .. } => return found(now.is_none()),
        Change::PutLock { .. } | Change::LinkDnsZone { .. } => return found(now.is_some()),
        _ => {}
    }
    let Some(now) = now else {
        return unknown("the resource is not there any more");
    };
    let is = |field: &FieldChange, wanted: &Option<String>| {
        let value = field.field.split('.').try_fold(now, |value, key| value.get(key));
        value.filter(|value| !value.is_null()).map(plain) == *wanted
    };
    let can_tell = !fields.is_empty() && fields.iter().all(|field| !field.field.contains('['));
    if can_tell && fields.iter().all(|field| is(field, &field.to)) {
        return Answer::FoundMade;
    }
    if can_tell && fields.iter().all(|field| is(field, &field.from)) {
        return Answer::FoundNotMade;
    }
    let state = now.pointer("/properties/provisioningState").and_then(Value::as_str);
    match state.map(ProvisioningState::from) {
        // Only one operation at a time: what runs is most likely ours.
        Some(state) if !state.is_terminal() => Answer::FoundMade,
        _ => unknown("the resource does not tell"),
    }
}

fn unknown(why: &str) -> Answer {
    Answer::Unknown { why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::subject::ObjectRef;

    fn change(edit: Edit) -> ObjectChange {
        ObjectChange {
            object: ObjectRef::of_cluster("v1", "Node", "n"),
            uid: Some("u".to_owned()),
            resource_version: None,
            edit,
        }
    }

    #[test]
    fn an_object_tells_what_became_of_a_change() {
        let patch = || {
            change(Edit::MergePatch {
                patch: json!({"spec": {"a": 1}}),
            })
        };
        let delete = || change(Edit::Delete { grace_seconds: None });
        let create = || change(Edit::Create { manifest: json!({}) });
        let object = |uid: &str, a: u32| json!({"metadata": {"uid": uid}, "spec": {"a": a}});
        let leaving = json!({"metadata": {"uid": "u", "deletionTimestamp": "t"}});
        for (change, now, is_made) in [
            (patch(), Some(object("u", 1)), true),
            (patch(), Some(object("u", 2)), false),
            (patch(), Some(object("v", 1)), false),
            (patch(), None, false),
            (delete(), None, true),
            (delete(), Some(object("v", 1)), true),
            (delete(), Some(leaving), true),
            (delete(), Some(object("u", 1)), false),
            (create(), Some(object("w", 1)), true),
            (create(), None, false),
        ] {
            let answer = of_object(&change, now.as_ref());
            assert_eq!(answer == Answer::FoundMade, is_made, "{change:?} {now:?}");
        }
    }

    #[test]
    fn a_resource_tells_by_its_fields_else_by_what_runs() {
        let change = Change::AbortCluster {
            cluster: crate::domain::ids::ClusterId::new("/c"),
        };
        let fields = [FieldChange {
            field: "properties.count".to_owned(),
            from: Some("3".to_owned()),
            to: Some("4".to_owned()),
        }];
        let now = |count: u32, state: &str| json!({"properties": {"count": count, "provisioningState": state}});
        let judged = |count, state| of_resource(&change, &fields, Some(&now(count, state)));
        assert_eq!(judged(4, "Succeeded"), Answer::FoundMade);
        assert_eq!(judged(3, "Succeeded"), Answer::FoundNotMade);
        assert!(matches!(judged(5, "Succeeded"), Answer::Unknown { .. }));
        assert_eq!(of_resource(&change, &[], Some(&now(3, "Updating"))), Answer::FoundMade);
        assert!(matches!(of_resource(&change, &[], None), Answer::Unknown { .. }));
    }
}
