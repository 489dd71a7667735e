//! One object, and the JSON answers all requests share.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::{Call, Trouble};
use crate::simulator::kubernetes::objects::ObjectStore;
use crate::simulator::kubernetes::objects::fields;
use crate::simulator::kubernetes::objects::kinds::Kind;
use crate::simulator::kubernetes::objects::store::Key;

impl Call<'_> {
    pub(super) fn get(&self) -> Result<Response, Trouble> {
        let object = self
            .cluster
            .look(|objects| find(objects, self.target.kind, &self.key()))?;
        let object = object.ok_or_else(|| self.not_found())?;
        Ok(self.answer(StatusCode::OK, &object))
    }

    /// The object, in the form the client asked for.
    pub(super) fn answer(&self, code: StatusCode, object: &Value) -> Response {
        let body = self.form.object(self.target.kind, object, self.cluster.now(), true);
        (code, axum::Json(body)).into_response()
    }
}

/// The leases of kubelets are made when they are asked for: storing them would fill the log of changes.
pub(super) fn find(objects: &ObjectStore, kind: Kind, key: &Key) -> Option<Arc<Value>> {
    if kind == Kind::Lease && key.namespace == "kube-node-lease" {
        let leases = objects.node_leases();
        return leases.into_iter().find(|lease| fields::name(lease) == key.name);
    }
    objects.store().get(kind, key).cloned()
}

/// JSON that is already text.
pub(super) fn json_text(text: Vec<u8>) -> Response {
    let mut response = Response::new(axum::body::Body::from(text));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
