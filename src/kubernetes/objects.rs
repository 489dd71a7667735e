//! Single objects, for repairs: read one, and change, delete or make one, safe against changes by others meanwhile.
//! What is sent is known before: `request_of` gives it, and `change_object` sends exactly that.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use super::client::KubernetesClient;
use super::error::KubernetesError;
use super::wire::SlimResources;
use crate::domain::object_change::{Edit, ObjectChange};
use crate::domain::subject::ObjectRef;

/// How long one answer may take: admission webhooks have up to 30 s each.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);
/// Under this name the API server notes what was changed (Kubernetes docs "Server-Side Apply", 2026: field managers).
const FIELD_MANAGER: &str = "aks-cockpit";
/// What the server writes into every object; a new one must not bring it along.
const SERVER_OWNED: [&str; 8] = [
    "managedFields",
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];

/// One request about one object, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectRequest {
    /// `PATCH`, `DELETE` or `POST`.
    pub method: String,
    /// With its query.
    pub path: String,
    pub content_type: String,
    pub body: Value,
    /// What it takes to do it, as `patch poddisruptionbudgets`.
    pub right: String,
}

impl KubernetesClient {
    /// Reads an object as the server has it, without `managedFields`.
    ///
    /// # Errors
    /// When it is not there (404), its kind is not served, or a right is missing.
    pub async fn get_object(&self, object: &ObjectRef) -> Result<Value, KubernetesError> {
        let place = self.place_of(object).await?;
        let request = http::Request::get(place.of_one(object))
            .body(Vec::new())
            .expect("an escaped path makes a request");
        let right = format!("get {}", place.plural);
        let mut found: Value = self.ask(&right, request, ANSWER_WITHIN).await?;
        if let Some(metadata) = found.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        Ok(found)
    }

    /// Says what a change will send; asks the server only how it calls the kind.
    ///
    /// # Errors
    /// When the kind is not served or the server cannot be asked.
    pub async fn request_of(&self, change: &ObjectChange) -> Result<ObjectRequest, KubernetesError> {
        let place = self.place_of(&change.object).await?;
        Ok(request_to(&place, change))
    }

    /// Sends a change, once. Gives the object as it is then; `None` where it is gone.
    ///
    /// # Errors
    /// When another object has the name or somebody changed it meanwhile (409), it is not there (404), a webhook or a
    /// rule refuses it, or a right is missing.
    pub async fn change_object(&self, change: &ObjectChange) -> Result<Option<Value>, KubernetesError> {
        let ObjectRequest {
            method,
            path,
            content_type,
            body,
            right,
        } = self.request_of(change).await?;
        let request = http::Request::builder()
            .method(method.as_str())
            .uri(path)
            .header(CONTENT_TYPE, content_type)
            .body(body.to_string().into_bytes())
            .expect("an escaped path and a known content type make a request");
        let mut answer: Value = self.ask(&right, request, ANSWER_WITHIN).await?;
        if let Some(metadata) = answer.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        // A deletion that is done at once is answered with a Status.
        Ok((answer["kind"] != "Status").then_some(answer))
    }

    /// Asks the server under which name it serves the kind.
    async fn place_of(&self, object: &ObjectRef) -> Result<Place, KubernetesError> {
        let base = base_path(&object.api_version);
        let what = format!("get {base}");
        let unknown = || KubernetesError::Refused {
            what: what.clone(),
            status: 404,
            why: format!("this server has no kind {} in {}", object.kind, object.api_version),
        };
        let request = http::Request::get(base.as_str())
            .body(Vec::new())
            .map_err(|_| unknown())?;
        let resources: SlimResources = match self.ask(&what, request, ANSWER_WITHIN).await {
            Err(KubernetesError::Refused { status: 404, .. }) => return Err(unknown()),
            answer => answer?,
        };
        let (plural, is_namespaced) = resources.plural(&object.kind).ok_or_else(unknown)?;
        Ok(Place {
            base,
            plural,
            is_namespaced,
        })
    }
}

