//! Changes: prepared from the resource as it is now, shown, and then sent exactly as shown.
//! A prepared request holds the whole resource; only what must change differs.

mod bodies;

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use self::bodies::NotWritten;
use super::client::{Accepted, AzureClient};
use super::error::AzureError;
use super::http::{Answer, Call};
use super::paths;
use super::retry::Repeat;
use super::wire;
use crate::domain::change::{Change, FieldChange, OperationLink, RequestPreview};
use crate::domain::provisioning::ProvisioningState;
use crate::domain::text::printable;

impl AzureClient {
    /// Reads the resource and says exactly what request the change will send.
    ///
    /// An abort is prepared without reading: it takes no body, and is wanted at once.
    ///
    /// # Errors
    /// When the resource cannot be read, or Azure would refuse the settings that are asked for.
    pub async fn prepare(&self, change: &Change) -> Result<RequestPreview, AzureError> {
        let path = paths::resource(change)?;
        match change {
            Change::UpgradeControlPlane { to, .. } => {
                self.prepare_put(change, &path, |body| bodies::control_plane(body, *to))
                    .await
            }
            Change::UpgradeNodePool { to, .. } => {
                self.prepare_put(change, &path, |body| bodies::node_pool(body, *to))
                    .await
            }
            Change::SetPoolSettings { settings, .. } => {
                self.prepare_put(change, &path, |body| bodies::pool_settings(body, settings))
                    .await
            }
            Change::RollBackNodePool { to, node_image, .. } => {
                self.prepare_put(change, &path, |body| bodies::rollback(body, *to, node_image))
                    .await
            }
            Change::UpgradeNodeImage { to, .. } => {
                let (_, body) = self.read_resource(change, &path).await?;
                let fields = vec![FieldChange {
                    field: "properties.nodeImageVersion".to_owned(),
                    from: bodies::text(body.pointer("/properties/nodeImageVersion")),
                    to: to.as_ref().map(|image| printable(image.as_str())),
                }];
                Ok(self.post(change, &format!("{path}/upgradeNodeImageVersion"), fields))
            }
            Change::AbortCluster { .. } | Change::AbortNodePool { .. } => {
                Ok(self.post(change, &format!("{path}/abort"), Vec::new()))
            }
        }
    }

    /// Sends a prepared request once. Repeats it only where it certainly did not arrive, or Azure said when (429, 503).
    pub async fn send(&self, request: &RequestPreview, request_id: Uuid) -> Result<Accepted, AzureError> {
        let method = match request.method.as_str() {
            "PUT" => Method::PUT,
            "POST" => Method::POST,
            other => {
                return Err(AzureError::Settings {
                    why: format!("a change is sent by PUT or POST, not by '{}'", printable(other)),
                });
            }
        };
        let call = Call {
            body: request.body.as_ref().map(|body| Bytes::from(body.to_string())),
            if_match: request.if_match.clone(),
            request_id,
            ..self.call(what(&request.change), method, &request.path, Repeat::Write)?
        };
        let answer = self.exchange(&call).await?.checked(&call)?;
        Ok(accepted(&request.change, &answer, |url| self.trusted(url).is_some()))
    }

    async fn read_resource(&self, change: &Change, path: &str) -> Result<(Call, Value), AzureError> {
        let call = self.get(format!("prepare the {}", what(change)), path)?;
        let body = self.ask(&call).await?;
        Ok((call, body))
    }

    /// Reads the resource and makes of it the body to write back.
    async fn prepare_put(
        &self,
        change: &Change,
        path: &str,
        write: impl FnOnce(Value) -> Result<(Value, Vec<FieldChange>), NotWritten>,
    ) -> Result<RequestPreview, AzureError> {
        let (call, body) = self.read_resource(change, path).await?;
        let if_match = etag(match change.pool() {
            Some(_) => body.pointer("/properties/eTag"),
            None => body.get("eTag"),
        });
        let (body, fields) = write(body).map_err(|why| match why {
            NotWritten::Unreadable(why) => call.unreadable(&why, &[]),
            NotWritten::Refused(why) => AzureError::Settings {
                why: format!("{}: {why}", what(change)),
            },
        })?;
        Ok(RequestPreview {
            change: change.clone(),
            method: "PUT".to_owned(),
            path: self.with_api_version(path),
            if_match,
            fields,
            body: Some(body),
        })
    }

