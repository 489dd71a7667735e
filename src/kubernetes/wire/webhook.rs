//! Admission webhooks: when they are called, who answers, and what happens when nobody does.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::management::{Marks, managed_by};
use super::selector::Selector;
use super::{Metadata, or_default};
use crate::domain::disruption::LabelSelector;
use crate::domain::survey::WebhookFact;
use crate::domain::text::printable;

/// Seconds the API server waits where nothing is said (Kubernetes API reference, admissionregistration.k8s.io/v1).
const USUAL_TIMEOUT: u32 = 10;

/// The used part of a ValidatingWebhookConfiguration or MutatingWebhookConfiguration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimWebhooks {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata<Marks, Marks>,
    #[serde(deserialize_with = "or_default")]
    webhooks: Vec<Webhook>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Webhook {
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    failure_policy: String,
    timeout_seconds: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    rules: Vec<Rule>,
    #[serde(deserialize_with = "or_default")]
    client_config: ClientConfig,
    namespace_selector: Option<Selector>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rule {
    #[serde(deserialize_with = "or_default")]
    operations: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    api_groups: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    resources: Vec<String>,
}

/// Where something outside the API server is called.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ClientConfig {
    service: Option<ServiceReference>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ServiceReference {
    #[serde(deserialize_with = "or_default")]
    namespace: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
}

impl ClientConfig {
    /// Namespace and name of the Service; `None` for a URL.
    pub(super) fn service(&self) -> Option<(String, String)> {
        let service = self.service.as_ref()?;
        Some((printable(&service.namespace), printable(&service.name)))
    }
}

impl SlimWebhooks {
    /// The webhooks one by one; their endpoints are not known yet.
    pub(in crate::kubernetes) fn into_facts(
        self,
        kind: &str,
        system_labels: &BTreeMap<String, String>,
    ) -> Vec<WebhookFact> {
        let managed_by = managed_by(&self.metadata);
        let configuration = printable(&self.metadata.name);
        let fact = |webhook: Webhook| WebhookFact {
            configuration_kind: kind.to_owned(),
            configuration: configuration.clone(),
            name: printable(&webhook.name),
            failure_policy: match webhook.failure_policy.as_str() {
                "" => "Fail".to_owned(),
                policy => printable(policy),
            },
            timeout_seconds: webhook.timeout_seconds.unwrap_or(USUAL_TIMEOUT),
            rules: webhook.rules.iter().flat_map(Rule::in_words).collect(),
            service: webhook.client_config.service(),
            ready_endpoints: None,
            covers_system: webhook
                .namespace_selector
                .is_none_or(|selector| LabelSelector::from(selector).matches(system_labels)),
            managed_by: managed_by.clone(),
        };
        self.webhooks.into_iter().map(fact).collect()
    }
}

impl Rule {
    /// `CREATE pods/eviction`; resources of another group than the core one bear it, as `deployments.apps`.
    fn in_words(&self) -> Vec<String> {
        let is_core = |group: &String| group.is_empty() || group == "*";
        let suffixes: Vec<String> = if self.api_groups.is_empty() || self.api_groups.iter().any(is_core) {
            vec![String::new()]
        } else {
            self.api_groups
                .iter()
                .map(|group| format!(".{}", printable(group)))
                .collect()
        };
        let mut words = Vec::new();
        for operation in &self.operations {
            for resource in &self.resources {
                for suffix in &suffixes {
                    let (plural, subresource) = resource
                        .split_once('/')
                        .map_or((resource.as_str(), String::new()), |(plural, sub)| {
                            (plural, format!("/{sub}"))
                        });
                    let resource = printable(&format!("{plural}{suffix}{subresource}"));
                    words.push(format!("{} {resource}", printable(operation)));
                }
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(webhook: &Value) -> WebhookFact {
        let object = json!({ "metadata": { "name": "policy" }, "webhooks": [webhook] });
        let slim: SlimWebhooks = serde_json::from_value(object).unwrap();
        let system = BTreeMap::from([("kubernetes.io/metadata.name".to_owned(), "kube-system".to_owned())]);
        slim.into_facts("ValidatingWebhookConfiguration", &system).remove(0)
    }

    #[test]
    fn a_webhook_is_read_with_its_rules() {
        let fact = read(&json!({
            "name": "check.policy.example", "failurePolicy": "Ignore", "timeoutSeconds": 5,
            "clientConfig": { "service": { "namespace": "policy", "name": "svc", "path": "/x" }, "caBundle": "eA==" },
            "rules": [
                { "operations": ["CREATE", "UPDATE"], "apiGroups": [""], "resources": ["pods", "pods/eviction"] },
                { "operations": ["*"], "apiGroups": ["apps", "batch"], "resources": ["*"] },
                { "operations": ["DELETE"], "apiGroups": ["*"], "resources": ["*/*"] },
            ],
        }));
        assert_eq!((fact.failure_policy.as_str(), fact.timeout_seconds), ("Ignore", 5));
        assert_eq!(fact.service, Some(("policy".into(), "svc".into())));
        assert_eq!(
            fact.rules,
            [
                "CREATE pods",
                "CREATE pods/eviction",
                "UPDATE pods",
                "UPDATE pods/eviction",
                "* *.apps",
                "* *.batch",
                "DELETE */*",
            ]
        );
        assert!(fact.covers_system && fact.ready_endpoints.is_none());
    }

    #[test]
    fn the_namespace_selector_tells_whether_the_system_is_covered() {
        let covers = |selector: &Value| read(&json!({ "name": "w", "namespaceSelector": selector })).covers_system;
        let expression = |operator: &str| {
            json!({ "matchExpressions": [
                { "key": "kubernetes.io/metadata.name", "operator": operator, "values": ["kube-system"] },
            ] })
        };
        assert!(covers(&json!(null)) && covers(&json!({})));
        assert!(!covers(&expression("NotIn")) && covers(&expression("In")));
        assert!(!covers(&json!({ "matchLabels": { "policy": "on" } })));
        let bare = read(&json!({ "name": "w", "clientConfig": { "url": "https://x.example" } }));
        assert_eq!(
            (bare.failure_policy.as_str(), bare.timeout_seconds, bare.service),
            ("Fail", 10, None)
        );
    }
}
