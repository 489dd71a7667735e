//! What happens to a cluster's objects and machines past Azure's requests: people's edits, events, machines that vanish.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cluster::SimulatedCluster;
use super::incident::{NodeCondition, ObjectName, What};
use crate::simulator::kubernetes::objects::{ObjectStore, fields};

/// True for a Node object that a finalizer keeps.
pub(super) fn is_node_held(objects: &ObjectStore, name: &str) -> bool {
    objects
        .object("Node", "", name)
        .is_some_and(|node| fields::has_finalizers(&node))
}

/// Lets the kubelet say why its node is not ready.
pub(super) fn explain_unready(objects: &mut ObjectStore, name: &str, message: &str, now: Timestamp) {
    let Some(node) = objects.object("Node", "", name) else {
        return;
    };
    let mut conditions = node["status"]["conditions"].clone();
    let ready = conditions
        .as_array_mut()
        .and_then(|all| all.iter_mut().find(|condition| condition["type"] == "Ready"));
    if let Some(ready) = ready.filter(|ready| ready["message"] != message) {
        fields::put(ready, &["message"], message);
        let patch = json!({ "status": { "conditions": conditions } });
        objects.change_object("Node", "", name, &patch, now);
    }
}

impl SimulatedCluster {
    /// Does what an incident says about Kubernetes objects; anything else is not its business.
    pub(super) fn change_objects(&mut self, what: &What, now: Timestamp) {
        match what {
            What::Add(object) => {
                let mut object = object.clone();
                self.resolve_all(&mut object);
                let added = self.objects.add_object(&object, now);
                debug_assert!(added.is_ok(), "{added:?}");
            }
            What::Edit { object, patch } => {
                let ObjectName { kind, namespace, .. } = object;
                let name = self.resolve(&object.name);
                self.objects.change_object(kind, namespace, &name, patch, now);
            }
            What::Remove(ObjectName { kind, namespace, name }) => {
                let name = self.resolve(name);
                self.objects.remove_object(kind, namespace, &name, now);
            }
            What::Event(event) => {
                let mut event = event.clone();
                event.object_name = self.resolve(&event.object_name);
                event.message = event.message.replace("{name}", &event.object_name);
                self.objects.emit(&event, now);
            }
            What::NodeCondition(condition) => self.report_condition(condition, now),
            What::ForgetEvents(source) => {
                let events = self.objects.objects_of("Event");
                for event in events
                    .iter()
                    .filter(|event| event["source"]["component"] == source.as_str())
                {
                    let (namespace, name) = (fields::namespace(event), fields::name(event));
                    self.objects.remove_object("Event", namespace, name, now);
                }
            }
            What::Trouble(pods) => self.objects.trouble_pods(pods.clone(), now),
            What::Heal { namespace, workload } => self.objects.heal_pods(namespace, workload, now),
            _ => {}
        }
    }

    /// Writes a condition beside those that the kubelet reports.
    fn report_condition(&mut self, condition: &NodeCondition, now: Timestamp) {
        let name = self.resolve(&condition.node);
        let Some(node) = self.objects.object("Node", "", &name) else {
            return;
        };
        let mut conditions = node["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.retain(|known| known["type"] != condition.kind.as_str());
        conditions.push(json!({
            "type": condition.kind,
            "status": if condition.is_true { "True" } else { "False" },
            "reason": condition.reason,
            "message": condition.message,
            "lastHeartbeatTime": fields::stamp(now),
            "lastTransitionTime": fields::stamp(now),
        }));
        let patch = json!({ "status": { "conditions": conditions } });
        self.objects.change_object("Node", "", &name, &patch, now);
    }

    /// Puts the names of machines into the texts of an object that are written as `apps#0`.
    fn resolve_all(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.resolve(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.resolve_all(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.resolve_all(field)),
            _ => {}
        }
    }

    /// Azure takes a machine away: its node is gone without a drain.
    pub(super) fn lose_machine(&mut self, name: &str, now: Timestamp) {
        let name = self.resolve(name);
        self.objects.remove_node(&name, now);
        for pool in &mut self.pools {
            pool.remove_machine(&name);
        }
    }

    /// `apps#0` is the first machine of pool apps; any other name is itself.
    fn resolve(&self, name: &str) -> String {
        let machine = name.split_once('#').and_then(|(pool, index)| {
            let index: usize = index.parse().ok()?;
            self.pool(pool)?.nodes.get(index)
        });
        machine.map_or_else(|| name.to_owned(), |node| node.name.clone())
    }
}
