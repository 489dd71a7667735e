//! The API server's own objects: API services, definitions, endpoint slices, namespaces, certificate requests,
//! and what it says it serves.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::webhook::ClientConfig;
use super::{Condition, Metadata, or_default, printable_map};
use crate::domain::survey::{ApiServiceFact, ConversionFact};
use crate::domain::text::printable;

/// How a node is called where it asks for something (Kubernetes docs "Using Node Authorization", 2026).
const NODE_USER: &str = "system:node:";

/// An object of which only the name is used.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimNamed {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata,
}

impl SlimNamed {
    pub(in crate::kubernetes) fn name(&self) -> String {
        printable(&self.metadata.name)
    }
}

/// The used part of an apiregistration.k8s.io/v1 APIService.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimApiService {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata,
    #[serde(deserialize_with = "or_default")]
    spec: ApiServiceSpec,
    #[serde(deserialize_with = "or_default")]
    status: ObjectStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ApiServiceSpec {
    service: Option<IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ObjectStatus {
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<Condition>,
    #[serde(deserialize_with = "or_default")]
    phase: String,
    /// Of a certificate request: only whether there is one.
    certificate: Option<IgnoredAny>,
}

impl SlimApiService {
    /// `None` for an API the API server serves itself.
    pub(in crate::kubernetes) fn into_fact(self) -> Option<ApiServiceFact> {
        self.spec.service?;
        let mut conditions = self.status.conditions.into_iter();
        let available = conditions.find(|condition| condition.kind == "Available");
        Some(ApiServiceFact {
            name: printable(&self.metadata.name),
            is_available: available.as_ref().is_some_and(|condition| condition.status == "True"),
            message: available.map_or_else(
                || "it does not say whether it is available".to_owned(),
                |condition| printable(&condition.message),
            ),
        })
    }
}

/// The used part of an apiextensions.k8s.io/v1 CustomResourceDefinition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimDefinition {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata,
    #[serde(deserialize_with = "or_default")]
    spec: DefinitionSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct DefinitionSpec {
    #[serde(deserialize_with = "or_default")]
    conversion: Conversion,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Conversion {
    #[serde(deserialize_with = "or_default")]
    strategy: String,
    #[serde(deserialize_with = "or_default")]
    webhook: ConversionWebhook,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ConversionWebhook {
    #[serde(deserialize_with = "or_default")]
    client_config: ClientConfig,
}

impl SlimDefinition {
    /// `None` where no webhook converts; its endpoints are not known yet.
    pub(in crate::kubernetes) fn into_fact(self) -> Option<ConversionFact> {
        let conversion = self.spec.conversion;
        (conversion.strategy == "Webhook").then(|| ConversionFact {
            definition: printable(&self.metadata.name),
            service: conversion.webhook.client_config.service(),
            ready_endpoints: None,
        })
    }
}

/// The used part of a discovery.k8s.io/v1 EndpointSlice.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimEndpointSlice {
    #[serde(deserialize_with = "or_default")]
    endpoints: Vec<Endpoint>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Endpoint {
    #[serde(deserialize_with = "or_default")]
    conditions: EndpointConditions,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct EndpointConditions {
    ready: Option<bool>,
}

impl SlimEndpointSlice {
    /// Endpoints that take requests; one that does not say counts as ready (Kubernetes docs "EndpointSlices", 2026).
    pub(in crate::kubernetes) fn ready(&self) -> usize {
        let endpoints = self.endpoints.iter();
        endpoints
            .filter(|endpoint| endpoint.conditions.ready.unwrap_or(true))
            .count()
    }
}

/// The used part of a core/v1 Namespace.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimNamespace {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata<BTreeMap<String, String>>,
    #[serde(deserialize_with = "or_default")]
    status: ObjectStatus,
}

impl SlimNamespace {
    pub(in crate::kubernetes) fn name(&self) -> &str {
        &self.metadata.name
    }

    pub(in crate::kubernetes) fn labels(&self) -> BTreeMap<String, String> {
        printable_map(&self.metadata.labels)
    }

    /// Name and words of a namespace that was told to go and is still there.
    pub(in crate::kubernetes) fn ending(&self) -> Option<(String, String)> {
        let is_ending = self.metadata.deletion_timestamp.is_some() || self.status.phase == "Terminating";
        let held: Vec<String> = self
            .status
            .conditions
            .iter()
            .filter(|condition| condition.status == "True")
            .map(|condition| printable(&condition.message))
            .collect();
        is_ending.then(|| (printable(&self.metadata.name), held.join("; ")))
    }
}

/// The used part of a certificates.k8s.io/v1 CertificateSigningRequest.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimSigningRequest {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata,
    #[serde(deserialize_with = "or_default")]
    spec: SigningSpec,
    #[serde(deserialize_with = "or_default")]
    status: ObjectStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SigningSpec {
    #[serde(deserialize_with = "or_default")]
    username: String,
    #[serde(deserialize_with = "or_default")]
    signer_name: String,
    /// PEM, in base64.
    #[serde(deserialize_with = "or_default")]
    request: String,
}

impl SlimSigningRequest {
    /// The node that waits for a certificate of its kubelet, or the request's own name where it names no node.
    /// `None` for a request that was approved, and for those that are about something else.
    pub(in crate::kubernetes) fn unapproved(&self) -> Option<String> {
        let is_approved = self.status.certificate.is_some()
            || self
                .status
                .conditions
                .iter()
                .any(|condition| condition.kind == "Approved");
        let is_of_kubelet = self.spec.signer_name.contains("kubelet");
        if is_approved || !is_of_kubelet {
            return None;
        }
        let own = self.spec.username.strip_prefix(NODE_USER).map(str::to_owned);
        let node = own.or_else(|| common_name(&self.spec.request));
        Some(printable(node.as_deref().unwrap_or(&self.metadata.name)))
    }
}

/// The node in the common name of a PKCS #10 request: a text that follows its own length in one byte (X.690, 8.1.3.4).
fn common_name(request: &str) -> Option<String> {
    let pem = String::from_utf8(STANDARD.decode(request).ok()?).ok()?;
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let bytes = STANDARD.decode(body).ok()?;
    let start = bytes
        .windows(NODE_USER.len())
        .position(|part| part == NODE_USER.as_bytes())?;
    let length = usize::from(*bytes.get(start.checked_sub(1)?)?);
    let text = std::str::from_utf8(bytes.get(start..start + length)?).ok()?;
    text.strip_prefix(NODE_USER).map(str::to_owned)
}

/// `/apis`: the named groups with their versions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimGroups {
    #[serde(deserialize_with = "or_default")]
    groups: Vec<Group>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Group {
    #[serde(deserialize_with = "or_default")]
    versions: Vec<GroupVersion>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct GroupVersion {
    #[serde(deserialize_with = "or_default")]
    group_version: String,
}

impl SlimGroups {
    /// Each as `policy/v1`.
    pub(in crate::kubernetes) fn versions(&self) -> Vec<String> {
        let versions = self.groups.iter().flat_map(|group| &group.versions);
        versions.map(|version| printable(&version.group_version)).collect()
    }
}

/// The resources of one group and version.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimResources {
    #[serde(deserialize_with = "or_default")]
    resources: Vec<Resource>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Resource {
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    kind: String,
    #[serde(deserialize_with = "or_default")]
    namespaced: bool,
}

impl SlimResources {
    /// The plural under which a kind is served, and whether its objects are in namespaces.
    pub(in crate::kubernetes) fn plural(&self, kind: &str) -> Option<(String, bool)> {
        // A name with a slash is a subresource, which may show another kind.
        let mut own = self.resources.iter().filter(|resource| !resource.name.contains('/'));
        let found = own.find(|resource| resource.kind == kind)?;
        Some((found.name.clone(), found.namespaced))
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;

    fn read<T: DeserializeOwned>(object: Value) -> T {
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn only_api_services_of_others_are_told() {
        let fact = |spec: Value, conditions: Value| {
            let object = json!({ "metadata": { "name": "v1beta1.metrics.k8s.io" }, "spec": spec, "status": { "conditions": conditions } });
            read::<SlimApiService>(object)
                .into_fact()
                .map(|fact| (fact.is_available, fact.message))
        };
        let own = json!({ "service": { "name": "m" } });
        assert_eq!(fact(json!({ "service": null }), json!([])), None);
        assert_eq!(
            fact(
                own.clone(),
                json!([{ "type": "Available", "status": "False", "message": "no endpoints" }])
            ),
            Some((false, "no endpoints".into()))
        );
        assert_eq!(
            fact(own.clone(), json!([{ "type": "Available", "status": "True" }])),
            Some((true, String::new()))
        );
        assert!(matches!(fact(own, json!(null)), Some((false, _))));
    }

    #[test]
    fn conversions_and_endpoints_are_read() {
        let conversion = |strategy: &str| {
            let object = json!({ "metadata": { "name": "a.b" }, "spec": { "conversion": { "strategy": strategy,
                "webhook": { "clientConfig": { "service": { "namespace": "n", "name": "s" } } } } } });
            read::<SlimDefinition>(object).into_fact().and_then(|fact| fact.service)
        };
        assert_eq!(conversion("Webhook"), Some(("n".into(), "s".into())));
        assert_eq!(conversion("None"), None);
        let slice: SlimEndpointSlice = read(json!({ "endpoints": [
            { "conditions": { "ready": true } }, { "conditions": { "ready": false } }, { "conditions": {} }, {},
        ] }));
        assert_eq!(slice.ready(), 3);
        assert_eq!(read::<SlimEndpointSlice>(json!({ "endpoints": null })).ready(), 0);
    }

    #[test]
    fn a_namespace_says_what_keeps_it() {
        let ending =
            |status: Value| read::<SlimNamespace>(json!({ "metadata": { "name": "old" }, "status": status })).ending();
        assert_eq!(ending(json!({ "phase": "Active" })), None);
        let held = json!({ "phase": "Terminating", "conditions": [
            { "type": "NamespaceContentRemaining", "status": "True", "message": "one left" },
            { "type": "NamespaceDeletionContentFailure", "status": "False", "message": "all well" },
        ] });
        assert_eq!(ending(held), Some(("old".into(), "one left".into())));
    }

    #[test]
    fn a_kubelet_without_a_certificate_is_named() {
        let unapproved = |spec: Value, status: Value| {
            read::<SlimSigningRequest>(json!({ "metadata": { "name": "csr-1" }, "spec": spec, "status": status }))
                .unapproved()
        };
        let signer = "kubernetes.io/kube-apiserver-client-kubelet";
        let own = json!({ "signerName": signer, "username": "system:node:n1" });
        assert_eq!(unapproved(own.clone(), json!(null)).as_deref(), Some("n1"));
        assert_eq!(
            unapproved(own.clone(), json!({ "conditions": [{ "type": "Approved" }] })),
            None
        );
        assert_eq!(unapproved(own.clone(), json!({ "certificate": "x" })), None);
        assert_eq!(
            unapproved(own, json!({ "conditions": [{ "type": "Denied" }] })).as_deref(),
            Some("n1")
        );
        let mut der = b"\x30\x13\x0c\x0f".to_vec();
        der.extend_from_slice(b"system:node:n22\x30\x00");
        let pem = format!(
            "-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n",
            STANDARD.encode(der)
        );
        let boot =
            |request: &str| json!({ "signerName": signer, "username": "system:bootstrap:x", "request": request });
        assert_eq!(
            unapproved(boot(&STANDARD.encode(pem)), json!({})).as_deref(),
            Some("n22")
        );
        assert_eq!(unapproved(boot("%"), json!({})).as_deref(), Some("csr-1"));
        assert_eq!(unapproved(json!({ "signerName": "example.com/x" }), json!({})), None);
    }

    #[test]
    fn what_is_served_is_read() {
        let groups: SlimGroups = read(json!({ "groups": [
            { "name": "policy", "versions": [{ "groupVersion": "policy/v1", "version": "v1" }] },
            { "name": "x", "versions": null },
        ] }));
        assert_eq!(groups.versions(), ["policy/v1"]);
        let resources: SlimResources = read(json!({ "resources": [
            { "name": "deployments/scale", "kind": "Scale", "namespaced": true },
            { "name": "deployments", "kind": "Deployment", "namespaced": true },
        ] }));
        assert_eq!(resources.plural("Deployment"), Some(("deployments".into(), true)));
        assert_eq!(resources.plural("Scale"), None);
    }
}
