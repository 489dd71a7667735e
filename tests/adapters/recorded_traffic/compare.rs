//! Compares what the parsers made of a body with the raw JSON, field by field and independently of them.

use aks_cockpit::azure::wire;
use aks_cockpit::domain::cluster::{Cluster, UpgradeOffer};
use aks_cockpit::domain::node_pool::NodePool;
use aks_cockpit::domain::provisioning::{AzureErrorDetail, OperationState};
use aks_cockpit::domain::version::NodeImageVersion;
use serde_json::Value;

pub(crate) fn compare_each<T>(place: &str, items: &[T], body: &Value, field: &str, compare: fn(&str, &T, &Value)) {
    let raw = body[field].as_array().unwrap();
    assert_eq!(items.len(), raw.len(), "{place}");
    for (item, raw) in items.iter().zip(raw) {
        compare(place, item, raw);
    }
}

pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

pub(crate) fn compare_cluster(place: &str, cluster: &Cluster, raw: &Value) {
    assert_eq!(Some(cluster.id.as_str()), text(raw, "/id"), "{place}");
    assert_eq!(Some(cluster.name.as_str()), text(raw, "/name"), "{place}");
    assert_eq!(cluster.location, text(raw, "/location").unwrap_or_default(), "{place}");
    assert_eq!(cluster.etag.as_deref(), text(raw, "/eTag"), "{place}");
    let properties = raw.get("properties").unwrap_or(raw);
    let state = text(properties, "/provisioningState").unwrap_or("(not reported)");
    assert_eq!(cluster.provisioning_state.as_str(), state, "{place}");
    let power = text(properties, "/powerState/code")
        .or(text(properties, "/powerState"))
        .unwrap_or("Running");
    assert_eq!(cluster.power_state.as_str(), power, "{place}");
    assert_eq!(
        cluster.requested_version.as_deref(),
        text(properties, "/kubernetesVersion"),
        "{place}"
    );
    if let Some(current) = text(properties, "/currentKubernetesVersion") {
        assert_eq!(
            cluster.version.map(|version| version.to_string()).as_deref(),
            Some(current),
            "{place}"
        );
    }
    assert_eq!(cluster.fqdn.as_deref(), text(properties, "/fqdn"), "{place}");
    let channel = text(properties, "/autoUpgradeProfile/nodeOSUpgradeChannel");
    assert_eq!(cluster.auto_upgrade.node_os_channel.as_deref(), channel, "{place}");
    let until = text(properties, "/upgradeSettings/overrideSettings/until");
    let is_forced = properties.pointer("/upgradeSettings/overrideSettings/forceUpgrade") == Some(&Value::Bool(true));
    assert_eq!(
        cluster.force_upgrade_until.is_some(),
        is_forced && until.is_some(),
        "{place}"
    );
    let none = Vec::new();
    let pools = properties["agentPoolProfiles"].as_array().unwrap_or(&none);
    assert_eq!(cluster.pools.len(), pools.len(), "{place}");
    for (pool, raw) in cluster.pools.iter().zip(pools) {
        compare_pool(place, pool, raw);
    }
}

pub(crate) fn compare_pool(place: &str, pool: &NodePool, raw: &Value) {
    assert_eq!(Some(pool.name.as_str()), text(raw, "/name"), "{place}");
    let properties = raw.get("properties").unwrap_or(raw);
    let state = text(properties, "/provisioningState").unwrap_or("(not reported)");
    assert_eq!(pool.provisioning_state.as_str(), state, "{place}");
    if let Some(count) = properties["count"].as_u64() {
        assert_eq!(u64::from(pool.count), count, "{place}");
    }
    assert_eq!(
        pool.requested_version.as_deref(),
        text(properties, "/orchestratorVersion"),
        "{place}"
    );
    if let Some(current) = text(properties, "/currentOrchestratorVersion") {
        assert_eq!(
            pool.version.map(|version| version.to_string()).as_deref(),
            Some(current),
            "{place}"
        );
    }
    let image = pool.node_image.as_ref().map(NodeImageVersion::as_str);
    assert_eq!(image, text(properties, "/nodeImageVersion"), "{place}");
    assert_eq!(pool.etag.as_deref(), text(properties, "/eTag"), "{place}");
    let surge = pool.upgrade_settings.max_surge.map(|surge| surge.to_string());
    assert_eq!(
        surge.as_deref(),
        text(properties, "/upgradeSettings/maxSurge"),
        "{place}"
    );
    let unavailable = pool.upgrade_settings.max_unavailable.map(|share| share.to_string());
    assert_eq!(
        unavailable.as_deref(),
        text(properties, "/upgradeSettings/maxUnavailable"),
        "{place}"
    );
    if let Some(power) = text(properties, "/powerState/code") {
        assert_eq!(pool.power_state.as_str(), power, "{place}");
    }
}

