//! Admission webhooks: which of them the API server asks about a request, and what comes of it. A webhook whose Service
//! has no ready endpoint cannot be called; what it would say is told by the author of the world.

use serde_json::Value;

use super::kinds::Kind;
use super::store::Key;
use super::{ObjectStore, fields, selectors};

/// How long the API server waits for a webhook that names no time (Kubernetes API reference, admissionregistration v1).
const USUAL_TIMEOUT: u64 = 10;

/// What a webhook that can be reached says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookAnswer {
    Allow,
    /// It refuses, in these words.
    Deny {
        message: String,
    },
    /// It takes the call and never answers.
    Silent,
}

/// A request as webhooks see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admission<'request> {
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub(crate) operation: &'static str,
    pub(crate) kind: Kind,
    pub(crate) subresource: Option<&'request str>,
    /// The object that is written or deleted.
    pub(crate) object: &'request Value,
}

/// Why a request was not admitted, in the API server's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// 403: the webhook said no.
    Denied { message: String },
    /// 500: it could not be asked, and its `failurePolicy` is `Fail`.
    Failed { message: String },
}

impl Rejection {
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Denied { message } | Self::Failed { message } => message,
        }
    }
}

impl ObjectStore {
    /// Sets what the webhook of this name says from now on, where it can be reached; at first all allow.
    pub fn set_webhook_answer(&mut self, webhook: &str, answer: WebhookAnswer) {
        self.webhook_answers.insert(webhook.to_owned(), answer);
    }

    /// Asks every webhook that the request concerns, mutating ones first.
    pub(crate) fn admit(&self, request: &Admission<'_>) -> Result<(), Rejection> {
        let is_exempt = matches!(
            request.kind,
            Kind::ValidatingWebhookConfiguration | Kind::MutatingWebhookConfiguration
        );
        // What is there before the world begins was let in before.
        if is_exempt || self.is_building {
            return Ok(());
        }
        [Kind::MutatingWebhookConfiguration, Kind::ValidatingWebhookConfiguration]
            .into_iter()
            .flat_map(|kind| self.store.iter(kind))
            .flat_map(|configuration| configuration["webhooks"].as_array().into_iter().flatten())
            .filter(|webhook| self.concerns(webhook, request))
            .try_for_each(|webhook| self.call(webhook))
    }

    fn call(&self, webhook: &Value) -> Result<(), Rejection> {
        let name = webhook["name"].as_str().unwrap_or_default();
        let trouble = match (self.why_unreachable(webhook), self.webhook_answers.get(name)) {
            (Some(why), _) => why,
            (None, Some(WebhookAnswer::Deny { message })) => {
                return Err(Rejection::Denied {
                    message: format!("admission webhook \"{name}\" denied the request: {message}"),
                });
            }
            (None, Some(WebhookAnswer::Silent)) => "context deadline exceeded".to_owned(),
            (None, Some(WebhookAnswer::Allow) | None) => return Ok(()),
        };
        if webhook["failurePolicy"] == "Ignore" {
            return Ok(());
        }
        Err(Rejection::Failed {
            message: format!(
                "Internal error occurred: failed calling webhook \"{name}\": failed to call webhook: Post \"{}\": {trouble}",
                address(webhook)
            ),
        })
    }

    /// Why the API server has nobody to call; `None` where somebody listens.
    fn why_unreachable(&self, webhook: &Value) -> Option<String> {
        let service = webhook["clientConfig"]["service"].as_object()?;
        let text = |field: &str| service.get(field).and_then(Value::as_str).unwrap_or_default();
        let (namespace, name) = (text("namespace"), text("name"));
        if !self.store.contains(Kind::Service, &Key::new(namespace, name)) {
            return Some(format!("service \"{name}\" not found"));
        }
        (!self.has_ready_endpoint(namespace, name)).then(|| format!("no endpoints available for service \"{name}\""))
    }

    fn concerns(&self, webhook: &Value, request: &Admission<'_>) -> bool {
        let mut rules = webhook["rules"].as_array().into_iter().flatten();
        rules.any(|rule| is_ruled(rule, request))
            && self.is_in_selected_namespace(&webhook["namespaceSelector"], request)
            && is_selected(&webhook["objectSelector"], fields::labels(request.object))
    }

    /// Objects of the whole cluster are in no namespace and always meant; a Namespace counts as in itself.
    fn is_in_selected_namespace(&self, selector: &Value, request: &Admission<'_>) -> bool {
        let namespace = fields::namespace(request.object);
        if request.kind == Kind::Namespace {
            return is_selected(selector, fields::labels(request.object));
        }
        namespace.is_empty()
            || self
                .store
                .get(Kind::Namespace, &Key::new("", namespace))
                .is_some_and(|namespace| is_selected(selector, fields::labels(namespace)))
    }
}

/// A selector that is left out selects everything here (Kubernetes docs "Dynamic Admission Control", 2026).
fn is_selected(selector: &Value, labels: Option<&serde_json::Map<String, Value>>) -> bool {
    selector.is_null()
        || selectors::read(selector).is_some_and(|requirements| selectors::all_match(&requirements, labels))
}

fn is_ruled(rule: &Value, request: &Admission<'_>) -> bool {
    let described = request.kind.describe();
    let has = |field: &str, wanted: &str| {
        let mut words = rule[field].as_array().into_iter().flatten().filter_map(Value::as_str);
        words.any(|word| word == "*" || word == wanted)
    };
    let scope = rule["scope"].as_str().unwrap_or("*");
    let is_in_scope = scope == "*" || (scope == "Namespaced") == described.is_namespaced;
    let mut resources = rule["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let is_resource = resources.any(|resource| match (resource.split_once('/'), request.subresource) {
        (None, None) => resource == "*" || resource == described.plural,
        (Some((plural, sub)), Some(wanted)) => {
            (plural == "*" || plural == described.plural) && (sub == "*" || sub == wanted)
        }
        (Some((plural, sub)), None) => (plural == "*" || plural == described.plural) && sub == "*",
        (None, Some(_)) => false,
    });
    is_in_scope
        && is_resource
        && has("operations", request.operation)
        && has("apiGroups", described.group)
        && has("apiVersions", described.version)
}

