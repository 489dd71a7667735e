//! Changes: prepared from the resource as it is now, shown, and then sent exactly as shown.
//! A prepared request holds the whole resource; only what must change differs.

mod bodies;
mod cluster_edits;
mod edits;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use self::bodies::NotWritten;
use super::client::{Accepted, AzureClient};
use super::error::{AzureError, AzureErrorKind};
use super::http::{Answer, Call};
use super::paths;
use super::retry::Repeat;
use super::wire;
use crate::domain::change::{Change, FieldChange, OperationLink, RequestPreview};
use crate::domain::ids::NodeName;
use crate::domain::provisioning::ProvisioningState;
use crate::domain::text::printable;

/// A request that is ready, and the resource as it was read for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    pub request: RequestPreview,
    /// `None` where nothing had to be read.
    pub before: Option<Value>,
}

impl AzureClient {
    /// Reads the resource and says exactly what request the change will send.
    ///
    /// An abort is prepared without reading: it takes no body, and is wanted at once.
    ///
    /// # Errors
    /// When the resource cannot be read, or Azure would refuse what is asked for.
    pub async fn prepare(&self, change: &Change) -> Result<RequestPreview, AzureError> {
        Ok(self.prepare_keeping(change).await?.request)
    }

    /// As [`AzureClient::prepare`], and keeps the resource as it was read, for a way back.
    ///
    /// # Errors
    /// As [`AzureClient::prepare`].
    pub async fn prepare_keeping(&self, change: &Change) -> Result<Prepared, AzureError> {
        let path = paths::resource(change)?;
        match change {
            Change::UpgradeNodeImage { to, .. } => {
                let (_, body) = self.read_resource(change, &path).await?;
                let fields = vec![FieldChange {
                    field: "properties.nodeImageVersion".to_owned(),
                    from: bodies::text(body.pointer("/properties/nodeImageVersion")),
                    to: to.as_ref().map(|image| printable(image.as_str())),
                }];
                let request = self.post(change, &format!("{path}/upgradeNodeImageVersion"), fields, None);
                Ok(Prepared {
                    request,
                    before: Some(body),
                })
            }
            Change::DeleteMachines { machines, .. } => {
                let (_, body) = self.read_resource(change, &path).await?;
                let names: Vec<&str> = machines.iter().map(NodeName::as_str).collect();
                let sent = Some(json!({"machineNames": names}));
                let request = self.post(change, &format!("{path}/deleteMachines"), Vec::new(), sent);
                Ok(Prepared {
                    request,
                    before: Some(body),
                })
            }
            Change::RemoveLock { .. } | Change::UnlinkDnsZone { .. } => {
                let (_, body) = self.read_resource(change, &path).await?;
                Ok(Prepared {
                    request: self.plain("DELETE", change, &path, None),
                    before: Some(body),
                })
            }
            Change::PutLock { properties, .. } => {
                let body = json!({"properties": properties});
                Ok(unread(self.plain("PUT", change, &path, Some(body))))
            }
            Change::LinkDnsZone { network, .. } => {
                let body = json!({"location": "global", "properties": {
                    "registrationEnabled": false, "virtualNetwork": {"id": network}}});
                Ok(unread(self.plain("PUT", change, &path, Some(body))))
            }
            _ => match post_word(change) {
                Some(word) => Ok(unread(self.post(change, &format!("{path}/{word}"), Vec::new(), None))),
                None => self.prepare_put(change, &path, |body| written(change, body)).await,
            },
        }
    }

    /// Sends a prepared request once. Repeats it only where it certainly did not arrive, or Azure said when (429, 503).
    pub async fn send(&self, request: &RequestPreview, request_id: Uuid) -> Result<Accepted, AzureError> {
        let method = match request.method.as_str() {
            "PUT" => Method::PUT,
            "POST" => Method::POST,
            "DELETE" => Method::DELETE,
            other => {
                return Err(AzureError::Settings {
                    why: format!("a change is sent by PUT, POST or DELETE, not by '{}'", printable(other)),
                });
            }
        };
        let call = Call {
            body: request.body.as_ref().map(|body| Bytes::from(body.to_string())),
            if_match: request.if_match.clone(),
            request_id,
            ..self.call(request.change.to_string(), method, &request.path, Repeat::Write)?
        };
        let answer = self.exchange(&call).await?.checked(&call)?;
        Ok(accepted(&request.change, &answer, |url| self.trusted(url).is_some()))
    }