pub(crate) fn compare_offers(place: &str, offers: &[UpgradeOffer], raw: Option<&Value>) {
    let mut found: Vec<String> = offers.iter().map(|offer| offer.version.to_string()).collect();
    let raw = raw.and_then(Value::as_array).cloned().unwrap_or_default();
    let mut expected: Vec<String> = raw
        .iter()
        .map(|offer| offer["kubernetesVersion"].as_str().unwrap().to_owned())
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "{place}");
    for offer in offers {
        let raw = raw
            .iter()
            .find(|raw| raw["kubernetesVersion"] == offer.version.to_string().as_str())
            .unwrap();
        assert_eq!(
            offer.is_preview,
            raw["isPreview"].as_bool().unwrap_or_default(),
            "{place}"
        );
    }
}

pub(crate) fn compare_region(place: &str, body: &Value) {
    let region = wire::region_versions(body).unwrap_or_else(|why| panic!("{place}: {why}"));
    let values = body["values"].as_array().unwrap();
    assert_eq!(region.minors.len(), values.len(), "{place}");
    for raw in values {
        let line = raw["version"].as_str().unwrap();
        let minor = region
            .minors
            .iter()
            .find(|minor| minor.line.to_string() == line)
            .unwrap();
        assert_eq!(
            minor.is_default,
            raw["isDefault"].as_bool().unwrap_or_default(),
            "{place} {line}"
        );
        assert_eq!(
            minor.is_preview,
            raw["isPreview"].as_bool().unwrap_or_default(),
            "{place} {line}"
        );
        let patches = raw["patchVersions"].as_object().unwrap();
        assert_eq!(minor.patches.len(), patches.len(), "{place} {line}");
        for (patch, steps) in &minor.patches {
            let raw = patches[&patch.to_string()]["upgrades"].as_array().map_or(0, Vec::len);
            assert_eq!(steps.len(), raw, "{place} {patch}");
        }
    }
}

pub(crate) fn compare_operation(place: &str, state: &OperationState, word: &str, body: &Value) {
    let has_error = body.get("error").is_some_and(|error| !error.is_null());
    match (word, state) {
        ("Succeeded", OperationState::Succeeded) | ("Canceled", OperationState::Canceled { .. }) => {}
        ("Failed", OperationState::Failed { error }) => compare_error(place, error, &body["error"]),
        (word, OperationState::Running { text, hint }) if !["Succeeded", "Failed", "Canceled"].contains(&word) => {
            assert_eq!(text, word, "{place}");
            assert_eq!(hint.is_some(), has_error, "{place}");
            if let Some(hint) = hint {
                compare_error(place, hint, &body["error"]);
            }
        }
        _ => panic!("{place}: '{word}' became {state:?}"),
    }
}

pub(crate) fn compare_error(place: &str, error: &AzureErrorDetail, raw: &Value) {
    assert_eq!(Some(error.code.as_str()), raw["code"].as_str(), "{place}");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        words(&error.message),
        words(raw["message"].as_str().unwrap_or_default()),
        "{place}"
    );
    assert!(!error.message.chars().any(char::is_control), "{place}");
    assert_eq!(error.subcode.as_deref(), text(raw, "/subcode"), "{place}");
    assert_eq!(error.target.as_deref(), text(raw, "/target"), "{place}");
    assert_eq!(
        error.details.len(),
        raw["details"].as_array().map_or(0, Vec::len),
        "{place}"
    );
}
