//! Events: added, counted when they repeat, and gone after an hour.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::fields;
use super::kinds::Kind;
use super::store::Key;
use super::{EventSpec, ObjectStore};

/// How long an API server keeps an event after it was last seen (`--event-ttl`, Kubernetes reference, 2026).
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// What a kubelet says about the state of its own node.
pub(super) struct NodeEvent<'text> {
    pub(super) node: &'text str,
    pub(super) reason: &'static str,
}

/// What something in the cluster says about a pod.
pub(super) struct PodEvent<'text> {
    pub(super) is_warning: bool,
    pub(super) reason: &'static str,
    pub(super) message: &'text str,
    pub(super) source: &'static str,
}

/// What makes two events the same one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    namespace: String,
    object: (String, String),
    source: String,
    reason: String,
    message: String,
}

impl ObjectStore {
    /// Adds an event, or raises the count of the same one.
    pub fn emit(&mut self, event: &EventSpec, now: Timestamp) {
        self.pass_to(now);
        let now = self.now;
        let identity = Identity {
            namespace: event.namespace.clone(),
            object: (event.object_kind.clone(), event.object_name.clone()),
            source: event.source.clone(),
            reason: event.reason.clone(),
            message: event.message.clone(),
        };
        let known = self
            .known_events
            .get(&identity)
            .and_then(|key| self.store.edit(Kind::Event, key, |event| repeat(event, now)));
        if known.is_none() {
            let object = self.describe_event(event);
            self.known_events.insert(identity, Key::of(&object));
            self.create(Kind::Event, object);
        }
    }

    /// Drops events older than an hour, as API servers do.
    pub fn expire_events(&mut self, now: Timestamp) {
        self.pass_to(now);
        let last_seen = |event: &Value| {
            fields::time(&event["lastTimestamp"])
                .or_else(|| fields::time(&event["eventTime"]))
                .or_else(|| fields::time(&event["metadata"]["creationTimestamp"]))
        };
        for event in self.store.all(Kind::Event) {
            if last_seen(&event).is_some_and(|last| now.duration_since(last) > KEPT) {
                self.store.remove(Kind::Event, &Key::of(&event));
            }
        }
        let store = &self.store;
        self.known_events.retain(|_, key| store.contains(Kind::Event, key));
    }

    pub(super) fn emit_from_kubelet(&mut self, event: &NodeEvent<'_>) {
        let spec = EventSpec {
            is_warning: false,
            reason: event.reason.to_owned(),
            message: format!("Node {} status is now: {}", event.node, event.reason),
            source: "kubelet".to_owned(),
            object_kind: "Node".to_owned(),
            object_name: event.node.to_owned(),
            namespace: "default".to_owned(),
        };
        self.emit(&spec, self.now);
    }

    pub(super) fn emit_about_pod(&mut self, pod: &Value, event: &PodEvent<'_>) {
        let spec = EventSpec {
            is_warning: event.is_warning,
            reason: event.reason.to_owned(),
            message: event.message.to_owned(),
            source: event.source.to_owned(),
            object_kind: "Pod".to_owned(),
            object_name: fields::name(pod).to_owned(),
            namespace: fields::namespace(pod).to_owned(),
        };
        self.emit(&spec, self.now);
    }

    fn describe_event(&mut self, event: &EventSpec) -> Value {
        let at = fields::stamp(self.now);
        let mut about = json!({ "kind": event.object_kind, "name": event.object_name });
        if let Some(kind) = Kind::named(&event.object_kind) {
            let namespace = if kind.describe().is_namespaced {
                event.namespace.as_str()
            } else {
                ""
            };
            let object = self.store.get(kind, &Key::new(namespace, &event.object_name));
            // Kubelets name their node where the uid belongs; `kubectl describe` looks for both.
            let uid = match object {
                Some(object) if event.source != "kubelet" || kind != Kind::Node => fields::uid(object).to_owned(),
                _ => event.object_name.clone(),
            };
            fields::put(&mut about, &["uid"], uid);
            fields::put(&mut about, &["apiVersion"], kind.api_version());
            if !namespace.is_empty() {
                fields::put(&mut about, &["namespace"], namespace);
            }
        }
        let mut source = json!({ "component": event.source });
        if event.source == "kubelet" && event.object_kind == "Node" {
            fields::put(&mut source, &["host"], event.object_name.as_str());
        }
        json!({
            "metadata": {
                "name": format!("{}.{}", event.object_name, self.names.event()),
                "namespace": event.namespace,
            },
            "involvedObject": about,
            "reason": event.reason,
            "message": event.message,
            "source": source,
            "type": if event.is_warning { "Warning" } else { "Normal" },
            "firstTimestamp": at,
            "lastTimestamp": at,
            "eventTime": null,
            "count": 1,
            "reportingComponent": event.source,
            "reportingInstance": "",
        })
    }
}

fn repeat(event: &mut Value, now: Timestamp) {
    let count = event["count"].as_u64().unwrap_or(1).saturating_add(1);
    fields::put(event, &["count"], count);
    fields::put(event, &["lastTimestamp"], fields::stamp(now));
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, node, store};
    use super::*;

    fn drain(message: &str) -> EventSpec {
        EventSpec {
            is_warning: true,
            reason: "Drain".into(),
            message: message.into(),
            source: "upgrader".into(),
            object_kind: "Node".into(),
            object_name: "n1".into(),
            namespace: "default".into(),
        }
    }

    #[test]
    fn the_same_event_is_counted_and_another_is_new() {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        store.emit(&drain("held"), at(10));
        store.emit(&drain("held"), at(40));
        store.emit(&drain("other"), at(50));
        let events = store.store.all(Kind::Event);
        assert_eq!(events.len(), 2);
        assert_eq!(events[0]["count"], 2);
        assert_eq!(events[0]["firstTimestamp"], fields::stamp(at(10)));
        assert_eq!(events[0]["lastTimestamp"], fields::stamp(at(40)));
        assert_eq!(events[0]["involvedObject"]["apiVersion"], "v1");
    }

    #[test]
    fn an_event_lives_an_hour_after_it_was_last_seen() {
        let mut store = store();
        store.emit(&drain("held"), at(0));
        store.emit(&drain("other"), at(0));
        store.emit(&drain("held"), at(600));
        store.expire_events(at(3601));
        assert_eq!(store.store.iter(Kind::Event).count(), 1);
        store.expire_events(at(4201));
        assert_eq!(store.store.iter(Kind::Event).count(), 0);
        store.emit(&drain("held"), at(4300));
        assert_eq!(store.store.all(Kind::Event)[0]["count"], 1);
    }
}
