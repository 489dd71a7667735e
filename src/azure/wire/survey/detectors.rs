//! AKS's own detectors ("Diagnose and solve problems") and its upgrade insights: findings as AKS wrote them.

use serde::Deserialize;
use serde_json::Value;

use crate::azure::wire::WrongShape;
use crate::azure::wire::lenient::{Lenient, Text, object};
use crate::azure::wire::list::{Page, listed};
use crate::domain::text::printable;

/// Datasets of this kind hold a detector's findings (AKS detectors, recorded 2023).
const INSIGHTS: u64 = 7;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    name: Lenient<Text>,
    properties: Lenient<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Detected {
    issue_type: Lenient<Text>,
    severity: Lenient<Text>,
    message: Lenient<Text>,
}

/// Reads a page of the list of detectors: their ids.
pub fn detector_page(body: &Value) -> Result<Page<String>, WrongShape> {
    listed(body, |value| {
        let detector: Named = object(value)?;
        let id = value
            .pointer("/properties/metadata/id")
            .and_then(Value::as_str)
            .map(printable);
        id.or_else(|| detector.name.text())
            .ok_or_else(|| WrongShape::new("a detector has no id"))
    })
}

/// Reads one detector's answer: what it found that is not well, as `Critical: message`.
pub fn detector_findings(body: &Value) -> Result<Vec<String>, WrongShape> {
    let datasets = body
        .pointer("/properties/dataset")
        .and_then(Value::as_array)
        .ok_or_else(|| WrongShape::new("a detector has no 'dataset'"))?;
    let mut findings = Vec::new();
    for dataset in datasets {
        let kind = dataset.pointer("/renderingProperties/type").and_then(Value::as_u64);
        let columns = dataset.pointer("/table/columns").and_then(Value::as_array);
        let rows = dataset.pointer("/table/rows").and_then(Value::as_array);
        let (Some(INSIGHTS), Some(columns), Some(rows)) = (kind, columns, rows) else {
            continue;
        };
        let column = |name: &str| {
            let named = |column: &Value| {
                column["columnName"]
                    .as_str()
                    .is_some_and(|found| found.eq_ignore_ascii_case(name))
            };
            columns.iter().position(named)
        };
        let (Some(status), Some(message)) = (column("Status"), column("Message")) else {
            continue;
        };
        for row in rows {
            let text = |at: usize| row.get(at).and_then(Value::as_str).map(printable).unwrap_or_default();
            let (status, message) = (text(status), text(message));
            let finding = format!("{status}: {message}");
            // An insight has a row for each line of its data.
            let is_bad = status.eq_ignore_ascii_case("Critical") || status.eq_ignore_ascii_case("Warning");
            if is_bad && !message.is_empty() && !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    Ok(findings)
}

/// Reads a page of stored upgrade insights (AKS API 2026-08-02-preview): for each its issues, as
/// `controlPlane-1.33.5, Blocking: message`.
pub fn upgrade_insight_page(body: &Value) -> Result<Page<Vec<String>>, WrongShape> {
    listed(body, |value| {
        let insight: Named = object(value)?;
        let name = insight
            .name
            .text()
            .ok_or_else(|| WrongShape::new("an insight has no name"))?;
        let properties = insight.properties.0.unwrap_or_default();
        let mut findings = issues(&properties, &name);
        if let Some(control_plane) = properties.get("controlPlane") {
            findings.extend(issues(control_plane, &name));
        }
        for pool in properties
            .get("agentPools")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let pool_name = pool.get("agentPoolName").and_then(Value::as_str).map(printable);
            let about = format!("{name}, pool {}", pool_name.unwrap_or_default());
            findings.extend(issues(pool, &about));
        }
        Ok(findings)
    })
}

fn issues(part: &Value, about: &str) -> Vec<String> {
    let detected = part.pointer("/evaluation/detectedIssues").and_then(Value::as_array);
    detected
        .into_iter()
        .flatten()
        .filter_map(|value| {
            let issue: Detected = object(value).ok()?;
            let severity = issue.severity.text().unwrap_or_else(|| "Unknown".to_owned());
            let message = issue.message.text().or(issue.issue_type.text())?;
            Some(format!("{about}, {severity}: {message}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_detector_tells_what_is_not_well() {
        let columns = json!([{"columnName": "Status"}, {"columnName": "Message"}, {"columnName": "Data.Name"}]);
        let found = detector_findings(&json!({"properties": {"dataset": [
            {"renderingProperties": {"type": 7}, "table": {"columns": columns, "rows": [
                ["Success", "fine", ""], ["Critical", "The subnet is full\u{1b}[2J", "a"], ["Critical", "The subnet is full\u{1b}[2J", "b"],
                ["Info", "by the way", ""], ["Warning", "nearly", ""], [false]]}},
            {"renderingProperties": {"type": 23}, "table": {"columns": columns, "rows": [["Critical", "search settings", ""]]}}]}}))
        .unwrap();
        assert_eq!(found, ["Critical: The subnet is full[2J", "Warning: nearly"]);
        assert!(detector_findings(&json!({})).is_err());
    }

    #[test]
    fn the_list_names_detectors_by_their_ids() {
        let page = detector_page(&json!({"value": [
            {"name": "a", "properties": {"metadata": {"id": "cluster-subnet"}}}, {"name": "b"}, {}]}))
        .unwrap();
        assert_eq!(
            (page.items, page.findings.len()),
            (vec!["cluster-subnet".to_owned(), "b".to_owned()], 1)
        );
    }

    #[test]
    fn insights_of_control_plane_and_pools_are_read() {
        let issue = |severity: &str, message: &str| json!({"issueType": "PDBConstraint", "severity": severity, "message": message});
        let page = upgrade_insight_page(&json!({"value": [
            {"name": "controlPlaneAndAgentPools-1.33.5", "properties": {
                "controlPlane": {"evaluation": {"status": "Failed", "detectedIssues": [issue("Blocking", "api")]}},
                "agentPools": [{"agentPoolName": "apps", "evaluation": {"detectedIssues": [issue("Warning", "ips")]}}, {"agentPoolName": "b"}]}},
            {"name": "controlPlane-1.33.5", "properties": {"evaluation": {"status": "Passed", "detectedIssues": []}}}]}))
        .unwrap();
        assert_eq!(
            page.items,
            [
                vec![
                    "controlPlaneAndAgentPools-1.33.5, Blocking: api".to_owned(),
                    "controlPlaneAndAgentPools-1.33.5, pool apps, Warning: ips".to_owned()
                ],
                Vec::new()
            ]
        );
    }
}
