//! What AKS says about the disruption budgets of a cluster: in its pre-check, and when a drain has failed.

use serde_json::Value;

use crate::simulator::kubernetes::objects::fields;
use crate::simulator::kubernetes::objects::kinds::Kind;
use crate::simulator::kubernetes::objects::selectors;
use crate::simulator::kubernetes::objects::store::Key;
use crate::simulator::kubernetes::objects::{ObjectStore, PodName};

/// The `PDB debug info` of a failed drain: the budget that held the pod, its numbers, and pods that are not ready
/// (AKS troubleshooting "PodDrainFailure", 2025). `None` where no budget covers the pod any more.
pub(super) fn debug_info(objects: &ObjectStore, pod: &PodName) -> Option<String> {
    let store = objects.store();
    let held = store.get(Kind::Pod, &Key::new(&pod.namespace, &pod.name))?;
    let budget = store
        .iter(Kind::PodDisruptionBudget)
        .find(|budget| covers(budget, held))?;
    let unready: Vec<String> = store
        .iter(Kind::Pod)
        .filter(|other| covers(budget, other) && !fields::is_ready(other))
        .map(|other| format!("{}/{}", pod.namespace, fields::name(other)))
        .collect();
    let spec = ["minAvailable", "maxUnavailable"]
        .into_iter()
        .find_map(|field| Some((field, word(&budget["spec"][field])?)))
        .map(|(field, value)| {
            let label = if field == "minAvailable" {
                "MinAvailable"
            } else {
                "MaxUnavailable"
            };
            format!(" ({label}: {value})")
        })
        .unwrap_or_default();
    let status = &budget["status"];
    let numbers: String = [
        ("CurrentHealthy", "currentHealthy"),
        ("DesiredHealthy", "desiredHealthy"),
        ("ExpectedPods", "expectedPods"),
    ]
    .into_iter()
    .filter_map(|(label, field)| Some(format!(" ({label}: {})", word(&status[field])?)))
    .collect();
    let list = if unready.is_empty() {
        String::new()
    } else {
        format!(": [{}]", unready.join(","))
    };
    Some(format!(
        "{}/{} blocked by pdb {}{spec}{numbers} with {} unready pods{list}.",
        pod.namespace,
        pod.name,
        fields::name(budget),
        unready.len()
    ))
}

/// Budgets that say themselves that no pod may ever go (AKS troubleshooting "UnsatisfiablePDB", 2025).
pub(super) fn unsatisfiable(objects: &ObjectStore) -> Vec<String> {
    let zero = |value: &Value| word(value).is_some_and(|text| text.trim_end_matches('%') == "0");
    objects
        .store()
        .iter(Kind::PodDisruptionBudget)
        .filter(|budget| zero(&budget["spec"]["maxUnavailable"]))
        .map(|budget| format!("{}/{}", fields::namespace(budget), fields::name(budget)))
        .collect()
}

fn covers(budget: &Value, pod: &Value) -> bool {
    fields::namespace(budget) == fields::namespace(pod)
        && selectors::read(&budget["spec"]["selector"])
            .is_some_and(|selector| selectors::all_match(&selector, fields::labels(pod)))
}

/// A number or a text as text.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
