//! The way back: from what was sent and what was there before to the change that takes it back now. Pure.

use serde_json::{Map, Value};

use super::note::Sent;
use crate::domain::azure_edit::AzureResource;
use crate::domain::change::Change;
use crate::domain::object_change::{Edit, ObjectChange};
use crate::remedy::merge::{difference, merged, taken_back};

/// What taking one step back comes to.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) enum Back {
    Object(ObjectChange),
    /// Nothing has to be sent, and why.
    Nothing(String),
}

/// What the API server writes itself (Kubernetes API reference, ObjectMeta, v1.36).
const SET_BY_SERVER: [&str; 8] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "managedFields",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];

/// Takes a change of an object back, limited to what it changed; somebody else's later change stays.
pub(in crate::engine) fn of_object(change: &ObjectChange, before: Option<&Value>, now: Option<&Value>) -> Back {
    let object = &change.object;
    let uid = |value: &Value| {
        value
            .pointer("/metadata/uid")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    match (&change.edit, before, now) {
        (Edit::MergePatch { patch }, Some(before), Some(now)) => {
            if uid(before) != uid(now) {
                return Back::Nothing(format!("another {object} has taken its place"));
            }
            let after = merged(before, patch);
            let (target, _) = taken_back(before, &after, now);
            match difference(now, &target) {
                None => Back::Nothing(format!("nothing of it is left in {object}")),
                Some(patch) => Back::Object(ObjectChange {
                    object: object.clone(),
                    uid: uid(now),
                    resource_version: now
                        .pointer("/metadata/resourceVersion")
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                    edit: Edit::MergePatch { patch },
                }),
            }
        }
        (Edit::MergePatch { .. }, ..) | (Edit::Create { .. }, _, None) => {
            Back::Nothing(format!("{object} is not there any more"))
        }
        (Edit::Delete { .. }, Some(before), None) => Back::Object(ObjectChange {
            object: object.clone(),
            uid: None,
            resource_version: None,
            edit: Edit::Create {
                manifest: manifest(before),
            },
        }),
        (Edit::Delete { .. }, Some(before), Some(now)) if uid(before) == uid(now) => {
            Back::Nothing(format!("{object} is still there"))
        }
        (Edit::Delete { .. }, ..) => Back::Nothing(format!("somebody else has made {object} again")),
        (Edit::Create { .. }, _, Some(now)) => Back::Object(ObjectChange {
            object: object.clone(),
            uid: uid(now),
            resource_version: None,
            edit: Edit::Delete { grace_seconds: None },
        }),
    }
}

/// An object to be made again: as it was, without what the server writes.
fn manifest(before: &Value) -> Value {
    let mut manifest: Map<String, Value> = before.as_object().cloned().unwrap_or_default();
    manifest.remove("status");
    if let Some(metadata) = manifest.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in SET_BY_SERVER {
            metadata.remove(field);
        }
    }
    if manifest.get("kind").is_some_and(|kind| kind == "Pod")
        && let Some(spec) = manifest.get_mut("spec").and_then(Value::as_object_mut)
    {
        without_admission(spec);
    }
    Value::Object(manifest)
}

/// Takes out of a pod's spec what scheduler and admission wrote: they write it again
/// (Kubernetes docs "Managing Service Accounts", v1.36).
fn without_admission(spec: &mut Map<String, Value>) {
    let is_injected = |item: &Value| {
        let name = item.get("name").and_then(Value::as_str);
        name.is_some_and(|name| name.starts_with("kube-api-access-"))
    };
    let clean = |owner: &mut Map<String, Value>, list: &str| {
        if let Some(items) = owner.get_mut(list).and_then(Value::as_array_mut) {
            items.retain(|item| !is_injected(item));
        }
    };
    spec.remove("nodeName");
    clean(spec, "volumes");
    for list in ["containers", "initContainers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
            clean(container, "volumeMounts");
        }
    }
}

