//! The `scale` subresource: a small view of a workload that holds its replicas only.

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::failure::Failure;
use super::{Call, Trouble, validate};
use crate::simulator::kubernetes::objects::ObjectStore;
use crate::simulator::kubernetes::objects::fields;

impl Call<'_> {
    pub(super) fn scale(&self, method: &Method) -> Result<Response, Trouble> {
        let scale = if *method == Method::GET {
            let object = self
                .cluster
                .look(|objects| objects.store().get(self.target.kind, &self.key()).cloned())?;
            view(object.ok_or_else(|| self.not_found())?.as_ref())
        } else {
            let body = self.json_body()?;
            let patch_kind = (*method == Method::PATCH).then(|| self.patch_kind()).transpose()?;
            let wanted = |old: &Value| match patch_kind {
                Some(kind) => kind.apply(old, &body),
                None => Ok(body.clone()),
            };
            self.cluster
                .change(|objects, now| self.rescale(objects, now, wanted))??
        };
        Ok((StatusCode::OK, axum::Json(scale)).into_response())
    }

    fn rescale(
        &self,
        objects: &mut ObjectStore,
        now: Timestamp,
        wanted: impl FnOnce(&Value) -> Result<Value, Failure>,
    ) -> Result<Value, Failure> {
        let (kind, key) = (self.target.kind, self.key());
        let object = objects
            .store()
            .get(kind, &key)
            .cloned()
            .ok_or_else(|| self.not_found())?;
        let old = view(&object);
        let new = wanted(&old)?;
        let version = new["metadata"]["resourceVersion"].as_str().unwrap_or_default();
        if !version.is_empty() && version != old["metadata"]["resourceVersion"] {
            return Err(Failure::outdated(kind, &key.name));
        }
        let mut changed = Value::clone(&object);
        // A scale without replicas asks for none, as the API's zero value does.
        let replicas = if new["spec"]["replicas"].is_null() {
            json!(0)
        } else {
            new["spec"]["replicas"].clone()
        };
        fields::put(&mut changed, &["spec", "replicas"], replicas);
        validate::check(kind, &changed)?;
        if self.query.is_dry_run {
            return Ok(view(&changed));
        }
        let written = objects
            .replace(kind, &key, changed, now)
            .ok_or_else(|| self.not_found())?;
        Ok(view(&written))
    }
}

fn view(object: &Value) -> Value {
    let metadata = &object["metadata"];
    let selector: Vec<String> = object["spec"]["selector"]["matchLabels"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
            "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": { "replicas": fields::replicas(object) },
        "status": {
            "replicas": object["status"]["replicas"].as_u64().unwrap_or(0),
            "selector": selector.join(","),
        },
    })
}
