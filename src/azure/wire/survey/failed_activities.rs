//! Failed entries of an activity log: the error Azure gave, in its own words
//! (Azure docs "Azure Activity Log event schema", 2026; API 2015-04-01).

use serde::Deserialize;
use serde_json::Value;

use crate::azure::wire::WrongShape;
use crate::azure::wire::error::error_detail;
use crate::azure::wire::lenient::{Lenient, Text, object};
use crate::azure::wire::list::{Page, listed};
use crate::domain::provisioning::AzureErrorDetail;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Recorded {
    event_timestamp: Lenient<jiff::Timestamp>,
    operation_name: Lenient<Name>,
    status: Lenient<Name>,
    sub_status: Lenient<Name>,
    resource_id: Lenient<Text>,
    properties: Lenient<Properties>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Name {
    value: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    status_code: Lenient<Text>,
    /// JSON in a text, mostly.
    status_message: Lenient<String>,
}

/// Reads a page of a log: errors with their times; what did not fail is left out.
///
/// An error without a target gets the resource it is about, one without a code the entry's status.
pub fn failed_activity_page(body: &Value) -> Result<Page<(jiff::Timestamp, AzureErrorDetail)>, WrongShape> {
    let page = listed(body, failure)?;
    Ok(Page {
        items: page.items.into_iter().flatten().collect(),
        next: page.next,
        findings: page.findings,
    })
}

fn failure(value: &Value) -> Result<Option<(jiff::Timestamp, AzureErrorDetail)>, WrongShape> {
    let event: Recorded = object(value)?;
    let status = event.status.or_default().value.text().unwrap_or_default();
    if !status.eq_ignore_ascii_case("Failed") {
        return Ok(None);
    }
    let at = event
        .event_timestamp
        .0
        .ok_or_else(|| WrongShape::new("an event has no time"))?;
    let properties = event.properties.or_default();
    let operation = event.operation_name.or_default().value.text().unwrap_or_default();
    let code = properties
        .status_code
        .text()
        .or_else(|| event.sub_status.or_default().value.text())
        .unwrap_or(status);
    let message = properties.status_message.0.unwrap_or_default();
    let mut error = serde_json::from_str::<Value>(&message)
        .ok()
        .as_ref()
        .and_then(error_detail)
        .unwrap_or_else(|| AzureErrorDetail {
            code,
            message: match crate::domain::text::printable(message.trim()) {
                text if text.is_empty() => format!("{operation} failed"),
                text => text,
            },
            ..AzureErrorDetail::default()
        });
    error.target = error.target.or_else(|| event.resource_id.text());
    Ok(Some((at, error)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_is_found_in_its_text() {
        let event = |status: &str, properties: Value| {
            json!({"eventTimestamp": "2026-11-23T09:00:00.5Z", "operationName": {"value": "Microsoft.Compute/virtualMachineScaleSets/write"},
                "status": {"value": status}, "subStatus": {"value": "Conflict"}, "resourceId": "/vmss", "properties": properties})
        };
        let wrapped = r#"{"status":"Failed","error":{"code":"SubnetIsFull","message":"no room","target":"/subnet","details":[]}}"#;
        let page = failed_activity_page(&json!({"value": [
            event("Failed", json!({"statusCode": "Conflict", "statusMessage": wrapped})),
            event("Failed", json!({"statusMessage": "plain\u{1b}[2J words"})),
            event("Failed", json!(null)),
            event("Succeeded", json!({"statusMessage": wrapped})),
            {"status": {"value": "Failed"}}]}))
        .unwrap();
        let errors: Vec<(&str, &str, Option<&str>)> = page
            .items
            .iter()
            .map(|(_, error)| (error.code.as_str(), error.message.as_str(), error.target.as_deref()))
            .collect();
        assert_eq!(
            errors,
            [
                ("SubnetIsFull", "no room", Some("/subnet")),
                ("Conflict", "plain[2J words", Some("/vmss")),
                (
                    "Conflict",
                    "Microsoft.Compute/virtualMachineScaleSets/write failed",
                    Some("/vmss")
                ),
            ]
        );
        assert_eq!(page.findings.len(), 1);
    }
}
