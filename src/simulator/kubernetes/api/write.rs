//! Creating, replacing, patching and deleting objects, with the conflicts a real API server would see.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::failure::Failure;
use super::patch::PatchKind;
use super::{Call, Trouble, validate};
use crate::simulator::kubernetes::objects::ObjectStore;
use crate::simulator::kubernetes::objects::admission::Admission;
use crate::simulator::kubernetes::objects::fields;
use crate::simulator::kubernetes::objects::kinds::Kind;
use crate::simulator::kubernetes::objects::store::Key;

/// Metadata that only the API server writes.
const SERVER_OWNED: [&str; 8] = [
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "resourceVersion",
];

/// How an object is to be deleted: from the query or from a `DeleteOptions` body.
#[derive(Debug, Default)]
pub(super) struct DeleteOptions {
    pub(super) grace: Option<u64>,
    pub(super) is_dry_run: bool,
    uid: Option<String>,
    version: Option<String>,
}

impl DeleteOptions {
    pub(super) fn read(body: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            grace: body["gracePeriodSeconds"].as_u64(),
            is_dry_run: body["dryRun"]
                .as_array()
                .is_some_and(|words| words.iter().any(|word| word == "All")),
            uid: text(&body["preconditions"]["uid"]),
            version: text(&body["preconditions"]["resourceVersion"]),
        }
    }

    pub(super) fn check(&self, kind: Kind, object: &Value) -> Result<(), Failure> {
        let name = fields::name(object);
        let current = [
            ("UID", &self.uid, fields::uid(object)),
            (
                "ResourceVersion",
                &self.version,
                object["metadata"]["resourceVersion"].as_str().unwrap_or_default(),
            ),
        ];
        for (what, wanted, found) in current {
            if let Some(wanted) = wanted
                && wanted != found
            {
                let why =
                    format!("Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}");
                return Err(Failure::conflict(kind, name, &why));
            }
        }
        Ok(())
    }
}

impl Call<'_> {
    pub(super) fn create(&self) -> Result<Response, Trouble> {
        let mut object = self.own_object()?;
        let target = &self.target;
        match (&target.namespace, target.kind.describe().is_namespaced) {
            (Some(namespace), _) => put_namespace(&mut object, namespace)?,
            (None, true) => return Err(Failure::method_not_allowed().into()),
            (None, false) => {
                fields::take(&mut object, &["metadata", "namespace"]);
            }
        }
        let written = self.cluster.change(|objects, now| self.add(objects, object, now))??;
        Ok(self.answer(StatusCode::CREATED, &written))
    }

    fn add(&self, objects: &mut ObjectStore, mut object: Value, now: Timestamp) -> Result<Value, Failure> {
        let kind = self.target.kind;
        if fields::name(&object).is_empty()
            && let Some(prefix) = object["metadata"]["generateName"].as_str()
        {
            let name = format!("{prefix}{:x}", objects.version());
            fields::put(&mut object, &["metadata", "name"], name);
        }
        validate::check(kind, &object)?;
        let key = Key::of(&object);
        if !key.namespace.is_empty() && !objects.store().contains(Kind::Namespace, &Key::new("", &key.namespace)) {
            return Err(Failure::not_found(Kind::Namespace, &key.namespace));
        }
        if objects.store().contains(kind, &key) {
            return Err(Failure::already_exists(kind, &key.name));
        }
        for field in SERVER_OWNED.into_iter().skip(2) {
            fields::take(&mut object, &["metadata", field]);
        }
        self.admit(objects, "CREATE", &object)?;
        if self.query.is_dry_run {
            return Ok(object);
        }
        Ok(Value::clone(&objects.add(kind, object, now)))
    }

    pub(super) fn replace(&self) -> Result<Response, Trouble> {
        let object = self.own_object()?;
        self.update(|old| {
            if fields::name(&object) != fields::name(old) {
                return Err(Failure::bad_request(format!(
                    "the name of the object ({}) does not match the name on the URL ({})",
                    fields::name(&object),
                    fields::name(old),
                )));
            }
            Ok(object)
        })
    }

    pub(super) fn patch(&self) -> Result<Response, Trouble> {
        let kind: PatchKind = self.patch_kind()?;
        let patch = self.json_body()?;
        self.update(|old| kind.apply(old, &patch))
    }

    fn update(&self, edit: impl FnOnce(&Value) -> Result<Value, Failure>) -> Result<Response, Trouble> {
        let written = self.cluster.change(|objects, now| self.change(objects, now, edit))??;
        Ok(self.answer(StatusCode::OK, &written))
    }

    /// Runs an edit on the object that is there, unless its writer had read another version of it.
    fn change(
        &self,
        objects: &mut ObjectStore,
        now: Timestamp,
        edit: impl FnOnce(&Value) -> Result<Value, Failure>,
    ) -> Result<Value, Failure> {
        let (kind, key) = (self.target.kind, self.key());
        let old = objects
            .store()
            .get(kind, &key)
            .cloned()
            .ok_or_else(|| self.not_found())?;
        let mut new = edit(&old)?;
        for field in ["resourceVersion", "uid"] {
            let given = new["metadata"][field].as_str().unwrap_or_default();
            if !given.is_empty() && given != old["metadata"][field] {
                return Err(Failure::outdated(kind, &key.name));
            }
        }
        keep_server_fields(kind, &old, &mut new, self.target.subresource.is_some());
        validate::check_update(kind, &old, &new)?;
        self.admit(objects, "UPDATE", &new)?;
        if self.query.is_dry_run {
            return Ok(new);
        }
        let written = objects.replace(kind, &key, new, now).ok_or_else(|| self.not_found())?;
        Ok(Value::clone(&written))
    }

    pub(super) fn delete(&self) -> Result<Response, Trouble> {
        let mut options = if self.body.is_empty() {
            DeleteOptions::default()
        } else {
            DeleteOptions::read(&self.json_body()?)
        };
        options.grace = options.grace.or(self.query.grace_seconds);
        options.is_dry_run |= self.query.is_dry_run;
        let (kind, key) = (self.target.kind, self.key());
        let deleted = self.cluster.change(|objects, now| {
            let object = objects
                .store()
                .get(kind, &key)
                .cloned()
                .ok_or_else(|| self.not_found())?;
            options.check(kind, &object)?;
            self.admit(objects, "DELETE", &object)?;
            if options.is_dry_run {
                return Ok((object, true));
            }
            objects
                .delete(kind, &key, options.grace, now)
                .ok_or_else(|| self.not_found())
        })?;
        let (object, is_gone) = deleted?;
        // What is only on its way out is shown; of what is gone there is a note, except for pods.
        if is_gone && kind != Kind::Pod {
            let described = kind.describe();
            let details = json!({
                "name": key.name,
                "group": described.group,
                "kind": described.plural,
                "uid": fields::uid(&object),
            });
            let status = json!({
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Success",
                "details": details,
            });
            return Ok(axum::Json(status).into_response());
        }
        Ok(self.answer(StatusCode::OK, &object))
    }

    /// Asks the admission webhooks that the request concerns.
    fn admit(&self, objects: &ObjectStore, operation: &'static str, object: &Value) -> Result<(), Failure> {
        let request = Admission {
            operation,
            kind: self.target.kind,
            subresource: self.target.subresource.as_deref(),
            object,
        };
        objects
            .admit(&request)
            .map_err(|rejection| Failure::rejected(&rejection))
    }

    /// The body as an object of the target's kind, without the words that say so.
    fn own_object(&self) -> Result<Value, Failure> {
        let mut object = self.json_body()?;
        let described = self.target.kind.describe();
        let found = fields::take(&mut object, &["kind"]);
        let version = fields::take(&mut object, &["apiVersion"]);
        let is_own = |value: Option<Value>, expected: &str| value.is_none_or(|value| value == expected);
        if !object.is_object() || !is_own(found, described.word) || !is_own(version, &self.target.kind.api_version()) {
            return Err(Failure::bad_request(format!(
                "the object provided is not a {} of {}",
                described.word,
                self.target.kind.api_version(),
            )));
        }
        Ok(object)
    }
}

