//! What the author of a world may do to any object, past the API's rules: add, change, read and take away.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kinds::Kind;
use super::store::Key;
use super::{ObjectStore, fields, workloads};

/// The object cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    #[error("the kind {kind} of {api_version} is not simulated")]
    UnknownKind { api_version: String, kind: String },
    #[error("the object of kind {kind} has no name")]
    NoName { kind: String },
}

impl ObjectStore {
    /// Adds an object of any simulated kind as it is written, `status` included; one of the same name is replaced.
    ///
    /// Its namespace is made where it is missing, `uid` and times are given where they are, and an owner that is named
    /// without a uid gets the one of the object that is there. Pods without a status start as new ones do.
    ///
    /// # Errors
    /// When the kind is not simulated, or the object has no name.
    pub fn add_object(&mut self, object: &Value, now: Timestamp) -> Result<(), NotKept> {
        self.pass_to(now);
        let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
        let kind = Kind::of(&text("apiVersion"), &text("kind")).ok_or_else(|| NotKept::UnknownKind {
            api_version: text("apiVersion"),
            kind: text("kind"),
        })?;
        if fields::name(object).is_empty() {
            return Err(NotKept::NoName { kind: text("kind") });
        }
        let mut object = object.clone();
        for word in ["kind", "apiVersion"] {
            fields::take(&mut object, &[word]);
        }
        if kind.describe().is_namespaced {
            if fields::namespace(&object).is_empty() {
                fields::put(&mut object, &["metadata", "namespace"], "default");
            }
            self.add_namespace(fields::namespace(&object));
        }
        if kind == Kind::Pod {
            let status = fields::take(&mut object, &["status"]);
            workloads::complete_pod(&mut object, &mut self.names);
            if let Some(status) = status {
                fields::put(&mut object, &["status"], status);
            }
        }
        if kind == Kind::Namespace {
            let name = fields::name(&object).to_owned();
            fields::put(
                &mut object,
                &["metadata", "labels", "kubernetes.io/metadata.name"],
                name,
            );
            if object["status"].is_null() {
                fields::put(&mut object, &["status"], json!({ "phase": "Active" }));
            }
        }
        self.name_owners(&mut object);
        let given = object["metadata"]["creationTimestamp"].clone();
        let key = Key::of(&object);
        self.create(kind, object);
        if !given.is_null() {
            self.store.edit(kind, &key, |object| {
                fields::put(object, &["metadata", "creationTimestamp"], given);
            });
        }
        if self.is_building {
            self.settle();
        }
        Ok(())
    }

    /// Changes an object by a JSON merge patch, `status` included; false where it is not there.
    pub fn change_object(&mut self, kind: &str, namespace: &str, name: &str, patch: &Value, now: Timestamp) -> bool {
        self.pass_to(now);
        let Some(kind) = Kind::named(kind) else {
            return false;
        };
        let changed = self
            .store
            .edit(kind, &Key::new(namespace, name), |object| merge(object, patch));
        changed.is_some()
    }

    /// Takes an object away at once, whatever finalizers it has; false where it is not there.
    pub fn remove_object(&mut self, kind: &str, namespace: &str, name: &str, now: Timestamp) -> bool {
        self.pass_to(now);
        Kind::named(kind).is_some_and(|kind| self.store.remove(kind, &Key::new(namespace, name)).is_some())
    }

    /// An object as it is now; a `namespace` of `""` is for objects of the whole cluster.
    pub fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.store.get(Kind::named(kind)?, &Key::new(namespace, name)).cloned()
    }

    /// All objects of a kind, ordered by namespace and name; empty for a kind that is not simulated.
    pub fn objects_of(&self, kind: &str) -> Vec<Arc<Value>> {
        Kind::named(kind).map(|kind| self.store.all(kind)).unwrap_or_default()
    }

    fn name_owners(&self, object: &mut Value) {
        let namespace = fields::namespace(object).to_owned();
        let Some(owners) = object["metadata"]["ownerReferences"].as_array_mut() else {
            return;
        };
        for owner in owners.iter_mut().filter(|owner| owner["uid"].is_null()) {
            let text = |field: &str| owner[field].as_str().unwrap_or_default();
            let found = Kind::named(text("kind")).and_then(|kind| {
                let place = if kind.describe().is_namespaced {
                    namespace.as_str()
                } else {
                    ""
                };
                self.store.get(kind, &Key::new(place, text("name")))
            });
            if let Some(uid) = found.map(|object| fields::uid(object).to_owned()) {
                fields::put(owner, &["uid"], uid);
            }
        }
    }
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    let target = fields::as_map(target);
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, store};
    use super::*;

    #[test]
    fn any_object_can_be_written_into_a_world() {
        let mut store = store();
        let claim = json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": { "name": "data", "namespace": "shop" }, "spec": { "volumeName": "pv-1" },
            "status": { "phase": "Bound" } });
        store.add_object(&claim, at(0)).unwrap();
        let found = store.object("PersistentVolumeClaim", "shop", "data").unwrap();
        assert_eq!(found["status"]["phase"], "Bound");
        assert!(found.get("kind").is_none() && !fields::uid(&found).is_empty());
        assert!(store.object("Namespace", "", "shop").is_some());
        assert!(store.change_object(
            "PersistentVolumeClaim",
            "shop",
            "data",
            &json!({ "status": { "phase": "Lost" } }),
            at(1)
        ));
        assert_eq!(store.objects_of("PersistentVolumeClaim")[0]["status"]["phase"], "Lost");
        assert!(store.remove_object("PersistentVolumeClaim", "shop", "data", at(2)));
        assert!(!store.remove_object("PersistentVolumeClaim", "shop", "data", at(2)));
    }

    #[test]
    fn what_cannot_be_kept_is_said() {
        let mut store = store();
        let strange = store
            .add_object(&json!({ "apiVersion": "v1", "kind": "Gadget" }), at(0))
            .unwrap_err();
        assert_eq!(strange.to_string(), "the kind Gadget of v1 is not simulated");
        let nameless = store
            .add_object(&json!({ "apiVersion": "v1", "kind": "Secret" }), at(0))
            .unwrap_err();
        assert_eq!(nameless.to_string(), "the object of kind Secret has no name");
    }
}
