//! Changes: prepared from the resource as it is now, shown, and then sent exactly as shown.
//! A prepared request holds the whole resource; only what must change differs.

use std::fmt::Display;

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use super::client::{Accepted, AzureClient};
use super::error::AzureError;
use super::http::{Answer, Call};
use super::paths;
use super::retry::Repeat;
use super::wire::{self, WrongShape};
use crate::domain::change::{Change, FieldChange, OperationLink, RequestPreview};
use crate::domain::provisioning::ProvisioningState;
use crate::domain::text::printable;
use crate::domain::version::KubernetesVersion;

impl AzureClient {
    /// Reads the resource and says exactly what request the change will send.
    ///
    /// An abort is prepared without reading: it takes no body, and is wanted at once.
    pub async fn prepare(&self, change: &Change) -> Result<RequestPreview, AzureError> {
        let path = paths::resource(change)?;
        match change {
            Change::UpgradeControlPlane { to, .. } => {
                let (call, body) = self.read_resource(change, &path).await?;
                let if_match = etag(body.get("eTag"));
                let (body, fields) = control_plane_body(body, *to).map_err(|why| call.unreadable(&why, &[]))?;
                Ok(self.put(change, &path, if_match, body, fields))
            }
            Change::UpgradeNodePool { to, .. } => {
                let (call, body) = self.read_resource(change, &path).await?;
                let if_match = etag(body.pointer("/properties/eTag"));
                let (body, fields) = node_pool_body(body, *to).map_err(|why| call.unreadable(&why, &[]))?;
                Ok(self.put(change, &path, if_match, body, fields))
            }
            Change::UpgradeNodeImage { to, .. } => {
                let (_, body) = self.read_resource(change, &path).await?;
                let fields = vec![FieldChange {
                    field: "properties.nodeImageVersion".to_owned(),
                    from: text(body.pointer("/properties/nodeImageVersion")),
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

    fn put(
        &self,
        change: &Change,
        path: &str,
        if_match: Option<String>,
        body: Value,
        fields: Vec<FieldChange>,
    ) -> RequestPreview {
        RequestPreview {
            change: change.clone(),
            method: "PUT".to_owned(),
            path: self.with_api_version(path),
            if_match,
            fields,
            body: Some(body),
        }
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

/// What a resource says of itself and nobody may write (AKS API 2026-08-01); Azure's own CLI leaves it out, too.
const READ_ONLY: [&str; 5] = ["id", "name", "type", "eTag", "systemData"];
const READ_ONLY_CLUSTER: [&str; 8] = [
    "provisioningState",
    "powerState",
    "maxAgentPools",
    "currentKubernetesVersion",
    "fqdn",
    "privateFQDN",
    "azurePortalFQDN",
    "resourceUID",
];
const READ_ONLY_POOL: [&str; 3] = ["eTag", "currentOrchestratorVersion", "provisioningState"];

/// Moves the control plane alone.
///
/// Each pool's version must be there and unchanged, else AKS answers
/// `NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged` (AKS docs "Automatically upgrade a cluster", 2026).
fn control_plane_body(mut body: Value, to: KubernetesVersion) -> Result<(Value, Vec<FieldChange>), WrongShape> {
    let properties = properties_of(&mut body)?;
    // As Azure's own CLI does: the read value is not the one to write.
    properties.remove("servicePrincipalProfile");
    leave_out(properties, &READ_ONLY_CLUSTER);
    let mut fields = set(properties, "kubernetesVersion", "properties.kubernetesVersion", &to);
    if let Some(Value::Array(pools)) = properties.get_mut("agentPoolProfiles") {
        for (index, pool) in pools.iter_mut().enumerate() {
            let pool = pool
                .as_object_mut()
                .ok_or_else(|| WrongShape("a node pool in it is no object".to_owned()))?;
            // Written, it would mean a rollback; left out, it stays (AKS API 2026-08-01).
            pool.remove("nodeImageVersion");
            if text(pool.get("orchestratorVersion")).is_none() {
                let current = text(pool.get("currentOrchestratorVersion"))
                    .ok_or_else(|| WrongShape("a node pool in it has no version".to_owned()))?;
                let field = format!("properties.agentPoolProfiles[{index}].orchestratorVersion");
                fields.extend(set(pool, "orchestratorVersion", &field, &current));
            }
            leave_out(pool, &READ_ONLY_POOL);
        }
    }
    leave_out_own(&mut body);
    Ok((body, fields))
}

fn node_pool_body(mut body: Value, to: KubernetesVersion) -> Result<(Value, Vec<FieldChange>), WrongShape> {
    let properties = properties_of(&mut body)?;
    // Written, it would mean a rollback; left out, AKS takes the newest image of the version (AKS API 2026-08-01).
    properties.remove("nodeImageVersion");
    leave_out(properties, &READ_ONLY_POOL);
    let fields = set(properties, "orchestratorVersion", "properties.orchestratorVersion", &to);
    leave_out_own(&mut body);
    Ok((body, fields))
}

fn leave_out_own(body: &mut Value) {
    if let Some(resource) = body.as_object_mut() {
        leave_out(resource, &READ_ONLY);
    }
}

fn leave_out(object: &mut Object, names: &[&str]) {
    for name in names {
        object.remove(*name);
    }
}

type Object = serde_json::Map<String, Value>;

fn properties_of(body: &mut Value) -> Result<&mut Object, WrongShape> {
    body.get_mut("properties")
        .and_then(Value::as_object_mut)
        .ok_or_else(|| WrongShape("it has no 'properties'".to_owned()))
}

/// Sets a text and says what that changes: one entry, or none where it was so already.
fn set(object: &mut Object, key: &str, field: &str, to: &dyn Display) -> Vec<FieldChange> {
    let to = to.to_string();
    let from = text(object.get(key));
    object.insert(key.to_owned(), Value::String(to.clone()));
    if from.as_ref() == Some(&to) {
        return Vec::new();
    }
    vec![FieldChange {
        field: field.to_owned(),
        from,
        to: Some(to),
    }]
}

fn text(value: Option<&Value>) -> Option<String> {
    value
        .and_then(Value::as_str)
        .map(printable)
        .filter(|text| !text.is_empty())
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

    const TO: KubernetesVersion = KubernetesVersion::new(1, 34, 2);

    #[test]
    fn the_control_plane_moves_and_every_pool_keeps_its_version() {
        let before = json!({"id": "/x", "eTag": "e", "location": "here", "properties": {
            "kubernetesVersion": "1.33", "currentKubernetesVersion": "1.33.5", "provisioningState": "Failed", "servicePrincipalProfile": {"clientId": "msi"}, "newThing": [1.5, null],
            "agentPoolProfiles": [
                {"name": "a", "orchestratorVersion": "1.33", "nodeImageVersion": "i", "eTag": "p"},
                {"name": "b", "orchestratorVersion": null, "currentOrchestratorVersion": "1.32.9"}]}});
        let (body, fields) = control_plane_body(before, TO).unwrap();
        assert_eq!(
            body,
            json!({"location": "here", "properties": {
                "kubernetesVersion": "1.34.2", "newThing": [1.5, null],
                "agentPoolProfiles": [
                    {"name": "a", "orchestratorVersion": "1.33"},
                    {"name": "b", "orchestratorVersion": "1.32.9"}]}})
        );
        let changes: Vec<_> = fields
            .iter()
            .map(|field| (field.field.as_str(), field.from.as_deref()))
            .collect();
        assert_eq!(
            changes,
            [
                ("properties.kubernetesVersion", Some("1.33")),
                ("properties.agentPoolProfiles[1].orchestratorVersion", None)
            ]
        );
    }

    #[test]
    fn a_pool_moves_without_its_image_and_a_repeat_changes_nothing() {
        let before = json!({"name": "a", "properties": {
            "orchestratorVersion": "1.33.5", "nodeImageVersion": "i", "eTag": "p", "count": 3}});
        let (body, fields) = node_pool_body(before, TO).unwrap();
        assert_eq!(body["properties"], json!({"orchestratorVersion": "1.34.2", "count": 3}));
        assert_eq!(fields.len(), 1);
        assert!(node_pool_body(body, TO).unwrap().1.is_empty());
    }

    #[test]
    fn what_is_no_resource_is_not_written_back() {
        for body in [json!([]), json!({"properties": null}), json!("x")] {
            assert!(node_pool_body(body.clone(), TO).is_err(), "{body}");
        }
        for pools in [json!([7]), json!([{"name": "a"}])] {
            let body = json!({"properties": {"agentPoolProfiles": pools}});
            assert!(control_plane_body(body.clone(), TO).is_err(), "{body}");
        }
        assert!(control_plane_body(json!({"properties": {"agentPoolProfiles": null}}), TO).is_ok());
    }

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