/// Where the objects of a kind are.
#[derive(Clone, Debug)]
struct Place {
    /// `/api/v1` or `/apis/policy/v1`.
    base: String,
    plural: String,
    is_namespaced: bool,
}

impl Place {
    fn of_all(&self, object: &ObjectRef) -> String {
        let namespace = object.namespace.as_deref().filter(|_| self.is_namespaced);
        match namespace {
            Some(namespace) => format!("{}/namespaces/{}/{}", self.base, escaped(namespace), self.plural),
            None => format!("{}/{}", self.base, self.plural),
        }
    }

    fn of_one(&self, object: &ObjectRef) -> String {
        format!("{}/{}", self.of_all(object), escaped(&object.name))
    }
}

fn base_path(api_version: &str) -> String {
    match api_version.split_once('/') {
        Some((group, version)) => format!("/apis/{}/{}", escaped(group), escaped(version)),
        None => format!("/api/{}", escaped(api_version)),
    }
}

/// A part of a path, with all that could lead elsewhere escaped (RFC 3986, 2.3: unreserved characters).
fn escaped(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

fn request_to(place: &Place, change: &ObjectChange) -> ObjectRequest {
    let object = &change.object;
    let (verb, method, path, content_type, body) = match &change.edit {
        Edit::MergePatch { patch } => (
            "patch",
            "PATCH",
            format!("{}?fieldManager={FIELD_MANAGER}", place.of_one(object)),
            "application/merge-patch+json",
            guarded_patch(change, patch),
        ),
        Edit::Delete { grace_seconds } => (
            "delete",
            "DELETE",
            place.of_one(object),
            "application/json",
            delete_options(change, *grace_seconds),
        ),
        Edit::Create { manifest } => (
            "create",
            "POST",
            format!("{}?fieldManager={FIELD_MANAGER}", place.of_all(object)),
            "application/json",
            fresh(object, manifest, place.is_namespaced),
        ),
    };
    ObjectRequest {
        method: method.to_owned(),
        path,
        content_type: content_type.to_owned(),
        body,
        right: format!("{verb} {}", place.plural),
    }
}

/// The patch, which the server refuses with 409 where uid or version are not those that were looked at.
fn guarded_patch(change: &ObjectChange, patch: &Value) -> Value {
    let mut patch = patch.clone();
    let guards = [
        ("uid", change.uid.as_deref()),
        ("resourceVersion", change.resource_version.as_deref()),
    ];
    for (field, wanted) in guards {
        if let Some(wanted) = wanted {
            metadata_of(&mut patch).insert(field.to_owned(), wanted.into());
        }
    }
    if let Some(metadata) = patch.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    patch
}

fn delete_options(change: &ObjectChange, grace_seconds: Option<u32>) -> Value {
    let mut options = json!({ "kind": "DeleteOptions", "apiVersion": "v1" });
    if let Some(grace) = grace_seconds {
        options["gracePeriodSeconds"] = grace.into();
    }
    for (field, wanted) in [("uid", &change.uid), ("resourceVersion", &change.resource_version)] {
        if let Some(wanted) = wanted {
            options["preconditions"][field] = wanted.as_str().into();
        }
    }
    options
}

/// A manifest as a new object: under the name that was asked for, without what the server writes.
fn fresh(object: &ObjectRef, manifest: &Value, is_namespaced: bool) -> Value {
    let mut manifest = if manifest.is_object() {
        manifest.clone()
    } else {
        Value::Object(Map::new())
    };
    manifest["apiVersion"] = object.api_version.as_str().into();
    manifest["kind"] = object.kind.as_str().into();
    if let Some(fields) = manifest.as_object_mut() {
        fields.remove("status");
    }
    let metadata = metadata_of(&mut manifest);
    for field in SERVER_OWNED {
        metadata.remove(field);
    }
    metadata.insert("name".to_owned(), object.name.as_str().into());
    if let Some(namespace) = object.namespace.as_deref().filter(|_| is_namespaced) {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
    manifest
}

/// The fields of `metadata`, which is made where it is missing or of another shape.
fn metadata_of(object: &mut Value) -> &mut Map<String, Value> {
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    let metadata = &mut object["metadata"];
    if !metadata.is_object() {
        *metadata = Value::Object(Map::new());
    }
    metadata.as_object_mut().expect("it was just made an object")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(edit: Edit) -> ObjectChange {
        ObjectChange {
            object: ObjectRef::in_namespace("policy/v1", "PodDisruptionBudget", "shop", "web-pdb"),
            uid: Some("u-1".into()),
            resource_version: Some("7".into()),
            edit,
        }
    }

    fn place() -> Place {
        Place {
            base: base_path("policy/v1"),
            plural: "poddisruptionbudgets".into(),
            is_namespaced: true,
        }
    }

    #[test]
    fn a_patch_carries_what_it_was_made_for() {
        let patch =
            json!({ "metadata": { "managedFields": [], "labels": { "a": null } }, "spec": { "minAvailable": 1 } });
        let request = request_to(&place(), &change(Edit::MergePatch { patch }));
        assert_eq!(request.method, "PATCH");
        assert_eq!(
            request.path,
            "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/web-pdb?fieldManager=aks-cockpit"
        );
        assert_eq!(request.content_type, "application/merge-patch+json");
        assert_eq!(
            request.body,
            json!({ "metadata": { "labels": { "a": null }, "uid": "u-1", "resourceVersion": "7" }, "spec": { "minAvailable": 1 } })
        );
        assert_eq!(request.right, "patch poddisruptionbudgets");
        let mut bare = change(Edit::MergePatch {
            patch: json!({ "spec": {} }),
        });
        (bare.uid, bare.resource_version) = (None, None);
        assert_eq!(request_to(&place(), &bare).body, json!({ "spec": {} }));
    }

    #[test]
    fn a_deletion_has_preconditions_and_a_grace() {
        let request = request_to(&place(), &change(Edit::Delete { grace_seconds: Some(0) }));
        assert_eq!(
            (request.method.as_str(), request.right.as_str()),
            ("DELETE", "delete poddisruptionbudgets")
        );
        assert!(request.path.ends_with("/poddisruptionbudgets/web-pdb"));
        assert_eq!(
            request.body,
            json!({ "kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0,
                "preconditions": { "uid": "u-1", "resourceVersion": "7" } })
        );
    }

    #[test]
    fn a_new_object_brings_nothing_of_the_server_along() {
        let manifest = json!({
            "metadata": { "name": "other", "namespace": "x", "uid": "old", "resourceVersion": "3", "generation": 2,
                "creationTimestamp": "x", "managedFields": [{}], "labels": { "a": "b" } },
            "spec": { "minAvailable": 1 }, "status": { "currentHealthy": 1 },
        });
        let request = request_to(&place(), &change(Edit::Create { manifest }));
        assert_eq!(
            request.path,
            "/apis/policy/v1/namespaces/shop/poddisruptionbudgets?fieldManager=aks-cockpit"
        );
        assert_eq!(
            request.body,
            json!({ "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
                "metadata": { "name": "web-pdb", "namespace": "shop", "labels": { "a": "b" } },
                "spec": { "minAvailable": 1 } })
        );
        let empty = request_to(&place(), &change(Edit::Create { manifest: json!(null) }));
        assert_eq!(empty.body["metadata"]["name"], "web-pdb");
    }

    #[test]
    fn paths_lead_nowhere_else() {
        let cluster = Place {
            base: base_path("v1"),
            plural: "nodes".into(),
            is_namespaced: false,
        };
        let odd = ObjectRef::in_namespace("v1", "Node", "shop", "../secrets?x=1#");
        assert_eq!(cluster.of_one(&odd), "/api/v1/nodes/..%2Fsecrets%3Fx%3D1%23");
        assert_eq!(escaped("system:node:a"), "system:node:a");
        assert_eq!(base_path("a b/v1"), "/apis/a%20b/v1");
    }
}
