//! What a survey reads around a cluster: maintenance configurations, detectors, insights, restore points, details.

use aks_cockpit::azure::wire::survey as wire;
use serde_json::{Value, json};

/// A list of maintenance configurations, or a single one.
pub(crate) fn check_windows(place: &str, body: &Value) {
    let list = match body.get("value") {
        Some(_) => body.clone(),
        None => json!({"value": [body]}),
    };
    let page = wire::window_page(&list).unwrap_or_else(|why| panic!("{place}: {why}"));
    assert!(page.findings.is_empty(), "{place}: {:?}", page.findings);
    let raw = list["value"].as_array().unwrap();
    assert_eq!(page.items.len(), raw.len(), "{place}");
    for (stored, raw) in page.items.iter().zip(raw) {
        assert_eq!(Some(stored.name.as_str()), raw["name"].as_str(), "{place}");
        let window = raw
            .pointer("/properties/maintenanceWindow")
            .filter(|window| window.is_object());
        assert_eq!(stored.window.is_some(), window.is_some(), "{place}");
        let (Some(stored), Some(raw)) = (&stored.window, window) else {
            continue;
        };
        let stored = stored.as_ref().unwrap_or_else(|why| panic!("{place}: {why}"));
        assert_eq!(
            Some(u64::from(stored.duration_hours)),
            raw["durationHours"].as_u64(),
            "{place}"
        );
        let start = stored.start.strftime("%H:%M").to_string();
        assert_eq!(Some(start.as_str()), raw["startTime"].as_str(), "{place}");
        let from = stored.from.map(|day| day.to_string());
        assert_eq!(from.as_deref(), raw["startDate"].as_str(), "{place}");
        let days = raw["notAllowedDates"].as_array().map_or(0, Vec::len);
        assert_eq!(stored.not_allowed.len(), days, "{place}");
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        assert!(!stored.openings(now, 1).is_empty(), "{place}: it never opens");
    }
}

/// A detector's answer: as many findings as it has rows that are not well.
pub(crate) fn check_detector(name: &str, body: &Value) {
    let found = wire::detector_findings(body).unwrap_or_else(|why| panic!("{name}: {why}"));
    let is_bad = |row: &&Value| matches!(row[0].as_str(), Some("Critical" | "Warning"));
    let datasets = body.pointer("/properties/dataset").and_then(Value::as_array).unwrap();
    let bad = datasets
        .iter()
        .filter(|dataset| dataset.pointer("/renderingProperties/type") == Some(&json!(7)))
        .filter_map(|dataset| dataset.pointer("/table/rows")?.as_array())
        .flatten()
        .filter(is_bad)
        .count();
    assert_eq!(found.len(), bad, "{name}");
}

/// A list made of whole answers names them all.
pub(crate) fn check_detector_list(answers: &[Value]) {
    let page = wire::detector_page(&json!({"value": answers})).unwrap();
    let expected: Vec<&str> = answers.iter().filter_map(|answer| answer["name"].as_str()).collect();
    assert_eq!(page.items, expected);
}

/// An upgrade insight: as many findings as it has detected issues, wherever they stand.
pub(crate) fn check_insight(place: &str, body: &Value) {
    let list = match body.get("value") {
        Some(_) => body.clone(),
        None => json!({"value": [body]}),
    };
    let page = wire::upgrade_insight_page(&list).unwrap_or_else(|why| panic!("{place}: {why}"));
    let found: usize = page.items.iter().map(Vec::len).sum();
    assert_eq!(found, issues_in(body), "{place}");
}

fn issues_in(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(issues_in).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match (name.as_str(), value) {
                ("detectedIssues", Value::Array(issues)) => issues.len(),
                _ => issues_in(value),
            })
            .sum(),
        _ => 0,
    }
}

/// A page of restore points of any kind of backup.
pub(crate) fn check_restore_points(example: &Value) {
    let body = example.pointer("/responses/200/body").unwrap();
    let page = wire::restore_point_page(body).unwrap();
    let raw = body["value"].as_array().unwrap();
    assert_eq!((page.items.len(), page.findings.len()), (raw.len(), 0));
    for (point, raw) in page.items.iter().zip(raw) {
        let time = raw
            .pointer("/properties/recoveryPointTime")
            .and_then(Value::as_str)
            .unwrap();
        assert_eq!(point.at, time.parse().unwrap());
    }
}

/// The rest of a cluster's body.
pub(crate) fn check_details(place: &str, body: &Value) {
    if body.get("properties").is_none() {
        return;
    }
    let details = wire::cluster_details(body).unwrap_or_else(|why| panic!("{place}: {why}"));
    let text = |path: &str| {
        body.pointer(path)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let outbound = text("/properties/networkProfile/outboundType");
    assert_eq!(details.outbound_type.as_deref(), outbound, "{place}");
    let plugin = text("/properties/networkProfile/networkPlugin");
    assert_eq!(details.network_plugin.as_deref(), plugin, "{place}");
    let identity = text("/properties/identityProfile/kubeletidentity/resourceId");
    assert_eq!(details.kubelet_identity.as_deref(), identity, "{place}");
    let pools = body.pointer("/properties/agentPoolProfiles").and_then(Value::as_array);
    assert_eq!(details.pools.len(), pools.map_or(0, Vec::len), "{place}");
    for raw in pools.into_iter().flatten() {
        let pool = details
            .pools
            .iter()
            .find(|(name, _)| Some(name.as_str()) == raw["name"].as_str());
        let (_, pool) = pool.unwrap_or_else(|| panic!("{place}: a pool is missing"));
        assert_eq!(pool.os_sku.as_deref(), raw["osSKU"].as_str(), "{place}");
        assert_eq!(pool.pool_type.as_deref(), raw["type"].as_str(), "{place}");
    }
    wire::cluster_links(body).unwrap_or_else(|why| panic!("{place}: {why}"));
}