/// The namespace of the path goes for the object too.
fn put_namespace(object: &mut Value, namespace: &str) -> Result<(), Failure> {
    let given = fields::namespace(object);
    if !given.is_empty() && given != namespace {
        return Err(Failure::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    fields::put(object, &["metadata", "namespace"], namespace);
    Ok(())
}

/// Puts back what a writer may not change: server-owned metadata, and the half of the object the path is not about.
fn keep_server_fields(kind: Kind, old: &Value, new: &mut Value, is_status: bool) {
    let has_status = kind.describe().subresources.contains(&"status");
    for half in ["status", "spec", "metadata"] {
        let is_kept = if is_status {
            half != "status"
        } else {
            half == "status" && has_status
        };
        if is_kept {
            restore(old, new, &[half]);
        }
    }
    for field in SERVER_OWNED {
        restore(old, new, &["metadata", field]);
    }
    for word in ["kind", "apiVersion"] {
        fields::take(new, &[word]);
    }
}

fn restore(old: &Value, new: &mut Value, path: &[&str]) {
    let value = path.iter().fold(old, |value, step| &value[*step]);
    if value.is_null() {
        fields::take(new, path);
    } else {
        fields::put(new, path, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_keeps_what_belongs_to_the_server() {
        let old = json!({
            "metadata": { "name": "n", "uid": "u", "labels": { "a": "1" } },
            "spec": { "x": 1 },
            "status": { "phase": "Running" },
        });
        let sent = json!({
            "kind": "Pod",
            "metadata": { "name": "n", "uid": "", "deletionTimestamp": "now", "labels": { "a": "2" } },
            "spec": { "x": 2 },
            "status": { "phase": "Failed" },
        });
        let mut main = sent.clone();
        keep_server_fields(Kind::Pod, &old, &mut main, false);
        assert_eq!(
            main,
            json!({
                "metadata": { "name": "n", "uid": "u", "labels": { "a": "2" } },
                "spec": { "x": 2 },
                "status": { "phase": "Running" },
            })
        );
        let mut status = sent;
        keep_server_fields(Kind::Pod, &old, &mut status, true);
        assert_eq!(status["metadata"], old["metadata"]);
        assert_eq!(
            (&status["spec"]["x"], &status["status"]["phase"]),
            (&json!(1), &json!("Failed"))
        );
    }

    #[test]
    fn preconditions_must_hold() {
        let object = json!({ "metadata": { "name": "p", "uid": "u", "resourceVersion": "7" } });
        let check = |preconditions: Value| {
            let options = DeleteOptions::read(&json!({ "preconditions": preconditions }));
            options.check(Kind::Pod, &object).err().map(|failure| failure.code)
        };
        assert_eq!(check(json!({ "uid": "u", "resourceVersion": "7" })), None);
        assert_eq!(check(json!({ "uid": "other" })), Some(409));
        assert_eq!(check(json!({ "resourceVersion": "6" })), Some(409));
    }
}