    async fn read_resource(&self, change: &Change, path: &str) -> Result<(Call, Value), AzureError> {
        let what = format!("prepare the {change}");
        let call = self.call(what, Method::GET, &self.versioned(change, path), Repeat::Read)?;
        let body = self.ask(&call).await?;
        Ok((call, body))
    }

    /// The resource a change is about, as it is now; `None` where it is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn resource_of(&self, change: &Change) -> Result<Option<Value>, AzureError> {
        match self.read_resource(change, &paths::resource(change)?).await {
            Ok((_, body)) => Ok(Some(body)),
            Err(error) if error.kind() == AzureErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads the resource and makes of it the body to write back.
    async fn prepare_put(
        &self,
        change: &Change,
        path: &str,
        write: impl FnOnce(Value) -> Result<(Value, Vec<FieldChange>), NotWritten>,
    ) -> Result<Prepared, AzureError> {
        let (call, before) = self.read_resource(change, path).await?;
        let if_match = etag(match change.pool() {
            Some(_) => before.pointer("/properties/eTag"),
            None => before.get("eTag"),
        });
        let (body, fields) = write(before.clone()).map_err(|why| match why {
            NotWritten::Unreadable(why) => call.unreadable(&why, &[]),
            NotWritten::Refused(why) => AzureError::Settings {
                why: format!("{change}: {why}"),
            },
        })?;
        let request = RequestPreview {
            if_match,
            fields,
            ..self.plain("PUT", change, path, Some(body))
        };
        Ok(Prepared {
            request,
            before: Some(before),
        })
    }

    fn post(&self, change: &Change, path: &str, fields: Vec<FieldChange>, body: Option<Value>) -> RequestPreview {
        RequestPreview {
            fields,
            ..self.plain("POST", change, path, body)
        }
    }

    fn plain(&self, method: &str, change: &Change, path: &str, body: Option<Value>) -> RequestPreview {
        RequestPreview {
            change: change.clone(),
            method: method.to_owned(),
            path: self.versioned(change, path),
            if_match: None,
            fields: Vec::new(),
            body,
        }
    }

    /// The path with the API version of its provider.
    fn versioned(&self, change: &Change, path: &str) -> String {
        match change {
            Change::RemoveLock { .. } | Change::PutLock { .. } => format!("{path}?api-version={LOCKS_API}"),
            Change::LinkDnsZone { .. } | Change::UnlinkDnsZone { .. } => format!("{path}?api-version={DNS_API}"),
            _ => self.with_api_version(path),
        }
    }
}

/// Management locks, and private DNS zones (REST reference, 2026).
const LOCKS_API: &str = "2020-05-01";
const DNS_API: &str = "2024-06-01";

fn unread(request: RequestPreview) -> Prepared {
    Prepared { request, before: None }
}

/// The last word of the path of a POST without a body; `None` for what is written by PUT.
fn post_word(change: &Change) -> Option<&'static str> {
    match change {
        Change::AbortCluster { .. } | Change::AbortNodePool { .. } => Some("abort"),
        Change::StartCluster { .. } => Some("start"),
        Change::StopCluster { .. } => Some("stop"),
        Change::RotateCertificates { .. } => Some("rotateClusterCertificates"),
        _ => None,
    }
}

/// The body of a change that is written by PUT, made of the resource as it is.
fn written(change: &Change, body: Value) -> Result<(Value, Vec<FieldChange>), NotWritten> {
    match change {
        Change::UpgradeControlPlane { to, .. } => bodies::control_plane(body, *to),
        Change::UpgradeNodePool { to, .. } => bodies::node_pool(body, *to),
        Change::SetPoolSettings { settings, .. } => bodies::pool_settings(body, settings),
        Change::RollBackNodePool { to, node_image, .. } => bodies::rollback(body, *to, node_image),
        Change::EditCluster { change, .. } => cluster_edits::edited(body, change),
        Change::EditNodePool { change, .. } => edits::node_pool(body, change),
        Change::SetWindow { hours, .. } => edits::window(body, *hours),
        Change::PutBack { of, fields, .. } => edits::put_back(body, of, fields),
        _ => Err(NotWritten::Refused("it is not written by PUT".to_owned())),
    }
}

/// An etag as it came: it goes back unchanged.
fn etag(value: Option<&Value>) -> Option<String> {
    value
        .and_then(Value::as_str)
        .filter(|etag| !etag.is_empty())
        .map(str::to_owned)
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