/// The address the API server calls, as it writes it in errors.
fn address(webhook: &Value) -> String {
    let timeout = webhook["timeoutSeconds"].as_u64().unwrap_or(USUAL_TIMEOUT);
    if let Some(url) = webhook["clientConfig"]["url"].as_str() {
        return format!("{url}?timeout={timeout}s");
    }
    let service = &webhook["clientConfig"]["service"];
    let text = |field: &str| service[field].as_str().unwrap_or_default();
    let port = service["port"].as_u64().unwrap_or(443);
    format!(
        "https://{}.{}.svc:{port}{}?timeout={timeout}s",
        text("name"),
        text("namespace"),
        if text("path").is_empty() { "/" } else { text("path") },
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{at, node, pods, store, workload};
    use super::super::{Eviction, ObjectStore};
    use super::*;

    /// A webhook on new pods and evictions, whose backend has `replicas` pods; its own namespace is left out.
    fn cluster(replicas: u32, policy: &str) -> ObjectStore {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        let mut backend = workload("Deployment", "policy", replicas);
        backend.namespace = "policy".into();
        store.add_workload(&backend, at(0));
        store.add_workload(&workload("Deployment", "cart", 1), at(0));
        for object in [
            json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "policy", "namespace": "policy" },
                "spec": { "selector": { "app": "policy" }, "ports": [{ "port": 443, "targetPort": 8443 }] } }),
            json!({ "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
                "metadata": { "name": "policy" },
                "webhooks": [{
                    "name": "check.policy.example", "failurePolicy": policy, "timeoutSeconds": 5,
                    "clientConfig": { "service": { "name": "policy", "namespace": "policy", "path": "/check" } },
                    "namespaceSelector": { "matchExpressions": [
                        { "key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["policy"] },
                    ] },
                    "rules": [{ "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                        "resources": ["pods", "pods/eviction"], "scope": "*" }],
                }] }),
        ] {
            store.add_object(&object, at(0)).unwrap();
        }
        store.advance_to(at(1));
        store
    }

    const FAILED: &str = "Internal error occurred: failed calling webhook \"check.policy.example\": failed to call \
                          webhook: Post \"https://policy.policy.svc:443/check?timeout=5s\": no endpoints available for \
                          service \"policy\"";

    #[test]
    fn a_webhook_without_endpoints_refuses_unless_it_may_be_ignored() {
        let evict = |store: &mut ObjectStore| {
            let pod = pods(store, "cart")[0].clone();
            store.evict(&pod, at(2))
        };
        let mut down = cluster(0, "Fail");
        assert_eq!(evict(&mut down), Eviction::Refused { message: FAILED.into() });
        assert_eq!(evict(&mut cluster(0, "Ignore")), Eviction::Accepted);
        let mut up = cluster(1, "Fail");
        assert_eq!(evict(&mut up), Eviction::Accepted);
        let mut silent = cluster(1, "Fail");
        silent.set_webhook_answer("check.policy.example", WebhookAnswer::Silent);
        let Eviction::Refused { message } = evict(&mut silent) else {
            panic!("it is not answered")
        };
        assert!(
            message.ends_with("?timeout=5s\": context deadline exceeded"),
            "{message}"
        );
    }

    #[test]
    fn a_webhook_that_says_no_is_quoted() {
        let mut store = cluster(1, "Ignore");
        let answer = WebhookAnswer::Deny {
            message: "moves first".into(),
        };
        store.set_webhook_answer("check.policy.example", answer);
        let pod = pods(&store, "cart")[0].clone();
        let message = "admission webhook \"check.policy.example\" denied the request: moves first".to_owned();
        assert_eq!(store.evict(&pod, at(2)), Eviction::Refused { message });
        let own = pods(&store, "policy")[0].clone();
        assert_eq!(
            store.evict(&own, at(2)),
            Eviction::Accepted,
            "its namespace is left out"
        );
    }

    #[test]
    fn controllers_are_refused_too_and_go_on_once_the_backend_is_up() {
        let mut store = cluster(0, "Fail");
        let cart = Key::new("shop", "cart");
        store.store.edit(Kind::Deployment, &cart, |object| {
            fields::put(object, &["spec", "replicas"], 2);
        });
        store.advance_to(at(10));
        assert_eq!(pods(&store, "cart").len(), 1);
        let set = store.store.all(Kind::ReplicaSet);
        let set = set.iter().find(|set| fields::name(set).starts_with("cart-")).unwrap();
        let failure = fields::condition(set, "ReplicaFailure").unwrap();
        assert_eq!(
            (&failure["reason"], &failure["message"]),
            (&json!("FailedCreate"), &json!(FAILED))
        );
        let events = store.store.all(Kind::Event);
        let said = events.iter().find(|event| event["reason"] == "FailedCreate").unwrap();
        assert_eq!(said["message"], format!("Error creating: {FAILED}"));

        let backend = Key::new("policy", "policy");
        store.store.edit(Kind::Deployment, &backend, |object| {
            fields::put(object, &["spec", "replicas"], 1);
        });
        store.advance_to(at(60));
        assert_eq!(pods(&store, "cart").len(), 2);
        let set = store.store.all(Kind::ReplicaSet);
        assert!(set.iter().all(|set| fields::condition(set, "ReplicaFailure").is_none()));
    }
}
