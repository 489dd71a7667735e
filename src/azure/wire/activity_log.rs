//! Events of Azure's activity log (Azure docs "Azure Activity Log event schema", 2026; API 2015-04-01).

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::lenient::{Lenient, Text, object};
use super::list::listed;
use super::{Page, WrongShape};

/// One event: a step in the life of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    pub at: Timestamp,
    /// The name of the operation by ARM's rules, for instance `Microsoft.ContainerService/managedClusters/write`.
    pub operation: String,
    pub status: LogStatus,
    /// True where the request was turned away: nothing came of it.
    pub is_refusal: bool,
    pub caller: Option<String>,
    pub resource: Option<String>,
    /// The same for all events of one request.
    pub change: Option<String>,
}

/// How far the request had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStatus {
    Started,
    Accepted,
    Succeeded,
    Other,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Recorded {
    event_timestamp: Lenient<Timestamp>,
    operation_name: Lenient<Name>,
    status: Lenient<Name>,
    caller: Lenient<Text>,
    resource_id: Lenient<Text>,
    operation_id: Lenient<Text>,
    correlation_id: Lenient<Text>,
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
    status_code: Lenient<Value>,
}

/// HTTP statuses of refusals, by the names the log gives them (RFC 9110, section 15.5).
const REFUSALS: [&str; 8] = [
    "badrequest",
    "unauthorized",
    "forbidden",
    "notfound",
    "conflict",
    "preconditionfailed",
    "unprocessableentity",
    "toomanyrequests",
];

/// Reads a page of events; one without a time or an operation is a finding.
pub fn activity_log_page(body: &Value) -> Result<Page<LogEvent>, WrongShape> {
    listed(body, event)
}

fn event(value: &Value) -> Result<LogEvent, WrongShape> {
    let event: Recorded = object(value)?;
    let status = event.status.or_default().value.text().unwrap_or_default();
    let status_code = match event.properties.or_default().status_code.0 {
        Some(Value::String(text)) => text.to_ascii_lowercase(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let is_refused_by_number = status_code.parse().is_ok_and(|code: u16| (400..500).contains(&code));
    Ok(LogEvent {
        at: event
            .event_timestamp
            .0
            .ok_or_else(|| WrongShape::new("an event has no time"))?,
        operation: event
            .operation_name
            .or_default()
            .value
            .text()
            .ok_or_else(|| WrongShape::new("an event has no operation"))?,
        is_refusal: status.eq_ignore_ascii_case("Failed")
            && (is_refused_by_number || REFUSALS.contains(&status_code.as_str())),
        status: match status.to_ascii_lowercase().as_str() {
            "started" => LogStatus::Started,
            "accepted" => LogStatus::Accepted,
            "succeeded" => LogStatus::Succeeded,
            _ => LogStatus::Other,
        },
        caller: event.caller.text(),
        resource: event.resource_id.text(),
        change: event.operation_id.text().or_else(|| event.correlation_id.text()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_read_and_a_bad_one_is_a_finding() {
        let page = activity_log_page(&json!({"value": [
            {"eventTimestamp": "2026-11-23T08:00:00.1234567Z", "operationName": {"value": "a/write", "localizedValue": "A"},
             "status": {"value": "Started"}, "subStatus": {"value": ""}, "caller": "ann@example.com\u{1b}[2J",
             "resourceId": "/r", "operationId": "", "correlationId": "c1", "claims": {"x": 1}, "properties": null},
            {"eventTimestamp": "yesterday", "operationName": {"value": "a/write"}},
            {"eventTimestamp": "2026-11-23T08:00:00Z", "operationName": null}
        ], "nextLink": "https://x/next"}))
        .unwrap();
        assert_eq!((page.items.len(), page.findings.len()), (1, 2));
        assert_eq!(page.next.as_deref(), Some("https://x/next"));
        let event = &page.items[0];
        assert_eq!(event.caller.as_deref(), Some("ann@example.com[2J"));
        assert_eq!(
            (event.status, event.change.as_deref()),
            (LogStatus::Started, Some("c1"))
        );
        assert_eq!((event.resource.as_deref(), event.is_refusal), (Some("/r"), false));
    }

    #[test]
    fn a_refusal_is_told_from_a_failure() {
        for (status, code, expected) in [
            ("Failed", json!("Conflict"), true),
            ("failed", json!("409"), true),
            ("Failed", json!(403), true),
            ("Failed", json!("InternalServerError"), false),
            ("Failed", json!(null), false),
            ("Succeeded", json!("Conflict"), false),
        ] {
            let value = json!({"eventTimestamp": "2026-11-23T08:00:00Z", "operationName": {"value": "a/write"},
                "status": {"value": status}, "properties": {"statusCode": code}});
            assert_eq!(event(&value).unwrap().is_refusal, expected, "{status} {code}");
        }
    }
}