/// Takes a change in Azure back; `None` where nothing of it can be put back.
pub(in crate::engine) fn of_resource(sent: &Sent, before: Option<&Value>) -> Option<Change> {
    let Sent::Azure { change, past } = sent else {
        return None;
    };
    let cluster = change.cluster().clone();
    match change {
        Change::RemoveLock { lock, .. } => Some(Change::PutLock {
            cluster,
            lock: lock.clone(),
            properties: before?.get("properties")?.clone(),
        }),
        _ if past.is_empty() => None,
        Change::SetWindow { window, .. } => Some(Change::PutBack {
            cluster,
            of: AzureResource::Window { name: window.clone() },
            fields: past.clone(),
        }),
        _ => Some(Change::PutBack {
            cluster,
            of: match change.pool() {
                Some(pool) => AzureResource::NodePool { name: pool.clone() },
                None => AzureResource::Cluster,
            },
            fields: past.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::subject::ObjectRef;

    fn budget(version: &str, min: &Value) -> Value {
        json!({"kind": "PodDisruptionBudget", "metadata": {"name": "web", "uid": "u", "resourceVersion": version,
            "generation": 1, "creationTimestamp": "t", "labels": {"a": "b"}},
            "spec": {"minAvailable": min, "selector": {}}, "status": {"currentHealthy": 2}})
    }

    fn change(edit: Edit) -> ObjectChange {
        ObjectChange {
            object: ObjectRef::in_namespace("policy/v1", "PodDisruptionBudget", "shop", "web"),
            uid: Some("u".to_owned()),
            resource_version: None,
            edit,
        }
    }

    #[test]
    fn a_patch_is_taken_back_for_the_version_that_was_looked_at() {
        let patch = change(Edit::MergePatch {
            patch: json!({"spec": {"minAvailable": 1}}),
        });
        let before = budget("1", &json!("50%"));
        let Back::Object(back) = of_object(&patch, Some(&before), Some(&budget("9", &json!(1)))) else {
            panic!("nothing")
        };
        assert_eq!(
            back.edit,
            Edit::MergePatch {
                patch: json!({"spec": {"minAvailable": "50%"}})
            }
        );
        assert_eq!(
            (back.uid.as_deref(), back.resource_version.as_deref()),
            (Some("u"), Some("9"))
        );
        for now in [Some(budget("9", &json!(0))), Some(budget("9", &json!("50%"))), None] {
            assert!(
                matches!(of_object(&patch, Some(&before), now.as_ref()), Back::Nothing(_)),
                "{now:?}"
            );
        }
        let mut other = budget("9", &json!(1));
        other["metadata"]["uid"] = json!("v");
        assert!(matches!(
            of_object(&patch, Some(&before), Some(&other)),
            Back::Nothing(_)
        ));
    }

    #[test]
    fn what_was_deleted_is_made_again_without_what_the_server_writes() {
        let delete = change(Edit::Delete { grace_seconds: None });
        let before = budget("1", &json!(2));
        let Back::Object(back) = of_object(&delete, Some(&before), None) else {
            panic!("nothing")
        };
        let manifest = json!({"kind": "PodDisruptionBudget", "metadata": {"name": "web", "labels": {"a": "b"}},
            "spec": {"minAvailable": 2, "selector": {}}});
        assert_eq!(back.edit, Edit::Create { manifest });
        assert!(matches!(
            of_object(&delete, Some(&before), Some(&before)),
            Back::Nothing(_)
        ));
    }

    #[test]
    fn a_pod_is_made_again_as_its_author_wrote_it() {
        let mount = |name: &str| json!({"name": name, "mountPath": "/x"});
        let before = json!({"kind": "Pod", "metadata": {"name": "a"}, "spec": {"nodeName": "n",
            "volumes": [{"name": "data"}, {"name": "kube-api-access-x"}],
            "containers": [{"name": "c", "volumeMounts": [mount("data"), mount("kube-api-access-x")]}]}});
        assert_eq!(
            manifest(&before)["spec"],
            json!({"volumes": [{"name": "data"}], "containers": [{"name": "c", "volumeMounts": [mount("data")]}]})
        );
    }
}
