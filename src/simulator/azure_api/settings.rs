//! Settings a PUT writes that no upgrade depends on: kept, so that the next read shows them.

use serde_json::{Map, Value, json};

use super::bodies;
use crate::simulator::world::SimulatedCluster;

/// Parts of a cluster's properties that are kept as they are written.
const OF_CLUSTER: [&str; 4] = [
    "supportPlan",
    "apiServerAccessProfile",
    "addonProfiles",
    "networkProfile",
];
/// The same for a pool.
const OF_POOL: [&str; 4] = ["osSKU", "enableAutoScaling", "minCount", "maxCount"];

/// Takes over what a cluster's PUT writes besides versions.
pub(super) fn take_cluster(cluster: &mut SimulatedCluster, body: &Value) {
    if let Some(tier) = body.pointer("/sku/tier").and_then(Value::as_str) {
        tier.clone_into(&mut cluster.profile.tier);
    }
    if let Some(profile) = body
        .pointer("/properties/autoUpgradeProfile")
        .filter(|profile| profile.is_object())
    {
        let word = |key: &str| profile.get(key).and_then(Value::as_str).map(str::to_owned);
        cluster.profile.upgrade_channel = word("upgradeChannel").filter(|word| !word.eq_ignore_ascii_case("none"));
        if let Some(channel) = word("nodeOSUpgradeChannel") {
            cluster.profile.node_os_channel = channel;
        }
    }
    let present = bodies::properties(cluster);
    let patch = differences(&OF_CLUSTER, &present, body.get("properties"));
    compose(&mut cluster.landscape.cluster_properties, patch);
}

/// Takes over what a pool's PUT writes besides version, count and upgrade settings.
pub(super) fn take_pool(cluster: &mut SimulatedCluster, pool: &str, body: &Value) {
    let Some(known) = cluster.pool(pool) else {
        return;
    };
    let (name, present) = (known.name.clone(), bodies::pool(cluster, known));
    let patch = differences(&OF_POOL, &present["properties"], body.get("properties"));
    compose(cluster.landscape.pool_properties.entry(name).or_default(), patch);
}

/// The merge patch that makes the named parts what was sent; what was not sent stays.
fn differences(names: &[&str], present: &Value, sent: Option<&Value>) -> Value {
    let mut patch = Map::new();
    for name in names {
        let Some(wanted) = sent.and_then(|sent| sent.get(name)) else {
            continue;
        };
        if let Some(change) = difference(present.get(name).unwrap_or(&Value::Null), wanted) {
            patch.insert((*name).to_owned(), change);
        }
    }
    Value::Object(patch)
}

fn difference(from: &Value, to: &Value) -> Option<Value> {
    if from == to {
        return None;
    }
    let (Value::Object(before), Value::Object(after)) = (from, to) else {
        return Some(to.clone());
    };
    let gone = before
        .keys()
        .filter(|key| !after.contains_key(*key))
        .map(|key| (key.clone(), Value::Null));
    let new = after.iter().filter_map(|(key, value)| {
        let present = before.get(key).unwrap_or(&Value::Null);
        Some((key.clone(), difference(present, value)?))
    });
    Some(gone.chain(new).collect())
}

/// Puts one merge patch behind another, so that both are one.
fn compose(first: &mut Value, second: Value) {
    let Value::Object(second) = second else {
        *first = second;
        return;
    };
    if second.is_empty() {
        return;
    }
    if !first.is_object() {
        *first = json!({});
    }
    for (key, value) in second {
        compose_field(&mut first[key.as_str()], value);
    }
}

fn compose_field(first: &mut Value, second: Value) {
    match second {
        Value::Object(_) => compose(first, second),
        plain => *first = plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_behind_each_other_are_one() {
        let mut first = json!({"a": {"b": 1, "c": 2}});
        compose(&mut first, json!({"a": {"b": null}, "d": [1]}));
        assert_eq!(first, json!({"a": {"b": null, "c": 2}, "d": [1]}));
        compose(&mut first, json!({}));
        assert_eq!(first["d"], json!([1]));
        let patch = difference(&json!({"x": 1, "y": {"z": 1}}), &json!({"y": {"z": 2}}));
        assert_eq!(patch, Some(json!({"x": null, "y": {"z": 2}})));
    }
}
