//! `POST .../pods/NAME/eviction`.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use super::failure::Failure;
use super::write::DeleteOptions;
use super::{Call, Trouble};
use crate::simulator::kubernetes::objects::PodName;
use crate::simulator::kubernetes::objects::eviction::{EvictionOptions, Refusal};

impl Call<'_> {
    pub(super) fn evict(&self) -> Result<Response, Trouble> {
        let body = self.json_body()?;
        let key = self.key();
        let named = body["metadata"]["name"].as_str().unwrap_or(&key.name);
        if named != key.name {
            return Err(Failure::bad_request("name in URL does not match name in Eviction object").into());
        }
        let asked = DeleteOptions::read(&body["deleteOptions"]);
        let options = EvictionOptions {
            grace: asked.grace,
            is_dry_run: asked.is_dry_run || self.query.is_dry_run,
        };
        let pod = PodName {
            namespace: key.namespace.clone(),
            name: key.name.clone(),
        };
        let refusal = self.cluster.change(|objects, now| {
            let object = objects
                .store()
                .get(self.target.kind, &key)
                .ok_or_else(|| self.not_found())?;
            asked.check(self.target.kind, object)?;
            let outcome = objects.try_evict(&pod, options, now);
            objects.advance_to(now);
            Ok::<_, Failure>(outcome.err())
        })??;
        match refusal {
            None => {
                let status = json!({
                    "kind": "Status",
                    "apiVersion": "v1",
                    "metadata": {},
                    "status": "Success",
                    "code": 201,
                });
                Ok((StatusCode::CREATED, axum::Json(status)).into_response())
            }
            Some(Refusal::Gone) => Err(self.not_found().into()),
            Some(Refusal::Budget { message, cause }) => Err(Failure::disruption(&message, &cause).into()),
            Some(Refusal::Admission(rejection)) => Err(Failure::rejected(&rejection).into()),
            Some(Refusal::SeveralBudgets { message }) => Err(Failure::internal(message).into()),
        }
    }
}