    fn post(&self, change: &Change, path: &str, fields: Vec<FieldChange>) -> RequestPreview {
        RequestPreview {
            change: change.clone(),
            method: "POST".to_owned(),
            path: self.with_api_version(path),
            if_match: None,
            fields,
            body: None,
        }
    }
}

/// An etag as it came: it goes back unchanged.
fn etag(value: Option<&Value>) -> Option<String> {
    value
        .and_then(Value::as_str)
        .filter(|etag| !etag.is_empty())
        .map(str::to_owned)
}

/// What a change is, in a few words.
fn what(change: &Change) -> String {
    let cluster = change.cluster().name();
    match change {
        Change::UpgradeControlPlane { to, .. } => format!("upgrade of the control plane of {cluster} to {to}"),
        Change::UpgradeNodePool { pool, to, .. } => format!("upgrade of node pool {pool} of {cluster} to {to}"),
        Change::UpgradeNodeImage { pool, .. } => format!("node image upgrade of node pool {pool} of {cluster}"),
        Change::SetPoolSettings { pool, .. } => format!("upgrade settings of node pool {pool} of {cluster}"),
        Change::RollBackNodePool { pool, to, .. } => format!("rollback of node pool {pool} of {cluster} to {to}"),
        Change::AbortCluster { .. } => format!("abort of the operation on {cluster}"),
        Change::AbortNodePool { pool, .. } => format!("abort of the operation on node pool {pool} of {cluster}"),
    }
}

/// Reads Azure's consent. A link our token may not follow is left out: the resource's state stands in for it.
fn accepted(change: &Change, answer: &Answer, is_trusted: impl Fn(&str) -> bool) -> Accepted {
    let link = |name| answer.header(name).filter(|url| is_trusted(url));
    let operation = OperationLink {
        async_operation: link("azure-asyncoperation"),
        location: link("location"),
        ..OperationLink::of_resource(change)
    };
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let state = body.as_ref().and_then(wire::provisioning_state);
    // The header, not the status, says that there is something to wait for (Azure docs "Track asynchronous
    // Azure operations", 2026).
    let is_announced = answer.headers.contains_key("azure-asyncoperation") || answer.headers.contains_key("location");
    let is_over = state
        .as_ref()
        .is_none_or(|state| *state == ProvisioningState::Succeeded);
    Accepted {
        is_done: answer.status == 204 || (!is_announced && answer.status != 202 && is_over),
        operation,
        retry_after: answer.retry_after,
        state,
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;
    use serde_json::json;

    use super::*;
    use crate::domain::ids::{ClusterId, NodePoolName};

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &Value) -> Accepted {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let answer = Answer {
            status,
            headers: map,
            body: if body.is_null() {
                Bytes::new()
            } else {
                Bytes::from(body.to_string())
            },
            retry_after: None,
            request_id: String::new(),
        };
        let change = Change::AbortNodePool {
            cluster: ClusterId::from_parts("s", "g", "c"),
            pool: NodePoolName::new("p"),
        };
        accepted(&change, &answer, |url| url.starts_with("https://good/"))
    }

    #[test]
    fn a_200_with_a_link_is_not_the_end() {
        let body = json!({"properties": {"provisioningState": "Upgrading"}});
        let put = answer(200, &[("Azure-AsyncOperation", "https://good/o")], &body);
        assert_eq!(put.operation.async_operation.as_deref(), Some("https://good/o"));
        assert_eq!((put.state, put.is_done), (Some(ProvisioningState::Upgrading), false));
        let evil = answer(
            202,
            &[
                ("azure-asyncoperation", "https://evil/o"),
                ("location", "https://good/l"),
            ],
            &Value::Null,
        );
        assert_eq!((evil.operation.async_operation, evil.is_done), (None, false));
        assert_eq!(evil.operation.location.as_deref(), Some("https://good/l"));
    }

    #[test]
    fn nothing_to_wait_for_is_done() {
        assert!(answer(204, &[], &Value::Null).is_done);
        assert!(answer(200, &[], &Value::Null).is_done);
        assert!(!answer(202, &[], &Value::Null).is_done);
        assert!(!answer(201, &[], &json!({"properties": {"provisioningState": "Creating"}})).is_done);
        let evil = answer(200, &[("location", "https://evil/l")], &Value::Null);
        assert!(!evil.is_done, "announced, even where it cannot be followed");
    }
}
