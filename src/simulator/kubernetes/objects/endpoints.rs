//! The EndpointSlice controller: one slice for each Service with a selector, holding the pods that answer for it
//! (Kubernetes docs "EndpointSlices", 2026).

use std::sync::Arc;

use serde_json::{Value, json};

use super::kinds::Kind;
use super::store::Key;
use super::touched::Touched;
use super::{ObjectStore, fields, selectors};

/// The label that ties a slice to its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

impl ObjectStore {
    /// Brings the slices of touched Services up to date, and of those whose pods were touched.
    pub(super) fn keep_endpoints(&mut self, touched: &Touched) {
        let due: Vec<Arc<Value>> = self
            .store
            .iter(Kind::Service)
            .filter(|service| {
                let selector = requirements(service);
                touched.services.contains(&Key::of(service))
                    || selector.is_some_and(|wanted| {
                        touched.concerns(fields::namespace(service), |labels| {
                            selectors::all_match(&wanted, labels.as_object())
                        })
                    })
            })
            .cloned()
            .collect();
        for service in due {
            self.keep_slice(&service);
        }
        for gone in touched
            .services
            .iter()
            .filter(|key| !self.store.contains(Kind::Service, key))
            .cloned()
            .collect::<Vec<_>>()
        {
            for slice in self.slices(&gone.namespace, &gone.name) {
                self.store.remove(Kind::EndpointSlice, &Key::of(&slice));
            }
        }
    }

    /// True where some slice of the Service has an endpoint that is ready; one that does not say counts as ready.
    pub(super) fn has_ready_endpoint(&self, namespace: &str, service: &str) -> bool {
        self.slices(namespace, service).iter().any(|slice| {
            let mut endpoints = slice["endpoints"].as_array().into_iter().flatten();
            endpoints.any(|endpoint| endpoint["conditions"]["ready"] != Value::Bool(false))
        })
    }

    fn slices(&self, namespace: &str, service: &str) -> Vec<Arc<Value>> {
        let all = self.store.in_namespace(Kind::EndpointSlice, namespace);
        all.filter(|slice| slice["metadata"]["labels"][SERVICE_NAME] == service)
            .cloned()
            .collect()
    }

    fn keep_slice(&mut self, service: &Value) {
        let Some(selector) = requirements(service) else {
            return;
        };
        let (namespace, name) = (fields::namespace(service), fields::name(service));
        let pods = self.store.in_namespace(Kind::Pod, namespace).filter(|pod| {
            selectors::all_match(&selector, fields::labels(pod))
                && pod["status"]["podIP"].is_string()
                && !fields::is_finished(pod)
        });
        let endpoints: Vec<Value> = pods.map(|pod| endpoint(pod)).collect();
        let ports: Vec<Value> = service["spec"]["ports"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|port| {
                let target = if port["targetPort"].is_u64() {
                    &port["targetPort"]
                } else {
                    &port["port"]
                };
                json!({
                    "name": port["name"].as_str().unwrap_or_default(),
                    "port": target,
                    "protocol": port["protocol"].as_str().unwrap_or("TCP"),
                })
            })
            .collect();
        if let Some(slice) = self.slices(namespace, name).first() {
            let key = Key::of(slice);
            self.store.edit(Kind::EndpointSlice, &key, |slice| {
                fields::put(slice, &["endpoints"], endpoints);
                fields::put(slice, &["ports"], ports);
            });
            return;
        }
        let suffix = self.names.suffix();
        let owner = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "name": name,
            "uid": fields::uid(service),
            "controller": true,
            "blockOwnerDeletion": true,
        });
        let slice = json!({
            "metadata": {
                "name": format!("{name}-{suffix}"),
                "namespace": namespace,
                "labels": {
                    SERVICE_NAME: name,
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                },
                "ownerReferences": [owner],
            },
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": ports,
        });
        self.create(Kind::EndpointSlice, slice);
    }
}

fn requirements(service: &Value) -> Option<Vec<selectors::Requirement>> {
    let labels = service["spec"]["selector"]
        .as_object()
        .filter(|labels| !labels.is_empty())?;
    selectors::read(&json!({ "matchLabels": labels }))
}

fn endpoint(pod: &Value) -> Value {
    let is_leaving = fields::is_deleting(pod);
    let is_serving = fields::is_ready(pod);
    json!({
        "addresses": [pod["status"]["podIP"]],
        "conditions": { "ready": is_serving && !is_leaving, "serving": is_serving, "terminating": is_leaving },
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": {
            "kind": "Pod",
            "namespace": fields::namespace(pod),
            "name": fields::name(pod),
            "uid": fields::uid(pod),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, node, store, workload};
    use super::*;

    #[test]
    fn a_service_has_the_endpoints_of_its_ready_pods() {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        let mut cart = workload("Deployment", "cart", 3);
        cart.never_ready = 1;
        store.add_workload(&cart, at(0));
        let service = json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "cart", "namespace": "shop" },
            "spec": { "selector": { "app": "cart" }, "ports": [{ "port": 80, "targetPort": 8080 }] } });
        store.add_object(&service, at(0)).unwrap();
        store.advance_to(at(1));
        let ready = |store: &ObjectStore| {
            let slices = store.slices("shop", "cart");
            let endpoints = slices[0]["endpoints"].as_array().unwrap().clone();
            endpoints
                .iter()
                .filter(|one| one["conditions"]["ready"] == true)
                .count()
        };
        assert_eq!(ready(&store), 2);
        assert_eq!(store.slices("shop", "cart")[0]["ports"][0]["port"], 8080);
        store.set_node_ready("n1", false, at(2));
        store.advance_to(at(2));
        assert_eq!(ready(&store), 0);
        assert!(!store.has_ready_endpoint("shop", "cart"));
        store.delete(Kind::Service, &Key::new("shop", "cart"), None, at(3));
        assert!(store.slices("shop", "cart").is_empty());
    }
}
